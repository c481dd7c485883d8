"""Bad input of routes: told in codes, all at once, before any search."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocator import run
from allocator.errors import Fault, InstanceError
from allocator.instance.route_build import route_case
from allocator.limits import Limits
from tests.route_instances import FRAMES, SHIPPED, dispatch, town, with_columns

PINS: dict[str, list[object]] = {
    "pin_id": ["1", "2", "3"],
    "route": ["r", "r", "r"],
    "sequence": [1, 2, 3],
    "place_id": ["W", "A", "B"],
    "state": ["done", "done", "started"],
    "type": ["van", "van", "van"],
    "site_id": ["W", "W", "W"],
    "leave": ["08:00", "09:30", ""],
}


def faults(instance_of: Any, *arguments: Any) -> tuple[Fault, ...]:
    with pytest.raises(InstanceError) as caught:
        instance_of(*arguments)
    assert caught.value.exit_code == 3
    return caught.value.faults


def codes(found: tuple[Fault, ...]) -> list[str]:
    return [fault.code for fault in found]


def broken_table(table: str, **columns: list[object]) -> dict[str, dict[str, list[object]]]:
    base = {"route_pins": PINS}.get(table, FRAMES.get(table, {}))
    return {table: base | columns}


@pytest.mark.parametrize(
    ("changed", "code", "where"),
    [
        (broken_table("vehicles", starts=["7:00", "", ""]), "E1208", "vehicles[0].starts"),
        (
            broken_table("vehicles", starts=["07:00", "", ""], ends=["07:00", "", ""]),
            "E1341",
            "vehicles[0].ends",
        ),
        (broken_table("gates", hands=[0, None]), "E1204", "gates[0].hands"),
        (broken_table("curfews", **{"from": ["8am"], "to": ["09:00"]}), "E1208", "curfews[0].from"),
        (broken_table("curfews", **{"from": ["09:00"], "to": ["09:00"]}), "E1341", "curfews[0].to"),
        (
            broken_table("curfews", zone_id=["iner"], **{"from": ["09:00"], "to": ["10:00"]}),
            "E1302",
            "curfews[0].zone_id",
        ),
        (
            broken_table("stops", community_id=["A"], opens=["12:00"], closes=["11:00"]),
            "E1306",
            "stops[0].closes",
        ),
        (broken_table("stops", community_id=["A"], due=["noon"]), "E1208", "stops[0].due"),
        (broken_table("stops", community_id=["Z"]), "E1302", "stops[0].community_id"),
        (
            broken_table("stops", community_id=["A", "A"], period=[None, None]),
            "E1301",
            "stops[1].community_id",
        ),
        (
            broken_table("capacities", type=["van"], dimension=["kg"], capacity=[1]),
            "E1342",
            "capacities[0].dimension",
        ),
        (
            broken_table(
                "capacities", type=["truck"], site_id=["M"], dimension=["cold"], capacity=[1]
            ),
            "E1343",
            "capacities[0].site_id",
        ),
        (
            broken_table("capacities", type=["lorry"], dimension=["cold"], capacity=[1]),
            "E1302",
            "capacities[0].type",
        ),
        (
            broken_table("loads", item_id=["box"], dimension=["m3"], amount=[1]),
            "E1342",
            "loads[0].dimension",
        ),
        (broken_table("route_pins", type=["van", "truck", "van"]), "E1344", "route_pins[1].type"),
        (broken_table("route_pins", site_id=["W", "M", "W"]), "E1344", "route_pins[1].site_id"),
        (broken_table("route_pins", site_id=["", "", ""]), "E1344", "route_pins[0].site_id"),
        (
            broken_table("route_pins", state=["done", "started", "done"]),
            "E1344",
            "route_pins[1].state",
        ),
        (
            broken_table("route_pins", state=["done", "done", "planned"]),
            "E1344",
            "route_pins[2].state",
        ),
        (broken_table("route_pins", sequence=[1, 2, 2]), "E1344", "route_pins[2].sequence"),
        (broken_table("route_pins", leave=["08:00", "", ""]), "E1344", "route_pins[1].leave"),
        (broken_table("route_pins", leave=["10:00", "09:30", ""]), "E1344", "route_pins[1].leave"),
        (
            broken_table("route_pins", leave=["08:00", "09:30", "10:00"]),
            "E1344",
            "route_pins[2].leave",
        ),
        (broken_table("route_pins", leave=["08:00", "9h", ""]), "E1208", "route_pins[1].leave"),
        (broken_table("route_pins", quantity=[None, 5, None]), "E1344", "route_pins[1].item_id"),
        (broken_table("route_pins", type=["lorry"] * 3), "E1302", "route_pins[0].type"),
        (broken_table("route_pins", place_id=["W", "A", "X"]), "E1302", "route_pins[2].place_id"),
    ],
)
def test_tables_that_make_no_sense_are_told_on_load(
    changed: dict[str, Any], code: str, where: str
) -> None:
    found = faults(lambda: town(**changed))
    assert (code, where) in [(fault.code, fault.where) for fault in found]
    assert all(fault.action for fault in found)


def test_a_policy_that_makes_no_sense_is_told_on_load() -> None:
    policy = {
        "route_goals": ["unserved", "speed"],
        "split": "maybe",
        "gate_docks": 0,
        "router": "magic",
        "prize_ratio": 0,
    }
    found = faults(lambda: town(policy))
    assert sorted(codes(found)) == ["E1404", "E1404", "E1405", "E1405", "E1406"]


def test_loads_no_vehicle_can_take_are_a_warning_on_load() -> None:
    loads = {"loads": {"item_id": ["pill"], "dimension": ["chilled"], "amount": [1]}}
    assert [fault.code for fault in town(**loads).notes["warnings"]] == ["W1309"]


@pytest.mark.parametrize(
    ("policy", "changed", "expected"),
    [
        ({"split": "never"}, with_columns("vehicles", kg=[400, 400, 450]), {"E1601": {"A", "B@W"}}),
        (
            {},
            with_columns("items", whole_packs=[True, False], pack_size=[500, 1], kg=[60, 1]),
            {"E1601": {"A", "B@W", "B@M", "C"}},
        ),
        (
            {},
            {"stops": {"community_id": ["A"], "opens": ["17:50"]}},
            {"E1602": {"A"}},
        ),
        (
            {},
            {"curfews": {"zone_id": ["outer"], "from": ["00:00"], "to": ["24:00"]}},
            {"E1602": {"C"}},
        ),
        (
            {"lanes": "within_minutes"},
            {"links": {"from_id": ["M"], "to_id": ["C"], "closed": [True]}},
            {"E1603": {"C"}},
        ),
        (
            {},
            with_columns("vehicles", access=["open", "controlled", "open"]),
            {"E1604": {"A"}, "E1608": {"B@M"}},
        ),
        ({}, with_columns("vehicles", zones=["inner", "inner", "inner"]), {"E1604": {"C"}}),
        (
            {},
            with_columns("vehicles", site_id=["M", "M", "M"], type=["a", "b", "c"]),
            {"E1608": {"A", "B@W"}},
        ),
    ],
)
def test_stops_nobody_can_serve_are_told_by_their_cause(
    policy: dict[str, Any], changed: dict[str, Any], expected: dict[str, set[str]]
) -> None:
    found = faults(route_case, town(policy, **changed), dispatch(), 1)
    told: dict[str, set[str]] = {}
    for fault in found:
        if fault.severity == "error":
            told.setdefault(fault.code, set()).add(fault.where.removeprefix("stop "))
    assert told == expected


def test_a_load_split_among_vehicles_is_no_fault() -> None:
    small = with_columns("vehicles", kg=[400, 400, 450])
    assert route_case(town(**small), dispatch(), 1).split == "needed"


def test_everything_is_told_at_once() -> None:
    changed = (
        with_columns("vehicles", kg=[400, 400, 450], zones=["inner"] * 3)
        | {"stops": {"community_id": ["A"], "opens": ["17:50"]}}
        | {
            "route_pins": {
                "pin_id": ["1"],
                "route": ["r"],
                "sequence": [1],
                "place_id": ["B"],
                "type": ["truck"],
            }
        }
    )
    found = faults(route_case, town({"split": "never"}, **changed), dispatch(), 1)
    assert {"E1601", "E1602", "E1604", "E1607"} <= set(codes(found))
    assert all(fault.rule and fault.action for fault in found)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (with_columns("items", kg=[1e6, 0.1]) | with_columns("needs"), "load"),
        (with_columns("vehicles", cost_per_km=[1e6, 0, 0], fixed_cost=[1e12, 0, 0]), "cost"),
        ({"stops": {"community_id": ["A", "B"], "prize": [1e12, 1e12]}}, "prizes"),
    ],
)
def test_numbers_too_large_for_whole_numbers(changed: dict[str, Any], told: str) -> None:
    many = SHIPPED.assign(quantity=SHIPPED["quantity"] * (1e6 if told == "load" else 1))
    found = faults(route_case, town(**changed), dispatch(many), 1)
    assert ("E1605", True) in [(fault.code, told in fault.where) for fault in found]


def test_a_plan_of_another_instance() -> None:
    wrong = SHIPPED.assign(
        to_id=["A", "D", "B", "C", "A", "C"],
        item_id=["boxes", "box", "box", "box", "pill", "box"],
        quantity=[100, 120, -3, 40, 10, 5],
    )
    found = faults(route_case, town(), dispatch(wrong), 1)
    assert codes(found) == ["E1606"] * 3
    assert {fault.value for fault in found} == {"D", "boxes", "-3.0"}
    assert "box" in {fault.suggestion for fault in found}


@pytest.mark.parametrize("period", [0, 3])
def test_a_period_there_is_not(period: int) -> None:
    assert codes(faults(route_case, town(), dispatch(), period)) == ["E1610"]


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"place_id": ["W", "A", "C"], "state": ["done", "done", "started"]}, "falls"),
        (
            {
                "item_id": ["", "", "box"],
                "quantity": [None, None, 500],
            },
            "more than the vehicle carries",
        ),
        (
            {
                "site_id": ["M"] * 3,
                "place_id": ["M", "C", "A"],
                "item_id": ["", "", "box"],
                "quantity": [None, None, 3],
            },
            "may not enter",
        ),
    ],
)
def test_started_routes_that_contradict_themselves(
    columns: dict[str, list[object]], rule: str
) -> None:
    pins = {"route_pins": PINS | columns}
    if rule == "falls":
        pins["route_pins"] = pins["route_pins"] | {
            "item_id": ["", "box", "box"],
            "quantity": [None, 1, 1],
        }
    found = faults(route_case, town(**pins), dispatch(), 1)
    assert [fault.code for fault in found if rule in fault.rule] == ["E1607"]


def test_more_routes_started_than_there_are_vehicles() -> None:
    pins: dict[str, list[object]] = {
        "pin_id": ["1", "2", "3"],
        "route": ["r", "s", "t"],
        "sequence": [1, 1, 1],
        "place_id": ["A", "B", "B"],
        "state": ["started"] * 3,
        "type": ["van"] * 3,
        "site_id": ["W"] * 3,
        "item_id": ["box"] * 3,
        "quantity": [10, 10, 10],
    }
    found = faults(route_case, town(route_pins=pins), dispatch(), 1)
    assert ["3 routes" in fault.rule for fault in found if fault.code == "E1607"] == [True]


def test_out_of_reach_in_time_is_a_warning_unless_it_is_required() -> None:
    short = with_columns("vehicles", longest_minutes=[5, 5, 5])
    case = route_case(town(**short), dispatch(), 1)
    assert {note.code for note in case.notes} == {"W1601"}
    assert {note.where for note in case.notes} == {f"stop {name}" for name in case.stops.ids}
    required = {"stops": {"community_id": ["C"], "required": [True]}}
    found = faults(route_case, town(**short, **required), dispatch(), 1)
    assert [fault.code for fault in found if fault.severity == "error"] == ["E1609"]


def test_stocks_that_do_not_cover_the_needs_are_told() -> None:
    poor = with_columns("stocks", quantity=[50, 60, 50])
    case = route_case(town(**poor), None, 1)
    assert [(note.code, note.value) for note in case.notes] == [("W1603", "230 units")]
    assert case.goods.loc[case.goods["item_id"] == "box", "quantity"].sum() == 110


def test_needs_beyond_the_minutes_of_a_gate_are_told_and_left_out() -> None:
    tight = with_columns("gates", handling_minutes=[60, 150])
    case = route_case(town(**tight), None, 1)
    assert [(note.code, note.value) for note in case.notes] == [("W1606", "90 units")]
    assert case.gates is None
    amounts = case.goods.groupby("item_id")["quantity"].sum()
    assert amounts.to_dict() == {"box": 60 + 150 + 40, "pill": 10}


def test_returns_from_communities_are_told_and_left_out() -> None:
    back = pd.concat([SHIPPED, SHIPPED.iloc[:1].assign(from_id="C", to_id="W")], ignore_index=True)
    case = route_case(town(), dispatch(back), 1)
    assert [note.code for note in case.notes] == ["W1604"]
    assert len(case.stops) == 4


def test_many_faults_of_a_kind_do_not_flood() -> None:
    n = 50
    names = [f"C{i}" for i in range(n)]
    towns = {
        "community_id": names,
        "lat": [31.2] * n,
        "lon": [121.4] * n,
        "zone_id": ["far"] * n,
        "population": [10] * n,
    }
    needs = {"community_id": names, "item_id": ["box"] * n, "period": [1] * n, "quantity": [1] * n}
    access = {"place_id": names, "period": [1] * n, "access": ["sealed"] * n}
    gates = {"community_id": names, "period": [1] * n, "handling_minutes": [100] * n}
    changed = {"communities": towns, "needs": needs, "access": access, "gates": gates}
    vehicles = with_columns("vehicles", zones=["", "", ""], access=["controlled"] * 3)
    found = faults(route_case, town(**changed, **vehicles), None, 1)
    assert codes(found).count("E1604") == 21
    assert any(fault.value == "50 stops in all" for fault in found)


def test_every_code_is_on_the_page() -> None:
    root = Path(__file__).resolve().parents[1]
    page = (root / "docs" / "routes.md").read_text(encoding="utf-8")
    used = {
        code
        for path in (root / "allocator" / "instance").glob("route_*.py")
        for code in re.findall(r'"([EW]16\d\d)"', path.read_text(encoding="utf-8"))
    }
    assert used
    assert used == set(re.findall(r"[EW]16\d\d", page))


def test_a_period_without_needs_or_vehicles_is_a_case_without_stops() -> None:
    case = route_case(town(), None, 2, check=False)
    assert (len(case.stops), len(case.vehicles), case.minutes.shape) == (0, 0, (0, 0, 0))


def test_without_a_vehicle_everything_is_left_behind() -> None:
    none = town(**with_columns("vehicles", count=[0, 0, 0]))
    plan = run.route(none, strict=False, limits=Limits(work=5))
    assert (plan.status.plan, plan.summary["complaint"]) == ("valid", "")
    assert len(plan["unserved"]) == 5
