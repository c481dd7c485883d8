"""Moves within a route: two runs next to each other change places, either way round, or one turns.

That covers or-opt, swaps of neighbours and 2-opt. In long routes one of the two runs is short.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.models.route.cumulative_data import Cumulative, Order
from allocator.models.route.cumulative_moves import Price
from allocator.models.route.cumulative_slots import sums

ALL_UP_TO = 14  # stops of a route whose runs may be of any length
SHORT = 3  # stops of the shorter run in longer routes
LEAST = 1e-7  # a change smaller than this is none


@lru_cache(maxsize=256)
def _moves(stops: int) -> tuple[Ints, Ints]:
    """Return (5, M) first and last of the run laid first, of the run laid second, the anchor.

    A run is given backwards by first > last. Turning one run is laying it alone: its second part
    is the rest of it, so both are the same moves with an empty second run, kept apart in (3, T).
    """
    i, j, k = (axis.ravel() for axis in np.indices((stops + 1,) * 3))
    kept = (i < j) & (j < k)
    if stops > ALL_UP_TO:
        kept &= np.minimum(j - i, k - j) <= SHORT
    i, j, k = i[kept], j[kept], k[kept]
    ways = [(j + 1, k, i + 1, j), (k, j + 1, i + 1, j), (j + 1, k, j, i + 1), (k, j + 1, j, i + 1)]
    pairs = np.concatenate([np.array([*way, i, k + 1]) for way in ways], axis=1)
    low, high = np.triu_indices(stops, 1)
    turns = np.array([high + 1, low + 1, low, high + 2])
    return pairs, turns


def settled(problem: Cumulative, kind: int, order: Order, price: Price) -> Order:
    """Return the route after the best moves within it, one after another."""
    while len(order) > 1:
        better = _better(problem, kind, order, price)
        if better is None:
            return order
        order = better
    return order


def _better(problem: Cumulative, kind: int, order: Order, price: Price) -> Order | None:
    one = sums(problem, kind, order)
    nodes, arrive, size = one.nodes, one.arrive, len(order)
    pairs, turns = _moves(size)
    limit = problem.latest[kind]

    def run(first: Ints, last: Ints) -> tuple[Floats, Floats, Floats]:
        """Return weight, weighted minutes after its own start, and minutes of runs."""
        low, high = np.minimum(first, last), np.maximum(first, last)
        weight = one.weight[high] - one.weight[low - 1]
        own = one.arrived[high] - one.arrived[low - 1]
        back = one.returned[high] - one.returned[low - 1]
        ahead = np.where(first <= last, own - weight * arrive[low], weight * one.back[high] - back)
        lasts = np.where(first <= last, arrive[high] - arrive[low], one.back[high] - one.back[low])
        return weight, ahead, lasts

    def total(goal: Floats, shift: Floats, after: Ints) -> Floats:
        goal = goal + (one.weight[-1] - one.weight[after - 1]) * shift
        if np.isfinite(limit):
            late = np.maximum(arrive[-1] + shift - limit, 0.0)
            goal += price.late * (late - max(0.0, arrive[-1] - limit))
        return goal

    first, last, anchor, after = turns
    weight, ahead, lasts = run(first, last)
    begin = arrive[anchor] + problem.travel[nodes[anchor], nodes[first]]
    shift = begin + lasts + problem.travel[nodes[last], nodes[after]] - arrive[after]
    goal = weight * begin + ahead - (one.arrived[after - 1] - one.arrived[anchor])
    change = [total(goal, shift, after)]
    if pairs.size:
        first, last, second, end, anchor, after = pairs
        weight, ahead, lasts = run(first, last)
        weight2, ahead2, lasts2 = run(second, end)
        begin = arrive[anchor] + problem.travel[nodes[anchor], nodes[first]]
        begin2 = begin + lasts + problem.travel[nodes[last], nodes[second]]
        shift = begin2 + lasts2 + problem.travel[nodes[end], nodes[after]] - arrive[after]
        goal = weight * begin + ahead + weight2 * begin2 + ahead2
        change.append(total(goal - (one.arrived[after - 1] - one.arrived[anchor]), shift, after))
    changes = np.concatenate(change)
    best = int(changes.argmin())
    if changes[best] >= -LEAST:
        return None
    if best < turns.shape[1]:
        first, last, anchor, after = turns[:, best]
        laid = [range(first, last - 1, -1)]
    else:
        first, last, second, end, anchor, after = pairs[:, best - turns.shape[1]]
        laid = [_steps(first, last), _steps(second, end)]
    middle = [order[k - 1] for part in laid for k in part]
    return (*order[:anchor], *middle, *order[after - 1 :])


def _steps(first: int, last: int) -> range:
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)
