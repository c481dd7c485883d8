"""What holds for the routing case of any instance; its routes pass the judge."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.check.route import check_routes
from allocator.generate.lockdown import lockdown
from allocator.generate.options import DEFAULT_FEATURES, ROUTES
from allocator.instance import Instance
from allocator.instance.route_build import route_case
from allocator.instance.route_case import RouteCase
from allocator.models.route.by_rule import by_rule
from allocator.models.route.routes import Route, Trip, Visit
from tests.route_cases import plan_of
from tests.route_instances import town as small_town

EXAMPLES = settings(max_examples=6, derandomize=True, deadline=None)
SEEDS = st.integers(0, 10_000)


def town(seed: int, extra: frozenset[str] = frozenset()) -> Instance:
    return lockdown(6, 2, 3, 1, seed=seed, features=DEFAULT_FEATURES | {ROUTES} | extra)


def needs_case(instance: Instance, period: int = 1) -> RouteCase:
    return route_case(instance, None, period, check=False)


@EXAMPLES
@given(SEEDS)
def test_goods_loads_and_shares_add_up(seed: int) -> None:
    case = needs_case(town(seed))
    loads = case.goods.groupby("stop")[list(case.dimensions)].sum().to_numpy()
    assert np.allclose(case.stops.load, loads)
    assert set(case.goods["stop"]) == set(range(len(case.stops)))
    assert len(set(case.stops.ids)) == len(case.stops)
    assert case.stops.origins.any(axis=1).all()
    assert (case.stops.prize >= 0).all()
    assert (case.stops.service >= 0).all()


@EXAMPLES
@given(SEEDS)
def test_windows_are_in_order_and_within_the_period(seed: int) -> None:
    for windows in needs_case(town(seed)).stops.windows:
        ends = [minute for window in windows for minute in window]
        assert ends == sorted(ends)
        assert not ends or (ends[0] >= 0 and (ends[-1] <= 1440 or np.isinf(ends[-1])))


@EXAMPLES
@given(SEEDS)
def test_a_curfew_more_opens_nothing(seed: int) -> None:
    plain = town(seed)
    more = pd.concat(
        [plain["curfews"], pd.DataFrame({"zone_id": [""], "from": ["15:00"], "to": ["16:00"]})]
    )
    before, after = needs_case(plain), needs_case(plain.replace(curfews=more))
    names = {name.split("/")[0] for name in before.stops.ids}
    assert {name.split("/")[0] for name in after.stops.ids} == names
    for windows in after.stops.windows:
        assert all(not (900 <= a < 960 or 900 < b < 960) for a, b in windows)


@EXAMPLES
@given(SEEDS)
def test_permits_more_never_take_a_way_away(seed: int) -> None:
    plain = town(seed)
    free = plain.replace(vehicles=plain["vehicles"].assign(zones="", access=""))
    shipped = needs_case(plain)
    orders = shipped.goods.assign(
        place_id=[case_place(shipped, stop) for stop in shipped.goods["stop"]]
    )
    before = route_case(plain, orders=orders, check=False)
    after = route_case(free, orders=orders, check=False)
    assert before.stops.ids == after.stops.ids
    assert (after.stops.permitted >= before.stops.permitted).all()
    told = [sum(note.code in ("E1604", "E1608") for note in case.notes) for case in (before, after)]
    assert told[1] <= told[0]


def case_place(case: RouteCase, stop: int) -> str:
    return case.places[int(case.stops.place[stop])]


@EXAMPLES
@given(SEEDS)
def test_the_orders_of_a_case_give_the_case_again(seed: int) -> None:
    instance = town(seed)
    first = needs_case(instance)
    orders = first.goods.assign(place_id=[case_place(first, s) for s in first.goods["stop"]])
    orders = orders.groupby(["place_id", "item_id", "from_id"], sort=False)["quantity"].sum()
    second = route_case(instance, orders=orders.reset_index(), check=False)
    assert first.stops.ids == second.stops.ids
    assert np.allclose(first.stops.load, second.stops.load)
    assert np.allclose(first.stops.prize, second.stops.prize)
    assert first.stops.windows == second.stops.windows


@EXAMPLES
@given(SEEDS)
def test_names_of_places_change_nothing(seed: int) -> None:
    instance = town(seed)
    names = instance["communities"]["community_id"]
    other = dict(zip(names, [f"x{name}" for name in names], strict=True))
    changed = {
        table: instance[table].assign(
            **{
                column: instance[table][column].replace(other)
                for column in columns
                if column in instance[table]
            }
        )
        for table, columns in _NAMED.items()
    }
    renamed = instance.replace(policy=None, name=None, validate=False, **changed)
    first, second = needs_case(instance), needs_case(renamed)
    assert [name.removeprefix("x") for name in second.stops.ids] == list(first.stops.ids)
    assert (first.stops.load == second.stops.load).all()
    assert (first.minutes == second.minutes).all()


_NAMED = {
    "communities": ["community_id"],
    "access": ["place_id"],
    "gates": ["community_id"],
    "needs": ["community_id"],
    "stocks": ["place_id", "earmark"],
    "arrivals": ["place_id", "earmark"],
    "in_transit": ["place_id", "earmark"],
    "links": ["from_id", "to_id"],
    "stops": ["community_id"],
}


@EXAMPLES
@given(SEEDS)
def test_routes_by_rule_of_the_case_pass_the_judge(seed: int) -> None:
    case = needs_case(town(seed))
    assert not len(check_routes(case, plan_of(case, by_rule(case))).violations)


def test_many_small_deliveries_add_up_to_the_order() -> None:
    orders = pd.DataFrame(
        {"place_id": ["A"], "item_id": ["box"], "quantity": [70.8692137], "from_id": ["W"]}
    )
    case = route_case(small_town(), orders=orders, check=False)
    visits = tuple(Visit(0, 1 / 300) for _ in range(300))
    routes = (Route(0, 0, (Trip(case.places.index("W"), visits, case.places.index("W")),)),)
    deliveries = plan_of(case, routes)["deliveries"]
    assert len(deliveries) == 300
    assert abs(deliveries["quantity"].sum() - 70.8692137) < 1e-6
    assert deliveries["quantity"].max() - deliveries["quantity"].min() < 3e-6
