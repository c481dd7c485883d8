"""One planted violation of every kind: each is found with its code, its line and its size."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.check import check, rules
from allocator.instance import Instance, instance_hash
from allocator.plan import GoalResult, Plan, Status, plan_table

PERIODS = range(1, 6)


def frame(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


@cache
def instance() -> Instance:
    return Instance.from_frames(
        name="planted",
        periods=pd.DataFrame({"period": list(PERIODS)}),
        communities=frame(
            "community_id zone_id district population lat lon",
            ("A", "z1", "d1", 100, 31.0, 121.0),
            ("B", "z2", "d2", 50, 31.1, 121.1),
        ),
        sites=frame(
            "site_id zone_id status throughput_kg lat lon",
            ("S", "z1", "open", None, 31.2, 121.2),
            ("W", "z1", "open", None, 31.3, 121.3),
            ("X", "z1", "closed", None, 31.3, 121.3),
        ),
        items=frame(
            "item_id kg m3 tier reusable return_periods pack_size whole_packs handling_minutes",
            ("food", 1.0, 0.01, 1, False, 0, 1, False, 1.0),
            ("milk", 1.0, 0.0, 2, False, 0, 1, False, 0.0),
            ("mask", 0.1, 0.0, 2, False, 0, 10, True, 0.0),
            ("vent", 5.0, 0.1, 1, True, 1, 1, False, 0.0),
        ),
        needs=frame(
            "community_id item_id period quantity people floor_share backlog",
            *(("A", "food", t, 10, 100, 0.5, "lost") for t in PERIODS),
            *(("B", "food", t, 10, 50, 0, "waits") for t in range(1, 4)),
            *(("A", "milk", t, 2, 20, 0, "lost") for t in PERIODS),
            *(("A", "vent", t, 3, 3, 0, "lost") for t in PERIODS),
        ),
        stocks=frame(
            "place_id item_id quantity expiry owner_id earmark",
            ("S", "food", 200, None, "", ""),
            ("S", "food", 20, None, "", "A"),
            ("S", "milk", 20, 3, "", ""),
            ("S", "mask", 100, None, "", ""),
            ("S", "vent", 5, None, "", ""),
            ("W", "food", 50, None, "shady", ""),
        ),
        owners=frame("owner_id vetted", ("shady", False)),
        links=frame(
            "from_id to_id minutes km lead_periods cost open_to imputed",
            ("S", "A", 30, 10, None, 0.5, None, ""),
            ("S", "B", 60, 20, 1, 0.5, None, ""),
            ("W", "A", 30, 10, 0, 0, None, ""),
        ),
        vehicles=frame(
            "type site_id count kg m3 shift_minutes max_trips cost_per_trip zones",
            ("van", "S", 1, 100, 2, 480, 3, 10, "z1|z2"),
            ("bike", "W", 1, 20, 1, 480, None, 1, ""),
        ),
        gates=frame("community_id period handling_minutes", ("A", 1, 30)),
        limits=frame("place_id item_id ship_max stock_min_share", ("S", "food", 100, 0.1)),
        purchases=frame("site_id item_id period price limit", ("S", "food", 2, 2, 20)),
        pins=frame(
            "pin_id from_id to_id item_id period rule quantity",
            ("p1", "S", "A", "food", None, "exactly", 50),
            ("p2", "", "B", "", 1, "at_least", 20),
            ("p3", "", "", "", None, "at_most", 1000),
        ),
        policy={"lanes": "listed", "budget": 30.0},
    )


SHIPMENTS = frame(
    "from_id to_id item_id period arrives quantity expiry earmark",
    ("S", "A", "food", 1, 1, 20, None, ""),
    ("S", "B", "food", 1, 2, 20, None, ""),
    ("S", "A", "milk", 2, 2, 5, 3, ""),
    ("S", "A", "mask", 1, 1, 20, None, ""),
    ("S", "A", "vent", 1, 1, 2, None, ""),
    ("S", "A", "food", 3, 3, 20, None, ""),
    ("S", "A", "food", 4, 4, 10, None, "A"),
    ("A", "S", "vent", 3, 4, 1, None, ""),
)
TRIPS = frame(
    "from_id to_id type site_id period trips",
    ("S", "A", "van", "S", 1, 1),
    ("S", "B", "van", "S", 1, 1),
    ("S", "A", "van", "S", 2, 1),
    ("S", "A", "van", "S", 3, 1),
    ("S", "A", "van", "S", 4, 1),
)
PURCHASES = frame("site_id item_id period quantity cost", ("S", "food", 2, 10, 20))


def clean(case: Instance) -> Plan:
    return _clean() if case is instance() else _complete(case)


@cache
def _clean() -> Plan:
    return _complete(instance())


def _complete(case: Instance) -> Plan:
    tables = {"shipments": SHIPMENTS, "trips": TRIPS, "purchases": PURCHASES}
    own = Plan("dispatch", tables, Status("completed", "invalid"))
    verdict = check(case, own)
    goals = tuple(GoalResult(name, "", value) for name, value in verdict.goals.items())
    record = {"name": case.name, "hash": instance_hash(case)}
    stated = tables | {"shortages": verdict.shortages}
    return own.replace(tables=stated, goals=goals, instance=record)


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
    return plan.replace(tables=dict(plan.tables) | {table: plan[table].drop(index=row)})


def rule(case: Instance, table: str, row: int, **values: object) -> Instance:
    changed = case[table].astype(dict.fromkeys(values, object))
    for name, value in values.items():
        changed.loc[row, name] = value
    return case.replace(**{table: changed})


Planter = Callable[[Instance, Plan], tuple[Instance, Plan]]


def in_plan(change: Callable[..., Plan], *arguments: Any, **values: object) -> Planter:
    return lambda case, plan: (case, change(plan, *arguments, **values))


def in_instance(table: str, row: int, **values: object) -> Planter:
    def plant(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
        changed = rule(case, table, row, **values)
        return changed, plan.replace(instance={"hash": instance_hash(changed)})

    return plant


def in_policy(**values: object) -> Planter:
    def plant(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
        changed = case.replace(policy=case.policy.replace(**values))
        return changed, plan.replace(instance={"hash": instance_hash(changed)})

    return plant


def wrong_goal(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
    goals = [g for g in plan.goals if g.name != "critical"]
    value = plan.goal("critical").value
    assert value is not None
    return case, plan.replace(goals=(*goals, GoalResult("critical", "", value + 7)))


def line_of(plan: Plan, community: str, item: str, period: int) -> int:
    table = plan["shortages"]
    hit = (table["community_id"] == community) & (table["item_id"] == item)
    return int(table.index[hit & (table["period"] == period)][0])


def short(community: str, item: str, period: int, **by: float) -> Planter:
    def plant(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
        row = line_of(plan, community, item, period)
        values = {name: plan["shortages"].loc[row, name] + size for name, size in by.items()}
        return case, cell(plan, "shortages", row, **values)

    return plant


def whole(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
    case, plan = in_policy(trips="integer")(case, plan)
    return case, cell(plan, "trips", 2, trips=1.25)


def served_more(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
    return case, cell(plan, "shortages", 0, short=-2.0, person_days=-20.0)


def another_instance(case: Instance, plan: Plan) -> tuple[Instance, Plan]:
    return case, plan.replace(instance={"hash": "0" * 64})


PLANTED: list[tuple[str, str, float, Planter]] = [
    ("unknown_id", "shipments:2", 1, in_plan(cell, "shipments", 0, to_id="nowhere")),
    ("unknown_id", "shipments:9", 1, in_plan(cell, "shipments", 7, item_id="gold")),
    ("unknown_id", "shipments:8", 1, in_plan(cell, "shipments", 6, earmark="nobody")),
    ("unknown_id", "trips:2", 1, in_plan(cell, "trips", 0, type="zeppelin")),
    ("unknown_id", "purchases:2", 1, in_plan(cell, "purchases", 0, site_id="shop")),
    ("bad_number", "shipments:2", 5, in_plan(cell, "shipments", 0, quantity=-5.0)),
    ("bad_number", "shipments:3", 1, in_plan(cell, "shipments", 1, quantity=np.nan)),
    ("bad_number", "shipments:3", 1, in_plan(cell, "shipments", 1, quantity=np.inf)),
    ("bad_number", "shipments:4", 1.5, in_plan(cell, "shipments", 2, period=1.5)),
    ("bad_number", "trips:3", 2, in_plan(cell, "trips", 1, trips=-2.0)),
    ("bad_number", "shortages:2", 1, in_plan(cell, "shortages", 0, short=np.nan)),
    ("horizon", "shipments:2", 4, in_plan(cell, "shipments", 0, period=9, arrives=9)),
    ("horizon", "shipments:3", 1, in_plan(cell, "shipments", 1, period=5, arrives=6)),
    ("lane", "shipments:2", 20, in_plan(cell, "shipments", 0, to_id="W")),
    ("lane", "shipments:2", 1, in_plan(cell, "shipments", 0, to_id="X")),
    ("lane", "shipments:9", 1, in_plan(cell, "shipments", 7, item_id="food", arrives=3)),
    ("lane_closed", "shipments:7", 20, in_instance("links", 0, open_to=2)),
    ("lane_closed", "shipments:2", 20, in_instance("links", 0, closed=True)),
    ("permit", "shipments:3", 20, in_instance("vehicles", 0, zones="z1")),
    ("permit", "shipments:3", 20, in_instance("vehicles", 0, access="sealed")),
    ("arrival", "shipments:2", 3, in_plan(cell, "shipments", 0, arrives=4)),
    ("arrival", "shipments:9", 1, in_plan(cell, "shipments", 7, arrives=3)),
    ("expired", "shipments:4", 5, in_plan(cell, "shipments", 2, period=4, arrives=4)),
    ("earmark", "shipments:8", 10, in_plan(cell, "shipments", 6, to_id="B", period=3, arrives=4)),
    ("at_hand", "shipments:5", 100, in_plan(cell, "shipments", 3, quantity=200.0)),
    ("at_hand", "shipments:4", 5, in_plan(cell, "shipments", 2, expiry=4.0)),
    (
        "unvetted",
        "shipments:10",
        8,
        in_plan(added, "shipments", from_id="W", to_id="A", item_id="food", period=5, quantity=8.0),
    ),
    ("whole_packs", "shipments:5", 5, in_plan(cell, "shipments", 3, quantity=25.0)),
    ("ship_max", "limits:2", 10, in_instance("limits", 0, ship_max=30)),
    ("stock_floor", "limits:2", 18, in_instance("limits", 0, stock_min_share=0.9)),
    ("throughput", "sites:2", 12, in_instance("sites", 0, throughput_kg=40)),
    ("gate", "gates:2", 5, in_instance("gates", 0, handling_minutes=15)),
    ("fleet", "vehicles:2", 70, in_instance("vehicles", 0, shift_minutes=200)),
    ("trip_count", "vehicles:2", 1, in_instance("vehicles", 0, max_trips=1)),
    ("load_kg", "shipments:2", 7, in_instance("vehicles", 0, kg=25)),
    ("load_kg", "shipments:3", 20, in_plan(without, "trips", 1)),
    ("load_m3", "shipments:2", 0.3, in_instance("vehicles", 0, m3=0.1)),
    (
        "trip_permit",
        "trips:7",
        1,
        in_plan(
            added,
            "trips",
            from_id="S",
            to_id="A",
            type="bike",
            site_id="W",
            period=1,
            trips=1.0,
        ),
    ),
    ("whole_trips", "trips:4", 0.25, whole),
    ("purchase", "purchases:2", 5, in_plan(cell, "purchases", 0, quantity=25.0, cost=50.0)),
    ("purchase", "purchases:2", 10, in_plan(cell, "purchases", 0, period=3, cost=0.0)),
    ("budget", "policy:budget", 5, in_policy(budget=15.0)),
    ("purchase_cost", "purchases:2", 13, in_plan(cell, "purchases", 0, cost=7.0)),
    ("pin", "pins:2", 5, in_instance("pins", 0, quantity=45)),
    ("pin", "pins:3", 80, in_instance("pins", 1, quantity=100)),
    ("pin", "pins:4", 88, in_instance("pins", 2, quantity=10)),
    ("need", "shortages:2", 3, in_plan(cell, "shortages", 0, need=5.0)),
    (
        "need",
        "shortages:2",
        4,
        in_plan(cell, "shortages", 0, community_id="B", item_id="milk", short=4.0),
    ),
    ("need", "shortages:2", 1, short("A", "milk", 1, short=1)),
    ("shortage", "needs:13", 2, in_plan(without, "shortages", 1)),
    ("shortage", "needs:13", 1.5, short("A", "milk", 4, short=-1.5)),
    ("shortage", "needs:7", 4, short("B", "food", 1, short=-4)),
    ("over_served", "shortages:2", 2, served_more),
    ("level", "needs:15", 1, short("A", "vent", 1, short=-1)),
    ("person_days", "shortages:5", 5, short("A", "vent", 1, person_days=5)),
    ("person_days", "shortages:5", 2, short("A", "vent", 1, people=2)),
    ("goal_value", "plan:goals.critical", 7, wrong_goal),
    ("instance_hash", "plan:instance.hash", 1, another_instance),
]


def test_the_clean_plan_passes():
    case = instance()
    verdict = check(case, clean(case))
    assert verdict.ok, verdict.table.to_string()
    assert verdict.violations == []


@pytest.mark.parametrize(("family", "where", "size", "plant"), PLANTED)
def test_planted_violation_is_found(family, where, size, plant):
    case = instance()
    verdict = check(*plant(case, clean(case)))
    code = rules()[family].code
    hits = [v for v in verdict.violations if (v.family, v.where) == (family, where)]
    assert hits, verdict.table.to_string()
    assert {(v.code, v.unit) for v in hits} == {(code, rules()[family].unit)}
    assert any(v.size == pytest.approx(size, abs=1e-6) for v in hits), hits
    assert all(v.message for v in hits)
    assert not verdict.ok


def test_changes_from_a_start_plan_are_counted():
    case = instance()
    plan = clean(case)
    case = case.replace(policy=case.policy.replace(max_changes=1))
    plan = plan.replace(instance={})
    start = cell(cell(plan, "shipments", 0, quantity=17.0), "shipments", 3, quantity=10.0)
    verdict = check(case, plan, start=start)
    assert [(v.family, v.size) for v in verdict.violations] == [("changes", 1.0)]
    assert verdict.goals["change"] == pytest.approx(13.0)
    assert check(case, plan, start=plan).ok


def test_filled_in_distances_are_computed_again():
    case = instance()
    plan = clean(case).replace(instance={}, goals=())
    true = 29.277 * 1.324  # 22.24 km north, 19.04 km east; detour
    right = rule(case, "links", 0, imputed="km", km=true)
    wrong = rule(case, "links", 0, imputed="km", km=50.0)
    found = check(wrong, plan).violations
    assert [(v.family, v.where) for v in found] == [("distance", "links:2")]
    assert found[0].size == pytest.approx(50.0 - true, abs=0.02)
    assert all(v.size < 0.02 for v in check(right, plan).violations)


def test_every_family_is_planted():
    elsewhere = {"changes", "distance"}
    assert {family for family, *_ in PLANTED} | elsewhere == set(rules())


def test_page_and_codes_agree():
    page = Path(__file__).parents[1] / "docs" / "violations.md"
    cells = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| V6")
    ]
    assert cells == [(r.code, r.family, r.rule, r.unit or "-") for r in rules().values()]
    assert [r.code for r in rules().values()] == [f"V{601 + n}" for n in range(len(rules()))]
