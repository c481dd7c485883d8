"""When a route is where: as early as possible, then the start delayed to cut waiting.

A route is a chain of steps (start, loading, visits, return, ..., end), each with travel before
it, minutes spent there and windows in which it may begin (formulation, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.route_case import FixedRoute, RouteCase, Windows
from allocator.models.route.routes import Route, Trip

NEAR = 1e-6  # minutes, km: noise of sums
ALWAYS: Windows = ((-inf, inf),)
PROMPT = frozenset({"latest_arrival", "arrivals", "tardiness"})  # want no arrival delayed
WORK = frozenset({"duration", "longest_work", "work_spread"})  # want duty short


@dataclass
class Chain:
    """The steps of a route; `visit` is the stop of a step, -1 = none."""

    place: list[int] = field(default_factory=list)
    travel: list[float] = field(default_factory=list)
    km: list[float] = field(default_factory=list)
    stay: list[float] = field(default_factory=list)
    windows: list[Windows] = field(default_factory=list)
    visit: list[int] = field(default_factory=list)
    loads: list[int] = field(default_factory=list)  # steps at which trips begin
    returns: list[int] = field(default_factory=list)  # steps at which trips end

    def add(
        self,
        case: RouteCase,
        profile: int,
        place: int,
        stay: float = 0.0,
        windows: Windows = ALWAYS,
        visit: int = -1,
    ) -> None:
        """Add a step at a place."""
        start = self.place[-1] if self.place else place
        self.travel.append(float(case.minutes[profile, start, place]))
        self.km.append(float(case.km[profile, start, place]))
        self.place.append(place)
        self.stay.append(stay)
        self.windows.append(windows)
        self.visit.append(visit)


@dataclass(frozen=True)
class Timetable:
    """Minutes, loads, km and money of one route; k visits, T trips, D dimensions.

    Attributes:
        trip, stop: (k,) trip and stop of each visit.
        arrive, begin, leave, wait: (k,) minutes.
        handed: (k,) minutes of handing over, without the fixed ones of the vehicle.
        km: (k,) of the way to each visit.
        load: (k, D) on board after each visit.
        tardiness: (k,) minutes begun after `due`.
        loading, depart, back, ready: (T,) minutes: loading begins, the trip leaves, it is back,
            decontamination is over.
        back_km: (T,) of the way back.
        start, end, duration: duty, decontamination included, in minutes.
        distance, cost: km and money of the route.
        overtime: Minutes beyond the shift and the longest duty.
        missed: Visits that no window allowed.
    """

    trip: Ints
    stop: Ints
    arrive: Floats
    begin: Floats
    leave: Floats
    wait: Floats
    handed: Floats
    km: Floats
    load: Floats
    tardiness: Floats
    loading: Floats
    depart: Floats
    back: Floats
    ready: Floats
    back_km: Floats
    start: float
    end: float
    duration: float
    distance: float
    cost: float
    overtime: float
    missed: int


def timetable(case: RouteCase, route: Route) -> Timetable:
    """Return the timetable of a route, feasible or not (`missed`, `overtime` and infinite legs)."""
    steps = chain(case, route)
    start = route.start if route.start is not None else _chosen_start(case, route, steps)
    begins = forward(steps, start)
    return _read(case, route, steps, start, begins)


def begun(case: RouteCase, route: Route) -> FixedRoute | None:
    """Return the started route that a route carries on, where it has left home already."""
    fixed = None if route.begun is None else case.fixed[route.begun]
    return fixed if fixed is not None and fixed.place >= 0 else None


def highest_access(case: RouteCase, trip: Trip, fixed: FixedRoute | None = None) -> int:
    """Return the highest access class a trip meets, what was met before included."""
    before = 0 if fixed is None else fixed.highest
    return max([before, *(int(case.stops.access[stop]) for stop in trip.stops)])


def chain(case: RouteCase, route: Route) -> Chain:
    """Return the steps of a route."""
    fleet, v = case.vehicles, route.vehicle
    profile, fixed, steps = int(fleet.profile[v]), begun(case, route), Chain()
    home, early = int(fleet.home[v]), float(fleet.early[v])
    if route.begun is not None:
        early = max(early, case.fixed[route.begun].ready)
    place = home if fixed is None else fixed.place
    steps.add(case, profile, place, windows=((early, inf),))
    for number, trip in enumerate(route.trips):
        under_way = fixed if number == 0 else None
        steps.loads.append(len(steps.place) if under_way is None else 0)
        if under_way is None:
            ready = max((float(case.stops.release[s]) for s in trip.stops), default=0.0)
            steps.add(case, profile, trip.depot, float(fleet.loading[v]), ((ready, inf),))
        for visit in trip.visits:
            stop = visit.stop
            stay = float(case.stops.service[stop]) * visit.share + float(fleet.unloading[v])
            windows = case.stops.windows[stop]
            steps.add(case, profile, int(case.stops.place[stop]), stay, windows, stop)
        steps.returns.append(len(steps.place))
        highest = highest_access(case, trip, under_way)
        steps.add(case, profile, trip.back, float(fleet.decontaminate[v, highest]))
    steps.add(case, profile, int(fleet.end[v]), windows=((-inf, float(fleet.late[v])),))
    return steps


def opening(windows: Windows, minute: float) -> float | None:
    """Return the first minute from `minute` on within the windows; None = too late."""
    for opens, closes in windows:
        if minute <= closes + NEAR:
            return max(minute, opens)
    return None


def closing(windows: Windows, minute: float) -> float:
    """Return the last minute up to `minute` within the windows; `minute` where there is none."""
    for opens, closes in reversed(windows):
        if opens <= minute + NEAR:
            return min(minute, closes)
    return minute


def forward(steps: Chain, start: float, first: int = 0) -> list[float]:
    """Return when each step begins at the earliest, the step `first` beginning at `start`.

    A step that has missed its last window begins at once.
    """
    clock, begins = start, []
    for k in range(first, len(steps.place)):
        arrive = clock + (steps.travel[k] if k > first else 0.0)
        found = opening(steps.windows[k], arrive)
        begin = arrive if found is None else found
        begins.append(begin)
        clock = begin + steps.stay[k]
    return begins


def latest_start(steps: Chain, last: int, minute: float) -> float:
    """Return the latest start with which the step `last` still begins at `minute`."""
    for k in range(last, 0, -1):
        minute = closing(steps.windows[k - 1], minute - steps.travel[k] - steps.stay[k - 1])
    return minute


def _chosen_start(case: RouteCase, route: Route, steps: Chain) -> float:
    """Return the start that keeps the earliest end, or the arrivals where goals look at them.

    Where duty is then too long, or paid and a stop has several windows: the shortest duty.
    """
    early = steps.windows[0][0][0]
    if begun(case, route) is not None:
        return early
    begins = forward(steps, early)
    anchor = len(begins) - 1
    if prompt(case):
        anchor = next((k for k, visit in enumerate(steps.visit) if visit >= 0), anchor)
    start = max(early, latest_start(steps, anchor, begins[anchor]))
    several = any(len(windows) > 1 for windows in steps.windows)
    longest = float(case.vehicles.longest[route.vehicle]) + NEAR
    if forward(steps, start)[-1] - start > longest or (
        several and not prompt(case) and _pays_duty(case)
    ):
        return shortest_start(steps, early)
    return start


def prompt(case: RouteCase) -> bool:
    """Say whether arrivals come before duty in the goals, so that no arrival is delayed.

    A goal that counts both looks at arrivals.
    """
    duty = WORK | {"cost"} if (case.vehicles.per_hour > 0).any() else WORK
    for goal in case.goals:
        names = {name for _, name in goal.terms}
        if names & (PROMPT | duty):
            return bool(names & PROMPT)
    return False


def _pays_duty(case: RouteCase) -> bool:
    paid = bool((case.vehicles.per_hour > 0).any())
    return paid or any(name in WORK for goal in case.goals for _, name in goal.terms)


def shortest_start(steps: Chain, early: float) -> float:
    """Return the start from `early` on with the shortest duty, the earliest of equals.

    Of a shortest timetable, moved back as far as the windows let it, some step begins as its
    window opens: so it is enough to look at each opening, the start as late as it allows and
    everything after it as early as possible.
    """
    last = len(steps.place) - 1
    starts = {max(early, latest_start(steps, last, forward(steps, early)[-1]))}
    for k, windows in enumerate(steps.windows):
        if steps.visit[k] >= 0:
            starts |= {latest_start(steps, k, opens) for opens, _ in windows}
    possible = sorted(start for start in starts if start >= early - NEAR)
    return min(possible, key=lambda start: (_missed(steps, start), _duration(steps, start), start))


def _duration(steps: Chain, start: float) -> float:
    return round(forward(steps, start)[-1] - start, 6)


def _missed(steps: Chain, start: float) -> int:
    begins = forward(steps, start)
    return sum(opening(w, b) is None for w, b in zip(steps.windows, begins, strict=True))


def _read(
    case: RouteCase, route: Route, steps: Chain, start: float, begins: Sequence[float]
) -> Timetable:
    begin, stay = np.array(begins), np.array(steps.stay)
    leave = begin + stay
    arrive = np.r_[start, leave[:-1] + np.array(steps.travel)[1:]]
    km, stop = np.array(steps.km), np.array(steps.visit, dtype=np.int64)
    at = np.flatnonzero(stop >= 0)
    loads, returns = np.array(steps.loads), np.array(steps.returns)
    due = case.stops.due[stop[at]]
    duration, distance = float(leave[-1] - start), float(km.sum())
    return Timetable(
        trip=np.searchsorted(returns, at),
        stop=stop[at],
        arrive=arrive[at],
        begin=begin[at],
        leave=leave[at],
        wait=begin[at] - arrive[at],
        handed=stay[at] - float(case.vehicles.unloading[route.vehicle]),
        km=km[at],
        load=_loads(case, route),
        tardiness=np.maximum(0.0, begin[at] - due),
        loading=begin[loads],
        depart=leave[loads],
        back=arrive[returns],
        ready=leave[returns],
        back_km=km[returns],
        start=start,
        end=float(leave[-1]),
        duration=duration,
        distance=distance,
        cost=_cost(case, route, distance, duration),
        overtime=_overtime(case, route, float(leave[-1]), duration),
        missed=sum(
            visit >= 0 and opening(windows, begin) is None
            for visit, windows, begin in zip(steps.visit, steps.windows, begins, strict=True)
        ),
    )


def _loads(case: RouteCase, route: Route) -> Floats:
    """Return (k, D) what is on board after each visit."""
    parts = [np.zeros((0, len(case.dimensions)))]
    for trip in route.trips:
        share = np.array([visit.share for visit in trip.visits])
        brought = case.stops.load[trip.stops] * share[:, None]
        parts.append(brought.sum(axis=0) - np.cumsum(brought, axis=0))
    return np.maximum(np.concatenate(parts), 0.0)


def _cost(case: RouteCase, route: Route, distance: float, duration: float) -> float:
    """Return fixed + per_trip trips + per_km km + per_hour hours; what is done costs nothing."""
    fleet, v, under_way = case.vehicles, route.vehicle, begun(case, route) is not None
    fixed = 0.0 if under_way else float(fleet.fixed[v])
    trips = len(route.trips) - under_way
    running = float(fleet.per_km[v]) * distance + float(fleet.per_hour[v]) * duration / 60
    return fixed + float(fleet.per_trip[v]) * trips + running


def _overtime(case: RouteCase, route: Route, end: float, duration: float) -> float:
    fleet, v, fixed = case.vehicles, route.vehicle, begun(case, route)
    before = 0.0 if fixed is None else fixed.minutes
    late, longest = float(fleet.late[v]), float(fleet.longest[v])
    over = max(0.0, end - late, duration + before - longest)
    return over if over > NEAR else 0.0
