"""The cheapest line of a person: one shift or none a period, found by dynamic programming.

A line keeps what its person alone decides: runs, breaks, forbidden successions, and, where they
are tracked, minutes, weekends and one kind of shift. States of a person after a period: the last
shift and the length of the run, or the length of the break; minutes, weekends, shifts so far.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.lanes import Bools
from allocator.instance.staff_case import StaffCase
from allocator.instance.staff_clashes import clashes

MOST_STEPS = 200  # of minutes; more are not tracked
MOST_SHIFTS = 9  # of the kind that is counted; more are not tracked
MOST_STATES = 30_000_000  # of all periods of the persons looked at together
NONE = -1  # a period off


@dataclass(frozen=True)
class Tracked:
    """What lines count: steps of minutes of each shift, and weekends of each period (-1 none).

    Attributes:
        step: Steps of every shift; all 0 where minutes are not tracked.
        least, most: Steps of every worker over the horizon.
        weekend: Weekend of every period.
        weekends: Most weekends of every worker.
        counted: The shift that is counted for every worker (-1 none): the one limited most.
        shifts: Most shifts of that kind of every worker.
    """

    step: Ints
    least: Ints
    most: Ints
    weekend: Ints
    weekends: Ints
    counted: Ints
    shifts: Ints

    @property
    def minutes(self) -> bool:
        """Whether minutes are tracked."""
        return bool(self.step.any())

    @property
    def counts_weekends(self) -> bool:
        """Whether weekends are tracked."""
        return bool((self.weekend >= 0).any())


@dataclass(frozen=True)
class Kind:
    """Workers with the same rules of sequence; `longest` is None without a limit.

    `forbidden` says which shift may not follow which in the next period (T - 1, S, S); `counted`
    is the shift that is counted, -1 for none.
    """

    workers: Ints
    longest: int | None
    shortest: int
    off: int
    forbidden: Bools
    counted: int


@dataclass(frozen=True)
class Lines:
    """Lines of workers (N,): their shifts by period (N, T), NONE is off, and what they cost."""

    worker: Ints
    shift: Ints
    cost: Floats


def tracked_of(case: StaffCase, workers: Ints) -> Tracked:
    """Return what lines of the workers can count in few steps."""
    people, minutes, periods = case.people, case.shifts.minutes, len(case.times)
    step = np.zeros(len(minutes), dtype=np.int64)
    least, most = (np.zeros(len(people), dtype=np.int64) for _ in range(2))
    limited = np.isfinite(people.maximum[workers]) | (people.minimum[workers] > 0)
    if limited.any() and (minutes == np.round(minutes)).all() and (minutes > 0).all():
        unit = int(np.gcd.reduce(minutes.astype(np.int64)))
        longest = periods * minutes.max()
        least = np.ceil(people.minimum / unit - 1e-9).astype(np.int64)
        most = np.floor(np.minimum(people.maximum, longest) / unit + 1e-9).astype(np.int64)
        if most[workers].max(initial=0) <= MOST_STEPS:
            step = (minutes / unit).astype(np.int64)
    weekend = np.full(periods, -1, dtype=np.int64)
    some = np.isfinite(people.weekends[workers])
    days = np.bincount(case.times.weekend[case.times.weekend >= 0])
    if some.any() and len(days) and days.max() <= 2:
        weekend = case.times.weekend
    many = len(np.unique(weekend[weekend >= 0]))
    weekends = np.minimum(people.weekends, many).astype(np.int64)
    limits = np.where(people.shift_max >= 1, people.shift_max, np.inf)
    tightest = limits.argmin(axis=1)
    number = limits.min(axis=1, initial=np.inf)
    counted = np.where(number <= MOST_SHIFTS, tightest, -1)
    number = np.where(number <= MOST_SHIFTS, number, 0).astype(np.int64)
    return Tracked(step, least, most, weekend, weekends, counted, number)


def kinds_of(case: StaffCase, workers: Ints, counted: Ints) -> Iterator[Kind]:
    """Yield the workers by their rules of sequence."""
    people, periods, shifts = case.people, len(case.times), len(case.shifts)
    longest = np.where(people.longest_run < periods, people.longest_run, 0).astype(np.int64)
    rules = np.stack([longest, people.shortest_run, people.shortest_off], axis=1)
    _, rest = np.unique(people.rest, return_inverse=True)
    rules = np.column_stack([rules, rest, counted])[workers]
    for rule in np.unique(rules, axis=0):
        alike = workers[(rules == rule).all(axis=1)]
        forbidden = np.zeros((max(0, periods - 1), shifts, shifts), dtype=bool)
        for clash in clashes(case):
            if clash.lag == 1 and alike[0] in clash.workers:
                forbidden[np.ix_(clash.periods, clash.before, clash.after)] = True
        run, shortest, off = (int(one) for one in rule[:3])
        yield Kind(alike, run or None, max(1, shortest), max(1, off), forbidden, int(rule[4]))


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
            size = max(1, MOST_STATES // _Table(kind, self.tracked, some[:1], cost).size)
            for begin in range(0, len(some), size):
                table = _Table(kind, self.tracked, some[begin : begin + size], cost)
                table.fill()
                parts += list(table.lines(each))
        periods = cost.shape[1]
        return Lines(
            np.array([one[0] for one in parts], dtype=np.int64),
            np.array([one[1] for one in parts], dtype=np.int64).reshape(-1, periods),
            np.array([one[2] for one in parts], dtype=float),
        )


class _Table:
    """States of some workers of a kind after every period, and the least cost of each.

    work[t]: workers x last shift x run x steps x weekends x shifts counted; off[t]: workers x
    break x ... .
    Run and break count from 0 for a length of 1; the last one stands for all longer ones, where
    runs have no limit, and for breaks.
    """

    def __init__(self, kind: Kind, tracked: Tracked, workers: Ints, cost: Floats) -> None:
        self.kind, self.tracked, self.workers = kind, tracked, workers
        self.cost = cost[workers]
        self.run = kind.longest or kind.shortest
        steps = int(tracked.most[workers].max(initial=0)) if tracked.minutes else 0
        weekends = int(tracked.weekends[workers].max(initial=0)) if tracked.counts_weekends else 0
        shifts = int(tracked.shifts[workers].max(initial=0)) if kind.counted >= 0 else 0
        self.room = (steps + 1, weekends + 1, shifts + 1)
        self.work: list[Floats] = []
        self.off: list[Floats] = []

    @property
    def size(self) -> int:
        """States of a worker, all periods together."""
        _, periods, shifts = self.cost.shape
        states = shifts * self.run + self.kind.off
        return int(periods * states * np.prod(self.room))

    def fill(self) -> None:
        """Fill the table from the first period to the last."""
        count, periods, shifts = self.cost.shape
        work = np.full((count, shifts, self.run, *self.room), np.inf)
        off = np.full((count, self.kind.off, *self.room), np.inf)
        off[:, -1, 0, 0, 0] = 0.0  # a break before the horizon is long enough
        for period in range(periods):
            work, off = self._worked(period, work, off), self._rested(period, work, off)
            self.work.append(work)
            self.off.append(off)

    def _may_end(self, period: int) -> Bools:
        """Return the runs that may end before a period; what began with the horizon may."""
        length = np.arange(1, self.run + 1)
        return np.asarray((length >= self.kind.shortest) | (length == period))

    def _rested(self, period: int, work: Floats, off: Floats) -> Floats:
        new = np.full_like(off, np.inf)
        new[:, 1:] = off[:, :-1]
        new[:, -1] = np.minimum(new[:, -1], off[:, -1])
        ended = work[:, :, self._may_end(period)].min(axis=(1, 2), initial=np.inf)
        new[:, 0] = np.minimum(new[:, 0], ended)
        return new

    def _worked(self, period: int, work: Floats, off: Floats) -> Floats:
        new = np.full_like(work, np.inf)
        after_work, after_off = self._new_weekend(period)
        for shift in range(work.shape[1]):
            moved = np.full((len(work), *work.shape[2:]), np.inf)
            allowed = self._allowed(period, shift)
            if len(allowed):
                before = work[:, allowed].min(axis=1)
                moved[:, 1:] = before[:, :-1]
                if self.kind.longest is None:
                    moved[:, -1] = np.minimum(moved[:, -1], before[:, -1])
            moved = _later(moved, 3, after_work)
            moved[:, 0] = np.minimum(moved[:, 0], _later(off[:, -1], 2, after_off))
            moved = _later(moved, 2, int(self.tracked.step[shift]))
            moved = _later(moved, 4, int(shift == self.kind.counted))
            new[:, shift] = moved + self.cost[:, period, shift, None, None, None, None]
        return new

    def _allowed(self, period: int, shift: int) -> Ints:
        """Return the shifts of the period before that this one may follow."""
        if not period:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(~self.kind.forbidden[period - 1, :, shift])

    def _new_weekend(self, period: int) -> tuple[int, int]:
        """Return the weekends that work in a period adds, after work and after a period off."""
        weekend = self.tracked.weekend
        here = int(weekend[period])
        same = period > 0 and weekend[period - 1] == here
        return int(here >= 0 and not same), int(here >= 0)

    def lines(self, each: int) -> Iterator[tuple[int, Ints, float]]:
        """Yield worker, shifts and cost of the cheapest lines."""
        work, off = self.work[-1], self.off[-1]
        flat = np.concatenate(
            [work.reshape(len(work), -1, *self.room), off.reshape(len(off), -1, *self.room)], 1
        )
        for place, worker in enumerate(self.workers.tolist()):
            costs = self._ended(flat[place], worker)
            by_steps = costs.min(axis=(0, 2, 3))
            for step in np.argsort(by_steps, kind="stable")[:each].tolist():
                if np.isfinite(by_steps[step]):
                    there = costs[:, step]
                    state, *counts = np.unravel_index(np.argmin(there), there.shape)
                    line = self._traced(place, int(state), (step, *map(int, counts)))
                    yield worker, line, float(by_steps[step])

    def _ended(self, costs: Floats, worker: int) -> Floats:
        """Return the costs of the last states of a worker, infinite where a count is wrong."""
        costs, tracked = costs.copy(), self.tracked
        if tracked.minutes:
            steps = np.arange(self.room[0])
            good = (steps >= tracked.least[worker]) & (steps <= tracked.most[worker])
            costs[:, ~good] = np.inf
        if tracked.counts_weekends:
            costs[:, :, tracked.weekends[worker] + 1 :] = np.inf
        if self.kind.counted >= 0:
            costs[..., tracked.shifts[worker] + 1 :] = np.inf
        return costs

    def _traced(self, place: int, state: int, counts: tuple[int, ...]) -> Ints:
        """Return the shifts that lead to a state at the end."""
        periods, shifts = self.cost.shape[1:]
        line = np.full(periods, NONE, dtype=np.int64)
        for period in range(periods - 1, -1, -1):
            works = state < shifts * self.run
            step, weekends, counted = counts
            if works:
                line[period] = state // self.run
                step -= int(self.tracked.step[line[period]])
                counted -= int(line[period] == self.kind.counted)
            if not period:
                break
            after_work, after_off = (works * one for one in self._new_weekend(period))
            found = [
                (one, (step, weekends - (after_work if worked else after_off), counted))
                for one, worked in self._before(period, state, works)
            ]
            costs = [self._at(period - 1, place, *one) for one in found]
            state, counts = found[int(np.argmin(costs))]
        return line

    def _at(self, period: int, place: int, state: int, counts: tuple[int, ...]) -> float:
        if min(counts) < 0:
            return np.inf
        shifts = self.cost.shape[2]
        if state < shifts * self.run:
            return float(self.work[period][(place, *divmod(state, self.run), *counts)])
        return float(self.off[period][(place, state - shifts * self.run, *counts)])

    def _before(self, period: int, state: int, works: bool) -> list[tuple[int, bool]]:
        """Return the states a state may come from, and whether they are of work."""
        shifts, first_off = self.cost.shape[2], self.cost.shape[2] * self.run
        longest_off = first_off + self.kind.off - 1
        if works:
            shift, run = divmod(state, self.run)
            runs = [run - 1] if run else []
            if self.kind.longest is None and run == self.run - 1:
                runs.append(run)
            allowed = self._allowed(period, shift).tolist()
            found = [(one * self.run + length, True) for one in allowed for length in runs]
            return found + ([(longest_off, False)] if not run else [])
        found = [(state, False)] if state == longest_off else []
        if state > first_off:
            return [*found, (state - 1, False)]
        may = np.flatnonzero(self._may_end(period)).tolist()
        return found + [(one * self.run + length, True) for one in range(shifts) for length in may]


def _later(states: Floats, axis: int, more: int) -> Floats:
    """Return the states with so much more of what an axis counts."""
    if not more:
        return states
    moved = np.full_like(states, np.inf)
    if more < states.shape[axis]:
        ahead = (slice(None),) * axis
        moved[(*ahead, slice(more, None))] = states[(*ahead, slice(None, -more))]
    return moved
