"""The best solution made of routes found so far: a set-partitioning program over the pool.

Minimise the cost of the routes taken and the prizes left, each piece at most once (exactly once
where required), no more vehicles of a type than there are (Foster and Ryan 1976, An integer
programming approach to the vehicle scheduling problem; as a heuristic: Subramanian, Uchoa and
Ochi 2013, A hybrid algorithm for a class of vehicle routing problems).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats, Ints, Program
from allocator.engine.session import Session
from allocator.models.route.pyvrp_data import Plain, Translated
from allocator.models.route.pyvrp_search import Pool

COLUMNS = 1_000  # most columns of the program with whole numbers
NODES = 5  # of branch and bound where the work is limited, not the time


@dataclass(frozen=True)
class Combination:
    """A solution and its cost, and whether it is proven best of the columns tried."""

    plain: Plain
    cost: float
    proven: bool


@dataclass(frozen=True)
class Columns:
    """The pool as arrays: cost and vehicle type of each route, its pieces row by row."""

    cost: Floats
    kind: Ints
    route: Ints
    piece: Ints

    def only(self, chosen: Ints) -> Columns:
        """Return some of the columns."""
        rank = np.full(len(self.cost), -1)
        rank[chosen] = np.arange(len(chosen))
        inside = rank[self.route] >= 0
        return Columns(
            self.cost[chosen], self.kind[chosen], rank[self.route[inside]], self.piece[inside]
        )


def combine(
    problem: Translated,
    pool: Pool,
    best: float,
    seconds: float | None = None,
    nodes: int | None = NODES,
    seed: int = 0,
) -> Combination | None:
    """Return a solution of routes of the pool that costs less than `best`, None if none is found.

    `seconds` limits the time and `nodes` the work; None does not.
    """
    entries = list(pool.items())
    columns, cost_left, required = _columns(problem, pool), *_pieces(problem)
    if not entries:
        return None
    program = _program(problem, columns, required)
    session = Session(program, seed)
    session.relax()
    relaxed = session.minimise(
        _costs(columns, cost_left), seconds=None if seconds is None else seconds / 2, relaxed=True
    )
    if relaxed.duals is None or relaxed.value is None or relaxed.value > best - 0.5:
        return None
    chosen = _promising(program, columns, cost_left, relaxed, best)
    columns = columns.only(chosen)
    program = _program(problem, columns, required)
    outcome = Session(program, seed).minimise(
        _costs(columns, cost_left),
        seconds=None if seconds is None else seconds / 2,
        work=nodes,
        gap=0.0,
    )
    if outcome.solution is None or outcome.value is None or outcome.value > best - 0.5:
        return None
    taken = chosen[np.flatnonzero(outcome.solution[: len(chosen)] > 0.5)]
    plain = tuple((entries[k][0][0], entries[k][1][1]) for k in taken.tolist())
    return Combination(plain, outcome.value, outcome.termination == "completed")


def _columns(problem: Translated, pool: Pool) -> Columns:
    sizes = [len(clients) for _, clients in pool]
    clients = [client for _, members in pool for client in sorted(members)]
    return Columns(
        cost=np.array([cost for cost, _ in pool.values()], float),
        kind=np.array([kind for kind, _ in pool], dtype=np.int64),
        route=np.repeat(np.arange(len(sizes)), sizes),
        piece=problem.piece[np.array(clients, dtype=np.int64)],
    )


def _pieces(problem: Translated) -> tuple[Floats, Floats]:
    """Return for each piece what leaving it costs, and the least number of its visits (0, 1)."""
    data, count = problem.data, len(problem.pieces)
    prize, required = np.zeros(count), np.zeros(count)
    for client, piece in zip(data.clients(), problem.piece, strict=True):
        must = client.required or (client.group is not None and data.group(client.group).required)
        required[piece], prize[piece] = float(must), float(client.prize)
    return np.where(required > 0, 0.0, prize), required


def _costs(columns: Columns, left: Floats) -> Floats:
    return np.concatenate([columns.cost, left])


def _program(problem: Translated, columns: Columns, required: Floats) -> Program:
    """Rows `visited` and `vehicles` over the columns `routes` and `left`."""
    data, program = problem.data, Program()
    routes = program.add_columns("routes", len(columns.cost), 1.0, integer=True)
    left = program.add_columns("left", len(required), 1.0 - required)
    visited = program.add_rows("visited", len(required), 1.0, 1.0)
    program.add_entries(visited[columns.piece], routes[columns.route], 1.0)
    program.add_entries(visited, left, 1.0)
    counts = np.array([kind.num_available for kind in data.vehicle_types()], float)
    vehicles = program.add_rows("vehicles", len(counts), 0.0, counts)
    program.add_entries(vehicles[columns.kind], routes, 1.0)
    return program


def _promising(
    program: Program, columns: Columns, left: Floats, relaxed: Outcome, best: float
) -> Ints:
    """Return the columns that may be part of a better solution, those of least reduced cost."""
    reduced = _costs(columns, left) - program.matrix().T @ np.asarray(relaxed.duals)
    reduced = reduced[: len(columns.cost)]
    able = np.flatnonzero(reduced <= best - (relaxed.value or 0.0))
    return np.sort(able[np.argsort(reduced[able], kind="stable")[:COLUMNS]])
