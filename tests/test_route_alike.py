"""Alike types are searched as one and told apart again."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from allocator.instance.route_case import FixedRoute, RouteCase
from allocator.models.route.alike import alike
from allocator.models.route.by_rule import by_rule
from allocator.models.route.goals import ordered, values
from allocator.models.route.rules import broken
from allocator.models.route.solve import RouteAnswer, solve
from tests.route_model_cases import case_of, plane, stops_of, vehicles_of


def listed(seed: int = 0) -> RouteCase:
    """Six vans in five rows, of which one is dearer, and a truck."""

    fleet = vehicles_of(
        6,
        ids=("van 1", "van 2", "dear van", "van 3", "truck", "van 4"),
        count=np.array([1, 1, 1, 1, 1, 2]),
        capacity=np.array([[3.0], [3.0], [3.0], [3.0], [9.0], [3.0]]),
        per_km=np.array([1.0, 1.0, 2.0, 1.0, 3.0, 1.0]),
    )
    return case_of(plane(random.Random(seed), 16), stops_of(15, 6, 16), fleet)


def test_types_that_nothing_tells_apart_are_one() -> None:
    found = alike(listed())
    assert found is not None
    assert found.kind.tolist() == [0, 0, 1, 0, 2, 0]
    assert found.case.vehicles.count.tolist() == [5, 1, 1]
    assert found.case.stops.permitted.shape == (15, 3)


def test_a_permit_a_pool_or_a_fixed_route_keeps_types_apart() -> None:
    case = listed()
    permitted = case.stops.permitted.copy()
    permitted[3, 1] = False
    found = alike(case.replace(stops=replace(case.stops, permitted=permitted)))
    assert found is not None
    assert found.kind.tolist() == [0, 1, 2, 0, 3, 0]
    pool = replace(case.vehicles, line=np.array([0, 0, 2, 3, 4, 5]))
    found = alike(case.replace(vehicles=pool))
    assert found is not None
    assert found.kind.tolist() == [0, 1, 2, 3, 4, 3]
    assert found.case.vehicles.line.tolist() == [0, 0, 1, 2, 3]
    assert alike(case.replace(fixed=(FixedRoute("P", 0, False, (1,)),))) is None


@pytest.mark.parametrize("seed", range(6))
def test_the_way_there_and_back_changes_no_value(seed: int) -> None:
    case = listed(seed)
    found, routes = alike(case), by_rule(case)
    assert found is not None
    there = found.joined(routes)
    back = found.apart(there)
    assert broken(found.case, there) == broken(case, back) == []
    known = [ordered(case, values(case, one)) for one in (routes, back)]
    assert known[0] == known[1] == ordered(found.case, values(found.case, there))


def test_a_search_gives_vehicles_there_are() -> None:
    case, told = listed(), list[RouteAnswer]()
    answer = solve(case, iterations=60, start=by_rule(case), report=told.append)
    used = Counter(route.vehicle for route in answer.routes)
    assert max(used) > 1  # types of the whole case
    for one in (answer, *told):
        assert broken(case, one.routes) == []
        assert values(case, one.routes) == one.values
