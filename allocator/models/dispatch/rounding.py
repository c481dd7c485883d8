"""Whole packs and trips: branch and cut where the program is small, else rounding, with bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from allocator.engine.ordered import (
    Budget,
    Progress,
    Stage,
    StageResult,
    Step,
    run_stages,
)
from allocator.engine.program import Floats, Ints
from allocator.engine.session import SIMPLEX_COLUMNS, Session
from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools
from allocator.instance.network import network
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.fairness import LevelStage
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.pairs import in_pairs
from allocator.models.dispatch.polishing import Polish
from allocator.models.dispatch.read import short_of
from allocator.models.dispatch.rounding_bounds import Bounds, values_of
from allocator.models.dispatch.rounding_packs import Replay
from allocator.models.dispatch.rounding_trips import cheaper, cover, lane_loads, room, struck
from allocator.models.dispatch.rounding_weights import Weights

EXACT_INTEGERS = 5_000  # up to here branch and cut, goal by goal
RELAXATION_SHARE = 0.7  # of the time, for the goals without integers
COMPLETION_SHARE = 0.25  # of what is then left, for the goals not reached by then
TRIPS_SHARE = 0.55  # of what is then left, for the goods beside whole trips
PACKS_SHARE = 0.3  # of what is then left, for what is continuous beside whole packs
POLISH_SHARE = 0.4  # of what is then left, for packs one item and depot at a time
BARELY = 0.02  # of the need: who is served so little above the floor gets opened packs first
DIVIDED_GAP = 1e-6  # of the goals weighed together, where what is whole is fixed
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
    """Solve the goals of a model with integer columns in order; `report` hears of every goal."""
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
    """Branch and cut goal by goal; under a limit every goal leaves time for those that follow."""
    session = Session(model.program, seed)
    progress = Progress(report=report)
    for number, stage in enumerate(stages):
        run_stages(session, [stage], budget.part(1.0 / min(3, len(stages) - number)), progress)
        if progress.termination == "infeasible" or progress.solution is None:
            break
    return progress


def relaxed(instance: Instance) -> Instance:
    """Return the instance without whole packs and trips."""
    return instance.replace(
        items=instance["items"].assign(whole_packs=False),
        policy=instance.policy.replace(trips="continuous"),
    )


class Rounding:
    """Goals relaxed, trips and packs made whole, the rest solved again, then bounds of goals."""

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
        """Build the program without integers beside the model."""
        self.model, self.budget, self.report = model, budget, report
        self.loose = DispatchModel(network(relaxed(model.net.instance)), model.start)
        self.attainable = Attainable(self.loose, attainable.exact)
        self.stages_of = stages_of
        self._packs = bool(model.program.integer[model.ship].any())
        self.seed, self.threads = seed, threads

    def run(self) -> Progress:
        """Return the plan with the values and bounds of the goals."""
        first = self._relaxation()
        if first.point is None:
            return first
        known = {one.name: one for one in first.results}
        point = self._settled(first.point, known)
        if point is None:
            return Progress(results=[replace(one, value=None) for one in first.results])
        return self._with_bounds(point, known)

    def _session(self) -> Session:
        return Session(self.loose.program, self.seed)

    def _stages(self) -> list[Stage]:
        return self.stages_of(self.loose, self.attainable)

    def _relaxation(self) -> Progress:
        """Return the goals reached without integers; the goals not reached are weighed together."""
        session, stages = self._session(), self._stages()
        budget, told = self.budget.part(RELAXATION_SHARE), Progress(report=self._loosely)
        if self.threads > 1 and session.columns > SIMPLEX_COLUMNS:
            tiers = [stage.tier for stage in stages if isinstance(stage, LevelStage)]
            with self.attainable.working_ahead(tiers, budget):
                found = run_stages(session, in_pairs(stages, session.columns), budget, told)
        else:
            found = run_stages(session, stages, budget, told)
        if found.solution is not None and any(one.value is None for one in found.results):
            budget = self.budget.part(COMPLETION_SHARE)
            outcome = session.minimise(
                self._weights().together(session, {}),
                budget.seconds(),
                budget.work,
                crossover=False,
            )
            found.solution = found.solution if outcome.solution is None else outcome.solution
        return found

    def _loosely(self, progress: Progress) -> None:
        """Tell the last goal reached without integers."""
        values = {one.name: one.value for one in progress.results[-1:] if one.value is not None}
        self.report(Progress(step=Step("without whole packs and trips", values)))

    def _tell(self, step: str, point: Floats, known: Mapping[str, StageResult]) -> None:
        """Tell a step; where all is whole that has to be, its point is a plan already."""
        values = values_of(self._stages(), self.attainable, point)
        told = Progress(step=Step(step, values), report=self.report)
        if not self._packs or step != "trips are whole":
            point = self._without_idle_trips(self._counted(point.copy()))
            told.solution = self._in_packs(point)
            told.results = [replace(known[name], value=values[name]) for name in list(known)[:1]]
        self.report(told)

    # -- whole numbers -------------------------------------------------------------------------

    def _settled(self, point: Floats, known: Mapping[str, StageResult]) -> Floats | None:
        """Return a point in whole packs and trips near `point`.

        Trips are made whole and the goods divided anew over them; then packs are made whole and
        what is continuous is divided anew beside them.
        """
        loose, whole = self.loose, self.model.program.integer
        session, found = self._session(), point.copy()
        cost = self._weights().together(session, known)
        if whole[loose.trips].any():
            trips = cover(self.model.net, *self._loads(found[loose.ship]), self._by_pair(found))
            found[loose.trips] = trips[loose.trip_pair, loose.trip_period]
            beside = self._divided(session, cost, loose.trips, found, TRIPS_SHARE)
            found = found if beside is None else beside
            self._tell("trips are whole", found, known)
        if self._packs:
            found[loose.ship] = self._packed(found)
            packed = loose.ship[whole[loose.ship]]
            beside = self._divided(session, cost, packed, found, PACKS_SHARE)
            if beside is None:
                return None
            found = self._counted(beside)
            self._tell("packs are whole", found, known)
            found = self._polished(found, point, known)
            self._tell("packs are moved about", found, known)
        return self._without_idle_trips(self._counted(found))

    def _polished(self, point: Floats, ideal: Floats, known: Mapping[str, StageResult]) -> Floats:
        """Return a point whose packs lose less against the one without integers."""
        pack, ship = self.model.pack, self.loose.ship
        parts = {name: self._in_packs(one) for name, one in (("now", point), ("ideal", ideal))}
        weights = self._weights()
        polish = Polish(self.model, weights.sums(), parts["now"], self.seed)
        for stage, weight in weights:
            result = known.get(stage.name)
            if isinstance(stage, LevelStage) and result and result.bound is not None:
                attainable = self.attainable.known(stage.shares)
                polish.hold_shares(stage.shares, attainable, 1.0 - result.bound, weight)
        found = polish.run(parts["ideal"], self.budget.part(POLISH_SHARE))
        found[ship] *= pack
        return found

    def _in_packs(self, point: Floats) -> Floats:
        """Return a point of the relaxed program in the columns of the model."""
        point, whole = point[: self.model.program.column_count].copy(), self.model.program.integer
        point[self.loose.ship] /= self.model.pack
        return np.where(whole, np.round(point), point)

    def _counted(self, point: Floats) -> Floats:
        """Return the point with `late` and `below_floor` as small as what is used allows."""
        loose = self.loose
        shorts, rows, short = loose.shorts, loose.floor_rows, short_of(loose, point)
        late = np.zeros(len(loose.late))
        np.maximum.at(late, loose.late_keys.of_need, shorts.rate * short)
        point[loose.late] = late
        used, served = np.zeros(len(short)), loose.use_row >= 0
        np.add.at(used, loose.use_row[served], point[loose.use[served]])
        used[loose.level_rows] = point[loose.level]
        floor = loose.program.upper[loose.below_floor]
        point[loose.below_floor] = np.maximum(0.0, floor - used[rows])
        return point

    def _divided(
        self, session: Session, cost: Floats, columns: Ints, point: Floats, share: float
    ) -> Floats | None:
        """Fix columns at a point and return the best point beside them."""
        session.set_bounds(columns, point[columns], point[columns])
        budget = self.budget.part(share)
        outcome = session.minimise(
            cost, budget.seconds(), budget.work, crossover=False, tolerance=DIVIDED_GAP
        )
        if outcome.solution is None:
            return None
        best = np.maximum(outcome.solution[: self.loose.program.column_count], 0.0)
        best[columns] = point[columns]
        return best

    def _weights(self) -> Weights:
        return Weights(self._stages(), self.loose.program.column_count, self.attainable)

    def _packed(self, point: Floats) -> Floats:
        """Return the units of every ship column in whole packs where the item says so."""
        loose, net = self.loose, self.model.net
        carried = room(net, self._by_pair(point))
        plan, needy = loose.sets.ship, self._needy(point)
        return Replay(net, plan, point[loose.ship], point[loose.buy], carried, needy).run()

    def _needy(self, point: Floats) -> Bools:
        """Return items x places x periods in which no more than the floor is served."""
        loose, net = self.loose, self.model.net
        shorts, rows = loose.shorts, loose.floor_rows
        floor = np.zeros(len(shorts.place))
        floor[rows] = loose.program.upper[loose.below_floor]
        served = shorts.quantity - short_of(loose, point)
        chosen = np.flatnonzero((floor > 0) & (served <= floor + BARELY * shorts.quantity))
        marks = np.zeros((len(net.items.ids), len(net.places.ids), net.periods), dtype=bool)
        marks[shorts.item[chosen], shorts.place[chosen], shorts.period[chosen]] = True
        return marks

    def _by_pair(self, point: Floats) -> Floats:
        trips = np.zeros(self.loose.net.fleet.pair_open.shape)
        trips[self.loose.trip_pair, self.loose.trip_period] = point[self.loose.trips]
        return trips

    def _loads(self, units: Floats) -> tuple[Floats, Floats]:
        return lane_loads(self.model.net, self.loose.sets.ship, units)

    def _without_idle_trips(self, point: Floats) -> Floats:
        loose, net = self.loose, self.model.net
        if net.instance.policy.trips == "integer":
            loads = self._loads(point[loose.ship])
            trips = cheaper(net, *loads, struck(net, *loads, self._by_pair(point).round()))
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
        bounds = Bounds(self.loose.program, stages, values, self.attainable, self.seed)
        for result in bounds.results(first, self.budget, self.threads):
            progress.add(result, None)
        return progress
