"""The rules of routes: which are in force in a case, and which ones routes break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import isfinite

import numpy as np

from allocator.instance.route_case import FixedRoute, RouteCase
from allocator.models.route.chain import NEAR, begun, cleaned
from allocator.models.route.gates import at_once
from allocator.models.route.routes import Route, Routes, Trip, shares
from allocator.models.route.schedule import Timetable, timetable

SHARE = 1e-6  # shares and loads: noise of sums


def broken(case: RouteCase, routes: Routes, tables: Sequence[Timetable] | None = None) -> list[str]:
    """Return the rules that routes break, with where: "window: route 3". Empty = feasible."""
    found = [timetable(case, route) for route in routes] if tables is None else tables
    of_routes = [
        f"{rule}: route {number}"
        for number, (route, table) in enumerate(zip(routes, found, strict=True))
        for rule in _of_route(case, route, table)
    ]
    return [*of_routes, *_of_all(case, routes), *_at_gates(case, found), *_fixed(case, routes)]


def feasible(case: RouteCase, route: Route, table: Timetable | None = None) -> bool:
    """Say whether a route breaks no rule of its own."""
    return not any(_of_route(case, route, table or timetable(case, route)))


def _of_route(case: RouteCase, route: Route, table: Timetable) -> Iterator[str]:
    fleet, v, fixed = case.vehicles, route.vehicle, begun(case, route)
    km, trips = (0.0, 0) if fixed is None else (fixed.km, max(0, fixed.trips - 1))
    if not isfinite(table.end) or not isfinite(table.distance):
        yield "road"
    if table.missed:
        yield "window"
    if table.overtime > NEAR:
        yield "duty"
    if table.start < fleet.early[v] - NEAR and fixed is None:
        yield "shift"
    if table.distance + km > fleet.farthest[v] + NEAR:
        yield "farthest"
    if len(route.trips) + trips > fleet.trips[v]:
        yield "trip_count"
    for number, trip in enumerate(route.trips):
        yield from _of_trip(case, v, trip, fixed if number == 0 else None)


def _of_trip(
    case: RouteCase, vehicle: int, trip: Trip, under_way: FixedRoute | None
) -> Iterator[str]:
    stops, rows = case.stops, trip.stops
    share = np.array([visit.share for visit in trip.visits])
    room = case.vehicles.capacity[vehicle]
    if ((share @ stops.load[rows]) > room * (1 + SHARE) + SHARE).any() if rows else False:
        yield "load"
    if not stops.permitted[rows, vehicle].all():
        yield "permit"
    if case.clean_order and _falls(case, vehicle, trip, under_way):
        yield "class_order"
    if under_way is not None:
        return
    if not stops.origins[rows, trip.depot].all():
        yield "origin"
    if trip.depot != case.vehicles.home[vehicle] and not case.reload_anywhere:
        yield "depot"


def _falls(case: RouteCase, vehicle: int, trip: Trip, under_way: FixedRoute | None) -> bool:
    """Say whether the class falls somewhere without decontamination on the way."""
    rows, before = trip.stops, 0 if under_way is None else under_way.highest
    falls = np.diff(case.stops.access[rows], prepend=before) < 0
    if not falls.any():
        return False
    stations, _ = cleaned(case, int(case.vehicles.profile[vehicle]), trip, under_way)
    return bool((np.array(stations)[falls] < 0).any())


def _of_all(case: RouteCase, routes: Routes) -> Iterator[str]:
    """Look at what routes share: the vehicles of a line, the goods of a stop."""
    fleet = case.vehicles
    used = Counter(int(fleet.line[route.vehicle]) for route in routes)
    for line, number in used.items():
        if number > int(fleet.count[fleet.line == line].max()):
            yield f"fleet: line {line}"
    part = shares(routes, len(case.stops))
    visits = Counter(visit.stop for route in routes for visit in route.visits)
    split = ~case.stops.divisible if case.split != "never" else np.ones(len(case.stops), bool)
    for stop, number in visits.items():
        if part[stop] > 1 + SHARE:
            yield f"ordered: stop {stop}"
        if split[stop] and (number > 1 or part[stop] < 1 - SHARE):
            yield f"split: stop {stop}"


def _at_gates(case: RouteCase, tables: Sequence[Timetable]) -> Iterator[str]:
    """Look at the minutes of handing over a place gives, and the vehicles there at once."""
    if not tables or (case.gates is None and not case.docks):
        return
    place = np.concatenate([case.stops.place[table.stop] for table in tables])
    begin = np.concatenate([table.begin for table in tables])
    leave = np.concatenate([table.leave for table in tables])
    if case.gates is not None:
        handed = np.concatenate([table.handed for table in tables])
        spent = np.bincount(place, handed, minlength=len(case.places))
        for row in np.flatnonzero(spent > case.gates + NEAR):
            yield f"gate: place {row}"
    for row in np.unique(place) if case.docks else ():
        if at_once(zip(begin[place == row], leave[place == row], strict=True)) > case.docks:
            yield f"docks: place {row}"


def _fixed(case: RouteCase, routes: Routes) -> Iterator[str]:
    """Look at routes that are fixed or under way."""
    carried = {route.begun: route for route in routes if route.begun is not None}
    for number, fixed in enumerate(case.fixed):
        if fixed.started:
            route = carried.get(number)
            first = tuple(route.trips[0].stops) if route is not None and route.trips else None
            if route is None or route.vehicle != fixed.vehicle or first != fixed.visits:
                yield f"started: {fixed.name}"
        elif fixed.visits and not any(holds(route, fixed) for route in routes):
            yield f"pin: {fixed.name}"


def holds(route: Route, fixed: FixedRoute) -> bool:
    """Say whether a trip visits the stops of a fixed route in order, others perhaps between."""
    return route.vehicle == fixed.vehicle and any(
        _in_order(trip.stops, fixed.visits) for trip in route.trips
    )


def _in_order(stops: list[int], wanted: tuple[int, ...]) -> bool:
    remaining = iter(stops)
    return all(stop in remaining for stop in wanted)
