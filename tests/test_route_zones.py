"""City scale: zones that cover everything once, parts and the way back, plans that get better."""

from __future__ import annotations

import random

import numpy as np
import pytest

from allocator.instance.route_case import RouteCase
from allocator.models.route import pyvrp_router as router
from allocator.models.route import zones
from allocator.models.route.by_rule import by_rule
from allocator.models.route.goals import values
from allocator.models.route.part import part_of
from allocator.models.route.routes import shares
from allocator.models.route.rules import broken
from tests.route_model_cases import case_of, plane, random_case, stops_of, vehicles_of


@pytest.fixture
def small_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "SIZE", 8)
    monkeypatch.setattr(zones, "STEPS", 60)
    monkeypatch.setattr(router, "LARGE", 10)


def town(n: int = 40, count: int = 12) -> RouteCase:
    fleet = vehicles_of(
        2, capacity=np.array([[4.0], [8.0]]), count=np.full(2, count), fixed=np.array([5.0, 8.0])
    )
    return case_of(plane(random.Random(n), n + 1), stops_of(n, 2, n + 1), fleet)


def test_zones_hold_every_route_and_stop_once_and_no_vehicle_twice(small_zones: None) -> None:
    case = town()
    routes = by_rule(case)[:-2]  # stops are left, vehicles idle
    parts = zones.divided(case, routes, np.random.default_rng(0))
    assert len(parts) > 2
    covered = np.zeros(len(case.stops))
    for part in parts:
        np.add.at(covered, part.stop, part.share)
    assert covered == pytest.approx(1.0)
    assert sum(len(part.start) for part in parts) == len(routes)
    vehicles = sum(part.case.vehicles.count for part in parts)
    assert vehicles.tolist() == case.vehicles.count.tolist()


def test_vehicles_of_a_pool_go_to_one_zone_only(small_zones: None) -> None:
    case = town()
    fleet = vehicles_of(2, **{**vars(case.vehicles), "line": np.zeros(2, dtype=np.int64)})
    case = case.replace(vehicles=fleet)
    routes = by_rule(case)
    parts = zones.divided(case, routes, np.random.default_rng(1))
    assert sum(int(part.case.vehicles.count.sum()) for part in parts) == 12


def test_borders_differ_from_round_to_round(small_zones: None) -> None:
    case, dice = town(), np.random.default_rng(0)
    routes = by_rule(case)
    one, two = ({tuple(part.stop) for part in zones.divided(case, routes, dice)} for _ in range(2))
    assert one != two


@pytest.mark.parametrize("seed", range(6))
def test_a_part_says_the_same_as_the_whole(seed: int) -> None:
    case = random_case(seed, 6, 2)
    routes = by_rule(case)
    part = part_of(case, routes, [], np.zeros(len(case.vehicles), dtype=np.int64))
    assert part.whole(part.start) == routes
    assert broken(part.case, part.start) == []
    assert values(part.case, part.start)["cost"] == values(case, routes)["cost"]


def test_halves_of_a_stop_in_two_parts_add_up() -> None:
    case = town()
    routes = by_rule(case)
    none = np.zeros(2, dtype=np.int64)
    part = part_of(case, routes[:1], [(int(routes[1].trips[0].stops[0]), 0.25)], none)
    row = int(np.flatnonzero(part.share < 1)[0])
    assert part.case.stops.load[row, 0] == 0.25


def test_zones_improve_the_plan_within_the_rules_and_again_the_same(small_zones: None) -> None:
    case = town()
    first = by_rule(case)
    told: list[float] = []
    found = [
        router.pyvrp_router(
            case, None, 3, 1200, first, lambda one: told.append(values(case, one)["cost"])
        )
        for _ in range(2)
    ]
    assert found[0] == found[1]
    assert broken(case, found[0]) == []
    assert shares(found[0], len(case.stops)) == pytest.approx(1.0)
    assert values(case, found[0])["cost"] < values(case, first)["cost"]
    assert told


def test_what_was_left_finds_a_place_where_there_is_room(small_zones: None) -> None:
    case = town()
    some = by_rule(case)[:-2]
    found = router.pyvrp_router(case, None, 0, 1200, some)
    assert shares(found, len(case.stops)) == pytest.approx(1.0)


def test_split_loads_are_improved_by_zones_too(small_zones: None) -> None:
    case = town()
    case = case.replace(
        split="always",
        stops=stops_of(40, 2, 41, load=np.full((40, 1), 5.0)),
    )
    case = case.replace(vehicles=vehicles_of(2, **{**vars(case.vehicles), "count": np.full(2, 40)}))
    found = router.pyvrp_router(case, None, 0, 800)
    assert broken(case, found) == []
    assert shares(found, 40) == pytest.approx(1.0)
