"""Shifts too near to each other: who works one of these cannot work one of those after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.instance.lanes import Bools, Ints
from allocator.instance.staff_case import StaffCase

NOISE = 1e-9


@dataclass(frozen=True)
class Clash:
    """No person works one of `before` in a period and one of `after`, `lag` periods later.

    It holds for `workers` in the earlier period of `periods`; `family` is rest or succession.
    Every shift of `before` clashes with every one of `after`, and no shift can be added to
    either: the people of both sides are different ones, so their numbers may be added up.
    """

    family: str
    lag: int
    before: Ints
    after: Ints
    workers: Ints
    periods: Ints


def clashes(case: StaffCase) -> Iterator[Clash]:
    """Yield every clash: rests by worker and time of the day, then the successions listed."""
    for rest in np.unique(case.people.rest):
        workers = np.flatnonzero(case.people.rest == rest)
        for lag in range(1, case.longest_lag + 1):
            near = case.gap(lag) < rest - NOISE  # shifts that overlap: also without any rest
            yield from _patterns("rest", lag, near, workers)
    if len(case.times) > 1 and case.shifts.follows.any():
        forbidden = np.broadcast_to(
            case.shifts.follows, (len(case.times) - 1, *[len(case.shifts)] * 2)
        )
        yield from _patterns("succession", 1, forbidden, np.arange(len(case.people)))


def _patterns(family: str, lag: int, near: Bools, workers: Ints) -> Iterator[Clash]:
    """Yield the clashes of (periods, shifts, shifts), equal periods together."""
    flat = near.reshape(len(near), -1)
    kinds, which = np.unique(flat, axis=0, return_inverse=True)
    for number, kind in enumerate(kinds):
        periods = np.flatnonzero(np.asarray(which).ravel() == number)
        for before, after in _pairs(kind.reshape(near.shape[1:])):
            yield Clash(family, lag, before, after, workers, periods)


def _pairs(near: Bools) -> Iterator[tuple[Ints, Ints]]:
    """Yield maximal sets of shifts that all clash, one for every different row of `near`."""
    for after in np.unique(near[near.any(axis=1)], axis=0):
        before = (near | ~after).all(axis=1)
        yield np.flatnonzero(before), np.flatnonzero(after)
