"""Choices made step by step: whole, possible, good, and without harm to the bound."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.engine.benders import solve_benders
from allocator.engine.benders_search import Search
from allocator.engine.benders_tuning import Tuning
from allocator.engine.benders_whole import Rounding
from allocator.engine.executors import open_workers
from allocator.engine.ordered import Budget
from allocator.engine.two_stage import TwoStage, solve_extensive
from tests.two_stage_cases import stocks

DIVING = Tuning(samples=(1.0,), dive_from=1)


def dived(two_stage: TwoStage) -> tuple[Search, float]:
    """A search after its dive, and the bound of the relaxation before."""
    with open_workers() as crew:
        search = Search(two_stage, Budget(gap=1e-6), crew, 0, lambda answer: None, DIVING)
        relaxed = search.converge_samples(search.valued(None))
        assert relaxed is not None
        Rounding(search).dive(relaxed)
        return search, relaxed.value


@pytest.mark.parametrize("seed", range(6))
def test_the_point_is_whole_and_near_the_optimum(seed: int) -> None:
    two_stage = stocks(seed, sites=6, places=8, scenarios=6, room=15.0)
    search, relaxed = dived(two_stage)
    best = solve_extensive(two_stage, Budget(gap=1e-7)).value
    assert best is not None
    point = search.known.point
    assert point is not None
    whole = point[two_stage.first.integer]
    assert whole == pytest.approx(np.round(whole))
    assert best - 1e-4 <= search.known.value <= 1.15 * best
    assert relaxed <= best + 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_the_bounds_are_given_back(seed: int) -> None:
    two_stage = stocks(seed, sites=5, places=6)
    search, _ = dived(two_stage)
    relaxation, count = search.master.relaxation, two_stage.first.column_count
    assert relaxation.lower[:count] == pytest.approx(two_stage.first.lower)
    assert relaxation.upper[:count] == pytest.approx(two_stage.first.upper)


@pytest.mark.parametrize("short", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_the_optimum_is_reached_with_a_dive(seed: int, short: bool) -> None:
    two_stage = stocks(seed, sites=4, places=6, short=short)
    whole = solve_extensive(two_stage, Budget(gap=1e-7))
    cut = solve_benders(two_stage, Budget(gap=1e-7), tuning=DIVING)
    assert cut.termination == whole.termination
    assert cut.value == pytest.approx(whole.value, rel=1e-5)
    assert cut.bound == pytest.approx(whole.value, rel=1e-5)
