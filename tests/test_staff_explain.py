"""Reasons of posts that lack people, each backed by a solve; and what changes nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from allocator.engine.ordered import Budget
from allocator.engine.outcome import Outcome
from allocator.engine.session import Session
from allocator.explain import staff_work
from allocator.explain.reason import as_table
from allocator.explain.staff_work import Study, work
from allocator.instance import Instance
from allocator.instance.staff_case import staff_case
from allocator.models.staff import solve
from allocator.plan import Plan
from allocator.runs.staff_judged import judged
from tests.reference_cases import Rows, instance_of
from tests.staff_cases import random_case

BASE: dict[str, Rows] = {
    "periods": [{"period": 1}, {"period": 2}],
    "communities": [{"community_id": "lane", "population": 10}],
    "shifts": [{"shift_id": "day", "start": "08:00", "minutes": 480}],
    "workers": [{"worker_id": "ann", "skills": "nurse"}, {"worker_id": "bob"}],
}

BARE = {"workload": "none"}
NURSE = {"worker_id": "ann", "skills": "nurse", "qualified": True}
LATER = {"post_id": "ward", "period": 2, "shift_id": "day", "wanted": 1, "skill": "nurse"}


def roster(instance: Instance) -> Plan:
    """The best roster, judged, without the child process of a run."""
    answer = solve(instance)
    plan = judged(instance, staff_case(instance), answer.tables, "solver", answer.results)
    assert plan.status.plan == "valid"
    return plan


def reasons(posts: Rows, policy: Mapping[str, Any] = BARE, **changed: Rows) -> pd.DataFrame:
    instance = instance_of({**policy}, **(BASE | {"posts": posts} | changed))
    study = Study(staff_case(instance), roster(instance), time.monotonic() + 60)
    return as_table(study.run(None, ""))


def post(name: str, **more: Any) -> dict[str, Any]:
    return {"post_id": name, "period": 1, "shift_id": "day", "wanted": 1} | more


def test_nobody_has_the_skill() -> None:
    found = reasons([post("cockpit", skill="pilot")])
    assert found["code"].tolist() == ["EXCLUDED_BY_RULE"]
    assert "nobody has the skill pilot" in found["text"][0]


def test_a_rule_keeps_people_away() -> None:
    workers = [{"worker_id": "ann", "skills": "nurse", "maximum_minutes": 480}]
    found = reasons([post("ward", skill="nurse", minimum=1), LATER], workers=workers)
    assert found["code"].tolist() == ["IMPOSSIBLE_ALONE"]
    assert "ann works at most 480 minutes" in found["text"][0]


@pytest.mark.parametrize("rule", ["maximum_minutes", "longest_shift"])
def test_a_shift_longer_than_allowed(rule: str) -> None:
    workers = [{"worker_id": "ann", "number": 9, "skills": "nurse", rule: 479}, {"worker_id": "b"}]
    found = reasons([post("ward", skill="nurse")], workers=workers)
    assert found[["code", "family"]].to_numpy().tolist() == [["EXCLUDED_BY_RULE", "shift"]]
    assert "480 minutes is longer than any of the 9 people" in found["text"][0]


def test_others_need_them_more() -> None:
    found = reasons([post("ward", skill="nurse", weight=3), post("clinic", skill="nurse")])
    assert found["item_id"].tolist() == ["clinic"]
    assert found["code"].tolist() == ["CROWDED_OUT"]
    assert "costs 2 of uncovered" in found["text"][0]
    assert "ward in period 1" in found["text"][0]


def test_a_tie_is_a_tie() -> None:
    found = reasons([post("ward", skill="nurse"), post("clinic", skill="nurse")])
    assert found["code"].tolist() == ["TIE"]


def test_a_goal_before_people_is_what_they_cost() -> None:
    workers = [{"worker_id": "ann", "cost_per_hour": 10}]
    policy = BARE | {"staff_goals": ["cost", "uncovered"]}
    found = reasons([post("ward")], policy, workers=workers)
    assert found["code"].tolist() == ["CROWDED_OUT"]
    assert "one person more here costs 80 of cost" in found["text"][0]


def test_nobody_is_qualified() -> None:
    found = reasons([post("gate", qualified_share=1)])
    assert found[["code", "family"]].to_numpy().tolist() == [["EXCLUDED_BY_RULE", "qualified"]]
    assert "gate in period 1, shift day, lacks 1 qualified: nobody is qualified" in found["text"][0]


def test_nobody_qualified_has_the_skill() -> None:
    workers = [NURSE, {"worker_id": "bob", "skills": "guard"}]
    found = reasons([post("gate", skill="guard", qualified_share=1)], workers=workers)
    assert found["code"].tolist() == ["EXCLUDED_BY_RULE"]
    assert "nobody qualified has the skill guard" in found["text"][0]


def test_a_rule_keeps_the_qualified_away() -> None:
    workers = [NURSE | {"maximum_minutes": 480}, {"worker_id": "bob"}]
    posts = [post("gate", qualified_share=1), post("ward", skill="nurse", minimum=1, period=2)]
    found = reasons(posts, workers=workers)
    assert found["code"].tolist() == ["IMPOSSIBLE_ALONE"]
    assert "no roster has one qualified person more here: " in found["text"][0]
    assert "ann works at most 480 minutes" in found["text"][0]


def test_the_qualified_are_needed_elsewhere() -> None:
    posts = [post("ward", skill="nurse"), post("gate", qualified_share=1)]
    found = reasons(posts, workers=[NURSE, {"worker_id": "bob"}])
    assert found[["item_id", "code", "family"]].to_numpy().tolist() == [
        ["gate", "CROWDED_OUT", "uncovered"]
    ]
    assert "costs 1 of uncovered; ward in period 1, shift day, would lack 1" in found["text"][0]


def test_one_qualified_for_two_posts_is_a_tie() -> None:
    posts = [post("east", qualified_share=1), post("west", qualified_share=1)]
    found = reasons(posts, workers=[NURSE, {"worker_id": "bob"}])
    assert found["code"].tolist() == ["TIE"]
    assert "would lack 1 qualified more" in found["text"][0]


def test_people_and_qualified_people_are_two_gaps() -> None:
    found = reasons([post("gate", wanted=3, qualified_share=1)], workers=[NURSE])
    assert found["quantity"].tolist() == [2.0, 2.0]
    assert "lacks 2 qualified" in found["text"][1]
    assert "qualified" not in found["text"][0]


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
    plan = roster(case)
    usual = Session.minimise

    def cut(self: Session, *given: Any, **more: Any) -> Outcome:
        return replace(usual(self, *given, **more), termination="time_limit")

    monkeypatch.setattr(Session, "minimise", cut)
    found = list(Study(staff_case(case), plan, time.monotonic() + 60).run(None, ""))
    assert [one.code for one in found] == ["NOT_PROVEN"]


def test_what_is_not_settled_in_time_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    posts = [post("ward", skill="nurse", weight=3), post("clinic", skill="nurse", wanted=2)]
    case = instance_of(BARE, **(BASE | {"posts": posts}))
    told: list[list[str]] = []
    monkeypatch.setattr(Study, "_solved", lambda self, gap: self._reason(gap, "TIE", "", ""))
    work(lambda found: told.append([one.code for one in found]), case, roster(case), 60, None, "")
    assert told == [["UNEXPLAINED"], ["TIE"]]


@pytest.mark.parametrize("weight", [1, 3])
def test_a_large_program_is_explained_by_its_relaxation(
    weight: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff_work, "by_relaxation_first", lambda session: True)
    found = reasons([post("ward", skill="nurse", weight=weight), post("clinic", skill="nurse")])
    assert found["code"].tolist() == ["TIE" if weight == 1 else "CROWDED_OUT"]
