"""Least weighted sum of arrivals with the vehicles there are: the router of that one goal.

Searches from several starts meet many routes; a program over all of them finds the best plan they
can make, and a last search starts from it. One trip a vehicle; see `obstacles` for the rules that
it cannot keep. Problem: Ngueveu, Prins and Wolfler Calvo 2010, COR 37:1877-1885.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from allocator.instance.route_case import RouteCase
from allocator.models.route.cumulative_data import Cumulative, Order, from_case
from allocator.models.route.cumulative_pool import Pool, merge, partition
from allocator.models.route.cumulative_search import Search
from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered

SHARES = (0.35, 0.35, 0.2)  # of the limit for each search; the rest is for the programs
PROGRAM_SHARE = 0.1
ITERATIONS = 2000  # without any limit

Report = Callable[[Routes], None]


def cumulative(
    case: RouteCase,
    seconds: float | None = None,
    seed: int = 0,
    iterations: int | None = None,
    start: Routes | None = None,
    report: Report | None = None,
) -> Routes:
    """Return routes with a small weighted sum of arrivals; stops that fit nowhere are left out.

    Args:
        case: The case; `obstacles(case)` must be empty.
        seconds: Time limit.
        seed: Seed; the same seed and iterations without a time limit give the same routes.
        iterations: Limit of the local searches together.
        start: Routes to start from.
        report: Hears every better plan.
    """
    problem = from_case(case)
    if seconds is None and iterations is None:
        iterations = ITERATIONS
    orders = _Rounds(problem, seconds, seed, iterations, _heard(case, problem, report)).run(
        _orders(problem, start), case.stops.prize
    )
    return routes_of(case, problem, orders)


def routes_of(case: RouteCase, problem: Cumulative, orders: list[Order]) -> Routes:
    """Return orders, one a vehicle, as routes."""
    home, end = case.vehicles.home.tolist(), case.vehicles.end.tolist()
    return numbered(
        Route(kind, 0, (Trip(home[kind], tuple(Visit(stop) for stop in order), end[kind]),))
        for kind, order in zip(problem.kind.tolist(), orders, strict=True)
    )


def _orders(problem: Cumulative, start: Routes | None) -> list[Order] | None:
    """Return the stops of given routes by vehicle; those beyond the fleet are dropped."""
    if not start:
        return None
    waiting: dict[int, list[Order]] = {}
    for route in start:
        waiting.setdefault(route.vehicle, []).append(tuple(one.stop for one in route.visits))
    return [waiting[kind].pop(0) if waiting.get(kind) else () for kind in problem.kind.tolist()]


def _heard(
    case: RouteCase, problem: Cumulative, report: Report | None
) -> Callable[[list[Order]], None]:
    def hear(orders: list[Order]) -> None:
        if report is not None:
            report(routes_of(case, problem, orders))

    return hear


class _Rounds:
    """The searches one after another, with what they have in common."""

    def __init__(
        self,
        problem: Cumulative,
        seconds: float | None,
        seed: int,
        iterations: int | None,
        hear: Callable[[list[Order]], None],
    ) -> None:
        self.problem, self.seed, self.hear = problem, seed, hear
        self.seconds, self.iterations = seconds, iterations
        self.began = time.monotonic()
        self.best: list[Order] | None = None
        self.value = np.inf
        self.pool: Pool = {}

    def run(self, start: list[Order] | None, prize: np.ndarray) -> list[Order]:
        """Return the best orders found, one a vehicle."""
        last: Search | None = None
        done = 0.0
        for number, share in enumerate(SHARES):
            from_best = self.best if number == len(SHARES) - 1 else None
            last = Search(self.problem, (self.seed, number), from_best or start, self._keep)
            last.run(self._progress(done, share))
            done += share
            merge(self.pool, last.pool)
            self._partition(done)
        if self.best is None and last is not None:
            return fitting(self.problem, last.state.orders, prize)
        return self.best or [()] * len(self.problem.kind)

    def _keep(self, orders: list[Order], value: float) -> None:
        if value < self.value - 1e-7:
            self.best, self.value = list(orders), value
            self.hear(self.best)

    def _progress(self, done: float, share: float) -> Callable[[int], float]:
        """Return what part of a search is over, by time, by iterations, or by both."""

        def part(iteration: int) -> float:
            parts = [0.0]
            if self.seconds is not None:
                spent = (time.monotonic() - self.began) / self.seconds
                parts.append((spent - done) / share)
            if self.iterations is not None:
                parts.append(iteration / max(1.0, self.iterations * share / sum(SHARES)))
            return max(parts)

        return part

    def _partition(self, done: float) -> None:
        left = None
        if self.seconds is not None:
            spent = time.monotonic() - self.began
            left = max(0.05, min(PROGRAM_SHARE * self.seconds, self.seconds - spent))
        orders = partition(self.problem, self.pool, left, self.seed)
        if orders is not None:
            kinds = self.problem.kind.tolist()
            self._keep(orders, sum(map(self.problem.cost, kinds, orders)))


def fitting(problem: Cumulative, orders: list[Order], prize: np.ndarray) -> list[Order]:
    """Return orders without the stops that break a limit, those of the least prize first."""
    found = []
    for kind, order in zip(problem.kind.tolist(), orders, strict=True):
        while not problem.fits(kind, order):
            worst = min(order, key=lambda stop: (prize[stop], -problem.load[stop].sum(), stop))
            order = tuple(stop for stop in order if stop != worst)
        found.append(order)
    return found
