"""p-center: open p sites so that the farthest customer is as near as can be.

The answer is one of the distances: the least radius within which p sites cover everyone
(Minieka 1970). The linear relaxation of the cover gives the radius to start from, a greedy cover
one that will do, and branch and cut decides between them by halving.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.engine.ordered import Budget
from allocator.engine.program import Floats, Ints
from allocator.models.location.cover import cover, greedy_cover, least_sites
from allocator.models.location.data import Located, Location, nearest, opened

EXACT = Budget(gap=0.0)


def p_center(location: Location, budget: Budget = EXACT, seed: int = 0) -> Located:
    """Open at most p sites; least largest cost of a customer from its nearest open site.

    Args:
        location: cost (I, J) is the distance or the minutes, as given; p. One more open site does
            no harm, so "at most p" is "exactly p".
        budget: Deadline.
        seed: Seed of the solver.

    Returns:
        The plan; `value` is its radius, `bound` a radius below which p sites cannot cover all.
    """
    distance, number = location.cost, location.needed_sites()
    radii = np.unique(distance[np.isfinite(distance)])
    low = _first(len(radii), lambda at: least_sites(distance <= radii[at]) <= number)
    if low == len(radii):
        return Located(None, None, None, None, "infeasible")
    high, sites = _greedy(distance, radii, low, number)
    free = np.zeros(location.sites)  # any cover by p sites will do
    while low < high and not budget.spent():
        middle = (low + high) // 2
        found = cover(distance <= radii[middle], free, budget, seed, most=number)
        if found.sites is not None:
            high, sites = middle, found.sites
        elif found.termination == "infeasible":
            low = middle + 1
        else:
            break
    ended = "completed" if low >= high else "time_limit"
    return _located(location, sites, float(radii[min(low, len(radii) - 1)]), ended)


def _first(size: int, holds: Callable[[int], bool]) -> int:
    """Return the first position where something holds that holds from there on; size if nowhere."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _greedy(distance: Floats, radii: Floats, low: int, number: int) -> tuple[int, Ints | None]:
    """Return a position from `low` on where a greedy cover has at most p sites, and its sites."""
    covers: dict[int, Ints] = {}

    def enough(at: int) -> bool:
        sites = greedy_cover(distance <= radii[low + at])
        if sites is not None and len(sites) <= number:
            covers[low + at] = sites
        return low + at in covers

    at = low + _first(len(radii) - low, enough)
    return at, covers.get(at)


def _located(location: Location, sites: Ints | None, bound: float, ended: str) -> Located:
    if sites is None:
        return Located(None, None, None, bound, "infeasible" if ended == "completed" else ended)
    chosen = opened(location, sites)
    radius = float(location.cost[chosen].min(axis=0).max())
    return Located(chosen, nearest(location, chosen), radius, min(bound, radius), ended)
