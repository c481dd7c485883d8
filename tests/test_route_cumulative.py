"""The search for the sum of arrivals: its moves, its limits, brute force on tiny cases."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from routing_bench.building import ARRIVALS, Fleet, rounded
from routing_bench.building import case_of as building_case

from allocator.instance.route_case import RouteCase
from allocator.models.route.cumulative import cumulative
from allocator.models.route.cumulative_data import (
    NO_WAY,
    Cumulative,
    Order,
    from_case,
    obstacles,
)
from allocator.models.route.cumulative_moves import Price, exchange, penalty, tails
from allocator.models.route.cumulative_pool import Pool, partition
from allocator.models.route.cumulative_rounds import Stretch, searched
from allocator.models.route.cumulative_ruin import insertion_cost, shake
from allocator.models.route.cumulative_slots import LONGEST
from allocator.models.route.cumulative_state import Known, State, run_of
from allocator.models.route.cumulative_within import settled
from allocator.models.route.goals import values
from allocator.models.route.routes import Routes
from allocator.models.route.rules import broken

PRICE = Price(load=500.0, late=7.0)


def problem(
    seed: int, stops: int, kinds: int = 2, each: int = 2, tight: float = 0.8, shift: float = np.inf
) -> Cumulative:
    """A random problem: ways differ by direction, vehicles by type, two dimensions of load."""
    random = np.random.default_rng(seed)
    nodes = stops + kinds
    travel = random.integers(1, 60, (nodes, nodes)).astype(float)
    travel[stops:] += random.integers(0, 20, (kinds, 1))
    load = np.vstack([random.random((stops, 2)) + 0.1, np.zeros((kinds, 2))])
    factor = 1 + random.random((kinds, 1)) / 4
    return Cumulative(
        travel=travel,
        weight=np.r_[random.integers(1, 5, stops), np.zeros(kinds)].astype(float),
        load=load,
        capacity=factor * load.sum(axis=0) / (kinds * each) / tight,
        latest=np.full(kinds, shift),
        kind=np.repeat(np.arange(kinds), each),
    )


def dealt(one: Cumulative, seed: int) -> list[Order]:
    """Every stop in the route of some vehicle, at random."""
    random = np.random.default_rng(seed)
    vehicle = random.integers(0, len(one.kind), one.stops)
    order = random.permutation(one.stops)
    return [tuple(int(k) for k in order if vehicle[k] == v) for v in range(len(one.kind))]


def goal(one: Cumulative, vehicle: int, order: Order) -> float:
    """The goal of a route step by step, as the page states it."""
    kind = int(one.kind[vehicle])
    clock, place, total = 0.0, one.stops + kind, 0.0
    for stop in order:
        clock += one.travel[place, stop]
        total += one.weight[stop] * clock
        place = stop
    over = one.load[list(order)].sum(axis=0) - one.capacity[kind]
    late = clock + one.travel[place, one.stops + kind] - one.latest[kind]
    paid = PRICE.load * np.maximum(over, 0.0).sum()
    return float(total + paid + (PRICE.late * max(0.0, late) if order else 0.0))


def both(run: Order) -> tuple[Order, Order]:
    return run, run[::-1]


# --- moves ---------------------------------------------------------------------


@pytest.mark.parametrize("shift", [np.inf, 90.0])
@given(seed=st.integers(0, 10**6))
@hypothesis_settings(max_examples=8, derandomize=True, deadline=None)
def test_every_move_between_routes_changes_the_goal_by_what_it_says(
    shift: float, seed: int
) -> None:
    one = problem(seed, 9, kinds=1, each=2, shift=shift)
    here, there = dealt(one, seed)
    state = State(Known(one, PRICE), [here, there])
    left, right = state.slots(0), state.slots(1)
    before = goal(one, 0, here) + goal(one, 1, there)
    change = exchange(one, left, right, PRICE)
    for i, j in np.ndindex(change.shape):
        (a, a_end), (b, b_end) = run_of(left, i), run_of(right, j)
        after = min(
            goal(one, 0, here[:a] + coming + here[a_end:])
            + goal(one, 1, there[:b] + going + there[b_end:])
            for coming, going in product(both(there[b:b_end]), both(here[a:a_end]))
        )
        assert change[i, j] == pytest.approx(after - before, abs=1e-6)
    change = tails(one, left, right, PRICE)
    for i, j in np.ndindex(change.shape):
        after = goal(one, 0, here[:i] + there[j:]) + goal(one, 1, there[:j] + here[i:])
        assert change[i, j] == pytest.approx(after - before, abs=1e-6)


def test_runs_of_up_to_three_stops_and_all_tails_are_tried() -> None:
    one = problem(1, 10, kinds=1, each=2)
    state = State(Known(one, PRICE), [(0, 1, 2, 3, 4), (5, 6, 7, 8, 9)])
    left = state.slots(0)
    runs = {run_of(left, slot) for slot in range(left.nodes.shape[1])}
    assert runs == {(a, b) for a in range(6) for b in range(a, 6) if b - a <= LONGEST}
    assert len(left.cuts) == 6


@pytest.mark.parametrize("shift", [np.inf, 60.0])
@pytest.mark.parametrize("seed", range(6))
def test_a_settled_route_of_four_is_the_best_there_is(seed: int, shift: float) -> None:
    # Any order of three and most of four are one move away: a descent may miss few of four.
    one = problem(seed, 3, kinds=1, each=1, shift=shift)
    best = min(goal(one, 0, order) for order in permutations(range(3)))
    assert goal(one, 0, settled(one, 0, (0, 1, 2), PRICE)) == pytest.approx(best)


@pytest.mark.parametrize("stops", [2, 7, 19])
def test_settling_a_route_never_makes_it_worse(stops: int) -> None:
    one = problem(stops, stops, kinds=1, each=1)
    order = tuple(range(stops))
    found = settled(one, 0, order, PRICE)
    assert sorted(found) == list(order)
    assert goal(one, 0, found) <= goal(one, 0, order)
    runs = [(a, b) for a in range(stops) for b in range(a + 2, stops + 1)]
    for a, b in runs:  # no run turned is better
        turned = found[:a] + found[a:b][::-1] + found[b:]
        assert goal(one, 0, turned) >= goal(one, 0, found) - 1e-6


def test_insertion_costs_are_exact() -> None:
    one = problem(5, 8, shift=80.0)
    orders = [(0, 1), (2, 3, 4), (), (5, 6)]
    state = State(Known(one, PRICE), orders)
    places = [(v, at) for v, order in enumerate(orders) for at in range(len(order) + 1)]
    for (vehicle, at), cost in zip(places, insertion_cost(state, 7), strict=True):
        order = orders[vehicle]
        change = goal(one, vehicle, (*order[:at], 7, *order[at:])) - goal(one, vehicle, order)
        assert cost == pytest.approx(change, abs=1e-6)


def test_a_descent_ends_where_no_move_is_better() -> None:
    one = problem(3, 14)
    state = State(Known(one, PRICE), dealt(one, 3))
    state.descend()
    for a, b in permutations(range(4), 2):
        left, right = state.slots(a), state.slots(b)
        assert exchange(one, left, right, PRICE).min() >= -1e-6
        assert tails(one, left, right, PRICE).min() >= -1e-6
    assert state.goal() == pytest.approx(sum(goal(one, v, o) for v, o in enumerate(state.orders)))


def test_shaking_loses_no_stop() -> None:
    one = problem(4, 20)
    state = State(Known(one, PRICE), dealt(one, 4))
    for seed in range(20):
        shake(state, np.random.default_rng(seed))
        assert sorted(stop for order in state.orders for stop in order) == list(range(20))


# --- the whole search -----------------------------------------------------------


def brute(one: Cumulative) -> float:
    """The least goal over all plans that fit."""
    least = np.inf
    for vehicles in product(range(len(one.kind)), repeat=one.stops):
        total = 0.0
        for vehicle, kind in enumerate(one.kind.tolist()):
            mine = [stop for stop in range(one.stops) if vehicles[stop] == vehicle]
            ways = [o for o in permutations(mine) if one.fits(kind, o)]
            total += min((one.cost(kind, o) if o else 0.0 for o in ways), default=np.inf)
        least = min(least, total)
    return least


def value_of(one: Cumulative, orders: list[Order] | None) -> float:
    return np.inf if orders is None else sum(map(one.cost, one.kind.tolist(), orders))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shift", [np.inf, 75.0])
def test_brute_force_finds_nothing_better(seed: int, shift: float) -> None:
    one = problem(seed, 5, kinds=2, each=1, tight=0.75, shift=shift)
    orders = searched(one, (0,), None, Stretch(iterations=60)).best
    assert value_of(one, orders) == pytest.approx(brute(one))
    if orders is not None:
        assert all(map(one.fits, one.kind.tolist(), orders))


def test_same_seed_and_iterations_give_the_same_plan() -> None:
    one = problem(8, 25)
    first, again = (searched(one, (3,), None, Stretch(iterations=40)) for _ in range(2))
    assert first == again


def test_a_missing_way_is_not_used_where_another_plan_is_there() -> None:
    one = problem(2, 8, kinds=1, each=3)
    travel = one.travel.copy()
    travel[:4, 4:8] = NO_WAY
    one = replace(one, travel=travel)
    orders = searched(one, (0,), None, Stretch(iterations=60)).best
    assert orders is not None
    legs = {leg for order in orders for leg in pairwise(order)}
    assert not any(a < 4 <= b for a, b in legs)


# --- the program over a pool ------------------------------------------------------


def test_the_program_makes_the_best_plan_of_a_pool() -> None:
    one = problem(6, 4, kinds=2, each=1, tight=0.1)
    whole, first, second = (0, 1, 2, 3), (0, 1), (2, 3)
    plans: list[list[Order]] = [[first, second], [second, first], [whole, ()]]
    made = [(kind, order) for plan in plans for kind, order in enumerate(plan) if order]
    pool: Pool = {(k, frozenset(order)): (one.cost(k, order), order) for k, order in made}
    found = partition(one, pool, None)
    assert found is not None
    costs = [sum(one.cost(k, o) if o else 0.0 for k, o in enumerate(plan)) for plan in plans]
    assert found == plans[int(np.argmin(costs))]


def test_without_a_plan_in_the_pool_there_is_none() -> None:
    one = problem(6, 4, kinds=1, each=1, tight=0.1)
    pool: Pool = {(0, frozenset((0, 1))): (1.0, (0, 1)), (0, frozenset((2, 3))): (1.0, (2, 3))}
    assert partition(one, pool, None) is None


def test_penalties_are_those_of_overload_and_late_return() -> None:
    one = problem(9, 6, kinds=1, each=1, tight=2.0, shift=10.0)
    order = tuple(range(6))
    paid = penalty(one, 0, order, PRICE)
    assert paid == pytest.approx(goal(one, 0, order) - one.cost(0, order))
    assert paid > 0


# --- from a case -------------------------------------------------------------------


def case_of(seed: int, stops: int = 12, vehicles: int = 4) -> RouteCase:
    random = np.random.default_rng(seed)
    way = rounded(random.integers(0, 100, (stops + 1, 2)))
    fleet = Fleet(vehicles, 12.0)
    load = random.integers(1, 4, stops)
    return building_case(way, load, [fleet], minutes=way, goals=ARRIVALS)


def test_routes_of_a_case_keep_its_rules_and_have_the_value_searched_for() -> None:
    case = case_of(1)
    told: list[Routes] = []
    routes = cumulative(case, seed=2, iterations=60, report=told.append)
    assert not broken(case, routes)
    assert told[-1] == routes
    counted = [values(case, one)["arrivals"] for one in told]
    assert counted == sorted(counted, reverse=True)
    problem = from_case(case)
    orders = [tuple(visit.stop for visit in route.visits) for route in routes]
    assert counted[-1] == pytest.approx(sum(problem.cost(0, order) for order in orders))
    assert cumulative(case, seed=2, iterations=60) == routes


def test_the_search_goes_on_from_a_plan_and_never_ends_worse() -> None:
    case = case_of(3)
    first = cumulative(case, iterations=10)
    again = cumulative(case, seed=1, iterations=10, start=first)
    assert values(case, again)["arrivals"] <= values(case, first)["arrivals"]


def test_two_workers_give_the_same_plan_twice() -> None:
    case = case_of(4)
    one, other = (cumulative(case, seed=5, iterations=20, workers=2) for _ in range(2))
    assert one == other


def test_stops_beyond_the_fleet_are_left_out_those_of_small_prize_first() -> None:
    case = case_of(5, stops=6, vehicles=1)
    load = np.array([5.0, 5.0, 5.0, 5.0, 1.0, 1.0])[:, None]
    prize = np.array([9.0, 8.0, 1.0, 2.0, 9.0, 9.0])
    case = case.replace(stops=replace(case.stops, load=load, prize=prize))
    routes = cumulative(case, iterations=10)
    assert sorted(visit.stop for route in routes for visit in route.visits) == [0, 1, 4, 5]


@pytest.mark.parametrize(
    ("stops", "vehicles", "word"),
    [
        ({"windows": (((0.0, 9.0),),) * 12}, {}, "time windows"),
        ({"release": np.ones(12)}, {}, "release times"),
        ({"permitted": np.zeros((12, 1), bool)}, {}, "permits"),
        ({}, {"farthest": np.array([9.0])}, "distance limits"),
    ],
)
def test_rules_it_cannot_keep_are_named(
    stops: dict[str, object], vehicles: dict[str, object], word: str
) -> None:
    case = case_of(6)
    assert obstacles(case) == ()
    case = case.replace(
        stops=replace(case.stops, **stops),  # type: ignore[arg-type]
        vehicles=replace(case.vehicles, **vehicles),  # type: ignore[arg-type]
    )
    assert obstacles(case) == (word,)
