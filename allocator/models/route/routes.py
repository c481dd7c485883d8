"""Routes: what every router returns and every other part reads; times are computed, not kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from allocator.engine.program import Floats


@dataclass(frozen=True, slots=True)
class Visit:
    """A call at a stop.

    Attributes:
        stop: Row of the stop.
        share: Part of the stop's load handed over; below 1 only where deliveries are split.
    """

    stop: int
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Trip:
    """From one loading to the return.

    Attributes:
        depot: Row of the place the vehicle is loaded at.
        visits: The calls in their order.
        back: Row of the place it returns to.
    """

    depot: int
    visits: tuple[Visit, ...]
    back: int

    @property
    def stops(self) -> list[int]:
        """Rows of the stops in their order."""
        return [visit.stop for visit in self.visits]


@dataclass(frozen=True, slots=True)
class Route:
    """What one vehicle does in the period.

    Attributes:
        vehicle: Row of the vehicle type.
        number: Which vehicle of the type, from 0.
        trips: Its trips in their order, each with at least one visit.
        start: Minute at which duty begins (loading first); None = chosen by the timetable.
        begun: Row of `RouteCase.fixed` of the started route this one carries on, if any: its
            first trip holds what is on board (perhaps nothing) and begins where the vehicle is.
    """

    vehicle: int
    number: int
    trips: tuple[Trip, ...]
    start: float | None = None
    begun: int | None = None

    @property
    def visits(self) -> Iterator[Visit]:
        """Every call in order."""
        return (visit for trip in self.trips for visit in trip.visits)


Routes = tuple[Route, ...]


def shares(routes: Iterable[Route], stops: int) -> Floats:
    """Return (n,) what part of each stop's load is delivered."""
    found = np.zeros(stops)
    for route in routes:
        for visit in route.visits:
            found[visit.stop] += visit.share
    return found


def numbered(routes: Iterable[Route]) -> Routes:
    """Return routes that carry visits, the vehicles of each type numbered from 0, in order."""
    used: dict[int, int] = {}
    found = []
    for route in routes:
        first = route.begun is None
        trips = tuple(t for place, t in enumerate(route.trips) if t.visits or not (first or place))
        if trips:
            number = used.get(route.vehicle, 0)
            used[route.vehicle] = number + 1
            found.append(replace(route, trips=trips, number=number))
    return tuple(found)


def linked(route: Route) -> Route:
    """Return a route without trips that visit nobody; each trip returns to the next loading.

    The first trip of a started route stays, visits or not; the last one returns where it did.
    """
    begun = route.begun is not None
    trips = [t for number, t in enumerate(route.trips) if t.visits or (begun and number == 0)]
    backs = [trip.depot for trip in trips[1:]] + [trip.back for trip in route.trips[-1:]]
    pairs = zip(trips, backs, strict=False)
    return replace(route, trips=tuple(replace(trip, back=back) for trip, back in pairs))
