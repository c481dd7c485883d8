"""How much of some demands a set of stocks can meet: largest flows, found without a solver."""

from __future__ import annotations

import numpy as np

from allocator.check.ground import Bools, Floats, Ints

_DUST = 1e-9


def served(supply: Floats, demand: Floats, reach: Bools, order: Ints) -> Floats:
    """Return what each demand gets when those earlier in `order` come first.

    Supplies x demands in `reach` may be joined. What can be met at once forms a polymatroid, so
    meeting demands one after the other, each as far as the earlier ones allow, is best for any
    weights that fall in this order (Edmonds 1970).
    """
    left, flow = supply.astype(float).copy(), np.zeros(reach.shape)
    scale = _DUST * max(1.0, float(demand.max(initial=0.0)))
    for target in order.tolist():
        lacking = float(demand[target])
        while lacking > scale:
            path, most = _path(left, flow, reach, target, scale)
            if not path:
                break
            step = min(lacking, most)
            for source, into, sign in path:
                flow[source, into] += sign * step
            left[path[-1][0]] -= step
            lacking -= step
    return np.asarray(flow.sum(axis=0))


def _path(
    left: Floats, flow: Floats, reach: Bools, target: int, dust: float
) -> tuple[list[tuple[int, int, int]], float]:
    """Return a way to give `target` more: arcs to add to and to take from, and by how much."""
    before: dict[int, tuple[int, int]] = {}  # supply: (supply it takes over from, demand moved)
    seen = reach[:, target].copy()
    frontier = np.flatnonzero(seen).tolist()
    before |= dict.fromkeys(frontier, (-1, target))
    while frontier:
        free = [source for source in frontier if left[source] > dust]
        if free:
            return _traced(before, free[0], left, flow)
        fresh: list[int] = []
        for source in frontier:
            for moved in np.flatnonzero(flow[source] > dust).tolist():
                others = np.flatnonzero(reach[:, moved] & ~seen).tolist()
                seen[others] = True
                before |= dict.fromkeys(others, (source, moved))
                fresh += others
        frontier = fresh
    return [], 0.0


def _traced(
    before: dict[int, tuple[int, int]], end: int, left: Floats, flow: Floats
) -> tuple[list[tuple[int, int, int]], float]:
    """Follow the way back from the supply that has something left."""
    arcs, most, at = [(end, before[end][1], 1)], float(left[end]), end
    while before[at][0] >= 0:
        source, moved = before[at]
        arcs += [(source, moved, -1), (source, before[source][1], 1)]
        most = min(most, float(flow[source, moved]))
        at = source
    return [*arcs[1:], arcs[0]], most
