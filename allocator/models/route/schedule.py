"""When a route is where: as early as possible, then the start delayed to cut waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.route_case import RouteCase
from allocator.models.route.chain import (
    NEAR,
    Chain,
    begun,
    chain,
    forward,
    latest_start,
    opening,
    shortest_start,
)
from allocator.models.route.routes import Route

PROMPT = frozenset({"latest_arrival", "arrivals", "tardiness"})  # want no arrival delayed
WORK = frozenset({"duration", "longest_work", "work_spread"})  # want duty short


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
