"""One program inside HiGHS: pass it once, then minimise one goal after another."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import highspy
import numpy as np
from scipy import sparse

from allocator.engine.outcome import Outcome, outcome_of, padded
from allocator.engine.program import Floats, Ints, Program
from allocator.engine.safe_bound import one_sided, reduced_costs

DUAL_NOISE = 1e-6  # of the largest cost: reduced costs and duals below it may be rounding
FACE_WIDTH = 1e-6  # how near, relative to its size, a value must be to the bound it is kept at
MOST_ITERATIONS = 2147483647
STALLED_ITERATIONS = 150
MISSED = 1e-5  # units by which a point may miss a row before a nearer one is looked for
NEARER = 1e-8  # the feasibility tolerance tried then: HiGHS asks for little beside large sides
# Relative gaps of the interior point method; the bound says what each was worth.
TIGHT, LOOSE = 1e-8, 1e-5
CORNER_COLUMNS = 150_000  # above this a corner costs too long
SIMPLEX_COLUMNS = 20_000  # above this the interior point method is faster on dispatch programs
Interrupted = Callable[[], bool]


class Session:
    """HiGHS with a passed program; rows can be added, goals are minimised one at a time."""

    def __init__(
        self, program: Program, seed: int = 0, threads: int = 1, log: bool = False
    ) -> None:
        """Pass the program; goals follow with `minimise`.

        HiGHS refuses sessions of different numbers of `threads` in one thread of Python.
        """
        self._highs = highspy.Highs()
        self._option("output_flag", log)
        self._option("random_seed", seed)
        self._option("threads", threads)
        self._kept: list[tuple[Ints, Floats, Floats]] = []
        self.columns = program.column_count
        self.integer = program.integer
        _require(_pass(self._highs, program), "passModel")

    def _option(self, name: str, value: Any) -> None:
        _require(self._highs.setOptionValue(name, value), f"option {name}")

    def twin(self) -> Session:
        """Return a session of its own with all that is passed and held, for another thread."""
        other = copy.copy(self)
        other._highs = highspy.Highs()
        _require(other._highs.passOptions(self._highs.getOptions()), "options")
        _require(other._highs.passModel(self._highs.getLp()), "passModel")
        other._kept = list(self._kept)
        return other

    def add_rows(self, lower: Floats, upper: Floats, matrix: sparse.csr_matrix) -> None:
        """Add rows; `matrix` is rows x columns."""
        entries = (
            matrix.nnz,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )
        _require(self._highs.addRows(matrix.shape[0], lower, upper, *entries), "addRows")

    def add_columns(
        self, lower: Floats, upper: Floats, matrix: sparse.csc_matrix | None = None
    ) -> Ints:
        """Add continuous columns, by default without entries, and return their positions."""
        size = len(lower)
        entries = (0, np.zeros(size, np.int32), np.zeros(0, np.int32), np.zeros(0))
        if matrix is not None:
            start, index = (one.astype(np.int32) for one in (matrix.indptr, matrix.indices))
            entries = (matrix.nnz, start[:-1], index, matrix.data)
        _require(self._highs.addCols(size, np.zeros(size), lower, upper, *entries), "addCols")
        self.columns += size
        self.integer = np.r_[self.integer, np.zeros(size, bool)]
        return np.arange(self.columns - size, self.columns)

    def set_bounds(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Change the bounds of columns."""
        _require(
            self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper),
            "bounds",
        )

    def set_row_bounds(self, rows: Ints, lower: Floats, upper: Floats) -> None:
        """Change the bounds of rows."""
        for row, low, high in zip(rows, lower, upper, strict=True):
            _require(self._highs.changeRowBounds(int(row), float(low), float(high)), "row bounds")

    def upper(self) -> Floats:
        """Return the upper bounds of the columns."""
        return np.asarray(self._highs.getLp().col_upper_)

    def set_entry(self, row: int, column: int, value: float) -> None:
        """Change one coefficient."""
        _require(self._highs.changeCoeff(row, column, value), "coefficient")

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self._highs.getNumRow())

    def relax(self, relaxed: bool = True) -> None:
        """Drop the integrality of every column, or bring it back."""
        kinds = np.where(self.integer & (not relaxed), 1, 0).astype(np.uint8)
        everyone = np.arange(self.columns, dtype=np.int32)
        _require(self._highs.changeColsIntegrality(self.columns, everyone, kinds), "integrality")

    def minimise(
        self,
        cost: Floats,
        seconds: float | None = None,
        work: int | None = None,
        gap: float = 1e-4,
        start: Floats | None = None,
        interrupted: Interrupted | None = None,
        crossover: bool = True,
        relaxed: bool = False,
        tolerance: float = TIGHT,
    ) -> Outcome:
        """Minimise `cost` over the columns.

        The bound is recomputed from the row duals (programs without integers) or the solver's own
        (with integers), and is null when unknown. `tolerance` is the relative gap
        at which the interior point method stops.
        """
        began = time.perf_counter()
        _require(
            self._highs.changeColsCost(
                self.columns, np.arange(self.columns, dtype=np.int32), padded(cost, self.columns)
            ),
            "cost",
        )
        whole = bool(self.integer.any()) and not relaxed
        method = self._choose(whole, crossover)
        self._limit(seconds, work, gap)
        if start is not None and whole:
            self._start(start)
        self._option("ipm_optimality_tolerance", tolerance)
        self._highs.run()
        if method == "ipm" and work is None and self._stalled():
            self._option("ipm_optimality_tolerance", max(LOOSE, tolerance))
            self._highs.run()
        if method == "ipm" and not crossover and self._misses():
            method = self._nearer(exact=tolerance <= TIGHT)
        if self._kept and self._contradicts():
            # Rounding of several faces can leave no point at all on them.
            self._release()
            self._highs.run()
        taken = time.perf_counter() - began
        return outcome_of(self._highs, padded(cost, self.columns), method, whole, taken)

    def _contradicts(self) -> bool:
        kinds = highspy.HighsModelStatus
        status = self._highs.getModelStatus()
        return bool(status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible))

    def _stalled(self) -> bool:
        status = self._highs.getModelStatus()
        return bool(status == highspy.HighsModelStatus.kIterationLimit)

    def _misses(self) -> bool:
        """Return whether a point called optimal, or nearly, misses a row or bound."""
        kinds, status = highspy.HighsModelStatus, self._highs.getModelStatus()
        missed = self._highs.getInfo().max_primal_infeasibility
        return status in (kinds.kOptimal, kinds.kUnknown) and bool(missed > MISSED)

    def _nearer(self, exact: bool) -> str:
        """Run again for a point nearer to the rows; return the method that gave it.

        Where earlier goals leave next to no inside, only a corner obeys them: later goals need it.
        """
        usual = self._highs.getOptionValue("primal_feasibility_tolerance")[1]
        self._option("primal_feasibility_tolerance", NEARER)
        self._highs.run()
        self._option("primal_feasibility_tolerance", usual)
        if not exact or self.columns > CORNER_COLUMNS or not self._misses():
            return "ipm"
        self._option("solver", "simplex")
        self._highs.run()
        return "simplex"

    def _choose(self, whole: bool, crossover: bool) -> str:
        method = "simplex" if self.columns <= SIMPLEX_COLUMNS else "ipm"
        self._option("solver", "choose" if whole else method)
        self._option("run_crossover", "on" if crossover else "off")
        return "branch and cut" if whole else method

    def _limit(self, seconds: float | None, work: int | None, gap: float) -> None:
        self._option(
            "time_limit",
            self._highs.getRunTime() + seconds if seconds is not None else highspy.kHighsInf,
        )
        most = MOST_ITERATIONS if work is None else int(work)
        for name in ("simplex_iteration_limit", "mip_max_nodes"):
            self._option(name, most)
        # Dispatch programs take 40 to 100 iterations; many more mean that rounding stops them.
        self._option("ipm_iteration_limit", min(most, STALLED_ITERATIONS))
        self._option("mip_rel_gap", gap)

    def _start(self, start: Floats) -> None:
        solution = highspy.HighsSolution()
        solution.col_value = list(padded(start, self.columns))
        self._highs.setSolution(solution)

    def keep_optimal(self, cost: Floats, duals: Floats, solution: Floats) -> None:
        """Restrict the program to the optimal face of a goal that was just minimised.

        Complementary slackness holds between every optimal point and every optimal dual: a column
        with a reduced cost stays at its bound in all optimal points. The goals that follow get a
        smaller program, and a cleaner one than the thin slice the row `goal` alone would leave.
        """
        lp, cost = self._highs.getLp(), padded(cost, self.columns)
        reduced = reduced_costs(lp, cost, one_sided(lp, duals))
        noise = DUAL_NOISE * max(1.0, float(np.abs(cost).max(initial=0.0)))
        lower, upper = np.asarray(lp.col_lower_), np.asarray(lp.col_upper_)
        near = FACE_WIDTH * np.maximum(1.0, np.abs(solution))
        low = (reduced > noise) & (solution - lower <= near) & (lower < upper)
        high = (reduced < -noise) & (upper - solution <= near) & (lower < upper)
        at = np.flatnonzero(low | high)
        bound = np.where(low, lower, upper)[at]
        self._kept.append((at, lower[at], upper[at]))
        self.set_bounds(at, bound, bound)

    def _release(self) -> None:
        """Give the columns kept on optimal faces their room back; the rows `goal` still hold."""
        for at, lower, upper in reversed(self._kept):
            self.set_bounds(at, lower, upper)
        self._kept.clear()


def _pass(highs: highspy.Highs, program: Program) -> highspy.HighsStatus:
    """Pass the program as arrays: the fields of a HighsLp would be copied one element at a time."""
    matrix = program.matrix()
    return highs.passModel(
        program.column_count,
        program.row_count,
        matrix.nnz,
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        0.0,
        np.zeros(program.column_count),
        program.lower,
        program.upper,
        program.row_lower,
        program.row_upper,
        matrix.indptr.astype(np.int32, copy=False),
        matrix.indices.astype(np.int32, copy=False),
        matrix.data,
        program.integer.astype(np.int32),
    )


def _require(status: highspy.HighsStatus, what: str) -> None:
    if status == highspy.HighsStatus.kError:
        raise RuntimeError(f"HiGHS refused {what}")
