"""Whole assignments of customers to open sites within capacity, by greedy start and exchanges."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints

GAIN = 1e-9
MOST_MOVES = 5000


def assign(cost: Floats, need: Floats, room: Floats, wish: Floats | None = None) -> Ints | None:
    """Return (J,) the site of each customer, or None when none was found that fits.

    Args:
        cost: (I, J) cost of serving j from i; inf where that is impossible.
        need: (J,) need of each customer.
        room: (I,) capacity of each site; 0 when closed.
        wish: (I, J) what the greedy start goes by instead of the cost, such as reduced costs.
    """
    site = _greedy(cost if wish is None else wish, need, room)
    if site is None:
        return None
    return improve(cost, need, room, site)


def _greedy(wish: Floats, need: Floats, room: Floats) -> Ints | None:
    """Place customers of greatest regret (second best less best) first, large ones before small."""
    left = room.copy()
    site = np.full(len(need), -1)
    waiting = np.arange(len(need))
    while len(waiting):
        able = np.where(left[:, None] >= need[waiting], wish[:, waiting], np.inf)
        least = np.partition(able, 1, axis=0)[:2] if len(able) > 1 else np.vstack([able, able])
        if not np.isfinite(least[0]).all():
            return None
        second = np.where(np.isfinite(least[1]), least[1], np.inf)
        pick = int(np.lexsort((-need[waiting], -(second - least[0])))[0])
        customer = waiting[pick]
        site[customer] = int(able[:, pick].argmin())
        left[site[customer]] -= need[customer]
        waiting = np.delete(waiting, pick)
    return site


def improve(cost: Floats, need: Floats, room: Floats, site: Ints) -> Ints:
    """Move one customer or swap two, the best change first, as long as it helps."""
    site = site.copy()
    left = room - np.bincount(site, need, len(room))
    everyone = np.arange(len(need))
    for _ in range(MOST_MOVES):
        paid = cost[site, everyone]
        move = np.where(left[:, None] >= need, cost - paid, np.inf)
        target, mover = divmod(int(move.argmin()), len(need))
        swap = _swaps(cost, need, left, site, paid)
        one, other = divmod(int(swap.argmin()), len(need))
        least = min(move[target, mover], swap[one, other])
        if not least < -GAIN * (1.0 + paid.sum()):
            break
        if swap[one, other] < move[target, mover]:
            _place(site, left, need, one, other)
        else:
            left[site[mover]] += need[mover]
            left[target] -= need[mover]
            site[mover] = target
    return site


def _swaps(cost: Floats, need: Floats, left: Floats, site: Ints, paid: Floats) -> Floats:
    """Return (J, J) the change of cost when two customers change places; inf if it cannot be."""
    there = cost[site]  # row j: what each customer would pay at the site of j
    change = there + there.T - paid - paid[:, None]
    grows = need - need[:, None]  # at the site of the row's customer, when the column's comes
    fits = (grows <= left[site][:, None]) & (-grows <= left[site])
    swap: Floats = np.where(fits & (site != site[:, None]), change, np.inf)
    return swap


def _place(site: Ints, left: Floats, need: Floats, one: int, other: int) -> None:
    left[site[one]] += need[one] - need[other]
    left[site[other]] += need[other] - need[one]
    site[one], site[other] = site[other], site[one]
