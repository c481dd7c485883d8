"""The value of routes, and what is wrong with them, from the data of the problem alone.

Nothing here is shared with the routers: loads, times and costs are added up once more.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from routing_bench.building import Problem

from allocator.models.route.routes import Route, Routes, Trip

NEAR = 1e-6


@dataclass(frozen=True)
class Score:
    """Value in the unit of the published figure, and every fault in words."""

    value: float
    faults: tuple[str, ...]


def score(problem: Problem, routes: Routes) -> Score:
    """Return the value of routes and their faults."""
    case = problem.case
    faults = [*_served(problem, routes), *_fleet(problem, routes)]
    for number, route in enumerate(routes):
        faults += [f"route {number}: {fault}" for fault in _route_faults(problem, route)]
    if problem.goal == "arrivals":
        total = sum(float(times.sum()) for route in routes for times in arrivals(problem, route))
    else:
        fixed, rate = case.vehicles.fixed, case.vehicles.per_km
        total = sum(
            float(fixed[route.vehicle]) + float(rate[route.vehicle]) * length(problem, route)
            for route in routes
        )
    return Score(total * problem.unit, tuple(faults))


def places(problem: Problem, trip: Trip) -> list[int]:
    """Return the places of a trip, the depots included."""
    return [trip.depot, *problem.case.stops.place[trip.stops].tolist(), trip.back]


def length(problem: Problem, route: Route) -> float:
    """Return the distance of a route."""
    total = 0.0
    for trip in route.trips:
        row = places(problem, trip)
        total += float(problem.case.km[0][row[:-1], row[1:]].sum())
    return total


def arrivals(problem: Problem, route: Route) -> list[np.ndarray]:
    """Return when service begins at the stops of each trip, as early as possible."""
    stops, way, clock, found = problem.case.stops, problem.case.minutes[0], 0.0, []
    for trip in route.trips:
        clock = max(clock, float(stops.release[trip.stops].max(initial=0.0)))
        times, place = [], trip.depot
        for visit in trip.visits:
            clock += float(way[place, stops.place[visit.stop]])
            clock = max(clock, stops.windows[visit.stop][0][0])
            times.append(clock)
            clock += float(stops.service[visit.stop]) * visit.share
            place = int(stops.place[visit.stop])
        clock += float(way[place, trip.back])
        found.append(np.array(times))
    return found


def _served(problem: Problem, routes: Routes) -> list[str]:
    total, seen = np.zeros(len(problem.case.stops)), Counter[int]()
    for route in routes:
        for visit in route.visits:
            total[visit.stop] += visit.share
            seen[visit.stop] += 1
    wrong = np.flatnonzero(np.abs(total - 1.0) > NEAR)
    faults = [f"stop {k} gets {total[k]:g} of its load" for k in wrong.tolist()]
    whole = ~problem.case.stops.divisible
    return faults + [
        f"stop {k} is visited {n} times" for k, n in seen.items() if whole[k] and n > 1
    ]


def _fleet(problem: Problem, routes: Routes) -> list[str]:
    used, count = Counter(route.vehicle for route in routes), problem.case.vehicles.count
    return [f"{n} vehicles of type {v}" for v, n in used.items() if n > count[v]]


def _route_faults(problem: Problem, route: Route) -> list[str]:
    case, v, faults = problem.case, route.vehicle, []
    stops, fleet = case.stops, case.vehicles
    home = int(fleet.home[v])
    if any({trip.depot, trip.back} != {home} for trip in route.trips):
        faults.append("a trip begins or ends away from home")
    if len(route.trips) > fleet.trips[v]:
        faults.append(f"{len(route.trips)} trips")
    for trip in route.trips:
        share = np.array([visit.share for visit in trip.visits])
        load = float(stops.load[trip.stops, 0] @ share)
        if load > float(fleet.capacity[v, 0]) * (1 + NEAR):
            faults.append(f"load {load:g}")
        pieces = stops.load[trip.stops, 0] * share
        if case.exact and np.any(np.abs(pieces - np.round(pieces)) > NEAR):
            faults.append("a part of a load is not whole")
        if not stops.permitted[trip.stops, v].all():
            faults.append("a stop is not permitted")
    return faults + _time_faults(problem, route)


def _time_faults(problem: Problem, route: Route) -> list[str]:
    stops, fleet, v, faults = problem.case.stops, problem.case.vehicles, route.vehicle, []
    for trip, times in zip(route.trips, arrivals(problem, route), strict=True):
        closes = np.array([stops.windows[stop][0][1] for stop in trip.stops])
        if np.any(times > closes + NEAR):
            faults.append("a stop is reached after its window")
    duty, end = _duty(problem, route)
    if end > float(fleet.late[v]) + NEAR:
        faults.append(f"the route ends at {end:g}")
    if duty > float(fleet.longest[v]) + NEAR:
        faults.append(f"the route takes {duty:g}")
    return faults


def _duty(problem: Problem, route: Route) -> tuple[float, float]:
    """Return least duration and earliest end; started as late as keeps the windows.

    Segments joined one by one: duration D, earliest and latest start E, L (Vidal et al. 2014).
    """
    stops, way = problem.case.stops, problem.case.minutes[0]
    lasts, early, late, clock = 0.0, 0.0, np.inf, 0.0
    for trip, times in zip(route.trips, arrivals(problem, route), strict=True):
        release = float(stops.release[trip.stops].max(initial=0.0))
        steps = [(trip.depot, 0.0, release, np.inf)]
        for visit in trip.visits:
            opens, closes = stops.windows[visit.stop][0]
            stay = float(stops.service[visit.stop]) * visit.share
            steps.append((int(stops.place[visit.stop]), stay, opens, closes))
        steps.append((trip.back, 0.0, 0.0, np.inf))
        place = trip.depot
        for there, stay, opens, closes in steps:
            leg = float(way[place, there])
            wait = max(0.0, opens - (late + lasts + leg))
            early = max(early, opens - (lasts + leg)) - wait
            late = min(late, closes - (lasts + leg))
            lasts, place = lasts + leg + wait + stay, there
        last = trip.visits[-1]
        clock = float(times[-1]) + float(stops.service[last.stop]) * last.share
        clock += float(way[stops.place[last.stop], trip.back])
    return lasts, clock
