"""Trips as building blocks of vehicle days: one stop with a full load, or several that go together.

What a trip takes of a day is the largest of its parts of the longest duty, the shift, the most
trips and the farthest way: trips whose parts add up to 1 or less fit into one day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.route_case import RouteCase
from allocator.models.route.pyvrp_goal import LinearGoal
from allocator.models.route.routes import Route, Trip, Visit
from allocator.models.route.rules import feasible
from allocator.models.route.schedule import timetable

LEAST = 1e-6  # share of a stop worth a visit
MOST = 6  # stops of a trip that is grown


@dataclass
class Trips:
    """The trips known of one type: their visits, the part of a day each takes, and its price."""

    vehicle: int
    visits: list[tuple[Visit, ...]] = field(default_factory=list)
    part: list[float] = field(default_factory=list)
    price: list[float] = field(default_factory=list)
    row: dict[tuple[Visit, ...], int] = field(default_factory=dict)

    def add(self, case: RouteCase, goal: LinearGoal, visits: Iterable[Visit]) -> int | None:
        """Add a trip that is not known yet; return its row, None where it breaks a rule."""
        fleet, v, own = case.vehicles, self.vehicle, tuple(visits)
        if own in self.row:
            return self.row[own]
        route = Route(v, 0, (Trip(int(fleet.home[v]), own, int(fleet.end[v])),))
        table = timetable(case, route)
        if not feasible(case, route, table):
            return None
        met = sum(float(case.stops.contacts[visit.stop]) for visit in own)
        price = goal.per_trip[v] + goal.per_km[v] * table.distance
        price += goal.per_minute[v] * table.duration + goal.per_contact[v] * met
        self.row[own] = len(self.visits)
        self.visits.append(own)
        self.part.append(_part(case, v, table.duration, table.distance))
        self.price.append(float(price))
        return self.row[own]


def _part(case: RouteCase, v: int, minutes: float, km: float) -> float:
    fleet = case.vehicles
    shift = float(fleet.late[v] - fleet.early[v])
    parts = (minutes / shift, minutes / fleet.longest[v], km / fleet.farthest[v])
    return float(max(*parts, 1.0 / max(1, fleet.trips[v])))


def full_share(case: RouteCase, v: int) -> Floats:
    """Return (n,) the share of each stop a vehicle of the type can bring at once; 0 = none."""
    stops, load = case.stops, case.stops.load
    ratio = np.full(load.shape, np.inf)
    np.divide(case.vehicles.capacity[v], load, out=ratio, where=load > 0)
    most = np.minimum(1.0, ratio.min(axis=1))
    whole = ~stops.divisible | (case.split == "never")
    able = stops.permitted[:, v] & stops.origins[:, case.vehicles.home[v]]
    return np.asarray(np.where(able & (~whole | (most >= 1.0)), most, 0.0))


def rest_share(full: Floats) -> Floats:
    """Return (n,) what is left of each stop after as many full loads as go into it."""
    some = np.where(full > 0, full, 1.0)
    rest = 1.0 - np.floor(1.0 / some + LEAST) * some
    return np.where(full > 0, np.where(rest > LEAST, rest, some), 0.0)


def first_trips(case: RouteCase, goal: LinearGoal, v: int, known: Iterable[Trip]) -> Trips:
    """Return the trips to one stop each, and those of a plan that is known."""
    trips, full = Trips(v), full_share(case, v)
    for stop in np.flatnonzero(full > LEAST).tolist():
        trips.add(case, goal, (Visit(stop, float(full[stop])),))
    for trip in known:
        if len(trip.visits) > 1:
            trips.add(case, goal, trip.visits)
    return trips


def grow(case: RouteCase, goal: LinearGoal, trips: Trips, worth: Floats, day: float) -> None:
    """Add trips of several stops that are worth most: from each stop on to the best next one.

    Args:
        case: The case.
        goal: Prices of what a trip takes.
        trips: Those of the type known so far.
        worth: (n,) of all the goods of each stop.
        day: Worth of a day of the type.
    """
    growth = _Growth(case, goal, trips.vehicle, worth, day)
    for first in np.flatnonzero(growth.rest * worth > 0).tolist():
        for visits in growth.chains(first):
            trips.add(case, goal, visits)


class _Growth:
    """What is looked at to make a trip longer."""

    def __init__(
        self, case: RouteCase, goal: LinearGoal, v: int, worth: Floats, day: float
    ) -> None:
        fleet = case.vehicles
        self.case, self.v, self.worth = case, v, worth
        self.full = full_share(case, v)
        self.rest = rest_share(self.full)
        self.minutes = case.minutes[int(fleet.profile[v])]
        self.km = case.km[int(fleet.profile[v])]
        limits = np.array([fleet.longest[v], fleet.late[v] - fleet.early[v]])
        self.per_minute = float(goal.per_minute[v] + day / limits.min())
        self.per_km = float(goal.per_km[v])

    def chains(self, first: int) -> Iterator[tuple[Visit, ...]]:
        """Return the trips met while stop after stop is added, the best next one each time."""
        room = self.case.vehicles.capacity[self.v] - self.rest[first] * self.case.stops.load[first]
        visits = [Visit(first, float(self.rest[first]))]
        while len(visits) < MOST:
            share = self._shares(room, [visit.stop for visit in visits])
            gain = self._gain(visits[-1].stop, share)
            best = int(np.argmax(gain))
            if gain[best] <= 0:
                return
            visits.append(Visit(best, float(share[best])))
            room = room - share[best] * self.case.stops.load[best]
            yield tuple(visits)

    def _shares(self, room: Floats, there: list[int]) -> Floats:
        """Return (n,) what still fits of each stop: all of it, what full loads leave, or less."""
        stops, load = self.case.stops, self.case.stops.load
        ratio = np.full(load.shape, np.inf)
        np.divide(np.maximum(room, 0.0), load, out=ratio, where=load > 0)
        fits = np.minimum(1.0, ratio.min(axis=1))
        share = np.where(fits >= 1.0, 1.0, np.minimum(fits, self.rest))
        whole = ~stops.divisible | (self.case.split == "never")
        share = np.where((self.full > 0) & (~whole | (share >= 1.0)), share, 0.0)
        share[there] = 0.0
        return np.asarray(np.where(share > LEAST, share, 0.0))

    def _gain(self, last: int, share: Floats) -> Floats:
        stops, fleet = self.case.stops, self.case.vehicles
        start, end, place = stops.place[last], int(fleet.end[self.v]), stops.place
        further = self.km[start, place] + self.km[place, end] - self.km[start, end]
        longer = self.minutes[start, place] + self.minutes[place, end] - self.minutes[start, end]
        clean = fleet.decontaminate[self.v, stops.access]
        longer = longer + share * stops.service + fleet.unloading[self.v] + clean - clean[last]
        bad = (share <= 0) | ~np.isfinite(longer + further)
        if self.case.clean_order:
            bad |= stops.access < stops.access[last]
        price = np.where(bad, 0.0, self.per_km * further + self.per_minute * longer)
        return np.where(bad, -np.inf, self.worth * share - price)
