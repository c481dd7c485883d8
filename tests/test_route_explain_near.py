"""Reasons looked for in the part of a case that has to do with a stop: the same as in the whole."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from math import inf

import numpy as np
import pytest

from allocator.explain.route import _one
from allocator.explain.route_near import near
from allocator.instance.route_case import RouteCase
from allocator.models.route.by_rule import by_rule
from allocator.models.route.routes import shares
from allocator.models.route.rules import broken
from tests.route_model_cases import case_of, plane, random_case, stops_of, vehicles_of


def two_homes(seed: int) -> RouteCase:
    """Ten stops, every second one of the other of two homes, with one small vehicle each."""
    case = random_case(seed, 10, 2)
    homes = np.array([0, 1])
    fleet = vehicles_of(
        2,
        home=homes,
        end=homes,
        count=np.array([1, 1]),
        capacity=np.array([[6.0], [9.0]]),
        late=np.array([300.0, 200.0]),
        longest=np.array([inf, 150.0]),
    )
    origins = np.zeros((10, 12), dtype=bool)
    origins[np.arange(10), np.arange(10) % 2] = True
    stops = replace(
        case.stops,
        origins=origins,
        permitted=np.ones((10, 2), dtype=bool),
        prize=np.arange(10.0, 20.0),
        place=np.r_[np.arange(2, 11), 10],  # the last two share a place, and its gate
        service=np.full(10, 4.0),
    )
    gates = np.r_[np.full(10, inf), 6.0, inf]
    goods = case.goods.assign(from_id="")
    return case.replace(vehicles=fleet, stops=stops, gates=gates, goods=goods)


@pytest.mark.parametrize("seed", range(8))
def test_the_part_gives_the_reason_of_the_whole(seed: int) -> None:
    case = two_homes(seed)
    routes = by_rule(case)
    left = 1.0 - shares(routes, 10)
    behind = np.flatnonzero(left > 1e-6).tolist()
    assert behind
    late = time.monotonic() + 60
    for stop in behind:
        small, own, row, rest = near(case, routes, stop, left)
        assert len(small.stops) < len(case.stops)
        assert broken(small, own) == []
        assert small.stops.ids[row] == case.stops.ids[stop]
        whole, part = _one(case, routes, stop, left, late), _one(small, own, row, rest, late)
        assert (part.code, part.family) == (whole.code, whole.family)
        told = (one.text.partition(" Or instead")[0] for one in (part, whole))
        assert len(set(told)) == 1


def test_what_is_left_of_a_stop_is_said_to_be_the_rest() -> None:
    stops = stops_of(1, 1, 2, load=np.array([[25.0]]), prize=np.array([5.0]))
    case = case_of(plane(random.Random(1), 2), stops, vehicles_of(count=np.array([2])))
    case = case.replace(goods=case.goods.assign(from_id=""))
    left = 1.0 - shares(by_rule(case), 1)
    text = _one(case, by_rule(case), 0, left, time.monotonic() + 60).text
    assert text.startswith("The routes leave no room for the rest of stop0, 0.333 of all its goods")
    assert "More of it would be served with one vehicle more" in text


def test_nothing_is_said_of_rules_that_were_not_tried() -> None:
    case = two_homes(0)
    routes = by_rule(case)
    left = 1.0 - shares(routes, 10)
    crowded = [
        stop
        for stop in np.flatnonzero(left > 1e-6).tolist()
        if _one(case, routes, stop, left, time.monotonic() + 60).code == "CROWDED_OUT"
    ]
    for stop in crowded:
        found = _one(case, routes, stop, left, time.monotonic() - 1)
        assert (found.code, "time ran out" in found.text) == ("UNEXPLAINED", True)
    assert crowded
