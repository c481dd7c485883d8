"""The best plan made of routes met before: each stop in one route, each vehicle used once.

Set partitioning over the routes of local searches: Rochat and Taillard 1995; Subramanian 2012.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from allocator.engine.program import Program
from allocator.engine.session import Session
from allocator.models.route.cumulative_data import Cumulative, Order

Pool = dict[tuple[int, frozenset[int]], tuple[float, Order]]
"""Type and stops of a route -> its least cost and the order that has it."""

MOST_COLUMNS = 20_000
NODES = 200  # branch-and-bound nodes where no clock may decide


def merge(pool: Pool, other: Mapping[tuple[int, frozenset[int]], tuple[float, Order]]) -> None:
    """Add routes to a pool, the cheaper order of equals."""
    for name, found in other.items():
        known = pool.get(name)
        if known is None or found[0] < known[0]:
            pool[name] = found


def partition(
    problem: Cumulative, pool: Pool, seconds: float | None, seed: int = 0
) -> list[Order] | None:
    """Return the best orders, one a vehicle, made of the routes of a pool; None without any.

    Args:
        problem: The problem; the vehicles of a type are alike.
        pool: The routes.
        seconds: Time limit; None = a limit on nodes instead.
        seed: Seed of the solver.
    """
    names = sorted(pool, key=lambda name: (pool[name][0] / len(name[1]), pool[name][1]))
    names = names[:MOST_COLUMNS]
    if len({stop for name in names for stop in name[1]}) < problem.stops:
        return None
    program = Program()
    used = program.add_columns("used", len(names), 1.0, integer=True)
    once = program.add_rows("once", problem.stops, lower=1.0, upper=1.0)
    counts = np.bincount(problem.kind, minlength=len(problem.capacity)).astype(float)
    fleet = program.add_rows("fleet", len(counts), upper=counts)
    stop = np.array([stop for name in names for stop in pool[name][1]], dtype=np.int64)
    route = np.repeat(used, [len(name[1]) for name in names])
    program.add_entries(once[stop], route, 1.0)
    program.add_entries(fleet[[name[0] for name in names]], used, 1.0)
    cost = np.array([pool[name][0] for name in names])
    work = NODES if seconds is None else None
    outcome = Session(program, seed=seed).minimise(cost, seconds, work, 1e-6)
    if outcome.solution is None:
        return None
    chosen = [names[k] for k in np.flatnonzero(outcome.solution > 0.5)]
    return _by_vehicle(problem, [(name[0], pool[name][1]) for name in chosen])


def _by_vehicle(problem: Cumulative, routes: list[tuple[int, Order]]) -> list[Order]:
    waiting: dict[int, list[Order]] = {}
    for kind, order in routes:
        waiting.setdefault(kind, []).append(order)
    return [waiting[kind].pop() if waiting.get(kind) else () for kind in problem.kind.tolist()]
