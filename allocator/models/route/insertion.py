"""Where a piece fits best on a route, for all pieces at once.

The arrays are a filter and an estimate: an insertion is carried out only when the timetable of
the route with it breaks no rule. Latest begins are exact for several windows too: who arrives no
later than the latest begin of the next step lets everything after it begin in time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.route_case import RouteCase
from allocator.models.route.chain import NEAR, Chain, begun, chain, closing, forward
from allocator.models.route.legs import legs
from allocator.models.route.measure import Measure
from allocator.models.route.pieces import Pieces
from allocator.models.route.routes import Route, Trip, Visit

ANY_CLASS = 9
NEW = -1  # from here down, gaps stand for trips of their own: their slot and their depot


@dataclass(frozen=True)
class Gaps:
    """The places of a route where a piece may go in (g,), with what is known there."""

    trip: Ints
    position: Ints
    before: Ints  # places
    after: Ints
    leave: Floats  # earliest, from `before`
    arrive: Floats  # at `after`, as it is
    latest: Floats  # begin at `after`
    low: Ints  # access class before, and after: any where nothing but a depot is
    high: Ints
    minutes: Floats  # from `before` to `after`, as it is
    km: Floats
    behind: Floats  # weight of the visits after it
    room: Floats  # (g, D)


@dataclass(frozen=True)
class Slot:
    """Where a route may have one trip more: between two trips, before or after all of them."""

    number: int
    place: int  # where the vehicle is
    free: float  # minute from which on
    after: int  # place to return to
    latest: float  # minute at which it must be there, decontaminated


@dataclass(frozen=True)
class State:
    """A route with what insertions look at."""

    route: Route
    gaps: Gaps
    slots: tuple[Slot, ...]
    work: float  # minutes of travel, service, loading and decontamination
    km: float
    trips: int


def state(case: RouteCase, route: Route) -> State:
    """Return the state of a route."""
    steps, fixed = chain(case, route), begun(case, route)
    begins = forward(steps, steps.windows[0][0][0])
    last = latest_begins(steps)
    done = 0 if fixed is None else max(0, fixed.trips - 1)
    return State(
        route=route,
        gaps=_gaps(case, route, steps, begins, last),
        slots=tuple(_slots(case, route, steps, begins, last)),
        work=sum(steps.travel) + sum(steps.stay) + (0.0 if fixed is None else fixed.minutes),
        km=sum(steps.km) + (0.0 if fixed is None else fixed.km),
        trips=len(route.trips) + done,
    )


def _slots(
    case: RouteCase, route: Route, steps: Chain, begins: list[float], last: list[float]
) -> Iterator[Slot]:
    first = 1 if begun(case, route) is not None else 0
    for number in range(first, len(route.trips) + 1):
        before = steps.returns[number - 1] if number else 0
        after = steps.loads[number] if number < len(route.trips) else len(begins) - 1
        free = begins[before] + steps.stay[before]
        yield Slot(number, steps.place[before], free, steps.place[after], last[after])


def latest_begins(steps: Chain) -> list[float]:
    """Return the latest begin of each step with which all after it begin in time."""
    found = [steps.windows[-1][-1][1]]
    for k in range(len(steps.place) - 1, 0, -1):
        limit = found[-1] - steps.travel[k] - steps.stay[k - 1]
        windows = steps.windows[k - 1]
        in_time = bool(windows) and windows[0][0] <= limit + NEAR
        found.append(closing(windows, limit) if in_time else -inf)
    return found[::-1]


def _gaps(
    case: RouteCase, route: Route, steps: Chain, begins: list[float], last: list[float]
) -> Gaps:
    closed = begun(case, route) is not None
    visit = np.array(steps.visit, dtype=np.int64)
    rows = list[tuple[int, int, int, int]]()
    for number in range(int(closed), len(route.trips)):
        first, last_ = steps.loads[number], steps.returns[number]
        marks = [first, *(first + 1 + np.flatnonzero(visit[first + 1 : last_] >= 0)), last_]
        rows += [(number, p, *pair) for p, pair in enumerate(pairwise(marks))]
    trips, positions, earlier, step = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    access = np.r_[case.stops.access, 0][visit]  # -1 = the last entry: no visit
    weight = np.r_[case.stops.weight, 0.0][visit]
    begin, stay = np.array(begins), np.array(steps.stay)
    leave = begin + stay
    behind, far = np.cumsum(weight[::-1])[::-1], np.cumsum(steps.km)
    room = [_room(case, route, trip) for trip in route.trips]
    place = np.array(steps.place, dtype=np.int64)
    return Gaps(
        trip=trips,
        position=positions,
        before=place[earlier],
        after=place[step],
        leave=leave[earlier],
        arrive=leave[step - 1] + np.array(steps.travel)[step],
        latest=np.array(last)[step],
        low=access[earlier],
        high=np.where(visit[step] < 0, ANY_CLASS, access[step]),
        minutes=leave[step - 1] + np.array(steps.travel)[step] - leave[earlier],
        km=far[step] - far[earlier],
        behind=behind[step],
        room=np.array(room).reshape(len(room), -1)[trips],
    )


def _room(case: RouteCase, route: Route, trip: Trip) -> Floats:
    share = np.array([visit.share for visit in trip.visits])
    used = share @ case.stops.load[trip.stops] if trip.visits else 0.0
    return np.asarray(case.vehicles.capacity[route.vehicle] - used)


def first_opening(parts: Pieces, minute: Floats) -> Floats:
    """Return (g, m) the first minute from `minute` on at which service may begin, or inf."""
    found = np.full(minute.shape, inf)
    for opens, closes in zip(parts.opens.T, parts.closes.T, strict=True):
        fits = minute <= closes + NEAR
        np.minimum(found, np.where(fits, np.maximum(minute, opens), inf), out=found)
    return found


def within(case: RouteCase, at: State, parts: Pieces, prices: Measure) -> tuple[Floats, Ints]:
    """Return (m,) the least price of each piece on the trips of a route, and the gap; or inf."""
    best, chosen = np.full(len(parts), inf), np.zeros(len(parts), dtype=np.int64)
    if len(at.gaps.trip) and len(parts):
        most = at.gaps.room.max(axis=0)
        rows = np.flatnonzero((parts.load <= most * (1 + 1e-9) + 1e-9).all(axis=1))
        if len(rows):
            best[rows], chosen[rows] = _within(case, at, parts.take(rows), prices)
    return best, chosen


def _within(case: RouteCase, at: State, parts: Pieces, prices: Measure) -> tuple[Floats, Ints]:
    v, gaps, fleet = at.route.vehicle, at.gaps, case.vehicles
    profile, before, after = int(fleet.profile[v]), gaps.before[:, None], gaps.after[:, None]
    to, far_to = legs(case, profile, before, parts.place, gaps.low[:, None] > parts.access)
    on, far_on = legs(case, profile, parts.place, after, parts.access > gaps.high[:, None])
    stay = parts.service + fleet.unloading[v]
    begin = first_opening(parts, gaps.leave[:, None] + to)
    reach = begin + stay + on
    more = to + on - gaps.minutes[:, None]
    further = far_to + far_on - gaps.km[:, None]
    fits = (reach <= gaps.latest[:, None] + NEAR) & (reach < inf)
    fits &= (parts.load <= gaps.room[:, None] * (1 + 1e-9) + 1e-9).all(axis=2)
    fits &= at.work + more + stay <= fleet.longest[v] + NEAR
    fits &= at.km + further <= fleet.farthest[v] + NEAR
    depots = np.array([trip.depot for trip in at.route.trips])[gaps.trip]
    fits &= case.stops.origins[parts.stop, depots[:, None]] & parts.permitted[:, v]
    more, further = np.where(fits, more, 0.0), np.where(fits, further, 0.0)
    price = prices.km[v] * further + prices.minute[v] * (more + stay)
    price += prices.contact[v] * parts.contacts + prices.work * (at.work + more + stay)
    if prices.arrival:
        push = np.where(fits, np.maximum(0.0, reach - gaps.arrive[:, None]), 0.0)
        begin = np.where(fits, begin, 0.0)
        price += prices.arrival * (parts.weight * begin + gaps.behind[:, None] * push)
    price = np.where(fits, price, inf)
    gap = np.argmin(price, axis=0)
    return price[gap, np.arange(len(parts))], gap


def alone(
    case: RouteCase, vehicle: int, parts: Pieces, prices: Measure, at: State | None = None
) -> tuple[Floats, Ints]:
    """Return (m,) the price of a trip of its own for each piece, and its code; inf = none.

    Args:
        case: The case.
        vehicle: Type of the vehicle.
        parts: The pieces.
        prices: The prices.
        at: The route that gets one trip more; None = a vehicle not used yet.
    """
    fleet, v, m = case.vehicles, vehicle, len(parts)
    best, chosen = np.full(m, inf), np.full(m, NEW, dtype=np.int64)
    if at is not None and at.trips >= fleet.trips[v]:
        return best, chosen
    first = prices.trip[v] + (prices.vehicle[v] if at is None else 0.0)
    home = int(fleet.home[v])
    whole = Slot(0, home, float(fleet.early[v]), int(fleet.end[v]), float(fleet.late[v]))
    for slot in (whole,) if at is None else at.slots:
        for depot in case.depots.tolist() if case.reload_anywhere else [home]:
            price = first + _trip_price(case, v, parts, prices, at, slot, depot)
            code = NEW - (slot.number * len(case.places) + depot)
            chosen = np.where(price < best, code, chosen)
            best = np.minimum(price, best)
    return best, chosen


def _trip_price(
    case: RouteCase,
    v: int,
    parts: Pieces,
    prices: Measure,
    at: State | None,
    slot: Slot,
    depot: int,
) -> Floats:
    fleet = case.vehicles
    minutes, km = case.minutes[fleet.profile[v]], case.km[fleet.profile[v]]
    place, end = slot.place, slot.after
    stay = parts.service + fleet.unloading[v]
    clean = fleet.decontaminate[v, parts.access]
    ready = np.maximum(slot.free + minutes[place, depot], parts.release) + fleet.loading[v]
    begin = first_opening(parts, (ready + minutes[depot, parts.place])[None])[0]
    way = minutes[place, depot] + minutes[depot, parts.place] + minutes[parts.place, end]
    further = km[place, depot] + km[depot, parts.place] + km[parts.place, end]
    spent = way + stay + clean + fleet.loading[v]
    work, far = (0.0, 0.0) if at is None else (at.work, at.km)
    back = begin + stay + minutes[parts.place, end] + clean
    fits = (back <= slot.latest + NEAR) & (back < inf)
    fits &= (parts.load <= fleet.capacity[v] * (1 + 1e-9) + 1e-9).all(axis=1)
    fits &= (work + spent <= fleet.longest[v] + NEAR) & (far + further <= fleet.farthest[v] + NEAR)
    fits &= case.stops.origins[parts.stop, depot] & parts.permitted[:, v]
    further, spent = np.where(fits, further, 0.0), np.where(fits, spent, 0.0)
    price = prices.km[v] * further + prices.minute[v] * spent + prices.work * (work + spent)
    price = price + prices.contact[v] * parts.contacts
    if prices.arrival:
        price = price + prices.arrival * parts.weight * np.where(fits, begin, 0.0)
    return np.where(fits, price, inf)


def inserted(route: Route, trip: int, position: int, visit: Visit) -> Route:
    """Return a route with a visit more."""
    old = route.trips[trip]
    visits = (*old.visits[:position], visit, *old.visits[position:])
    trips = (*route.trips[:trip], replace(old, visits=visits), *route.trips[trip + 1 :])
    return replace(route, trips=trips)


def with_trip(case: RouteCase, route: Route, code: int, visit: Visit) -> Route:
    """Return a route with one trip more, where the code of `alone` says."""
    number, depot = divmod(NEW - code, len(case.places))
    trip = Trip(depot, (visit,), int(case.vehicles.end[route.vehicle]))
    trips = (*route.trips[:number], trip, *route.trips[number:])
    backs = [*(after.depot for after in trips[1:]), int(case.vehicles.end[route.vehicle])]
    pairs = zip(trips, backs, strict=True)
    return replace(route, trips=tuple(replace(one, back=back) for one, back in pairs))
