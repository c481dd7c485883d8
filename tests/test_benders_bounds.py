"""Bounds are true at any stop, and the same work gives the same answer."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest

from allocator.engine.benders import solve_benders
from allocator.engine.benders_subproblem import Subproblem
from allocator.engine.benders_tuning import Tuning
from allocator.engine.ordered import Budget
from allocator.engine.two_stage import Risk, TwoStageAnswer, solve_extensive
from tests.two_stage_cases import held_shortage, stocks

EXACT = Budget(gap=1e-7)
RISKS = [Risk(), Risk("cvar", 0.6, 0.8), Risk("worst", 1.0)]


@pytest.mark.parametrize("risk", RISKS, ids=lambda risk: risk.kind)
@pytest.mark.parametrize("lots", [0.0, 1.5])
def test_every_step_encloses_the_optimum(risk: Risk, lots: float) -> None:
    two_stage = stocks(21, scenarios=12, risk=risk, lots=lots)
    optimum = solve_extensive(two_stage, EXACT).value
    assert optimum is not None
    answer = solve_benders(two_stage, EXACT, tuning=Tuning(groups=4))
    assert len(answer.history) > 3
    for step in answer.history:
        assert step.bound is None or step.bound <= optimum * (1 + 1e-6)
        assert step.value is None or step.value >= optimum * (1 - 1e-6)


@pytest.mark.parametrize("work", [1, 60, 200, 600, 2000, 10_000])
def test_the_bound_is_true_wherever_work_ends(work: int) -> None:
    two_stage = stocks(22, scenarios=10, lots=1.5)
    optimum = solve_extensive(two_stage, EXACT).value
    answer = solve_benders(two_stage, Budget(work=work, gap=1e-7))
    assert optimum is not None
    assert answer.termination in ("work_limit", "completed")
    assert answer.bound is None or answer.bound <= optimum * (1 + 1e-6)
    assert answer.value is None or answer.value >= optimum * (1 - 1e-6)


def test_a_deadline_in_the_past_gives_nothing_wrong() -> None:
    answer = solve_benders(stocks(22), Budget(time.monotonic() - 1.0))
    assert (answer.termination, answer.value, answer.first) == ("time_limit", None, None)


def content(answer: TwoStageAnswer) -> bytes:
    """Everything but the seconds."""
    steps = np.array([[step.value or 0.0, step.bound or 0.0] for step in answer.history])
    numbers = [answer.value, answer.bound, answer.rounds]
    arrays = [answer.first, *(answer.recourse or []), steps, numbers]
    return b"".join(np.asarray(one, float).tobytes() for one in arrays)


@pytest.mark.parametrize("work", [300, 3000])
def test_the_same_work_gives_the_same_bytes(work: int) -> None:
    two_stage = stocks(23, scenarios=20, lots=1.5)
    budget = Budget(work=work, gap=1e-7)
    runs = [solve_benders(two_stage, budget, seed=1, threads=threads) for threads in (1, 2, 2)]
    assert content(runs[0]) == content(runs[1]) == content(runs[2])


@pytest.mark.parametrize("short", [True, False])
@pytest.mark.parametrize("ties", [True, False])
def test_a_cut_is_below_the_cost_everywhere_and_meets_it_at_its_point(
    short: bool, ties: bool
) -> None:
    two_stage, rng = stocks(24, 3, short=short, ties=ties), np.random.default_rng(0)
    upper = two_stage.first.upper
    points = [rng.uniform(0, 1, len(upper)) * upper for _ in range(12)]
    for recourse in two_stage.scenarios:
        subproblem = Subproblem(recourse)
        cuts = [subproblem.cut(point) for point in points]
        assert short <= all(cut.feasible for cut in cuts)
        for cut, own in zip(cuts, points, strict=True):
            for other, point in zip(cuts, points, strict=True):
                height = cut.constant + cut.gradient @ point[cut.columns]
                limit = other.value if cut.feasible else (0.0 if other.feasible else np.inf)
                assert height <= limit + 1e-6 * max(1.0, abs(height))
            height = cut.constant + cut.gradient @ own[cut.columns]
            assert height == pytest.approx(cut.value, rel=1e-7) if cut.feasible else height > 0


def test_a_cap_that_cannot_be_kept_is_proven_so() -> None:
    two_stage = stocks(25, scenarios=3)
    closed = dataclasses.replace(two_stage, held=(held_shortage(two_stage, -1.0),))
    assert solve_benders(closed, EXACT).termination == "infeasible"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("room", [6.0, 40.0])
def test_a_cap_met_to_the_last_digit_does_not_stop_the_search(seed: int, room: float) -> None:
    # The least shortage any first stage allows, as a goal of its own, then as a cap without slack.
    two_stage = stocks(seed, scenarios=6, lots=1.5, room=room)
    held = held_shortage(two_stage, 0.0)
    short = [
        dataclasses.replace(recourse, cost=factors)
        for recourse, factors in zip(two_stage.scenarios, held.scenarios, strict=True)
    ]
    nothing = np.zeros(len(two_stage.cost))
    least = solve_extensive(dataclasses.replace(two_stage, scenarios=short, cost=nothing), EXACT)
    assert least.value is not None
    assert (least.value > 0) == (room < 40.0)
    cap = dataclasses.replace(held, cap=least.value + 1e-9)
    tight = dataclasses.replace(two_stage, held=(cap,))
    answer = solve_benders(tight, EXACT)
    assert answer.value == pytest.approx(solve_extensive(tight, EXACT).value, rel=1e-4)


def test_a_point_without_recourse_is_refused() -> None:
    subproblem = Subproblem(stocks(24, 3, short=False).scenarios[0])
    with pytest.raises(RuntimeError, match="no recourse"):
        subproblem.answer(np.zeros(6))
