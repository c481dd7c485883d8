"""The rows of the readable staff model (formulation.md, section 3), one function a row family."""

from __future__ import annotations

from typing import Any

import numpy as np
from staff_model import Staffing


def cover(s: Staffing) -> None:
    for p in s.posts:
        there = sum(x for (_, q), x in s.assign.items() if q == p)
        s.model.add(there + s.short[p] - s.surplus[p] == int(s.case.posts.wanted[p]))


def minimum(s: Staffing) -> None:
    for p in s.posts:
        there = int(s.case.posts.wanted[p]) - s.short[p] + s.surplus[p]
        s.model.add(there >= int(s.case.posts.minimum[p]))


def qualified(s: Staffing) -> None:
    for p in s.posts:
        able = sum(x for (w, q), x in s.assign.items() if q == p and s.case.people.qualified[w])
        s.model.add(able + s.lack[p] >= int(s.case.posts.qualified[p]))


def one_shift(s: Staffing) -> None:
    for w in s.workers:
        for t in s.periods:
            s.model.add(s.works(w, t) <= int(s.case.people.number[w]))


def hours(s: Staffing) -> None:
    people, posts = s.case.people, s.case.posts
    for w in s.workers:
        minutes = s.minutes(w)
        if np.isfinite(people.maximum[w]):
            s.model.add(minutes <= int(people.maximum[w] * people.number[w]))
        s.model.add(minutes >= int(np.ceil(people.minimum[w] * people.number[w])))
    assert all(float(m).is_integer() for m in s.case.shifts.minutes[posts.shift])


def shift_max(s: Staffing) -> None:
    for w, shift in np.argwhere(np.isfinite(s.case.people.shift_max)).tolist():
        most = int(s.case.people.shift_max[w, shift] * s.case.people.number[w])
        s.model.add(sum(s.works(w, t, {shift}) for t in s.periods) <= most)


def suit(s: Staffing) -> None:
    limit, worn = s.case.policy.suit_minutes_week, s.case.shifts.suit_minutes
    if limit is None:
        return
    for w in s.workers:
        for begin in s.periods:
            total = sum(
                int(worn[shift]) * s.works(w, t, {shift})
                for t in s.periods
                if begin <= t < begin + 7
                for shift in range(len(worn))
            )
            s.model.add(total <= int(limit * s.case.people.number[w]))


def rest_and_succession(s: Staffing) -> None:
    """Shifts that clash: the people of both sides are different ones, so they add up."""
    number = s.case.people.number
    for w in s.workers:
        for t in s.periods:
            for later in range(t + 1, len(s.case.times)):
                near = [_near(s, w, t, later, shift) for shift in range(len(s.case.shifts))]
                for after in [some for some in near if some]:
                    before = {shift for shift, some in enumerate(near) if some >= after}
                    both = s.works(w, t, before) + s.works(w, later, after)
                    s.model.add(both <= int(number[w]))


def _near(s: Staffing, w: int, t: int, later: int, shift: int) -> set[int]:
    """Shifts in period `later` that w cannot work after `shift` in period t."""
    case = s.case
    end = case.begins[t, shift] + case.shifts.minutes[shift]
    return {
        other
        for other in range(len(case.shifts))
        if case.begins[later, other] - end < case.people.rest[w] - 1e-9
        or (later == t + 1 and case.shifts.follows[shift, other])
    }


def run_max(s: Staffing) -> None:
    for w in s.workers:
        longest = s.case.people.longest_run[w]
        for begin in s.periods:
            if begin + longest < len(s.case.times):
                run = range(begin, begin + int(longest) + 1)
                most = int(longest) * int(s.case.people.number[w])
                s.model.add(sum(s.works(w, t) for t in run) <= most)


def run_min_and_off_min(s: Staffing) -> None:
    """No run of work (or of days off) shorter than the least one inside the horizon."""
    people = s.case.people
    for w in s.workers:
        if people.number[w] > 1:
            continue
        day = [s.works(w, t) for t in s.periods]
        for least, sign in ((people.shortest_run[w], 1), (people.shortest_off[w], -1)):
            on = [x if sign > 0 else 1 - x for x in day]
            for length in range(1, int(least)):
                for begin in range(1, len(day) - length):
                    # Off, `length` times on, off again.
                    inside = sum(on[begin : begin + length])
                    s.model.add(inside - on[begin - 1] - on[begin + length] <= length - 1)


def weekends_max(s: Staffing) -> None:
    people, weekend = s.case.people, s.case.times.weekend
    for w in s.workers:
        if not np.isfinite(people.weekends[w]):
            continue
        busy = []
        for kind in np.unique(weekend[weekend >= 0]):
            most = s.model.new_int_var(0, int(people.number[w]), "weekend")
            for t in np.flatnonzero(weekend == kind).tolist():
                s.model.add(most >= s.works(w, t))
            busy.append(most)
        s.model.add(sum(busy) <= int(people.weekends[w] * people.number[w]))


def closed_loop(s: Staffing) -> None:
    posts = s.case.posts
    for (w, z, t), here in s.inside.items():
        work = sum(
            x
            for (v, p), x in s.assign.items()
            if v == w and posts.sealed[p] == z and posts.period[p] == t
        )
        s.model.add(work <= here)


def stay(s: Staffing) -> None:
    """More people than before have entered; who entered is inside for the days asked for."""
    days, last = s.case.policy.closed_loop_days, s.case.people.last
    for (w, z, t), here in s.inside.items():
        s.model.add(here <= s.inside.get((w, z, t - 1), 0) + s.enter[w, z, t])
        for day in range(t, t + days):
            if day < len(s.case.times) and day > last[w]:
                s.model.add(s.enter[w, z, t] == 0)
        came = [s.enter.get((w, z, t - back), 0) for back in range(days)]
        s.model.add(sum(came) <= here)


def lodging(s: Staffing) -> None:
    for z, beds in enumerate(s.case.lodging.beds.tolist()):
        for t in s.periods:
            here = (x for (_, y, day), x in s.inside.items() if (y, day) == (z, t))
            s.model.add(sum(here) <= beds)


def _learning(s: Staffing, w: int, k: int, t: int) -> Any:
    """People of w in training k in period t."""
    length = int(s.case.training.periods[k])
    return sum(s.train.get((w, k, t - back), 0) for back in range(length))


def trained(s: Staffing) -> None:
    case, posts = s.case, s.case.posts
    for (w, k, t), begin in s.train.items():
        skill, length = case.training.skill[k], int(case.training.periods[k])
        work = sum(
            x
            for (v, p), x in s.assign.items()
            if v == w and posts.skill[p] == skill and posts.period[p] == t
        )
        s.model.add(work <= sum(s.train[w, k, day] for day in range(t - length + 1)))
        if not s.here(w, t) or t + length - 1 > case.people.last[w]:
            s.model.add(begin == 0)


def seats(s: Staffing) -> None:
    for k, most in enumerate(s.case.training.seats.tolist()):
        for t in s.periods:
            if np.isfinite(most):
                s.model.add(sum(_learning(s, w, k, t) for w in s.workers) <= int(most))


def outside(s: Staffing) -> None:
    posts = s.case.posts
    for w in s.workers:
        for t in s.periods:
            free = sum(
                x
                for (v, p), x in s.assign.items()
                if v == w and posts.sealed[p] < 0 and posts.period[p] == t
            )
            kept = sum(x for (v, _, day), x in s.inside.items() if (v, day) == (w, t))
            away = sum(_learning(s, w, k, t) for k in range(len(s.case.training)))
            s.model.add(free + kept + away <= int(s.case.people.number[w]))


ROWS = (
    *(cover, minimum, qualified, one_shift, hours, shift_max, suit, rest_and_succession),
    *(run_max, run_min_and_off_min, weekends_max),
    *(closed_loop, stay, lodging, trained, seats, outside),
)
