"""Risk measures, and the extensive form written down by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from allocator.engine.ordered import Budget
from allocator.engine.two_stage import (
    Held,
    Risk,
    TwoStageAnswer,
    extensive,
    solve_extensive,
    tail_mean,
)
from tests.two_stage_cases import stocks

COSTS, CHANCES = np.array([10.0, 40.0, 20.0, 30.0]), np.array([0.4, 0.1, 0.3, 0.2])


@pytest.mark.parametrize(
    ("level", "expected"),
    [(0.0, 20.0), (0.7, 100 / 3), (0.9, 40.0), (0.8, 35.0), (0.95, 40.0), (0.4, 80 / 3)],
)
def test_the_tail_is_the_mean_of_the_worst(level: float, expected: float) -> None:
    # Of 1 - 0.7 = 0.3: 0.1 at 40 and 0.2 at 30, (4 + 6) / 0.3.
    assert tail_mean(COSTS, CHANCES, level) == pytest.approx(expected)


def test_risk_mixes_expectation_and_measure() -> None:
    assert Risk().of(COSTS, CHANCES) == pytest.approx(20.0)
    assert Risk("cvar", 0.5, 0.9).of(COSTS, CHANCES) == pytest.approx(30.0)
    assert Risk("worst", 0.25).of(COSTS, CHANCES) == pytest.approx(25.0)
    assert Risk("cvar", 0.0).of(COSTS, CHANCES) == pytest.approx(20.0)


def test_the_worst_case_leaves_out_what_cannot_happen() -> None:
    assert Risk("worst").of(np.array([1.0, 99.0]), np.array([1.0, 0.0])) == 1.0


@pytest.mark.parametrize("risk", [Risk(), Risk("cvar", 0.6, 0.8), Risk("worst", 0.5)])
def test_the_extensive_form_charges_what_the_measure_says(risk: Risk) -> None:
    two_stage = stocks(6, scenarios=7, risk=risk)
    answer = solve_extensive(two_stage, Budget(gap=1e-7))
    assert answer.first is not None
    assert answer.recourse is not None
    parts = zip(two_stage.scenarios, answer.recourse, strict=True)
    costs = np.array([recourse.cost @ y for recourse, y in parts])
    assert answer.value == pytest.approx(two_stage.value(answer.first, costs), rel=1e-6)
    assert answer.gap == pytest.approx(0.0, abs=1e-6)


def test_the_extensive_form_has_the_columns_and_rows_it_says() -> None:
    two_stage = stocks(6, scenarios=7, risk=Risk("cvar", 0.6, 0.8))
    held = Held(np.zeros(6), [np.ones(16)] * 7, 5.0)
    program, cost = extensive(dataclasses.replace(two_stage, held=(held,)))
    assert program.column_count == 6 + 7 * 16 + 1 + 7 == len(cost)
    assert program.row_count == 3 + 7 * (3 + 4 + 12) + 1 + 7
    assert two_stage.first.column_count == 6  # the first stage is not changed


def test_the_gap_of_an_answer_is_relative_to_its_value() -> None:
    answer = TwoStageAnswer(None, None, 200.0, 199.0, "time_limit", "benders", 1.0)
    assert answer.gap == pytest.approx(0.005)
    assert dataclasses.replace(answer, bound=None).gap is None
