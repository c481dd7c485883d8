"""A plan read back gives the routes it was written from; what is gone is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from allocator.models.route.goals import values
from allocator.models.route.take import taken
from allocator.runs.route_start import start_of
from tests.route_cases import cheapest_insertion, plan_of, random_case


@pytest.mark.parametrize("seed", range(6))
def test_routes_written_are_read_back(seed: int) -> None:
    case = random_case(seed)
    routes = cheapest_insertion(case)
    found, dropped = taken(case, plan_of(case, routes).tables)
    assert not dropped
    assert values(case, found) == pytest.approx(values(case, routes), abs=1e-4)


def test_a_stale_plan_drops_what_is_gone_and_says_what() -> None:
    case = random_case(3)
    plan = plan_of(case, cheapest_insertion(case))
    names = tuple("new" if name == "s2" else name for name in case.stops.ids)
    places = np.where(np.arange(8) == 2, case.stops.place[0], case.stops.place)
    changed = case.replace(stops=replace(case.stops, ids=names, place=places))
    routes, dropped = start_of(changed, plan)
    assert dropped == ["s2: nothing is ordered there any more"]
    assert routes is not None
    assert {v.stop for route in routes for v in route.visits} == set(range(8)) - {2}


def test_a_type_that_is_gone_takes_its_routes_along() -> None:
    case = random_case(3)
    plan = plan_of(case, cheapest_insertion(case))
    changed = case.replace(vehicles=replace(case.vehicles, ids=("v0", "other")))
    gone = set(plan["routes"].loc[plan["routes"]["vehicle_type"] == "v1", "route"])
    _, dropped = start_of(changed, plan)
    assert {text.split(":")[0] for text in dropped} == {f"route {name}" for name in gone}
