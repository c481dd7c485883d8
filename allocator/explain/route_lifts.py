"""Rules of routing lifted one at a time, to see which of them keeps a stop from being served."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from allocator.instance.route_case import RouteCase

ANY_TIME = ((0.0, np.inf),)
Lift = Callable[[RouteCase, int], RouteCase]


def _stops(case: RouteCase, **changes: Any) -> RouteCase:
    return case.replace(stops=replace(case.stops, **changes))


def _fleet(case: RouteCase, **changes: Any) -> RouteCase:
    return case.replace(vehicles=replace(case.vehicles, **changes))


def _permit(case: RouteCase, stop: int) -> RouteCase:
    permitted = case.stops.permitted.copy()
    permitted[stop] = True
    return _stops(case, permitted=permitted)


def _window(case: RouteCase, stop: int) -> RouteCase:
    windows = list(case.stops.windows)
    windows[stop] = ANY_TIME
    return _stops(case, windows=tuple(windows))


def _release(case: RouteCase, stop: int) -> RouteCase:
    release = case.stops.release.copy()
    release[stop] = 0.0
    return _stops(case, release=release)


def _load(case: RouteCase, stop: int) -> RouteCase:
    return _fleet(case, capacity=np.full_like(case.vehicles.capacity, np.inf))


def _shift(case: RouteCase, stop: int) -> RouteCase:
    fleet = case.vehicles
    endless = np.full(len(fleet), np.inf)
    return _fleet(case, early=np.minimum(fleet.early, 0.0), late=endless, longest=endless)


def _farthest(case: RouteCase, stop: int) -> RouteCase:
    return _fleet(case, farthest=np.full(len(case.vehicles), np.inf))


def _trips(case: RouteCase, stop: int) -> RouteCase:
    return _fleet(case, trips=case.vehicles.trips + 1)


def _vehicle(case: RouteCase, stop: int) -> RouteCase:
    return _fleet(case, count=case.vehicles.count + 1)


def _origin(case: RouteCase, stop: int) -> RouteCase:
    origins = case.stops.origins.copy()
    origins[stop, case.vehicles.home] = True
    return _stops(case, origins=origins)


def _order(case: RouteCase, stop: int) -> RouteCase:
    return case.replace(clean_order=False)


def _split(case: RouteCase, stop: int) -> RouteCase:
    divisible = case.stops.divisible.copy()
    divisible[stop] = True
    split = "needed" if case.split == "never" else case.split
    return _stops(case.replace(split=split), divisible=divisible)


def _gate(case: RouteCase, stop: int) -> RouteCase:
    return case.replace(gates=None, docks=0)


LIFTS: Mapping[str, tuple[Lift, str]] = {
    "fleet": (_vehicle, "one vehicle more of every type"),
    "trip_count": (_trips, "one trip more a vehicle"),
    "shift": (_shift, "a longer shift"),
    "window": (_window, "longer opening hours there"),
    "gate": (_gate, "more hands or room at the gate"),
    "class_order": (_order, "trips that go back from sealed to cleaner places (clean_order)"),
    "split": (_split, "delivery in several visits (split)"),
    "load": (_load, "larger vehicles"),
    "permit": (_permit, "a permit for every type"),
    "origin": (_origin, "loading its goods at another depot (origin)"),
    "farthest": (_farthest, "longer routes in km"),
    "release": (_release, "goods that are ready earlier"),
}
"""Family of rules -> how it is lifted, and what that is in the planner's words."""


def lifted(case: RouteCase, family: str, stop: int) -> RouteCase:
    """Return the case without a family of rules; those about one stop for that stop only."""
    return LIFTS[family][0](case, stop)
