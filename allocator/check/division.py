"""Divide loads among vehicle types, or prove that no division suffices."""

from __future__ import annotations

import numpy as np

from allocator.check.ground import Bools, Floats, Ints, summed

_ROUNDS = 200
_STEP = 0.9
_TRIM = (0.01, 0.05, 0.2)


def divide(
    count: int, run: Ints, slot: Ints, period: Ints, burden: Floats, capacity: Floats
) -> Floats:
    """Divide every run among its vehicles so that the busiest slot of a period is as free as found.

    `burden` is the part of a slot (vehicle and period) the whole run would take.
    """
    best = capacity
    least = np.full(period.max(initial=-1) + 1, np.inf)

    def offer(weight: Floats) -> Floats:
        """Keep the division by `weight` for every period it makes freer; return loads and parts."""
        nonlocal best
        part: Floats = weight / summed(run, weight, count)[run]
        load = summed(slot, part * burden, 0)[slot]
        busiest = np.zeros(len(least))
        np.maximum.at(busiest, period, load)
        best = np.where((busiest < least)[period], part, best)
        np.minimum(least, busiest, out=least)
        return part * np.maximum(load, 1e-9) ** -_STEP + 1e-12

    weight = capacity
    for _ in range(_ROUNDS):
        weight = offer(weight)
        if (least <= 1.0).all():
            return best
    for least_part in _TRIM:  # small remainders of a slow approach to none at all
        offer(np.where(best < least_part, 1e-12, best))
    return best


def too_much(run: Ints, slot: Ints, period: Ints, burden: Floats, periods: int) -> Bools:
    """Return the periods for which prices prove that the vehicles cannot suffice.

    For any prices of the slots that add up to 1 in a period, sending every run by its cheapest
    slot costs no more than the busiest slot is loaded, however loads are divided (duality of
    linear programs). Prices rise where that cheapest division is busy. Pairs are sorted by run.
    """
    best = np.zeros(periods)
    if not len(run):
        return best > 1.0
    starts = np.flatnonzero(np.diff(run, prepend=-1))
    of_run, size = np.cumsum(np.diff(run, prepend=-1) > 0) - 1, int(slot.max()) + 1
    at, when = np.unique(slot), np.zeros(size, dtype=np.int64)
    when[slot] = period
    price = np.zeros(size)
    price[at] = 1.0
    for turn in range(_ROUNDS):
        price = price / summed(when, price, periods)[when].clip(1e-300)
        cost = burden * price[slot]
        least = np.minimum.reduceat(cost, starts)
        best = np.maximum(best, summed(period[starts], least, periods))
        chosen = cost <= least[of_run]
        load = summed(slot[chosen], burden[chosen], size)
        busiest = np.zeros(periods)
        np.maximum.at(busiest, when, load)
        price = price * np.exp(load / busiest[when].clip(1e-9) / np.sqrt(1.0 + turn))
    return best > 1.0 + 1e-6
