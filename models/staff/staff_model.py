"""The variables of the readable staff model (formulation.md, section 2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

from allocator.instance.staff_case import StaffCase


@dataclass
class Staffing:
    """The variables of a case."""

    case: StaffCase
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    assign: dict[tuple[int, int], Any] = field(default_factory=dict)  # worker, post
    inside: dict[tuple[int, int, int], Any] = field(default_factory=dict)  # worker, place, period
    enter: dict[tuple[int, int, int], Any] = field(default_factory=dict)
    train: dict[tuple[int, int, int], Any] = field(default_factory=dict)  # worker, training, start
    short: list[Any] = field(default_factory=list)
    surplus: list[Any] = field(default_factory=list)
    lack: list[Any] = field(default_factory=list)

    @property
    def workers(self) -> range:
        return range(len(self.case.people))

    @property
    def posts(self) -> range:
        return range(len(self.case.posts))

    @property
    def periods(self) -> range:
        return range(len(self.case.times))

    def works(self, w: int, t: int, shifts: Any = None) -> Any:
        """People of w at work in period t, in any shift or in one of `shifts`."""
        posts = self.case.posts
        return sum(
            x
            for (v, p), x in self.assign.items()
            if v == w and posts.period[p] == t and (shifts is None or posts.shift[p] in shifts)
        )

    def minutes(self, w: int) -> Any:
        """Minutes of w over all periods."""
        length = self.case.shifts.minutes[self.case.posts.shift]
        return sum(int(length[p]) * x for (v, p), x in self.assign.items() if v == w)

    def here(self, w: int, t: int) -> bool:
        return bool(self.case.people.first[w] <= t <= self.case.people.last[w])


def variables(case: StaffCase) -> Staffing:
    s = Staffing(case)
    number, posts = case.people.number, case.posts
    for w in s.workers:
        for p in s.posts:
            if case.fits[w, p]:
                s.assign[w, p] = s.model.new_int_var(0, int(number[w]), f"assign[{w},{p}]")
        for t in s.periods:
            for z in range(len(case.lodging)):
                if s.here(w, t):
                    s.inside[w, z, t] = s.model.new_int_var(0, int(number[w]), "inside")
                    s.enter[w, z, t] = s.model.new_int_var(0, int(number[w]), "enter")
            for k in range(len(case.training)):
                if case.learns[w, case.training.skill[k]]:
                    s.train[w, k, t] = s.model.new_int_var(0, int(number[w]), "train")
    most = int(number.sum())
    for p in s.posts:
        over = 0 if np.isnan(posts.over_weight[p]) else most
        s.short.append(s.model.new_int_var(0, int(posts.wanted[p]), f"short[{p}]"))
        s.surplus.append(s.model.new_int_var(0, over, f"surplus[{p}]"))
        s.lack.append(s.model.new_int_var(0, int(posts.qualified[p]), f"lack[{p}]"))
    return s
