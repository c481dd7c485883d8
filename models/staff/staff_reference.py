"""Staff, written to be read: the model of formulation.md in CP-SAT, one function a row family.

    python models/staff/staff_reference.py INSTANCE

Every post, person and period has its own variable; nothing is grouped or tightened.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

import allocator
from allocator.errors import ImpossibleError
from allocator.instance.staff_case import StaffCase, staff_case

SCALE = 10_000  # loads count in 1 / SCALE of the most possible
CENTS = 1000  # weights and money count in 1 / CENTS


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
        minutes = _minutes(s, w)
        if np.isfinite(people.maximum[w]):
            s.model.add(minutes <= int(people.maximum[w] * people.number[w]))
        s.model.add(minutes >= int(np.ceil(people.minimum[w] * people.number[w])))
    assert all(float(m).is_integer() for m in s.case.shifts.minutes[posts.shift])


def _minutes(s: Staffing, w: int) -> Any:
    length = s.case.shifts.minutes[s.case.posts.shift]
    return sum(int(length[p]) * x for (v, p), x in s.assign.items() if v == w)


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


def goal_terms(s: Staffing) -> dict[str, tuple[Any, float]]:
    """Every goal as a whole expression and the scale it counts in."""
    posts, people = s.case.posts, s.case.people
    weight = np.round(posts.weight * CENTS).astype(int).tolist()
    over = np.round(np.nan_to_num(posts.over_weight) * CENTS).astype(int).tolist()
    rate = people.cost * CENTS
    terms: dict[str, tuple[Any, float]] = {
        "critical_uncovered": (
            sum(weight[p] * s.short[p] for p in s.posts if posts.critical[p]),
            CENTS,
        ),
        "uncovered": (
            sum(weight[p] * s.short[p] for p in s.posts if not posts.critical[p]),
            CENTS,
        ),
        "surplus": (sum(over[p] * s.surplus[p] for p in s.posts), CENTS),
        "qualified": (sum(s.lack), 1),
        "requests": (_requests(s), CENTS),
        "cost": (sum(round(rate[w]) * _minutes(s, w) for w in s.workers), 60 * CENTS),
    }
    return terms | _workload(s)


def _requests(s: Staffing) -> Any:
    wishes, total = s.case.people.wishes, 0
    for n in range(len(wishes)):
        w, shift = int(wishes.worker[n]), int(wishes.shift[n])
        work = s.works(w, int(wishes.period[n]), None if shift < 0 else {shift})
        weight = round(abs(wishes.weight[n]) * CENTS)
        wanted = wishes.weight[n] > 0
        total += weight * (int(s.case.people.number[w]) - work if wanted else work)
    return total


def _workload(s: Staffing) -> dict[str, tuple[Any, float]]:
    rule, capacity = s.case.policy.workload, s.case.capacity
    busy = [w for w in s.workers if capacity[w] > 0]
    if rule == "none" or not busy:
        return {}
    loads = []
    for w in busy:
        load = s.model.new_int_var(0, SCALE, "load")
        s.model.add_division_equality(load, SCALE * _minutes(s, w), int(capacity[w]))
        loads.append(load)
    if rule == "spread":
        most, least = (s.model.new_int_var(0, SCALE, name) for name in ("most", "least"))
        s.model.add_max_equality(most, loads)
        s.model.add_min_equality(least, loads)
        return {"workload": (most - least, SCALE)}
    found: dict[str, tuple[Any, float]] = {}
    for count in range(1, min(s.case.policy.leximin_rounds, len(loads)) + 1):
        level = s.model.new_int_var(0, SCALE, "level")
        above = [s.model.new_int_var(0, SCALE, "above") for _ in loads]
        for one, load in zip(above, loads, strict=True):
            s.model.add(one >= load - level)
        found[f"workload.{count}"] = (count * level + sum(above), SCALE)
    return found


def solve(instance: allocator.Instance) -> dict[str, float]:
    """Return the value of every goal, minimised in the order of the policy."""
    s = variables(staff_case(instance))
    for rows in ROWS:
        rows(s)
    terms, values = goal_terms(s), {}
    for name in instance.policy.staff_goals:
        for term in [one for one in terms if one.split(".")[0] == name]:
            expression, scale = terms[term]
            values[term] = _minimised(s, expression) / scale
    return values


def _minimised(s: Staffing, expression: Any) -> int:
    """Minimise an expression and keep it there."""
    s.model.minimize(expression)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(s.model)
    if status == cp_model.INFEASIBLE:
        raise ImpossibleError.because("no roster can obey all the rules", code="E4301")
    value = round(solver.objective_value)
    s.model.add(expression <= value)
    return value


if __name__ == "__main__":
    for goal, value in solve(allocator.load(sys.argv[1])).items():
        print(f"{goal:20} {value:g}")
