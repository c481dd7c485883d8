"""Sum of arrivals with a fixed fleet: the arrays its search works on.

Nodes 0..n-1 are stops; node n+v is where vehicles of type v start and end. `travel` counts from
arrival to arrival: service at the first node is in it, and before a start the shift's begin and
the loading. So arrivals are prefix sums of travel, and a route is a tuple of stops.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.route_case import RouteCase

Order = tuple[int, ...]
"""Stops of one route, first to last."""

NO_WAY = 1e7  # minutes over an arc that is missing: any other plan is better


@dataclass(frozen=True, eq=False)
class Cumulative:
    """One problem.

    Attributes:
        travel: (N, N) minutes from the arrival at a node to the arrival at the next.
        weight: (N,) priority of the arrival; 0 at starts.
        load: (N, D) load, as a share of the largest capacity; 0 at starts.
        capacity: (V, D) capacity in the same unit.
        latest: (V,) minute at which the vehicle must be back, inf = any.
        kind: (K,) type of each vehicle.
    """

    travel: Floats
    weight: Floats
    load: Floats
    capacity: Floats
    latest: Floats
    kind: Ints

    @property
    def stops(self) -> int:
        """How many stops there are."""
        return len(self.travel) - len(self.capacity)

    @cached_property
    def reach(self) -> Floats:
        """(N, N) the travel to a node (row) from another (column)."""
        return np.ascontiguousarray(self.travel.T)

    @cached_property
    def near(self) -> Ints:
        """(n, n - 1) the other stops by their distance, there and back, from each stop."""
        n = self.stops
        both = self.travel[:n, :n] + self.travel[:n, :n].T
        np.fill_diagonal(both, -1.0)
        return np.argsort(both, axis=1, kind="stable")[:, 1:]

    def only(self, kept: Ints) -> Cumulative:
        """Return the problem with some of the stops."""
        nodes = np.r_[kept, np.arange(self.stops, len(self.travel))]
        return replace(
            self,
            travel=self.travel[np.ix_(nodes, nodes)],
            weight=self.weight[nodes],
            load=self.load[nodes],
        )

    def arrivals(self, kind: int, order: Order) -> Floats:
        """Return the arrival at each stop of a route, then the minute it is back."""
        start = self.stops + kind
        nodes = np.array([start, *order, start])
        arrivals: Floats = self.travel[nodes[:-1], nodes[1:]].cumsum()
        return arrivals

    def cost(self, kind: int, order: Order) -> float:
        """Return the weighted sum of arrivals of a route; 0 of an empty one."""
        return float(self.arrivals(kind, order)[:-1] @ self.weight[list(order)])

    def fits(self, kind: int, order: Order) -> bool:
        """Whether a route keeps capacity and latest return and uses no missing arc."""
        if not order:
            return True
        load = self.load[list(order)].sum(axis=0)
        back = self.arrivals(kind, order)[-1]
        return bool((load <= self.capacity[kind] + 1e-9).all()) and bool(
            back <= min(self.latest[kind] + 1e-6, NO_WAY)
        )


def obstacles(case: RouteCase) -> tuple[str, ...]:
    """Return the rules of a case that this search cannot keep; none = it may be used."""
    stops, vehicles = case.stops, case.vehicles
    one = np.unique(case.vehicles.home)
    tests = {
        "time windows": any(window != ((0.0, np.inf),) for window in stops.windows),
        "release times": bool((stops.release > vehicles.early.min(initial=0.0)).any()),
        "permits": not stops.permitted.all(),
        "origins": not stops.origins[:, one].all(),
        "fixed routes": bool(case.fixed),
        "travel profiles": len(np.unique(vehicles.profile)) > 1,
        "fixed minutes by type": len(np.unique(vehicles.unloading)) > 1,
        "distance limits": bool(np.isfinite(vehicles.farthest).any()),
        "capacity of gates": case.gates is not None and bool(np.isfinite(case.gates).any()),
        "docks": case.docks > 0,
    }
    return tuple(name for name, there in tests.items() if there)


def from_case(case: RouteCase) -> Cumulative:
    """Return the arrays of a case without obstacles; routes have one trip.

    The minutes of decontamination are those of the worst class there is: on the safe side.
    """
    stops, vehicles = case.stops, case.vehicles
    n, types = len(stops), len(vehicles)
    profile = int(vehicles.profile[0])
    minutes = np.where(np.isfinite(case.minutes[profile]), case.minutes[profile], NO_WAY)
    travel = minutes[np.ix_(np.r_[stops.place, vehicles.home], np.r_[stops.place, vehicles.end])]
    if case.clean_order:
        travel[:n, :n][stops.access[:, None] > stops.access[None, :]] = NO_WAY
    travel[:n] += (stops.service + vehicles.unloading[0])[:, None]
    travel[n:] += (vehicles.early + vehicles.loading)[:, None]
    largest = np.where(np.isfinite(vehicles.capacity), vehicles.capacity, 0.0).max(axis=0)
    unit = np.where(largest > 0, largest, 1.0)
    worst = int(stops.access.max(initial=0))
    return Cumulative(
        travel=travel,
        weight=np.r_[stops.weight, np.zeros(types)],
        load=np.vstack([stops.load / unit, np.zeros((types, len(unit)))]),
        capacity=np.where(np.isfinite(vehicles.capacity), vehicles.capacity / unit, 1e9),
        latest=np.minimum(vehicles.late, vehicles.early + vehicles.longest)
        - vehicles.decontaminate[:, worst],
        kind=np.repeat(np.arange(types), np.minimum(vehicles.count, n)),
    )
