"""PyVRP behind routing: every rule as the reference has it, limits, repairs, whole numbers."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from math import inf

import numpy as np
import pytest

from allocator.engine.executors import PROCESSES, open_workers
from allocator.errors import AllocatorError, InstanceError
from allocator.models.route.capabilities import ROUTERS, lacking
from allocator.models.route.goals import ordered, values
from allocator.models.route.parallel import Recipe, search_together
from allocator.models.route.pool import combine
from allocator.models.route.pyvrp_data import translate
from allocator.models.route.pyvrp_parts import counts, reachable, settled
from allocator.models.route.pyvrp_router import pyvrp_router
from allocator.models.route.pyvrp_scale import FINE, down, near, steps_of, up
from allocator.models.route.pyvrp_search import Limits, Search, penalties
from allocator.models.route.routes import Route, Trip, Visit, shares
from allocator.models.route.rules import broken
from tests.route_model_cases import (
    case_of,
    goals,
    line_case,
    plane,
    random_case,
    readable,
    stops_of,
)
from tests.route_model_cases import vehicles_of as fleet_of

SEEDS = range(24)


def suitable(seed: int, n: int = 5) -> bool:
    return not lacking(ROUTERS["pyvrp"], random_case(seed, n, 1 + seed % 3))


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if suitable(seed)])
def test_what_it_finds_breaks_no_rule_and_costs_what_the_timetable_says(seed: int) -> None:
    case = random_case(seed, 5, 1 + seed % 3)
    pieces = reachable(case)
    problem = translate(case, pieces, soft=True)
    found = search_together(Recipe(case, pieces, True, None), None, 0, 200, 1, lambda found: True)
    routes = problem.routes(found.plain)  # as they are, nothing repaired
    assert broken(case, routes) == []
    solution = problem.solution(found.plain)
    cost = solution.distance_cost() + solution.duration_cost() + solution.fixed_vehicle_cost()
    assert cost / problem.scale.goal == pytest.approx(values(case, routes)["cost"], rel=1e-5)


@pytest.mark.parametrize("seed", [0, 4, 6, 7, 8, 9, 10, 11, 12, 13])
def test_it_finds_what_the_reference_proves(seed: int) -> None:
    case = random_case(seed, 4, 1 + seed % 3).replace(split="never")
    proven, _ = readable("route_reference").solve(case)
    routes = pyvrp_router(case, None, 0, 200)
    assert ordered(case, values(case, routes)) == pytest.approx(tuple(proven.values()), abs=1e-4)


def test_a_case_of_the_reference_is_one_it_can_express() -> None:
    assert all(suitable(seed, 4) for seed in (0, 4, 6, 7, 8, 9, 10, 11, 12, 13))


def test_same_seed_and_iterations_give_the_same_routes_by_one_worker_or_two() -> None:
    case = case_of(plane(random.Random(3), 31), stops_of(30, 1, 31), fleet_of())
    for workers in (1, 2):
        one, two = (pyvrp_router(case, None, 5, 400, workers=workers) for _ in range(2))
        assert one == two
        assert broken(case, one) == []


def test_a_limit_too_short_keeps_the_plan_it_was_given_and_none_without_one() -> None:
    case = line_case([1.0, 2.0, 3.0])
    start = pyvrp_router(case, None, 0, 50)
    assert values(case, pyvrp_router(case, 0.0, 0, None, start))["cost"] == 6
    routes = pyvrp_router(case, 0.0)
    assert broken(case, routes) == []


def test_every_better_plan_is_told_and_the_last_one_is_returned() -> None:
    case = case_of(plane(random.Random(1), 26), stops_of(25, 1, 26), fleet_of())
    told = []
    routes = pyvrp_router(case, None, 0, 800, report=told.append)
    costs = [values(case, one)["cost"] for one in told]
    assert told[-1] == routes
    assert costs == sorted(costs, reverse=True)


def test_a_start_with_more_vehicles_of_a_home_than_its_share_of_the_pool_is_cut() -> None:
    fleet = fleet_of(
        2, line=np.zeros(2, dtype=np.int64), home=np.array([0, 1]), end=np.array([0, 1])
    )
    origins = np.array([[True, False, False], [False, True, False]]).repeat(2, axis=0)
    places = stops_of(4, 2, 3, place=np.full(4, 2), origins=origins[:, :3])
    case = case_of(plane(random.Random(2), 3), places, fleet)
    case = case.replace(vehicles=replace(case.vehicles, count=np.array([2, 2])))
    whole = [Route(0, n, (Trip(0, (Visit(n),), 0),)) for n in range(2)]
    problem = translate(case, reachable(case))
    assert len(problem.plain(tuple(whole))) == 1
    problem.solution(problem.plain(tuple(whole)))
    routes = pyvrp_router(case, None, 0, 50, tuple(whole))
    assert broken(case, routes) == []


def test_vehicles_of_a_pool_are_where_a_plan_uses_them() -> None:
    fleet = fleet_of(2, line=np.zeros(2, dtype=np.int64), home=np.array([0, 1]))
    fleet = replace(fleet, end=fleet.home, count=np.array([3, 3]))
    case = case_of(plane(random.Random(2), 5), stops_of(3, 2, 5, 2), fleet)
    routes = tuple(Route(1, n, (Trip(1, (Visit(n),), 1),)) for n in range(3))
    fixed = settled(case, routes)
    assert fixed.vehicles.count.tolist() == [0, 3]
    assert len(translate(fixed).plain(routes)) == 3
    assert settled(case, routes[:2]).vehicles.count.sum() == 3
    assert settled(case, ()).vehicles.count.tolist() == counts(case).tolist()


def test_a_dimension_no_vehicle_carries_leaves_shares_of_a_pool_defined() -> None:
    fleet = fleet_of(2, line=np.zeros(2, dtype=np.int64), capacity=np.array([[9.0, 0.0]] * 2))
    case = case_of(plane(random.Random(2), 3), stops_of(2, 2, 3, load=np.ones((2, 2))), fleet)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert counts(case).sum() == case.vehicles.count.max()


def test_missing_arcs_do_not_count_in_the_first_penalties() -> None:
    own = np.arange(30)[:, None] % 3 == np.arange(3)  # each type is barred from most stops
    case = case_of(plane(random.Random(3), 31), stops_of(30, 3, 31), fleet_of(3))
    barred = case.replace(stops=replace(case.stops, permitted=own))
    for gentle in (True, False):
        loads, minutes, _ = penalties(translate(barred), gentle).penalties()
        plain_loads, plain_minutes, _ = penalties(translate(case), gentle).penalties()
        assert loads == pytest.approx(plain_loads, rel=0.5)
        assert minutes == pytest.approx(plain_minutes, rel=0.5)


def test_times_bind_where_something_limits_them() -> None:
    free = line_case([1.0, 2.0, 3.0], stops={"windows": (((0.0, inf),),) * 3})
    free = free.replace(vehicles=replace(free.vehicles, late=np.array([inf])))
    assert not translate(free).limits_time
    for name in ("late", "longest"):
        fleet = replace(free.vehicles, **{name: np.array([9.0])})
        assert translate(free.replace(vehicles=fleet)).limits_time
    windows = (*free.stops.windows[:2], ((0.0, 5.0),))
    assert translate(free.replace(stops=replace(free.stops, windows=windows))).limits_time


def test_required_stops_behind_a_missing_arc_are_left_not_driven_to() -> None:
    case = line_case([1.0, 2.0, 3.0])
    case.minutes[:, 1, :] = case.minutes[:, :, 3] = inf
    np.fill_diagonal(case.minutes[0], 0.0)
    case.minutes[:, 1, 0] = 1.0
    routes = pyvrp_router(case, None, 0, 100)
    assert broken(case, routes) == []
    assert shares(routes, 3).tolist() == [1.0, 1.0, 0.0]


def test_required_stops_that_no_order_can_hold_are_served_as_far_as_possible() -> None:
    windows = (((0.0, 5.0),), ((0.0, 5.0),), ((0.0, 5.0),))
    case = line_case(
        [5.0, -5.0, 4.0], stops={"windows": windows}, vehicles={"count": np.array([1])}
    )
    routes = pyvrp_router(case, None, 0, 100)
    assert broken(case, routes) == []
    assert values(case, routes)["required_unserved"] == 1
    assert values(case, routes)["cost"] == 10


def test_within_a_trip_the_class_never_falls() -> None:
    access = np.array([2, 0, 1])
    case = line_case([1.0, 2.0, 3.0], stops={"access": access})
    free = pyvrp_router(case.replace(clean_order=False), None, 0, 100)
    clean = pyvrp_router(case, None, 0, 100)
    assert values(case, free)["cost"] == 6
    assert [access[visit.stop] for visit in clean[0].visits] == [0, 1, 2]
    assert values(case, clean)["cost"] == 6


def test_decontamination_takes_time_before_the_next_loading() -> None:
    case = line_case(
        [10.0, -10.0],
        stops={"access": np.array([2, 2]), "load": np.full((2, 1), 10.0)},
        vehicles={
            "trips": np.array([2]),
            "count": np.array([1]),
            "late": np.array([45.0]),
            "decontaminate": np.array([[0.0, 0.0, 5.0]]),
        },
    )
    assert len(shares(pyvrp_router(case, None, 0, 100), 2).nonzero()[0]) == 1
    longer = case.replace(vehicles=fleet_of(1, **{**vars(case.vehicles), "late": np.array([50.0])}))
    assert shares(pyvrp_router(longer, None, 0, 100), 2).tolist() == [1.0, 1.0]


def test_no_stop_is_left_to_save_cost_and_dear_ones_come_first() -> None:
    stops = {"prize": np.array([1.0, 2.0]), "load": np.full((2, 1), 10.0)}
    one = {"count": np.array([1]), "fixed": np.array([1000.0])}
    case = line_case([50.0, -50.0], stops=stops, vehicles=one)
    assert shares(pyvrp_router(case, None, 0, 100), 2).tolist() == [0.0, 1.0]
    weighed = case.replace(goals=goals("unserved+cost"))
    assert pyvrp_router(weighed, None, 0, 100) == ()


def test_fewest_vehicles_before_cost() -> None:
    case = line_case([1.0, -1.0, 30.0], goals=goals("unserved", "vehicles", "cost"))
    loads = {"per_km": np.array([100.0])}
    case = case.replace(vehicles=fleet_of(1, **{**vars(case.vehicles), **loads}))
    assert values(case, pyvrp_router(case, None, 0, 100))["vehicles"] == 1


def test_whole_numbers_stay_whole_and_others_are_rounded_to_the_safe_side() -> None:
    assert steps_of([1.0, 250.0, inf]) == 1
    assert steps_of([0.1, 12.3]) == 10
    assert steps_of([1 / 3]) == 1000
    assert steps_of([FINE / 2, 0.123456]) == 1
    assert up([0.3, 1 / 3], 10).tolist() == [3, 4]
    assert down([0.3, 1 / 3], 10).tolist() == [3, 3]
    assert near([0.36], 10).tolist() == [4]
    case = line_case([3.0, 4.0])
    assert translate(case).scale.goal == 1
    assert translate(case).data.distance_matrix(0)[0].tolist() == [0, 3, 4]


def test_numbers_that_overflow_are_refused_all_at_once() -> None:
    case = line_case([1.0e12], stops={"load": np.array([[1e13]])})
    with pytest.raises(InstanceError) as raised:
        translate(case)
    assert {fault.code for fault in raised.value.faults} == {"E1330"}
    assert len(raised.value.faults) == 3


def test_prizes_weighed_beyond_counting_are_refused() -> None:
    prize = {"prize": np.array([1e-9, 1e9])}
    case = line_case([1.0, 2.0], stops=prize, goals=goals("1000000000*unserved + cost"))
    with pytest.raises(InstanceError) as raised:
        translate(case)
    assert raised.value.code == "E1330"


def test_the_pool_gives_the_best_of_two_solutions_halves() -> None:
    case = line_case([10.0, 11.0, -10.0, -11.0], vehicles={"capacity": np.array([[2.0]])})
    problem = translate(case)
    search = Search(problem, 0)
    search.pool = {
        (0, frozenset({0, 1})): (22, (0, 1)),
        (0, frozenset({2})): (20, (2,)),
        (0, frozenset({3})): (22, (3,)),
        (0, frozenset({2, 3})): (22, (2, 3)),
        (0, frozenset({0, 2})): (40, (0, 2)),
    }
    made = combine(problem, search.pool, 64, None)
    assert made is not None
    assert made.proven
    assert (made.cost, set(made.plain)) == (44, {(0, (0, 1)), (0, (2, 3))})
    assert combine(problem, search.pool, 44, None) is None


def test_a_search_goes_on_from_what_it_is_offered() -> None:
    case = case_of(plane(random.Random(5), 41), stops_of(40, 1, 41), fleet_of())
    problem = translate(case)
    good = Search(problem, 1)
    good.run(Limits(inf, 500))
    other = Search(problem, 2)
    other.offer(good.plain())
    assert other.run(Limits(inf, 1)) <= good.cost(good.best)


def test_processes_hold_objects_and_pass_errors_on() -> None:
    with open_workers(PROCESSES, 2) as workers:
        placed = workers.place(int, [(3,), (4,)])
        assert workers.call(pow, placed, 2) == [9, 16]
        with pytest.raises(AllocatorError, match="ZeroDivisionError"):
            workers.call(divmod, placed, 0)


@pytest.mark.skipif(os.name == "nt", reason="looks at processes as Linux shows them")
def test_processes_end_with_their_parent() -> None:
    code = (
        "import os, time\n"
        "from allocator.engine.executors import open_workers\n"
        "with open_workers('processes', 1) as workers:\n"
        "    placed = workers.place(int, [(1,)])\n"
        "    print(placed[0]._process.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    child = int(ran.stdout)
    for _ in range(100):
        if not _runs(child):
            return
        time.sleep(0.05)
    raise AssertionError("the process outlived its parent")


def _runs(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_prize_that_is_next_to_nothing_does_not_outgrow_whole_numbers() -> None:
    case = line_case([10.0, 20.0, 30.0], stops={"prize": np.array([1e-9, 5e6, 1e7])})
    translate(case)
    assert values(case, pyvrp_router(case, iterations=50))["unserved"] == 0
