"""Split deliveries: pieces by rule, visits cut anew, plans that share loads."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.models.route.by_rule import by_rule
from allocator.models.route.goals import values
from allocator.models.route.pyvrp_data import translate
from allocator.models.route.pyvrp_router import case_is_large, pyvrp_router
from allocator.models.route.routes import Route, Trip, Visit, shares
from allocator.models.route.rules import broken
from allocator.models.route.solve import solve
from allocator.models.route.split import cut_stops, first_pieces, new_pieces
from tests.route_model_cases import case_of, line_case, stops_of, vehicles_of


def loads_case(loads: list[float], capacity: float = 100.0, split: str = "always", **given):
    load = np.array(loads).reshape(-1, 1)
    at = [10.0 + k for k in range(len(loads))]
    stops = {"load": load, **given}
    return line_case(at, stops=stops, vehicles={"capacity": np.array([[capacity]])}, split=split)


def amounts(case, pieces) -> list[list[float]]:
    found: list[list[float]] = [[] for _ in case.stops.ids]
    for stop, share in pieces:
        found[stop].append(round(share * float(case.stops.load[stop, 0]), 6))
    return found


def test_pieces_are_a_fifth_a_tenth_a_twentieth_and_a_hundredth_of_the_vehicle() -> None:
    case = loads_case([60.0, 90.0, 37.0])
    twos = [20.0, 10.0, 5.0, 1.0, 1.0]
    assert amounts(case, first_pieces(case)) == [[20.0] * 3, [20.0] * 4 + [10.0], twos]


def test_only_what_is_too_large_is_cut_where_that_is_all_that_is_allowed() -> None:
    case = loads_case([60.0, 250.0], split="needed")
    assert cut_stops(case) == [1]
    assert amounts(case, first_pieces(case))[0] == [60.0]
    assert cut_stops(case.replace(split="never")) == []
    whole = loads_case([60.0, 250.0], divisible=np.array([False, False]))
    assert cut_stops(whole) == []


def test_a_load_no_vehicle_limits_stays_whole() -> None:
    case = loads_case([60.0], capacity=inf)
    assert first_pieces(case) == ((0, 1.0),)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(0.5, 400.0), min_size=1, max_size=4),
    st.floats(5.0, 150.0),
    st.integers(0, 9),
)
def test_pieces_add_up_and_fit_the_vehicle(loads: list[float], room: float, seed: int) -> None:
    case = loads_case(loads, room)
    route = Route(0, 0, (Trip(0, (Visit(0, 0.5),), 0),))
    for pieces in (first_pieces(case), new_pieces(case, (route,), np.random.default_rng(seed))):
        total = np.zeros(len(loads))
        for stop, share in pieces:
            assert 0 < share <= 1
            total[stop] += share
        assert total == pytest.approx(1.0)
    assert all(max(own) <= room + 1e-5 for own in amounts(case, first_pieces(case)))


def test_visits_are_cut_so_that_the_plan_can_still_be_told() -> None:
    case = loads_case([60.0, 90.0, 50.0])
    visits = (Visit(0, 0.5), Visit(1, 70 / 90))
    other = (Visit(0, 0.5), Visit(1, 20 / 90), Visit(2))
    routes = tuple(Route(0, k, (Trip(0, v, 0),)) for k, v in enumerate((visits, other)))
    for seed in range(8):
        problem = translate(case, new_pieces(case, routes, np.random.default_rng(seed)))
        told = problem.routes(problem.plain(routes))
        assert shares(told, 3) == pytest.approx(1.0)
        assert values(case, told)["cost"] == values(case, routes)["cost"]


def test_three_loads_of_two_thirds_take_two_vehicles_instead_of_three() -> None:
    case = loads_case([66.0, 66.0, 66.0])
    split = pyvrp_router(case, None, 0, 400)
    whole = pyvrp_router(case.replace(split="never"), None, 0, 100)
    assert broken(case, split) == []
    assert values(case, whole)["cost"] == 66
    assert values(case, split)["cost"] == 46
    assert shares(split, 3) == pytest.approx(1.0)


def test_a_load_beyond_every_vehicle_is_brought_in_parts_where_that_is_allowed() -> None:
    case = loads_case([250.0, 40.0], split="needed")
    routes = pyvrp_router(case, None, 0, 400)
    assert broken(case, routes) == []
    assert shares(routes, 2) == pytest.approx(1.0)
    assert values(case, routes)["cost"] == 62
    left = pyvrp_router(case.replace(split="never"), None, 0, 100)
    assert shares(left, 2).tolist() == [0.0, 1.0]


def test_small_vehicles_take_what_large_ones_leave() -> None:
    """Two stops of 8: the truck carries one, four bicycles with room for 2 the other, in parts."""
    vehicles = {
        "capacity": np.array([[10.0], [2.0]]),
        "count": np.array([1, 4]),
        "per_km": np.array([1.0, 0.1]),
    }
    stops = stops_of(2, 2, 3, load=np.full((2, 1), 8.0), prize=np.full(2, 50.0))
    far = np.array([[0.0, 10.0, 10.0], [10.0, 0.0, 20.0], [10.0, 20.0, 0.0]])
    case = case_of(far, stops, vehicles_of(2, **vehicles))
    by_hand = 20 + 4 * 2.0
    routes = by_rule(case)
    assert (values(case, routes)["unserved"], values(case, routes)["cost"]) == (0, by_hand)
    found = solve(case, iterations=50)
    assert (found.values["unserved"], found.values["cost"]) == (0, by_hand)
    never = by_rule(case.replace(split="never"))
    assert values(case, never)["unserved"] == 50


def test_many_pieces_of_few_stops_are_searched_as_a_whole() -> None:
    assert len(first_pieces(loads_case([90.0] * 150))) > 500
    assert not case_is_large(loads_case([90.0] * 150))
    assert case_is_large(loads_case([90.0] * 501, split="never"))
    assert case_is_large(loads_case([97.0] * 200))
