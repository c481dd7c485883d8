"""The cheapest line of a person: one shift or none a period.

A line keeps what its person alone decides: runs, breaks, forbidden successions, and, where they
are tracked, minutes, weekends and one kind of shift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.lanes import Bools
from allocator.instance.staff_case import StaffCase
from allocator.models.staff.lines_kinds import kinds_of, tracked_of
from allocator.models.staff.lines_table import LineTable

MOST_STATES = 30_000_000  # of all periods of the persons looked at together


@dataclass(frozen=True)
class Lines:
    """Lines of workers (N,): their shifts by period (N, T), NONE is off, and what they cost."""

    worker: Ints
    shift: Ints
    cost: Floats


class LineSearch:
    """Finds cheapest lines of workers, given what every shift of every period costs them."""

    def __init__(self, case: StaffCase, workers: Ints) -> None:
        """Sort the workers by their rules."""
        self.case, self.workers = case, workers
        self.tracked = tracked_of(case, workers)
        self.kinds = list(kinds_of(case, workers, self.tracked.counted))

    def best(self, cost: Floats, only: Bools, each: int = 1) -> Lines:
        """Return cheapest lines; nobody's where nothing is allowed.

        Args:
            cost: Workers x periods x shifts; infinite where somebody cannot work.
            only: Workers to look at.
            each: Lines a worker at most; they differ in minutes.
        """
        parts = []
        for kind in self.kinds:
            some = kind.workers[only[kind.workers]]
            size = max(1, MOST_STATES // LineTable(kind, self.tracked, some[:1], cost).size)
            for begin in range(0, len(some), size):
                table = LineTable(kind, self.tracked, some[begin : begin + size], cost)
                table.fill()
                parts += list(table.lines(each))
        periods = cost.shape[1]
        return Lines(
            np.array([one[0] for one in parts], dtype=np.int64),
            np.array([one[1] for one in parts], dtype=np.int64).reshape(-1, periods),
            np.array([one[2] for one in parts], dtype=float),
        )
