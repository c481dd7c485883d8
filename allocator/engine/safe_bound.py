"""Bounds from row duals that hold whatever the duals: nothing the solver claims is trusted.

Neumaier and Shcherbina 2004, Safe bounds in linear and mixed-integer linear programming.
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
from scipy import sparse

from allocator.engine.program import Floats


def safe_bound(lp: Any, cost: Floats, duals: Floats) -> float | None:
    """Return the Lagrangian bound of row duals over the column boxes of a HighsLp; None if none."""
    duals = one_sided(lp, duals)
    side = np.where(duals > 0, np.asarray(lp.row_lower_), np.asarray(lp.row_upper_))
    rows = float(duals[duals != 0] @ side[duals != 0])
    reduced = reduced_costs(lp, cost, duals)
    box = np.where(reduced > 0, np.asarray(lp.col_lower_), np.asarray(lp.col_upper_))
    moved = reduced != 0
    total = rows + float(reduced[moved] @ box[moved])
    return total if np.isfinite(total) else None


def one_sided(lp: Any, duals: Floats) -> Floats:
    """Return the duals with those of the wrong sign for a missing side set to 0."""
    low, high = np.asarray(lp.row_lower_), np.asarray(lp.row_upper_)
    return np.where((np.isinf(low) & (duals > 0)) | (np.isinf(high) & (duals < 0)), 0.0, duals)


def reduced_costs(lp: Any, cost: Floats, duals: Floats) -> Floats:
    """Return what a unit more of every column costs beside the row duals."""
    return np.asarray(cost - _matrix(lp).T @ duals)


def _matrix(lp: Any) -> sparse.csc_matrix | sparse.csr_matrix:
    kind = (
        sparse.csc_matrix
        if lp.a_matrix_.format_ == highspy.MatrixFormat.kColwise
        else sparse.csr_matrix
    )
    parts = (lp.a_matrix_.value_, lp.a_matrix_.index_, lp.a_matrix_.start_)
    return kind(tuple(np.asarray(part) for part in parts), shape=(lp.num_row_, lp.num_col_))
