"""A program of arrays inside CP-SAT: the interface of `Session`, for programs of much logic.

Whole numbers only: coefficients are scaled to integers, and columns that are not whole count in
steps of STEP. The search is CP-SAT's interleaved one, which does not depend on the clock or on
the number of workers as long as no limit of time cuts it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ortools.sat.python import cp_model
from scipy import sparse

from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats, Ints, Program
from allocator.engine.session import TIGHT, Interrupted

STEP = 1e-4  # of a column that is not whole
DECIMALS = 6  # of coefficients; more are rounded
LARGEST = 10**9  # of columns without a bound
WORK_SECONDS = 1e-3  # deterministic seconds of a unit of work


class CpSession:
    """CP-SAT with a program; goals are minimised one at a time, rows may be added between."""

    def __init__(self, program: Program, seed: int = 0, threads: int = 1) -> None:
        """Read the program; nothing is solved yet."""
        self._seed, self._threads = seed, threads
        self.columns, self.integer = program.column_count, program.integer
        self._lower, self._upper = program.lower, program.upper
        self._matrix = sparse.csr_matrix(program.matrix())
        self._row_lower, self._row_upper = program.row_lower, program.row_upper

    def add_rows(self, lower: Floats, upper: Floats, matrix: sparse.csr_matrix) -> None:
        """Add rows; `matrix` is rows x columns."""
        self._matrix = sparse.vstack([self._matrix, matrix], format="csr")
        self._row_lower = np.r_[self._row_lower, lower]
        self._row_upper = np.r_[self._row_upper, upper]

    def set_bounds(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Change the bounds of columns."""
        self._lower, self._upper = self._lower.copy(), self._upper.copy()
        self._lower[columns], self._upper[columns] = lower, upper

    def keep_optimal(self, cost: Floats, duals: Floats, solution: Floats) -> None:
        """Do nothing: there are no duals."""

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
        found: Callable[[Floats], None] | None = None,
    ) -> Outcome:
        """Minimise `cost` over the columns; `found` is called with every better point."""
        began = time.perf_counter()
        model, columns, unit = self._model(cost)
        if start is not None:
            for column, value in zip(columns, self._steps(start), strict=True):
                model.add_hint(column, int(value))
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.random_seed = self._seed
        parameters.num_workers = self._threads
        parameters.interleave_search = True
        parameters.relative_gap_limit = gap
        if seconds is not None:
            parameters.max_time_in_seconds = max(0.0, seconds)
        if work is not None:
            parameters.max_deterministic_time = work * WORK_SECONDS
        told = None if found is None else _Told(columns, self._scale(), found)
        status = solver.solve(model, told)
        return self._outcome(solver, status, columns, cost, unit, time.perf_counter() - began, work)

    def _scale(self) -> Floats:
        return np.where(self.integer, 1.0, STEP)

    def _steps(self, values: Floats) -> Floats:
        full = np.r_[values, np.zeros(self.columns - len(values))]
        return np.asarray(np.round(full / self._scale()))

    def _model(self, cost: Floats) -> tuple[cp_model.CpModel, list[cp_model.IntVar], float]:
        scale = self._scale()
        model, columns = cp_columns(self._lower, self._upper, scale)
        rows = Rows(self._matrix, self._row_lower, self._row_upper)
        for row in range(self._matrix.shape[0]):
            cp_row(model, columns, rows, row, scale)
        padded = np.r_[cost, np.zeros(self.columns - len(cost))] * scale
        unit = _whole(padded)
        used = np.flatnonzero(padded)
        factors = np.round(padded[used] * unit).astype(np.int64)
        chosen = [columns[i] for i in used]
        model.minimize(cp_model.LinearExpr.weighted_sum(chosen, factors.tolist()))
        return model, columns, unit

    def _outcome(
        self,
        solver: cp_model.CpSolver,
        status: Any,
        columns: list[cp_model.IntVar],
        cost: Floats,
        unit: float,
        seconds: float,
        work: int | None,
    ) -> Outcome:
        method = "cp-sat"
        if status == cp_model.INFEASIBLE:
            return Outcome("infeasible", None, None, None, None, method, seconds)
        if status == cp_model.MODEL_INVALID:
            return Outcome("error", None, None, None, None, method, seconds)
        bound = solver.best_objective_bound / unit
        if status == cp_model.UNKNOWN:
            end = "time_limit" if work is None else "work_limit"
            return Outcome(end, None, None, None, bound, method, seconds)
        solution = np.array([solver.value(column) for column in columns], float) * self._scale()
        value = float(cost @ solution[: len(cost)])
        limited = "time_limit" if work is None else "work_limit"
        end = "completed" if status == cp_model.OPTIMAL else limited
        return Outcome(end, solution, None, value, min(bound, value), method, seconds)


class _Told(cp_model.CpSolverSolutionCallback):
    """Tells of better points as they are found."""

    def __init__(
        self, columns: list[cp_model.IntVar], scale: Floats, found: Callable[[Floats], None]
    ) -> None:
        super().__init__()
        self._columns, self._scale, self._found = columns, scale, found

    def on_solution_callback(self) -> None:
        """Hand the point on."""
        self._found(np.array([self.value(column) for column in self._columns], float) * self._scale)


@dataclass(frozen=True)
class Rows:
    """Rows of a program: coefficients by row, and bounds."""

    matrix: sparse.csr_matrix
    lower: Floats
    upper: Floats


def cp_columns(
    lower: Floats, upper: Floats, scale: Floats
) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    """Return a model with a whole column for every one of the program, in steps of `scale`."""
    model = cp_model.CpModel()
    low = np.ceil(np.maximum(lower / scale, -LARGEST) - 1e-9).astype(np.int64)
    high = np.floor(np.minimum(upper / scale, LARGEST) + 1e-9).astype(np.int64)
    pairs = zip(low.tolist(), high.tolist(), strict=True)
    return model, [model.new_int_var(one, two, "") for one, two in pairs]


def cp_row(
    model: cp_model.CpModel, columns: list[cp_model.IntVar], rows: Rows, row: int, scale: Floats
) -> cp_model.Constraint | None:
    """Add a row of the program; nothing where it has no columns and holds."""
    part = slice(rows.matrix.indptr[row], rows.matrix.indptr[row + 1])
    which = rows.matrix.indices[part]
    values = rows.matrix.data[part] * scale[which]
    unit = _whole(values)
    low, high = rows.lower[row] * unit, rows.upper[row] * unit
    # A column in steps cannot meet an equation: it may miss it by half a step.
    slack = 0.5 * unit * float(np.abs(values[scale[which] != 1.0]).sum())
    low, high = np.ceil(low - slack - 1e-6), np.floor(high + slack + 1e-6)
    if not len(which) and low <= 0 <= high:
        return None
    factors = np.round(values * unit).astype(np.int64).tolist()
    expression = cp_model.LinearExpr.weighted_sum([columns[i] for i in which], factors)
    return model.add_linear_constraint(expression, _bound(low), _bound(high))


def _bound(value: float) -> int:
    return int(np.clip(value, -(2.0**62), 2.0**62))


def _whole(values: Floats) -> float:
    """Return a power of ten that makes the values whole, as far as DECIMALS go."""
    for power in range(DECIMALS + 1):
        if np.allclose(values * 10**power, np.round(values * 10**power), rtol=0, atol=1e-9):
            return float(10**power)
    return float(10**DECIMALS)
