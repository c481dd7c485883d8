"""Plans of reserves: the hand-made plan passes, and every planted violation is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.check import check, rules
from allocator.instance import Instance, instance_hash
from allocator.plan import GoalResult, Plan, Status, load_plan, plan_table
from tests.reserve_cases import RECOURSE, frame, reserve_instance, reserve_plan

Planter = Callable[[Instance, Plan], tuple[Instance, Plan]]


def cell(plan: Plan, table: str, row: int, **values: object) -> Plan:
    changed = plan_table(table, plan[table]).astype(dict.fromkeys(values, object))
    for name, value in values.items():
        changed.loc[row, name] = value
    return plan.replace(tables=dict(plan.tables) | {table: plan_table(table, changed)})


def added(plan: Plan, table: str, **values: object) -> Plan:
    row = plan_table(table, pd.DataFrame([values]))
    longer = pd.concat([plan_table(table, plan[table]), row], ignore_index=True)
    return plan.replace(tables=dict(plan.tables) | {table: longer})


def without(plan: Plan, table: str, row: int) -> Plan:
    fewer = plan[table].drop(index=row).reset_index(drop=True)
    return plan.replace(tables=dict(plan.tables) | {table: fewer})


def in_plan(change: Callable[..., Plan], *arguments: Any, **values: object) -> Planter:
    return lambda case, plan: (case, change(plan, *arguments, **values))


def in_instance(table: str, row: int, **values: object) -> Planter:
    def plant(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
        changed = case[table].astype(dict.fromkeys(values, object))
        for name, value in values.items():
            changed.loc[row, name] = value
        other = case.replace(validate=False, **{table: changed})
        return other, plan.replace(instance={"hash": instance_hash(other)})

    return plant


def in_policy(**values: object) -> Planter:
    def plant(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
        changed = case.replace(policy=case.policy.replace(**values), validate=False)
        return changed, plan.replace(instance={"hash": instance_hash(changed)})

    return plant


def line(scenario: str, kind: str, place: str, item: str, agreement: str = "") -> int:
    """The row of the recourse about a place and item."""
    at_place = (RECOURSE["from_id"] == place) | (RECOURSE["to_id"] == place)
    hit = (RECOURSE["scenario_id"] == scenario) & (RECOURSE["kind"] == kind) & at_place
    hit &= (RECOURSE["item_id"] == item) & (RECOURSE["agreement_id"] == agreement)
    return int(RECOURSE.index[hit][0])


def row(scenario: str, kind: str, place: str, item: str, agreement: str = "") -> str:
    return f"recourse:{line(scenario, kind, place, item, agreement) + 2}"


def change(where: tuple[str, ...], **values: object) -> Planter:
    return in_plan(cell, "recourse", line(*where), **values)


def single_sourcing(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
    case, plan = in_policy(single_sourcing=True)(case, plan)
    table = frame("community_id site_id", ("A", "S"), ("B", "W"))
    return case, plan.replace(tables=dict(plan.tables) | {"assignments": table})


def assigned(**values: object) -> Planter:
    def plant(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
        case, plan = single_sourcing(case, plan)
        return case, cell(plan, "assignments", 0, **values)

    return plant


def twice(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
    case, plan = single_sourcing(case, plan)
    return case, added(plan, "assignments", community_id="A", site_id="W")


def wrong_goal(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
    value = plan.goal("critical").value
    assert value is not None
    return case, plan.replace(goals=(GoalResult("critical", "", value + 7),))


def another_instance(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
    return case, plan.replace(instance={"hash": "0" * 64})


CALM_A = ("calm", "ship", "A", "food")
PLANTED: list[tuple[str, str, float, Planter]] = [
    ("unknown_id", "sites:3", 1, in_plan(cell, "sites", 1, site_id="nowhere")),
    ("unknown_id", "reserves:2", 1, in_plan(cell, "reserves", 0, item_id="gold")),
    ("unknown_id", "agreements:2", 1, in_plan(cell, "agreements", 0, agreement_id="none")),
    ("unknown_id", row(*CALM_A), 1, change(CALM_A, to_id="nowhere")),
    ("unknown_id", row(*CALM_A), 1, change(CALM_A, kind="throw")),
    ("unknown_id", row(*CALM_A), 1, change(CALM_A, scenario_id="never")),
    ("unknown_id", row(*CALM_A), 1, change(CALM_A, agreement_id="none")),
    ("unknown_id", "outcomes:2", 1, in_plan(cell, "outcomes", 0, scenario_id="never")),
    ("bad_number", "reserves:2", 5, in_plan(cell, "reserves", 0, quantity=-5.0)),
    ("bad_number", "agreements:2", 1, in_plan(cell, "agreements", 0, quantity=np.nan)),
    ("bad_number", row(*CALM_A), 3, change(CALM_A, quantity=-3.0)),
    ("size", "sites:3", 1, in_plan(cell, "sites", 1, size_id="palace")),
    ("size", "sites:4", 1, in_plan(added, "sites", site_id="S", size_id="small")),
    ("size", "sites:4", 1, in_plan(added, "sites", site_id="V", size_id="shed")),
    ("size", "sites:4", 1, in_plan(added, "sites", site_id="X", size_id="")),
    ("size", "sites:2", 1, in_plan(without, "sites", 0)),
    ("volume", "sites:2", 2.6, in_instance("sizes", 1, volume_m3=8)),
    ("stock_max", "reserves:2", 30, in_instance("reserves", 0, maximum=70)),
    (
        "stock_max",
        "reserves:5",
        4,
        in_plan(added, "reserves", site_id="W", item_id="drip", quantity=4.0),
    ),
    ("stock_max", "reserves:4", 20, in_plan(without, "sites", 1)),
    ("stock_min", "reserves:2", 20, in_instance("reserves", 0, minimum=120)),
    ("whole_packs", "reserves:4", 5, in_plan(cell, "reserves", 2, quantity=25.0)),
    ("agreement_max", "agreements:2", 10, in_instance("agreements", 0, maximum=30)),
    ("agreement_max", "agreements:3", 20, in_plan(without, "sites", 1)),
    ("budget", "policy:reserve_budget", 3, in_policy(reserve_budget=300.0)),
    ("sites", "policy:open_sites", 1, in_policy(open_sites=1)),
    ("sites", "policy:open_sites", 1, in_policy(open_sites=3, open_rule="exactly")),
    ("total_stock", "policy:total_stock", 10, in_policy(total_stock="fixed")),
    ("coverage", "policy:coverage_share", 94, in_policy(coverage_minutes=20.0)),
    ("coverage", "communities:4", 9, in_policy(coverage_each=True)),
    ("days", "policy:reserve_days", 20, in_policy(reserve_days=2.0)),
    ("assign", "assignments:2", 1, assigned(site_id="V")),
    ("assign", "assignments:2", 1, assigned(community_id="C")),
    ("assign", "assignments:4", 1, twice),
    ("reserve_pin", "reserve_pins:2", 20, in_instance("reserve_pins", 0, quantity=120)),
    ("reserve_pin", "reserve_pins:3", 15, in_instance("reserve_pins", 1, quantity=5)),
    ("reserve_pin", "reserve_pins:4", 1, in_plan(without, "sites", 1)),
    ("reserve_pin", "reserve_pins:4", 1, in_instance("reserve_pins", 2, open="no")),
    ("stage_cost", "sites:2", 5, in_plan(cell, "sites", 0, fixed_cost=25.0)),
    ("stage_cost", "reserves:2", 50, in_plan(cell, "reserves", 0, cost=150.0)),
    ("stage_cost", "agreements:2", 1, in_plan(cell, "agreements", 0, cost=9.0)),
    ("available", row(*CALM_A), 9, in_plan(cell, "reserves", 0, quantity=90.0)),
    ("available", row("calm", "ship", "B", "drip"), 1, in_instance("sites", 0, survival=4 / 6)),
    ("lane", row(*CALM_A), 70, change(CALM_A, from_id="V")),
    ("lane", row(*CALM_A), 70, change(CALM_A, to_id="C")),
    (
        "lane_open",
        row("wave", "ship", "A", "food"),
        90,
        in_instance("scenario_links", 1, from_id="S"),
    ),
    (
        "lane_open",
        row("flood", "ship", "B", "food"),
        10,
        in_instance("overlays", 0, selector="", value="1.8"),
    ),
    ("lane_open", row(*CALM_A), 70, in_policy(time_standard=25.0)),
    (
        "agreement",
        row("calm", "ship", "A", "food", "late"),
        10,
        in_plan(cell, "agreements", 0, quantity=20.0),
    ),
    (
        "agreement",
        row("wave", "ship", "A", "food", "late"),
        12,
        in_instance("scenario_agreements", 0, available=0.5),
    ),
    (
        "agreement",
        row("calm", "ship", "B", "drip"),
        5,
        change(("calm", "ship", "B", "drip"), agreement_id="late"),
    ),
    (
        "exercise",
        row("calm", "exercise", "S", "food", "late"),
        4,
        change(("calm", "exercise", "S", "food", "late"), quantity=34.0),
    ),
    (
        "exercise",
        "scenarios:2",
        30,
        in_plan(without, "recourse", line("calm", "exercise", "S", "food", "late")),
    ),
    ("need", row(*CALM_A), 6, change(CALM_A, quantity=76.0)),
    ("need", row(*CALM_A), 70, change(CALM_A, item_id="mask")),
    (
        "shortage",
        row("flood", "short", "A", "food"),
        5,
        change(("flood", "short", "A", "food"), quantity=15.0),
    ),
    (
        "shortage",
        "scenarios:3",
        10,
        in_plan(without, "recourse", line("flood", "short", "B", "mask")),
    ),
    (
        "shortage",
        row("flood", "short", "A", "food"),
        20,
        change(("flood", "short", "A", "food"), to_id="C"),
    ),
    ("delay", row("flood", "ship", "A", "food", "late"), 5, in_instance("needs", 1, quantity=35)),
    (
        "throughput",
        row("wave", "ship", "A", "food"),
        2.2,
        in_instance("scenario_sites", 0, throughput_m3=10),
    ),
    ("throughput", row("calm", "ship", "A", "food"), 4.5, in_instance("sizes", 1, throughput_m3=8)),
    ("assigned", row("calm", "ship", "B", "food"), 20, single_sourcing),
    ("floor", "scenarios:3", 10, in_policy(reserve_floor=0.9)),
    (
        "floor",
        "policy:reserve_floor_probability",
        0.2,
        in_policy(reserve_floor=0.9, reserve_floor_probability=0.7),
    ),
    (
        "surplus",
        row("calm", "surplus", "S", "drip"),
        0.6,
        change(("calm", "surplus", "S", "drip"), quantity=1.0),
    ),
    (
        "surplus",
        "scenarios:4",
        20,
        in_plan(without, "recourse", line("wave", "surplus", "W", "mask")),
    ),
    ("shortage_budget", "policy:shortage_budget", 8.7333333, in_policy(shortage_budget=20.0)),
    ("outcome", "outcomes:3", 5.6, in_plan(cell, "outcomes", 1, cost=600.0)),
    ("outcome", "outcomes:3", 30, in_plan(cell, "outcomes", 1, critical=100.0)),
    ("outcome", "outcomes:2", 0.1, in_plan(cell, "outcomes", 0, probability=0.4)),
    ("goal_value", "plan:goals.critical", 7, wrong_goal),
    ("instance_hash", "plan:instance.hash", 1, another_instance),
]


def test_the_hand_made_plan_passes_with_the_values_worked_out_by_hand():
    verdict = check(reserve_instance(), reserve_plan())
    assert verdict.ok, verdict.table.to_string()
    # A: 20 of 100 people; B: 10 of 20 units for 50 people, priority 2; wave: 28 of 150 for 100
    # people at A, and 10 people at B, who are known from the needs.
    critical = 0.3 * (20 + 2 * 25) + 0.2 * (100 * 28 / 150 + 2 * 10)
    assert verdict.goals["critical"] == pytest.approx(critical)
    # calm: 100 food to A, 20 to B at 1 + 2 * 0.1, 30 masks at 0.5, 5 drips at 1.2, agreements
    calm = 100 + 24 + 15 + 6 + 30 * 3 + 10 * 2
    flood = 80 + 12 + 10 + 3.6 + 40 * 3 + 30 * 10 + 10 * 4 + 2 * 20
    wave = 122 + 32 * 3 + 28 * 10 + 8 * 20 + 20 * 0.1
    assert verdict.outcomes["cost"].tolist() == pytest.approx([calm, flood, wave])
    first = 30 + 25 + 200 + 18 + 20 + 8 + 2
    assert verdict.goals["cost"] == pytest.approx(first + 0.5 * calm + 0.3 * flood + 0.2 * wave)


@pytest.mark.parametrize(("family", "where", "size", "plant"), PLANTED)
def test_planted_violation_is_found(family: str, where: str, size: float, plant: Planter) -> None:
    verdict = check(*plant(reserve_instance(), reserve_plan()))
    rule = rules("preposition")[family]
    hits = [v for v in verdict.violations if (v.family, v.where) == (family, where)]
    assert hits, verdict.table.to_string()
    assert {(v.code, v.unit) for v in hits} == {(rule.code, rule.unit)}
    assert any(v.size == pytest.approx(size, abs=1e-6) for v in hits), hits
    assert all(v.message for v in hits)


def test_every_family_is_planted() -> None:
    assert {family for family, *_ in PLANTED} | {"distance"} == set(rules("preposition"))


def test_page_and_codes_agree() -> None:
    page = Path(__file__).parents[1] / "docs" / "violations.md"
    cells = [
        tuple(cell.strip() for cell in text.strip("|").split("|"))
        for text in page.read_text(encoding="utf-8").splitlines()
        if text.startswith("| V7")
    ]
    own = [r for r in rules("preposition").values() if r.code.startswith("V7")]
    assert cells == [(r.code, r.family, r.rule, r.unit or "-") for r in own]


@pytest.mark.parametrize(
    ("risk", "weight", "level", "expected"),
    [
        ("expected", 1.0, 0.9, 441.18),
        ("worst", 1.0, 0.9, 660.0),
        ("worst", 0.5, 0.9, 0.5 * 441.18 + 330.0),
        ("cvar", 1.0, 0.9, 660.0),
        ("cvar", 1.0, 0.7, (0.2 * 660.0 + 0.1 * 605.6) / 0.3),
        ("cvar", 0.25, 0.7, 0.75 * 441.18 + 0.25 * (0.2 * 660.0 + 0.1 * 605.6) / 0.3),
        ("cvar", 1.0, 0.0, 441.18),
    ],
)
def test_risk_is_computed_exactly(risk: str, weight: float, level: float, expected: float) -> None:
    case, plan = reserve_instance(), reserve_plan().replace(goals=(), instance={})
    policy = case.policy.replace(risk=risk, risk_weight=weight, risk_level=level)
    verdict = check(case.replace(policy=policy), plan)
    assert verdict.ok
    assert verdict.goals["cost"] - 303.0 == pytest.approx(expected)


def test_a_plan_without_recourse_is_judged_on_its_first_stage_and_says_so() -> None:
    case, plan = reserve_instance(), reserve_plan()
    tables = {name: plan[name] for name in ("sites", "reserves", "agreements")}
    verdict = check(case, plan.replace(tables=tables, goals=()))
    assert verdict.ok, verdict.table.to_string()
    assert verdict.goals == {}
    assert verdict.stats["first_stage"] == {"sites": 55.0, "stock": 238.0, "agreements": 10.0}
    assert any("only its first stage" in note for note in verdict.stats["notes"])
    over = check(case, cell(plan.replace(tables=tables, goals=()), "reserves", 0, quantity=900.0))
    assert {"volume", "stock_max", "budget"} <= {v.family for v in over.violations}


def test_reserves_edited_in_a_spreadsheet_are_judged(tmp_path: Path) -> None:
    case = reserve_instance()
    path = tmp_path / "mine.csv"
    path.write_text("site_id;item_id;quantity\nS;food;100,5\nS;drip;6\nW;mask;20\n", "utf-8-sig")
    plan = load_plan(path)
    assert (plan.decision, plan.status) == ("preposition", Status("completed", "invalid", "none"))
    verdict = check(case, plan)
    assert verdict.ok, verdict.table.to_string()
    # S exists: 10.65 m3 fit its small size; W is open because something lies there.
    assert verdict.stats["first_stage"]["sites"] == 10 + 25
    assert any("states no sites" in note for note in verdict.stats["notes"])


def test_the_plan_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    case, plan = reserve_instance(), reserve_plan()
    plan.save(tmp_path / "one")
    plan.save(tmp_path / "two")
    packed = [(tmp_path / name / "recourse.csv.gz").read_bytes() for name in ("one", "two")]
    assert packed[0] == packed[1]
    read = load_plan(tmp_path / "one")
    assert set(read.tables) == set(plan.tables)
    assert check(case, read).ok


def test_coverage_by_an_item_asks_for_stock_within_reach() -> None:
    # Food at S reaches A (need 100, 100 people) and B (20, 50): 100 units serve B and 80 of A.
    policy = {"coverage_item": "food", "coverage_share": 0.9}
    case, plan = in_policy(**policy)(reserve_instance(), reserve_plan())
    found = [v for v in check(case, plan).violations if v.family == "coverage"]
    assert [v.size for v in found] == [pytest.approx(0.9 * 150 - (50 + 80))]
    case, plan = in_policy(**policy, coverage_each=True)(reserve_instance(), reserve_plan())
    found = [v for v in check(case, plan).violations if v.family == "coverage"]
    assert sum(v.size for v in found) > 0
    ok = in_policy(coverage_item="food", coverage_share=0.8)(reserve_instance(), reserve_plan())
    assert check(*ok).ok


def test_a_plan_without_assignments_is_assigned_to_the_sites_that_serve_most() -> None:
    case, plan = in_policy(single_sourcing=True)(reserve_instance(), reserve_plan())
    found = check(case, plan).violations
    # B has 30 and 20 masks from W and food and drips from S: 20 + 5 + 10 + 3 of S are fewer.
    assert {v.family for v in found} == {"assigned"}
    assert sum(v.size for v in found) == pytest.approx(20 + 5 + 10 + 3)
