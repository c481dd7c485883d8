"""Days of vehicles put together from trips, where most goods go in full loads.

Where a stop takes many loads, what matters is which trips share a vehicle's day. Days are columns
of a program: minimise what is left and what days cost, no more days of a line than it has
vehicles. Days that would help are made by a knapsack over trips at the duals (column generation:
Gilmore and Gomory 1961, A linear programming approach to the cutting-stock problem, Oper. Res.
9(6)), and trips of several stops grow where the duals say they pay. Vehicles and stops that have
nothing to do with each other are programs of their own. It is a heuristic: whole numbers are found
over the days met.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from allocator.engine.program import Floats, Ints, Program
from allocator.engine.session import Session
from allocator.instance.route_case import RouteCase
from allocator.models.route.by_rule import by_rule
from allocator.models.route.days_pack import best_day, sizes
from allocator.models.route.days_trips import LEAST, first_trips, grow
from allocator.models.route.pieces import parts_needed
from allocator.models.route.pyvrp_goal import LinearGoal, alone, linear_goal
from allocator.models.route.repair import kept
from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered, shares
from allocator.models.route.separate import separate

LOADS = 2.0  # loads a stop, on average, from which on days are put together
ROUNDS = 60  # of making days
GROWN = (4, 10, 18)  # rounds in which trips of several stops grow
WHOLE_SECONDS = 3.0  # most for whole numbers of days, of one program
NODES = 200  # of branch and bound where the time is not limited
TELL = 4.0  # seconds between plans that are told
GAP = 1e-4  # relative, at which the search for whole numbers ends


def suits(case: RouteCase) -> bool:
    """Say whether most goods go in full loads, and nothing is fixed or loaded elsewhere."""
    if case.fixed or case.reload_anywhere or not len(case.stops):
        return False
    loads = sum(parts_needed(case, stop) for stop in range(len(case.stops)))
    return loads >= LOADS * len(case.stops)


def days(
    case: RouteCase,
    start: Routes,
    seconds: float | None = None,
    hear: Callable[[Routes], None] = lambda routes: None,
) -> Routes:
    """Return routes put together from full loads and the trips of a start, without broken rules.

    Meanwhile `hear` gets the days made so far, with the start where none are made yet.
    """
    told, rest = time.monotonic(), list(start)
    end = None if seconds is None else time.monotonic() + seconds
    goal, found = linear_goal(case), list[Route]()
    groups = separate(case)
    gates = np.full(len(case.places), np.inf) if case.gates is None else case.gates.copy()
    for number, (types, stops) in enumerate(groups):
        left = None if end is None else (end - time.monotonic()) / (len(groups) - number)
        if left is not None and left <= 0:
            break
        own = [route for route in start if route.vehicle in set(types.tolist())]
        made = _Days(case, goal, types, stops, gates, own).run(left)
        np.subtract.at(gates, case.stops.place, shares(made, len(case.stops)) * case.stops.service)
        found += made
        rest = [route for route in rest if route.vehicle not in types]
        if time.monotonic() - told > TELL and rest:
            hear(numbered([*found, *rest]))
            told = time.monotonic()
    return by_rule(case, kept(case, numbered([*found, *rest]))[0])


@dataclass
class _Columns:
    """Days made so far: type, how often each trip of the type (sparse), price."""

    kind: list[int] = field(default_factory=list)
    trips: list[dict[int, int]] = field(default_factory=list)
    price: list[float] = field(default_factory=list)
    known: set[tuple[int, frozenset[tuple[int, int]]]] = field(default_factory=set)


class _Days:
    """The days of one group of types and stops."""

    def __init__(
        self,
        case: RouteCase,
        goal: LinearGoal,
        types: Ints,
        stops: Ints,
        gates: Floats,
        start: list[Route],
    ) -> None:
        self.case, self.goal, self.types, self.stops, self.gates = case, goal, types, stops, gates
        self.lost = _lost(case, goal, stops)
        known: dict[int, list[Trip]] = {int(v): [] for v in types}
        for route in start:
            known[route.vehicle] += route.trips
        self.trips = {v: first_trips(case, goal, v, trips) for v, trips in known.items()}
        self.row = np.full(len(case.stops), -1)
        self.row[stops] = np.arange(len(stops))
        self.place = np.unique(case.stops.place[stops][np.isfinite(gates[case.stops.place[stops]])])
        self.line = np.unique(case.vehicles.line[types])
        self.columns = _Columns()
        for route in start:
            self._add_start(route)

    def run(self, seconds: float | None) -> list[Route]:
        """Make days until none helps, then choose whole numbers of them."""
        end = None if seconds is None else time.monotonic() + 0.6 * seconds
        for number in range(ROUNDS):
            duals = self._duals()
            if duals is None or (end is not None and time.monotonic() > end):
                break
            if number in GROWN:
                self._grow(duals)
            if not self._more(duals) and number > max(GROWN):
                break
        return self._whole(None if seconds is None else min(WHOLE_SECONDS, 0.4 * seconds))

    def _add_start(self, route: Route) -> None:
        trips = self.trips[route.vehicle]
        made: dict[int, int] = {}
        for trip in route.trips:
            at = trips.add(self.case, self.goal, trip.visits)
            if at is not None:
                made[at] = made.get(at, 0) + 1
        if made:
            self._add(route.vehicle, made)

    def _add(self, kind: int, made: dict[int, int]) -> None:
        day = (kind, frozenset(made.items()))
        if day in self.columns.known:
            return
        self.columns.known.add(day)
        price = sum(self.trips[kind].price[trip] * times for trip, times in made.items())
        self.columns.kind.append(kind)
        self.columns.trips.append(made)
        self.columns.price.append(price + float(self.goal.per_vehicle[kind]))

    def _program(self, integer: bool) -> tuple[Program, Floats]:
        """Rows `ordered`, `gate`, `fleet` over the columns `days` and `left`; and the prices."""
        case, columns, program = self.case, self.columns, Program()
        days = program.add_columns("days", len(columns.kind), integer=integer)
        left = program.add_columns("left", len(self.stops), 1.0)
        ordered = program.add_rows("ordered", len(self.stops), 1.0)
        service, place = case.stops.service[self.stops], case.stops.place[self.stops]
        wanted = np.bincount(place, service, minlength=len(case.places))[self.place]
        gate = program.add_rows("gate", len(self.place), wanted - self.gates[self.place])
        most = [int(case.vehicles.count[case.vehicles.line == one].max()) for one in self.line]
        fleet = program.add_rows("fleet", len(self.line), upper=np.array(most, float))
        program.add_entries(ordered, left, 1.0)
        column, stop, share = self._entries()
        program.add_entries(ordered[self.row[stop]], days[column], share)
        at = np.flatnonzero(np.isin(place, self.place))
        program.add_entries(gate[np.searchsorted(self.place, place[at])], left[at], service[at])
        line = case.vehicles.line[np.array(columns.kind, dtype=np.int64)]
        program.add_entries(fleet[np.searchsorted(self.line, line)], days, 1.0)
        return program, np.r_[columns.price, self.lost]

    def _entries(self) -> tuple[Ints, Ints, Floats]:
        found = [
            (column, visit.stop, visit.share * times)
            for column, (kind, made) in enumerate(
                zip(self.columns.kind, self.columns.trips, strict=True)
            )
            for trip, times in made.items()
            for visit in self.trips[kind].visits[trip]
        ]
        table = np.array(found, dtype=float).reshape(-1, 3)
        return table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2]

    def _duals(self) -> tuple[Floats, Floats] | None:
        """Return the worth of each stop and of a day of each line."""
        program, price = self._program(False)
        outcome = Session(program).minimise(price)
        if outcome.duals is None:
            return None
        worth = np.zeros(len(self.case.stops))
        worth[self.stops] = np.maximum(0.0, outcome.duals[: len(self.stops)])
        return worth, np.maximum(0.0, -outcome.duals[-len(self.line) :])

    def _grow(self, duals: tuple[Floats, Floats]) -> None:
        worth, day = duals
        for v, trips in self.trips.items():
            line = int(np.searchsorted(self.line, self.case.vehicles.line[v]))
            grow(self.case, self.goal, trips, worth, float(day[line]))

    def _more(self, duals: tuple[Floats, Floats]) -> bool:
        """Add the best day of each type at the duals; say whether any helps."""
        worth, day = duals
        helps = False
        for v, trips in self.trips.items():
            if not trips.visits:
                continue
            gain = np.array([sum(v.share * worth[v.stop] for v in own) for own in trips.visits])
            most = [int(np.ceil(1.0 / max(v.share for v in own) - 1e-6)) for own in trips.visits]
            value, count = best_day(
                gain - np.array(trips.price), sizes(np.array(trips.part)), np.array(most)
            )
            line = int(np.searchsorted(self.line, self.case.vehicles.line[v]))
            cost = float(self.goal.per_vehicle[v] + day[line])
            if value > cost + 1e-6 * max(1.0, cost):
                self._add(v, {trip: int(count[trip]) for trip in np.flatnonzero(count).tolist()})
                helps = True
        return helps

    def _whole(self, seconds: float | None) -> list[Route]:
        """Return routes of whole numbers of days; what they bring twice is taken off."""
        program, price = self._program(True)
        work = NODES if seconds is None else None
        outcome = Session(program).minimise(price, seconds=seconds, work=work, gap=GAP)
        if outcome.solution is None:
            return []
        times = np.rint(outcome.solution[: len(self.columns.kind)]).astype(np.int64)
        left, found = np.zeros(len(self.case.stops)), list[Route]()
        unserved = outcome.solution[len(times) :]
        left[self.stops] = 1.0 - np.where(unserved > LEAST, unserved, 0.0)
        for column in np.flatnonzero(times).tolist():
            for _ in range(int(times[column])):
                route = self._route(column, left)
                if route.trips:
                    found.append(route)
        return found

    def _route(self, column: int, left: Floats) -> Route:
        """Return a day as a route, with no more of each stop than is left."""
        v = self.columns.kind[column]
        home, end, trips = int(self.case.vehicles.home[v]), int(self.case.vehicles.end[v]), []
        for trip, times in self.columns.trips[column].items():
            for _ in range(times):
                visits = []
                for visit in self.trips[v].visits[trip]:
                    there = float(left[visit.stop])
                    share = visit.share if visit.share < there - LEAST else there
                    if share > LEAST:
                        left[visit.stop] -= share
                        visits.append(Visit(visit.stop, share))
                if visits:
                    trips.append(tuple(visits))
        backs = [*[home] * (len(trips) - 1), end]
        made = zip(trips, backs, strict=False)
        return Route(v, 0, tuple(Trip(home, own, back) for own, back in made))


def _lost(case: RouteCase, goal: LinearGoal, stops: Ints) -> Floats:
    """Return the price of leaving each stop: its prize, and more than bringing it can cost."""
    prize, dearest = case.stops.prize, 2.0 * alone(case, goal)
    finite = np.isfinite(prize)
    each = dearest + max(goal.lost, 1.0) * np.where(finite, prize, 0.0)
    return np.asarray(np.where(finite, each, goal.required + each)[stops])
