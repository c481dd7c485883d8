"""Routes made to obey every rule: what fits is kept, the rest is placed anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from allocator.instance.route_case import RouteCase
from allocator.models.route.by_rule import as_route, begin_fixed, by_rule
from allocator.models.route.gates import Gates
from allocator.models.route.routes import Route, Routes, Trip, Visit, linked, numbered
from allocator.models.route.rules import broken, feasible, holds
from allocator.models.route.schedule import timetable

WHOLE = 1e-6


def repaired(case: RouteCase, routes: Routes) -> Routes:
    """Return routes without a broken rule; what had to leave is inserted where it fits."""
    if not broken(case, routes):
        return routes
    return by_rule(case, kept(case, routes)[0])


def kept(case: RouteCase, routes: Routes) -> tuple[Routes, list[str]]:
    """Return the part of routes that breaks no rule, and what was dropped in words.

    Args:
        case: The case; started and planned routes in it are always there afterwards.
        routes: Routes, perhaps of an earlier day: stops and types unknown now are dropped.
    """
    sifting = _Sifting(case)
    own = {route.begun: route for route in routes if route.begun is not None}
    free = [route for route in routes if route.begun is None]
    for row, fixed in enumerate(case.fixed):
        if fixed.started:
            sifting.take(_continued(as_route(case, row, fixed), own.get(row)))
    for row, fixed in enumerate(case.fixed):
        if not fixed.started and not any(holds(route, fixed) for route in sifting.found):
            there = [route for route in free if holds(route, fixed)]
            sifting.take(there[0] if there else as_route(case, row, fixed))
            free = [route for route in free if route not in there[:1]]
    for route in free:
        sifting.take(route)
    return numbered(begin_fixed(case, tuple(sifting.found))), sifting.dropped


def _continued(route: Route, given: Route | None) -> Route:
    """Return a started route with the later trips of the plan."""
    if given is None or not given.trips or given.trips[0].stops != route.trips[0].stops:
        return route
    return replace(route, trips=(*route.trips, *given.trips[1:]))


class _Sifting:
    """Routes taken in one by one, each as far as it fits with those before it."""

    def __init__(self, case: RouteCase) -> None:
        self.case, self.gates = case, Gates(case)
        self.found: list[Route] = []
        self.dropped: list[str] = []
        self.left = np.ones(len(case.stops))
        self.used: Counter[int] = Counter()

    def take(self, route: Route) -> None:
        """Keep what fits of a route."""
        fleet = self.case.vehicles
        if not 0 <= route.vehicle < len(fleet):
            self.dropped.append("a route of a vehicle type that is no longer there")
            return
        line = int(fleet.line[route.vehicle])
        if self.used[line] >= fleet.count[route.vehicle]:
            self.dropped.append(f"a route of {fleet.ids[route.vehicle]}: no vehicle is left")
            return
        whole = self._with_what_is_left(route)
        if not whole.trips:
            return
        fits = self._fits(whole)
        result = whole if fits else self._one_by_one(whole)
        if not result.trips:
            return
        self.used[line] += 1
        self.gates.put(len(self.found), timetable(self.case, result))
        self.found.append(result)
        for visit in result.visits:
            self.left[visit.stop] -= visit.share

    def _fits(self, route: Route) -> bool:
        table = timetable(self.case, route)
        return feasible(self.case, route, table) and self.gates.admits(len(self.found), table)

    def _with_what_is_left(self, route: Route) -> Route:
        """Return a route without stops that are unknown or served already."""
        left = self.left.copy()
        trips = []
        for trip in route.trips:
            visits = []
            for visit in trip.visits:
                known = 0 <= visit.stop < len(left)
                share = min(visit.share, float(left[visit.stop])) if known else 0.0
                if share > WHOLE:
                    left[visit.stop] -= share
                    visits.append(Visit(visit.stop, share))
                else:
                    self.dropped.append(f"a visit: {self._name(visit.stop)} needs it no longer")
            trips.append(replace(trip, visits=tuple(visits)))
        return linked(replace(route, trips=tuple(trips)))

    def _one_by_one(self, route: Route) -> Route:
        """Return a route with each visit that fits after those kept before it."""
        first = 1 if route.begun is not None else 0
        found = replace(route, trips=route.trips[:first], start=None)
        for trip, visit, new in _visits(route.trips[first:]):
            later = len(found.trips) > first
            if new or not later:
                trips = (*found.trips, replace(trip, visits=(visit,)))
            else:
                last = found.trips[-1]
                trips = (*found.trips[:-1], replace(last, visits=(*last.visits, visit)))
            longer = linked(replace(found, trips=trips))
            if self._fits(longer):
                found = longer
            else:
                self.dropped.append(f"a visit: {self._name(visit.stop)} does not fit any more")
        return found

    def _name(self, stop: int) -> str:
        ids = self.case.stops.ids
        return ids[stop] if 0 <= stop < len(ids) else f"stop {stop}"


def _visits(trips: tuple[Trip, ...]) -> Iterator[tuple[Trip, Visit, bool]]:
    """Return every visit with its trip, and whether it is the first of the trip."""
    for trip in trips:
        for number, visit in enumerate(trip.visits):
            yield trip, visit, number == 0
