"""Runs of work as stints: a path of stints and breaks for every person (formulation section 5).

Least and most lengths of runs and least lengths of breaks have no rows: a stint that breaks them
is no column. The relaxation of the path is exact, that of rows `run_min` and `off_min` is not: on
a published roster of 16 nurses the linear bound rises from 712 to 930 where 1143 is best.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from allocator.engine.program import Ints

if TYPE_CHECKING:
    from allocator.models.staff.model import StaffModel


def stint_workers(model: StaffModel) -> Ints:
    """Return the persons whose runs or breaks have a least length."""
    people = model.case.people
    least = np.maximum(people.shortest_run, people.shortest_off)
    return np.flatnonzero((least > 1) & (people.number == 1))


def add(model: StaffModel) -> None:
    """Add the paths, and weekends as stints that touch them."""
    people = model.case.people
    some = stint_workers(model)
    kinds = np.stack([people.longest_run, people.shortest_run, people.shortest_off], axis=1)
    for kind in np.unique(kinds[some], axis=0):
        alike = some[(kinds[some] == kind).all(axis=1)]
        _paths(model, alike, *kind.tolist())


def _paths(model: StaffModel, workers: Ints, longest: float, shortest: float, off: float) -> None:
    """Add stints, breaks and idle periods of workers with the same rules, and their flow.

    Nodes of a worker: 0 to T, ready to begin in a period; T + 1 to 2 T + 1, free again since it.
    """
    program, periods = model.program, len(model.case.times)
    first, last = _stints(periods, int(min(longest, periods)), int(shortest))
    when, count = np.arange(periods), len(workers)
    arcs = [
        ("stint", first, periods + 2 + last),
        ("idle", when, when + 1),
        ("break", periods + 1 + when, np.minimum(when + int(off), periods)),
    ]
    nodes = 2 * periods + 2
    source = np.zeros(nodes)
    source[0] = -1.0
    low, high = source.copy(), source.copy()
    high[[periods, nodes - 1]] = 1.0
    rows = program.add_rows(
        "path", count * nodes, np.tile(low, count), np.tile(high, count)
    ).reshape(count, nodes)
    for name, tail, head in arcs:
        # Whole works make them whole.
        columns = program.add_columns(name, count * len(tail), 1.0).reshape(count, -1)
        model.own(columns, np.repeat(workers, len(tail)).reshape(count, -1), -2 + 0 * columns)
        program.add_entries(rows[:, tail], columns, -1.0)
        program.add_entries(rows[:, head], columns, 1.0)
        if name == "stint":
            _linked(model, workers, columns, first, last)


def _stints(periods: int, longest: int, shortest: int) -> tuple[Ints, Ints]:
    """Return first and last periods of stints; those cut by the horizon may be short."""
    first, last = (grid.ravel() for grid in np.meshgrid(np.arange(periods), np.arange(periods)))
    length = last - first + 1
    edge = (first == 0) | (last == periods - 1)
    good = (length > 0) & (length <= longest) & ((length >= shortest) | edge)
    return first[good], last[good]


def _linked(model: StaffModel, workers: Ints, columns: Ints, first: Ints, last: Ints) -> None:
    """Who works in a period is in the one stint that covers it; a weekend counts if touched."""
    program, works = model.program, model.works
    member, period = np.indices((len(workers), works.shape[1]))
    rows = program.add_rows(
        "stint",
        member.size,
        0.0,
        0.0,
        partial(model.names, workers[member.ravel()], period.ravel()),
    ).reshape(member.shape)
    program.add_entries(rows, works[workers], -1.0)
    for day in range(works.shape[1]):
        covers = np.flatnonzero((first <= day) & (day <= last))
        program.add_entries(rows[:, day][:, None], columns[:, covers], 1.0)
    weekend = model.case.times.weekend
    for number, kind in enumerate(model.weekend_kinds):
        days = np.flatnonzero(weekend == kind)
        touches = np.flatnonzero((first <= days.max()) & (last >= days.min()))
        counted = model.weekend[workers, number]
        rows = program.add_rows("weekend", len(workers), lower=0.0)
        program.add_known(np.where(counted >= 0, rows, -1), counted, 1.0)
        some = counted >= 0
        program.add_entries(rows[some][:, None], columns[some][:, touches], -1.0)
