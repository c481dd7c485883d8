"""Goals by their relaxation: rosters that keep every rule, bounds that hold, and repetition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from allocator.engine.neighbourhood import Whole
from allocator.engine.ordered import Budget
from allocator.engine.outcome import Outcome
from allocator.engine.session import Session
from allocator.generate.shanghai import shanghai_2022
from allocator.instance.staff_case import staff_case
from allocator.models.answer import Answer
from allocator.models.staff import relaxed, solve, stage
from allocator.models.staff.goals import goals_of
from allocator.models.staff.model import StaffModel
from allocator.models.staff.relaxed import by_relaxation, split_by
from allocator.models.staff.steps import next_value, room_of
from allocator.runs.staff_judged import judged
from tests.staff_cases import random_case

SEEDS = (0, 2, 5, 8, 10, 15, 17, 21)


def test_the_optimum_lies_between_bound_and_value() -> None:
    found = sum(compared(seed) for seed in SEEDS)
    assert found >= len(SEEDS) - 2


def compared(seed: int) -> bool:
    """Compare the relaxation's answer with branch and cut; return whether there is one."""
    instance = random_case(seed, workload="none", staff_goals=["uncovered+qualified+cost"])
    best = solve(instance, Budget(gap=0.0), "mip").results[0].value
    assert best is not None
    model = StaffModel(staff_case(instance))
    goal = goals_of(model)[0]
    size = model.program.column_count
    whole = Whole(model.program, goal.cost, sparse.csr_matrix((0, size)), np.zeros(0))
    session = Session(model.program)
    found = by_relaxation(session, whole, model.owners()[0], Budget(gap=0.0), None, goal.constant)
    exact = session.minimise(goal.cost, gap=0.0)
    assert exact.value is not None
    assert exact.value + goal.constant == pytest.approx(best, abs=1e-5)
    if found is None:
        return False
    assert found.solution is not None
    assert found.value is not None
    assert found.bound is not None
    assert whole.keeps(found.solution)
    assert found.bound + goal.constant <= best + 1e-6
    assert found.value + goal.constant >= best - 1e-6
    if found.termination == "completed":
        assert found.value + goal.constant == pytest.approx(best, abs=1e-5)
    return True


def test_some_rosters_are_proven_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every goal by its relaxation first, values are those of branch and cut alone."""
    sources = []
    for seed in SEEDS[:4]:
        instance = random_case(seed, workload="spread")
        usual = solve(instance, Budget(gap=0.0), "mip")
        with monkeypatch.context() as patch:
            patch.setattr(stage, "EXACT_COLUMNS", 0)
            answer = solve(instance, Budget(gap=0.0), "mip")
            again = solve(instance, Budget(gap=0.0), "mip")
        assert [one.value for one in answer.results] == pytest.approx(
            [one.value for one in usual.results], abs=1e-4
        )
        assert answer.tables["roster"].equals(again.tables["roster"])
        plan = judged(instance, staff_case(instance), answer.tables, "solver", answer.results)
        assert plan.status.plan == "valid"
        sources += [one.source for one in answer.results]
    assert any("relaxation" in source for source in sources)


def test_whom_the_relaxation_splits_is_free_altogether(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where that is most of all, only what is split."""
    model = StaffModel(staff_case(random_case(0)))
    whole = Whole(
        model.program,
        np.zeros(model.program.column_count),
        sparse.csr_matrix((0, model.program.column_count)),
        np.zeros(0),
    )
    owner, _ = model.owners()
    point = np.zeros(model.program.column_count)
    assert (split_by(whole, point, owner) == (owner < 0)).all()
    column = np.flatnonzero(owner == 1)[0]
    point[column] = 0.5
    assert (split_by(whole, point, owner) == ((owner < 0) | (owner == 1))).all()
    monkeypatch.setattr(relaxed, "MOST", 0.0)
    assert np.flatnonzero(split_by(whole, point, owner) & (owner >= 0)).tolist() == [column]


def test_bounds_move_to_the_next_value_and_gaps_count_the_constant() -> None:
    assert next_value(4.2, 2.0) == 6.0
    assert next_value(6.000001, 2.0) == 6.0
    assert next_value(4.2, 0.0) == 4.2
    assert next_value(-np.inf, 2.0) == -np.inf
    assert room_of(-50.0, 0.01, 150.0) == pytest.approx(1.0)


def test_a_city_of_groups_is_proven_goal_by_goal() -> None:
    """The workload of Shanghai's districts: branch and cut on the whole finds no point in time."""
    answer = solve(shanghai_2022(staff=True), Budget())
    assert all("relaxation" in one.source for one in answer.results)
    for one in answer.results:
        assert one.value is not None
        assert one.bound is not None
        assert one.value - one.bound <= 1e-4 * max(1.0, one.value)
    assert {one.name for one in answer.results} >= {"workload", "requests", "cost"}


def test_what_the_relaxation_leads_to_is_kept_before_the_search_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """HiGHS may overrun its limit on the whole program, and the process is stopped."""

    class StoppedError(Exception):
        pass

    def stop(*given: object) -> Outcome:
        raise StoppedError

    monkeypatch.setattr(stage, "EXACT_COLUMNS", 0)
    monkeypatch.setattr(stage.StaffStage, "_whole_program", stop)
    usual = stage.by_relaxation
    told: list[Answer] = []

    def far(*given: Any) -> Outcome | None:
        found = usual(*given)
        return found and replace(found, termination="time_limit")

    monkeypatch.setattr(stage, "by_relaxation", far)
    instance = random_case(0, workload="none", staff_goals=["uncovered"])
    with pytest.raises(StoppedError):
        solve(instance, Budget(gap=0.0), "mip", report=told.append)
    assert len(told) == 1
    assert len(told[0].tables["roster"])
    assert told[0].results[0].value is not None
