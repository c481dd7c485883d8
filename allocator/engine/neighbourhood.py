"""Improve a point of a program: free some of its columns, solve for them alone, again and again.

Large neighbourhood search (Shaw 1998). What is freed grows while its programs are solved to the
end, and shrinks when one is cut. The result depends on the seed and the count of rounds only,
unless a deadline cuts it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats, Program
from allocator.engine.session import Session

SLACK = 1e-6  # by which a row may be broken by what is kept
BETTER = 1e-6
Bools = NDArray[np.bool_]
Choose = Callable[[np.random.Generator, float], Bools]
NewSession = Callable[[Program, int], Session]


@dataclass(frozen=True)
class Rounds:
    """How long to go on: rounds, seconds and work of each, a deadline, a value that is enough."""

    most: int
    seconds: float
    work: int | None = None
    deadline: float | None = None
    enough: float = -np.inf


@dataclass
class Size:
    """How much is freed, as a share; rounds leave it as they found it best."""

    share: float = 0.2


class Whole:
    """A program with one goal and earlier goals held, ready to be cut into parts."""

    def __init__(
        self, program: Program, cost: Floats, held: sparse.csr_matrix, most: Floats
    ) -> None:
        """Take the program; rows `held` x columns <= `most` keep the earlier goals."""
        wide = sparse.csr_matrix(
            (held.data, held.indices, held.indptr), (held.shape[0], program.column_count)
        )
        self.matrix = sparse.vstack([program.matrix(), wide], format="csc")
        self.row_lower = np.r_[program.row_lower, np.full(len(most), -np.inf)]
        self.row_upper = np.r_[program.row_upper, most]
        self.lower, self.upper = program.lower, program.upper
        self.integer = program.integer
        self.cost = np.r_[cost, np.zeros(program.column_count - len(cost))]

    def keeps(self, point: Floats) -> bool:
        """Whether a point keeps all rows, within ten times what a part may miss them by."""
        value = self.matrix @ point
        low, high = self.row_lower - 10 * SLACK, self.row_upper + 10 * SLACK
        return bool(((value >= low) & (value <= high)).all())

    def part(self, point: Floats, free: Bools) -> tuple[Program, Floats]:
        """Return the program of the free columns, the others kept as they are, and its cost."""
        kept = self.matrix[:, ~free] @ point[~free]
        inside = sparse.csr_matrix(self.matrix[:, free])
        rows = np.flatnonzero(np.diff(inside.indptr))
        entries = inside[rows].tocoo()
        part = Program()
        columns = part.add_columns(
            "free", int(free.sum()), self.upper[free], self.lower[free], self.integer[free]
        )
        lower = _loosened(self.row_lower[rows] - kept[rows], -SLACK)
        upper = _loosened(self.row_upper[rows] - kept[rows], SLACK)
        part.add_rows("part", len(rows), lower, upper)
        part.add_entries(entries.row, columns[entries.col], entries.data)
        return part, self.cost[free]


def _loosened(side: Floats, slack: float) -> Floats:
    """Return sides of rows made whole where they are nearly so, else looser by the slack.

    HiGHS 1.12 ends with an error where many rows are loose by just its tolerance.
    """
    whole = np.round(side)
    near = np.isclose(side, whole, rtol=0, atol=SLACK)
    return np.asarray(np.where(near, whole, side + slack))


def improve(
    whole: Whole,
    point: Floats,
    choose: Choose,
    new_session: NewSession,
    rounds: Rounds,
    seed: int,
    found: Callable[[Floats], None] = lambda point: None,
    size: Size | None = None,
) -> Floats:
    """Return a point no worse than `point`.

    Args:
        whole: The program.
        point: A point that keeps its rows.
        choose: Returns the columns to free, given a generator and a size from 0 to 1.
        new_session: Returns a program inside a solver, with a seed.
        rounds: How long to go on.
        seed: Seed of what is freed.
        found: Called with every better point.
        size: What is freed first, and after the last round.
    """
    dice, size = np.random.default_rng(seed), size or Size()
    point = np.where(whole.integer, np.round(point), point)
    value = float(whole.cost @ point)
    for number in range(rounds.most):
        left = np.inf if rounds.deadline is None else rounds.deadline - time.monotonic()
        if left <= 0 or value <= rounds.enough:
            break
        free = choose(dice, size.share)
        program, cost = whole.part(point, free)
        session = new_session(program, seed + number)
        outcome = session.minimise(cost, min(rounds.seconds, left), rounds.work, gap=0.0)
        size.share = _resized(size.share, outcome)
        if outcome.solution is None or outcome.value is None:
            continue
        gain = float(cost @ point[free]) - outcome.value
        if gain >= -BETTER:
            point = point.copy()
            point[free] = outcome.solution
            point = np.where(whole.integer, np.round(point), point)
        if gain > BETTER:
            value -= gain
            found(point)
    return point


def _resized(size: float, outcome: Outcome) -> float:
    """Return the size of the next part: larger when this one was solved to the end."""
    factor = 1.05 if outcome.termination == "completed" else 0.9
    return float(np.clip(size * factor, 0.02, 1.0))
