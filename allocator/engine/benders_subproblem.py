"""The recourse of one scenario: its cost at a first-stage point and a cut that supports it.

For any row duals u (signs as the sides of the rows allow) and d = q - W'u, weak duality gives
  Q(x) >= sum_r u_r side_r - (T'u) x + sum_c d_c bound_c(x),
side_r the lower side where u_r > 0 and the upper where u_r < 0, bound_c the lower bound where
d_c > 0 and the upper where d_c < 0. The cut is this Lagrangian bound, recomputed from u: it holds
for every x whatever the accuracy of the solver (Neumaier and Shcherbina 2004); only a d of the
size of the solver's tolerance on a column without that bound is taken for 0.

A row with one column and entries of the first stage, y <= b - t x, is kept as a bound of y that
moves with x. The program stays small however many such rows tie flows to open sites: those rows
make the relaxation strong (Fischetti, Ljubic and Sinnl 2016, Benders without the ties is weak).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.engine.benders_lp import WarmProgram
from allocator.engine.program import Floats, Ints
from allocator.engine.two_stage import Recourse

NOISE = 1e-6  # reduced costs up to this share of the largest cost may be the solver's tolerance
CROSSED = 1e-7  # bounds of a column may cross by this much and still count as equal
UNMET = 1e-7  # of the largest side: rows that lack less, in all, count as met
FAR = 0.4  # of what is first decided: beyond, a solve from the last basis takes longer than anew
STEEP = 1e4  # price of a lack of that size: times the largest cost


@dataclass(frozen=True)
class Cut:
    """constant + gradient x[columns] <= Q(x), or <= 0 where `feasible` is False.

    `value` is Q at the point, infinite where there is no answer; `work` counts iterations.
    """

    value: float
    constant: float
    columns: Ints
    gradient: Floats
    feasible: bool
    work: int


class Subproblem:
    """One scenario; with `warm` its program stays in HiGHS between calls."""

    def __init__(self, recourse: Recourse, warm: bool = True) -> None:
        """Split the rows into moving bounds and the rest."""
        self.recourse = recourse
        self._warm = warm
        self._program: WarmProgram | None = None
        self._last = np.zeros(0)  # values of the linked columns in the last solve
        moving, column, factor, side = _moving_bounds(recourse)
        rest = np.setdiff1d(np.arange(len(recourse.row_lower)), moving)
        self._moving = column
        self._constant = side / factor
        scale = sparse.diags_array(-1.0 / factor) if len(factor) else sparse.csr_array((0, 0))
        self._slope = sparse.csr_array(scale @ recourse.link[moving])
        self._matrix, self._link = recourse.matrix[rest], recourse.link[rest]
        self._row_lower, self._row_upper = recourse.row_lower[rest], recourse.row_upper[rest]
        self._linked = np.unique(self._link.indices).astype(np.int64)
        self.columns = np.unique(recourse.link.indices).astype(np.int64)
        self._transposed = sparse.csr_array(self._matrix.T)
        self._link_transposed = sparse.csr_array(self._link[:, self.columns].T)
        self._slope_transposed = sparse.csr_array(self._slope[:, self.columns].T)

    def __getstate__(self) -> dict[str, object]:
        """Leave HiGHS behind when sent to another process."""
        return {**vars(self), "_program": None}

    def cut(self, point: Floats) -> Cut:
        """Return the cost at the first-stage point and the cut there."""
        program, ended = self._solve(point)
        if ended == "infeasible":
            return self._lack(point)
        duals, value, work = program.duals, program.value, program.iterations
        constant, gradient = self._lagrangian(duals, self._moved(point))
        return Cut(value, constant, self.columns, gradient, True, work)

    def floor(self, lower: Floats, upper: Floats) -> float:
        """Return a bound below the cost at every first-stage point between `lower` and `upper`.

        From the bounds of y alone where they are enough, else by letting the scenario choose x.
        """
        recourse, linked = self.recourse, self.columns
        plain = of_columns(recourse.cost, recourse)
        if np.isfinite(plain):
            return plain
        program = WarmProgram(
            np.r_[recourse.cost, np.zeros(len(linked))],
            np.r_[recourse.lower, lower[linked]],
            np.r_[recourse.upper, upper[linked]],
            sparse.csc_matrix(sparse.hstack([recourse.matrix, recourse.link[:, linked]])),
            recourse.row_lower,
            recourse.row_upper,
        )
        ended = program.solve()
        if ended == "infeasible":
            return 0.0  # no point is possible at all: the cuts will say so
        if ended != "completed":
            raise RuntimeError("the cost of a scenario has no lower bound")
        return program.value - NOISE * abs(program.value)

    def answer(self, point: Floats) -> Floats:
        """Return y at the first-stage point.

        Raises:
            RuntimeError: There is none.
        """
        program, ended = self._solve(point)
        size = len(self.recourse.cost)
        if ended == "infeasible":
            program = self._elastic(point, self.recourse.cost, self._price())
        solution = program.point
        if solution is None:
            raise RuntimeError("HiGHS found no recourse of a scenario")
        if ended == "infeasible" and solution[size:].sum() > 10 * self._allowed(point):
            raise RuntimeError("no recourse at this point")
        return solution[:size]

    def _solve(self, point: Floats) -> tuple[WarmProgram, str]:
        program = self._program or self._built()
        self._program = program if self._warm else None
        lower, upper = self.recourse.lower, self._cap(point)
        if np.any(upper < lower - CROSSED):
            return program, "infeasible"
        size, values = len(self.recourse.cost), point[self._linked]
        if _far(values, self._last):
            program.forget()
        self._last = values
        program.set_bounds(size + np.arange(len(values)), values, values)
        where = self._moving
        program.set_bounds(where, lower[where], np.maximum(upper, lower)[where])
        ended = program.solve()
        if ended not in ("completed", "infeasible"):
            raise RuntimeError(f"HiGHS ended the recourse of a scenario as {ended}")
        return program, ended

    def _cap(self, point: Floats) -> Floats:
        upper = self.recourse.upper.copy()
        upper[self._moving] = np.minimum(upper[self._moving], self._moved(point))
        return upper

    def _moved(self, point: Floats) -> Floats:
        bounds: Floats = self._constant + self._slope @ point
        return bounds

    def _built(self) -> WarmProgram:
        """Pass rows W y + T z with copies z of the first-stage columns, fixed by their bounds."""
        recourse, nothing = self.recourse, np.zeros(len(self._linked))
        return WarmProgram(
            np.r_[recourse.cost, nothing],
            np.r_[recourse.lower, nothing],
            np.r_[recourse.upper, nothing],
            sparse.csc_matrix(sparse.hstack([self._matrix, self._link[:, self._linked]])),
            self._row_lower,
            self._row_upper,
        )

    def _lagrangian(self, duals: Floats, moved: Floats) -> tuple[float, Floats]:
        """Return constant and gradient; `moved` are the moving bounds at the point.

        A reduced cost may count against the moving bound or the fixed one; where both are equal
        (an open site) the moving one says more about the points beside it.
        """
        recourse = self.recourse
        constant, duals = of_rows(duals, self._row_lower, self._row_upper)
        reduced = recourse.cost - self._transposed @ duals
        gradient = -(self._link_transposed @ duals)
        mine = self._moving
        binding = moved <= recourse.upper[mine] * (1 + CROSSED) + CROSSED
        weight = np.where((reduced[mine] < 0) & binding, reduced[mine], 0.0)
        constant += float(weight @ self._constant)
        gradient += self._slope_transposed @ weight
        reduced[mine[weight < 0]] = 0.0
        return constant + of_columns(reduced, recourse), gradient

    def _lack(self, point: Floats) -> Cut:
        """Return the cut that says how much the rows lack at least: it must not be positive.

        Phase one with slacks on all rows: its least sum is 0 exactly where there is an answer, and
        its duals bound it from below everywhere, as for a cost. A lack within tolerance, as where
        a held expectation is met to the last digit, is priced: the duals then bound the cost.
        """
        recourse = self.recourse
        program = self._elastic(point, np.zeros(len(recourse.cost)), 1.0)
        if program.value <= self._allowed(point):
            return self._priced(point)
        constant, duals = of_rows(program.duals, recourse.row_lower, recourse.row_upper)
        reduced = -(recourse.matrix.T @ duals)
        constant += of_columns(reduced, recourse, 1.0)
        gradient = -(recourse.link.T @ duals)[self.columns]
        scale = max(1e-9, float(np.abs(gradient).max(initial=0.0)), 1e-6 * abs(constant))
        work = program.iterations
        return Cut(np.inf, constant / scale, self.columns, gradient / scale, False, work)

    def _priced(self, point: Floats) -> Cut:
        recourse = self.recourse
        program = self._elastic(point, recourse.cost, self._price())
        solution = program.point
        if solution is None:
            raise RuntimeError("HiGHS found no recourse of a scenario")
        constant, duals = of_rows(program.duals, recourse.row_lower, recourse.row_upper)
        constant += of_columns(recourse.cost - recourse.matrix.T @ duals, recourse)
        gradient = -(recourse.link.T @ duals)[self.columns]
        value = float(recourse.cost @ solution[: len(recourse.cost)])
        return Cut(value, constant, self.columns, gradient, True, program.iterations)

    def _elastic(self, point: Floats, cost: Floats, price: float) -> WarmProgram:
        """Return the solved program in which every row may lack at a price."""
        recourse, rows = self.recourse, len(self.recourse.row_lower)
        shift, one = recourse.link @ point, sparse.eye_array(rows)
        program = WarmProgram(
            np.r_[cost, np.full(2 * rows, price)],
            np.r_[recourse.lower, np.zeros(2 * rows)],
            np.r_[recourse.upper, np.full(2 * rows, np.inf)],
            sparse.csc_matrix(sparse.hstack([recourse.matrix, one, -one])),
            recourse.row_lower - shift,
            recourse.row_upper - shift,
        )
        ended = program.solve()
        if ended != "completed":
            raise RuntimeError(f"HiGHS ended the recourse of a scenario as {ended}")
        return program

    def _price(self) -> float:
        return STEEP * float(np.abs(self.recourse.cost).max(initial=1.0))

    def _allowed(self, point: Floats) -> float:
        """Return the lack in all that counts as none."""
        sides = np.r_[self.recourse.row_lower, self.recourse.row_upper]
        moved = np.abs(self.recourse.link @ point).max(initial=1.0)
        return UNMET * max(float(moved), float(np.abs(sides[np.isfinite(sides)]).max(initial=1.0)))


def _far(values: Floats, last: Floats) -> bool:
    """Say whether so much is different that the last basis is worse than none."""
    if len(last) != len(values):
        return False
    changed, size = np.abs(values - last).sum(), np.abs(values).sum() + np.abs(last).sum()
    return bool(changed > FAR * size)


def _moving_bounds(recourse: Recourse) -> tuple[Ints, Ints, Floats, Floats]:
    """Return rows that bound one column from above: row, column, factor, side; one a column."""
    matrix = sparse.csr_matrix(recourse.matrix)
    tied = np.diff(recourse.link.indptr) > 0
    rows = np.flatnonzero((np.diff(matrix.indptr) == 1) & tied)
    column, factor = matrix.indices[matrix.indptr[rows]], matrix.data[matrix.indptr[rows]]
    low, high = recourse.row_lower[rows], recourse.row_upper[rows]
    above = (factor > 0) & np.isinf(low) & np.isfinite(high)
    below = (factor < 0) & np.isinf(high) & np.isfinite(low)
    side = np.where(factor > 0, high, low)
    usable = np.flatnonzero(above | below)
    _, first = np.unique(column[usable], return_index=True)
    kept = usable[first]
    return rows[kept].astype(np.int64), column[kept].astype(np.int64), factor[kept], side[kept]


def of_rows(duals: Floats, lower: Floats, upper: Floats) -> tuple[float, Floats]:
    """Return what the sides of the rows give, and the duals without those no side supports."""
    missing = (np.isinf(lower) & (duals > 0)) | (np.isinf(upper) & (duals < 0))
    duals = np.where(missing, 0.0, duals)
    used = duals != 0
    side = np.where(duals > 0, lower, upper)
    return float(duals[used] @ side[used]), duals


def of_columns(reduced: Floats, recourse: Recourse, scale: float | None = None) -> float:
    """Return what the bounds of the columns give; minus infinity where one is missing."""
    if scale is None:
        scale = float(np.abs(recourse.cost).max(initial=1.0))
    bound = np.where(reduced > 0, recourse.lower, recourse.upper)
    noise = np.isinf(bound) & (np.abs(reduced) <= NOISE * scale)
    used = (reduced != 0) & ~noise
    return float(reduced[used] @ bound[used])
