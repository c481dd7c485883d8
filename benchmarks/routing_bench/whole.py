"""Whole numbers for the peers: distances and times in thousandths where they are not whole."""

from __future__ import annotations

import numpy as np
from routing_bench.building import Problem

THOUSAND = 1000
NONE = 10**12  # of minutes: no limit


def scale(problem: Problem) -> int:
    """Return into how many parts a unit is cut."""
    return 1 if problem.case.exact else THOUSAND


def whole(values: object, scale: int = 1) -> np.ndarray:
    """Return values in parts as whole numbers; no limit becomes a large number."""
    array = np.asarray(values, float)
    return np.where(np.isfinite(array), np.round(array * scale), NONE).astype(np.int64)
