"""Whole lines from the relaxation: take a line, find new ones for the others, and so on to the end.

Diving with strong selection (Sadykov, Vanderbeck, Pessoa, Tahiri and Uchoa 2019): of the lines that
weigh most, the one is taken that costs the relaxation least.
"""

from __future__ import annotations

import time

import numpy as np

from allocator.engine.program import Floats
from allocator.models.staff.lines_master import Master

SURE = 0.99  # lines that weigh as much are taken at once
LOOKS = 4  # lines tried before one is taken
ROUNDS = 3  # of new lines between two takings
MOST_ROUNDS = 1000
MOST_DEARER = 4
NEAR = 1e-6
LEAST = 1e-6  # weight of a line that may be taken


class Dive:
    """Relaxes and dives in a program over lines, until a deadline on the clock."""

    def __init__(self, master: Master, deadline: float | None = None) -> None:
        """Take the program; nothing is solved."""
        self.master, self.split = master, master.split
        self.deadline = deadline
        self.best = -np.inf
        self.dearer = 0

    def left(self) -> float | None:
        """Return the seconds left."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def late(self) -> bool:
        """Whether no time is left."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def relax(self, rounds: int = MOST_ROUNDS) -> Floats | None:
        """Solve the relaxation, with new lines; return the point of the pool.

        Returns None where there is none in time. The best bound with nobody fixed is kept.
        """
        master, point = self.master, None
        for _ in range(rounds):
            outcome = master.solve(self.left())
            if outcome.solution is None or outcome.duals is None or outcome.value is None:
                return None
            point, size = outcome.solution, len(master.pool.worker)
            if self.late():
                break
            bound = master.price(outcome.duals)
            if not master.fixed.any():
                self.best = max(self.best, bound)
            if len(master.pool.worker) > size and bound < outcome.value - NEAR:
                continue
            if master.fixed.any() or not master.missed(point) or self.dearer == MOST_DEARER:
                break
            self.dearer += 1
            master.dearer()
        return point

    def down(self, kept: dict[int, int]) -> dict[int, int] | None:
        """Return a line (its number in the pool) for everybody; `kept` are given.

        Returns None where it ends without.
        """
        taken: dict[int, int] = {}
        self._take(taken, kept)
        try:
            while len(taken) < len(self.split.persons):
                point = None if self.late() else self.relax(ROUNDS)
                if point is None:
                    return None
                chosen = self._chosen(point, taken)
                if not chosen:
                    return None
                self._take(taken, chosen)
        finally:
            self._release()
        return taken

    def _chosen(self, point: Floats, taken: dict[int, int]) -> dict[int, int]:
        """Return the lines to take next, by worker."""
        weight = point[self.master.first_line :]
        workers = self.master.pool.worker
        order = [
            line
            for line in np.argsort(-weight, kind="stable")[: 4 * len(self.split.persons)].tolist()
            if weight[line] > LEAST and workers[line] not in taken and self._alone(line)
        ]
        sure = {workers[line]: line for line in order if weight[line] > SURE}
        if sure or not order:
            return sure
        best = min(order[:LOOKS], key=self._look) if len(order) > 1 else order[0]
        return {workers[best]: best}

    def _look(self, line: int) -> float:
        """Return the value of the relaxation with a line taken."""
        column = np.array([self.master.first_line + line])
        self.master.session.set_bounds(column, np.ones(1), np.ones(1))
        value = self.master.solve(self.left()).value
        self.master.session.set_bounds(column, np.zeros(1), np.full(1, np.inf))
        return np.inf if value is None else value

    def _take(self, taken: dict[int, int], lines: dict[int, int]) -> None:
        """Fix lines; lines of the same persons that come later are not looked for."""
        taken.update(lines)
        columns = self.master.first_line + np.array(list(lines.values()), dtype=np.int64)
        self.master.session.set_bounds(columns, np.ones(len(columns)), np.ones(len(columns)))
        self.master.fixed[list(lines)] = True

    def _release(self) -> None:
        master = self.master
        columns = np.arange(master.first_line, master.session.columns)
        master.session.set_bounds(columns, np.zeros(len(columns)), np.full(len(columns), np.inf))
        master.fixed[:] = False

    def _alone(self, line: int) -> bool:
        """Whether a line keeps the rules of its person that lines do not count."""
        split, whole = self.split, self.split.whole
        point = np.zeros(split.matrix.shape[1])
        point[split.point_of(self.master.pool.assigned[line])] = 1.0
        rows, matrix = split.own
        value = matrix @ point
        return bool(
            (value <= whole.row_upper[rows] + 1e-6).all()
            and (value >= whole.row_lower[rows] - 1e-6).all()
        )
