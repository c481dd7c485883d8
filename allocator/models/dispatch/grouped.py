"""Dispatch for a city: solve groups of like communities, split the plan, prove by the groups."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from allocator.engine.ordered import Budget, LinearStage, Progress, Stage, StageResult, not_reached
from allocator.engine.session import Session
from allocator.instance.network import Network
from allocator.models.answer import Answer
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.certificate import Certificates
from allocator.models.dispatch.fill import done, filled
from allocator.models.dispatch.groups import MOST_COLUMNS, Groups, expected_columns, grouped
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.solve import stages_of, weighted
from allocator.models.dispatch.split import split
from allocator.models.dispatch.topping import topped
from allocator.models.dispatch.unreachable import unreachable_table
from allocator.models.dispatch.values import goal_values

LARGE = 1_500_000  # expected columns above which the whole program does not finish in useful time
FEW_COLUMNS = 150_000  # as many as give floors and critical in half a minute
SHORT_SECONDS = 300.0
LOOK_SECONDS_A_COLUMN = 2e-4  # about, of the first look at the whole program, with a margin
FAIR_SOLVES = 4  # solves that a fairness goal takes, about
SHARP = 1e-4  # relative gap at which no solve is spent on a bound
SOURCE = "highs ipm on groups of like communities, bound from its duals"


def too_large(net: Network) -> bool:
    """Return whether a network is solved by groups."""
    return expected_columns(net) > LARGE


def too_large_for(net: Network, seconds: float | None) -> bool:
    """Return whether so little time is left that even the urgent goals need groups."""
    whole = bool(net.items.whole.any()) or net.instance.policy.trips == "integer"
    if seconds is None or whole:
        return False
    columns = expected_columns(net)
    return columns > FEW_COLUMNS and seconds < LOOK_SECONDS_A_COLUMN * columns


def columns_for(seconds: float | None) -> float:
    """Return how many columns the coarse program may have, to reach the urgent goals in time."""
    return MOST_COLUMNS if seconds is None or seconds > SHORT_SECONDS else FEW_COLUMNS


class GroupedWork:
    """Solve the goals for the groups in order, split the plan over the members, find the bounds."""

    def __init__(
        self,
        emit: Callable[..., None],
        net: Network,
        budget: Budget,
        seed: int,
        changes: bool = False,
    ) -> None:
        """Build the coarse program; with `changes` the summary says that they are not minimised."""
        self.changes = changes
        self.emit, self.budget = emit, budget
        self.groups: Groups = grouped(net, columns_for(budget.seconds()))
        # A plan of the groups cannot be split in whole packs and trips: then it only proves bounds.
        whole = bool(net.items.whole.any()) or net.instance.policy.trips == "integer"
        self.fixed = done(filled(net)) if whole else None
        self.model = DispatchModel(self.groups.coarse)
        self.attainable = Attainable(self.model)
        self.seed = seed
        self.stages = [_inside(one) for one in stages_of(self.model, self.attainable)]
        self.progress = Progress(report=self._tell)
        self.goals = {
            stage.name: weighted(self.model, stage.name)
            for stage in self.stages
            if not stage.name.startswith("fairness.")
        }
        self.certificates = Certificates(self.model.program)
        self.goal_rows: dict[str, int] = {}
        self.bounds: dict[str, float] = {}
        self.values: dict[str, float] = {}
        self.tables: dict[str, pd.DataFrame] = {}
        self.skipped: list[str] = []
        self.slowest = 0.0

    def run(self) -> None:
        """Reach the goals up to critical, split, prove; then the other goals, split, prove."""
        self.emit(stage="built", **self._size())
        session = Session(self.model.program, self.seed)
        names = [stage.name for stage in self.stages]
        urgent = names.index("critical") + 1 if "critical" in names else 1
        self._reach(session, self.stages[:urgent])
        self._publish()
        self._prove()
        for number in range(urgent, len(self.stages) if self.values else 0):
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
                self.progress.results.append(not_reached(stage, "time_limit"))
            elif stage.name.startswith("fairness."):
                stage.run(session, self.budget, self.progress)
            else:
                self._minimise(session, stage)

    def _minimise(self, session: Session, stage: Stage) -> None:
        """Minimise a linear goal and keep the duals: they prove bounds."""
        began, rows = time.monotonic(), session.rows
        stage.run(session, self.budget, self.progress)
        self.slowest = max(self.slowest, time.monotonic() - began)
        duals = self.progress.duals
        if duals is not None and len(duals) == rows:
            prices = {name: max(0.0, -float(duals[row])) for name, row in self.goal_rows.items()}
            self.certificates.add(stage.name, self.goals[stage.name], duals, prices, chain=True)
        if session.rows > rows:
            self.goal_rows[stage.name] = session.rows - 1

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
        plan = self.fixed or topped(split(self.groups, self.model, self.progress.solution))
        values = goal_values(plan)
        if self.values and self._in_order(self.values) <= self._in_order(values):
            return  # splitting a point of later goals can cost more of the earlier ones
        self.values = values
        self._bounded()
        fair = sorted({stage.name for stage in self.stages if stage.name.startswith("fairness.")})
        tiers = [int(name.partition(".")[2]) for name in fair]
        self.tables = dict(plan.tables())
        self.tables["attainable"] = unreachable_table(self.groups, self.model.sets.first, tiers)
        self._hand_out("split")

    def _in_order(self, values: dict[str, float]) -> tuple[float, ...]:
        """Return the values of the linear goals in order, rounded so that noise does not decide."""
        return tuple(float(f"{values[name]:.5g}") for name in self.goals)

    def _hand_out(self, stage: str) -> None:
        results = tuple(self._stated(result) for result in self.progress.results)
        self.emit(Answer(self.tables, results, self._summary()), stage=stage)

    def _stated(self, result: StageResult) -> StageResult:
        """Return what is known of a goal of the true instance."""
        bound = self.bounds.get(result.name)
        source = "split from groups of like communities" + (", no bound" if bound is None else "")
        return replace(
            result,
            value=self.values.get(result.name),
            bound=bound,
            source=source if bound is None else SOURCE,
        )

    def _summary(self) -> dict[str, Any]:
        towns = int((~self.groups.fine.places.is_site).sum())
        groups = int((~self.groups.coarse.places.is_site).sum())
        done = "split by need" if self.fixed is None else "for the bounds; the plan was filled"
        method = f"{towns} communities solved as {groups} groups, {done}"
        if self.skipped:
            method += f"; {', '.join(self.skipped)} left out: the time was too short"
        if self.changes:
            method += "; changes from the start plan are counted, not minimised"
        return {"size": self._size(), "method": method}

    # -- bounds ------------------------------------------------------------------------------------

    def _caps(self) -> dict[str, float]:
        """Return what the plan achieved, plus what the policy lets later goals give up."""
        policy = self.groups.fine.instance.policy
        caps = {}
        for name in self.goals:
            if name in self.values:
                slack = policy.give_up.get(name.partition(".")[0], policy.slack_relative)
                value = self.values[name]
                caps[name] = value + max(slack * abs(value), policy.slack_absolute)
        return caps

    def _bounded(self) -> None:
        """Take the bounds that the duals at hand give for this plan."""
        caps = self._caps()
        found = {name: self.certificates.bound(name, caps) for name in self.goals}
        self.bounds = {name: bound for name, bound in found.items() if bound is not None}

    def _prove(self) -> None:
        """Solve once more, on the whole program, for the goals whose bounds are not sharp yet."""
        reached = [one.name for one in self.progress.results if one.name in self.values]
        for number, name in enumerate(reached):
            if name not in self.goals or self._sharp(name):
                continue
            if self.budget.spent():
                return
            self._solve_anew(name, [one for one in reached[:number] if one in self.goals])
            self._bounded()
            self._hand_out(f"bound of {name}")

    def _sharp(self, name: str) -> bool:
        bound, value = self.bounds.get(name), self.values[name]
        near = max(self.budget.gap, SHARP) * max(1.0, abs(value))
        return bound is not None and value - bound <= near

    def _solve_anew(self, name: str, earlier: list[str]) -> None:
        """Minimise a goal of the groups with the earlier ones capped at what the plan achieved."""
        session = Session(self.model.program, self.seed)
        first, caps = session.rows, self._caps()
        for other in earlier:
            row = np.zeros(session.columns)
            row[: len(self.goals[other].cost)] = self.goals[other].cost
            side = np.array([caps[other] - self.goals[other].constant])
            session.add_rows(np.array([-np.inf]), side, sparse.csr_matrix(row[None, :]))
        outcome = session.minimise(
            self.goals[name].cost, self.budget.seconds(), self.budget.work, crossover=False
        )
        if outcome.duals is not None and len(outcome.duals):
            dear = np.maximum(0.0, -outcome.duals[first:]).tolist()
            prices = dict(zip(earlier, dear, strict=True))
            self.certificates.add(name, self.goals[name], outcome.duals, prices, chain=False)


def _inside(stage: Stage) -> Stage:
    """Return the stage without the way to a corner at its end: it takes longer than the solve."""
    return replace(stage, final=False) if isinstance(stage, LinearStage) else stage
