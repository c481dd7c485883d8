"""Lanes as they are before any scenario changes them."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Ints
from allocator.instance.futures import ReserveCase

NEAR = 1e-9  # minutes that do not matter


def lanes_within(case: ReserveCase, minutes: float | None = None) -> Ints:
    """Return the lanes within the time standard and, if given, within so many minutes."""
    limits = (np.inf if one is None else one for one in (case.policy.time_standard, minutes))
    return np.flatnonzero(case.reserve.lanes.minutes <= min(limits) + NEAR)
