"""The cheapest lines of alike persons, by dynamic programming over the periods.

States of a person after a period: the last shift and the length of the run, or the length of the
break; with each the minutes, weekends and shifts of one kind so far.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.lanes import Bools
from allocator.models.staff.lines_kinds import Kind, Tracked

NONE = -1  # a period off


class LineTable:
    """States of some workers of a kind after every period, and the least cost of each.

    work[t]: workers x last shift x run x steps x weekends x shifts counted; off[t]: workers x
    break x ... .
    Run and break count from 0 for a length of 1; the last one stands for all longer ones, where
    runs have no limit, and for breaks.
    """

    def __init__(self, kind: Kind, tracked: Tracked, workers: Ints, cost: Floats) -> None:
        """Take some workers of a kind, and the costs of all workers x periods x shifts."""
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
