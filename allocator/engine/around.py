"""Improve a point of a program with integers: branch and cut over a few columns, all else stays.

Large neighbourhood search by exact solves (Fischetti and Lodi, Local branching, Math. Program. 98,
2003, and what followed): the caller chooses the neighbourhoods.
"""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints, Program
from allocator.engine.session import Session

BETTER = 1e-9  # of the cost of the free columns: less is no improvement
ENOUGH = 1e-6  # relative gap at which a neighbourhood is left: what it loses is a small part


class Around:
    """A point that gets better: `point` and `value` always belong together."""

    def __init__(self, program: Program, cost: Floats, point: Floats, seed: int = 0) -> None:
        """Start from a point that obeys the rows as well as rounding allows."""
        self.point, self.cost, self.seed = point.copy(), cost, seed
        self.lower, self.upper, self.integer = program.lower, program.upper, program.integer
        self.columns = program.matrix()
        self.by_row = self.columns.tocsr()
        self.activity = self.columns @ self.point
        # What the point exceeds is rounding: no neighbour has to mend it.
        self.row_lower = np.minimum(program.row_lower, self.activity)
        self.row_upper = np.maximum(program.row_upper, self.activity)

    @property
    def value(self) -> float:
        """Cost of the point."""
        return float(self.cost @ self.point)

    def improve(self, free: Ints, seconds: float | None, work: int | None = None) -> bool:
        """Let the columns `free` move; return whether the point got better."""
        block = self.columns[:, free]
        rows = np.unique(block.indices)
        here = self.point[free]
        fixed = self.activity[rows] - (block @ here)[rows]
        part = Program()
        columns = part.add_columns(
            "free", len(free), self.upper[free], self.lower[free], self.integer[free]
        )
        part.add_rows("row", len(rows), self.row_lower[rows] - fixed, self.row_upper[rows] - fixed)
        entries = block.tocoo()
        part.add_entries(np.searchsorted(rows, entries.row), columns[entries.col], entries.data)
        cost = self.cost[free]
        found = Session(part, self.seed).minimise(cost, seconds, work, ENOUGH, start=here).solution
        if found is None:
            return False
        whole = self.integer[free]
        found[whole] = np.round(found[whole])
        now = float(cost @ here)
        if float(cost @ found) >= now - BETTER * abs(now):
            return False
        self.point[free] = found
        self.activity += block @ (found - here)
        return True
