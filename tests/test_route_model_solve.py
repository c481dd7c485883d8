"""The dispatcher: which router is used, goals in order, limits, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf

import numpy as np
import pytest

from allocator.errors import UsageError
from allocator.models.route.by_rule import by_rule
from allocator.models.route.capabilities import (
    IN_ORDER,
    ROUTERS,
    RULES,
    forced,
    in_force,
    lacking,
    table,
)
from allocator.models.route.goals import UNITS, better, ordered, values
from allocator.models.route.ortools_router import ortools_router
from allocator.models.route.routes import Route, Routes, Trip, Visit
from allocator.models.route.rules import broken
from allocator.models.route.solve import RouteAnswer, solve, stages_of
from allocator.models.route.work import work
from tests.route_model_cases import goals, line_case, random_case, readable, undivided


def names(case) -> list[str]:  # type: ignore[no-untyped-def]
    return [router.name for router, _ in stages_of(case)]


def test_the_router_follows_rules_and_goals() -> None:
    case = undivided(line_case([10.0, 20.0]))
    assert names(case) == ["pyvrp"]
    assert names(case.replace(goals=goals("unserved", "arrivals"))) == ["cumulative"]
    later = case.replace(goals=goals("unserved", "cost", "tardiness"))
    assert names(later) == ["pyvrp", "ortools", "rule"]
    assert [goal.name for goal in stages_of(later)[0][1].goals] == ["unserved", "cost"]
    windows = replace(case.stops, windows=(((0.0, 50.0),),) * 2)
    assert names(case.replace(stops=windows, goals=goals("arrivals"))) == ["ortools", "rule"]
    gates = case.replace(gates=np.array([inf, 5.0, inf]))
    assert names(gates) == ["pyvrp", "ortools", "rule"]
    assert names(case.replace(docks=1, gates=None))[-1] == "rule"


def test_a_router_that_cannot_is_refused_with_the_reasons() -> None:
    case = random_case(0, 4).replace(goals=goals("unserved", "arrivals"))
    with pytest.raises(UsageError) as caught:
        forced("pyvrp", case)
    assert caught.value.faults[0].code == "E2342"
    assert "goal arrivals" in str(caught.value)
    assert "rule" in caught.value.faults[0].action
    with pytest.raises(UsageError) as caught:
        solve(case, router="magic", iterations=1)
    assert caught.value.faults[0].code == "E2341"
    assert forced("rule", case).name == "rule"


def test_the_table_names_every_rule_and_goal() -> None:
    rows = table()
    assert [row["what"] for row in rows] == [*RULES, *(f"goal {name}" for name in UNITS)]
    assert {*rows[0]} == {"what", "meaning", *ROUTERS}
    assert set(IN_ORDER) == set(ROUTERS)


def test_rules_in_force_are_seen() -> None:
    case = undivided(line_case([10.0, 20.0]))
    assert in_force(case) == frozenset()
    seen = {
        "windows": replace(case.stops, windows=(((0.0, 9.0),),) * 2),
        "release": replace(case.stops, release=np.array([0.0, 5.0])),
        "order": replace(case.stops, access=np.array([0, 2])),
        "optional": replace(case.stops, prize=np.array([1.0, inf])),
        "permits": replace(case.stops, permitted=np.array([[True], [False]])),
    }
    for name, stops in seen.items():
        assert in_force(case.replace(stops=stops)) == {name}
    twice = case.replace(vehicles=replace(case.vehicles, trips=np.array([2])))
    assert in_force(twice) == {"trips"}
    assert lacking(ROUTERS["cumulative"], twice)[0].startswith("trips")


@pytest.mark.parametrize(
    "order",
    [
        ("unserved", "arrivals", "cost"),
        ("unserved", "latest_arrival", "cost"),
        ("unserved", "tardiness", "distance"),
        ("unserved", "cost", "arrivals"),
        ("unserved", "longest_work", "cost"),
    ],
)
def test_or_tools_nearly_finds_what_is_proven(order: tuple[str, ...]) -> None:
    equal = 0
    for seed in (0, 3, 6):
        case = undivided(random_case(seed, 4))
        plain = replace(case.stops, release=np.zeros(4))
        case = case.replace(stops=plain, goals=goals(*order), clean_order=True)
        proven, _ = readable("route_reference").solve(case)
        routes = ortools_router(case, None, 0, 150, by_rule(case))
        found = ordered(case, values(case, routes))
        assert not broken(case, routes)
        assert not better(found, tuple(proven.values()))
        equal += not better(tuple(proven.values())[:3], found[:3])
    assert equal >= 2


def test_a_later_goal_costs_the_earlier_ones_nothing() -> None:
    for seed in range(3):
        case = random_case(seed, 6).replace(goals=goals("unserved", "cost"))
        first = solve(case, iterations=60)
        both = case.replace(goals=goals("unserved", "cost", "latest_arrival"))
        then = solve(both, iterations=60, start=first.routes)
        assert not better(ordered(case, first.values), ordered(case, then.values))


def test_the_same_input_gives_the_same_routes() -> None:
    case = random_case(5, 7, 2)
    for router in ("rule", "pyvrp"):
        found = [solve(case, router=router, iterations=40, seed=3).routes for _ in range(2)]
        assert found[0] == found[1]


def test_progress_and_how_it_ended() -> None:
    case, heard = random_case(3, 7), list[tuple[float, ...]]()
    answer = solve(case, iterations=50, report=lambda one: heard.append(one.history[-1][2]))
    assert answer.termination == "work_limit"
    assert all(better(b, a) for a, b in pairwise(heard))
    assert heard[-1] == ordered(case, answer.values)
    assert solve(case, seconds=0.3).termination == "time_limit"


def test_a_stale_start_is_told() -> None:
    case = line_case([10.0])
    stale: Routes = (Route(0, 0, (Trip(0, (Visit(5), Visit(0)), 0),)),)
    answer = solve(case, iterations=10, start=stale)
    assert answer.remarks == ["a visit: stop 5 needs it no longer"]
    assert answer.values["distance"] == 20


def test_gates_are_kept_after_a_router_that_does_not_see_them() -> None:
    case = line_case([10.0, 10.0, 30.0], stops={"service": np.full(3, 10.0)})
    case = case.replace(stops=replace(case.stops, place=np.array([1, 1, 3])))
    case = undivided(case).replace(gates=np.array([inf, 15.0, inf, inf]))
    answer = solve(case, iterations=30)
    assert not broken(case, answer.routes)
    assert answer.values["required_unserved"] == 1


def test_the_work_of_the_child_tells_every_better_plan() -> None:
    case, told = random_case(3, 6), list[tuple[RouteAnswer, dict]]()  # type: ignore[type-arg]
    work(lambda answer, **event: told.append((answer, event)), case, iterations=40)
    assert told[-1][1] == {"stage": "rounded off"}
    assert set(told[0][1]["goals"]) == {"required_unserved", "unserved", "cost"}
    assert not broken(case, told[-1][0].routes)


def test_a_case_without_stops() -> None:
    case = line_case([])
    assert solve(case, iterations=5).routes == ()
    km = np.zeros((1, 1))
    assert solve(case.replace(km=km[None], minutes=km[None]), iterations=5).values["cost"] == 0
