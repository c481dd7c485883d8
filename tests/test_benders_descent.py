"""The way down in a box: never worse, ends, and leaves the master as it was."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.engine.benders import solve_benders
from allocator.engine.benders_descent import descend
from allocator.engine.benders_search import Search
from allocator.engine.benders_tuning import Tuning
from allocator.engine.executors import open_workers
from allocator.engine.ordered import Budget
from allocator.engine.two_stage import Risk, TwoStage, solve_extensive
from tests.two_stage_cases import stocks

DOWN = Tuning(samples=(1.0,), descend=True)


def poor(two_stage: TwoStage) -> np.ndarray:
    """Everything open and full: possible, and dear."""
    return two_stage.first.upper.copy()


@pytest.mark.parametrize("seed", range(5))
def test_the_way_down_finds_the_relaxed_optimum(seed: int) -> None:
    two_stage = stocks(seed, sites=5, places=6)
    with open_workers() as crew:
        search = Search(two_stage, Budget(gap=1e-6), crew, 0, lambda answer: None, DOWN)
        search.try_point(poor(two_stage))
        begun = search.known.value
        found = descend(search, search.valued(None))
        assert found.point is not None
        relaxed = search.relaxed()
        assert relaxed is not None
        value = two_stage.value(found.point, search.pool.cuts(found.point).value)
        assert found.value == pytest.approx(value)
        assert relaxed.value - 1e-6 <= value < begun
        assert value <= relaxed.value * 1.01
        count = two_stage.first.column_count
        assert search.master.relaxation.lower[:count].tolist() == two_stage.first.lower.tolist()
        assert search.master.relaxation.upper[:count].tolist() == two_stage.first.upper.tolist()


def test_without_a_point_there_is_no_way_down() -> None:
    with open_workers() as crew:
        search = Search(stocks(0), Budget(), crew, 0, lambda answer: None, DOWN)
        assert descend(search, search.valued(None)).point is None


@pytest.mark.parametrize("short", [True, False])
@pytest.mark.parametrize("risk", [Risk(), Risk("cvar", 0.6, 0.7), Risk("worst", 0.5)])
@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_is_that_of_the_extensive_form(seed: int, risk: Risk, short: bool) -> None:
    two_stage = stocks(seed, risk=risk, lots=3.0, short=short)
    whole = solve_extensive(two_stage, Budget(gap=1e-7))
    found = solve_benders(two_stage, Budget(gap=1e-6), start=poor(two_stage), tuning=DOWN)
    assert found.termination == whole.termination
    if whole.value is not None:
        assert found.value == pytest.approx(whole.value, rel=1e-5)
        assert found.bound == pytest.approx(whole.value, rel=1e-5)


def test_work_alone_gives_the_same_bytes() -> None:
    two_stage = stocks(3, sites=6, places=8, lots=2.0)
    answers = [
        solve_benders(two_stage, Budget(work=400), start=poor(two_stage), tuning=DOWN)
        for _ in range(2)
    ]
    assert answers[0].value == answers[1].value
    assert answers[0].first is not None
    assert answers[1].first is not None
    assert answers[0].first.tobytes() == answers[1].first.tobytes()
