"""What values a goal can have, and when a bound is near enough to one."""

from __future__ import annotations

import numpy as np

from allocator.engine.neighbourhood import Bools
from allocator.engine.program import Floats

SCALE = 1000  # costs are looked at to so many parts
ROUNDING = 1e-5  # of a step: what a solver may be off by
NEAR = 1e-6


def step_of(cost: Floats, integer: Bools) -> float:
    """Return the largest number that every value of a goal is a multiple of; 0 when unknown."""
    used = np.flatnonzero(cost)
    scaled = np.round(cost[used] * SCALE)
    whole = np.allclose(scaled, cost[used] * SCALE, rtol=0, atol=1e-6)
    if not len(used) or not whole or not integer[used].all():
        return 0.0
    return float(np.gcd.reduce(np.abs(scaled).astype(np.int64))) / SCALE


def next_value(bound: float, step: float) -> float:
    """Return a bound moved to the next value there can be; the bound itself without a step."""
    if step <= 0 or not np.isfinite(bound):
        return bound
    return float(step * np.ceil(bound / step - ROUNDING))


def room_of(value: float, gap: float, constant: float = 0.0) -> float:
    """Return how far a bound may be from a value: the gap, a share of value and constant."""
    return max(NEAR, gap * abs(value + constant))
