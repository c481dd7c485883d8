"""A first-stage point on given scenarios: the recourse of each is solved alone (section 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.engine.program import Floats, Program
from allocator.engine.session import Session
from allocator.errors import InternalError
from allocator.instance.lanes import Bools
from allocator.models.preposition.model import PrepositionModel, Scenario

NEAR = 1e-6  # a floor missed by less, relative to what may be short, is kept
ROUNDING = 1e-9  # of a goal, at least: a cap nearer than that could leave no point


@dataclass(frozen=True)
class Evaluation:
    """What a first-stage point gives.

    Attributes:
        first: (columns,) the point.
        recourse: One array of y a scenario.
        cost: (scenarios,) money after the first stage.
        people: (scenarios,) people short, for each goal that counts them.
        kept: (scenarios,) whether the floors are kept; where that is impossible they are left out.
        spent: Money of the first stage.
    """

    first: Floats
    recourse: list[Floats]
    cost: Floats
    people: Mapping[str, Floats]
    kept: Bools
    spent: float

    def values(self, model: PrepositionModel) -> dict[str, float]:
        """Return the value of every goal."""
        chance = model.case.futures.probability
        people = {goal: float(chance @ short) for goal, short in self.people.items()}
        return {**people, "cost": self.spent + model.risk.of(self.cost, chance)}


def answers(
    model: PrepositionModel,
    first: Floats,
    threads: int = 1,
    seed: int = 0,
    goals: Sequence[str] | None = None,
) -> list[Floats]:
    """Solve the recourse of every scenario for a given first stage, goal by goal.

    Args:
        model: First stage and scenarios.
        first: The point of the first stage.
        threads: Scenarios solved at once.
        seed: Seed of the solver.
        goals: The goals in order; None = those of the policy.
    """
    order, numbers = goals or model.case.goals, range(len(model))
    if threads == 1:
        return [answer(model, first, number, order, seed) for number in numbers]
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda number: answer(model, first, number, order, seed), numbers)
        return list(found)


def measured(model: PrepositionModel, first: Floats, recourse: Sequence[Floats]) -> Evaluation:
    """Return what a point and its recourse give."""
    everyone = [model.scenario(number) for number in range(len(model))]
    pairs = [(one, one.columns.tight(point)) for one, point in zip(everyone, recourse, strict=True)]
    return Evaluation(
        first=first,
        recourse=[point for _, point in pairs],
        cost=np.array([one.recourse.cost @ point for one, point in pairs]),
        people={
            goal: np.array([one.people[goal] @ point for one, point in pairs])
            for goal in model.case.people_goals
        },
        kept=np.array([_keeps_floors(one, first, point) for one, point in pairs], dtype=bool),
        spent=float(model.first_cost() @ first),
    )


def _keeps_floors(scenario: Scenario, first: Floats, point: Floats) -> bool:
    """Say whether the rows `floor` hold as they stand: without any give-up."""
    rows = scenario.floors
    upper = scenario.recourse.row_upper[rows]
    return bool((scenario.recourse.matrix[rows] @ point <= upper + NEAR * (1 + upper)).all())


def answer(
    model: PrepositionModel, first: Floats, number: int, order: Sequence[str], seed: int = 0
) -> Floats:
    """Return the recourse of one scenario that is best in the order of the goals.

    The floors of a scenario that cannot keep them are left out.
    """
    scenario = model.scenario(number)
    costs = {**scenario.people, "cost": scenario.recourse.cost}
    session = Session(fixed_program(scenario, first), seed=seed)
    goals = [goal for goal in order if np.any(costs[goal])]
    solution: Floats | None = None
    for goal in goals or ["cost"]:
        outcome = session.minimise(costs[goal])
        if outcome.termination == "infeasible" and solution is None and len(scenario.floors):
            nothing = np.full(len(scenario.floors), -np.inf)
            session.set_row_bounds(scenario.floors, nothing, -nothing)
            outcome = session.minimise(costs[goal])
        if outcome.solution is None or outcome.value is None:
            break
        solution = outcome.solution
        cap = outcome.value + _slack(model, outcome.value)
        row = sparse.csr_matrix(costs[goal][None, :])
        session.add_rows(np.array([-np.inf]), np.array([cap]), row)
    if solution is None:
        raise InternalError.because(
            "a scenario has no recourse", where=str(model.case.futures.ids[number]), code="E9001"
        )
    return solution


def _slack(model: PrepositionModel, value: float) -> float:
    """Return what later goals may give up of a value: numerical slack, as the policy states it.

    More by choice (`give_up`) is shared by the scenarios and is not given up in each of them.
    """
    policy = model.policy
    stated = max(policy.slack_relative * abs(value), policy.slack_absolute)
    return max(stated, ROUNDING * max(1.0, abs(value)))


def fixed_program(scenario: Scenario, first: Floats) -> Program:
    """Return the program of a scenario with the first stage put in."""
    recourse = scenario.recourse
    program, moved = Program(), recourse.link @ first
    columns = program.add_columns("recourse", len(recourse.cost), recourse.upper, recourse.lower)
    low, high = recourse.row_lower - moved, recourse.row_upper - moved
    high[scenario.linked] = np.inf
    rows = program.add_rows("recourse", len(moved), low, high)
    entries = recourse.matrix.tocoo()
    if len(rows):
        program.add_entries(rows[entries.row], columns[entries.col], entries.data)
    return program
