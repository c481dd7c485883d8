"""Cuts between a good point and the master's: what steps bring, and that nothing good is lost."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.engine.benders_search import Inside, Search
from allocator.engine.benders_tuning import Tuning
from allocator.engine.executors import open_workers
from allocator.engine.ordered import Budget
from tests.two_stage_cases import stocks

ROUNDS = 6  # of cuts that leave the master good, not exact
SHORT = Tuning(step=0.1, dive_from=0)


def test_a_step_goes_part_of_the_way() -> None:
    outside = np.array([4.0, 0.0])
    inside = Inside(np.array([0.0, 2.0]), 5.0)
    assert inside.towards(outside, 0.25).tolist() == [1.0, 1.5]
    assert Inside().towards(outside, 0.25).tolist() == outside.tolist()
    assert inside.near(4.9, 0.1)
    assert not inside.near(4.9, 0.01)
    assert not Inside().near(4.9, 1.0), "nothing is near a value that is not known"


@pytest.mark.parametrize("longest", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_point_never_gets_worse(seed: int, longest: float) -> None:
    two_stage = stocks(seed, sites=5, places=6)
    with open_workers() as crew:
        search = Search(two_stage, Budget(gap=1e-6), crew, 0, lambda answer: None, SHORT)
        search.try_point(two_stage.first.upper.copy())
        inside = Inside(search.known.point, search.known.value)
        for _ in range(12):
            before = inside
            _, inside = search.converge(1e-6, before, rounds=1, longest=longest)
            assert inside.value <= before.value
            assert inside.point is not None
            value = two_stage.value(inside.point, search.pool.cuts(inside.point).value)
            assert inside.value == pytest.approx(value, rel=1e-6)


def rounds(seed: int, longest: float) -> int:
    """Rounds to the relaxed optimum from a poor point, with cuts that are good already."""
    two_stage = stocks(seed, sites=5, places=6)
    with open_workers() as crew:
        search = Search(two_stage, Budget(gap=1e-6), crew, 0, lambda answer: None, SHORT)
        search.converge(1e-6, Inside(), rounds=ROUNDS)
        poor = two_stage.first.upper.copy()
        value = two_stage.value(poor, search.pool.cuts(poor).value)
        begun = search.known.rounds
        search.converge(1e-3, Inside(poor, value), longest=longest)
        return search.known.rounds - begun


def test_steps_grow_where_the_master_foretells_well() -> None:
    short = sum(rounds(seed, 0.0) for seed in range(4))
    grown = sum(rounds(seed, 1.0) for seed in range(4))
    assert grown < 0.9 * short
