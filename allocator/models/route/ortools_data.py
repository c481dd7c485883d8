"""A routing case in the whole numbers and nodes of OR-Tools.

Nodes: the pieces, then reloads (a visit to the home between two trips, optional), then the start
and the end of each vehicle type. Times are rounded up and windows inwards, so that what is
feasible here is feasible in minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.route_case import RouteCase
from allocator.models.route.legs import legs
from allocator.models.route.pieces import Pieces, missing, pieces
from allocator.models.route.routes import Route, Routes, Trip, numbered

FINE = 100  # steps of a minute, of a unit of load, and of what a goal counts, in cases not whole
GOAL = 1000  # steps of one unit of a goal
MOST_RELOADS = 3  # times the number of vehicles


@dataclass(frozen=True)
class Nodes:
    """The nodes of a case, and the vehicles one by one.

    Attributes:
        parts: The pieces, nodes 0 to m - 1.
        reload: Type that may use each reload, nodes m to m + R - 1.
        vehicle: (K,) type of each single vehicle.
        steps: Steps of a minute.
        horizon: Steps after which nothing happens any more; also the length of a missing arc.
    """

    case: RouteCase
    parts: Pieces
    reload: Ints
    vehicle: Ints
    steps: int
    horizon: int

    @property
    def count(self) -> int:
        """Number of nodes."""
        return len(self.parts) + len(self.reload) + 2 * len(self.case.vehicles)

    def start(self, vehicle: int) -> int:
        """Return the node at which a type starts; the next one is its end."""
        return len(self.parts) + len(self.reload) + 2 * vehicle

    @property
    def places(self) -> Ints:
        """Place of each node."""
        fleet = self.case.vehicles
        ends = np.stack([fleet.home, fleet.end], axis=1).ravel()
        return np.concatenate([self.parts.place, fleet.home[self.reload], ends])

    def travel(self, v: int) -> Ints:
        """Return (N, N) steps from the begin at a node to the arrival at the next, for a type."""
        fleet, m = self.case.vehicles, len(self.parts)
        stay = np.zeros(self.count)
        stay[:m] = self.parts.service + fleet.unloading[v]
        stay[m:] = fleet.loading[v]
        minutes, _ = self._legs(v)
        minutes = minutes + stay[:, None]
        minutes[:m, m:] += fleet.decontaminate[v, self.parts.access][:, None]
        ends = self.start(0)
        minutes[ends:, ends:] = minutes[ends:, ends:] - stay[ends:, None]  # a vehicle not used
        minutes[ends:, m:ends] = minutes[m:ends, m:ends] = np.inf  # no trip without visits
        return self.up(minutes)

    def km(self, v: int) -> Ints:
        """Return (N, N) km from node to node for a type, in 1 / FINE."""
        _, km = self._legs(v)
        return np.asarray(np.ceil(np.minimum(km * FINE - 1e-6, 1e9)), dtype=np.int64)

    def _legs(self, v: int) -> tuple[Floats, Floats]:
        """Return (N, N) minutes and km from node to node, inf = no way."""
        m, places = len(self.parts), self.places
        falls = np.zeros((self.count, self.count), dtype=bool)
        falls[:m, :m] = self.parts.access[:, None] > self.parts.access
        profile = int(self.case.vehicles.profile[v])
        return legs(self.case, profile, places[:, None], places, falls)

    def up(self, minutes: Floats) -> Ints:
        """Return minutes in steps, rounded up, a missing arc as the horizon."""
        whole = np.ceil(np.minimum(minutes * self.steps - 1e-6, self.horizon))
        return np.asarray(whole, dtype=np.int64)

    def down(self, minutes: float) -> int:
        """Return minutes in steps, rounded down."""
        return int(np.floor(min(minutes * self.steps + 1e-6, self.horizon)))

    def plain(self, routes: Routes) -> list[list[int]]:
        """Return the nodes of given routes, vehicle by vehicle; pieces must be those of them."""
        row: dict[tuple[int, float], list[int]] = {}
        for node, (stop, share) in enumerate(self._keys()):
            row.setdefault((stop, round(share, 9)), []).append(node)
        free = {v: list(np.flatnonzero(self.vehicle == v)) for v in range(len(self.case.vehicles))}
        spare = [list(np.flatnonzero(self.reload == v)) for v in range(len(self.case.vehicles))]
        found: list[list[int]] = [[] for _ in self.vehicle]
        for route in routes:
            nodes: list[int] = []
            for trip in route.trips:
                if nodes and spare[route.vehicle]:
                    nodes.append(len(self.parts) + int(spare[route.vehicle].pop(0)))
                nodes += [row[visit.stop, round(visit.share, 9)].pop(0) for visit in trip.visits]
            found[int(free[route.vehicle].pop(0))] = nodes
        return found

    def _keys(self) -> Iterator[tuple[int, float]]:
        return zip(self.parts.stop.tolist(), self.parts.share.tolist(), strict=True)

    def routes(self, plain: list[list[int]]) -> Routes:
        """Return the nodes of each vehicle as routes."""
        m, fleet = len(self.parts), self.case.vehicles
        found = []
        for number, nodes in enumerate(plain):
            v = int(self.vehicle[number])
            home, end = int(fleet.home[v]), int(fleet.end[v])
            breaks = [-1, *(k for k, node in enumerate(nodes) if node >= m), len(nodes)]
            runs = [nodes[a + 1 : b] for a, b in pairwise(breaks)]
            runs = [run for run in runs if run]
            trips = [
                Trip(home, tuple(self.parts.visit(node) for node in run), home) for run in runs
            ]
            if trips:
                trips[-1] = Trip(home, trips[-1].visits, end)
                found.append(Route(v, number, tuple(trips)))
        return numbered(found)


def nodes_of(case: RouteCase, start: Routes) -> Nodes:
    """Return the nodes of a case: the visits of a start, and what it leaves unserved."""
    visits = [visit for route in start for visit in route.visits]
    own = pieces(
        case,
        np.array([visit.stop for visit in visits], dtype=np.int64),
        np.array([visit.share for visit in visits], dtype=float),
    )
    rest = missing(case, start)
    parts = pieces(case, np.r_[own.stop, rest.stop], np.r_[own.share, rest.share])
    fleet = case.vehicles
    used = np.bincount([route.vehicle for route in start], minlength=len(fleet))
    number = np.minimum(fleet.count, np.maximum(used + 3, len(parts)))
    vehicle = np.repeat(np.arange(len(fleet)), number)
    trips = np.minimum(fleet.trips - 1, MOST_RELOADS) * number
    trips = np.where(fleet.trips > 1, np.minimum(trips, max(1, len(parts))), 0)
    reload = np.repeat(np.arange(len(fleet)), trips)
    steps = 1 if whole(case) else FINE
    return Nodes(case, parts, reload, vehicle, steps, _horizon(case, steps))


def whole(case: RouteCase) -> bool:
    """Say whether all minutes of a case are whole numbers."""
    stops, fleet = case.stops, case.vehicles
    ends = [minute for own in stops.windows for window in own for minute in window]
    parts = (case.minutes, stops.service, stops.release, fleet.loading, fleet.unloading)
    stations = np.zeros(0) if case.stations is None else case.stations
    more = (fleet.decontaminate, stations, fleet.early, fleet.late, fleet.longest, np.array(ends))
    every = np.concatenate([np.ravel(part) for part in (*parts, *more)])
    every = every[np.isfinite(every)]
    return bool((every == np.round(every)).all())


def _horizon(case: RouteCase, steps: int) -> int:
    """Return steps that are enough for everything one vehicle could do."""
    late = case.vehicles.late
    if np.isfinite(late).all() and len(late):
        return int(np.ceil(late.max() * steps)) + 1
    minutes = np.where(np.isfinite(case.minutes), case.minutes, 0.0).max(initial=0.0)
    ends = [m for own in case.stops.windows for window in own for m in window if np.isfinite(m)]
    each = minutes + case.vehicles.loading.max(initial=0.0) + case.vehicles.unloading.max(initial=0)
    each += case.vehicles.decontaminate.max(initial=0.0)
    if case.stations is not None:
        finite = case.stations[np.isfinite(case.stations)]
        each += minutes + finite.max(initial=0.0)
    total = case.stops.service.sum() + (2 * len(case.stops) + 2) * each
    first = max([0.0, *ends, float(case.stops.release.max(initial=0.0))])
    return int(np.ceil((first + total + case.vehicles.early.max(initial=0.0)) * steps)) + 1
