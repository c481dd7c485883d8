"""A linear or mixed-integer program of numpy arrays: blocks of columns, families of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Positions = NDArray[np.int32]  # as HiGHS keeps them: half the memory of the matrix
Labels = Callable[[], Sequence[str]]


@dataclass(frozen=True)
class Block:
    """A block of columns or a family of rows: name, start, size, how to label its members."""

    name: str
    start: int
    size: int
    labels: Labels | None

    def names(self) -> list[str]:
        """Return one name a member: `family[key]`, or `family[number]` without labels."""
        keys = self.labels() if self.labels else [str(number) for number in range(self.size)]
        return [f"{self.name}[{key}]" for key in keys]


class Program:
    """Columns with bounds, rows with bounds, entries as coordinates; goals come separately."""

    def __init__(self) -> None:
        """Start without columns and rows."""
        self.columns: list[Block] = []
        self.rows: list[Block] = []
        self.column_count = 0
        self.row_count = 0
        self._lower: list[Floats] = []
        self._upper: list[Floats] = []
        self._integer: list[NDArray[np.bool_]] = []
        self._row_lower: list[Floats] = []
        self._row_upper: list[Floats] = []
        self._entries: list[tuple[Positions, Positions, Floats]] = []

    def copy(self) -> Program:
        """Return a program that can be added to without changing this one."""
        other = Program()
        for name, value in vars(self).items():
            setattr(other, name, list(value) if isinstance(value, list) else value)
        return other

    def add_columns(
        self,
        name: str,
        size: int,
        upper: ArrayLike = np.inf,
        lower: ArrayLike = 0.0,
        integer: ArrayLike = False,
        labels: Labels | None = None,
    ) -> Ints:
        """Add a block of columns and return their positions."""
        self.columns.append(Block(name, self.column_count, size, labels))
        self._lower.append(np.broadcast_to(np.asarray(lower, float), (size,)))
        self._upper.append(np.broadcast_to(np.asarray(upper, float), (size,)))
        self._integer.append(np.broadcast_to(np.asarray(integer, bool), (size,)))
        self.column_count += size
        return np.arange(self.column_count - size, self.column_count)

    def add_rows(
        self,
        name: str,
        size: int,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
        labels: Labels | None = None,
    ) -> Ints:
        """Add a family of rows and return their positions; entries follow with `add_entries`."""
        self.rows.append(Block(name, self.row_count, size, labels))
        self._row_lower.append(np.broadcast_to(np.asarray(lower, float), (size,)))
        self._row_upper.append(np.broadcast_to(np.asarray(upper, float), (size,)))
        self.row_count += size
        return np.arange(self.row_count - size, self.row_count)

    def add_entries(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """Add coefficients at (row, column); arguments broadcast together; repeats add up."""
        where, which, what = np.broadcast_arrays(
            np.asarray(rows, np.int32), np.asarray(columns, np.int32), np.asarray(values, float)
        )
        if where.size:
            self._entries.append((where.ravel(), which.ravel(), what.ravel()))

    def add_known(self, rows: Ints, columns: Ints, values: Floats | float) -> None:
        """Add one coefficient a row and column; a row of -1 is left out: there is no such row."""
        known = rows >= 0
        self.add_entries(rows[known], columns[known], np.broadcast_to(values, rows.shape)[known])

    def raise_upper(self, family: Block, by: Floats) -> None:
        """Raise the upper bounds of the rows of a family."""
        number = self.rows.index(family)
        self._row_upper[number] = self._row_upper[number] + by

    def relax(self) -> None:
        """Let whole columns take any value."""
        self._integer = [np.zeros(self.column_count, dtype=bool)]

    @property
    def lower(self) -> Floats:
        """Lower bounds of the columns."""
        return _joined(self._lower)

    @property
    def upper(self) -> Floats:
        """Upper bounds of the columns."""
        return _joined(self._upper)

    @property
    def integer(self) -> NDArray[np.bool_]:
        """Which columns take whole values."""
        return np.concatenate(self._integer) if self._integer else np.zeros(0, bool)

    @property
    def row_lower(self) -> Floats:
        """Lower bounds of the rows."""
        return _joined(self._row_lower)

    @property
    def row_upper(self) -> Floats:
        """Upper bounds of the rows."""
        return _joined(self._row_upper)

    def matrix(self) -> sparse.csc_matrix:
        """Return the coefficients, rows x columns; repeated entries are summed."""
        shape = (self.row_count, self.column_count)
        if not self._entries:
            return sparse.csc_matrix(shape)
        rows, columns, values = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        return sparse.csc_matrix((values, (rows, columns)), shape=shape)

    def family(self, name: str) -> Block:
        """Return the row family of that name."""
        return next(block for block in self.rows if block.name == name)


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0)
