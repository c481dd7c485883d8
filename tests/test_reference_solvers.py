"""The readable model has the same values through HiGHS and through CBC, goal by goal."""

from __future__ import annotations

import pytest

from allocator.instance import Instance
from tests.reference_cases import random_instance, reference

ref = reference()


def assert_same_values(instance: Instance) -> None:
    one, other = ref.solve(instance, "highs"), ref.solve(instance, "cbc")
    assert list(one) == list(other)
    assert None not in one.values()
    assert one == pytest.approx(other, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("seed", range(12))
def test_continuous(seed: int) -> None:
    assert_same_values(random_instance(seed))


@pytest.mark.parametrize("seed", range(100, 106))
def test_whole_packs_and_trips(seed: int) -> None:
    assert_same_values(random_instance(seed, whole=True))


@pytest.mark.parametrize("seed", [12, 34])
def test_leximin_goes_on_with_the_next_smallest_share(seed: int) -> None:
    instance = random_instance(seed, fairness="leximin")
    assert_same_values(instance)
    assert any("@2" in name for name in ref.solve(instance))
