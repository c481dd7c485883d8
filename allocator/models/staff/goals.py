"""The goals of a roster as costs of columns (formulation section 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.goals import GoalSpec, parse_goals
from allocator.instance.schema import settings
from allocator.models.staff.model import StaffModel

UNITS = {
    "critical_uncovered": "people",
    "uncovered": "people",
    "surplus": "people",
    "qualified": "people",
    "workload": "share",
    "requests": "weight",
    "cost": "money",
    "change": "assignments",
}


@dataclass(frozen=True)
class Goal:
    """One goal to minimise: cost x columns + constant."""

    name: str
    unit: str
    cost: Floats
    constant: float


def staff_goals(goals: tuple[str, ...]) -> tuple[GoalSpec, ...]:
    """Return the goals of a roster, parsed."""
    return parse_goals(goals, "policy.toml:staff_goals", settings()["staff_goals"].values)


def goals_of(model: StaffModel, earlier: Ints | None = None) -> list[Goal]:
    """Return the goals of the policy in order; columns and rows they need are added.

    Args:
        model: The program; the columns of workload and change are added to it.
        earlier: People of the last roster, workers x posts, for the goal change.
    """
    policy = model.case.policy
    found: list[tuple[str, str, list[tuple[float, Floats, float]]]] = []
    for spec in staff_goals(policy.staff_goals):
        names = [name for _, name in spec.terms]
        if names == ["workload"]:
            found += [(name, "share", [(1.0, cost, 0.0)]) for name, cost in _workload(model)]
        elif names != ["change"] or earlier is not None:
            terms = [(weight, *_term(model, name, earlier)) for weight, name in spec.terms]
            found.append((spec.name, UNITS.get(spec.name, "weighted sum"), terms))
    size = model.program.column_count
    return [_sum(name, unit, terms, size) for name, unit, terms in found]


def _sum(name: str, unit: str, terms: list[tuple[float, Floats, float]], size: int) -> Goal:
    cost = np.zeros(size)
    for weight, part, _ in terms:
        cost[: len(part)] += weight * part
    return Goal(name, unit, cost, sum(weight * constant for weight, _, constant in terms))


def _term(model: StaffModel, name: str, earlier: Ints | None) -> tuple[Floats, float]:
    posts = model.case.posts
    cost = np.zeros(model.program.column_count)
    if name in ("critical_uncovered", "uncovered"):
        cost[model.short] = posts.weight * (posts.critical == (name == "critical_uncovered"))
    elif name == "surplus":
        some = model.surplus >= 0
        cost[model.surplus[some]] = posts.over_weight[some]
    elif name == "qualified":
        cost[model.lack[model.lack >= 0]] = 1.0
    elif name == "requests":
        return _requests(model)
    elif name == "cost":
        hours = model.case.shifts.minutes[model.shift] / 60
        cost[model.assign] = model.case.people.cost[model.worker] * hours
    elif name == "change" and earlier is not None:
        return _change(model, earlier)
    return cost, 0.0


def _requests(model: StaffModel) -> tuple[Floats, float]:
    """Weight of wishes not kept: off and worked, or on and not worked, a person each."""
    case, wishes = model.case, model.case.people.wishes
    weight = np.zeros(case.can.shape)
    whole = wishes.shift < 0
    np.add.at(
        weight,
        (wishes.worker[~whole], wishes.period[~whole], wishes.shift[~whole]),
        wishes.weight[~whole],
    )
    for shift in range(len(case.shifts)):
        np.add.at(
            weight[:, :, shift], (wishes.worker[whole], wishes.period[whole]), wishes.weight[whole]
        )
    cost = np.zeros(model.program.column_count)
    cost[model.assign] = -weight[model.worker, model.period, model.shift]
    number = case.people.number[wishes.worker]
    return cost, float((np.maximum(wishes.weight, 0.0) * number).sum())


def _change(model: StaffModel, earlier: Ints) -> tuple[Floats, float]:
    """People who differ from the last roster, post by post; the posts are kept apart."""
    program = model.program
    before = earlier[model.worker, model.slots.first[model.slot]]
    lost = float(earlier.sum() - before.sum())  # may not work there any more
    group = np.flatnonzero((before > 0) & (before < model.case.people.number[model.worker]))
    column = program.add_columns("changed", len(group))
    for sign in (1.0, -1.0):
        rows = program.add_rows("changed", len(group), -sign * before[group])
        program.add_entries(rows, column, 1.0)
        program.add_entries(rows, model.assign[group], -sign)
    cost = np.zeros(program.column_count)
    cost[model.assign] = np.where(before > 0, -1.0, 1.0)
    cost[model.assign[group]] = 0.0
    cost[column] = 1.0
    alone = np.setdiff1d(np.flatnonzero(before > 0), group)
    return cost, lost + float(before[alone].sum())


def _workload(model: StaffModel) -> Iterator[tuple[str, Floats]]:
    """Add the rows `load` and yield the goals of the rule."""
    rule, program = model.case.policy.workload, model.program
    capacity = model.case.capacity
    busy = np.flatnonzero(capacity > 0)
    if rule == "none" or not len(busy):
        return
    load = np.full(len(capacity), -1, dtype=np.int64)
    load[busy] = program.add_columns("load", len(busy), 1.0, labels=lambda: model.names(busy))
    rows = np.full(len(capacity), -1, dtype=np.int64)
    rows[busy] = program.add_rows("load", len(busy), 0.0, 0.0, lambda: model.names(busy))
    program.add_entries(rows[busy], load[busy], -capacity[busy])
    minutes = model.case.shifts.minutes[model.shift]
    program.add_known(rows[model.worker], model.assign, minutes)
    yield from (_spread if rule == "spread" else _leximin)(model, load[busy])


def _spread(model: StaffModel, load: Ints) -> Iterator[tuple[str, Floats]]:
    program = model.program
    most, least = program.add_columns("extreme", 2, 1.0)
    for family, column, sign in (("most", most, 1.0), ("least", least, -1.0)):
        rows = program.add_rows(family, len(load), 0.0)
        program.add_entries(rows, column, sign)
        program.add_entries(rows, load, -sign)
    cost = np.zeros(program.column_count)
    cost[most], cost[least] = 1.0, -1.0
    yield "workload", cost


def _leximin(model: StaffModel, load: Ints) -> Iterator[tuple[str, Floats]]:
    """Sums of the k largest loads, k = 1, 2, ... (Ogryczak and Sliwinski 2003)."""
    program = model.program
    for count in range(1, min(model.case.policy.leximin_rounds, len(load)) + 1):
        level = int(program.add_columns("level", 1, 1.0)[0])
        above = program.add_columns("above", len(load), 1.0)
        rows = program.add_rows("above", len(load), 0.0)
        program.add_entries(rows, above, 1.0)
        program.add_entries(rows, level, 1.0)
        program.add_entries(rows, load, -1.0)
        cost = np.zeros(program.column_count)
        cost[level], cost[above] = count, 1.0
        yield f"workload.{count}", cost
