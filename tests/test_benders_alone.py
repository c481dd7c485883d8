"""The first cuts: each scenario at its own best point; true everywhere, and worth knowing."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.engine.benders import solve_benders
from allocator.engine.benders_alone import alone, first_rows
from allocator.engine.benders_search import Search
from allocator.engine.benders_subproblem import Subproblem
from allocator.engine.benders_tuning import Tuning
from allocator.engine.executors import open_workers
from allocator.engine.ordered import Budget
from allocator.engine.two_stage import Risk, TwoStage, solve_extensive
from tests.two_stage_cases import stocks


def begun(two_stage: TwoStage, tuning: Tuning) -> float:
    """The bound of the master's relaxation after the first cuts."""
    with open_workers() as crew:
        search = Search(two_stage, Budget(), crew, 0, lambda answer: None, tuning)
        search.begin_alone()
        at = search.relaxed()
        assert at is not None
        return at.value


def knowing(two_stage: TwoStage) -> float:
    """The mean of the relaxations of the scenarios alone."""
    relaxed = two_stage.first.copy()
    relaxed._integer = [np.zeros(len(part), bool) for part in relaxed._integer]
    values = [
        solve_extensive(TwoStage(relaxed, two_stage.cost, [one], np.ones(1)), Budget()).value
        for one in two_stage.scenarios
    ]
    return float(two_stage.probability @ np.array(values, dtype=float))


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_begins_at_the_value_of_perfect_information(seed: int) -> None:
    two_stage = stocks(seed, scenarios=6)
    assert begun(two_stage, Tuning()) >= knowing(two_stage) - 1e-4
    assert begun(two_stage, Tuning(each_to=0)) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("short", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_the_cuts_are_below_the_cost_everywhere(seed: int, short: bool) -> None:
    two_stage = stocks(seed, short=short)
    first, rng = first_rows(two_stage.first, two_stage.cost), np.random.default_rng(seed)
    for recourse in two_stage.scenarios:
        subproblem = Subproblem(recourse)
        cut = alone(subproblem, first, None)
        assert cut is not None
        for _ in range(20):
            point = rng.uniform(two_stage.first.lower, two_stage.first.upper)
            value = subproblem.cut(point).value
            assert cut.constant + cut.gradient @ point[cut.columns] <= value + 1e-6 * abs(value)


@pytest.mark.parametrize("risk", [Risk(), Risk("cvar", 0.6, 0.7), Risk("worst", 0.5)])
def test_the_optimum_is_the_same_with_and_without(risk: Risk) -> None:
    for seed in range(3):
        two_stage = stocks(seed, risk=risk, lots=3.0)
        best = solve_extensive(two_stage, Budget(gap=1e-7)).value
        for tuning in (Tuning(), Tuning(each_to=0, groups=2)):
            found = solve_benders(two_stage, Budget(gap=1e-6), tuning=tuning)
            assert found.value == pytest.approx(best, rel=1e-5)
            assert found.bound is not None
            assert best is not None
            assert found.bound <= best + 1e-5 * abs(best)


def test_without_time_there_are_no_first_cuts() -> None:
    two_stage = stocks(0)
    subproblem = Subproblem(two_stage.scenarios[0])
    assert alone(subproblem, first_rows(two_stage.first, two_stage.cost), 0.0) is None


def test_a_first_stage_without_costs_has_none() -> None:
    two_stage = stocks(1)
    assert first_rows(two_stage.first, two_stage.cost).priced
    assert not first_rows(two_stage.first, 0.0 * two_stage.cost).priced
