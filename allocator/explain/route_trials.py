"""Trials with one stop: alone on a route of its own, put into the routes there are, left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.explain.route_lifts import lifted
from allocator.instance.route_case import RouteCase
from allocator.models.route.by_rule import by_rule
from allocator.models.route.direct import direct
from allocator.models.route.routes import Route, Routes, Trip, Visit, shares
from allocator.models.route.rules import feasible

LEFT = 1e-6  # share of a stop


def possible_alone(case: RouteCase, stop: int) -> bool:
    """Say whether some vehicle could serve the stop on a route of its own: every way is tried.

    Of goods that may come in several visits a part is enough.
    """
    fleet, stops = case.vehicles, case.stops
    for v in np.flatnonzero(stops.permitted[stop] & (fleet.count > 0)).tolist():
        depots = np.flatnonzero(stops.origins[stop])
        if not case.reload_anywhere:
            depots = np.intersect1d(depots, [fleet.home[v]])
        share, room = 1.0, _gate_share(case, stop)
        if stops.divisible[stop] and case.split != "never":
            load = np.where(stops.load[stop] > 0, stops.load[stop], 1.0)
            share = min(1.0, room, float((fleet.capacity[v] / load).min()))
        if share > room:
            continue
        free = case if share == 1.0 else lifted(case, "split", stop)
        for depot in depots.tolist():
            trip = Trip(int(depot), (Visit(stop, share),), int(fleet.home[v]))
            if share > LEFT and feasible(free, Route(v, 0, (trip,))):
                return True
    return False


def _gate_share(case: RouteCase, stop: int) -> float:
    """Return what share of a stop one visit may bring by the minutes of its gate."""
    if case.gates is None:
        return 1.0
    spare = case.gates[case.stops.place[stop]] + LEFT
    service = float(case.stops.service[stop])
    return float(np.clip(spare / service, 0.0, 1.0)) if service > 0 else float(spare >= 0)


def with_stop(case: RouteCase, routes: Routes, stop: int) -> Routes | None:
    """Return the routes with more of a stop, put in where it fits; None where nothing does.

    Every place of every trip, one trip more and unused vehicles are tried; the other stops keep
    their order. Goods that must come at once come in whole or not at all.
    """
    before = shares(routes, len(case.stops))
    known = before > LEFT
    known[stop] = True
    stops = replace(case.stops, permitted=case.stops.permitted & known[:, None])
    for insert in (direct, by_rule):
        fresh = insert(case.replace(stops=stops), routes)
        if shares(fresh, len(case.stops))[stop] > before[stop] + LEFT:
            return fresh
    return None


def less(routes: Routes, stop: int) -> Routes:
    """Return the routes without a stop; trips that bring nothing are left out."""
    found = []
    for route in routes:
        trips = []
        for at, trip in enumerate(route.trips):
            visits = tuple(visit for visit in trip.visits if visit.stop != stop)
            if visits or (at == 0 and route.begun is not None):
                trips.append(replace(trip, visits=visits))
        if trips:
            found.append(replace(route, trips=tuple(trips)))
    return tuple(found)
