"""Rows of periods in a row: run_max, begins, run_min, off_min, weekends (formulation section 3)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from allocator.engine.program import Ints
from allocator.models.staff import rows_stints

if TYPE_CHECKING:
    from allocator.models.staff.model import StaffModel


def add(model: StaffModel, loose: bool) -> None:
    """Add the rows of periods in a row; `loose` ones have a row for every rule."""
    _weekends(model)
    if loose:
        _run_max(model, np.arange(len(model.case.people)))
        _runs(model)
        return
    stints = rows_stints.stint_workers(model)
    _run_max(model, np.setdiff1d(np.arange(len(model.case.people)), stints))
    rows_stints.add(model)


def _run_max(model: StaffModel, some: Ints) -> None:
    program, people = model.program, model.case.people
    periods = len(model.case.times)
    limits = people.longest_run[some]
    for longest in np.unique(limits[limits < periods]):
        run = int(longest)
        workers = some[limits == longest]
        worker, begin = _grid(workers, np.arange(periods - run))
        rows = program.add_rows(
            "run_max",
            len(worker),
            upper=run * people.number[worker],
            labels=partial(model.names, worker, begin),
        )
        for ahead in range(run + 1):
            program.add_entries(rows, model.works[worker, begin + ahead], 1.0)


def _grid(workers: Ints, periods: Ints) -> tuple[Ints, Ints]:
    first, second = np.meshgrid(workers, periods, indexing="ij")
    return first.ravel(), second.ravel()


def _runs(model: StaffModel) -> None:
    """Least lengths of runs and of breaks between them; both may be cut by the horizon."""
    program, people, works = model.program, model.case.people, model.works
    periods = len(model.case.times)
    some = np.flatnonzero(
        (np.maximum(people.shortest_run, people.shortest_off) > 1) & (people.number == 1)
    )
    if not len(some) or periods < 2:
        return
    worker, period = _grid(some, np.arange(1, periods))
    begin = np.full(works.shape, -1, dtype=np.int64)
    begin[worker, period] = program.add_columns("begin", len(worker), 1.0)
    model.own(begin[worker, period], worker, period)
    rows = program.add_rows("begins", len(worker), 0.0, labels=partial(model.names, worker, period))
    program.add_entries(rows, begin[worker, period], 1.0)
    program.add_entries(rows, works[worker, period], -1.0)
    program.add_entries(rows, works[worker, period - 1], 1.0)
    _least(model, begin, "run_min", people.shortest_run)
    _least(model, begin, "off_min", people.shortest_off)


def _least(model: StaffModel, begin: Ints, name: str, least: Ints) -> None:
    """run_min: begins of the last periods <= works; off_min: works before them + begins <= 1."""
    program, works = model.program, model.works
    for length in np.unique(least[(least > 1) & (model.case.people.number == 1)]):
        workers = np.flatnonzero((least == length) & (model.case.people.number == 1))
        worker, period = _grid(workers, np.arange(1, works.shape[1]))
        start = np.maximum(1, period - int(length) + 1)
        rows = program.add_rows(
            name,
            len(worker),
            upper=0.0 if name == "run_min" else 1.0,
            labels=partial(model.names, worker, period),
        )
        for back in range(int(length)):
            inside = period - back >= start
            program.add_entries(rows[inside], begin[worker, period - back][inside], 1.0)
        if name == "run_min":
            program.add_entries(rows, works[worker, period], -1.0)
        else:
            program.add_entries(rows, works[worker, start - 1], 1.0)


def _last_days(weekend: Ints, kinds: Ints) -> Ints:
    return np.array([int(np.flatnonzero(weekend == kind).max()) for kind in kinds], np.int64)


def _weekends(model: StaffModel) -> None:
    program, people, weekend = model.program, model.case.people, model.case.times.weekend
    some = np.flatnonzero(np.isfinite(people.weekends))
    kinds = np.unique(weekend[weekend >= 0])
    column = np.full((len(people), len(kinds)), -1, dtype=np.int64)
    model.weekend, model.weekend_kinds = column, kinds
    if not len(some) or not len(kinds):
        return
    worker, kind = _grid(some, np.arange(len(kinds)))
    column[worker, kind] = program.add_columns(
        "weekend", len(worker), people.number[worker], integer=model.whole
    )
    # A weekend is freed with its last day.
    model.own(column[worker, kind], worker, _last_days(weekend, kinds)[kind])
    member, day = _grid(some, np.flatnonzero(weekend >= 0))
    rows = program.add_rows("weekend", len(member), 0.0, labels=partial(model.names, member, day))
    program.add_entries(rows, column[member, np.searchsorted(kinds, weekend[day])], 1.0)
    program.add_entries(rows, model.works[member, day], -1.0)
    most = (people.weekends * people.number)[some]
    rows = program.add_rows(
        "weekends_max", len(some), upper=most, labels=partial(model.names, some)
    )
    program.add_entries(np.repeat(rows, len(kinds)), column[some].ravel(), 1.0)
