"""A first-stage point on given scenarios: the recourse of each is solved alone (section 8)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.engine.program import Floats, Program
from allocator.engine.session import Session
from allocator.engine.two_stage import Recourse
from allocator.models.preposition.model import PrepositionModel

SLACK = 1e-7  # of a goal, and at least as many people or as much money


@dataclass(frozen=True)
class Evaluation:
    """What a first-stage point gives.

    Attributes:
        first: (columns,) the point.
        recourse: One array of y a scenario; None where no recourse obeys the floors.
        cost: (scenarios,) money after the first stage; NaN where there is no recourse.
        critical: (scenarios,) people short of life-critical goods; NaN where there is none.
        spent: Money of the first stage.
    """

    first: Floats
    recourse: list[Floats | None]
    cost: Floats
    critical: Floats
    spent: float

    @property
    def possible(self) -> bool:
        """Say whether every scenario has a recourse."""
        return all(one is not None for one in self.recourse)

    def values(self, model: PrepositionModel) -> dict[str, float]:
        """Return the value of every goal; NaN where some scenario has no recourse."""
        chance = model.case.futures.probability
        return {
            "critical": float(chance @ self.critical),
            "cost": self.spent + model.risk.of(self.cost, chance)
            if self.possible
            else float("nan"),
        }


def evaluate_first(
    model: PrepositionModel, first: Floats, threads: int = 1, seed: int = 0
) -> Evaluation:
    """Solve the recourse of every scenario for a given first stage, goal by goal."""
    numbers = range(len(model))
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(lambda number: answer(model, first, number, seed), numbers))
    else:
        found = [answer(model, first, number, seed) for number in numbers]
    return measured(model, first, found)


def measured(
    model: PrepositionModel, first: Floats, recourse: Sequence[Floats | None]
) -> Evaluation:
    """Return what a point and its recourse give."""
    cost, critical = np.full(len(model), np.nan), np.full(len(model), np.nan)
    for number, point in enumerate(recourse):
        if point is not None:
            scenario = model.scenario(number)
            cost[number] = scenario.recourse.cost @ point
            critical[number] = scenario.people @ point
    spent = float(model.first_cost() @ first)
    return Evaluation(first, list(recourse), cost, critical, spent)


def answer(model: PrepositionModel, first: Floats, number: int, seed: int = 0) -> Floats | None:
    """Return the recourse of one scenario that is best in the order of the goals."""
    scenario = model.scenario(number)
    costs = {"critical": scenario.people, "cost": scenario.recourse.cost}
    session = Session(fixed_program(scenario.recourse, first), seed=seed)
    solution = None
    goals = [goal for goal in model.policy.reserve_goals if np.any(costs[goal])]
    for goal in goals or ["cost"]:
        outcome = session.minimise(costs[goal])
        if outcome.solution is None or outcome.value is None:
            return solution
        solution = outcome.solution
        cap = outcome.value + SLACK * max(1.0, abs(outcome.value))
        row = sparse.csr_matrix(costs[goal][None, :])
        session.add_rows(np.array([-np.inf]), np.array([cap]), row)
    return solution


def fixed_program(recourse: Recourse, first: Floats) -> Program:
    """Return the program of a scenario with the first stage put in."""
    program, moved = Program(), recourse.link @ first
    columns = program.add_columns("recourse", len(recourse.cost), recourse.upper, recourse.lower)
    low, high = recourse.row_lower - moved, recourse.row_upper - moved
    rows = program.add_rows("recourse", len(moved), low, high)
    entries = recourse.matrix.tocoo()
    if len(rows):
        program.add_entries(rows[entries.row], columns[entries.col], entries.data)
    return program
