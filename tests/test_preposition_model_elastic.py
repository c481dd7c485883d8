"""A cap kept by a price on more is the cap itself: same optimum, no edge for cuts to miss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from allocator.engine.benders import solve_benders
from allocator.engine.ordered import Budget
from allocator.engine.two_stage import TwoStage, solve_extensive
from allocator.models.preposition.elastic import elastic
from tests.two_stage_cases import expected_shortage, held_shortage, stocks

EXACT = Budget(gap=1e-7)


def scarce(seed: int) -> TwoStage:
    """A program whose optimum leaves some need short."""
    found = stocks(seed)
    places = len(found.scenarios[0].cost) // (found.first.column_count // 2 + 1)
    cheap = [
        replace(one, cost=np.r_[one.cost[:-places], np.full(places, 8.0)])
        for one in found.scenarios
    ]
    return replace(found, scenarios=cheap)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_is_that_of_the_hard_cap(seed: int, share: float) -> None:
    free = scarce(seed)
    best = solve_extensive(free, EXACT)
    assert best.recourse is not None
    most = expected_shortage(free, best.recourse)
    assert most > 0
    cap = share * most
    held = held_shortage(free, cap)
    hard = solve_extensive(replace(free, held=[held]), EXACT)
    made = elastic(free, held.scenarios, cap, price=1e5)
    solved = solve_benders(made.program, EXACT)
    found = made.plain(solved)
    assert found.first is not None
    assert found.recourse is not None
    assert len(found.first) == free.first.column_count
    assert solved.value == pytest.approx(hard.value, rel=1e-5)
    assert expected_shortage(free, found.recourse) <= cap + 1e-5
    assert made.above(solved) == pytest.approx(0.0, abs=1e-6)


def test_a_start_has_the_people_short_as_allowances() -> None:
    free = stocks(1)
    held = held_shortage(free, 3.0)
    made = elastic(free, held.scenarios, 3.0, price=10.0)
    point = made.start(np.arange(6.0), np.arange(5.0))
    assert point[:6] == pytest.approx(np.arange(6.0))
    assert point[made.allowances] == pytest.approx(np.arange(5.0))


def test_what_a_cheap_price_lets_through_is_told() -> None:
    free = scarce(2)
    held = held_shortage(free, 0.0)
    made = elastic(free, held.scenarios, 0.0, price=0.0)
    solved = solve_benders(made.program, EXACT)
    found = made.plain(solved)
    assert found.recourse is not None
    over = expected_shortage(free, found.recourse)
    assert over > 0
    assert made.above(solved) == pytest.approx(over)
