"""Times, values, rules and the first plan of routes, followed by hand and at random."""

from __future__ import annotations

import random
from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.instance.route_case import FixedRoute, RouteCase
from allocator.models.route.bounds import bounds, earliest
from allocator.models.route.by_rule import by_rule
from allocator.models.route.chain import chain, forward
from allocator.models.route.goals import better, goals_of, ordered, values
from allocator.models.route.repair import kept, repaired
from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered, shares
from allocator.models.route.rules import broken
from allocator.models.route.schedule import timetable
from tests.route_model_cases import ANY, goals, line_case, random_case


def route_of(*trips: list[int], vehicle: int = 0) -> Route:
    made = tuple(Trip(0, tuple(Visit(stop) for stop in stops), 0) for stops in trips)
    return Route(vehicle, 0, made)


def test_waiting_is_cut_by_a_later_start() -> None:
    case = line_case([10.0], stops={"windows": (((100.0, 120.0),),)})
    table = timetable(case, route_of([0]))
    assert (table.start, table.begin[0], table.end, table.wait[0]) == (90, 100, 110, 0)


def test_arrivals_first_are_not_delayed_for_duty() -> None:
    case = line_case([10.0, 20.0], stops={"windows": (ANY, ((100.0, 120.0),))})
    late = timetable(case, route_of([0, 1]))
    assert late.begin.tolist() == [90, 100]
    early = timetable(case.replace(goals=goals("unserved", "arrivals")), route_of([0, 1]))
    assert (early.start, early.begin.tolist()) == (0, [10, 100])
    paid = replace(case.vehicles, per_hour=np.array([60.0]))
    both = case.replace(goals=goals("unserved", "cost", "arrivals"), vehicles=paid)
    assert timetable(both, route_of([0, 1])).start == 80


def test_several_windows_and_the_shortest_duty() -> None:
    windows = (((0.0, 15.0), (100.0, 110.0)), ((50.0, 60.0), (120.0, 130.0)))
    case = line_case([10.0, 20.0], stops={"windows": windows})
    table = timetable(case, route_of([0, 1]))
    assert (table.start, table.end, table.duration) == (5, 70, 65)
    paid = case.replace(vehicles=replace(case.vehicles, per_hour=np.array([60.0])))
    assert timetable(paid, route_of([0, 1])).duration == 40
    tight = case.replace(vehicles=replace(case.vehicles, longest=np.array([55.0])))
    assert timetable(tight, route_of([0, 1])).begin.tolist() == [110, 120]
    assert not broken(tight, (route_of([0, 1]),))


def test_the_shortest_duty_is_that_of_every_minute() -> None:
    for seed in range(40):
        case = random_case(seed, 4)
        case = case.replace(vehicles=replace(case.vehicles, per_hour=np.ones(len(case.vehicles))))
        for route in by_rule(case):
            steps, table = chain(case, route), timetable(case, route)
            ends = {start: forward(steps, float(start)) for start in range(0, 400)}
            fits = [
                begins[-1] - start
                for start, begins in ends.items()
                if all(
                    any(a <= b <= c for a, c in own)
                    for own, b in zip(steps.windows, begins, strict=True)
                )
            ]
            assert table.duration == pytest.approx(min(fits))


def test_trips_loading_release_and_decontamination() -> None:
    case = line_case(
        [10.0, 20.0],
        stops={
            "access": np.array([2, 0]),
            "service": np.array([3.0, 4.0]),
            "release": np.array([0.0, 100.0]),
        },
        vehicles={
            "trips": np.array([2]),
            "loading": np.array([15.0]),
            "unloading": np.array([5.0]),
            "decontaminate": np.array([[0.0, 10.0, 20.0]]),
            "fixed": np.array([7.0]),
            "per_trip": np.array([2.0]),
            "per_hour": np.array([6.0]),
        },
    )
    table = timetable(case, route_of([0], [1]))
    # Back to front: loading at 100 for the second trip; the first one ends just then.
    assert table.loading.tolist() == [37, 100]
    assert table.begin.tolist() == [62, 135]
    assert table.ready.tolist() == [100, 164]
    assert table.cost == pytest.approx(7 + 2 * 2 + 60 + 6 / 60 * (164 - 37))
    assert table.load.ravel().tolist() == [0, 0]
    assert (
        "trip_count"
        in broken(
            case.replace(vehicles=replace(case.vehicles, trips=np.array([1]))),
            (route_of([0], [1]),),
        )[0]
    )


def test_values_of_a_plan_by_hand() -> None:
    case = line_case(
        [10.0, 20.0, 30.0],
        stops={
            "prize": np.array([inf, 5.0, 7.0]),
            "weight": np.array([1.0, 2.0, 3.0]),
            "due": np.array([4.0, inf, inf]),
            "contacts": np.array([1.0, 4.0, 9.0]),
        },
        vehicles={"exposure": np.array([0.5]), "fixed": np.array([100.0])},
        goals=goals("unserved", "arrivals"),
    )
    found = values(case, (route_of([0, 1]),))
    assert found == pytest.approx(
        {
            "required_unserved": 0,
            "unserved": 7,
            "cost": 140,
            "distance": 40,
            "duration": 40,
            "vehicles": 1,
            "latest_arrival": 20,
            "arrivals": 10 + 40,
            "tardiness": 6,
            "exposure": 2.5,
            "longest_work": 40,
            "work_spread": 0,
        }
    )
    assert values(case, ())["required_unserved"] == 1


def plan_with(case: RouteCase, *trips: list[int]) -> Routes:
    return (route_of(*trips),)


@pytest.mark.parametrize(
    ("rule", "stops", "vehicles", "more"),
    [
        ("window", {"windows": (((0.0, 5.0),), ANY)}, {}, {}),
        ("load", {"load": np.array([[6.0], [6.0]])}, {}, {}),
        ("permit", {"permitted": np.array([[False], [True]])}, {}, {}),
        ("origin", {"origins": np.zeros((2, 3), dtype=bool)}, {}, {}),
        ("class_order", {"access": np.array([1, 0])}, {}, {}),
        ("duty", {}, {"longest": np.array([39.0])}, {}),
        ("duty", {}, {"late": np.array([39.0])}, {}),
        ("farthest", {}, {"farthest": np.array([39.0])}, {}),
        ("fleet", {}, {"count": np.array([0])}, {}),
        ("gate", {"service": np.array([5.0, 5.0])}, {}, {"gates": np.array([inf, 4.0, inf])}),
        ("pin", {}, {}, {"fixed": (FixedRoute("R", 0, False, (1, 0)),)}),
        ("started", {}, {}, {"fixed": (FixedRoute("R", 0, True, (1,), place=0),)}),
    ],
)
def test_a_broken_rule_is_told(rule: str, stops: dict, vehicles: dict, more: dict) -> None:  # type: ignore[type-arg]
    plain = line_case([10.0, 20.0])
    assert broken(plain, plan_with(plain, [0, 1])) == []
    case = line_case([10.0, 20.0], stops=stops, vehicles=vehicles, **more)
    told = broken(case, plan_with(case, [0, 1]))
    assert {text.split(":")[0] for text in told} == {rule}
    mended = repaired(case, plan_with(case, [0, 1]))
    assert broken(case, mended) == []


def test_docks_and_the_road() -> None:
    case = line_case([10.0, 10.0], stops={"service": np.full(2, 30.0)}, docks=1)
    case = case.replace(stops=replace(case.stops, place=np.array([1, 1])))
    plan = numbered((route_of([0]), route_of([1])))
    assert broken(case, plan) == ["docks: place 1"]
    assert broken(case.replace(docks=2), plan) == []
    apart = (plan[0], replace(plan[1], start=30.0))
    assert broken(case, apart) == []
    km = case.km.copy()
    km[0, 0, 1] = inf
    assert "road: route 0" in broken(case.replace(km=km), plan)


def test_a_route_under_way_keeps_its_load_and_goes_on() -> None:
    begun = FixedRoute("R", 0, True, (1,), place=1, ready=50.0, highest=2, minutes=40.0, trips=1)
    case = line_case(
        [10.0, 20.0],
        stops={"access": np.array([0, 2])},
        vehicles={
            "trips": np.array([2]),
            "fixed": np.array([99.0]),
            "decontaminate": np.array([[0.0, 0.0, 25.0]]),
            "count": np.array([1]),
        },
        fixed=(begun,),
    )
    routes = by_rule(case)
    assert broken(case, routes) == []
    assert [trip.stops for trip in routes[0].trips] == [[1], [0]]
    table = timetable(case, routes[0])
    assert (table.start, table.begin[0], table.ready[0]) == (50, 60, 80 + 25)
    found = values(case, routes)
    assert (found["vehicles"], found["cost"]) == (0, 10 + 20 + 20)
    short = case.replace(vehicles=replace(case.vehicles, longest=np.array([100.0])))
    assert [trip.stops for trip in by_rule(short)[0].trips] == [[1]]


def test_large_goods_come_in_parts() -> None:
    case = line_case([10.0], stops={"load": np.array([[25.0]])})
    routes = by_rule(case)
    assert shares(routes, 1)[0] == pytest.approx(1)
    assert broken(case, routes) == []
    assert len(routes) == 3
    assert by_rule(case.replace(split="never")) == ()


def test_a_new_trip_may_come_before_another() -> None:
    case = line_case(
        [10.0, 12.0],
        stops={"load": np.full((2, 1), 9.0), "windows": (((200.0, 210.0),), ((0.0, 40.0),))},
        vehicles={"trips": np.array([2]), "fixed": np.array([50.0])},
    )
    start = (Route(0, 0, (Trip(0, (Visit(0),), 0),)),)
    routes = by_rule(case, start)
    assert [trip.stops for trip in routes[0].trips] == [[1], [0]]


def test_a_stale_plan_keeps_what_fits_and_says_what_does_not() -> None:
    case = line_case([10.0, 20.0], stops={"load": np.full((2, 1), 6.0)})
    stale = (route_of([0, 1]), route_of([7], vehicle=3), route_of([9, 0]))
    found, dropped = kept(case, stale)
    assert [route.trips[0].stops for route in found] == [[0]]
    assert len(dropped) == 4
    assert any("stop1" in text for text in dropped)
    assert broken(case, by_rule(case, found)) == []


@given(st.integers(0, 10_000))
def test_the_first_plan_breaks_no_rule(seed: int) -> None:
    dice = random.Random(seed)
    case = random_case(seed, dice.randint(1, 7), dice.randint(1, 2))
    case = case.replace(
        docks=dice.choice([0, 1]),
        reload_anywhere=dice.random() < 0.3,
        gates=dice.choice([None, np.full(len(case.places), 6.0)]),
        goals=goals("unserved", dice.choice(["cost", "arrivals", "longest_work", "exposure"])),
    )
    routes = by_rule(case)
    assert broken(case, routes) == []
    assert by_rule(case) == routes


def test_better_looks_at_goals_in_their_order() -> None:
    assert better((0.0, 1.0, 9.0), (0.0, 2.0, 0.0))
    assert not better((0.0, 1.0), (0.0, 1.0 + 1e-9))
    assert not better((1.0, 0.0), (0.0, 5.0))


def test_relabelling_changes_nothing() -> None:
    for seed in range(5):
        case = random_case(seed, 5)
        turned = case.replace(places=tuple(f"x{name}" for name in case.places))
        known = [ordered(one, values(one, by_rule(one))) for one in (case, turned)]
        assert known[0] == known[1]


@given(st.integers(0, 10_000))
def test_no_plan_is_better_than_a_bound(seed: int) -> None:
    dice = random.Random(seed)
    case = random_case(seed, dice.randint(1, 6), dice.randint(1, 2))
    terms = ["arrivals", "latest_arrival", "tardiness", "exposure", "vehicles"]
    case = case.replace(goals=goals("unserved", dice.choice(terms)))
    known = values(case, by_rule(case))
    found = bounds(case, known, earliest(case))
    reached = dict(zip([goal.name for goal in goals_of(case)], ordered(case, known), strict=True))
    assert all(bound <= reached[name] + 1e-6 for name, bound in found.items())


def test_bounds_by_hand() -> None:
    case = line_case(
        [10.0, 20.0, 30.0],
        stops={"prize": np.array([inf, 5.0, 7.0]), "windows": (ANY, ANY, ())},
        goals=goals("unserved", "arrivals"),
    )
    known = values(case, by_rule(case))
    # The third stop has no window: its prize is lost to everybody; the others cannot be sooner.
    assert bounds(case, known, earliest(case)) == {
        "required_unserved": 0.0,
        "unserved": 7.0,
        "arrivals": 30.0,
    }
    worse = {**known, "unserved": 12.0, "arrivals": 10.0}
    assert bounds(case, worse, earliest(case))["arrivals"] == 10.0
