"""One planted violation of every kind: each is found with its code, its line and its size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.check import rules
from allocator.check.route import check_routes
from allocator.check.route_goods import check_source
from allocator.check.verdict import Findings
from allocator.instance.route_case import FixedRoute, RouteCase
from allocator.models.route.routes import Route, Trip, Visit
from allocator.plan import GoalResult, Plan
from tests.route_cases import case_of, plan_of, stops_of, vehicles_of

POINTS = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0], [0.0, 10.0]])
CALENDAR = ((0.0, 100.0),)


@cache
def case() -> RouteCase:
    """Three stops: open, controlled, and one that may be divided; two vehicles, one type."""
    stops = stops_of(
        [1, 2, 3],
        4,
        load=np.array([[4.0], [5.0], [6.0]]),
        service=np.array([4.0, 5.0, 6.0]),
        windows=(CALENDAR, CALENDAR, ((0.0, 400.0),)),
        access=np.array([0, 1, 0]),
        divisible=np.array([False, False, True]),
        prize=np.array([np.inf, 50.0, 60.0]),
        release=np.array([5.0, 0.0, 0.0]),
    )
    fleet = vehicles_of(
        count=np.array([2]),
        early=np.array([5.0]),
        late=np.array([300.0]),
        longest=np.array([250.0]),
        farthest=np.array([60.0]),
        trips=np.array([2]),
        loading=np.array([10.0]),
        unloading=np.array([1.0]),
        decontaminate=np.array([[0.0, 8.0, 16.0]]),
        fixed=np.array([20.0]),
    )
    return case_of(POINTS, stops, fleet, gates=np.array([np.inf, 50, 50, 50]), docks=1)


ROUTES = (Route(0, 0, (Trip(0, (Visit(0), Visit(1)), 0), Trip(0, (Visit(2),), 0))),)


@cache
def plan() -> Plan:
    """Depart, two stops, decontamination, reload, a stop, return."""
    return plan_of(case(), ROUTES)


def edited(table: str, row: int, **cells: Any) -> Plan:
    frame = plan()[table].copy()
    for name, value in cells.items():
        frame.loc[row, name] = value
    return plan().replace(tables={**plan().tables, table: frame})


def later(row: int, minutes: float) -> Plan:
    """Return the plan with everything from a row on later."""
    frame = plan()["routes"].copy()
    for name in ("arrive", "begin", "leave"):
        frame.loc[row:, name] += minutes
    return plan().replace(tables={**plan().tables, "routes": frame})


def without(table: str, rows: list[int]) -> Plan:
    frame = plan()[table].drop(index=rows).reset_index(drop=True)
    return plan().replace(tables={**plan().tables, table: frame})


def twice() -> Plan:
    """Return the plan with the route driven by two more vehicles, bringing nothing."""
    frame = plan()["routes"]
    more = [frame.assign(route=f"X{n}", number=n) for n in (2, 3)]
    tables = {**plan().tables, "routes": pd.concat([frame, *more], ignore_index=True)}
    return plan().replace(tables=tables)


def vehicles(**changes: Any) -> RouteCase:
    return case().replace(vehicles=replace(case().vehicles, **changes))


def stops(**changes: Any) -> RouteCase:
    return case().replace(stops=replace(case().stops, **changes))


def no_road() -> RouteCase:
    minutes = case().minutes.copy()
    minutes[0, 1, 2] = np.inf
    return case().replace(minutes=minutes)


def elsewhere() -> RouteCase:
    origins = case().stops.origins.copy()
    origins[1] = [False, True, False, False]
    return stops(origins=origins)


def pinned(**changes: Any) -> RouteCase:
    return case().replace(fixed=(FixedRoute("P", 0, **changes),))


def crowded() -> Plan:
    """Return the plan with the last stop divided between two vehicles there at once."""
    routes = (
        replace(ROUTES[0], trips=(ROUTES[0].trips[0],)),
        Route(0, 1, (Trip(0, (Visit(2, 0.5),), 0),)),
        Route(0, 2, (Trip(0, (Visit(2, 0.5),), 0),)),
    )
    return plan_of(case(), routes)


def loaded_elsewhere() -> Plan:
    """Return the plan with the second trip loaded at p1."""
    frame = plan()["routes"]
    moved = frame.assign(place_id=frame["place_id"].where(frame["kind"] != "reload", "p1"))
    return plan().replace(tables={**plan().tables, "routes": moved})


Planted = tuple[str, Callable[[], RouteCase], Callable[[], Plan], str, float | None]

PLANTED: list[Planted] = [
    ("unknown_id", case, lambda: edited("routes", 1, place_id="nowhere"), "routes:3", 1),
    ("bad_number", case, lambda: edited("deliveries", 0, quantity=-1.0), "deliveries:2", 1),
    ("route_rows", case, lambda: edited("routes", 0, kind="reload"), "routes:2", None),
    ("route_rows", case, lambda: edited("routes", 4, trip=3), "routes:6", None),
    ("route_rows", case, lambda: edited("routes", 2, sequence=2), "routes:4", None),
    ("fleet", case, twice, "routes:16", 1),
    ("permit", lambda: stops(permitted=np.zeros((3, 1), bool)), plan, "routes:3", 1),
    ("load", lambda: vehicles(capacity=np.array([[8.0]])), plan, "routes:2", 1),
    ("load_stated", case, lambda: edited("routes", 0, load_kg=8.0), "routes:2", 1),
    ("road", no_road, plan, "routes:4", 1),
    ("travel", case, lambda: edited("routes", 1, arrive=16.0), "routes:3", 4),
    ("travel", case, lambda: edited("routes", 1, begin=19.5, wait=-0.5), "routes:3", 0.5),
    ("window", case, lambda: later(1, 90.0), "routes:3", 10),
    ("service", case, lambda: edited("routes", 1, leave=24.0), "routes:3", 1),
    ("loading", case, lambda: edited("routes", 0, leave=12.0), "routes:2", 3),
    ("loading", lambda: stops(release=np.array([9.0, 0, 0])), plan, "routes:2", 4),
    ("decontamination", case, lambda: edited("routes", 3, leave=46.0), "routes:5", 8),
    ("shift", lambda: vehicles(early=np.array([7.0])), plan, "routes:2", 2),
    ("shift", lambda: vehicles(late=np.array([80.0])), plan, "routes:8", None),
    ("duty", lambda: vehicles(longest=np.array([80.0])), plan, "routes:8", None),
    ("farthest", lambda: vehicles(farthest=np.array([39.0])), plan, "routes:8", 1),
    ("trip_count", lambda: vehicles(trips=np.array([1])), plan, "routes:8", 1),
    ("depot", lambda: vehicles(end=np.array([1])), plan, "routes:8", 1),
    ("depot", case, loaded_elsewhere, "routes:6", 1),
    ("origin", elsewhere, plan, "routes:4", 1),
    ("class_order", lambda: stops(access=np.array([2, 1, 0])), plan, "routes:4", 1),
    ("ordered", case, lambda: edited("deliveries", 0, quantity=1.5), "deliveries", 0.5),
    ("unserved", case, lambda: without("deliveries", [2]), "unserved", 1),
    ("required", case, lambda: without("deliveries", [0]), "orders", 1),
    ("split", case, lambda: edited("deliveries", 1, quantity=0.5), "routes:4", 1),
    ("gate", lambda: case().replace(gates=np.array([9.0, 3.0, 50, 50])), plan, "routes:p1", 1),
    ("docks", case, crowded, "routes:p3", 1),
    ("started", lambda: pinned(started=True, visits=(1,)), plan, "route_pins:P", 1),
    ("pin", lambda: pinned(started=False, visits=(1, 0)), plan, "route_pins:P", 1),
    ("figures", case, lambda: edited("routes", 1, km=6.0), "routes:3", 1),
    ("figures", case, lambda: edited("routes", 1, access="sealed"), "routes:3", 1),
]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: one[0])
def test_a_planted_violation_is_found(planted: Planted) -> None:
    family, make_case, make_plan, where, size = planted
    found = check_routes(make_case(), make_plan()).table
    mine = found[found["family"] == family]
    assert len(mine), found.to_string()
    assert set(mine["code"]) == {rules("route")[family].code}
    assert where in set(mine["where"]), mine.to_string()
    if size is not None:
        assert mine["size"].iloc[0] == pytest.approx(size, abs=1e-3)


def test_a_false_goal_is_found() -> None:
    stated = plan().replace(goals=(GoalResult("cost", "money", 1.0),))
    table = check_routes(case(), stated).table
    assert list(table["family"]) == ["goal_value"]
    assert table["size"].iloc[0] == pytest.approx(59.0)


def test_orders_that_are_not_those_of_the_source_are_found() -> None:
    found = Findings("route")
    check_source(found, plan()["orders"], plan())
    assert not found.parts
    check_source(found, plan()["orders"].assign(quantity=2.0), plan())
    assert set(found.table()["family"]) == {"orders"}


def test_the_plan_they_are_planted_in_is_valid() -> None:
    verdict = check_routes(case(), plan())
    assert verdict.table.empty, verdict.table.to_string()


def test_a_route_under_way_is_carried_on() -> None:
    fixed = FixedRoute(
        "P", 0, started=True, visits=(1,), place=1, ready=30.0, highest=1, minutes=20.0, km=5.0,
        trips=1,
    )  # fmt: skip
    under_way = case().replace(fixed=(fixed,))
    routes = (
        Route(0, 0, (Trip(0, (Visit(1),), 0), Trip(0, (Visit(0),), 0)), begun=0),
        Route(0, 1, (Trip(0, (Visit(2),), 0),)),
    )
    good = plan_of(under_way, routes)
    verdict = check_routes(under_way, good)
    assert verdict.table.empty, verdict.table.to_string()
    assert verdict.goals["vehicles"] == 1
    early = good["routes"].copy()
    early.loc[0, ["arrive", "begin", "leave"]] = 20.0
    changed = good.replace(tables={**good.tables, "routes": early})
    assert "started" in set(check_routes(under_way, changed).table["family"])


def test_every_code_is_planted() -> None:
    shared = {"instance_hash", "distance", "goal_value", "orders"}
    assert set(rules("route")) - shared == {family for family, *_ in PLANTED}


def test_page_and_codes_agree() -> None:
    page = Path(__file__).parents[1] / "docs" / "violations.md"
    cells = [
        tuple(cell.strip() for cell in text.strip("|").split("|"))
        for text in page.read_text(encoding="utf-8").splitlines()
        if text.startswith(("| V80", "| V81", "| V82"))
    ]
    own = [rule for rule in rules("route").values() if rule.code >= "V8"]
    assert cells == [(rule.code, rule.family, rule.rule, rule.unit or "-") for rule in own]
