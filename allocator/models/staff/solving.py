"""The way into staffing: solve an instance, goal by goal, by the method that suits it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np
import pandas as pd

from allocator.engine.cpsat import CpSession
from allocator.engine.ordered import Budget, Progress, run_stages
from allocator.engine.program import Floats
from allocator.engine.session import Session
from allocator.instance.instance import Instance
from allocator.instance.staff_case import StaffCase, staff_case
from allocator.models.answer import Answer
from allocator.models.staff.goals import Goal, goals_of
from allocator.models.staff.method import chosen_method, has_lines
from allocator.models.staff.model import StaffModel
from allocator.models.staff.read import last_roster, roster_tables
from allocator.models.staff.stage import Held, StaffStage

Report = Callable[[Answer], None]


def solve(
    instance: Instance | StaffCase,
    budget: Budget | None = None,
    method: str = "auto",
    seed: int = 0,
    threads: int = 1,
    report: Report = lambda answer: None,
    start: pd.DataFrame | None = None,
    earlier: pd.DataFrame | None = None,
) -> Answer:
    """Return the roster of a valid instance, what is known of each goal, and the program's size.

    Args:
        instance: The instance, or its arrays.
        budget: What the solves may spend.
        method: auto | mip | cpsat | lines.
        seed: Seed of the solver.
        threads: Workers of the solver.
        report: Told the answer so far after each goal.
        start: A roster to start from.
        earlier: The last roster, for the goal change.
    """
    case = staff_case(instance) if isinstance(instance, Instance) else instance
    before = None if earlier is None else last_roster(case, earlier)
    model = StaffModel(case, apart=before is not None)
    goals = goals_of(model, before)
    used = chosen_method(model) if method == "auto" else method
    used = "mip" if used == "lines" and not has_lines(case) else used
    session = new_session(model, used, seed, threads)

    def tell(progress: Progress) -> None:
        report(_answer(model, progress, used))

    progress = Progress(report=tell)
    if start is not None:
        progress.solution = _start(model, start)
    run_stages(session, _stages(model, goals, seed, used == "lines"), budget or Budget(), progress)
    return _answer(model, progress, used)


def new_session(model: StaffModel, method: str, seed: int = 0, threads: int = 1) -> Session:
    """Return the program inside the solver of a method; auto chooses by the program."""
    if (chosen_method(model) if method == "auto" else method) == "cpsat":
        return cast(Session, CpSession(model.program, seed, threads))
    return Session(model.program, seed, threads)


def _stages(
    model: StaffModel, goals: list[Goal], seed: int, lines: bool = False
) -> list[StaffStage]:
    policy, held = model.case.policy, Held()
    return [
        StaffStage(
            name=goal.name,
            unit=goal.unit,
            cost=goal.cost,
            constant=goal.constant,
            slack_relative=max(
                policy.slack_relative,
                policy.give_up.get(goal.name, policy.give_up.get(goal.name.split(".")[0], 0.0)),
            ),
            slack_absolute=policy.slack_absolute,
            final=goal is goals[-1],
            model=model,
            held=held,
            seed=seed,
            lines=lines,
        )
        for goal in goals
    ]


def _start(model: StaffModel, roster: pd.DataFrame) -> Floats | None:
    """Return a roster as a point of the program; None where it breaks a rule."""
    number = last_roster(model.case, roster)
    by_slot = np.zeros((len(model.case.people), len(model.slots)))
    np.add.at(by_slot.T, model.slots.of, number.T)
    assigned = by_slot[model.worker, model.slot]
    session = Session(model.program)
    session.set_bounds(model.assign, assigned, assigned)
    return session.minimise(np.zeros(model.program.column_count)).solution


def _answer(model: StaffModel, progress: Progress, method: str) -> Answer:
    program = model.program
    size = {"columns": program.column_count, "rows": program.row_count}
    point = progress.point
    tables: Mapping[str, pd.DataFrame] = {}
    done = {one.name for one in progress.results}
    under_way = [one for name, one in progress.looked.items() if name not in done]
    results = (*progress.results, *under_way)
    if point is not None and any(one.value is not None for one in results):
        tables = roster_tables(model, point)
    return Answer(tables, results, {"size": size, "method": method})
