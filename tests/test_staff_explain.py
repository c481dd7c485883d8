"""Reasons of posts that lack people, each backed by a solve; and what changes nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import allocator
from allocator.engine.ordered import Budget
from allocator.engine.session import Outcome, Session
from allocator.explain.staff import staff_reasons
from allocator.explain.staff_work import Study
from allocator.instance.staff_case import staff_case
from allocator.models.staff import solve
from tests.reference_cases import Rows, instance_of
from tests.staff_cases import random_case

BASE: dict[str, Rows] = {
    "periods": [{"period": 1}, {"period": 2}],
    "communities": [{"community_id": "lane", "population": 10}],
    "shifts": [{"shift_id": "day", "start": "08:00", "minutes": 480}],
    "workers": [{"worker_id": "ann", "skills": "nurse"}, {"worker_id": "bob"}],
}


def reasons(posts: Rows, **changed: Rows) -> pd.DataFrame:
    instance = instance_of({"workload": "none"}, **(BASE | {"posts": posts} | changed))
    plan = allocator.staff(instance)
    assert plan.status.plan == "valid"
    return staff_reasons(instance, plan, 60.0)


def post(name: str, **more: Any) -> dict[str, Any]:
    return {"post_id": name, "period": 1, "shift_id": "day", "wanted": 1} | more


def test_nobody_has_the_skill() -> None:
    found = reasons([post("cockpit", skill="pilot")])
    assert found["code"].tolist() == ["EXCLUDED_BY_RULE"]
    assert "nobody has the skill pilot" in found["text"][0]


def test_a_rule_keeps_people_away() -> None:
    workers = [{"worker_id": "ann", "skills": "nurse", "maximum_minutes": 100}]
    found = reasons([post("ward", skill="nurse")], workers=workers)
    assert found["code"].tolist() == ["IMPOSSIBLE_ALONE"]
    assert "ann works at most 100 minutes" in found["text"][0]


def test_others_need_them_more() -> None:
    found = reasons([post("ward", skill="nurse", weight=3), post("clinic", skill="nurse")])
    assert found["item_id"].tolist() == ["clinic"]
    assert found["code"].tolist() == ["CROWDED_OUT"]
    assert "costs 2 of uncovered" in found["text"][0]
    assert "ward in period 1" in found["text"][0]


def test_a_tie_is_a_tie() -> None:
    found = reasons([post("ward", skill="nurse"), post("clinic", skill="nurse")])
    assert found["family"].tolist() == ["tie"]


def test_the_same_roster_whatever_the_names() -> None:
    """Goals do not depend on ids, and more people never leave more uncovered."""
    compared = 0
    for seed in range(7):
        case = random_case(seed)
        usual = solve(case, Budget(gap=0.0))
        if not usual.tables:
            continue
        workers = case["workers"]
        extra = {"worker_id": "extra", "skills": "helper|medic", "qualified": True}
        more = case.replace(workers=pd.concat([workers, pd.DataFrame([extra])]))
        better = solve(more, Budget(gap=0.0))
        assert better.results[0].value is not None
        assert better.results[0].value <= usual.results[0].value + 1e-6
        turned = case.replace(workers=workers.iloc[::-1].reset_index(drop=True))
        other = solve(turned, Budget(gap=0.0))
        values = [one.value for one in usual.results]
        assert [one.value for one in other.results] == pytest.approx(values, abs=1e-4)
        compared += 1
    assert compared >= 3


def test_a_solve_cut_short_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    posts = [post("ward", skill="nurse", weight=3), post("clinic", skill="nurse")]
    case = instance_of({"workload": "none"}, **(BASE | {"posts": posts}))
    plan = allocator.staff(case)
    usual = Session.minimise

    def cut(self: Session, *given: Any, **more: Any) -> Outcome:
        return replace(usual(self, *given, **more), termination="time_limit")

    monkeypatch.setattr(Session, "minimise", cut)
    found = list(Study(staff_case(case), plan, time.monotonic() + 60).run(None, ""))
    assert [one.code for one in found] == ["NOT_PROVEN"]
