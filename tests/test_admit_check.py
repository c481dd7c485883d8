"""The judge of beds finds every planted violation, and says by how much."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocator.check import check
from allocator.check.verdict import rules
from allocator.engine.ordered import Budget
from allocator.instance import Instance
from allocator.models.admit.solving import solve
from allocator.plan import Plan
from allocator.runs.admit import judged
from tests.admit_cases import hand_case

Tables = dict[str, pd.DataFrame]


def rich_case(policy: dict[str, Any] | None = None) -> Instance:
    """Two classes, a step down, hours, ventilators, a surge ward and an entry rule."""
    fixed = {"surge": False, "opening_cost": 0, "lead_periods": 0}
    surge = {"surge": True, "opening_cost": 7, "lead_periods": 1}
    return hand_case(
        policy,
        care=[
            {"severity": "severe", "kind": "severe", "hours": 18.2},
            {"severity": "mild", "kind": "other", "hours": 1},
        ],
        stays=[
            {"severity": "severe", "periods": 1, "steps_to": "mild"},
            {"severity": "mild", "periods": 1, "steps_to": ""},
        ],
        beds=[
            {"ward_id": "E", "site_id": "HE", "severity": "severe", "beds": 2} | fixed,
            {"ward_id": "Em", "site_id": "HE", "severity": "mild", "beds": 2} | fixed,
            {"ward_id": "W", "site_id": "HW", "severity": "severe", "beds": 2} | fixed,
            {"ward_id": "Wm", "site_id": "HW", "severity": "mild", "beds": 2} | fixed,
            {"ward_id": "S", "site_id": "HW", "severity": "severe", "beds": 1} | surge,
        ],
        staff_hours=[{"site_id": "HE", "period": t, "hours": 40} for t in (1, 2, 3, 4)],
        items=[{"item_id": "ventilator", "kg": 1, "reusable": True}],
        care_items=[{"severity": "severe", "item_id": "ventilator", "quantity": 1}],
        stocks=[
            {"place_id": site, "item_id": "ventilator", "quantity": 3} for site in ("HE", "HW")
        ],
        entry_rules=[
            {"rule_id": "r", "from_id": "W", "site_id": "HE", "severity": "mild", "allowed": False}
        ],
    )


def planned(instance: Instance) -> Plan:
    answer = solve(instance, Budget(gap=0.0))
    plan = judged(instance, answer.tables, "solver", answer.results)
    assert plan.status.plan == "valid", plan.summary["violations"]
    return plan


def families(instance: Instance, plan: Plan, keep: tuple[str, ...] = ()) -> set[str]:
    """Families the judge names; tables that only follow are left out unless kept."""
    tables = {
        name: frame
        for name, frame in plan.tables.items()
        if name not in ("waiting", "occupancy", "notices") or name in keep
    }
    return set(check(instance, plan.replace(tables=tables, goals=())).table["family"])


def row(**cells: Any) -> dict[str, Any]:
    usual = {"community_id": "east", "site_id": "HE", "severity": "severe", "period": 1}
    return usual | {"known": 0, "number": 1.0, "scenario_id": ""} | cells


def more(table: str, **cells: Any) -> Callable[[Tables], Tables]:
    return lambda tables: (
        tables | {table: pd.concat([tables[table], pd.DataFrame([cells])], ignore_index=True)}
    )


def admitted(**cells: Any) -> Callable[[Tables], Tables]:
    return more("admissions", **row(**cells))


def moved(**cells: Any) -> Callable[[Tables], Tables]:
    usual = {"from_site": "HE", "to_site": "HE", "from_severity": "severe", "severity": "mild"}
    return more("transfers", **(usual | {"period": 2, "number": 9.0, "scenario_id": ""} | cells))


def opened(**cells: Any) -> Callable[[Tables], Tables]:
    return more("openings", **({"ward_id": "S", "period": 1, "beds": 1.0, "cost": 7.0} | cells))


PLANTED: list[tuple[str, Callable[[Tables], Tables]]] = [
    ("unknown_id", admitted(site_id="nowhere")),
    ("unknown_id", opened(ward_id="E")),
    ("bad_number", admitted(number=-1.0)),
    ("bad_number", admitted(period=9)),
    ("bad_number", admitted(known=3)),
    ("entry", admitted(community_id="west", severity="mild", period=2, number=0.5)),
    ("queue", admitted(community_id="west", site_id="HW", period=1, number=0.5)),
    ("step", moved()),
    ("step", moved(from_severity="mild", severity="severe", number=0.5)),
    ("beds", admitted(number=2.0)),
    ("care_hours", admitted(number=2.0)),
    ("care_items", admitted(number=2.0)),
    ("opening", opened(period=4)),
    ("opening", opened(cost=1.0)),
    ("opening", opened(beds=9.0)),
]


@pytest.mark.parametrize(("family", "change"), PLANTED)
def test_a_planted_violation_is_found(family: str, change: Callable[[Tables], Tables]) -> None:
    instance = rich_case()
    plan = planned(instance)
    assert family not in families(instance, plan)
    tables = {name: plan.tables[name] for name in ("admissions", "transfers", "openings")}
    tables["openings"] = tables["openings"].iloc[:0]
    assert family in families(instance, plan.replace(tables=change(tables)))


def test_a_second_opening_and_a_budget_are_found() -> None:
    instance = rich_case({"surge_budget": 5})
    plan = planned(instance)
    assert "opening" in families(instance, plan.replace(tables=opened()(dict(plan.tables))))
    instance = rich_case()
    twice = opened()(opened()(dict(plan.tables)))
    assert "opening" in families(instance, plan.replace(tables=twice))


def test_those_not_known_yet_are_found() -> None:
    instance = hand_case({"information_delay": 1})
    plan = planned(instance)
    early = plan["admissions"].assign(known=0, period=1).head(1)
    assert "known" in families(instance, plan.replace(tables={**plan.tables, "admissions": early}))


def test_outsiders_before_their_own_are_found() -> None:
    instance = hand_case({"admit_regime": "district-first"})
    rows = [row(number=2.0), row(site_id="HW", number=2.0)]
    rows += [row(community_id="west", site_id="HW", period=3)]
    plan = planned(instance).replace(tables={"admissions": pd.DataFrame(rows)})
    assert "own_first" not in families(instance, plan)
    late = [row(number=2.0), row(site_id="HW", number=1.0), row(site_id="HW", period=2)]
    plan = plan.replace(tables={"admissions": pd.DataFrame(late)})
    assert "own_first" in families(instance, plan)


@pytest.mark.parametrize(("table", "column"), [("waiting", "number"), ("occupancy", "occupied")])
def test_tables_that_do_not_follow_are_found(table: str, column: str) -> None:
    instance = rich_case()
    plan = planned(instance)
    assert not families(instance, plan, (table,))
    wrong = plan[table].assign(**{column: plan[table][column] + 1})
    changed = plan.replace(tables={**plan.tables, table: wrong})
    assert families(instance, changed, (table,)) == {"follows"}


def test_goals_and_the_instance_are_held_to() -> None:
    instance = rich_case()
    plan = planned(instance)
    lies = tuple(
        goal if goal.value is None else goal.__class__(**{**vars_of(goal), "value": goal.value + 1})
        for goal in plan.goals
    )
    assert set(check(instance, plan.replace(goals=lies)).table["family"]) == {"goal_value"}
    other = rich_case({"surge_budget": 5})
    assert "instance_hash" in set(check(other, plan).table["family"])


def vars_of(goal: Any) -> dict[str, Any]:
    return {name: getattr(goal, name) for name in ("name", "unit", "bound", "scope", "source")}


def test_the_page_names_every_rule() -> None:
    page = Path(__file__).parents[1] / "docs" / "violations.md"
    text = page.read_text(encoding="utf-8")
    for rule in rules("admit").values():
        assert f"| {rule.code} | {rule.family} | {rule.rule} |" in text
