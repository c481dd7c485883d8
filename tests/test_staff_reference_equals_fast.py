"""The readable and the fast form of staff have the same values, goal by goal, by every method."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from allocator.check.staff import check_staff
from allocator.check.verdict import Findings
from allocator.engine.ordered import Budget
from allocator.errors import ImpossibleError
from allocator.instance import Instance
from allocator.models.staff import solve
from allocator.plan import Plan, Status
from tests.staff_cases import random_case, reference

ref = reference()
few = settings(
    max_examples=int(os.environ.get("REFERENCE_EXAMPLES", "8")),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)


def readable(instance: Instance) -> dict[str, float] | None:
    """Values of the readable form; None where its rows contradict each other."""
    try:
        found: dict[str, float] = ref.solve(instance)
    except ImpossibleError:
        return None
    return found


def assert_same(instance: Instance, method: str) -> None:
    expected = readable(instance)
    answer = solve(instance, Budget(gap=0.0), method=method)
    if expected is None:
        assert answer.results[0].termination == "infeasible"
        assert not answer.tables
        return
    # Loads are rounded to 1e-4 in the readable form.
    found = {one.name: one.value for one in answer.results}
    assert found == pytest.approx(expected, abs=5e-4)
    for one in answer.results:
        assert one.bound is None or one.bound <= one.value + 5e-4
    plan = Plan("staff", answer.tables, Status("completed", "invalid"))
    verdict = check_staff(Findings("staff"), instance, plan)
    assert verdict.ok, verdict.table.to_string()
    for name, value in expected.items():
        assert verdict.goals[name] == pytest.approx(value, abs=5e-4), name


@few
@given(st.integers(0, 100_000))
def test_mip(seed: int) -> None:
    assert_same(random_case(seed), "mip")


@few
@given(st.integers(0, 100_000))
def test_cpsat(seed: int) -> None:
    assert_same(random_case(seed), "cpsat")


@few
@given(st.integers(0, 100_000))
def test_lines(seed: int) -> None:
    assert_same(random_case(seed), "lines")
