"""Parts of a case that have nothing to do with each other, places they share aside."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from allocator.engine.program import Ints
from allocator.instance.route_case import RouteCase


def separate(case: RouteCase) -> list[tuple[Ints, Ints]]:
    """Return types and stops in groups of which none can serve a stop of another.

    Groups may still meet at the gate of a place. The one with most to lose comes first.
    """
    fleet, n, types = case.vehicles, len(case.stops), len(case.vehicles)
    able = np.array([case.able(stop) for stop in range(n)]).reshape(n, types) & (fleet.count > 0)
    stop, kind = np.nonzero(able)
    lines = types + n + fleet.line
    ties = (np.r_[stop + types, np.arange(types)], np.r_[kind, lines])
    size = int(lines.max(initial=types + n - 1)) + 1
    graph = sparse.coo_matrix((np.ones(len(ties[0])), ties), shape=(size, size))
    _, group = csgraph.connected_components(graph, directed=False)
    prize = np.where(np.isfinite(case.stops.prize), case.stops.prize, 0.0)
    found = [
        (np.flatnonzero(group[:types] == one), np.flatnonzero(group[types : types + n] == one))
        for one in np.unique(group[:types]).tolist()
    ]
    found = [(kinds, stops) for kinds, stops in found if len(stops)]
    return sorted(found, key=lambda one: -float(prize[one[1]].sum()))
