"""Decontamination between two stops: the class of access falls, the load stays on board."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.check.route import check_routes
from allocator.instance.route_case import FixedRoute, RouteCase
from allocator.models.route.capabilities import ROUTERS, in_force, lacking
from allocator.models.route.goals import better, ordered, values
from allocator.models.route.part import part_of
from allocator.models.route.routes import Route, Trip, Visit
from allocator.models.route.rules import broken
from allocator.models.route.schedule import timetable
from allocator.models.route.solve import solve
from allocator.models.route.take import taken
from allocator.plan import Plan
from tests.route_cases import plan_of
from tests.route_model_cases import (
    ANY,
    all_routes,
    case_of,
    random_case,
    readable,
    stops_of,
    undivided,
    vehicles_of,
)
from tests.route_model_cases import goals as goals_of

EARLY = ((0.0, 15.0),)
GOODS = pd.DataFrame({"stop": [], "item_id": [], "quantity": [], "from_id": [], "kg": []})
SEALED_FIRST = Route(0, 0, (Trip(0, (Visit(0), Visit(1)), 0),))


def by_hand(station: float = 5.0) -> RouteCase:
    """Places at km 0 (home), 10 (sealed, early), 20 (open), 12 and 30 (stations, the far one free).

    With the station: 10 out, 2 on, 5 minutes, 8 to the open stop, 20 home: 40 km, 45 minutes.
    Without: home again, 20 minutes of decontamination, out again: 20 + 40 = 60 km, 80 minutes.
    """
    point = np.array([0.0, 10.0, 20.0, 12.0, 30.0])
    km = np.abs(point[:, None] - point)
    stops = stops_of(2, 1, 5, access=np.array([2, 0]), windows=(EARLY, ((0.0, 100.0),)))
    clean = np.array([[0.0, 10.0, 20.0]])
    fleet = vehicles_of(1, count=np.array([1]), trips=np.array([2]), decontaminate=clean)
    stations = np.array([np.inf, np.inf, np.inf, station, 0.0])
    return undivided(case_of(km, stops, fleet, stations=stations, goods=GOODS))


def test_times_by_hand() -> None:
    case = by_hand()
    table = timetable(case, SEALED_FIRST)
    assert (table.begin - table.start).tolist() == [10, 25]
    assert (table.distance, table.duration) == (40, 45)
    assert broken(case, (SEALED_FIRST,)) == []
    assert broken(case.replace(stations=None), (SEALED_FIRST,)) == ["class_order: route 0"]
    # By the free station at km 30 it is 20 + 10 minutes, by the other 2 + 8 and its own.
    assert timetable(by_hand(20.0), SEALED_FIRST).distance == 40
    assert timetable(by_hand(21.0), SEALED_FIRST).distance == 60


@pytest.mark.parametrize("router", ["pyvrp", "ortools", "rule"])
def test_the_stop_on_the_way_beats_the_way_home(router: str) -> None:
    found = solve(by_hand(), router=router, iterations=100)
    assert [trip.stops for trip in found.routes[0].trips] == [[0, 1]]
    assert found.values["cost"] == 40
    home = solve(by_hand().replace(stations=None), router=router, iterations=100)
    assert [trip.stops for trip in home.routes[0].trips] == [[0], [1]]
    assert home.values["cost"] == 60


@pytest.mark.parametrize("name", ["route_reference", "route_exact"])
def test_the_readable_forms_prove_it(name: str) -> None:
    assert readable(name).solve(by_hand())[0]["cost"] == pytest.approx(40)
    assert readable(name).solve(by_hand().replace(stations=None))[0]["cost"] == pytest.approx(60)


def washed(seed: int, stops: int) -> RouteCase:
    """A random case in which the home and the place of a stop decontaminate."""
    case = undivided(random_case(seed, stops)).replace(clean_order=True)
    stations = np.full(len(case.places), np.inf)
    stations[[0, 1 + seed % stops]] = [6.0, 3.0 + seed % 5]
    kinds = (("unserved", "cost"), ("unserved", "arrivals", "distance"), ("unserved", "duration"))
    return case.replace(stations=stations, goods=GOODS, goals=goals_of(*kinds[seed % 3]))


@pytest.mark.parametrize("seed", range(100, 108))
def test_the_readable_form_finds_the_best_of_all_plans(seed: int) -> None:
    case = washed(seed, 3)
    every = [plan for plan in all_routes(case) if not broken(case, plan)]
    least = min(tuple(np.round(ordered(case, values(case, plan)), 6)) for plan in every)
    found, routes = readable("route_reference").solve(case)
    assert list(found.values()) == pytest.approx(least, abs=1e-3)
    assert not broken(case, routes)


@pytest.mark.parametrize("seed", range(110, 114))
def test_both_readable_forms_agree(seed: int) -> None:
    case = washed(seed, 3)
    exact, routes = readable("route_exact").solve(case)
    assert exact == pytest.approx(readable("route_reference").solve(case)[0], abs=1e-2)
    assert not broken(case, routes)


@cache
def proven(seed: int) -> tuple[float, ...]:
    return tuple(readable("route_reference").solve(washed(seed, 3))[0].values())


@pytest.mark.parametrize("router", ["auto", "rule"])
def test_the_search_finds_what_is_proven_and_the_judge_agrees(router: str) -> None:
    equal = used = 0
    for seed in range(120, 132):
        case, least = washed(seed, 3), proven(seed)
        answer = solve(case, router=router, iterations=100)
        found = ordered(case, answer.values)
        assert not better(found, least)
        equal += not better(least, found)
        verdict = check_routes(case, plan_of(case, answer.routes))
        assert set(verdict.table["family"]) <= {"required"}, verdict.table.to_string()
        assert verdict.goals == pytest.approx(answer.values, rel=1e-5, abs=1e-3)
        used += bool(broken(case.replace(stations=None), answer.routes))
        for name, bound in answer.bound.items():
            assert bound <= answer.values[name] + 1e-6
    assert equal >= 10
    assert used >= 3


def test_one_more_way_to_clean_never_costs() -> None:
    for seed in range(120, 126):
        bound = readable("route_reference").solve(washed(seed, 3).replace(stations=None))[0]
        assert not better(tuple(bound.values()), proven(seed))


def plan() -> Plan:
    return plan_of(by_hand(), (SEALED_FIRST,))


def edited(row: int, **cells: Any) -> Plan:
    frame = plan()["routes"].copy()
    for name, value in cells.items():
        frame.loc[row, name] = value
    return plan().replace(tables={**plan().tables, "routes": frame})


def without_row(row: int) -> Plan:
    frame = plan()["routes"].drop(index=row).reset_index(drop=True)
    frame.loc[row, "km"] += 2
    return plan().replace(tables={**plan().tables, "routes": frame})


def test_rows_of_the_plan_show_it() -> None:
    rows = plan()["routes"]
    assert rows["kind"].tolist() == ["depart", "stop", "decontaminate", "stop", "return"]
    assert rows["place_id"].tolist() == ["p0", "p1", "p3", "p2", "p0"]
    assert rows["load_kg"].tolist() == [2, 1, 1, 0, 0]
    assert (rows["leave"] - rows["begin"]).tolist() == [0, 0, 5, 0, 0]
    assert check_routes(by_hand(), plan()).table.empty
    found, dropped = taken(by_hand(), plan().tables)
    assert (found, dropped) == ((SEALED_FIRST,), [])


@pytest.mark.parametrize(
    ("family", "make_case", "make_plan", "where", "size"),
    [
        ("class_order", by_hand, lambda: without_row(2), "routes:4", 2),
        ("decontamination", by_hand, lambda: edited(2, leave=15.0), "routes:4", 2),
        ("decontamination", by_hand, lambda: edited(2, place_id="p2"), "routes:4", 1),
        ("class_order", by_hand, lambda: edited(2, place_id="p2"), "routes:5", 2),
        ("decontamination", lambda: by_hand().replace(stations=None), plan, "routes:4", 1),
        ("class_order", lambda: by_hand().replace(stations=None), plan, "routes:5", 2),
        ("decontamination", lambda: by_hand(8.0), plan, "routes:4", 3),
        ("load_stated", by_hand, lambda: edited(2, load_kg=0.0), "routes:4", 1),
    ],
)
def test_a_planted_violation_is_found(
    family: str,
    make_case: Callable[[], RouteCase],
    make_plan: Callable[[], Plan],
    where: str,
    size: float,
) -> None:
    table = check_routes(make_case(), make_plan()).table
    mine = table[(table["family"] == family) & (table["where"] == where)]
    assert len(mine), table.to_string()
    assert mine["size"].iloc[0] == pytest.approx(size, abs=1e-3)


def test_a_vehicle_under_way_is_cleaned_before_what_is_on_board() -> None:
    begun = FixedRoute("R", 0, True, (1,), place=1, ready=50.0, highest=2, minutes=40.0, trips=1)
    case = by_hand()
    case = case.replace(fixed=(begun,), stops=replace(case.stops, windows=(ANY, ANY)))
    answer = solve(case, iterations=50)
    assert answer.router == "rule"
    table = timetable(case, answer.routes[0])
    assert (table.begin[0], table.ready[0]) == (65, 85)
    assert check_routes(case, plan_of(case, answer.routes)).table.empty
    assert readable("route_reference").solve(case)[0]["cost"] == answer.values["cost"]


def test_routers_say_whether_they_can() -> None:
    case = by_hand()
    assert "on_way" in in_force(case)
    assert "on_way" not in in_force(case.replace(clean_order=False))
    able = {name for name, router in ROUTERS.items() if "on_way" in router.rules}
    assert able == {"pyvrp", "ortools", "rule"}
    assert any("on_way" in what for what in lacking(ROUTERS["cumulative"], case))


def test_a_zone_of_a_city_keeps_its_stations() -> None:
    case = by_hand()
    part = part_of(case, (SEALED_FIRST,), [], np.zeros(1, dtype=np.int64))
    assert part.case.stations is not None
    assert timetable(part.case, part.start[0]).duration == 45
