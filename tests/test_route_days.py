"""Days of full loads: the knapsack, trips that grow, days that obey every rule."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import inf

import numpy as np
import pytest

from allocator.instance.route_case import RouteCase
from allocator.models.route import days
from allocator.models.route.by_rule import by_rule
from allocator.models.route.days_pack import STEPS, best_day, sizes
from allocator.models.route.days_trips import first_trips, full_share, grow, rest_share
from allocator.models.route.goals import values
from allocator.models.route.pyvrp_goal import linear_goal
from allocator.models.route.routes import Routes, shares
from allocator.models.route.rules import broken
from allocator.models.route.separate import separate
from allocator.models.route.solve import solve
from tests.route_model_cases import case_of, goals, random_case, stops_of, vehicles_of


def line_of(*km: float) -> np.ndarray:
    """Ways between places on a line, the depot at 0."""
    at = np.array([0.0, *km])
    return np.abs(at[:, None] - at)


def truckloads(loads: tuple[float, ...] = (40.0, 20.0, 40.0), vehicles: int = 4) -> RouteCase:
    """Trips of 20, 40 and 60 minutes, 4, 2 and 4 of them: 400 minutes, all of 4 days of 100."""
    n = len(loads)
    stops = stops_of(
        n, 1, n + 1, load=np.array(loads)[:, None], prize=np.array([1.0, 2.0, 4.0][:n])
    )
    fleet = vehicles_of(
        count=np.array([vehicles]),
        longest=np.array([100.0]),
        trips=np.array([9]),
    )
    far = line_of(*(10.0, 20.0, 30.0)[:n])
    return case_of(far, stops, fleet, goals=goals("unserved", "cost"))


@pytest.mark.parametrize("seed", range(20))
def test_the_best_day_is_the_best_of_all_days(seed: int) -> None:
    dice = np.random.default_rng(seed)
    t = int(dice.integers(1, 5))
    part, worth = dice.uniform(0.15, 0.7, t), dice.uniform(-1.0, 5.0, t)
    most = dice.integers(1, 4, t)
    every = (np.array(one) for one in product(*(range(m + 1) for m in most.tolist())))
    fits = [one for one in every if one @ sizes(part) <= STEPS]
    value, count = best_day(worth, sizes(part), most)
    assert value == pytest.approx(max(float(one @ worth) for one in fits))
    assert value == pytest.approx(float(count @ worth))
    assert count @ sizes(part) <= STEPS
    assert (count <= most).all()


def test_trips_of_a_third_of_a_day_fill_a_day() -> None:
    assert best_day(np.array([1.0]), sizes(np.array([1 / 3])), np.array([9]))[0] == 3.0


def test_full_loads_and_what_they_leave() -> None:
    case = truckloads((25.0, 8.0, 10.0))
    full = full_share(case, 0)
    assert full == pytest.approx([0.4, 1.0, 1.0])
    assert rest_share(full) == pytest.approx([0.2, 1.0, 1.0])


def test_whole_goods_are_never_cut() -> None:
    case = truckloads((25.0, 8.0, 10.0))
    case = case.replace(split="never")
    assert full_share(case, 0) == pytest.approx([0.0, 1.0, 1.0])


def test_trips_grow_to_several_stops_within_the_load() -> None:
    case = truckloads((12.0, 3.0, 4.0))
    goal = linear_goal(case)
    trips = first_trips(case, goal, 0, [])
    grow(case, goal, trips, np.full(3, 1000.0), 1.0)
    several = [own for own in trips.visits if len(own) > 1]
    assert several
    for own in several:
        assert sum(v.share * case.stops.load[v.stop, 0] for v in own) <= 10 + 1e-9


def test_days_fit_where_insertion_leaves_goods_behind() -> None:
    case = truckloads()
    assert days.suits(case)
    found = days.days(case, ())
    assert broken(case, found) == []
    assert values(case, found)["unserved"] == 0
    assert values(case, by_rule(case))["unserved"] > 0


def test_what_is_worth_least_is_left_when_days_are_few() -> None:
    case = truckloads((40.0, 40.0, 20.0), vehicles=3)
    found = days.days(case, ())
    left = 1 - shares(found, 3)
    assert left[2] == pytest.approx(0.0, abs=1e-6)
    assert values(case, found)["unserved"] == pytest.approx(0.75)  # 60 + 40 twice, 40 + 40 + 20


@pytest.mark.parametrize("seed", range(25))
def test_days_break_no_rule_in_any_case(seed: int) -> None:
    case = random_case(seed, 7, 2)
    found = days.days(case, by_rule(case))
    assert broken(case, found) == []


def test_a_gate_gives_no_more_minutes_than_it_has() -> None:
    case = truckloads(vehicles=9)
    stops = stops_of(
        3,
        1,
        4,
        load=case.stops.load,
        prize=case.stops.prize,
        service=np.array([8.0, 8.0, 8.0]),
    )
    fleet = replace(case.vehicles, unloading=np.array([3.0]))  # the driver's, not the gate's
    case = case.replace(stops=stops, vehicles=fleet, gates=np.array([inf, 4.0, inf, inf]))
    found = days.days(case, ())
    assert broken(case, found) == []
    assert shares(found, 3) == pytest.approx([0.5, 1.0, 1.0])


def test_the_search_begins_with_days_where_loads_are_full() -> None:
    answer = solve(truckloads(), iterations=5)
    assert "days" in [router for _, router, _ in answer.history]
    assert answer.values["unserved"] == 0
    assert not days.suits(truckloads((5.0, 5.0, 5.0)))


def test_what_has_nothing_in_common_is_apart() -> None:
    fleet = vehicles_of(3, line=np.array([0, 1, 1]))
    stops = stops_of(4, 3, 5, permitted=np.eye(3, dtype=bool)[[0, 1, 2, 0]])
    case = case_of(line_of(1, 2, 3, 4), stops, fleet)
    found = [(types.tolist(), rows.tolist()) for types, rows in separate(case)]
    assert sorted(found) == [([0], [0, 3]), ([1, 2], [1, 2])]


def test_days_are_told_while_others_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "TELL", -1.0)
    fleet = vehicles_of(2, count=np.array([2, 2]), longest=np.full(2, 100.0), trips=np.full(2, 9))
    load = np.full((2, 1), 40.0)
    apart = stops_of(2, 2, 3, load=load, prize=np.ones(2), permitted=np.eye(2, dtype=bool))
    case = case_of(line_of(10.0, 20.0), apart, fleet)
    start, heard = by_rule(case), list[Routes]()
    days.days(case, start, None, heard.append)
    assert len(heard) == 1
    assert broken(case, heard[0]) == []
    assert values(case, heard[0])["unserved"] <= values(case, start)["unserved"]


def test_without_time_the_start_stays() -> None:
    case = truckloads()
    start = by_rule(case)
    found = days.days(case, start, 0.0)
    assert values(case, found)["unserved"] == values(case, start)["unserved"]
    assert {route.vehicle for route in found} == {0}
    assert len(found) == len(start)
