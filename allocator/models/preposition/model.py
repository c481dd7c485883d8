"""The whole pre-positioning program: first stage, services, scenarios, and a program a goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, cast, overload

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.engine.two_stage import Held, Recourse, Risk, TwoStage
from allocator.instance.futures import ReserveCase
from allocator.models.preposition.first import FirstStage
from allocator.models.preposition.recourse import Columns, ScenarioProgram
from allocator.models.preposition.services import Services

MARGIN = 0.01  # of the people in need: a gap asked for counts against critical plus this
RiskKind = Literal["expected", "cvar", "worst"]
UNITS = {"critical": "people", "cost": "money"}


@dataclass(frozen=True)
class Scenario:
    """One scenario ready to solve.

    Attributes:
        recourse: Its arrays, with money as cost.
        people: How its columns count in the goal critical.
        columns: What its columns stand for.
        floors: Its rows `floor`.
        linked: Its rows `linked`, implied where the first stage is whole.
    """

    recourse: Recourse
    people: Floats
    columns: Columns
    floors: Ints
    linked: Ints


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

    @cached_property
    def margin(self) -> float:
        """Return MARGIN of the people in need, added to the goal critical while it is solved."""
        case = self.case
        urgent = case.reserve.items.tier == 1
        people = (case.futures.need * case.futures.rate)[:, :, urgent].max(axis=2, initial=0.0)
        mean = case.futures.probability @ (people @ case.reserve.communities.weight)
        return MARGIN * float(mean)

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
            cost[self.first.one] = self.margin
        caps = [*self._budgets(), *held]
        return TwoStage(
            first=self.first.program,
            cost=cost,
            scenarios=Costs(self, money),
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
        if goal == "critical":
            nothing = np.zeros(self.first.program.column_count)
            return Held(nothing, [one.people for one in everyone], cap)
        return Held(self.first_cost(), [one.recourse.cost for one in everyone], cap)


class Costs(Sequence[Recourse]):
    """The scenarios of a model with money, or people short, as their cost."""

    def __init__(self, model: PrepositionModel, money: bool) -> None:
        """Look at the scenarios of `model`."""
        self.model, self.money = model, money

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
        return found.recourse if self.money else replace(found.recourse, cost=found.people)
