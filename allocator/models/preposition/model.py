"""The whole pre-positioning program: first stage, services, scenarios, and a program a goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, overload

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.engine.two_stage import Held, Recourse, Risk, TwoStage
from allocator.instance.futures import ReserveCase
from allocator.models.preposition.columns import Columns
from allocator.models.preposition.first import FirstStage
from allocator.models.preposition.recourse import ScenarioProgram
from allocator.models.preposition.services import Services

MARGIN = 0.01  # of the people in need: a gap asked for counts against critical plus this
RiskKind = Literal["expected", "cvar", "worst"]


@dataclass(frozen=True)
class Scenario:
    """One scenario ready to solve.

    Attributes:
        recourse: Its arrays, with money as cost.
        people: How its columns count in the goals of people.
        columns: What its columns stand for.
        floors: Its rows `floor`.
        linked: Its rows `linked`, implied where the first stage is whole.
    """

    recourse: Recourse
    people: Mapping[str, Floats]
    columns: Columns
    floors: Ints
    linked: Ints


def unit_of(goal: str) -> str:
    """Return what a goal is counted in."""
    return "money" if goal == "cost" else "people"


class PrepositionModel:
    """First stage and scenarios of a case; scenarios are built when they are asked for."""

    def __init__(self, case: ReserveCase, stocked: Floats | None = None) -> None:
        """Build the first stage; `stocked` (sites, items) is what a plan to evaluate holds."""
        self.case, self.policy = case, case.policy
        self.first = FirstStage(case, stocked)
        self.services = Services(self.first)
        self._scenarios: list[Scenario | None] = [None] * len(case.futures)

    def __len__(self) -> int:
        return len(self._scenarios)

    def program(self, number: int) -> ScenarioProgram:
        """Return the program of a scenario with its blocks, families and names."""
        return ScenarioProgram(self.first, self.services, number)

    def scenario(self, number: int) -> Scenario:
        """Return a scenario as arrays."""
        found = self._scenarios[number]
        if found is None:
            program = self.program(number)
            found = Scenario(
                program.recourse(),
                program.people(),
                program.columns(),
                program.floors,
                program.linked,
            )
            self._scenarios[number] = found
        return found

    def has_critical(self) -> bool:
        """Say whether any scenario has a need of life-critical goods."""
        urgent = self.case.reserve.items.tier == 1
        return bool((self.case.futures.need[:, :, urgent] > 0).any())

    def in_need(self, goal: str) -> float:
        """Return the people who need what a goal counts, on average; 0 for the cost."""
        futures, items = self.case.futures, self.case.counted(goal)
        people = (futures.need[:, :, items] * futures.rate[:, :, items]).max(axis=2, initial=0.0)
        return float(futures.probability @ (people @ self.case.reserve.communities.weight))

    def margin(self, goal: str) -> float:
        """Return MARGIN of the people in need, added to a goal of people while it is solved."""
        return MARGIN * self.in_need(goal)

    @property
    def risk(self) -> Risk:
        """How the costs of the scenarios count."""
        kind = cast(RiskKind, self.policy.risk)
        return Risk(kind, self.policy.risk_weight, self.policy.risk_level)

    def first_cost(self) -> Floats:
        """Return the money of the columns of the first stage."""
        cost = np.zeros(self.first.program.column_count)
        known = self.first.cost()
        cost[: len(known)] = known
        return cost

    def two_stage(self, goal: str, held: Sequence[Held] = ()) -> TwoStage:
        """Return the program of one goal; `held` are the goals before it."""
        money = goal == "cost"
        cost = self.first_cost()
        if not money:
            cost = np.zeros(len(cost))
            cost[self.first.one] = self.margin(goal)
        caps = [*self._budgets(), *held]
        return TwoStage(
            first=self.first.program,
            cost=cost,
            scenarios=Costs(self, goal),
            probability=self.case.futures.probability,
            risk=self.risk if money else Risk(),
            held=caps,
        )

    def _budgets(self) -> list[Held]:
        most = self.policy.shortage_budget
        return [] if most is None or not self.has_critical() else [self.hold("critical", most)]

    def hold(self, goal: str, cap: float) -> Held:
        """Return the row that keeps a goal at `cap`; of cost it is the mean that is kept."""
        everyone = [self.scenario(number) for number in range(len(self))]
        if goal != "cost":
            nothing = np.zeros(self.first.program.column_count)
            return Held(nothing, [one.people[goal] for one in everyone], cap)
        return Held(self.first_cost(), [one.recourse.cost for one in everyone], cap)


class Costs(Sequence[Recourse]):
    """The scenarios of a model with what a goal counts, money or people, as their cost."""

    def __init__(self, model: PrepositionModel, goal: str) -> None:
        """Look at the scenarios of `model`."""
        self.model, self.goal = model, goal

    def __len__(self) -> int:
        return len(self.model)

    @overload
    def __getitem__(self, number: int) -> Recourse: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Recourse]: ...
    def __getitem__(self, number: int | slice) -> Recourse | Sequence[Recourse]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        found = self.model.scenario(range(len(self))[number])
        if self.goal == "cost":
            return found.recourse
        return replace(found.recourse, cost=found.people[self.goal])
