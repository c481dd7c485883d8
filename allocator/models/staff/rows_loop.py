"""Rows of the closed loop and of training (formulation section 3)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from allocator.models.staff.model import StaffModel


def add(model: StaffModel) -> None:
    """Add the rows of the closed loop and of training."""
    if (model.inside >= 0).any():
        _inside(model)
        _stay(model)
        _lodging(model)
    if (model.train >= 0).any():
        _trained(model)
        _seats(model)
    if (model.inside >= 0).any() or (model.train >= 0).any():
        _outside(model)


def _inside(model: StaffModel) -> None:
    """Who works in a sealed place is inside."""
    program, sealed = model.program, model.slots.sealed[model.slot]
    worker, place, period = np.nonzero(model.inside >= 0)
    at = np.full(model.inside.shape, -1, dtype=np.int64)
    at[worker, place, period] = program.add_rows(
        "closed_loop", len(worker), upper=0.0, labels=partial(model.names, worker, place, period)
    )
    program.add_entries(at[worker, place, period], model.inside[worker, place, period], -1.0)
    some = np.flatnonzero(sealed >= 0)
    rows = at[model.worker[some], sealed[some], model.period[some]]
    program.add_known(rows, model.assign[some], 1.0)


def _stay(model: StaffModel) -> None:
    """More people inside than before have entered; who entered stays for the days asked for."""
    program, days = model.program, model.case.policy.closed_loop_days
    worker, place, period = np.nonzero(model.inside >= 0)
    here, came = model.inside[worker, place, period], model.enter[worker, place, period]
    rows = program.add_rows(
        "enter", len(worker), upper=0.0, labels=partial(model.names, worker, place, period)
    )
    program.add_entries(rows, here, 1.0)
    program.add_known(np.where(came >= 0, rows, -1), came, -1.0)
    before = np.where(period > 0, model.inside[worker, place, period - 1], -1)
    program.add_known(np.where(before >= 0, rows, -1), before, -1.0)
    rows = program.add_rows(
        "stay", len(worker), upper=0.0, labels=partial(model.names, worker, place, period)
    )
    program.add_entries(rows, here, -1.0)
    for back in range(min(days, model.inside.shape[2])):
        earlier = np.where(period >= back, model.enter[worker, place, period - back], -1)
        program.add_known(np.where(earlier >= 0, rows, -1), earlier, 1.0)


def _lodging(model: StaffModel) -> None:
    program, case = model.program, model.case
    place, period = np.indices(model.inside.shape[1:]).reshape(2, -1)
    rows = program.add_rows(
        "lodging",
        len(place),
        upper=case.lodging.beds[place],
        labels=lambda: [
            f"{case.lodging.ids[z]},{t + 1}" for z, t in zip(place, period, strict=True)
        ],
    ).reshape(model.inside.shape[1:])
    who, where, when = np.nonzero(model.inside >= 0)
    program.add_entries(rows[where, when], model.inside[who, where, when], 1.0)


def _trained(model: StaffModel) -> None:
    """Who works with a learned skill has ended the training for it before."""
    program, case = model.program, model.case
    skill = model.slots.skill[model.slot]
    for number, learned in enumerate(case.training.skill.tolist()):
        some = np.flatnonzero((skill == learned) & case.learns[model.worker, learned])
        if not len(some):
            continue
        keys, which = np.unique(
            np.stack([model.worker[some], model.period[some]]), axis=1, return_inverse=True
        )
        worker, period = keys
        rows = program.add_rows(
            "trained",
            keys.shape[1],
            upper=0.0,
            labels=partial(model.names, worker, period),
        )
        program.add_entries(rows[np.asarray(which).ravel()], model.assign[some], 1.0)
        for start in range(len(case.times)):
            began = model.train[worker, number, start]
            ended = (start + case.training.periods[number] <= period) & (began >= 0)
            program.add_known(np.where(ended, rows, -1), began, -1.0)


def _seats(model: StaffModel) -> None:
    program, training = model.program, model.case.training
    limited = np.flatnonzero(np.isfinite(training.seats))
    for number in limited.tolist():
        periods = model.train.shape[2]
        rows = program.add_rows("seats", periods, upper=training.seats[number])
        worker, start = np.nonzero(model.train[:, number] >= 0)
        columns = model.train[worker, number, start]
        for ahead in range(int(training.periods[number])):
            inside = start + ahead < periods
            program.add_entries(rows[(start + ahead)[inside]], columns[inside], 1.0)


def _outside(model: StaffModel) -> None:
    """Nobody works outside, or elsewhere, while inside a sealed place or in training."""
    program, case = model.program, model.case
    learner = np.asarray((model.train >= 0).any(axis=(1, 2)))
    bound = np.asarray((model.inside >= 0).any(axis=1) | learner[:, None])
    worker, period = np.nonzero(bound)
    at = np.full(bound.shape, -1, dtype=np.int64)
    at[worker, period] = program.add_rows(
        "outside",
        len(worker),
        upper=case.people.number[worker],
        labels=partial(model.names, worker, period),
    )
    free = np.flatnonzero(model.slots.sealed[model.slot] < 0)
    program.add_known(at[model.worker[free], model.period[free]], model.assign[free], 1.0)
    worker, place, period = np.nonzero(model.inside >= 0)
    program.add_known(at[worker, period], model.inside[worker, place, period], 1.0)
    worker, number, start = np.nonzero(model.train >= 0)
    columns = model.train[worker, number, start]
    for ahead in range(int(case.training.periods.max(initial=0))):
        when = start + ahead
        inside = (ahead < case.training.periods[number]) & (when < len(case.times))
        program.add_known(at[worker[inside], when[inside]], columns[inside], 1.0)
