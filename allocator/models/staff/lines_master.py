"""The program over lines: its relaxation by column generation, and what that proves.

For any prices of the rows left, what the rows cost plus the cheapest line of everybody is a bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats, Ints, Program
from allocator.engine.session import Session
from allocator.models.staff.lines_split import Split

EACH = 3  # lines a person and round
DEAR = 10.0  # times the largest cost
MISSED = 1e-6
BETTER = 1e-6


@dataclass
class Pool:
    """Lines found: worker, assignment columns, cost, and entries in the rows left."""

    worker: list[int] = field(default_factory=list)
    assigned: list[Ints] = field(default_factory=list)
    known: dict[tuple[int, bytes], int] = field(default_factory=dict)

    def add(self, worker: int, assigned: Ints) -> bool:
        """Add a line; return whether it is new."""
        key = worker, assigned.tobytes()
        if key in self.known:
            return False
        self.known[key] = len(self.worker)
        self.worker.append(worker)
        self.assigned.append(assigned)
        return True

    def number(self, worker: int, assigned: Ints) -> int:
        """Return the number of a line of the pool."""
        return self.known[worker, assigned.tobytes()]


class Master:
    """The relaxation over a pool of lines, in a solver that keeps its basis.

    Columns: those that lines do not decide; what every row left is missed by, at a high cost, so
    that there is always a point; the lines of the pool in order.
    """

    def __init__(self, split: Split, seed: int = 0, threads: int = 1) -> None:
        """Build the program without lines."""
        self.split, self.pool = split, Pool()
        self.outside = np.flatnonzero(~split.inside)
        self.fixed = np.zeros(len(split.model.case.people), dtype=bool)
        program = self._program()
        self.dear = DEAR * max(1.0, float(np.abs(split.whole.cost).max(initial=0.0)))
        missed = np.full(program.column_count - len(self.outside), self.dear)
        self.cost = np.r_[split.whole.cost[self.outside], missed]
        self.session = Session(program, seed, threads)
        self.first_line = program.column_count

    def _program(self) -> Program:
        split, whole = self.split, self.split.whole
        program = Program()
        columns = program.add_columns(
            "outside", len(self.outside), whole.upper[self.outside], whole.lower[self.outside]
        )
        rows = program.add_rows(
            "left", len(split.rows), whole.row_lower[split.rows], whole.row_upper[split.rows]
        )
        entries = split.matrix[:, self.outside].tocoo()
        program.add_entries(rows[entries.row], columns[entries.col], entries.data)
        for sign, side in ((1.0, whole.row_lower), (-1.0, whole.row_upper)):
            some = np.flatnonzero(np.isfinite(side[split.rows]))
            program.add_entries(rows[some], program.add_columns("missed", len(some)), sign)
        program.add_rows("line", len(split.persons), 1.0, 1.0)
        return program

    def missed(self, point: Floats) -> bool:
        """Whether a point of the relaxation misses a row."""
        return bool(point[len(self.outside) : self.first_line].max(initial=0.0) > MISSED)

    def dearer(self) -> None:
        """Let what is missed cost more."""
        self.dear *= DEAR
        self.cost[len(self.outside) : self.first_line] = self.dear

    def add(self, lines: list[tuple[int, Ints]]) -> int:
        """Add lines given by worker and assignment columns; return how many are new."""
        new = [(worker, assigned) for worker, assigned in lines if self.pool.add(worker, assigned)]
        if not new:
            return 0
        matrix, cost = self.entries(new)
        upper = np.where(self.fixed[[worker for worker, _ in new]], 0.0, np.inf)
        self.session.add_columns(np.zeros(len(new)), upper, matrix)
        self.cost = np.r_[self.cost, cost]
        return len(new)

    def entries(self, lines: list[tuple[int, Ints]]) -> tuple[sparse.csc_matrix, Floats]:
        """Return the entries of lines in all rows, and their costs."""
        split = self.split
        points = [split.point_of(assigned) for _, assigned in lines]
        which = np.repeat(np.arange(len(lines)), [len(one) for one in points])
        shape = (split.matrix.shape[1], len(lines))
        ones = np.ones(len(which))
        chosen = sparse.csc_matrix((ones, (np.concatenate(points), which)), shape=shape)
        person = np.searchsorted(split.persons, [worker for worker, _ in lines])
        line = sparse.csc_matrix(
            (np.ones(len(lines)), (person, np.arange(len(lines)))),
            shape=(len(split.persons), len(lines)),
        )
        matrix = sparse.vstack([split.matrix @ chosen, line], format="csc")
        return matrix, np.asarray(split.whole.cost @ chosen).ravel()

    def solve(self, seconds: float | None) -> Outcome:
        """Solve the relaxation over the lines found."""
        return self.session.minimise(self.cost, seconds)

    def price(self, duals: Floats) -> float:
        """Add lines that are worth it at the prices of the rows; return the bound they prove."""
        split = self.split
        prices, worth = self._signed(duals[: len(split.rows)]), duals[len(split.rows) :]
        reduced = split.reduced(prices)
        cost, column = split.cells(reduced)
        lines = split.search.best(cost, ~self.fixed, EACH)
        least = np.full(len(self.fixed), np.inf)
        np.minimum.at(least, lines.worker, lines.cost)
        good = lines.cost < worth[np.searchsorted(split.persons, lines.worker)] - BETTER
        found = [
            (worker, split.columns_of(worker, shift, column))
            for worker, shift in zip(lines.worker[good].tolist(), lines.shift[good], strict=True)
        ]
        self.add(found)
        return self._proven(prices, reduced, least[split.persons])

    def _signed(self, prices: Floats) -> Floats:
        """Return prices of rows without those that a missing side would make endless."""
        whole, rows = self.split.whole, self.split.rows
        endless = np.isinf(whole.row_lower[rows]) & (prices > 0)
        endless |= np.isinf(whole.row_upper[rows]) & (prices < 0)
        return np.where(endless, 0.0, prices)

    def _proven(self, prices: Floats, reduced: Floats, least: Floats) -> float:
        """Return the bound of some prices: rows, boxes of the columns left, and lines."""
        whole, rows = self.split.whole, self.split.rows
        low, high = whole.row_lower[rows], whole.row_upper[rows]
        used = prices != 0
        side = np.where(prices > 0, low, high)
        rest = reduced[self.outside]
        box = np.where(rest > 0, whole.lower[self.outside], whole.upper[self.outside])
        moved = np.abs(rest) > 1e-9
        return float(prices[used] @ side[used] + rest[moved] @ box[moved] + least.sum())
