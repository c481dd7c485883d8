"""Dispatch at the scale of a city: solve for groups of like communities, split the plan, prove by the groups."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from allocator.engine.ordered import Budget, Progress, Stage, StageResult, not_reached
from allocator.engine.program import Floats
from allocator.engine.session import Session
from allocator.instance.network import Network
from allocator.models.answer import Answer
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.groups import Groups, expected_columns, grouped
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.solve import stages_of, weighted
from allocator.models.dispatch.split import SplitPlan, split
from allocator.models.dispatch.unreachable import unreachable_table
from allocator.models.dispatch.values import goal_values

LARGE = 1_500_000  # expected columns above which the whole program does not finish in useful time
FAIR_SOLVES = 8  # solves that a fairness goal takes, about
SOURCE = "highs ipm on groups of like communities, bound from its duals"


def too_large(net: Network) -> bool:
    """Return whether a network is solved by groups: large, and without whole packs, trips and counted changes."""
    policy = net.instance.policy
    whole = bool(net.items.whole.any()) or policy.trips == "integer"
    return not whole and policy.max_changes is None and expected_columns(net) > LARGE


@dataclass(frozen=True)
class Bound:
    """A bound given earlier goals at their caps, and what it loses a unit by which a cap is exceeded."""

    value: float
    caps: dict[str, float]
    prices: dict[str, float]

    def given(self, values: dict[str, float]) -> float:
        """Return the bound that holds when the earlier goals stand at `values`."""
        excess = {name: max(0.0, values[name] - cap) for name, cap in self.caps.items()}
        return self.value - sum(self.prices[name] * excess[name] for name in excess)


class GroupedWork:
    """Solve the goals for the groups in order, split the plan over the members, then find the bounds."""

    def __init__(
        self, emit: Callable[..., None], net: Network, budget: Budget, seed: int, threads: int
    ) -> None:
        """Build the coarse program."""
        self.emit, self.budget = emit, budget
        self.groups: Groups = grouped(net)
        self.model = DispatchModel(self.groups.coarse)
        self.attainable = Attainable(self.model)
        self.options = (seed, threads)
        self.stages: list[Stage] = stages_of(self.model, self.attainable)
        self.progress = Progress(report=self._tell)
        self.bounds: dict[str, Bound] = {}
        self.values: dict[str, float] = {}
        self.tables: dict[str, pd.DataFrame] = {}
        self.skipped: list[str] = []
        self.slowest = 0.0
        self.prover: Session | None = None

    def run(self) -> None:
        """Reach the goals up to critical, split, prove; then the other goals, split, prove."""
        self.emit(stage="built", **self._size())
        session = Session(self.model.program, *self.options)
        names = [stage.name for stage in self.stages]
        urgent = names.index("critical") + 1 if "critical" in names else 1
        self._reach(session, self.stages[:urgent])
        self._publish()
        self._prove()
        for number in range(urgent, len(self.stages)):
            self._reach(session, self.stages[number : number + 1])
            self._publish()
        self._prove()

    def _size(self) -> dict[str, int]:
        program = self.model.program
        return {"columns": program.column_count, "rows": program.row_count}

    def _tell(self, progress: Progress) -> None:
        result = progress.results[-1]
        self.emit(goal=result.name, value=result.value, bound=None, seconds=result.seconds)

    def _reach(self, session: Session, stages: list[Stage]) -> None:
        """Minimise some goals of the coarse program, each held before the next."""
        for stage in stages:
            if self.budget.spent():
                self.progress.results.append(not_reached(stage, "time_limit"))
            elif stage.name.startswith("fairness.") and not self._time_for_fairness(stage):
                self.skipped.append(stage.name)
            else:
                began = time.monotonic()
                stage.run(session, self.budget, self.progress)
                if not stage.name.startswith("fairness."):
                    self.slowest = max(self.slowest, time.monotonic() - began)

    def _time_for_fairness(self, stage: Stage) -> bool:
        """Return whether this goal leaves time to reach and prove the goals after it."""
        left = self.budget.seconds()
        if left is None:
            return True
        names = [one.name for one in self.stages]
        later = len(names) - names.index(stage.name) - 1
        return (FAIR_SOLVES + 2 * later) * self.slowest < left

    # -- plans -------------------------------------------------------------------------------------

    def _publish(self) -> None:
        """Split the point reached over the members and hand the plan out."""
        if self.progress.solution is None:
            self._hand_out("infeasible or out of time")
            return
        plan: SplitPlan = split(self.groups, self.model, self.progress.solution)
        self.values = goal_values(plan)
        fair = sorted({stage.name for stage in self.stages if stage.name.startswith("fairness.")})
        tiers = [int(name.partition(".")[2]) for name in fair]
        self.tables = dict(plan.tables)
        self.tables["attainable"] = unreachable_table(self.groups, self.model.sets.first, tiers)
        self._hand_out("split")

    def _hand_out(self, stage: str) -> None:
        results = tuple(self._stated(result) for result in self.progress.results)
        self.emit(Answer(self.tables, results, self._summary()), stage=stage)

    def _stated(self, result: StageResult) -> StageResult:
        """Return what is known of a goal of the true instance."""
        bound = self.bounds.get(result.name)
        return replace(
            result,
            value=self.values.get(result.name),
            bound=None if bound is None or not self.values else bound.given(self.values),
            source=SOURCE
            if bound is not None
            else "split from groups of like communities, no bound",
        )

    def _summary(self) -> dict[str, Any]:
        towns = int((~self.groups.fine.places.is_site).sum())
        groups = int((~self.groups.coarse.places.is_site).sum())
        method = f"{towns} communities solved as {groups} groups, then split by need"
        if self.skipped:
            method += f"; {', '.join(self.skipped)} left out: the time was too short"
        return {"size": self._size(), "method": method}

    # -- bounds ------------------------------------------------------------------------------------

    def _prove(self) -> None:
        """Find the bound of every goal reached, given what the plan achieved of the goals before it."""
        costs = {
            stage.name: weighted(self.model, stage.name)
            for stage in self.stages
            if stage.name in self.values
        }
        reached = [result for result in self.progress.results if result.name in costs]
        for number, result in enumerate(reached):
            earlier = [one.name for one in reached[:number]]
            if result.name in self.bounds or result.value is None:
                continue
            if number == 0 and result.bound is not None:
                self.bounds[result.name] = Bound(result.bound, {}, {})
                continue
            if self.budget.spent():
                return
            bound = self._bound(costs[result.name], {name: costs[name] for name in earlier})
            if bound is not None:
                self.bounds[result.name] = bound
            self._hand_out(f"bound of {result.name}")

    def _bound(self, goal: Any, earlier: dict[str, Any]) -> Bound | None:
        """Minimise a goal of the coarse program with the earlier ones capped at what the plan achieved."""
        policy = self.groups.fine.instance.policy
        session = Session(self.model.program, *self.options)
        caps: dict[str, float] = {}
        first = session.rows
        for name, expression in earlier.items():
            value = self.values[name]
            slack = policy.give_up.get(name.partition(".")[0], policy.slack_relative)
            caps[name] = value + max(slack * abs(value), policy.slack_absolute)
            row: Floats = np.zeros(session.columns)
            row[: len(expression.cost)] = expression.cost
            side = np.array([caps[name] - expression.constant])
            session.add_rows(np.array([-np.inf]), side, sparse.csr_matrix(row[None, :]))
        outcome = session.minimise(
            goal.cost, self.budget.seconds(), self.budget.work, self.budget.gap, crossover=False
        )
        if outcome.bound is None or outcome.duals is None:
            return None
        prices = dict(zip(earlier, np.maximum(0.0, -outcome.duals[first:]).tolist(), strict=True))
        return Bound(outcome.bound + goal.constant, caps, prices)
