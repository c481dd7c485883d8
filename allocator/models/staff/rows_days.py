"""Rows of a worker's time: one_shift, hours, shift_max, suit, rest, succession (section 3)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.staff_case import WEEK
from allocator.instance.staff_clashes import Clash, clashes

if TYPE_CHECKING:
    from allocator.models.staff.model import StaffModel


def add(model: StaffModel) -> None:
    """Add the rows of a worker's time."""
    _one_shift(model)
    _hours(model)
    _shift_max(model)
    _suit(model)
    for clash in clashes(model.case):
        _clash(model, clash)


def _one_shift(model: StaffModel) -> None:
    """Add up the assignments of a period: works; a person works one shift a period."""
    program, works = model.program, model.works
    worker, period = np.indices(works.shape).reshape(2, -1)
    rows = program.add_rows(
        "one_shift", works.size, 0.0, 0.0, partial(model.names, worker, period)
    ).reshape(works.shape)
    program.add_entries(rows[model.worker, model.period], model.assign, 1.0)
    program.add_entries(rows, works, -1.0)


def _hours(model: StaffModel) -> None:
    case, program, people = model.case, model.program, model.case.people
    minutes = case.shifts.minutes[model.shift]
    for name, limit in (("hours_max", people.maximum), ("hours_min", people.minimum)):
        bound = limit * people.number
        if model.whole:
            bound = _reachable(bound, case.shifts.minutes, name == "hours_max")
        some = np.flatnonzero(np.isfinite(limit) if name == "hours_max" else limit > 0)
        at = np.full(len(people), -1, dtype=np.int64)
        sides = {"upper": bound[some]} if name == "hours_max" else {"lower": bound[some]}
        at[some] = program.add_rows(name, len(some), labels=partial(model.names, some), **sides)
        program.add_known(at[model.worker], model.assign, minutes)


def _reachable(bound: Floats, minutes: Floats, below: bool) -> Floats:
    """Return limits moved to the next sum of shifts: multiples of what all lengths share."""
    if not (minutes == np.round(minutes)).all():
        return bound
    unit = float(np.gcd.reduce(minutes.astype(np.int64)))
    steps = np.floor(bound / unit + 1e-9) if below else np.ceil(bound / unit - 1e-9)
    return np.asarray(steps * unit)


def _shift_max(model: StaffModel) -> None:
    case, program = model.case, model.program
    worker, shift = np.nonzero(np.isfinite(case.people.shift_max))
    most = (case.people.shift_max * case.people.number[:, None])[worker, shift]
    at = np.full(case.people.shift_max.shape, -1, dtype=np.int64)
    at[worker, shift] = program.add_rows(
        "shift_max", len(worker), upper=most, labels=partial(model.names, worker, shift)
    )
    program.add_known(at[model.worker, model.shift], model.assign, 1.0)


def _suit(model: StaffModel) -> None:
    """Minutes in the suit of any seven periods in a row."""
    case, program, limit = model.case, model.program, model.case.policy.suit_minutes_week
    suited = np.flatnonzero(case.shifts.suit[model.shift])
    if limit is None or not len(suited):
        return
    workers = np.unique(model.worker[suited])
    begins = np.arange(max(1, len(case.times) - WEEK + 1))
    worker, begin = (grid.ravel() for grid in np.meshgrid(workers, begins, indexing="ij"))
    at = np.full((len(case.people), len(begins)), -1, dtype=np.int64)
    at[worker, begin] = program.add_rows(
        "suit",
        len(worker),
        upper=limit * case.people.number[worker],
        labels=partial(model.names, worker, begin),
    )
    for ahead in range(WEEK):
        begin = model.period[suited] - ahead
        inside = (begin >= 0) & (begin < len(begins))
        rows = np.where(inside, at[model.worker[suited], begin * inside], -1)
        minutes = case.shifts.suit_minutes[model.shift[suited]]
        program.add_known(rows, model.assign[suited], minutes)


def _clash(model: StaffModel, clash: Clash) -> None:
    """Who works one of `before` in a period cannot work one of `after`, `lag` periods on."""
    program, people = model.program, model.case.people
    worker, period = (
        grid.ravel() for grid in np.meshgrid(clash.workers, clash.periods, indexing="ij")
    )
    at = np.full(model.works.shape, -1, dtype=np.int64)
    at[worker, period] = np.arange(len(worker))
    parts = list(_sides(model, clash, at))
    used = np.zeros(len(worker), dtype=np.int64)
    for number, (rows, _) in enumerate(parts):
        used[rows] |= 1 << number
    kept = np.flatnonzero(used == 3)
    line = np.full(len(worker), -1, dtype=np.int64)
    line[kept] = program.add_rows(
        clash.family,
        len(kept),
        upper=people.number[worker[kept]],
        labels=lambda: model.names(
            worker[kept],
            period[kept],
            np.full(len(kept), clash.before[0]),
            np.full(len(kept), clash.after[0]),
        ),
    )
    for rows, columns in parts:
        program.add_known(line[rows], columns, 1.0)


def _sides(model: StaffModel, clash: Clash, at: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield rows and columns of both sides of a clash."""
    for shifts, back in ((clash.before, 0), (clash.after, clash.lag)):
        which = np.flatnonzero(np.isin(model.shift, shifts) & (model.period >= back))
        rows = at[model.worker[which], model.period[which] - back]
        yield rows[rows >= 0], model.assign[which[rows >= 0]]
