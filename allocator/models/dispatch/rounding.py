"""Whole packs and whole trips: branch and cut where the program is small, rounding with bounds where not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from allocator.engine.ordered import (
    Budget,
    LinearStage,
    Progress,
    Stage,
    StageResult,
    run_stages,
)
from allocator.engine.program import Floats, Ints
from allocator.engine.session import Session
from allocator.instance.instance import Instance
from allocator.instance.network import network
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.fairness import LevelStage
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.rounding_bounds import Bounds, ShareRows, bound_of, values_of
from allocator.models.dispatch.rounding_packs import Replay
from allocator.models.dispatch.rounding_trips import cover, room, struck

EXACT_INTEGERS = 5_000  # up to here branch and cut, goal by goal
RELAXATION_SHARE = 0.5  # of the time, for the goals without integers
TRIPS_SHARE = 0.4  # of what is then left, for the goods beside whole trips
PACKS_SHARE = 0.3  # of what is then left, for what is continuous beside whole packs
LESS = 10.0  # how much less a goal weighs than the one before, where they are weighed
MINOR = 1e-3  # the same for goals that do not count person-days
Report = Callable[[Progress], None]
Stages = Callable[[DispatchModel, Attainable], list[Stage]]


def solve_integer(
    model: DispatchModel,
    stages_of: Stages,
    attainable: Attainable,
    budget: Budget,
    report: Report = lambda progress: None,
    seed: int = 0,
    threads: int = 1,
) -> Progress:
    """Solve the goals of a model with integer columns in order; `report` hears of every plan and bound."""
    switches = model.change is not None and model.net.instance.policy.max_changes is not None
    if switches or model.program.integer.sum() <= EXACT_INTEGERS:
        return _exactly(model, stages_of(model, attainable), budget, report, seed, threads)
    return Rounding(model, stages_of, attainable, budget, report, seed, threads).run()


def _exactly(
    model: DispatchModel,
    stages: list[Stage],
    budget: Budget,
    report: Report,
    seed: int,
    threads: int,
) -> Progress:
    """Branch and cut goal by goal; under a limit every goal leaves time for the ones that follow."""
    session = Session(model.program, seed, threads)
    progress = Progress(report=report)
    for number, stage in enumerate(stages):
        run_stages(session, [stage], _part(budget, 1.0 / min(3, len(stages) - number)), progress)
        if progress.termination == "infeasible" or progress.solution is None:
            break
    return progress


def _part(budget: Budget, share: float) -> Budget:
    left = budget.seconds()
    return budget if left is None else replace(budget, deadline=time.monotonic() + share * left)


def relaxed(instance: Instance) -> Instance:
    """Return the instance without whole packs and trips."""
    return instance.replace(
        items=instance["items"].assign(whole_packs=False),
        policy=instance.policy.replace(trips="continuous"),
    )


class Rounding:
    """Goals relaxed, trips and packs made whole, the rest solved again, then a bound for every goal."""

    def __init__(
        self,
        model: DispatchModel,
        stages_of: Stages,
        attainable: Attainable,
        budget: Budget,
        report: Report,
        seed: int,
        threads: int,
    ) -> None:
        self.model, self.budget, self.report = model, budget, report
        self.loose = DispatchModel(network(relaxed(model.net.instance)), model.start)
        self.attainable = Attainable(self.loose, attainable.exact)
        self.stages_of = stages_of
        self.options = {"seed": seed, "threads": threads}

    def run(self) -> Progress:
        """Return the plan with the values and bounds of the goals."""
        first = self._minimise(self._session(), _part(self.budget, RELAXATION_SHARE))
        if first.solution is None:
            return first
        known = {one.name: one for one in first.results}
        point = self._settled(first.solution, known)
        if point is None:
            return Progress(results=[replace(one, value=None) for one in first.results])
        return self._with_bounds(point, known)

    def _session(self) -> Session:
        return Session(self.loose.program, **self.options)

    def _stages(self) -> list[Stage]:
        return self.stages_of(self.loose, self.attainable)

    def _minimise(self, session: Session, budget: Budget) -> Progress:
        return run_stages(session, self._stages(), budget, Progress())

    # -- whole numbers -------------------------------------------------------------------------

    def _settled(self, point: Floats, known: Mapping[str, StageResult]) -> Floats | None:
        """Return a point in whole packs and trips near `point`.

        Trips are made whole and the goods divided anew over them; then packs are made whole and what is
        continuous is divided anew beside them.
        """
        loose, whole = self.loose, self.model.program.integer
        session = self._session()
        cost = self._weighed(session, known)
        if whole[loose.trips].any():
            trips = cover(self.model.net, *self._loads(point[loose.ship]), self._by_pair(point))
            point = point.copy()
            point[loose.trips] = trips[loose.trip_pair, loose.trip_period]
            point = self._divided(session, cost, loose.trips, point, TRIPS_SHARE)
        if point is not None and whole[loose.ship].any():
            point[loose.ship] = self._packed(point)
            point = self._divided(session, cost, loose.ship[whole[loose.ship]], point, PACKS_SHARE)
        return None if point is None else self._without_idle_trips(point)

    def _divided(
        self, session: Session, cost: Floats, columns: Ints, point: Floats, share: float
    ) -> Floats | None:
        """Fix columns at a point and return the best point beside them."""
        session.set_bounds(columns, point[columns], point[columns])
        budget = _part(self.budget, share)
        outcome = session.minimise(cost, budget.seconds(), budget.work, crossover=False)
        if outcome.solution is None:
            return None
        best = np.maximum(outcome.solution[: self.loose.program.column_count], 0.0)
        best[columns] = point[columns]
        return best

    def _weighed(self, session: Session, known: Mapping[str, StageResult]) -> Floats:
        """Return one cost for all goals, each weighing a fraction of the one before.

        So little is left open beside the whole packs and trips that one solve does. A fairness goal
        counts the person-days that places miss of the share found without whole numbers.
        """
        parts = []
        for number, stage in enumerate(self._stages()):
            weight = LESS ** (3 - number)
            if isinstance(stage, LinearStage):
                parts.append(stage.cost * weight * (1.0 if stage.unit == "person-days" else MINOR))
            elif isinstance(stage, LevelStage):
                result = known.get(stage.name)
                missed = result.bound if result and result.bound is not None else 1.0
                rows = ShareRows(session, stage.shares, self.attainable.known(stage.shares))
                rows.place(1.0 - missed)
                parts.append(rows.cost() * weight)
        cost = np.zeros(session.columns)
        for part in parts:
            cost[: len(part)] += part
        return cost

    def _packed(self, point: Floats) -> Floats:
        """Return the units of every ship column in whole packs where the item says so."""
        loose, net = self.loose, self.model.net
        carried = room(net, self._by_pair(point))
        plan = loose.sets.ship
        return Replay(net, plan, point[loose.ship], point[loose.buy], carried).run()

    def _by_pair(self, point: Floats) -> Floats:
        trips = np.zeros(self.loose.net.fleet.pair_open.shape)
        trips[self.loose.trip_pair, self.loose.trip_period] = point[self.loose.trips]
        return trips

    def _loads(self, units: Floats) -> tuple[Floats, Floats]:
        """Return kg and m3 by lane and period."""
        net, ship = self.model.net, self.loose.sets.ship
        item, loads = net.batches.item[ship.batch], []
        for size in (net.items.kg, net.items.m3):
            load = np.zeros(net.open.shape)
            np.add.at(load, (ship.lane, ship.period), units * size[item])
            loads.append(load)
        return loads[0], loads[1]

    def _without_idle_trips(self, point: Floats) -> Floats:
        loose, net = self.loose, self.model.net
        if net.instance.policy.trips == "integer":
            trips = struck(net, *self._loads(point[loose.ship]), self._by_pair(point).round())
            point[loose.trips] = trips[loose.trip_pair, loose.trip_period]
        return point

    # -- bounds --------------------------------------------------------------------------------

    def _with_bounds(self, point: Floats, first: Mapping[str, StageResult]) -> Progress:
        """Find the bound of each goal in order, given the earlier goals at the plan's values."""
        stages = self._stages()
        values = values_of(stages, self.attainable, point)
        solution = point.copy()
        solution[self.loose.ship] /= self.model.pack
        progress = Progress(solution=solution, report=self.report)
        progress.results = [self._result(stage, values[stage.name], None, 0.0) for stage in stages]
        bounds = Bounds(self._session(), self.attainable)
        for number, stage in enumerate(stages):
            known = first.get(stage.name)
            guess = None if known is None else known.bound
            if number == 0 and guess is not None:
                bound, seconds = guess, 0.0
                bound_of(bounds, stage, values[stage.name], guess, Budget(deadline=0.0))
            else:
                bound, seconds = bound_of(bounds, stage, values[stage.name], guess, self.budget)
            progress.results[number] = self._result(stage, values[stage.name], bound, seconds)
            self._tell(progress, number)
        return progress

    def _tell(self, progress: Progress, number: int) -> None:
        """Report with the goal just bounded as the last one, as those who listen expect."""
        results = progress.results
        progress.results = [*results[:number], *results[number + 1 :], results[number]]
        self.report(progress)
        progress.results = results

    @staticmethod
    def _result(stage: Stage, value: float, bound: float | None, seconds: float) -> StageResult:
        return StageResult(
            name=stage.name,
            unit=getattr(stage, "unit", ""),
            value=value,
            bound=bound,
            termination="time_limit" if bound is None else "completed",
            source="rounded to whole packs and trips, bound of the relaxation from its duals",
            seconds=seconds,
        )
