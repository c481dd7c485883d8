"""A linear program kept warm inside HiGHS: change bounds, add rows, solve again."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
from scipy import sparse

from allocator.engine.program import Floats, Ints

_ENDS = {
    highspy.HighsModelStatus.kOptimal: "completed",
    highspy.HighsModelStatus.kModelEmpty: "completed",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
    highspy.HighsModelStatus.kIterationLimit: "work_limit",
    highspy.HighsModelStatus.kSolutionLimit: "work_limit",
    highspy.HighsModelStatus.kInterrupt: "time_limit",
}


def free_threads() -> None:
    """Let the next solve choose its number of threads: HiGHS keeps that of the first one.

    Not while another solve is running in this process.
    """
    highspy.Highs.resetGlobalScheduler(True)


class WarmProgram:
    """HiGHS with columns and rows that are changed between solves and never passed again."""

    def __init__(
        self,
        cost: Floats,
        lower: Floats,
        upper: Floats,
        matrix: sparse.csc_matrix,
        row_lower: Floats,
        row_upper: Floats,
        integer: Any = None,
        seed: int = 0,
    ) -> None:
        """Pass the program; `integer` marks columns that take whole values."""
        self.highs = highspy.Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", seed)):
            self.option(name, value)
        self.lower, self.upper = lower.copy(), upper.copy()
        kinds = np.zeros(len(cost), np.int32) if integer is None else integer.astype(np.int32)
        self.whole = bool(kinds.any())
        self.option("presolve", "on" if self.whole else "off")  # a warm start needs all of it
        status = self.highs.passModel(
            len(cost),
            len(row_lower),
            matrix.nnz,
            int(highspy.MatrixFormat.kColwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            cost,
            lower,
            upper,
            row_lower,
            row_upper,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data.astype(float),
            kinds,
        )
        _require(status, "passModel")

    def option(self, name: str, value: Any) -> None:
        """Set an option of HiGHS."""
        _require(self.highs.setOptionValue(name, value), f"option {name}")

    def set_bounds(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Set the bounds of columns; only those that differ are passed on."""
        changed = (self.lower[columns] != lower) | (self.upper[columns] != upper)
        where = columns[changed]
        self.lower[where], self.upper[where] = lower[changed], upper[changed]
        if len(where):
            status = self.highs.changeColsBounds(
                len(where), where.astype(np.int32), lower[changed], upper[changed]
            )
            _require(status, "bounds")

    def add_rows(self, matrix: sparse.csr_matrix, lower: Floats) -> None:
        """Add rows matrix x >= lower."""
        if matrix.shape[0] == 0:
            return
        status = self.highs.addRows(
            matrix.shape[0],
            lower,
            np.full(len(lower), np.inf),
            matrix.nnz,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )
        _require(status, "addRows")

    def set_cost(self, columns: Ints, cost: Floats) -> None:
        """Set the cost of columns."""
        status = self.highs.changeColsCost(len(columns), columns.astype(np.int32), cost)
        _require(status, "cost")

    def start_at(self, point: Floats) -> None:
        """Give the search a point to start from."""
        solution = highspy.HighsSolution()
        solution.col_value = list(point)
        self.highs.setSolution(solution)

    def forget(self) -> None:
        """Let the next solve begin from nothing."""
        _require(self.highs.clearSolver(), "clearSolver")

    def solve(self, seconds: float | None = None) -> str:
        """Solve from the last basis and return how it ended; doubtful ends are tried afresh."""
        ended = self._run(seconds)
        if ended == "unclear":
            self.forget()
            if not self.whole:
                self.option("presolve", "on")
            ended = self._run(seconds)
            if not self.whole:
                self.option("presolve", "off")
        return ended

    def _run(self, seconds: float | None) -> str:
        limit = highspy.kHighsInf if seconds is None else self.highs.getRunTime() + seconds
        self.option("time_limit", limit)
        self.highs.run()
        return _ENDS.get(self.highs.getModelStatus(), "unclear")

    @property
    def point(self) -> Floats | None:
        """The columns of the last solve; None without a feasible point."""
        if self.highs.getInfo().primal_solution_status != 2:
            return None
        return np.asarray(self.highs.getSolution().col_value, float)

    @property
    def duals(self) -> Floats:
        """The duals of the rows."""
        return np.asarray(self.highs.getSolution().row_dual, float)

    @property
    def value(self) -> float:
        """The goal of the last solve."""
        return float(self.highs.getInfo().objective_function_value)

    @property
    def bound(self) -> float | None:
        """The dual bound of the last solve of a program with whole columns."""
        bound = float(self.highs.getInfo().mip_dual_bound)
        return bound if np.isfinite(bound) else None

    @property
    def iterations(self) -> int:
        """Simplex iterations of the last solve."""
        return max(0, int(self.highs.getInfo().simplex_iteration_count))


def _require(status: highspy.HighsStatus, what: str) -> None:
    if status == highspy.HighsStatus.kError:
        raise RuntimeError(f"HiGHS refused {what}")
