"""Least weighted sum of arrivals with the vehicles there are: the router of that one goal.

Searches from several starts meet many routes; a program over all of them finds the best plan they
can make, and a last search starts from it. One trip a vehicle; see `obstacles` for the rules that
it cannot keep. Problem: Ngueveu, Prins and Wolfler Calvo 2010, COR 37:1877-1885.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.route_case import RouteCase
from allocator.models.route.cumulative_data import Cumulative, Order, from_case
from allocator.models.route.cumulative_rounds import Rounds
from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered

ITERATIONS = 2000  # without any limit

Report = Callable[[Routes], None]


def cumulative(
    case: RouteCase,
    seconds: float | None = None,
    seed: int = 0,
    iterations: int | None = None,
    start: Routes | None = None,
    report: Report | None = None,
    workers: int = 1,
) -> Routes:
    """Return routes with a small weighted sum of arrivals; stops that fit nowhere are left out.

    Args:
        case: The case; `obstacles(case)` must be empty.
        seconds: Time limit.
        seed: Seed; the same seed and iterations without a time limit give the same routes.
        iterations: Limit of the local searches of a worker together.
        start: Routes to start from.
        report: Hears every better plan.
        workers: Searches side by side, each in a process of its own.
    """
    whole = from_case(case)
    if seconds is None and iterations is None:
        iterations = ITERATIONS
    began = time.time()
    everyone = np.arange(whole.stops)
    hear = _heard(case, whole, everyone, report)
    rounds = Rounds(whole, seconds, seed, iterations, workers, hear)
    orders = rounds.run(_orders(whole, start))
    if orders is not None:
        return routes_of(case, whole, orders)
    fits = fitting(whole, rounds.last, case.stops.prize)
    kept = np.array(sorted(stop for order in fits for stop in order), dtype=np.int64)
    left = None if seconds is None else max(0.0, seconds - (time.time() - began))
    part = whole.only(kept)
    rounds = Rounds(part, left, seed, iterations, workers, _heard(case, part, kept, report))
    rank = np.cumsum(np.isin(everyone, kept)) - 1
    found = rounds.run([tuple(int(rank[stop]) for stop in order) for order in fits])
    return routes_of(case, whole, fits if found is None else named(found, kept))


def named(orders: list[Order], kept: Ints) -> list[Order]:
    """Return the orders of a part of the stops by their rows in the whole."""
    return [tuple(int(kept[stop]) for stop in order) for order in orders]


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
    case: RouteCase, problem: Cumulative, kept: Ints, report: Report | None
) -> Callable[[list[Order]], None]:
    def hear(orders: list[Order]) -> None:
        if report is not None:
            report(routes_of(case, problem, named(orders, kept)))

    return hear


def fitting(problem: Cumulative, orders: list[Order], prize: Floats) -> list[Order]:
    """Return orders without the stops that break a limit, those of the least prize first."""
    found = []
    for kind, order in zip(problem.kind.tolist(), orders, strict=True):
        while not problem.fits(kind, order):
            worst = min(order, key=lambda stop: (prize[stop], -problem.load[stop].sum(), stop))
            order = tuple(stop for stop in order if stop != worst)
        found.append(order)
    return found
