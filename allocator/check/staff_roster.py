"""The tables of a roster by number: who is where, who stays inside, who is in training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.check.rows import amounts, known
from allocator.check.verdict import Findings
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.staff_case import StaffCase
from allocator.plan import Plan, plan_table


@dataclass(frozen=True)
class Roster:
    """Assignments (N,): worker, post, number, and the line of the plan's table.

    `inside`, `entered` are workers x sealed places x periods; `learning` workers x trainings x
    periods of the start; `*_line` the line of the first row about a worker, 0 without any.
    """

    case: StaffCase
    worker: Ints
    post: Ints
    number: Ints
    line: Ints
    inside: Ints
    entered: Ints
    learning: Ints
    worker_line: Ints
    lodged_line: Ints
    trained_line: Ints

    @cached_property
    def shifts(self) -> Ints:
        """People by worker, period and shift."""
        posts = self.case.posts
        found = np.zeros(self.case.can.shape, dtype=np.int64)
        at = (self.worker, posts.period[self.post], posts.shift[self.post])
        np.add.at(found, at, self.number)
        return found

    @cached_property
    def works(self) -> Ints:
        """People at work by worker and period."""
        return np.asarray(self.shifts.sum(axis=2))

    @cached_property
    def minutes(self) -> Floats:
        """Minutes of every worker over the horizon, all people of a group together."""
        return np.asarray((self.shifts * self.case.shifts.minutes).sum(axis=(1, 2)))

    @cached_property
    def there(self) -> Ints:
        """People at every post."""
        return np.bincount(self.post, self.number, len(self.case.posts)).astype(np.int64)

    @cached_property
    def qualified(self) -> Ints:
        """Qualified people at every post."""
        able = self.case.people.qualified[self.worker]
        count = np.bincount(self.post[able], self.number[able], len(self.case.posts))
        return count.astype(np.int64)

    @cached_property
    def away(self) -> Ints:
        """People in training by worker and period."""
        found = np.zeros(self.works.shape, dtype=np.int64)
        for number, length in enumerate(self.case.training.periods.tolist()):
            found += running(self.learning[:, number], length)
        return found


def running(starts: Ints, length: int) -> Ints:
    """Return the sum of the last `length` entries along the last axis."""
    total = np.cumsum(starts, axis=-1)
    before = np.zeros_like(total)
    before[..., length:] = total[..., :-length] if length < total.shape[-1] else 0
    return np.asarray(total - before)


def roster_of(found: Findings, case: StaffCase, plan: Plan) -> Roster:
    """Read the tables; what cannot be read is recorded and left out."""
    worker, post, number, line = _assignments(found, case, plan_table("roster", plan["roster"]))
    lodged = _inside(found, case, plan_table("lodged", plan["lodged"]))
    learning, trained_line = _learning(found, case, plan_table("trained", plan["trained"]))
    return Roster(
        case,
        worker,
        post,
        number,
        line,
        *lodged[:2],
        learning,
        _first_lines(worker, line, len(case.people)),
        lodged[2],
        trained_line,
    )


def _first_lines(worker: Ints, line: Ints, count: int) -> Ints:
    first = np.zeros(count, dtype=np.int64)
    first[worker[::-1]] = line[::-1]
    return first


def _assignments(
    found: Findings, case: StaffCase, table: pd.DataFrame
) -> tuple[Ints, Ints, Ints, Ints]:
    worker, ok = _workers(found, case, "roster", table)
    posts = case.posts
    keys = pd.MultiIndex.from_arrays([posts.ids, posts.period + 1, case.shifts.ids[posts.shift]])
    asked = pd.MultiIndex.from_frame(table[["post_id", "period", "shift_id"]])
    post = np.asarray(keys.get_indexer(asked), dtype=np.int64)
    unknown = np.flatnonzero(post < 0)
    lines = (
        f"there is no post {row.post_id} in period {row.period:g}, shift {row.shift_id}"
        for row in table.iloc[unknown].itertuples()
    )
    found.add("post", "roster", unknown, np.ones(len(unknown)), lines)
    number, whole = _people(found, "roster", table, "number")
    line = np.flatnonzero(ok & whole & (post >= 0) & (number > 0))
    return worker[line], post[line], number[line], line


def _workers(
    found: Findings, case: StaffCase, name: str, table: pd.DataFrame
) -> tuple[Ints, Bools]:
    worker = np.asarray(pd.Index(case.people.ids).get_indexer(pd.Index(table["worker_id"])))
    return worker, known(found, name, table, "worker_id", worker)


def _people(found: Findings, name: str, table: pd.DataFrame, column: str) -> tuple[Ints, Bools]:
    """Return a column of people and which are whole numbers."""
    values, ok = amounts(found, name, table, column)
    whole = np.asarray(values == np.round(values))
    bad = np.flatnonzero(ok & ~whole)
    lines = (f"{column} is {value:g}: people are whole" for value in values[bad])
    found.add("bad_number", name, bad, values[bad], lines)
    ok = ok & whole
    return np.where(ok, values, 0).astype(np.int64), ok


def _periods(
    found: Findings, case: StaffCase, name: str, table: pd.DataFrame
) -> tuple[Ints, Bools]:
    period = table["period"].to_numpy(float)
    ok = (period >= 1) & (period <= len(case.times)) & (period == np.round(period))
    bad = np.flatnonzero(~ok)
    lines = (f"period {value:g} is not one of the instance" for value in period[bad])
    found.add("bad_number", name, bad, np.ones(len(bad)), lines)
    return np.where(ok, period - 1, 0).astype(np.int64), np.asarray(ok)


def _inside(found: Findings, case: StaffCase, table: pd.DataFrame) -> tuple[Ints, Ints, Ints]:
    worker, ok = _workers(found, case, "lodged", table)
    place = np.asarray(pd.Index(case.lodging.ids).get_indexer(pd.Index(table["place_id"])))
    ok = ok & known(found, "lodged", table, "place_id", place)
    period, in_time = _periods(found, case, "lodged", table)
    line = np.flatnonzero(ok & in_time)
    shape = (len(case.people), len(case.lodging), len(case.times))
    parts = []
    for column in ("number", "entered"):
        number, _ = _people(found, "lodged", table, column)
        amount = np.zeros(shape, dtype=np.int64)
        np.add.at(amount, (worker[line], place[line], period[line]), number[line])
        parts.append(amount)
    return parts[0], parts[1], _first_lines(worker[line], line, len(case.people))


def _learning(found: Findings, case: StaffCase, table: pd.DataFrame) -> tuple[Ints, Ints]:
    worker, ok = _workers(found, case, "trained", table)
    taught = pd.Index(case.skills[case.training.skill])
    which = np.asarray(taught.get_indexer(pd.Index(table["skill"])))
    ok = ok & known(found, "trained", table, "skill", which)
    period, in_time = _periods(found, case, "trained", table)
    number, _ = _people(found, "trained", table, "number")
    line = np.flatnonzero(ok & in_time)
    amount = np.zeros((len(case.people), len(taught), len(case.times)), dtype=np.int64)
    np.add.at(amount, (worker[line], which[line], period[line]), number[line])
    return amount, _first_lines(worker[line], line, len(case.people))
