"""The curve of exposure against distance, and the price of rules."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from allocator.models.route.exposure import Limits, curve
from allocator.models.route.goals import better, ordered, values
from allocator.models.route.prices import in_force, prices, without
from allocator.models.route.rules import broken
from allocator.models.route.solve import solve
from tests.route_model_cases import goals, line_case, random_case, readable, undivided

FEW = Limits(iterations=60, router="rule")


def test_the_curve_by_hand() -> None:
    """A careful van from far away meets half as many people as the one at the door."""
    case = line_case([10.0, 20.0], stops={"contacts": np.array([4.0, 6.0])})
    fleet = case.vehicles
    two = {
        name: np.repeat(getattr(fleet, name), 2, axis=0)
        for name in fleet.__dataclass_fields__
        if name != "ids"
    }
    vans = replace(fleet, **{**two, "ids": ("near", "careful"), "line": np.array([0, 1])})
    vans = replace(vans, exposure=np.array([1.0, 0.5]), profile=np.array([0, 1]))
    km = np.concatenate([case.km, 2 * case.km])
    stops = replace(case.stops, permitted=np.ones((2, 2), dtype=bool))
    case = case.replace(vehicles=vans, km=km, minutes=km, stops=stops)
    found = [(p.values["distance"], p.values["exposure"]) for p in curve(case, FEW)]
    # 40 km by the near van, 80 by the careful one; each van one stop: 20 + 80, dearer and worse,
    # or 40 + 40: no better than the careful van alone.
    assert found == [(40.0, 10.0), (80.0, 5.0)]


def test_no_plan_of_the_curve_beats_another() -> None:
    for seed in range(4):
        case = random_case(seed, 5, 1)
        points = curve(case, FEW, points=4)
        both = [(p.values["distance"], p.values["exposure"]) for p in points]
        assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(both))
        assert len({round(p.values["unserved"], 3) for p in points}) == 1
        assert all(not broken(case, p.routes) for p in points)


def test_the_ends_of_the_curve_are_the_least_of_each_term() -> None:
    case = undivided(random_case(3, 4, 1))
    points = curve(case, FEW)
    for name, end in (("distance", points[0]), ("exposure", points[-1])):
        proven, _ = readable("route_reference").solve(case.replace(goals=goals("unserved", name)))
        assert end.values[name] == pytest.approx(proven[name], rel=1e-3)


def test_prices_of_rules_are_never_negative() -> None:
    for seed in range(3):
        case = random_case(seed, 5)
        best = solve(case, router="rule", iterations=60)
        for price in prices(case, best, iterations=20):
            free = without(case, price.rule) if price.rule != "lockdown" else None
            assert not better(ordered(case, best.values), ordered(case, price.values))
            assert free is None or not broken(free, price.routes)
    assert "class_order" in in_force(case.replace(clean_order=True))


@pytest.mark.parametrize("rule", ["class_order", "window", "permit", "duty", "farthest"])
def test_a_rule_removed_never_makes_the_best_plan_worse(rule: str) -> None:
    for seed in range(4):
        case = undivided(random_case(seed, 3))
        least = [
            tuple(readable("route_reference").solve(one)[0].values())
            for one in (case, without(case, rule))
        ]
        assert not better(least[0], least[1])


def test_another_vehicle_never_makes_the_best_plan_worse() -> None:
    for seed in range(6):
        case = undivided(random_case(seed, 3))
        more = replace(case.vehicles, count=case.vehicles.count + 1)
        least = [
            tuple(readable("route_reference").solve(one)[0].values())
            for one in (case, case.replace(vehicles=more))
        ]
        assert not better(least[0], least[1])


def test_order_of_stops_changes_nothing_in_the_best_plan() -> None:
    for seed in range(4):
        case = undivided(random_case(seed, 4))
        turned = np.arange(4)[::-1]
        fields = {
            name: getattr(case.stops, name)[turned]
            for name in case.stops.__dataclass_fields__
            if name not in ("ids", "windows")
        }
        windows = tuple(case.stops.windows[k] for k in turned)
        ids = tuple(case.stops.ids[k] for k in turned)
        other = case.replace(stops=replace(case.stops, **fields, ids=ids, windows=windows))
        found = [readable("route_reference").solve(one) for one in (case, other)]
        assert found[0][0] == pytest.approx(found[1][0])
        assert ordered(other, values(other, found[1][1])) == pytest.approx(
            list(found[0][0].values()), abs=1e-3
        )
