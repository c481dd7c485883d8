"""OR-Tools routing: for goals of arrivals, tardiness and work that PyVRP does not know.

Goal after goal: each is minimised by guided local search with the earlier ones held as limits.
What is left unserved is priced within every goal, above anything the goal could save by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase
from allocator.models.route.by_rule import by_rule
from allocator.models.route.capabilities import Report
from allocator.models.route.goals import DEFAULT, better, ordered, values
from allocator.models.route.ortools_data import nodes_of
from allocator.models.route.ortools_held import FREE
from allocator.models.route.ortools_model import Model
from allocator.models.route.repair import repaired
from allocator.models.route.routes import Routes

ITERATIONS = 2000
LONGEST = 3600.0  # seconds where only the iterations limit a search
UNLIMITED = 2**62
FAILURES = 20  # moves refused by the rules that count as much as one accepted


def ortools_router(
    case: RouteCase,
    seconds: float | None = None,
    seed: int = 0,
    iterations: int | None = None,
    start: Routes | None = None,
    report: Report = lambda routes: None,
) -> Routes:
    """Return the best routes found; see `capabilities.Search` for the arguments."""
    if seconds is None and iterations is None:
        iterations = ITERATIONS
    best = by_rule(case) if start is None else start
    lowest = ordered(case, values(case, best))
    deadline = None if seconds is None else time.monotonic() + seconds
    goals = [goal for goal in case.goals or DEFAULT if counted(goal)]

    def hear(routes: Routes) -> None:
        nonlocal best, lowest
        routes = repaired(case, routes)
        found = ordered(case, values(case, routes))
        if better(found, lowest):
            best, lowest = routes, found
            report(best)

    for number, goal in enumerate(goals):
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            break
        known = values(case, best)
        held = [(one, known) for one in goals[:number]]
        own = None if left is None else left / (len(goals) - number)
        search(Model(nodes_of(case, best), goal, held), best, own, seed, iterations, hear)
    return best


def counted(goal: GoalSpec) -> bool:
    """Say whether a goal counts more than what is left unserved."""
    return any(name not in FREE for _, name in goal.terms)


def search(
    model: Model,
    start: Routes,
    seconds: float | None,
    seed: int,
    iterations: int | None,
    hear: Callable[[Routes], None],
) -> None:
    """Search from a start; every solution better than those before it is heard."""
    routing, lowest = model.routing, None

    def at_solution() -> None:
        nonlocal lowest
        value = routing.CostVar().Max()
        if lowest is None or value < lowest:
            lowest = value
            hear(model.nodes.routes(model.routes()))

    routing.AddAtSolutionCallback(at_solution)
    parameters = _parameters(seconds, iterations)
    routing.solver().ReSeed(seed)
    if iterations is not None:
        routing.AddSearchMonitor(routing.solver().FailuresLimit(FAILURES * iterations))
    routing.CloseModelWithParameters(parameters)
    first = routing.ReadAssignmentFromRoutes(
        [[model.manager.NodeToIndex(node) for node in own] for own in model.nodes.plain(start)],
        True,
    )
    if first is None:
        routing.SolveWithParameters(parameters)
    else:
        routing.SolveFromAssignmentWithParameters(first, parameters)


def _parameters(seconds: float | None, iterations: int | None) -> pywrapcp.RoutingModel:
    """Return how to search; without seconds the iterations alone end it."""
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    first = routing_enums_pb2.FirstSolutionStrategy
    parameters.first_solution_strategy = first.PARALLEL_CHEAPEST_INSERTION
    guided = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.local_search_metaheuristic = guided
    parameters.time_limit.FromMilliseconds(int(1000 * max(0.05, min(LONGEST, seconds or LONGEST))))
    parameters.solution_limit = iterations or UNLIMITED
    return parameters
