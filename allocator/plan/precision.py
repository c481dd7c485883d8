"""The one place where written precision and the judge's tolerances are stated."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

WRITTEN_DECIMALS = 6
"""Quantities in the tables of a plan are rounded to this many decimals."""

TOLERANCE_UNITS = 1e-4
"""Absolute part of the judge's tolerance, in the unit of the row."""

TOLERANCE_RELATIVE = 1e-6
"""Part of the judge's tolerance that grows with the scale of the row."""

ZERO = 1e-9
"""A goal at or below this magnitude is at zero: its gap is absolute, in units."""


def rounded(values: ArrayLike) -> NDArray[np.float64]:
    """Return `values` as they are written: `WRITTEN_DECIMALS` decimals, no negative zero."""
    plain: NDArray[np.float64] = np.asarray(values, dtype=np.float64).round(WRITTEN_DECIMALS) + 0.0
    return plain


def tolerance(scale: ArrayLike, terms: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Return how far a row may be off.

    `scale` is the magnitude of its largest term, `terms` the sum of the factors of the written
    quantities in it: each of them is rounded by half of the last decimal at most.
    """
    size = np.abs(np.asarray(scale, dtype=np.float64))
    written = 0.5 * 10.0**-WRITTEN_DECIMALS * np.asarray(terms, dtype=np.float64)
    relative = TOLERANCE_RELATIVE * np.where(np.isfinite(size), size, 0.0)
    return np.asarray(TOLERANCE_UNITS + relative + written)
