"""Benders decomposition and the extensive form are two ways to the same optimum."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from allocator.engine.benders import solve_benders
from allocator.engine.benders_tuning import Tuning
from allocator.engine.ordered import Budget
from allocator.engine.two_stage import (
    Recourse,
    Risk,
    TwoStage,
    TwoStageAnswer,
    solve_extensive,
    solve_two_stage,
)
from tests.two_stage_cases import expected_shortage, held_shortage, stocks

EXACT = Budget(gap=1e-7)
NEAR = 1e-5
RISKS = [
    Risk(),
    Risk("cvar", 1.0, 0.8),
    Risk("cvar", 0.5, 0.6),
    Risk("worst", 1.0),
    Risk("worst", 0.4),
]


def recomputed(two_stage: TwoStage, answer: TwoStageAnswer) -> float:
    """The goal of an answer from its own columns, after all its rows were looked at."""
    assert answer.first is not None
    assert answer.recourse is not None
    first = two_stage.first
    inside(first.lower, answer.first, first.upper)
    inside(first.row_lower, first.matrix() @ answer.first, first.row_upper)
    assert answer.first[first.integer] == pytest.approx(
        np.round(answer.first[first.integer]), abs=1e-6
    )
    costs = []
    for recourse, y in zip(two_stage.scenarios, answer.recourse, strict=True):
        inside(recourse.lower, y, recourse.upper)
        reached = recourse.matrix @ y + recourse.link @ answer.first
        inside(recourse.row_lower, reached, recourse.row_upper)
        costs.append(recourse.cost @ y)
    return two_stage.value(answer.first, np.array(costs))


def inside(lower: np.ndarray, value: np.ndarray, upper: np.ndarray) -> None:
    assert np.all(value >= lower - 1e-5)
    assert np.all(value <= upper + 1e-5)


def same(two_stage: TwoStage, tuning: Tuning | None = None) -> float:
    """Solve both ways, compare, and return the optimum."""
    whole = solve_extensive(two_stage, EXACT)
    cut = solve_benders(two_stage, EXACT, tuning=tuning)
    assert (whole.termination, cut.termination) == ("completed", "completed")
    assert cut.value == pytest.approx(whole.value, rel=NEAR)
    assert cut.bound == pytest.approx(whole.value, rel=NEAR)
    assert recomputed(two_stage, cut) == pytest.approx(cut.value, rel=NEAR)
    assert recomputed(two_stage, whole) == pytest.approx(whole.value, rel=NEAR)
    return float(cut.value or 0.0)


@given(
    seed=st.integers(0, 10_000),
    risk=st.sampled_from(RISKS),
    lots=st.sampled_from([0.0, 1.5, 9.0]),
    short=st.booleans(),
    groups=st.sampled_from([1, 2, 30]),
)
@settings(max_examples=40)
def test_both_find_the_same_optimum(
    seed: int, risk: Risk, lots: float, short: bool, groups: int
) -> None:
    same(stocks(seed, risk=risk, lots=lots, short=short), Tuning(groups=groups))


@pytest.mark.parametrize("seed", range(8))
def test_a_held_expectation_is_kept_by_both(seed: int) -> None:
    free = stocks(seed, scenarios=4)
    answer = solve_extensive(free, EXACT)
    assert answer.recourse is not None
    short = expected_shortage(free, answer.recourse)
    least = dataclasses.replace(free, held=(held_shortage(free, 0.5 * short),))
    value = same(least)
    held = solve_benders(least, EXACT)
    assert held.recourse is not None
    assert expected_shortage(free, held.recourse) <= 0.5 * short + 1e-5
    assert answer.value is not None
    assert value >= answer.value - 1e-6


@pytest.mark.parametrize("ties", [True, False])
def test_rows_that_move_bounds_change_nothing_but_the_work(ties: bool) -> None:
    assert same(stocks(5, ties=ties)) == pytest.approx(same(stocks(5)), rel=NEAR)


def test_a_continuous_first_stage_is_closed_by_cuts_alone() -> None:
    two_stage = stocks(11, scenarios=8)
    two_stage.first._integer = [np.zeros(len(part), bool) for part in two_stage.first._integer]
    same(two_stage)


def test_what_no_first_stage_can_answer_is_infeasible() -> None:
    two_stage = stocks(3, short=False)
    for recourse in two_stage.scenarios:
        recourse.row_lower[3:7] += 500.0
        recourse.row_upper[3:7] += 500.0
    for solve in (solve_extensive, solve_benders):
        answer = solve(two_stage, EXACT)  # type: ignore[operator]
        assert (answer.termination, answer.value, answer.first) == ("infeasible", None, None)


def test_costs_without_a_bound_of_their_own_are_bounded_by_the_rows() -> None:
    # y is free and costs 1, and y >= 3 - x: nothing but the row bounds it. x costs 2 a unit.
    two_stage = stocks(1, scenarios=1, probability=[1.0])
    row = sparse.csr_matrix(np.array([[1.0, 1.0]]))
    link = sparse.csr_matrix(([1.0, 1.0], ([0, 0], [3, 4])), shape=(1, 6))
    free = Recourse(
        cost=np.array([1.0, 1.0]),
        lower=np.full(2, -np.inf),
        upper=np.full(2, np.inf),
        matrix=row,
        link=link,
        row_lower=np.array([3.0]),
        row_upper=np.array([np.inf]),
    )
    same(dataclasses.replace(two_stage, scenarios=[free]))


@pytest.mark.parametrize("seed", range(5))
def test_a_tail_of_level_zero_is_the_expectation(seed: int) -> None:
    tail = same(stocks(seed, risk=Risk("cvar", 0.7, 0.0)))
    assert tail == pytest.approx(same(stocks(seed)), rel=NEAR)


@pytest.mark.parametrize("kind", ["expected", "cvar", "worst"])
def test_one_scenario_is_the_deterministic_program(kind: str) -> None:
    risk = Risk(kind, 1.0, 0.9)  # type: ignore[arg-type]
    values = [same(stocks(4, 1, probability=[1.0], risk=one)) for one in (risk, Risk())]
    assert values[0] == pytest.approx(values[1], rel=NEAR)


def test_more_averse_is_never_cheaper() -> None:
    levels = [same(stocks(9, risk=Risk("cvar", 1.0, level))) for level in (0.0, 0.5, 0.9)]
    values = [*levels, same(stocks(9, risk=Risk("worst", 1.0)))]
    assert np.all(np.diff(values) >= -NEAR * values[0])
    assert values[-1] > 1.1 * values[0]


def test_a_given_point_is_a_first_answer() -> None:
    two_stage = stocks(2, scenarios=6)
    whole = solve_extensive(two_stage, EXACT)
    seen: list[TwoStageAnswer] = []
    answer = solve_benders(two_stage, EXACT, start=whole.first, report=seen.append)
    assert next(one.value for one in seen if one.value) == pytest.approx(whole.value, rel=NEAR)
    assert answer.value == pytest.approx(whole.value, rel=NEAR)


def test_a_point_that_is_not_possible_is_passed_over() -> None:
    two_stage = stocks(2, scenarios=6)
    answer = solve_benders(two_stage, EXACT, start=np.array([0, 0, 0, 40.0, 40.0, 40.0]))
    assert recomputed(two_stage, answer) == pytest.approx(answer.value, rel=NEAR)


def test_a_point_made_whole_by_the_caller_is_taken() -> None:
    two_stage, asked = stocks(2, scenarios=6), []

    def complete(relaxed: np.ndarray) -> np.ndarray:
        asked.append(relaxed)
        return np.array([1.0, 1.0, 1.0, 20.0, 20.0, 20.0])

    tuning = Tuning(relaxed_share=0.9)
    answer = solve_benders(
        two_stage, Budget(time.monotonic() + 60, gap=1e-7), complete=complete, tuning=tuning
    )
    assert len(asked) == 1
    assert answer.value == pytest.approx(solve_extensive(two_stage, EXACT).value, rel=NEAR)


def test_the_method_is_chosen_by_size() -> None:
    small = stocks(1)
    assert solve_two_stage(small, EXACT).method == "extensive"
    assert solve_two_stage(small, EXACT, method="benders").method == "benders"
    with pytest.raises(ValueError, match="nonsense"):
        solve_two_stage(small, EXACT, method="nonsense")
