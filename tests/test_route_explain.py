"""Stops left behind: the reason is the rule that was planted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from allocator.explain.route import ROUTE_CODES, route_reasons
from allocator.explain.route_lifts import LIFTS
from allocator.instance.route_case import RouteCase
from allocator.models.route.by_rule import by_rule
from allocator.models.route.routes import Routes
from tests.route_cases import case_of, plan_of, stops_of, vehicles_of

POINTS = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0], [0.0, 10.0]])


def small(**vehicles: Any) -> RouteCase:
    """Three stops of load 4 and a vehicle that carries 10 on one trip."""
    fleet = vehicles_of(count=np.array([1]), trips=np.array([1]), **vehicles)
    stops = stops_of([1, 2, 3], 4, load=np.full((3, 1), 4.0), prize=np.array([50.0, 40.0, 30.0]))
    return case_of(POINTS, stops, fleet)


def changed(case: RouteCase, **stops: Any) -> RouteCase:
    return case.replace(stops=replace(case.stops, **stops))


def of(case: RouteCase, routes: Routes | None = None) -> list[tuple[str, str, str]]:
    made = by_rule(case) if routes is None else routes
    found = route_reasons(case, plan_of(case, made), 20.0)
    return list(zip(found["community_id"], found["code"], found["family"], strict=True))


def test_nothing_left_needs_no_reason() -> None:
    assert of(small(capacity=np.array([[12.0]]))) == []


def test_a_full_vehicle_crowds_a_stop_out() -> None:
    (one,) = of(small())
    assert one[1] == "CROWDED_OUT"
    assert {"fleet", "trip_count"} <= set(one[2].split("|"))


@pytest.mark.parametrize(
    ("family", "make"),
    [
        ("permit", lambda: changed(small(), permitted=np.array([[True], [True], [False]]))),
        ("load", lambda: changed(small(), load=np.array([[4.0], [4.0], [11.0]]))),
        ("window", lambda: changed(small(), windows=(((0.0, 9.0),),) * 3)),
        ("shift", lambda: small(late=np.array([18.0]))),
        ("farthest", lambda: small(farthest=np.array([18.0]))),
    ],
)
def test_a_stop_nobody_could_serve_alone_names_the_rule(family: str, make: Any) -> None:
    found = [one for one in of(make()) if one[1] == "IMPOSSIBLE_ALONE"]
    assert found
    assert all(family in one[2].split("|") for one in found)


def test_room_that_was_not_used_is_told() -> None:
    assert {one[1] for one in of(small(), ())} == {"NOT_PROVEN"}


def test_the_page_has_every_code_and_rule() -> None:
    page = (Path(__file__).parents[1] / "docs" / "reasons.md").read_text(encoding="utf-8")
    part = page.partition("\n## Routes\n")[2]
    assert not [code for code in ROUTE_CODES if f"| {code} |" not in part]
    assert not [family for family in LIFTS if f"`{family}`" not in part]
