"""The best day of one vehicle: trips worth most that fit into it, a knapsack of steps of a day."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.lanes import Bools

STEPS = 2400  # of a day: a quarter of a minute of ten hours


def sizes(part: Floats) -> Ints:
    """Return the steps of a day each trip takes, rounded up but for noise."""
    return np.maximum(1, np.ceil(part * STEPS - 1e-6)).astype(np.int64)


def best_day(worth: Floats, size: Ints, most: Ints) -> tuple[float, Ints]:
    """Return the worth of the best day, and how often it makes each trip (t,).

    Args:
        worth: (t,) of each trip.
        size: (t,) steps of a day.
        most: (t,) how often it is of use at most.
    """
    best, count = np.zeros(STEPS + 1), np.zeros(len(worth), dtype=np.int64)
    taken: list[tuple[int, int, Bools]] = []
    for trip in np.flatnonzero((worth > 1e-9) & (size <= STEPS)).tolist():
        left = min(int(most[trip]), STEPS // int(size[trip]))
        copies = 1
        while left > 0:
            now = min(copies, left)
            steps = now * int(size[trip])
            with_it = best[:-steps] + now * worth[trip]
            better = np.zeros(STEPS + 1, dtype=bool)
            better[steps:] = with_it > best[steps:] + 1e-9
            best[steps:] = np.maximum(best[steps:], with_it)
            taken.append((trip, now, better))
            left, copies = left - now, copies * 2
    at = STEPS
    for trip, now, better in reversed(taken):
        if better[at]:
            count[trip] += now
            at -= now * int(size[trip])
    return float(best[STEPS]), count
