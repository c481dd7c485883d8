"""PyVRP as it comes, started once a core with different seeds; the best counts."""

from __future__ import annotations

import multiprocessing
import site
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from routing_bench.building import Problem
from routing_bench.whole import scale, whole

from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered

COST_PARTS = 100  # of a unit of cost, where costs of vehicles are not whole


def lacking(problem: Problem) -> str:
    """Return what PyVRP cannot express of a problem; blank when nothing."""
    split = "split deliveries" if problem.case.split == "always" else ""
    return "sum of arrivals" if problem.goal != "cost" else split


def solve(problem: Problem, seconds: float, seed: int, cores: int) -> Routes | None:
    """Return the best routes of one search a core; None when none is feasible."""
    context = multiprocessing.get_context("spawn")
    tasks = [(problem, seconds, seed * cores + core) for core in range(cores)]
    home = str(Path(__file__).parents[1])  # where the other processes find this module
    with ProcessPoolExecutor(cores, context, site.addsitedir, (home,)) as pool:
        found = [one for one in pool.map(_searched, tasks) if one is not None]
    return min(found, key=lambda one: one[0])[1] if found else None


def _searched(task: tuple[Problem, float, int]) -> tuple[int, Routes] | None:
    from pyvrp.stop import MaxRuntime

    problem, seconds, seed = task
    result = model(problem).solve(MaxRuntime(seconds), seed=seed, display=False)
    if not result.is_feasible():
        return None
    routes = numbered(_route(problem, route) for route in result.best.routes())
    return int(result.cost()), routes


def _route(problem: Problem, route: Any) -> Route:
    home = int(problem.case.vehicles.home[route.vehicle_type()])
    orders: list[list[int]] = [[]]
    for activity in route.schedule()[1:-1]:
        if activity.is_client():
            orders[-1].append(activity.idx)
        else:
            orders.append([])
    trips = (Trip(home, tuple(Visit(stop) for stop in order), home) for order in orders)
    return Route(route.vehicle_type(), 0, tuple(trips))


def model(problem: Problem) -> Any:
    """Return the problem as PyVRP's model."""
    import pyvrp

    case, parts, costs = problem.case, scale(problem), _cost_parts(problem)
    stops, fleet = case.stops, case.vehicles
    made = pyvrp.Model()
    locations = [made.add_location(0, 0) for _ in case.places]
    depots = {home: made.add_depot(locations[home]) for home in sorted(set(fleet.home.tolist()))}
    for k, place in enumerate(stops.place.tolist()):
        opens, closes = stops.windows[k][0]
        made.add_client(
            locations[place],
            delivery=int(whole(stops.load[k, 0], parts)),
            service_duration=int(whole(stops.service[k], parts)),
            tw_early=int(whole(opens, parts)),
            tw_late=int(whole(closes, parts)),
            release_time=int(whole(stops.release[k], parts)),
        )
    profiles = [made.add_profile() for _ in fleet.ids]
    for v, profile in enumerate(profiles):
        home, trips = int(fleet.home[v]), int(fleet.trips[v])
        made.add_vehicle_type(
            num_available=int(fleet.count[v]),
            capacity=int(whole(fleet.capacity[v, 0], parts)),
            start_depot=depots[home],
            end_depot=depots[home],
            fixed_cost=int(whole(fleet.fixed[v], parts * costs)),
            unit_distance_cost=int(whole(fleet.per_km[v], costs)),
            tw_late=int(whole(fleet.late[v], parts)),
            shift_duration=int(whole(fleet.longest[v], parts)),
            profile=profile,
            reload_depots=[depots[home]] if trips > 1 else [],
            max_reloads=max(0, trips - 1),
        )
        _add_edges(made, locations, profile, problem, v)
    return made


def _cost_parts(problem: Problem) -> int:
    """Return into how many parts a unit of cost is cut so that those of vehicles are whole."""
    fleet = problem.case.vehicles
    costs = np.concatenate([fleet.fixed, fleet.per_km])
    return 1 if bool((costs == np.round(costs)).all()) else COST_PARTS


def _add_edges(made: Any, locations: Any, profile: Any, problem: Problem, v: int) -> None:
    """Add the arcs of a type; barred stops lie as far away as in PyVRP's own reader."""
    import pyvrp

    case, parts = problem.case, scale(problem)
    distance, minutes = whole(case.km[0], parts), whole(case.minutes[0], parts)
    barred = case.stops.place[~case.stops.permitted[:, v]]
    distance[:, barred] = distance[barred, :] = pyvrp.constants.MAX_VALUE
    np.fill_diagonal(distance, 0)
    np.fill_diagonal(minutes, 0)
    for a, here in enumerate(locations):
        for b, there in enumerate(locations):
            made.add_edge(here, there, int(distance[a, b]), int(minutes[a, b]), profile)
