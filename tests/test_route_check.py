"""Routes that obey every rule are found to, with the same values as the page gives them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from allocator.check.route import check_routes
from allocator.models.route.goals import values
from allocator.plan import plan_table
from tests.route_cases import (
    case_of,
    cheapest_insertion,
    plan_of,
    random_case,
    stops_of,
    vehicles_of,
)


@pytest.mark.parametrize("seed", range(12))
def test_routes_that_obey_the_rules_pass_with_the_same_values(seed: int) -> None:
    case = random_case(seed)
    routes = cheapest_insertion(case)
    assert routes
    verdict = check_routes(case, plan_of(case, routes))
    assert verdict.table.empty, verdict.table.to_string()
    expected = values(case, routes)
    assert verdict.goals == pytest.approx(expected, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_blank_times_and_deliveries_are_filled_in(seed: int) -> None:
    case = random_case(seed)
    plan = plan_of(case, cheapest_insertion(case))
    keep = ["route", "vehicle_type", "trip", "sequence", "place_id", "kind"]
    bare = plan.replace(tables={"routes": plan_table("routes", plan["routes"][keep])})
    verdict, whole = check_routes(case, bare), check_routes(case, plan)
    assert verdict.table.empty, verdict.table.to_string()
    assert verdict.goals["distance"] == pytest.approx(whole.goals["distance"], abs=1e-3)
    assert verdict.goals["duration"] >= whole.goals["duration"] - 1e-3


def test_a_plan_without_routes_leaves_everything() -> None:
    case = random_case(1)
    verdict = check_routes(case, plan_of(case, ()))
    assert verdict.ok
    assert verdict.goals["unserved"] == pytest.approx(case.stops.prize.sum())
    assert verdict.goals["vehicles"] == 0


def test_shares_of_several_items_count_by_load() -> None:
    points = np.array([[0.0, 0.0], [3.0, 4.0]])
    goods = pd.DataFrame(
        {
            "stop": [0, 0],
            "item_id": ["food", "water"],
            "quantity": [10.0, 30.0],
            "from_id": ["p0", "p0"],
            "kg": [2.0, 6.0],
        }
    )
    stops = stops_of([1], 2, load=np.array([[8.0]]), service=np.array([40.0]))
    case = case_of(points, stops, vehicles_of(), goods)
    rows = pd.DataFrame(
        [
            ("R", "v0", 1, 1, "p0", "depart"),
            ("R", "v0", 1, 2, "p1", "stop"),
            ("R", "v0", 1, 3, "p0", "return"),
        ],
        columns=["route", "vehicle_type", "trip", "sequence", "place_id", "kind"],
    )
    given = pd.DataFrame(
        [("R", 1, 2, "p1", "water", 30.0, "p0")],
        columns=["route", "trip", "sequence", "place_id", "item_id", "quantity", "from_id"],
    )
    plan = plan_of(case, ()).replace(
        tables={"routes": plan_table("routes", rows), "deliveries": given}
    )
    verdict = check_routes(case, plan)
    assert list(verdict.table["family"]) == ["split"]
    assert verdict.goals["unserved"] == pytest.approx(25.0)
    assert verdict.goals["duration"] == pytest.approx(5 + 30 + 5)
