"""What a solve of HiGHS gave: why it ended, its point, and a bound nobody has to believe."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from allocator.engine.program import Floats
from allocator.engine.safe_bound import safe_bound


@dataclass(frozen=True)
class Outcome:
    """What a solve gave: why it ended, the point, row duals, a bound true whatever the end."""

    termination: str  # completed | time_limit | work_limit | interrupted | infeasible | error
    solution: Floats | None
    duals: Floats | None
    value: float | None
    bound: float | None
    method: str
    seconds: float


def outcome_of(
    highs: highspy.Highs, cost: Floats, method: str, whole: bool, seconds: float
) -> Outcome:
    """Read what HiGHS has after a run; `cost` has one entry a column."""
    status = highs.getModelStatus()
    kinds = highspy.HighsModelStatus
    ends = {
        kinds.kOptimal: "completed",
        kinds.kModelEmpty: "completed",
        kinds.kTimeLimit: "time_limit",
        kinds.kIterationLimit: "work_limit",
        kinds.kSolutionLimit: "work_limit",
        kinds.kInterrupt: "interrupted",
        kinds.kInfeasible: "infeasible",
        kinds.kUnboundedOrInfeasible: "infeasible",
        kinds.kUnknown: "completed",  # near the optimum: the bound says how near
    }
    termination = ends.get(status, "error")
    info = highs.getInfo()
    if termination == "infeasible":
        return Outcome(termination, None, None, None, None, method, seconds)
    usable = info.primal_solution_status >= _least_status(termination) or len(cost) == 0
    solution = np.asarray(highs.getSolution().col_value) if usable else None
    value = float(cost @ solution) if solution is not None else None
    if whole:
        bound = info.mip_dual_bound if np.isfinite(info.mip_dual_bound) else None
        return Outcome(termination, solution, None, value, bound, method, seconds)
    duals = np.asarray(highs.getSolution().row_dual) if info.dual_solution_status != 0 else None
    bound = None if duals is None or len(duals) == 0 else safe_bound(highs.getLp(), cost, duals)
    return Outcome(termination, solution, duals, value, bound, method, seconds)


def _least_status(termination: str) -> int:
    """Return the solution status a point needs: what a limit cut must be feasible (2)."""
    return 1 if termination == "completed" else 2


def padded(values: Floats, size: int) -> Floats:
    """Return the values with zeros up to a size."""
    return np.r_[values, np.zeros(size - len(values))] if len(values) < size else values
