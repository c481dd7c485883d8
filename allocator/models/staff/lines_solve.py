"""A goal of a roster over lines: a bound by column generation, rosters by dives, rounds between."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from allocator.engine.neighbourhood import Bools, Rounds, Size, improve
from allocator.engine.ordered import Budget
from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats, Ints, Program
from allocator.engine.session import Session
from allocator.models.staff.lines_dive import Dive
from allocator.models.staff.lines_master import Master
from allocator.models.staff.lines_split import Split
from allocator.models.staff.steps import next_value, room_of

Found = Callable[[Floats], None]
Choose = Callable[[np.random.Generator, float], Bools]
AGAIN = (0.3, 0.8)  # of the persons, in a dive from a roster
FEWEST = 6
ROUNDS = 3  # of improvement between two dives
ROUND_SECONDS = 3.0
ROUND_WORK = 100  # nodes of a round
DIVES = 10**6
DIVES_BY_WORK = 5
NEAR = 1e-6


@dataclass(frozen=True)
class Effort:
    """How long to search: until a deadline on the clock or for some dives; what gap will do."""

    deadline: float | None
    dives: int
    gap: float

    @classmethod
    def of(cls, budget: Budget, seconds: float | None) -> Effort:
        """Return the effort of a budget, of which `seconds` are for this goal."""
        if seconds is None or budget.work is not None:
            return cls(None, DIVES_BY_WORK, budget.gap)
        return cls(time.monotonic() + seconds, DIVES, budget.gap)

    def rounds(self) -> Rounds:
        """Return the rounds of improvement between two dives."""
        if self.deadline is None:
            return Rounds(ROUNDS, np.inf, ROUND_WORK)
        return Rounds(ROUNDS, ROUND_SECONDS, None, self.deadline)


@dataclass
class LineSolve:
    """Searches the lines of a program.

    Attributes:
        split: The program.
        choose: What to free of a roster, for the rounds of improvement.
        effort: How long.
        step: Values of the goal are multiples of it; 0 when unknown.
        constant: Of the goal.
        seed: Seed of the search.
        bound: What is proven so far, without the constant.
        size: How much the rounds of improvement free.
    """

    split: Split
    choose: Choose
    effort: Effort
    step: float
    constant: float = 0.0
    seed: int = 0
    bound: float = -np.inf
    size: Size = field(default_factory=Size)

    def run(self, start: Floats | None, found: Found) -> Floats | None:
        """Return the best point; `found` hears of every better one. The bound is kept."""
        self.master = Master(self.split, self.seed)
        self.dive = Dive(self.master, self.effort.deadline)
        point = start
        if point is not None:
            self._known(point)
        self._first_lines()
        relaxed = self.dive.relax()
        self._raise()
        if relaxed is None:
            return point
        dice = np.random.default_rng(self.seed)
        for number in range(self.effort.dives):
            if self.dive.late() or self.proven(point):
                break
            point = self._dived(point, dice, found, afresh=not number)
            if point is not None and not self.proven(point):
                point = self._improved(point, number, found)
        return point

    def outcome(self, point: Floats | None, termination: str, began: float) -> Outcome:
        """Return what is known, `began` being a time on the clock."""
        value = None if point is None else float(self.split.whole.cost @ point)
        bound = self.bound if np.isfinite(self.bound) else None
        if bound is not None and value is not None:
            bound = min(bound, value)
        seconds = time.monotonic() - began
        return Outcome(termination, point, None, value, bound, "lines", seconds)

    def _first_lines(self) -> None:
        """Find everybody's cheapest line at no price of the rows left."""
        rows, persons = len(self.split.rows), len(self.split.persons)
        self.master.price(np.r_[np.zeros(rows), np.full(persons, np.inf)])

    def _raise(self) -> None:
        """Take the bound of the relaxation, moved to the next value there can be."""
        self.bound = max(self.bound, next_value(self.dive.best, self.step))

    def proven(self, point: Floats | None) -> bool:
        """Whether no point is better by more than the gap."""
        if point is None:
            return False
        value = float(self.split.whole.cost @ point)
        return value - self.bound <= room_of(value, self.effort.gap, self.constant)

    def _dived(
        self, point: Floats | None, dice: np.random.Generator, found: Found, afresh: bool
    ) -> Floats | None:
        """Dive from scratch, or from a roster with the lines of some persons kept."""
        kept: dict[int, int] = {}
        if point is not None and not afresh:
            persons = self.split.persons
            count = max(FEWEST, round(dice.uniform(*AGAIN) * len(persons)))
            again = set(dice.choice(persons, min(count, len(persons)), replace=False).tolist())
            kept = {w: line for w, line in self._known(point).items() if w not in again}
        taken = self.dive.down(kept)
        if taken is None:
            return point
        chosen = [self.master.pool.assigned[line] for line in taken.values()]
        other = completed(self.split, np.concatenate(chosen))
        return self._better(point, other, found)

    def _better(self, point: Floats | None, other: Floats | None, found: Found) -> Floats | None:
        cost = self.split.whole.cost
        if other is None or (point is not None and cost @ other >= cost @ point - NEAR):
            return point
        found(other)
        return other

    def _improved(self, point: Floats, number: int, found: Found) -> Floats:
        seed = self.seed + 1000 * (number + 1)
        rounds = self.effort.rounds()
        return improve(
            self.split.whole, point, self.choose, _session, rounds, seed, found, self.size
        )

    def _known(self, point: Floats) -> dict[int, int]:
        """Add the lines of a roster; return the number of everybody's line in the pool."""
        lines = lines_of(self.split, point)
        self.master.add(lines)
        return {worker: self.master.pool.number(worker, line) for worker, line in lines}


def lines_of(split: Split, point: Floats) -> list[tuple[int, Ints]]:
    """Return worker and assignment columns of the persons' lines in a point."""
    model = split.model
    used = np.flatnonzero(point[model.assign] > 0.5)
    used = used[np.lexsort((model.period[used], model.worker[used]))]
    return [(worker, used[model.worker[used] == worker]) for worker in split.persons.tolist()]


def completed(split: Split, assigned: Ints) -> Floats | None:
    """Return the best point of the whole program with these assignments; None where there is none.

    Args:
        split: The program.
        assigned: Assignment columns of persons that are 1.
    """
    whole, model = split.whole, split.model
    point = np.zeros(len(whole.cost))
    point[model.assign[assigned]] = 1.0
    mine = np.isin(model.worker, split.persons)
    free = np.ones(len(point), dtype=bool)
    free[model.assign[mine]] = False
    program, cost = whole.part(point, free)
    outcome = _session(program, 0).minimise(cost, gap=0.0)
    if outcome.solution is None:
        return None
    point[free] = outcome.solution
    point = np.where(whole.integer, np.round(point), point)
    return point if whole.keeps(point) else None


def _session(program: Program, seed: int) -> Session:
    return Session(program, seed)
