"""OR-Tools routing with its usual settings: cheapest insertion, then guided local search."""

from __future__ import annotations

from typing import Any

import numpy as np
from routing_bench.building import Problem
from routing_bench.vroom_alone import kinds
from routing_bench.whole import scale, whole

from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered

COST_SCALE = 100
FAR = 10**9  # minutes where nothing limits them


def lacking(problem: Problem) -> str:
    """Return what is left out of this plain model; blank when nothing."""
    case = problem.case
    tests = {
        "split deliveries": case.split == "always",
        "several trips with release times": bool((case.vehicles.trips > 1).any()),
    }
    return ", ".join(name for name, there in tests.items() if there)


def solve(problem: Problem, seconds: float, iterations: int | None = None) -> Routes | None:
    """Return the best routes in time; None without any."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    vehicles = kinds(problem)
    homes = problem.case.vehicles.home[vehicles].tolist()
    manager = pywrapcp.RoutingIndexManager(len(problem.case.places), len(vehicles), homes, homes)
    routing = pywrapcp.RoutingModel(manager)
    _add_loads(routing, manager, problem, vehicles)
    _add_costs(routing, manager, problem, vehicles)
    _add_times(routing, manager, problem, vehicles)
    _add_permits(routing, manager, problem, vehicles)
    settings = pywrapcp.DefaultRoutingSearchParameters()
    first, guided = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION,
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH,
    )
    settings.first_solution_strategy, settings.local_search_metaheuristic = first, guided
    settings.time_limit.FromMilliseconds(int(1000 * seconds))
    if iterations is not None:
        settings.solution_limit = iterations
    found = routing.SolveWithParameters(settings)
    if found is None:
        return None
    return _read(problem, routing, manager, vehicles, found)


def _read(problem: Problem, routing: Any, manager: Any, vehicles: np.ndarray, found: Any) -> Routes:
    stop_at = {int(place): stop for stop, place in enumerate(problem.case.stops.place)}
    routes = []
    for vehicle, kind in enumerate(vehicles.tolist()):
        visits, index = [], found.Value(routing.NextVar(routing.Start(vehicle)))
        while not routing.IsEnd(index):
            visits.append(Visit(stop_at[manager.IndexToNode(index)]))
            index = found.Value(routing.NextVar(index))
        home = int(problem.case.vehicles.home[kind])
        routes.append(Route(kind, 0, (Trip(home, tuple(visits), home),)))
    return numbered(routes)


def _by_place(problem: Problem, values: np.ndarray) -> np.ndarray:
    found = np.zeros(len(problem.case.places), dtype=np.int64)
    found[problem.case.stops.place] = values
    return found


def _add_loads(routing: Any, manager: Any, problem: Problem, vehicles: np.ndarray) -> None:
    load = _by_place(problem, whole(problem.case.stops.load[:, 0])).tolist()
    callback = routing.RegisterUnaryTransitVector(
        [load[manager.IndexToNode(k)] for k in range(manager.GetNumberOfIndices())]
    )
    most = whole(problem.case.vehicles.capacity[vehicles, 0]).tolist()
    routing.AddDimensionWithVehicleCapacity(callback, 0, most, True, "load")


def _add_costs(routing: Any, manager: Any, problem: Problem, vehicles: np.ndarray) -> None:
    """Cost of arcs by type, and of vehicles used; nothing of either when arrivals count."""
    if problem.goal != "cost":
        return
    fleet, parts = problem.case.vehicles, scale(problem)
    by_rate = {
        rate: _transit(routing, manager, whole(problem.case.km[0] * rate, parts * COST_SCALE))
        for rate in set(fleet.per_km.tolist())
    }
    for vehicle, kind in enumerate(vehicles.tolist()):
        routing.SetArcCostEvaluatorOfVehicle(by_rate[float(fleet.per_km[kind])], vehicle)
        cost = int(whole(fleet.fixed[kind], parts * COST_SCALE))
        routing.SetFixedCostOfVehicle(cost, vehicle)


def _transit(routing: Any, manager: Any, matrix: np.ndarray) -> int:
    nodes = [manager.IndexToNode(k) for k in range(manager.GetNumberOfIndices())]
    registered: int = routing.RegisterTransitMatrix(matrix[np.ix_(nodes, nodes)].tolist())
    return registered


def _add_times(routing: Any, manager: Any, problem: Problem, vehicles: np.ndarray) -> None:
    """Windows, shifts, longest duty; the sum of arrivals by soft upper bounds of 0."""
    case, parts = problem.case, scale(problem)
    if not case.minutes.any():
        return
    service = _by_place(problem, whole(case.stops.service, parts))
    callback = _transit(routing, manager, whole(case.minutes[0], parts) + service[:, None])
    routing.AddDimension(callback, FAR, FAR, problem.goal == "arrivals", "time")
    time = routing.GetDimensionOrDie("time")
    for k, place in enumerate(case.stops.place.tolist()):
        index = manager.NodeToIndex(place)
        opens, closes = case.stops.windows[k][0]
        if np.isfinite(closes):
            time.CumulVar(index).SetRange(int(whole(opens, parts)), int(whole(closes, parts)))
        if problem.goal == "arrivals":
            time.SetCumulVarSoftUpperBound(index, 0, 1)
    for vehicle, kind in enumerate(vehicles.tolist()):
        late, longest = float(case.vehicles.late[kind]), float(case.vehicles.longest[kind])
        if np.isfinite(late):
            time.CumulVar(routing.End(vehicle)).SetMax(int(late * parts))
        if np.isfinite(longest):
            time.SetSpanUpperBoundForVehicle(int(longest * parts), vehicle)


def _add_permits(routing: Any, manager: Any, problem: Problem, vehicles: np.ndarray) -> None:
    permitted = problem.case.stops.permitted[:, vehicles]
    for k, place in enumerate(problem.case.stops.place.tolist()):
        if not permitted[k].all():
            allowed = [-1, *np.flatnonzero(permitted[k]).tolist()]
            routing.VehicleVar(manager.NodeToIndex(place)).SetValues(allowed)
