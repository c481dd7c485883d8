"""What the moves need to know of a route, by prefix sums: slots, the places where it can change.

A slot is a run of 0 to 3 stops behind an anchor (the start or a stop). Whatever is put in its
place costs its own arrivals and shifts those of the tail behind: weight of the tail x shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.models.route.cumulative_data import Cumulative, Order

LONGEST = 3  # stops of a slot


@dataclass(frozen=True, eq=False)
class Slots:
    """Slots of one or several routes, in the order of the routes.

    Attributes:
        nodes: (4, S) anchor, first and last of the run, and the node behind it.
        figures: (11, S) see the properties.
        loads: (4D, S) of the run, of the route up to the anchor, of the route, its capacity.
        begins: (R,) first slot of each route.
        cuts: (C,) the slots with an empty run.
        cut_begins: (R,) first of the cuts of each route.
    """

    nodes: Ints
    figures: Floats
    loads: Floats
    begins: Ints
    cuts: Ints
    cut_begins: Ints

    def load_rows(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Return (D, S) load of the run, up to the anchor, of the route; the capacity."""
        size = len(self.loads) // 4
        run, head, total, most = (self.loads[size * k : size * (k + 1)] for k in range(4))
        return run, head, total, most


# rows of `figures`
AT_ANCHOR, AT_NEXT, TAIL, WEIGHT, OWN, AHEAD, LASTS, BACK_AHEAD, BACK_LASTS, END, LATEST = range(11)


@lru_cache(maxsize=512)
def _places(stops: int) -> tuple[Ints, Ints, Ints]:
    """Return anchor and last position of the slots of a route, and which slots are empty runs."""
    anchor, length = np.divmod(np.arange((stops + 1) * (LONGEST + 1)), LONGEST + 1)
    inside = anchor + length <= stops
    anchor, length = anchor[inside], length[inside]
    return anchor, anchor + length, np.flatnonzero(length == 0)


@dataclass(frozen=True, eq=False)
class Sums:
    """Prefix sums over a route of m stops, positions 0 (start) to m+1 (end).

    Attributes:
        nodes: (m+2,) nodes.
        arrive: (m+2,) arrivals; 0 at the start.
        back: (m+2,) minutes from here back to the first stop, along the stops.
        weight: (m+2,) weight up to here; arrived, returned: weight x arrive, weight x back.
    """

    nodes: Ints
    arrive: Floats
    back: Floats
    weight: Floats
    arrived: Floats
    returned: Floats


def sums(problem: Cumulative, kind: int, order: Order) -> Sums:
    """Return the prefix sums of a route."""
    start = problem.stops + kind
    nodes = np.array([start, *order, start])
    arrive = np.zeros(len(nodes))
    back = np.zeros(len(nodes))
    np.cumsum(problem.travel[nodes[:-1], nodes[1:]], out=arrive[1:])
    np.cumsum(problem.travel[nodes[2:-1], nodes[1:-2]], out=back[2:-1])
    weight = problem.weight[nodes]
    rows = np.array([weight, weight * arrive, weight * back]).cumsum(axis=1)
    return Sums(nodes, arrive, back, rows[0], rows[1], rows[2])


def slots(problem: Cumulative, kind: int, order: Order) -> Slots:
    """Return the slots of one route."""
    one = sums(problem, kind, order)
    anchor, last, cuts = _places(len(order))
    first = np.minimum(anchor + 1, len(order) + 1)
    there = last > anchor
    weight = one.weight[last] - one.weight[anchor]
    own = one.arrived[last] - one.arrived[anchor]
    figures = np.empty((11, len(anchor)))
    figures[AT_ANCHOR] = one.arrive[anchor]
    figures[AT_NEXT] = one.arrive[last + 1]
    figures[TAIL] = one.weight[-1] - one.weight[last]
    figures[WEIGHT] = weight
    figures[OWN] = own
    figures[AHEAD] = own - weight * one.arrive[first]
    figures[LASTS] = (one.arrive[last] - one.arrive[first]) * there
    figures[BACK_AHEAD] = weight * one.back[last] - (one.returned[last] - one.returned[anchor])
    figures[BACK_LASTS] = (one.back[last] - one.back[first]) * there
    figures[END] = one.arrive[-1]
    figures[LATEST] = problem.latest[kind]
    load = problem.load[one.nodes].cumsum(axis=0).T
    loads = np.empty((4, len(load), len(anchor)))
    loads[0] = load[:, last] - load[:, anchor]
    loads[1] = load[:, anchor]
    loads[2] = load[:, -1:]
    loads[3] = problem.capacity[kind][:, None]
    places = np.array([anchor, first, last, last + 1])
    none = np.zeros(1, int)
    return Slots(one.nodes[places], figures, loads.reshape(-1, len(anchor)), none, cuts, none)


def joined(parts: list[Slots]) -> Slots:
    """Return the slots of several routes as one."""
    sizes = np.cumsum([0, *(part.nodes.shape[1] for part in parts)])
    cuts = np.cumsum([0, *(len(part.cuts) for part in parts)])
    return Slots(
        np.concatenate([part.nodes for part in parts], axis=1),
        np.concatenate([part.figures for part in parts], axis=1),
        np.concatenate([part.loads for part in parts], axis=1),
        sizes[:-1],
        np.concatenate([part.cuts + at for part, at in zip(parts, sizes, strict=False)]),
        cuts[:-1],
    )
