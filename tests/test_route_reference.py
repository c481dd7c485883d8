"""The readable programs against every plan there is, against each other and against the page."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

import allocator.instance
from allocator.instance.route_build import route_case
from allocator.instance.route_case import FixedRoute, RouteCase
from allocator.models.route.goals import better, ordered, values
from allocator.models.route.rules import broken
from allocator.models.route.schedule import timetable
from allocator.models.route.solve import solve
from tests.route_model_cases import (
    FOLDER,
    all_routes,
    goals,
    line_case,
    random_case,
    readable,
    undivided,
)

GOALS = [
    ("unserved", "cost"),
    ("unserved", "arrivals", "distance"),
    ("unserved", "latest_arrival", "distance"),
    ("unserved", "tardiness", "exposure"),
    ("unserved", "longest_work"),
    ("unserved", "vehicles", "cost"),
    ("0.5*cost + unserved",),
]
EXAMPLE = FOLDER / "example"
EXPECTED = json.loads((EXAMPLE / "expected.json").read_text(encoding="utf-8"))


def small(seed: int, stops: int, depots: int = 1) -> RouteCase:
    case = undivided(random_case(seed, stops, depots))
    return case.replace(goals=goals(*GOALS[seed % len(GOALS)]))


def least(case: RouteCase) -> tuple[float, ...]:
    """The best values over every plan there is."""
    every = (plan for plan in all_routes(case) if not broken(case, plan))
    return min(tuple(np.round(ordered(case, values(case, plan)), 6)) for plan in every)


@pytest.mark.parametrize("seed", range(14))
def test_the_readable_form_finds_the_best_of_all_plans(seed: int) -> None:
    case = small(seed, 3, 1 + seed % 2)
    found, routes = readable("route_reference").solve(case)
    assert list(found.values()) == pytest.approx(least(case), abs=1e-3)
    assert not broken(case, routes)
    assert ordered(case, values(case, routes)) == pytest.approx(list(found.values()), abs=1e-3)


@pytest.mark.parametrize("seed", range(20, 27))
def test_both_readable_forms_agree(seed: int) -> None:
    case = small(seed, 3)
    exact, routes = readable("route_exact").solve(case)
    reference, _ = readable("route_reference").solve(case)
    assert exact == pytest.approx(reference, abs=1e-2)
    assert not broken(case, routes)


def test_the_search_finds_what_the_readable_form_proves() -> None:
    equal = 0
    for seed in range(30, 44):
        case = small(seed, 4, 1 + seed % 2)
        proven, _ = readable("route_reference").solve(case)
        answer = solve(case, router="rule", iterations=150)
        found, least = ordered(case, answer.values), tuple(proven.values())
        assert not broken(case, answer.routes)
        assert not better(found, least)
        equal += not better(least, found)
        for name, bound in answer.bound.items():
            assert bound <= proven[name] + 1e-6
    assert equal >= 11


def test_goods_in_parts() -> None:
    case = line_case([10.0], stops={"load": np.array([[25.0]])}, vehicles={"count": np.array([3])})
    found, routes = readable("route_reference").solve(case)
    assert found == {"required_unserved": 0.0, "unserved": 0.0, "cost": 60.0}
    assert sum(visit.share for route in routes for visit in route.visits) == pytest.approx(1)
    exact, _ = readable("route_exact").solve(case)
    assert exact == pytest.approx(found)


def test_one_dock_keeps_vehicles_apart() -> None:
    case = line_case(
        [10.0, 10.0],
        stops={
            "service": np.full(2, 30.0),
            "load": np.full((2, 1), 8.0),
            "place": np.array([1, 1]),
            "windows": (((0.0, 20.0),),) * 2,
        },
    )
    case = undivided(case)
    assert readable("route_reference").solve(case)[0]["required_unserved"] == 0
    assert readable("route_reference").solve(case.replace(docks=1))[0]["required_unserved"] == 1


def test_a_route_under_way_is_carried_on() -> None:
    case = undivided(line_case([10.0, 20.0], vehicles={"trips": np.array([2])}))
    begun = FixedRoute("R", 0, True, (1,), place=1, ready=50.0, minutes=50.0, km=10.0, trips=1)
    case = case.replace(fixed=(begun,))
    found, routes = readable("route_reference").solve(case)
    # From kilometre 10 on to 20 and home: 30 km; then the other stop, there and back: 20 km.
    assert found["cost"] == 50
    assert not broken(case, routes)
    assert timetable(case, routes[0]).begin[0] == 60


def test_a_planned_route_keeps_its_order() -> None:
    case = undivided(line_case([10.0, 20.0, 30.0]))
    pin = FixedRoute("R", 0, False, (2, 0))
    free, _ = readable("route_reference").solve(case)
    found, routes = readable("route_reference").solve(case.replace(fixed=(pin,)))
    assert (free["cost"], found["cost"]) == (60, 60)
    pinned = case.replace(fixed=(FixedRoute("R", 0, False, (0, 2, 1)),))
    assert readable("route_reference").solve(pinned)[0]["cost"] == 60
    twisted = case.replace(fixed=(FixedRoute("R", 0, False, (0, 2, 0 + 1)), pin))
    with pytest.raises(ValueError, match="contradict"):
        readable("route_reference").solve(twisted)
    assert not broken(case.replace(fixed=(pin,)), routes)


@pytest.mark.parametrize("name", ["route_reference", "route_exact"])
def test_the_example_has_the_values_of_its_page(name: str) -> None:
    case = route_case(allocator.instance.load(EXAMPLE))
    assert readable(name).solve(case)[0] == pytest.approx(EXPECTED)
    assert readable(name).solve(case.replace(clean_order=False))[0]["cost"] == pytest.approx(95.2)


def test_the_search_finds_the_example() -> None:
    case = route_case(allocator.instance.load(EXAMPLE))
    answer = solve(case, iterations=300)
    assert dict(zip(EXPECTED, ordered(case, answer.values), strict=True)) == pytest.approx(EXPECTED)


def section(title: str) -> list[str]:
    text = (FOLDER / "formulation.md").read_text(encoding="utf-8")
    rows = text.split(f"## {title}")[1].split("\n## ")[0].splitlines()
    cells = [row.split("|")[1].strip() for row in rows if row.startswith("|")]
    return [name for cell in cells[2:] for name in cell.split(", ")]


def test_rows_of_the_exact_form_have_names_of_the_page() -> None:
    named = set(section("3. Rules"))
    found = set()
    for seed in range(8):
        case = small(seed, 2)
        case = case.replace(gates=np.full(len(case.places), 1e3))
        program, _ = readable("route_exact").build(case)
        rows = [row.name for row in program.problem.constraints()]
        found |= {re.split(r"_[a-z]+_\d+$", name)[0] for name in rows if name}
    found = {name for name in found if not name.startswith("_")}
    assert found <= named
    kept_otherwise = {
        "permit",
        "origin",
        "class_order",
        "on_way",
        "road",
        "service",
        "depot",
        "required",
    }
    left_out = {"docks", "pin", "started"}
    assert named - found == kept_otherwise | left_out


def test_columns_have_names_of_the_page() -> None:
    program, _ = readable("route_exact").build(small(0, 2))
    named = set(section("2. What is decided"))
    found = {re.split(r"_\d", column.name)[0] for column in program.problem.variables()}
    assert found - {"end"} == named


def test_rules_broken_have_names_of_the_page_and_of_the_judge() -> None:
    source = (allocator.instance.__file__, "")[0].replace("instance/__init__.py", "")
    from pathlib import Path

    text = (Path(source) / "models" / "route" / "rules.py").read_text(encoding="utf-8")
    told = set(re.findall(r'yield f?"([a-z_]+)', text)) - {"from"}
    codes = (Path(source) / "check" / "codes.csv").read_text(encoding="utf-8")
    judged = set(re.findall(r"^V8[012]\d,([a-z_]+)", codes, re.MULTILINE))
    assert told <= judged
    assert told - {"trip_count"} <= set(section("3. Rules"))


def test_terms_have_names_of_the_page() -> None:
    from allocator.models.route.goals import UNITS

    assert section("5. Goals") == list(UNITS)
    assert set(readable("route_reference").TERMS) == set(UNITS)


def test_divided_arrivals_are_refused_by_the_exact_form() -> None:
    case = random_case(0, 2).replace(goals=goals("unserved", "arrivals"))
    with pytest.raises(ValueError, match="no linear goal"):
        readable("route_exact").build(case)
    with pytest.raises(ValueError, match="left out"):
        readable("route_exact").build(case.replace(docks=1))
    assert replace(case.stops).ids == case.stops.ids
