"""What both readable programs are made of (page, section 1): vehicles one by one, arcs, names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np

from allocator.instance.route_case import FixedRoute, RouteCase
from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered


@dataclass(frozen=True)
class Vehicle:
    """One vehicle; `under_way` is the started route it is on, out of home already."""

    type: int
    trips: int
    early: float
    place: int
    fixed: FixedRoute | None = None
    row: int | None = None

    @property
    def under_way(self) -> FixedRoute | None:
        return self.fixed if self.fixed is not None and self.fixed.place >= 0 else None


class Parts:
    """A case with its vehicles one by one."""

    def __init__(self, case: RouteCase, most: int = 3) -> None:
        """`most` vehicles of a type at most, and trips of a vehicle: the case is small."""
        self.case, self.stops, self.fleet = case, case.stops, case.vehicles
        self.n = len(case.stops)
        self.vehicles = [*self._started(), *self._others(most)]
        self.divisible = case.stops.divisible & (case.split != "never")

    def _started(self) -> Iterator[Vehicle]:
        for row, fixed in enumerate(self.case.fixed):
            if fixed.started:
                v = fixed.vehicle
                done = max(0, fixed.trips - 1) if fixed.place >= 0 else 0
                early = max(float(self.fleet.early[v]), fixed.ready)
                place = fixed.place if fixed.place >= 0 else int(self.fleet.home[v])
                trips = max(1, int(self.fleet.trips[v]) - done)
                yield Vehicle(v, trips, early, place, fixed, row)

    def _others(self, most: int) -> Iterator[Vehicle]:
        for v in range(len(self.fleet)):
            trips = min(int(self.fleet.trips[v]), max(1, most, self.n))
            one = Vehicle(v, trips, float(self.fleet.early[v]), int(self.fleet.home[v]))
            for _ in range(min(int(self.fleet.count[v]), max(most, 1))):
                yield one

    def minutes(self, v: int, start: int, end: int) -> float:
        return float(self.case.minutes[self.fleet.profile[v], start, end])

    def km(self, v: int, start: int, end: int) -> float:
        return float(self.case.km[self.fleet.profile[v], start, end])

    def depots(self, v: int) -> list[int]:
        """Where a type may load: rule `depot`."""
        own = [int(self.fleet.home[v])]
        return self.case.depots.tolist() if self.case.reload_anywhere else own

    def able(self, v: int, i: int, depot: int) -> bool:
        """Rules `permit` and `origin`."""
        return bool(self.stops.permitted[i, v] and self.stops.origins[i, depot])

    def leg(self, v: int, i: int, j: int) -> tuple[float, float]:
        """Minutes and km between stops; rules `class_order`, `on_way` and `road`."""
        place, access = self.stops.place, self.stops.access
        return self.way(v, place[i], access[i], place[j], access[j])

    def way(self, v: int, start: int, met: int, end: int, access: int) -> tuple[float, float]:
        """Minutes and km to a stop; where the class falls, by the station that is soonest."""
        if access >= met or not self.case.clean_order:
            return self.minutes(v, start, end), self.km(v, start, end)
        stations = self.case.stations if self.case.stations is not None else ()
        ways = [
            (
                self.minutes(v, start, w) + stay + self.minutes(v, w, end),
                self.km(v, start, w) + self.km(v, w, end),
            )
            for w, stay in enumerate(stations)
            if stay < inf
        ]
        return min(ways, default=(inf, inf))

    def horizon(self) -> float:
        """A minute after which nothing happens any more."""
        late = self.fleet.late
        if np.isfinite(late).all():
            return float(late.max())
        ends = [m for own in self.stops.windows for window in own for m in window if m < inf]
        first = max([0.0, *ends, *self.stops.release.tolist(), *self.fleet.early.tolist()])
        far = float(np.where(np.isfinite(self.case.minutes), self.case.minutes, 0.0).max())
        per = far + float(max(self.fleet.loading.max(), self.fleet.unloading.max()))
        per += float(self.fleet.decontaminate.max())
        if self.case.stations is not None:
            per += far + max(stay for stay in self.case.stations if stay < inf)
        return first + float(self.stops.service.sum()) + (3 * self.n + 3) * per

    def routes(self, found: dict[int, list[tuple[int, list[tuple[int, float]], int]]]) -> Routes:
        """Return trips (depot, stops with shares, back) by vehicle as routes."""
        made = []
        for k, trips in found.items():
            vehicle = self.vehicles[k]
            route = tuple(
                Trip(depot, tuple(Visit(i, share) for i, share in visits), back)
                for depot, visits, back in trips
            )
            if any(trip.visits for trip in route) or vehicle.fixed is not None:
                made.append(Route(vehicle.type, 0, route, begun=vehicle.row))
        return numbered(made)
