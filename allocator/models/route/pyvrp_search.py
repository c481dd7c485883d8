"""One start of PyVRP's search that can be carried on, told of other routes, and asked for them.

The search is PyVRP's iterated local search with late acceptance (Burke and Bykov 2017, The late
acceptance hill-climbing heuristic, EJOR 258(1)). It differs in three ways: penalties may begin
gently, at the price of an average arc instead of at half of the largest, which PyVRP comes down
from in tens of thousands of iterations; the state outlives a call; routes of good solutions are
kept for the pool.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvrp
from pyvrp import PenaltyManager, PenaltyParams, RandomNumberGenerator
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.search import OPERATORS, LocalSearch, compute_neighbours

from allocator.models.route.pyvrp_data import Plain, Translated, plain_of, steps_of

HISTORY = 300  # solutions looked back at
PATIENCE = (
    150_000  # PyVRP's own: iterations without a better solution before going back to the best
)
SAMPLE = 10  # iterations between looks at routes for the pool
NEAR_BEST = 1.02  # cost of a solution whose routes are worth keeping, relative to the best
POOL = 40_000  # routes kept

Pool = dict[tuple[int, frozenset[int]], tuple[int, tuple[int, ...]]]
"""Cost and steps of the cheapest route found for a vehicle type and a set of clients."""
Stop = Callable[[], bool]


@dataclass(frozen=True)
class Limits:
    """When a call ends: after seconds (of wall) or iterations, whichever comes first."""

    seconds: float
    iterations: int | None = None


class Search:
    """A start of the search on one problem."""

    def __init__(
        self, problem: Translated, seed: int, start: Plain | None = None, gentle: bool = True
    ) -> None:
        """Build the first solution, from `start` where there is one."""
        self.problem, data = problem, problem.data
        self._rng = RandomNumberGenerator(seed=seed)
        self._ls = LocalSearch(data, self._rng, compute_neighbours(data))
        for operator in OPERATORS:
            if operator.supports(data):
                self._ls.add_operator(operator(data))
        self._penalties = penalties(problem, gentle)
        self.pool: Pool = {}
        self.iterations = self._since_best = 0
        self._history: list[Any] = []
        first = pyvrp.Solution.make_random(data, self._rng)
        if start:
            first = problem.solution(start)
        hardest = self._penalties.max_cost_evaluator()
        self.best = self._current = self._first = self._ls(first, hardest, exhaustive=True)
        if start and self.cost(first) < self.cost(self.best):
            self.best = first
        self._keep(self.best)

    def cost(self, solution: Any) -> float:
        """Return the cost of a solution, infinite where it is not feasible."""
        if not solution.is_feasible():
            return float("inf")
        return float(self._penalties.cost_evaluator().cost(solution))

    def run(self, limits: Limits) -> float:
        """Search until the limits and return the cost of the best."""
        end = time.perf_counter() + limits.seconds
        last = None if limits.iterations is None else self.iterations + limits.iterations
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PenaltyBoundWarning)
            while time.perf_counter() < end and (last is None or self.iterations < last):
                self._step()
        return self.cost(self.best)

    def plain(self) -> Plain:
        """Return the best solution as plain routes."""
        return plain_of(self.best)

    def offer(self, plain: Plain) -> None:
        """Carry on from a solution found elsewhere where it is better."""
        offered = self.problem.solution(plain)
        if self.cost(offered) < self.cost(self.best):
            self.best, self._since_best = offered, 0
            self._back_to_best()

    def _step(self) -> None:
        self.iterations += 1
        self._since_best += 1
        if self._since_best % PATIENCE == 0:
            self._back_to_best()
        price = self._penalties.cost_evaluator()
        found = self._ls(self._current, price, exhaustive=False)
        self._penalties.register(found)
        if price.cost(found) < price.cost(self.best):
            self.best, self._since_best = found, 0
            found = self._ls(found, price, exhaustive=True)
            if price.cost(found) < price.cost(self.best):
                self.best = found
            self._keep(self.best)
        self._accept(found, price)
        looked = self.iterations % SAMPLE == 0 and found.is_feasible()
        if looked and price.cost(found) <= NEAR_BEST * price.cost(self.best):
            self._keep(found)

    def _accept(self, found: Any, price: Any) -> None:
        """Accept late: what is better than the current solution, or than one some time ago."""
        cost, current = price.penalised_cost(found), price.penalised_cost(self._current)
        place = self.iterations % HISTORY
        empty = len(self._history) <= place
        late = price.penalised_cost(self._first if empty else self._history[place])
        if cost < late or cost < current:
            self._current, current = found, cost
        if empty:
            self._history.append(self._current)
        elif current < late:
            self._history[place] = self._current

    def _back_to_best(self) -> None:
        self._current = self._first = self.best
        self._history = []

    def _keep(self, solution: Any) -> None:
        """Remember the routes of a solution."""
        if not solution.is_feasible() or len(self.pool) >= POOL:
            return
        for route in solution.routes():
            steps = steps_of(route)
            key = (route.vehicle_type(), frozenset(step for step in steps if step >= 0))
            cost = route_cost(route)
            if key not in self.pool or cost < self.pool[key][0]:
                self.pool[key] = (cost, steps)


def route_cost(route: Any) -> int:
    """Return what a route costs."""
    return int(route.distance_cost() + route.duration_cost() + route.fixed_vehicle_cost())


def penalties(problem: Translated, gentle: bool) -> PenaltyManager:
    """Return penalties that begin at half of the largest, or gently.

    Gently: at the cost of an average arc for an average load or an average time.
    """
    data, kinds = problem.data, problem.data.vehicle_types()
    typical = np.mean([_typical(problem, kind.profile) for kind in kinds], axis=0)
    cost, minutes = (1.0 + typical).tolist()
    cost += minutes * float(np.mean([k.unit_duration_cost for k in kinds]))
    cost += float(np.mean([k.fixed_cost for k in kinds])) * len(kinds) / data.num_clients
    loads = np.array([client.delivery for client in data.clients()], float).mean(axis=0)
    first = [cost / max(1.0, load) for load in loads]
    params = PenaltyParams(max_penalty=max(100_000.0, 100.0 * cost))
    if not gentle:
        return PenaltyManager(params.midpoint_penalties(data), params)
    return PenaltyManager((first, cost / minutes, 1.0), params)


def _typical(problem: Translated, profile: int) -> tuple[float, float]:
    """Return the mean cost and the mean time of an arc, missing ones left out."""
    distances = np.asarray(problem.data.distance_matrix(profile))
    there = distances < problem.missing_from
    times = np.asarray(problem.data.duration_matrix(profile))
    return float(distances[there].mean()), float(times[there].mean())
