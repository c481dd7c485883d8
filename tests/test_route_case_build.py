"""The routing case of an instance: what is brought where, when, by what, along which ways."""

from __future__ import annotations

import pickle
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allocator.instance import Instance, instance_hash, load, save
from allocator.instance.clock import common, daily, joined, period_clock, without
from allocator.instance.lanes import great_circle_km
from allocator.instance.route_build import route_case
from allocator.instance.route_case import RouteCase
from allocator.instance.route_fleet import divided
from tests.route_instances import FRAMES, SHIPPED, dispatch, town, with_columns

INF = np.inf


def stop(case: RouteCase, name: str) -> int:
    return case.stops.ids.index(name)


def vehicle(case: RouteCase, kind: str, home: str) -> int:
    at = case.places.index(home)
    pairs = list(zip(case.vehicles.ids, case.vehicles.home.tolist(), strict=True))
    return pairs.index((kind, at))


def test_shipments_of_the_period_become_stops_by_place_and_origin() -> None:
    case = route_case(town(), dispatch(), 1)
    assert case.stops.ids == ("A", "B@W", "B@M", "C")
    assert case.places == ("W", "M", "A", "B", "C")
    assert case.dimensions == ("kg",)
    assert case.stops.load[:, 0] == pytest.approx([501, 600, 400, 200])
    origins = [[case.places[p] for p in np.flatnonzero(row)] for row in case.stops.origins]
    assert origins == [["W"], ["W"], ["M"], ["M"]]
    assert case.goods.groupby("stop")["quantity"].sum().tolist() == [110, 120, 80, 40]
    assert case.notes == ()


def test_the_second_period_has_its_own_shipments() -> None:
    case = route_case(town(), dispatch(), 2)
    assert case.stops.ids == ("C",)
    assert case.period == 2


def test_needs_come_from_the_nearest_stock_and_then_from_the_next() -> None:
    case = route_case(town(), None, 1)
    goods = case.goods[case.goods["item_id"] == "box"]
    lines = [
        (case.stops.ids[s].split("@")[0], start, amount)
        for s, start, amount in zip(goods["stop"], goods["from_id"], goods["quantity"], strict=True)
    ]
    # W is nearer to A and B and has 250: A takes 100, B the 150 that are left and 50 of M.
    assert lines == [("A", "W", 100), ("B", "W", 150), ("B", "M", 50), ("C", "M", 40)]


def test_without_stocks_every_open_site_may_send() -> None:
    frames = {name: columns for name, columns in FRAMES.items() if name != "stocks"}
    instance = Instance.from_frames(**{name: pd.DataFrame(c) for name, c in frames.items()})
    case = route_case(instance)
    assert case.stops.ids == ("A", "B", "C")
    assert case.stops.origins[:, :2].all()
    assert not case.stops.origins[:, 2:].any()


def test_service_takes_handling_minutes_over_the_hands_at_the_gate() -> None:
    case = route_case(town(), dispatch(), 1)
    # A's 100 boxes take 100 minutes of two people; B has one; C has no gate.
    assert case.stops.service == pytest.approx([50, 120, 80, 0])
    blank = with_columns("gates", hands=[4, None])
    # B: 300 minutes within two hours are the work of 2.5 people, within one hour of 5.
    assert route_case(town(**blank), dispatch()).stops.service == pytest.approx([25, 48, 32, 0])
    quick = town({"gate_minutes": 60.0}, **blank)
    assert route_case(quick, dispatch()).stops.service == pytest.approx([25, 24, 16, 0])
    said = {"stops": {"community_id": ["B"], "service_minutes": [30]}}
    assert route_case(town(**said), dispatch()).stops.service[1:3] == pytest.approx([18, 12])


def test_a_gate_with_too_little_time_is_a_limit_and_another_is_none() -> None:
    assert route_case(town(), dispatch()).gates is None
    tight = with_columns("gates", handling_minutes=[1200, 150])
    gates = route_case(town(**tight), dispatch()).gates
    assert gates is not None
    assert gates.tolist() == [INF, INF, INF, 150, INF]


def test_windows_leave_time_to_hand_over_before_the_gate_closes() -> None:
    case = route_case(town(), dispatch(), 1)
    # 08:00 to 18:00 less 50 minutes of service and 15 of the truck's unloading.
    assert case.stops.windows[0] == ((480, 1015),)
    assert case.stops.windows[3] == ((0, INF),)


def test_goods_that_no_single_opening_can_take_come_in_parts() -> None:
    noon = {"curfews": {"zone_id": ["inner"], "from": ["12:00"], "to": ["14:00"]}}
    slow = with_columns("gates", hands=[0.25, None])  # A's 100 minutes of handling take 400.
    case = route_case(town(**slow, **noon), dispatch(), 1)
    assert case.stops.ids[:2] == ("A/1", "A/2")
    assert case.stops.service[:2] == pytest.approx([200, 200])
    assert case.stops.windows[0] == ((480, 505), (840, 865))
    assert case.goods.loc[case.goods["stop"] < 2, "quantity"].tolist() == [50, 5, 50, 5]
    assert case.stops.prize[:2] == pytest.approx([100, 100])
    packs = with_columns("items", whole_packs=[True, True], pack_size=[20, 10])
    case = route_case(town(**slow, **noon, **packs), dispatch(), 1)
    goods = case.goods[case.goods["stop"] < 3]
    assert goods["quantity"].tolist() == [40, 10, 40, 20]


def test_curfews_cut_the_day_of_their_zone() -> None:
    curfew = {
        "curfews": {
            "zone_id": ["inner", "outer", ""],
            "period": [None, 1, 2],
            "from": ["12:00", "20:00", "00:00"],
            "to": ["14:00", "06:00", "23:00"],
        }
    }
    case = route_case(town(**curfew), dispatch(), 1)
    assert case.stops.windows[0] == ((480, 655), (840, 1015))
    assert case.stops.windows[3] == ((360, 1190),)  # 20:00 less unloading; it reaches over night.
    assert route_case(town(**curfew), dispatch(), 2).stops.windows[0] == ((1380, INF),)


def test_hours_ready_due_and_worth_of_a_stop_stand_in_its_table() -> None:
    said = {
        "stops": {
            "community_id": ["A", "B", "C", "A"],
            "period": [1, None, None, None],
            "opens": ["09:00", "", "", "10:00"],
            "closes": ["", "", "12:00", ""],
            "ready": ["", "06:30", "", ""],
            "due": ["11:00", "", "", ""],
            "required": [True, False, False, False],
            "prize": [None, 300, None, None],
            "weight": [None, None, 7, None],
            "contacts": [None, 9, None, None],
        }
    }
    stops = route_case(town(**said), dispatch(), 1).stops
    assert stops.windows[0][0][0] == 540
    assert stops.windows[3] == ((0, 710),)
    assert stops.due.tolist() == [660, INF, INF, INF]
    assert stops.release.tolist() == [0, 390, 390, 0]
    assert stops.prize[:3] == pytest.approx([INF, 180, 120])  # Shared by load.
    assert stops.weight[3] == 7
    assert stops.contacts.tolist() == [4, 9, 9, 1]


def test_prizes_are_person_days_with_urgent_tiers_first() -> None:
    stops = route_case(town(), dispatch(), 1).stops
    # A: 10 people of tier 1 count tenfold, 100 of tier 2; B has weight 2; C 400 people.
    assert stops.prize == pytest.approx([10 * 10 + 100, 2 * 120, 2 * 80, 400])
    assert stops.weight == pytest.approx(stops.prize)
    half = with_columns("periods", minutes=[720, 1440])
    shorter = route_case(town(**half), dispatch(), 1).stops
    assert shorter.prize == pytest.approx(stops.prize / 2)
    assert shorter.weight == pytest.approx(stops.weight)


def test_permits_are_those_of_zones_and_classes() -> None:
    case = route_case(town(), dispatch(), 1)
    truck, van = vehicle(case, "truck", "W"), vehicle(case, "van", "M")
    assert case.stops.permitted[:, truck].tolist() == [True, True, True, False]
    assert case.stops.permitted[:, van].tolist() == [False, True, True, True]
    assert case.stops.access.tolist() == [2, 1, 1, 0]


def test_vehicles_keep_their_shift_costs_and_limits() -> None:
    more = with_columns(
        "vehicles",
        fixed_cost=[100, 0, 0],
        longest_minutes=[300, None, None],
        farthest_km=[80, None, None],
        max_trips=[None, 2, None],
        exposure=[0.5, 1, 1],
    )
    fleet = route_case(town(**more), dispatch(), 1).vehicles
    assert fleet.ids == ("van", "truck", "van")
    assert fleet.early.tolist() == [420, 0, 0]
    assert fleet.late.tolist() == [1140, 1440, 1200]
    assert fleet.longest.tolist() == [300, 600, 480]
    assert fleet.farthest.tolist() == [80, INF, INF]
    assert fleet.trips.tolist() == [10, 2, 16]  # As many as the duty has room to load and unload.
    assert fleet.fixed.tolist() == [100, 0, 0]
    assert fleet.exposure.tolist() == [0.5, 1, 1]
    assert fleet.decontaminate[0].tolist() == [0, 10, 20]


def test_a_pool_may_start_at_every_depot_and_is_counted_once() -> None:
    pool = {"vehicles": {"type": ["van"], "count": [5], "kg": [900]}}
    case = route_case(town(**pool), dispatch(), 1)
    assert [case.places[home] for home in case.vehicles.home] == ["W", "M"]
    assert case.vehicles.count.tolist() == [5, 5]
    assert case.vehicles.line.tolist() == [0, 0]


def test_whole_numbers_in_proportion() -> None:
    assert divided(5, np.array([1.0, 1.0, 1.0])).tolist() == [2, 2, 1]
    assert divided(3, np.array([1.0, 0.0, 5.0])).tolist() == [1, 0, 2]


def test_a_vehicle_off_duty_in_the_period_takes_no_part() -> None:
    night = with_columns("periods", start=["2022-04-01T20:00", ""], minutes=[360, 1080])
    fleet = route_case(town(**night), dispatch(), 1, check=False).vehicles
    assert fleet.line.tolist() == [1, 2]  # The vans of W work from 07:00 to 19:00.


def test_further_dimensions_of_load() -> None:
    more = {
        "loads": {"item_id": ["pill"], "dimension": ["chilled"], "amount": [0.5]},
        "capacities": {
            "type": ["van", "van"],
            "site_id": ["", "W"],
            "dimension": ["chilled", "chilled"],
            "capacity": [3, 8],
        },
    }
    case = route_case(town(**more), dispatch(), 1)
    assert case.dimensions == ("kg", "chilled")
    assert case.stops.load[0].tolist() == [501, 5]
    assert case.vehicles.capacity[:, 1].tolist() == [8, 0, 3]
    assert case.goods["chilled"].sum() == 5


def test_ways_are_links_else_great_circles_and_speeds_are_profiles() -> None:
    links = {
        "links": {
            "from_id": ["W", "A", "W", "M"],
            "to_id": ["A", "B", "C", "C"],
            "minutes": [12, None, 40, None],
            "km": [5, 9, None, None],
            "open_from": [1, 1, 2, 1],
            "closed": [False, False, False, True],
        }
    }
    case = route_case(town({"lanes": "within_minutes"}, **links), dispatch(), 1, check=False)
    at = {name: row for row, name in enumerate(case.places)}
    usual = case.vehicles.profile[vehicle(case, "van", "W")]
    fast = case.vehicles.profile[vehicle(case, "truck", "W")]
    assert case.minutes[usual, at["W"], at["A"]] == 12
    assert case.minutes[usual, at["A"], at["W"]] == 12
    assert case.minutes[usual, at["A"], at["B"]] == pytest.approx(9 / 30 * 60)
    assert case.minutes[fast, at["A"], at["B"]] == pytest.approx(9)
    assert np.isinf(case.minutes[:, at["W"], at["C"]]).all()  # Not open yet.
    assert np.isinf(case.minutes[:, at["C"], at["M"]]).all()  # Closed, both ways.
    straight = great_circle_km(*(np.array(x) for x in (31.20, 121.39, 31.22, 121.42))) * 1.324
    assert case.km[usual, at["W"], at["B"]] == pytest.approx(float(straight))
    assert case.minutes[usual, at["W"], at["B"]] == pytest.approx(float(straight) * 2)
    assert (np.einsum("mii->mi", case.minutes) == 0).all()


def test_places_without_points_are_joined_by_the_quickest_way_over_links() -> None:
    bare = {
        "communities": {
            key: value for key, value in FRAMES["communities"].items() if key not in ("lat", "lon")
        },
        "links": {
            "from_id": ["W", "W", "M", "W"],
            "to_id": ["A", "B", "C", "M"],
            "minutes": [10, 20, 30, 5],
            "km": [1, 2, 3, 4],
        },
    }
    case = route_case(town(**bare), dispatch(), 1)
    at = {name: row for row, name in enumerate(case.places)}
    usual = case.vehicles.profile[vehicle(case, "van", "W")]
    assert case.minutes[usual, at["A"], at["B"]] == 30
    assert case.km[usual, at["A"], at["B"]] == 3
    assert case.minutes[usual, at["A"], at["C"]] == 45
    assert case.km[usual, at["A"], at["C"]] == 8


def test_another_origin_where_its_stock_covers_the_goods() -> None:
    stocks = with_columns("stocks", quantity=[250, 230, 50])
    case = route_case(town({"origin": "any"}, **stocks), dispatch(), 1)
    loads = {
        name: row[:2].tolist() for name, row in zip(case.stops.ids, case.stops.origins, strict=True)
    }
    # W has 25 boxes left beyond its shipments of both periods, M has 110: B's 120 are too many,
    # A's 100 boxes need pills too, which M has none of.
    assert loads == {
        "A": [True, False],
        "B@W": [True, False],
        "B@M": [False, True],
        "C": [False, True],
    }
    stocks = with_columns("stocks", quantity=[250, 260, 50])
    case = route_case(town({"origin": "any"}, **stocks), dispatch(), 1)
    assert case.stops.origins[stop(case, "B@W")][:2].tolist() == [True, True]


def test_spare_stock_is_promised_once() -> None:
    stocks = with_columns("stocks", quantity=[600, 400, 50])
    case = route_case(town({"origin": "any"}, **stocks), dispatch(), 1)
    at_w = case.places.index("W")
    moved = [s for s in range(4) if case.stops.origins[s, at_w] and "W" not in case.stops.ids[s]]
    boxes = case.goods[case.goods["item_id"] == "box"].groupby("stop")["quantity"].sum()
    extra = boxes.reindex(
        [s for s in moved if case.goods["from_id"][case.goods["stop"] == s].iloc[0] == "M"]
    )
    assert extra.sum() <= 600 - 225
    assert len(moved) > 0


def test_fixed_routes_take_their_goods_and_done_ones_are_gone() -> None:
    pins = {
        "route_pins": {
            "pin_id": ["1", "2", "3", "4"],
            "route": ["r", "r", "r", "s"],
            "sequence": [1, 2, 3, 1],
            "place_id": ["W", "B", "A", "C"],
            "state": ["done", "done", "started", "planned"],
            "type": ["van", "van", "van", "van"],
            "site_id": ["W", "", "", "M"],
            "item_id": ["", "box", "", ""],
            "quantity": [None, 50, None, None],
            "leave": ["08:00", "09:30", "", ""],
        }
    }
    case = route_case(town(**pins), dispatch(), 1)
    assert case.stops.ids == ("A", "B@W", "B@M", "C")
    assert case.stops.load[1, 0] == pytest.approx((120 - 50) * 5)
    started, planned = case.fixed
    van = vehicle(case, "van", "W")
    assert (started.name, started.started, started.vehicle) == ("r", True, van)
    assert started.visits == (0,)
    assert [case.places[p] for p in started.done] == ["B"]
    assert case.places[started.place] == "B"
    assert (started.ready, started.highest, started.trips) == (570, 1, 1)
    assert started.minutes == 570 - (480 - 20)
    at = {name: row for row, name in enumerate(case.places)}
    assert started.km == pytest.approx(case.km[0, at["W"], at["B"]])
    assert (planned.started, planned.visits, planned.place) == (False, (3,), -1)


def test_a_started_route_keeps_what_is_on_board_beyond_the_orders() -> None:
    pins = {
        "route_pins": {
            "pin_id": ["1", "2"],
            "route": ["r", "r"],
            "sequence": [1, 2],
            "place_id": ["W", "A"],
            "state": ["done", "started"],
            "type": ["truck", "truck"],
            "item_id": ["", "box"],
            "quantity": [None, 130],
            "leave": ["08:00", ""],
        }
    }
    case = route_case(town(**pins), dispatch(), 1)
    assert case.stops.load[stop(case, "A#r"), 0] == pytest.approx(650)
    assert case.stops.load[stop(case, "A"), 0] == pytest.approx(1)  # The pills.


def test_a_case_can_be_sent_to_another_process() -> None:
    case = pickle.loads(pickle.dumps(route_case(town(), dispatch(), 1)))
    assert case.stops.ids == ("A", "B@W", "B@M", "C")


def test_the_same_input_gives_the_same_case() -> None:
    first, second = (
        route_case(town(), dispatch(SHIPPED.sample(frac=1, random_state=s))) for s in (1, 2)
    )
    assert first.stops.ids == second.stops.ids
    assert (first.stops.load == second.stops.load).all()
    pd.testing.assert_frame_equal(
        first.goods.sort_values(["stop", "item_id"], ignore_index=True),
        second.goods.sort_values(["stop", "item_id"], ignore_index=True),
    )


def test_three_thousand_stops_are_built_in_seconds() -> None:
    n, rng = 3000, np.random.default_rng(0)
    names = [f"C{i}" for i in range(n)]
    instance = Instance.from_frames(
        periods=pd.DataFrame({"period": [1]}),
        communities=pd.DataFrame(
            {
                "community_id": names,
                "lat": 31 + rng.random(n) / 2,
                "lon": 121 + rng.random(n) / 2,
                "population": 500,
            }
        ),
        gates=pd.DataFrame({"community_id": names, "period": 1, "handling_minutes": 600}),
        items=pd.DataFrame({"item_id": ["box"], "kg": [5], "handling_minutes": [0.3]}),
        needs=pd.DataFrame({"community_id": names, "item_id": "box", "period": 1, "quantity": 100}),
        sites=pd.DataFrame({"site_id": ["W", "M"], "lat": [31.2, 31.4], "lon": [121.2, 121.4]}),
        vehicles=pd.DataFrame({"type": ["van"], "count": [900], "kg": [1500]}),
    )
    began = time.process_time()
    case = route_case(instance)
    assert time.process_time() - began < 10
    assert len(case.stops) == n
    assert case.vehicles.count.max() == 900
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 3e6  # kB


def test_days_and_periods() -> None:
    assert daily(480, 1080, 0, 1440) == ((480, 1080),)
    assert daily(1200, 360, 0, 1440) == ((0, 360), (1200, 1440))
    assert daily(480, 1080, 720, 360) == ((0, 360),)
    assert daily(480, 600, 720, 360) == ()
    assert daily(0, 1440, 0, 2880) == ((0, 2880),)
    assert joined([(3, 5), (0, 2), (2, 3)]) == ((0, 5),)
    assert common(((0, 5), (7, 9)), ((4, 8),)) == ((4, 5), (7, 8))
    assert without(((0, 10),), ((2, 3), (9, 20))) == ((0, 2), (3, 9))
    periods = pd.DataFrame(
        {"period": [1, 2, 3], "start": ["2022-04-01T06:00", "", ""], "minutes": [600] * 3}
    )
    assert [period_clock(periods, period) for period in (1, 2, 3)] == [
        (360, 600),
        (960, 600),
        (120, 600),
    ]


FULL: dict[str, dict[str, list[object]]] = {
    "curfews": {"zone_id": ["inner"], "from": ["21:00"], "to": ["06:00"]},
    "stops": {"community_id": ["A"], "due": ["12:00"], "required": [True]},
    "loads": {"item_id": ["pill"], "dimension": ["chilled"], "amount": [0.5]},
    "capacities": {"type": ["van"], "dimension": ["chilled"], "capacity": [8]},
    "roads": {"from_id": ["A"], "to_id": ["B"], "minutes": [7], "km": [3]},
    "route_pins": {
        "pin_id": ["1", "2"],
        "route": ["r", "r"],
        "sequence": [1, 2],
        "place_id": ["W", "B"],
        "state": ["done", "started"],
        "type": ["truck", "truck"],
        "leave": ["08:00", ""],
    },
}


@pytest.mark.parametrize("packing", ["folder", "case.zip", "case.json", "case.xlsx"])
def test_every_packing_keeps_the_tables_of_routes(packing: str, tmp_path: Path) -> None:
    made = town({"split": "always", "route_goals": ["unserved", "cost + 2*exposure"]}, **FULL)
    back = load(save(made, tmp_path / packing))
    assert instance_hash(back) == instance_hash(made)
    first, second = (route_case(one, dispatch(), 1) for one in (made, back))
    assert first.stops.windows == second.stops.windows
    assert first.fixed == second.fixed
    assert first.goals == second.goals
    assert [goal.name for goal in first.goals] == ["unserved", "cost + 2*exposure"]


def test_tables_of_routes_leave_the_hash_of_others_alone() -> None:
    plain = town()
    assert instance_hash(plain) == instance_hash(plain.replace(vehicles=plain["vehicles"]))
    assert instance_hash(plain) != instance_hash(town(**FULL))
