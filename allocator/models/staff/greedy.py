"""A roster without a solver: post by post, the least busy who may first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.staff_case import WEEK, StaffCase
from allocator.instance.staff_clashes import Clash, clashes
from allocator.models.staff.read import roster_frame

MOST_POSTS = 20_000  # above this only the most urgent ones are filled


def by_rule(case: StaffCase) -> Mapping[str, pd.DataFrame]:
    """Return the tables of a roster that keeps every upper limit.

    Sealed posts stay empty and nobody is trained; least hours and least runs are left to luck.
    """
    return Greedy(case).run()


class Greedy:
    """What is left of everybody's time while posts are filled."""

    def __init__(self, case: StaffCase) -> None:
        """Start with nobody at work."""
        self.case = case
        self.shifts: Ints = np.zeros(case.can.shape, dtype=np.int64)
        self.clashes: list[Clash] = list(clashes(case))
        self.minutes = np.zeros(len(case.people))
        self.suited = np.zeros((len(case.people), len(case.times)))
        self.load_at = np.maximum(case.capacity, 1e-9)

    def run(self) -> Mapping[str, pd.DataFrame]:
        """Fill the posts: critical ones first, then by weight, then in time."""
        posts = self.case.posts
        order = np.lexsort((posts.period, -posts.weight, ~posts.critical))
        parts: list[tuple[int, int, int]] = []
        for post in order[:MOST_POSTS].tolist():
            if posts.sealed[post] < 0:
                parts += self._fill(post)
        found = np.array(parts, dtype=np.int64).reshape(-1, 3)
        return {"roster": roster_frame(self.case, found[:, 0], found[:, 1], found[:, 2])}

    def _fill(self, post: int) -> list[tuple[int, int, int]]:
        case, posts = self.case, self.case.posts
        room = self._room(post)
        there = np.flatnonzero(room)
        load = self.minutes[there] / self.load_at[there]
        far = np.nan_to_num(case.travel[there, posts.place[post]])
        able = case.people.qualified[there]
        count, found = 0, []
        # Qualified people up to their share, then the others, then qualified ones again.
        share = (int(posts.qualified[post]), int(posts.wanted[post]), int(posts.wanted[post]))
        for some, asked in zip((able, ~able, able), share, strict=True):
            for worker in there[some][np.lexsort((far[some], load[some]))].tolist():
                taken = min(asked - count, int(room[worker]))
                if taken > 0:
                    self._take(worker, post, taken)
                    room[worker], count = room[worker] - taken, count + taken
                    found.append((worker, post, taken))
        return found

    def _take(self, worker: int, post: int, number: int) -> None:
        period, shift = self.case.posts.period[post], self.case.posts.shift[post]
        self.shifts[worker, period, shift] += number
        self.minutes[worker] += number * self.case.shifts.minutes[shift]
        self.suited[worker, period] += number * self.case.shifts.suit_minutes[shift]

    def _room(self, post: int) -> Ints:
        """Return how many people of every worker may still go to a post."""
        case, people = self.case, self.case.people
        period, shift = int(case.posts.period[post]), int(case.posts.shift[post])
        skilled = case.has_skill[:, case.posts.skill[post]]
        fits = skilled & case.can[:, period, shift] & case.reach[:, post]
        length = case.shifts.minutes[shift]
        works = self.shifts.sum(axis=2)
        room = people.number - works[:, period]
        left = (people.maximum * people.number - self.minutes) / length
        room = np.minimum(room, np.floor(left + 1e-9))
        used = self.shifts[:, :, shift].sum(axis=1)
        room = np.minimum(room, people.shift_max[:, shift] * people.number - used)
        room = np.minimum(room, self._rested(period, shift))
        room = np.minimum(room, self._run(works, period))
        room = np.minimum(room, self._suit(period, shift))
        room = np.minimum(room, self._weekend(works, period))
        return np.maximum(np.where(fits, room, 0), 0).astype(np.int64)

    def _rested(self, period: int, shift: int) -> Floats:
        """Return the people without a shift too near before or after."""
        number = self.case.people.number.astype(float)
        room = number.copy()
        for clash in self.clashes:
            for mine, others, at, first in (
                (clash.before, clash.after, period + clash.lag, period),
                (clash.after, clash.before, period - clash.lag, period - clash.lag),
            ):
                inside = 0 <= at < self.shifts.shape[1] and first in clash.periods
                if shift in mine and inside:
                    who = clash.workers
                    here = self.shifts[who][:, period, mine].sum(axis=1)
                    there = self.shifts[who][:, at, others].sum(axis=1)
                    room[who] = np.minimum(room[who], number[who] - here - there)
        return room

    def _run(self, works: Ints, period: int) -> Floats:
        people, periods = self.case.people, works.shape[1]
        room = np.full(len(works), np.inf)
        for longest in np.unique(people.longest_run[people.longest_run < periods]):
            run, who = int(longest), people.longest_run == longest
            for begin in range(max(0, period - run), min(period, periods - run - 1) + 1):
                there = works[who, begin : begin + run + 1].sum(axis=1)
                room[who] = np.minimum(room[who], run * people.number[who] - there)
        return room

    def _suit(self, period: int, shift: int) -> Floats:
        case, limit = self.case, self.case.policy.suit_minutes_week
        room = np.full(len(case.people), np.inf)
        worn = case.shifts.suit_minutes[shift]
        if limit is None or not worn:
            return room
        for begin in range(max(0, period - WEEK + 1), period + 1):
            there = self.suited[:, begin : begin + WEEK].sum(axis=1)
            left = (limit * case.people.number - there) / worn
            room = np.minimum(room, np.floor(left + 1e-9))
        return room

    def _weekend(self, works: Ints, period: int) -> Floats:
        people, weekend = self.case.people, self.case.times.weekend
        room = np.full(len(works), np.inf)
        if weekend[period] < 0 or not np.isfinite(people.weekends).any():
            return room
        kinds = np.unique(weekend[weekend >= 0])
        busy = np.stack([works[:, weekend == kind].max(axis=1) for kind in kinds], axis=1)
        this = busy[:, kinds == weekend[period]][:, 0]
        others = busy.sum(axis=1) - this
        return np.asarray(people.weekends * people.number - others - works[:, period])
