"""A plan within seconds: stop after stop at the end of a trip, on a new trip, on a new vehicle.

What is worth most comes first. It keeps every rule and looks at no map: it is there so that there
is something to keep before any search has spoken, whatever the size.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from allocator.instance.route_case import RouteCase
from allocator.models.route.by_rule import begin_fixed
from allocator.models.route.gates import Gates
from allocator.models.route.goals import weights
from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered, shares
from allocator.models.route.rules import feasible
from allocator.models.route.schedule import timetable

LEAST = 1e-6  # share of a stop worth a visit


def direct(case: RouteCase, start: Routes = (), seconds: float = 10.0) -> Routes:
    """Return routes that break no rule, made within about the seconds given.

    Args:
        case: The case.
        start: Routes to go on from; they break no rule and keep their visits.
        seconds: Wall-clock seconds after which nothing more is placed.
    """
    deadline, board = time.monotonic() + seconds, _Board(case, start)
    for stop in np.argsort(-weights(case), kind="stable").tolist():
        if time.monotonic() > deadline:
            break
        board.serve(stop, deadline)
    return numbered(board.routes)


class _Board:
    """Routes so far; of every type the one that was opened last is the one to go on with."""

    def __init__(self, case: RouteCase, start: Routes) -> None:
        self.case, self.gates = case, Gates(case)
        self.routes = list(begin_fixed(case, start))
        self.left = 1.0 - shares(self.routes, len(case.stops))
        self.last: dict[int, int] = {}
        self.used: Counter[int] = Counter()
        for number, route in enumerate(self.routes):
            self.gates.put(number, timetable(case, route))
            self.used[int(case.vehicles.line[route.vehicle])] += 1
            self.last[route.vehicle] = number

    def serve(self, stop: int, deadline: float) -> None:
        """Bring what is left of a stop, in as few visits as each type allows."""
        for vehicle in self._types(stop):
            while self.left[stop] > LEAST and time.monotonic() <= deadline:
                share = self._share(stop, vehicle)
                if share <= LEAST or not self._placed(vehicle, Visit(stop, share)):
                    break
                self.left[stop] -= share

    def _types(self, stop: int) -> list[int]:
        """Return the types that may bring the stop its goods from their home, the largest first."""
        stops, fleet = self.case.stops, self.case.vehicles
        able = stops.permitted[stop] & stops.origins[stop, fleet.home] & (fleet.count > 0)
        load = np.where(stops.load[stop] > 0, stops.load[stop], np.nan)
        parts = np.nan_to_num(np.nanmin(fleet.capacity / load, axis=1), nan=np.inf)
        order = np.lexsort((np.arange(len(parts)), -parts))
        return [int(v) for v in order if able[v]]

    def _share(self, stop: int, vehicle: int) -> float:
        """Return the share of a stop the next visit brings; 0 = none fits."""
        case, left = self.case, float(self.left[stop])
        load, service = case.stops.load[stop], float(case.stops.service[stop])
        room = case.vehicles.capacity[vehicle]
        most = float((room[load > 0] / load[load > 0]).min(initial=1.0))
        if case.gates is not None and service > 0:
            spare = self.gates.left[case.stops.place[stop]]
            most = min(most, float(spare) / service)
        whole = case.split == "never" or not case.stops.divisible[stop]
        if most >= left - LEAST:
            return left
        return 0.0 if whole else max(0.0, most)

    def _placed(self, vehicle: int, visit: Visit) -> bool:
        """Add a visit to the trip there is, to one trip more, or to one vehicle more."""
        for number, route in self._ways(vehicle, visit):
            table = timetable(self.case, route)
            if feasible(self.case, route, table) and self.gates.admits(number, table):
                self.gates.put(number, table)
                if number == len(self.routes):
                    self.routes.append(route)
                    self.used[int(self.case.vehicles.line[vehicle])] += 1
                    self.last[vehicle] = number
                else:
                    self.routes[number] = route
                return True
        return False

    def _ways(self, vehicle: int, visit: Visit) -> Iterator[tuple[int, Route]]:
        fleet, home = self.case.vehicles, int(self.case.vehicles.home[vehicle])
        if vehicle in self.last:
            number = self.last[vehicle]
            route = self.routes[number]
            trip = route.trips[-1]
            if route.begun is None or len(route.trips) > 1:  # what is under way is loaded
                longer = replace(trip, visits=(*trip.visits, visit))
                yield number, replace(route, trips=(*route.trips[:-1], longer))
            if len(route.trips) < fleet.trips[vehicle]:
                fresh = Trip(home, (visit,), int(fleet.end[vehicle]))
                earlier = (*route.trips[:-1], replace(trip, back=home))
                yield number, replace(route, trips=(*earlier, fresh))
        line = int(fleet.line[vehicle])
        if self.used[line] < fleet.count[vehicle]:
            trip = Trip(home, (visit,), int(fleet.end[vehicle]))
            yield len(self.routes), Route(vehicle, 0, (trip,))
