"""Good sets of p sites by swapping one open site for a closed one as long as it helps."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints

GAIN = 1e-9  # of the cost: smaller gains are rounding


def interchange(cost: Floats, sites: Ints) -> Ints:
    """Return p sites no single swap improves, from p sites to start with.

    All swaps are weighed at once: profit(in, out) = what customers gain by `in`, less what those of
    `out` lose when they fall back on their second nearest site, plus what that loss counts too much
    because `in` takes them (Resende and Werneck 2007, A fast swap-based local search procedure).

    Args:
        cost: (I, J) cost of serving j from i.
        sites: (p,) positions of sites; p is below I, or nothing can be swapped.
    """
    sites = sites.copy()
    while True:
        gain, loss, extra = _changes(cost, sites)
        profit = gain[:, None] - loss + extra
        profit[sites] = -np.inf
        entering, leaving = divmod(int(profit.argmax()), len(sites))
        if not profit[entering, leaving] > GAIN * (1.0 + loss.sum()):
            return np.sort(sites)
        sites[leaving] = entering


def _changes(cost: Floats, sites: Ints) -> tuple[Floats, Floats, Floats]:
    """Return gain (I,), loss (p,) and extra (I, p)."""
    mine = cost[sites]
    closest: Ints = mine.argmin(axis=0)
    everyone = np.arange(cost.shape[1])
    first = mine[closest, everyone]
    second = _second(mine, closest, everyone)
    gain: Floats = np.maximum(first - cost, 0.0).sum(axis=1)
    loss = np.asarray(np.bincount(closest, second - first, len(sites)), float)
    belongs = np.zeros((len(everyone), len(sites)))
    belongs[everyone, closest] = 1.0
    extra: Floats = np.maximum(second - np.maximum(cost, first), 0.0) @ belongs
    return gain, loss, extra


def _second(mine: Floats, closest: Ints, everyone: Ints) -> Floats:
    """Return (J,) the cost from the second nearest open site; a large figure when there is none."""
    rest = mine.copy()
    rest[closest, everyone] = np.inf
    second = rest.min(axis=0)
    far = 1e3 * (1.0 + np.nanmax(np.where(np.isfinite(mine), mine, np.nan)))
    found: Floats = np.where(np.isfinite(second), second, far)
    return found


def spread(cost: Floats, number: int) -> Ints:
    """Return `number` sites, each the one that helps most beside those before it (greedy)."""
    far = np.full(cost.shape[1], 2.0 * cost[np.isfinite(cost)].max(initial=1.0))
    sites: list[int] = []
    for _ in range(number):
        gain = np.maximum(far - cost, 0.0).sum(axis=1)
        gain[sites] = -1.0
        sites.append(int(gain.argmax()))
        far = np.minimum(far, cost[sites[-1]])
    return np.array(sites, dtype=np.int64)
