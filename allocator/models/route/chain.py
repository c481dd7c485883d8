"""The steps of a route and when they can begin: forwards the earliest, backwards the latest.

A route is a chain of steps (start, loading, visits, return, ..., end), each with travel before
it, minutes spent there and windows in which it may begin (formulation, section 4).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from allocator.instance.route_case import FixedRoute, RouteCase, Windows
from allocator.models.route.routes import Route, Trip

NEAR = 1e-6  # minutes, km: noise of sums
ALWAYS: Windows = ((-inf, inf),)


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
    cleanings: list[int] = field(default_factory=list)  # steps of decontamination on the way

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


def begun(case: RouteCase, route: Route) -> FixedRoute | None:
    """Return the started route that a route carries on, where it has left home already."""
    fixed = None if route.begun is None else case.fixed[route.begun]
    return fixed if fixed is not None and fixed.place >= 0 else None


def cleaned(
    case: RouteCase, profile: int, trip: Trip, fixed: FixedRoute | None = None
) -> tuple[list[int], int]:
    """Return where a vehicle is decontaminated before each visit, and the highest class met since.

    It is where the class of access would fall, at the place that is through soonest; -1 = not
    decontaminated before the visit. What a route under way has met before is included.
    """
    stations, ways = [], case.detours
    met, here = (0, trip.depot) if fixed is None else (fixed.highest, fixed.place)
    for stop in trip.stops:
        access, there = int(case.stops.access[stop]), int(case.stops.place[stop])
        by = int(ways.by[profile, here, there]) if ways is not None and access < met else -1
        stations.append(by)
        met, here = access if by >= 0 else max(met, access), there
    return stations, met


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
        stations, highest = cleaned(case, profile, trip, under_way)
        for visit, station in zip(trip.visits, stations, strict=True):
            stop = visit.stop
            if station >= 0 and case.stations is not None:
                steps.cleanings.append(len(steps.place))
                steps.add(case, profile, station, float(case.stations[station]))
            stay = float(case.stops.service[stop]) * visit.share + float(fleet.unloading[v])
            windows = case.stops.windows[stop]
            steps.add(case, profile, int(case.stops.place[stop]), stay, windows, stop)
        steps.returns.append(len(steps.place))
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
