"""The program of a roster as lines of persons (Dantzig and Wolfe 1960).

Rows that one person alone decides are kept by every line, and leave the program; what couples
persons stays, with whatever other columns it has. Any rule that lines cannot count stays as rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from allocator.engine.neighbourhood import Whole
from allocator.engine.program import Block, Floats, Ints
from allocator.instance.lanes import Bools
from allocator.models.staff.lines import LineSearch
from allocator.models.staff.lines_kinds import Tracked
from allocator.models.staff.lines_table import NONE
from allocator.models.staff.model import StaffModel

PATHS = ("stint", "idle", "break")
SEQUENCE = ("rest", "succession")  # kept by lines from one period to the next
KEPT = ("one_shift", "run_max", "path", "stint", *SEQUENCE)


@dataclass(frozen=True)
class Split:
    """What lines decide of a program, and what is left of it.

    Attributes:
        model: The program.
        whole: The same with its goal and the earlier goals.
        search: The lines of the persons.
        inside: Columns that lines decide.
        rows: Rows left to the program over lines.
    """

    model: StaffModel
    whole: Whole
    search: LineSearch
    inside: Bools
    rows: Ints

    @property
    def persons(self) -> Ints:
        """The workers with lines."""
        return self.search.workers

    @cached_property
    def matrix(self) -> sparse.csc_matrix:
        """The rows left."""
        return sparse.csc_matrix(self.whole.matrix.tocsr()[self.rows])

    @cached_property
    def own(self) -> tuple[Ints, sparse.csr_matrix]:
        """Rows left that are about what lines decide of one person only, and their entries."""
        matrix = self.matrix.tocsr()
        owner, _ = self.model.owners()
        outside = matrix.astype(bool) @ (~self.inside).astype(float) > 0
        one = np.flatnonzero((_spread(matrix, owner) == 0) & ~outside)
        return self.rows[one], matrix[one]

    @cached_property
    def assign(self) -> Ints:
        """Assignment columns of the persons, by worker, period and shift."""
        mine = np.flatnonzero(np.isin(self.model.worker, self.persons))
        return mine[np.argsort(self._cell[mine], kind="stable")]

    @cached_property
    def _cell(self) -> Ints:
        model = self.model
        shape = model.case.can.shape
        cell = np.ravel_multi_index((model.worker, model.period, model.shift), shape)
        return np.array(cell, dtype=np.int64)

    def reduced(self, prices: Floats) -> Floats:
        """Return the reduced costs of all columns."""
        return np.asarray(self.whole.cost - self.matrix.T @ prices)

    def cells(self, reduced: Floats) -> tuple[Floats, Ints]:
        """Return workers x periods x shifts: the least reduced cost, and the column that has it."""
        model, shape = self.model, self.model.case.can.shape
        columns = self.assign
        at = model.assign[columns]
        cost = reduced[at] + reduced[model.works[model.worker[columns], model.period[columns]]]
        most = model.case.people.shift_max[model.worker[columns], model.shift[columns]]
        cost = np.where((self.whole.upper[at] < 1) | (most < 1), np.inf, cost)
        order = np.lexsort((cost, self._cell[columns]))
        cell, first = np.unique(self._cell[columns][order], return_index=True)
        least, column = np.full(np.prod(shape), np.inf), np.full(np.prod(shape), -1)
        least[cell], column[cell] = cost[order][first], columns[order][first]
        return least.reshape(shape), column.reshape(shape)

    def columns_of(self, worker: int, shift: Ints, column: Ints) -> Ints:
        """Return the assignment columns of a line, given the column of every cell."""
        period = np.flatnonzero(shift != NONE)
        return np.asarray(column[worker, period, shift[period]])

    def point_of(self, assigned: Ints) -> Ints:
        """Return the columns of the program that are 1 when these assignments are made."""
        model = self.model
        works = model.works[model.worker[assigned], model.period[assigned]]
        return np.array(np.r_[model.assign[assigned], works], dtype=np.int64)


def split_of(model: StaffModel, whole: Whole) -> Split:
    """Split a program by who decides what."""
    persons = np.flatnonzero((model.case.people.number == 1) & model.case.fits.any(axis=1))
    search = LineSearch(model.case, persons)
    tracked, families = search.tracked, list(KEPT)
    families += ["hours_max", "hours_min"] if tracked.minutes else []
    weekends = ["weekend", "weekends_max"] if tracked.counts_weekends else []
    owner, period = model.owners()
    block = _names(model.program.columns, model.program.column_count)
    mine = np.isin(owner, persons)
    inside = mine & np.isin(block, ["assign", "works", *PATHS, *weekends[:1]])
    family = _names(model.program.rows, model.program.row_count)
    rows = whole.matrix.tocsr()[: len(family)]
    touched = np.asarray(rows.astype(bool) @ inside.astype(float)) > 0
    path = np.asarray(rows.astype(bool) @ (mine & np.isin(block, PATHS)).astype(float)) > 0
    next_to = _spread(rows, period) <= 1
    gone = touched & np.isin(family, [*families, *weekends])
    gone &= ~np.isin(family, SEQUENCE) | next_to
    gone |= (family == "shift_max") & touched & _counted(model, tracked, rows)
    left = np.ones(whole.matrix.shape[0], dtype=bool)
    left[: len(family)] = ~(gone | path)
    return Split(model, whole, search, inside, np.flatnonzero(left))


def _names(blocks: list[Block], size: int) -> np.ndarray:
    names = np.full(size, "", dtype=object)
    for block in blocks:
        names[block.start : block.start + block.size] = block.name
    return names.astype(str)


def _counted(model: StaffModel, tracked: Tracked, rows: sparse.csr_matrix) -> Bools:
    """Return the rows with a shift in them that is counted for its worker."""
    some = np.zeros(model.program.column_count)
    some[model.assign[tracked.counted[model.worker] == model.shift]] = 1.0
    return np.asarray(rows.astype(bool) @ some) > 0


def _spread(rows: sparse.csr_matrix, number: Ints) -> Ints:
    """Return how far apart the numbers of the columns of every row are; below 0 without any."""
    entries = rows.tocoo()
    first, last = np.full(rows.shape[0], 10**9), np.full(rows.shape[0], -(10**9))
    np.minimum.at(first, entries.row, number[entries.col])
    np.maximum.at(last, entries.row, number[entries.col])
    return np.asarray(last - first)
