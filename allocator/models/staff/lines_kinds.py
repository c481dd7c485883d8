"""What lines keep of the rules of their persons: counts in few steps, and rules of sequence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Ints
from allocator.instance.lanes import Bools
from allocator.instance.staff_case import StaffCase
from allocator.instance.staff_clashes import clashes

MOST_STEPS = 200  # of minutes; more are not tracked
MOST_SHIFTS = 9  # of the kind that is counted; more are not tracked


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
