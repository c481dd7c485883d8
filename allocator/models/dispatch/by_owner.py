"""Sums and places of entries among those of the same owner: a vehicle type, a lane, a site."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints


def fit(owner: Ints, amount: Floats, left: Floats) -> Floats:
    """Return the factor (0 to 1) that makes the amounts of each owner fit what it has left."""
    asked = np.bincount(owner, weights=amount, minlength=len(left))
    over = (asked > left) & (asked > 0)
    factor = np.ones(len(left))
    factor[over] = np.maximum(left[over], 0.0) / asked[over]
    return np.asarray(factor[owner])


def before(owner: Ints, amount: Floats) -> Floats:
    """Return the sum of the earlier amounts of the same owner (owners in order)."""
    total = np.cumsum(amount) - amount
    return np.asarray(total - total[_first(owner)])


def rank_of(owner: Ints) -> Ints:
    """Return the position of each entry among those of its owner (owners in order)."""
    return np.arange(len(owner)) - _first(owner)


def _first(owner: Ints) -> Ints:
    """Return the position of the first entry of the owner of each (owners in order)."""
    starts = np.diff(owner, prepend=-1) != 0
    return np.maximum.accumulate(np.where(starts, np.arange(len(owner)), 0))
