"""VROOM through pyvroom at its deepest exploration; it ends by itself and has no seed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from routing_bench.building import Problem
from routing_bench.whole import scale, whole

from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered

DEPTH = 5


def lacking(problem: Problem) -> str:
    """Return what VROOM cannot express of a problem; blank when nothing."""
    case = problem.case
    windows = any(window[0] != (0.0, np.inf) for window in case.stops.windows)
    tests = {
        "sum of arrivals": problem.goal != "cost",
        "split deliveries": case.split == "always",
        "several trips": bool((case.vehicles.trips > 1).any()),
        "longest duty beside windows": windows and bool(np.isfinite(case.vehicles.longest).any()),
    }
    return ", ".join(name for name, there in tests.items() if there)


def solve(problem: Problem, seconds: float, cores: int) -> Routes | None:
    """Return VROOM's routes; None when it leaves a stop out."""
    answer = given(problem).solve(DEPTH, cores, timedelta(seconds=seconds))
    if answer.summary.unassigned:
        return None
    table = answer.routes
    orders: dict[int, list[int]] = {}
    for vehicle, kind, job in zip(table["vehicle_id"], table["type"], table["id"], strict=True):
        if kind == "job":
            orders.setdefault(int(vehicle), []).append(int(job))
    return numbered(_route(problem, *one) for one in orders.items())


def _route(problem: Problem, vehicle: int, order: list[int]) -> Route:
    kind = int(kinds(problem)[vehicle])
    home = int(problem.case.vehicles.home[kind])
    return Route(kind, 0, (Trip(home, tuple(Visit(stop) for stop in order), home),))


def kinds(problem: Problem) -> np.ndarray:
    """Return the type of each vehicle."""
    fleet = problem.case.vehicles
    return np.repeat(np.arange(len(fleet)), np.minimum(fleet.count, len(problem.case.stops)))


def given(problem: Problem) -> Any:
    """Return the problem as VROOM's input; permits are skills, a duty is a shift from 0 on."""
    import vroom

    case, parts = problem.case, scale(problem)
    stops, fleet = case.stops, case.vehicles
    made = vroom.Input()
    made.set_durations_matrix("car", whole(case.minutes[0], parts))
    for rate in sorted(set(fleet.per_km.tolist())):
        made.set_durations_matrix(f"p{rate}", whole(case.minutes[0], parts))
        made.set_costs_matrix(f"p{rate}", whole(case.km[0] * rate, parts))
    everywhere = stops.permitted.all(axis=1)
    for number, v in enumerate(kinds(problem).tolist()):
        end = min(float(fleet.late[v]), float(fleet.longest[v]))
        made.add_vehicle(
            vroom.Vehicle(
                number,
                start=int(fleet.home[v]),
                end=int(fleet.home[v]),
                profile=f"p{float(fleet.per_km[v])}",
                capacity=[int(fleet.capacity[v, 0])],
                skills=set(np.flatnonzero(stops.permitted[:, v] & ~everywhere).tolist()),
                time_window=None if np.isinf(end) else vroom.TimeWindow(0, int(end * parts)),
                costs=vroom.VehicleCosts(fixed=round(fleet.fixed[v] * parts)),
            )
        )
    for k, place in enumerate(stops.place.tolist()):
        opens, closes = stops.windows[k][0]
        window = []
        if np.isfinite(closes):
            window = [vroom.TimeWindow(int(opens * parts), int(closes * parts))]
        made.add_job(
            vroom.Job(
                k,
                location=place,
                default_service=round(float(stops.service[k]) * parts),
                delivery=vroom.Amount([int(stops.load[k, 0])]),
                skills=set() if everywhere[k] else {k},
                time_windows=window,
            )
        )
    return made
