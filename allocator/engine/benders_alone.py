"""The first cut of a scenario: at the point that is best if that scenario were known to come.

The program of one scenario with its own first stage is small, and its duals give a cut like any
other. Together they make the master's bound at least the value with perfect information, of the
relaxation: without them the first rounds find that out one cut at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.engine.benders_lp import WarmProgram
from allocator.engine.benders_subproblem import Cut, Subproblem, of_columns, of_rows
from allocator.engine.program import Floats, Program
from allocator.engine.two_stage import Recourse


@dataclass(frozen=True)
class FirstRows:
    """The first stage as arrays that can be sent to a worker: columns with cost, rows on them."""

    cost: Floats
    lower: Floats
    upper: Floats
    matrix: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats

    @property
    def priced(self) -> bool:
        """Whether any choice costs something: else a scenario alone may have all it wants."""
        return bool(np.any((self.cost != 0) & (self.upper > self.lower)))


def first_rows(program: Program, cost: Floats) -> FirstRows:
    """Return the arrays of a first stage."""
    matrix = sparse.csr_matrix(program.matrix())
    sides = program.row_lower, program.row_upper
    return FirstRows(cost, program.lower, program.upper, matrix, *sides)


def alone(subproblem: Subproblem, first: FirstRows, seconds: float | None) -> Cut | None:
    """Return the cut of a scenario at its own best point; None where that is not found in time."""
    recourse = subproblem.recourse
    program = _program(recourse, first)
    if program.solve(seconds) != "completed":
        return None
    duals = program.duals[: len(recourse.row_lower)]
    constant, duals = of_rows(duals, recourse.row_lower, recourse.row_upper)
    constant += of_columns(recourse.cost - recourse.matrix.T @ duals, recourse)
    columns = subproblem.columns
    gradient = -(recourse.link.T @ duals)[columns]
    usable = np.isfinite(constant)
    return Cut(np.inf, constant, columns, gradient, True, program.iterations) if usable else None


def _program(recourse: Recourse, first: FirstRows) -> WarmProgram:
    """Return the relaxation of one scenario with the first stage."""
    nothing = sparse.csr_matrix((first.matrix.shape[0], len(recourse.cost)))
    rows = [[recourse.matrix, recourse.link], [nothing, first.matrix]]
    program = WarmProgram(
        np.r_[recourse.cost, first.cost],
        np.r_[recourse.lower, first.lower],
        np.r_[recourse.upper, first.upper],
        sparse.csc_matrix(sparse.bmat(rows)),
        np.r_[recourse.row_lower, first.row_lower],
        np.r_[recourse.row_upper, first.row_upper],
    )
    program.option("presolve", "on")
    return program
