"""The plan within seconds obeys every rule and keeps to its clock."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from allocator.check.route import check_routes
from allocator.instance.goals import GoalSpec
from allocator.models.route.direct import direct
from allocator.models.route.goals import values
from allocator.models.route.routes import shares
from allocator.models.route.solve import solve
from tests.route_cases import plan_of, random_case


@pytest.mark.parametrize("seed", range(10))
def test_every_rule_is_kept(seed: int) -> None:
    case = random_case(seed)
    divided = replace(case.stops, divisible=np.arange(len(case.stops)) % 2 == 0)
    gates = np.full(len(case.places), 9.0)
    for one in (case, case.replace(stops=divided, gates=gates, docks=1)):
        routes = direct(one)
        assert routes
        verdict = check_routes(one, plan_of(one, routes))
        assert verdict.table.empty, verdict.table.to_string()


def test_stops_larger_than_a_vehicle_come_in_parts() -> None:
    case = random_case(1)
    large = replace(case.stops, load=case.stops.load * 5, divisible=np.ones(8, dtype=bool))
    wide = tuple(((0.0, 900.0),) for _ in large.windows)
    made = case.replace(stops=replace(large, windows=wide))
    routes = direct(made)
    assert check_routes(made, plan_of(made, routes)).ok
    visits = [visit.share for route in routes for visit in route.visits]
    assert min(visits) < 0.9
    assert shares(routes, 8).max() == pytest.approx(1.0)


def test_a_search_leaves_no_more_than_the_plan_within_seconds() -> None:
    for seed in range(12):
        case = random_case(seed)
        goods = replace(case.stops, load=case.stops.load * 3, divisible=np.ones(8, dtype=bool))
        case = case.replace(stops=goods, goals=(GoalSpec("unserved", ((1.0, "unserved"),)),))
        least = values(case, direct(case))["unserved"]
        assert solve(case, iterations=2, router="rule").values["unserved"] <= least + 1e-6


def test_without_time_there_is_what_is_fixed() -> None:
    began = time.monotonic()
    assert direct(random_case(0), seconds=-1.0) == ()
    assert time.monotonic() - began < 1.0
