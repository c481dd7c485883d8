"""Section 8 of formulation.md: who stands at the gates, one function a row family.

Every worker and post has its own variables here; the fast form pools workers that are alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from dispatch_case import Model, Sum

from allocator.instance.gate_staff import staffs_gates
from allocator.instance.staff_case import StaffCase, staff_case


@dataclass
class Staff:
    """The variables of section 8; people are fractions."""

    m: Model
    case: StaffCase
    assign: dict[tuple[int, int], Any] = field(default_factory=dict)  # worker, post
    short: list[Any] = field(default_factory=list)
    surplus: list[Any] = field(default_factory=list)
    lack: list[Any] = field(default_factory=list)
    inside: dict[tuple[int, int, int], Any] = field(default_factory=dict)  # worker, place, period
    enter: dict[tuple[int, int, int], Any] = field(default_factory=dict)
    train: dict[tuple[int, int, int], Any] = field(default_factory=dict)  # worker, training, start
    weekend: dict[tuple[int, int], Any] = field(default_factory=dict)

    @property
    def workers(self) -> range:
        return range(len(self.case.people))

    @property
    def posts(self) -> range:
        return range(len(self.case.posts))

    @property
    def periods(self) -> range:
        return range(len(self.case.times))

    def number(self, w: int) -> float:
        return float(self.case.people.number[w])

    def there(self, p: int) -> Any:
        """want_p - u_p + o_p."""
        return int(self.case.posts.wanted[p]) - self.short[p] + self.surplus[p]

    def works(
        self, w: int, t: int, shifts: set[int] | None = None, sealed: bool | None = None
    ) -> Any:
        """People of w at work in t: in some shifts, and inside or outside, if given."""
        posts = self.case.posts
        return Sum(
            x
            for (v, p), x in self.assign.items()
            if (v, posts.period[p]) == (w, t)
            and (shifts is None or int(posts.shift[p]) in shifts)
            and (sealed is None or (posts.sealed[p] >= 0) == sealed)
        )

    def minutes(self, w: int) -> Any:
        length = self.case.shifts.minutes[self.case.posts.shift]
        return Sum(float(length[p]) * x for (v, p), x in self.assign.items() if v == w)


def staff_of(m: Model) -> Staff | None:
    """The variables; None where dispatch does not decide who stands at the gates."""
    instance = m.case.instance
    if not staffs_gates(instance):
        return None
    s = Staff(m, staff_case(instance))
    posts, people, training = s.case.posts, s.case.people, s.case.training
    for p in s.posts:
        loose = not math.isnan(posts.over_weight[p])
        s.short.append(m.variable("short", p, upper=int(posts.wanted[p])))
        s.surplus.append(m.variable("surplus", p, upper=None if loose else 0))
        s.lack.append(m.variable("lack", p, upper=int(posts.qualified[p])))
    for w in s.workers:
        for p in np.flatnonzero(s.case.fits[w]).tolist():
            s.assign[w, p] = m.variable("assign", w, p, upper=s.number(w))
        goes = {int(posts.sealed[p]) for v, p in s.assign if v == w and posts.sealed[p] >= 0}
        for t in range(int(people.first[w]), min(int(people.last[w]) + 1, len(s.case.times))):
            for z in sorted(goes):
                s.inside[w, z, t] = m.variable("inside", w, z, t)
                if min(t + s.case.policy.closed_loop_days, len(s.case.times)) <= people.last[w] + 1:
                    s.enter[w, z, t] = m.variable("enter", w, z, t)
            for k in range(len(training)):
                done = t + training.periods[k] - 1 <= people.last[w]
                if s.case.learns[w, training.skill[k]] and done:
                    s.train[w, k, t] = m.variable("train", w, k, t)
    return s


def gate_minutes(s: Staff) -> dict[tuple[str, int], Any]:
    """Minutes of the people at the posts of a gate, by community and period (from 1)."""
    posts, found = s.case.posts, {}
    for p in np.flatnonzero(posts.gate).tolist():
        key = str(posts.places[posts.place[p]]), int(posts.period[p]) + 1
        found[key] = found.get(key, 0) + float(s.case.gate_minutes[p]) * s.there(p)
    return found


def cover(s: Staff) -> None:
    for p in s.posts:
        who = Sum(x for (_, q), x in s.assign.items() if q == p)
        s.m.row("cover", (p,), who == s.there(p))


def minimum(s: Staff) -> None:
    for p in np.flatnonzero(s.case.posts.minimum > 0).tolist():
        s.m.row("minimum", (p,), s.there(p) >= int(s.case.posts.minimum[p]))


def qualified(s: Staff) -> None:
    able = s.case.people.qualified
    for p in np.flatnonzero(s.case.posts.qualified > 0).tolist():
        who = Sum(x for (w, q), x in s.assign.items() if q == p and able[w])
        s.m.row("qualified", (p,), who >= int(s.case.posts.qualified[p]) - s.lack[p])


def team(s: Staff) -> None:
    for p in np.flatnonzero(s.case.posts.qualified > 0).tolist():
        s.m.row("team", (p,), int(s.case.posts.qualified[p]) - s.lack[p] <= s.there(p))


def team_share(s: Staff) -> None:
    posts = s.case.posts
    for p in np.flatnonzero(posts.qualified > 0).tolist():
        share = float(posts.qualified[p]) / max(1, int(posts.wanted[p]))
        s.m.row("team_share", (p,), s.lack[p] <= share * s.short[p])


def one_shift(s: Staff) -> None:
    for w in s.workers:
        for t in s.periods:
            s.m.row("one_shift", (w, t), s.works(w, t) <= s.number(w))


def hours_max(s: Staff) -> None:
    for w in np.flatnonzero(np.isfinite(s.case.people.maximum)).tolist():
        most = float(s.case.people.maximum[w]) * s.number(w)
        s.m.row("hours_max", (w,), s.minutes(w) <= most)


def hours_min(s: Staff) -> None:
    for w in np.flatnonzero(s.case.people.minimum > 0).tolist():
        least = float(s.case.people.minimum[w]) * s.number(w)
        s.m.row("hours_min", (w,), s.minutes(w) >= least)


def shift_max(s: Staff) -> None:
    most = s.case.people.shift_max
    for w, shift in np.argwhere(np.isfinite(most)).tolist():
        times = Sum(s.works(w, t, {shift}) for t in s.periods)
        s.m.row("shift_max", (w, shift), times <= float(most[w, shift]) * s.number(w))


def suit(s: Staff) -> None:
    limit, worn = s.case.policy.suit_minutes_week, s.case.shifts.suit_minutes
    for w in s.workers if limit is not None else ():
        for begin in s.periods:
            week = [t for t in s.periods if begin <= t < begin + 7]
            total = Sum(
                float(worn[shift]) * s.works(w, t, {shift})
                for t in week
                for shift in range(len(worn))
            )
            s.m.row("suit", (w, begin), total <= limit * s.number(w))


def rest(s: Staff) -> None:
    """Shifts that clash by rest or by a forbidden succession: their people are different ones."""
    for w in s.workers:
        for t in s.periods:
            for later in range(t + 1, len(s.case.times)):
                near = [_near(s, w, t, later, shift) for shift in range(len(s.case.shifts))]
                for after in {frozenset(some) for some in near if some}:
                    before = {shift for shift, some in enumerate(near) if some >= after}
                    both = s.works(w, t, before) + s.works(w, later, set(after))
                    keys = (w, t, later, *sorted(after))
                    s.m.row("rest", keys, both <= s.number(w))


def _near(s: Staff, w: int, t: int, later: int, shift: int) -> set[int]:
    case = s.case
    end = case.begins[t, shift] + case.shifts.minutes[shift]
    return {
        other
        for other in range(len(case.shifts))
        if case.begins[later, other] - end < case.people.rest[w] - 1e-9
        or (later == t + 1 and case.shifts.follows[shift, other])
    }


def weekend(s: Staff) -> None:
    """h(w,k): people who work that weekend."""
    kinds = s.case.times.weekend
    for w in np.flatnonzero(np.isfinite(s.case.people.weekends)).tolist():
        for t in np.flatnonzero(kinds >= 0).tolist():
            key = w, int(kinds[t])
            if key not in s.weekend:
                s.weekend[key] = s.m.variable("weekend", *key, upper=s.number(w))
            s.m.row("weekend", (w, t), s.works(w, t) <= s.weekend[key])


def weekends_max(s: Staff) -> None:
    for w in sorted({w for w, _ in s.weekend}):
        most = float(s.case.people.weekends[w]) * s.number(w)
        s.m.row("weekends_max", (w,), Sum(h for (v, _), h in s.weekend.items() if v == w) <= most)


def run_max(s: Staff) -> None:
    for w in s.workers:
        longest = s.case.people.longest_run[w]
        for begin in s.periods:
            if begin + longest < len(s.case.times):
                run = range(begin, begin + int(longest) + 1)
                most = int(longest) * s.number(w)
                s.m.row("run_max", (w, begin), Sum(s.works(w, t) for t in run) <= most)


def closed_loop(s: Staff) -> None:
    posts = s.case.posts
    for (w, z, t), here in s.inside.items():
        work = Sum(
            x
            for (v, p), x in s.assign.items()
            if (v, posts.sealed[p], posts.period[p]) == (w, z, t)
        )
        s.m.row("closed_loop", (w, z, t), work <= here)


def enter(s: Staff) -> None:
    for (w, z, t), here in s.inside.items():
        before = s.inside.get((w, z, t - 1), 0)
        s.m.row("enter", (w, z, t), here - before <= s.enter.get((w, z, t), 0))


def stay(s: Staff) -> None:
    days = s.case.policy.closed_loop_days
    for (w, z, t), here in s.inside.items():
        came = Sum(s.enter.get((w, z, t - back), 0) for back in range(days))
        s.m.row("stay", (w, z, t), came <= here)


def lodging(s: Staff) -> None:
    for z, beds in enumerate(s.case.lodging.beds.tolist()):
        for t in s.periods:
            here = [i for (_, y, day), i in s.inside.items() if (y, day) == (z, t)]
            if here:
                s.m.row("lodging", (z, t), Sum(here) <= beds)


def _learning(s: Staff, w: int, k: int, t: int) -> Any:
    length = int(s.case.training.periods[k])
    return Sum(s.train.get((w, k, t - back), 0) for back in range(length))


def trained(s: Staff) -> None:
    case, posts = s.case, s.case.posts
    for w in s.workers:
        for k in np.flatnonzero(case.learns[w, case.training.skill]).tolist():
            skill, length = case.training.skill[k], int(case.training.periods[k])
            for t in s.periods:
                work = [
                    x
                    for (v, p), x in s.assign.items()
                    if (v, posts.skill[p], posts.period[p]) == (w, skill, t)
                ]
                if work:
                    begun = Sum(s.train.get((w, k, day), 0) for day in range(t - length + 1))
                    s.m.row("trained", (w, k, t), Sum(work) <= begun)


def seats(s: Staff) -> None:
    for k, most in enumerate(s.case.training.seats.tolist()):
        for t in s.periods if math.isfinite(most) else ():
            s.m.row("seats", (k, t), Sum(_learning(s, w, k, t) for w in s.workers) <= most)


def outside(s: Staff) -> None:
    for w in s.workers:
        for t in s.periods:
            kept = Sum(i for (v, _, day), i in s.inside.items() if (v, day) == (w, t))
            away = Sum(_learning(s, w, k, t) for k in range(len(s.case.training)))
            s.m.row("outside", (w, t), s.works(w, t, sealed=False) + kept + away <= s.number(w))


STAFF_ROWS = (
    *(cover, minimum, qualified, team, team_share, one_shift, hours_max, hours_min, shift_max),
    *(suit, rest, weekend, weekends_max, run_max),
    *(closed_loop, enter, stay, lodging, trained, seats, outside),
)
