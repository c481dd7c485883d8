"""The first plan: regret insertion that obeys every rule, so there is always something to keep.

Each round places the piece that loses most when it does not get its best route (Potvin and
Rousseau 1993). Columns of prices are kept for every open route and for an unused vehicle of each
type; after an insertion only the column of the changed route is computed anew.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import inf

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.route_case import FixedRoute, RouteCase
from allocator.models.route.gates import Gates
from allocator.models.route.goals import weights
from allocator.models.route.insertion import (
    NEW,
    State,
    alone,
    inserted,
    state,
    with_trip,
    within,
)
from allocator.models.route.measure import measure
from allocator.models.route.pieces import missing
from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered
from allocator.models.route.rules import feasible, holds
from allocator.models.route.schedule import timetable

ENOUGH = 3  # failed trials of one piece before it waits for other routes to change
MOST_PARTS = 500  # of what is left behind, for smaller vehicles
FAR = 1e9  # regret of a piece that has one route only


@dataclass(frozen=True)
class Variety:
    """What makes one insertion differ from another.

    Attributes:
        noise: Share by which prices are shaken.
        seed: Of the noise.
        goal: Number of the goal whose prices count.
        out: Stops left out.
    """

    noise: float = 0.0
    seed: int = 0
    goal: int = 0
    out: frozenset[int] = frozenset()


PLAIN = Variety()


Known = dict[Route, State]
"""States of routes of one case, by route: what insertions into many like plans need not redo."""


def by_rule(
    case: RouteCase, start: Routes = (), variety: Variety = PLAIN, known: Known | None = None
) -> Routes:
    """Return routes with as much served as insertion finds place for.

    Args:
        case: The case.
        start: Routes to go on from; they keep their visits.
        variety: How this insertion differs from the usual one.
        known: States of routes of this case; those met are added.
    """
    known = {} if known is None else known
    routes = numbered(Board(case, begin_fixed(case, start), variety, known).fill())
    return _with_small_vehicles(case, routes, variety, known)


def _with_small_vehicles(case: RouteCase, routes: Routes, variety: Variety, known: Known) -> Routes:
    """Return routes with what is left behind in parts for smaller and smaller vehicles."""
    finer, before = 1, missing(case, routes)
    while len(parts := missing(case, routes, finer)) > len(before) and len(parts) <= MOST_PARTS:
        routes = numbered(Board(case, routes, variety, known, finer).fill())
        finer, before = finer + 1, parts
    return routes


def begin_fixed(case: RouteCase, start: Routes) -> Routes:
    """Return routes that hold everything that is fixed or under way."""
    held = {route.begun for route in start}
    found = list(start)
    for row, fixed in enumerate(case.fixed):
        there = not fixed.started and any(holds(route, fixed) for route in start)
        if row not in held and not there:
            found.append(as_route(case, row, fixed))
    return tuple(found)


def as_route(case: RouteCase, row: int, fixed: FixedRoute) -> Route:
    """Return a fixed route as it is before anything is added to it."""
    fleet, v = case.vehicles, fixed.vehicle
    depot = fixed.place if fixed.place >= 0 else int(fleet.home[v])
    visits = tuple(Visit(stop) for stop in fixed.visits)
    trip = Trip(depot, visits, int(fleet.end[v]))
    return Route(v, 0, (trip,), begun=row if fixed.started else None)


class Board:
    """Open routes, unused vehicles, pieces to be placed, and the price of each in each."""

    def __init__(
        self, case: RouteCase, start: Routes, variety: Variety, known: Known, finer: int = 0
    ) -> None:
        """Begin from routes; what they leave is cut as `missing` says."""
        self.case, self.noise, self.known = case, variety.noise, known
        self.dice = np.random.default_rng(variety.seed)
        self.prices = measure(case, variety.goal)
        self.parts = missing(case, start, finer)
        self.worth = weights(case)[self.parts.stop] * self.parts.share
        if self.noise:
            self.worth = self.worth * self.dice.uniform(0.3, 1.7, len(self.worth))
        self.waiting = ~np.isin(self.parts.stop, list(variety.out))
        self.gates = Gates(case)
        self.states: list[State] = []
        types, m = len(case.vehicles), len(self.parts)
        # Columns: unused vehicles of each type, then the open routes.
        self.price = np.full((types + len(start) + 8, m), inf)
        self.gap = np.zeros((types + len(start) + 8, m), dtype=np.int64)
        self.low = np.full((2, m), inf)  # the two best prices of each piece
        self.who = np.zeros((2, m), dtype=np.int64)  # and their columns
        for route in start:
            self._open(route)
        for vehicle in range(types):
            self._price_unused(vehicle)

    def fill(self) -> list[Route]:
        """Place pieces until none fits any more; return the routes."""
        while self.waiting.any():
            row = self._most_regretted()
            if row is None:
                break
            self._place(row)
        return [one.route for one in self.states]

    @property
    def columns(self) -> int:
        """How many columns of prices are in use."""
        return len(self.case.vehicles) + len(self.states)

    def _most_regretted(self) -> int | None:
        """Return the piece that loses most without its best column; worth decides on FAR."""
        rows = np.flatnonzero(self.waiting)
        best, second = self.low[0, rows], self.low[1, rows]
        if not np.isfinite(best).any():
            return None
        with np.errstate(invalid="ignore"):
            regret = np.where(np.isfinite(second), second - best, FAR + self.worth[rows])
        regret = np.where(np.isfinite(best), regret, -inf)
        ties = np.flatnonzero(regret >= regret.max() - 1e-9)
        return int(rows[ties[np.argmin(best[ties])]])

    def _place(self, row: int) -> None:
        """Carry out the best insertion of a piece that the timetable confirms."""
        for _ in range(ENOUGH):
            column = int(self.who[0, row])
            if not np.isfinite(self.price[column, row]):
                return
            if self._tried(row, column):
                self.waiting[row] = False
                return
            self.price[column, row] = inf
            self._rank(np.array([row]))

    def _rank(self, rows: Ints) -> None:
        """Look up the two best columns of some pieces anew."""
        price = self.price[: self.columns, rows]
        who = _two_least(price)
        self.who[:, rows] = who
        self.low[:, rows] = np.take_along_axis(price, who, axis=0)
        self.low[1, rows[who[0] == who[1]]] = inf

    def _tried(self, row: int, column: int) -> bool:
        types, visit = len(self.case.vehicles), self.parts.visit(row)
        gap = int(self.gap[column, row])
        if column < types:
            route = with_trip(self.case, Route(column, 0, ()), gap, visit)
            number = len(self.states)
        else:
            number = column - types
            at = self.states[number]
            if gap <= NEW:
                route = with_trip(self.case, at.route, gap, visit)
            else:
                place = int(at.gaps.trip[gap]), int(at.gaps.position[gap])
                route = inserted(at.route, *place, visit)
        table = timetable(self.case, route)
        if not feasible(self.case, route, table) or not self.gates.admits(number, table):
            return False
        if number == len(self.states):
            self._open(route)
            self._close_used(column)
        else:
            self.states[number] = self._state(route)
            self.gates.put(number, table)
            self._price_open(number)
        return True

    def _open(self, route: Route) -> None:
        self.states.append(self._state(route))
        if self.columns > len(self.price):
            self.price = np.r_[self.price, np.full_like(self.price, inf)]
            self.gap = np.r_[self.gap, np.zeros_like(self.gap)]
        if self.gates.watched:
            self.gates.put(len(self.states) - 1, timetable(self.case, route))
        self._price_open(len(self.states) - 1)

    def _state(self, route: Route) -> State:
        if route not in self.known:
            self.known[route] = state(self.case, route)
        return self.known[route]

    def _price_open(self, number: int) -> None:
        """Compute the column of an open route anew: on its trips, or on one trip more."""
        rows, at = np.flatnonzero(self.waiting), self.states[number]
        parts = self.parts.take(rows)
        price, gap = within(self.case, at, parts, self.prices)
        if at.trips < self.case.vehicles.trips[at.route.vehicle]:
            own, code = alone(self.case, at.route.vehicle, parts, self.prices, at)
            gap = np.where(own < price, code, gap)
            price = np.minimum(own, price)
        self._set(len(self.case.vehicles) + number, rows, price, gap)

    def _price_unused(self, vehicle: int) -> None:
        """Compute the column of the unused vehicles of a type."""
        rows = np.flatnonzero(self.waiting)
        if self._left(vehicle) > 0:
            price, code = alone(self.case, vehicle, self.parts.take(rows), self.prices)
            self._set(vehicle, rows, price, code)

    def _close_used(self, vehicle: int) -> None:
        """Close the columns of a line whose vehicles are all used."""
        line, rows = self.case.vehicles.line, np.flatnonzero(self.waiting)
        if self._left(vehicle) <= 0:
            for v in np.flatnonzero(line == line[vehicle]).tolist():
                self._set(v, rows, np.full(len(rows), inf), np.full(len(rows), NEW))

    def _left(self, vehicle: int) -> int:
        line = self.case.vehicles.line
        used = Counter(int(line[one.route.vehicle]) for one in self.states)
        return int(self.case.vehicles.count[vehicle]) - used[int(line[vehicle])]

    def _set(self, column: int, rows: Ints, price: Floats, gap: Ints) -> None:
        if self.noise:
            price = price * self.dice.uniform(1 - self.noise, 1 + self.noise, len(price))
        if self.gates.watched:
            room = self.gates.left[self.parts.place[rows]]
            price = np.where(self.parts.service[rows] <= room + 1e-9, price, inf)
        changed = price != self.price[column, rows]
        self.price[column, rows], self.gap[column, rows] = price, gap
        self._compare(column, rows[changed], price[changed])

    def _compare(self, column: int, rows: Ints, price: Floats) -> None:
        """Bring the two best prices of pieces up to date after those of a column have changed."""
        top, second = self.who[0, rows] == column, self.who[1, rows] == column
        still = top & (price <= self.low[1, rows])
        self.low[0, rows[still]] = price[still]
        first = ~top & ~second & (price < self.low[0, rows])
        between = ~top & ~second & ~first & (price < self.low[1, rows])
        ahead, behind = rows[first], rows[between]
        self.low[1, ahead], self.who[1, ahead] = self.low[0, ahead], self.who[0, ahead]
        self.low[0, ahead], self.who[0, ahead] = price[first], column
        self.low[1, behind], self.who[1, behind] = price[between], column
        self._rank(rows[(top & ~still) | second])


def _two_least(price: Floats) -> Ints:
    """Return (2, m) the rows of the two least numbers of each column, the least first."""
    first = np.argmin(price, axis=0)
    rest = price.copy()
    rest[first, np.arange(price.shape[1])] = inf
    return np.stack([first, np.argmin(rest, axis=0)])
