"""Small cases of the readable model with values followed by hand."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd
import pytest

import allocator.instance
from allocator.errors import ImpossibleError
from allocator.instance import Instance
from tests.reference_cases import ROOT, Rows, instance_of, reference

ref = reference()
TINY = ROOT / "instances" / "tiny"


def town(policy: dict[str, Any], periods: int = 2, **tables: Rows) -> Instance:
    """One site s, communities a (10 people) and b (20 people), item i of tier 2, no vehicles."""
    given: dict[str, Rows] = {
        "periods": [{"period": t} for t in range(1, periods + 1)],
        "communities": [
            {"community_id": "a", "population": 10, "district": "east"},
            {"community_id": "b", "population": 20, "district": "west"},
        ],
        "sites": [{"site_id": "s"}],
        "items": [{"item_id": "i", "kg": 1}],
        "links": [link("s", "a"), link("s", "b")],
        "stocks": [{"place_id": "s", "item_id": "i", "quantity": 10}],
    }
    return instance_of({"goals": ("item_days", "cost")} | policy, **(given | tables))


def link(origin: str, target: str, **figures: Any) -> dict[str, Any]:
    return {"from_id": origin, "to_id": target, "minutes": 10} | figures


def need(place: str, period: int, quantity: float, **more: Any) -> dict[str, Any]:
    return {"community_id": place, "item_id": "i", "period": period, "quantity": quantity} | more


def days_short(instance: Instance, start: pd.DataFrame | None = None) -> float:
    value = ref.solve(instance, start=start)["item_days"]
    assert value is not None
    return float(value)


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_the_tiny_instance_has_the_values_of_its_page(solver: str) -> None:
    expected = json.loads((TINY / "expected.json").read_text(encoding="utf-8"))
    found = ref.solve(allocator.instance.load(TINY), solver)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_need_that_is_lost_and_need_that_waits() -> None:
    # 10 units come in period 2: the need of period 1 is lost, or waits one day.
    late = {
        "stocks": [],
        "arrivals": [{"place_id": "s", "item_id": "i", "period": 2, "quantity": 10}],
    }
    lost = town({}, needs=[need("a", 1, 5), need("a", 2, 5)], **late)
    waits = town(
        {}, needs=[need("a", 1, 5, backlog="waits"), need("a", 2, 5, backlog="waits")], **late
    )
    assert days_short(lost) == pytest.approx(10)
    assert days_short(waits) == pytest.approx(10)
    # One unit too few: of 5 lost needs, 10 people x 1/5; of waiting ones the same, at the end.
    less = {
        "arrivals": [{"place_id": "s", "item_id": "i", "period": 2, "quantity": 9}],
        "stocks": [],
    }
    assert days_short(town({}, needs=waits["needs"].to_dict("records"), **less)) == pytest.approx(
        12
    )
    assert days_short(town({}, needs=lost["needs"].to_dict("records"), **less)) == pytest.approx(10)


def test_what_expires_in_period_1_serves_nobody_in_period_2() -> None:
    stock = [{"place_id": "s", "item_id": "i", "quantity": 10, "expiry": 1}]
    assert days_short(town({}, stocks=stock, needs=[need("a", 1, 4)])) == pytest.approx(0, abs=1e-6)
    assert days_short(town({}, stocks=stock, needs=[need("a", 2, 4)])) == pytest.approx(10)


def test_shelf_life_counts_from_entry() -> None:
    items = [{"item_id": "i", "kg": 1, "shelf_life_periods": 2}]
    needs = [need("a", 3, 4)]
    arrival = [{"place_id": "s", "item_id": "i", "period": 2, "quantity": 10}]
    assert days_short(town({}, 4, items=items, needs=needs)) == pytest.approx(10)
    assert days_short(town({}, 4, items=items, needs=needs, arrivals=arrival)) == pytest.approx(
        0, abs=1e-6
    )


@pytest.mark.parametrize(("mark", "short"), [("a", 20), ("east", 20), ("b", 10), ("", 0)])
def test_reserved_goods_enter_only_where_they_are_reserved_for(mark: str, short: float) -> None:
    stock = [{"place_id": "s", "item_id": "i", "quantity": 10, "earmark": mark}]
    instance = town({}, stocks=stock, needs=[need("a", 1, 5), need("b", 1, 5)])
    assert days_short(instance) == pytest.approx(short, abs=1e-6)


def test_goods_of_an_owner_who_is_not_vetted_are_left_out() -> None:
    stock = [{"place_id": "s", "item_id": "i", "quantity": 10, "owner_id": "firm"}]
    tables = {
        "stocks": stock,
        "owners": [{"owner_id": "firm", "vetted": False}],
        "needs": [need("a", 1, 5)],
    }
    assert days_short(town({}, **tables)) == pytest.approx(10)
    assert days_short(town({"use_unvetted": True}, **tables)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("cleaning", "short"), [(0, 0), (1, 0), (2, 10)])
def test_a_reusable_goes_back_and_out_again(cleaning: int, short: float) -> None:
    # In use at a in period 1, sent back in 2, there in 2 + cleaning, out to b in 3 at the latest;
    # when that is too late it waits for b, who has more people.
    items = [{"item_id": "i", "kg": 1, "reusable": True, "return_periods": cleaning}]
    instance = town({}, 3, items=items, needs=[need("a", 1, 10), need("b", 3, 10)])
    assert days_short(instance) == pytest.approx(short, abs=1e-6)
    without = instance.replace(policy=instance.policy.replace(returns=False))
    assert days_short(without) == pytest.approx(10)


def test_a_reusable_serves_every_period_it_is_held() -> None:
    items = [{"item_id": "i", "kg": 1, "reusable": True}]
    instance = town({}, 3, items=items, needs=[need("a", t, 10) for t in (1, 2, 3)])
    assert days_short(instance) == pytest.approx(0, abs=1e-6)


def test_a_lead_of_one_period_and_a_lane_that_opens_late() -> None:
    needs = [need("a", t, 2) for t in (1, 2, 3)]
    assert days_short(
        town({}, 3, needs=needs, links=[link("s", "a", lead_periods=1)])
    ) == pytest.approx(10)
    assert days_short(
        town({}, 3, needs=needs, links=[link("s", "a", open_from=3)])
    ) == pytest.approx(20)
    assert days_short(
        town({}, 3, needs=needs, links=[link("s", "a", minutes=1440)])
    ) == pytest.approx(10)


def test_budget_price_and_limit_of_purchases() -> None:
    # 4 units at 3 each are what 12 buys; 6 of the 10 people stay short.
    buying = [{"site_id": "s", "item_id": "i", "period": 1, "price": 3, "limit": 9}]
    instance = town({"budget": 12.0}, stocks=[], purchases=buying, needs=[need("a", 1, 10)])
    assert ref.solve(instance) == pytest.approx({"item_days": 6, "cost": 12}, rel=1e-4)
    rich = instance.replace(policy=instance.policy.replace(budget=None))
    assert ref.solve(rich) == pytest.approx({"item_days": 1, "cost": 27}, rel=1e-4)


def test_caps_floors_and_pins() -> None:
    needs = [need("a", 1, 10)]
    cap = [{"place_id": "s", "item_id": "i", "ship_max": 7}]
    keep = [{"place_id": "s", "item_id": "i", "stock_min_share": 0.4}]
    slow = [{"site_id": "s", "throughput_kg": 8}]
    pin = {"pin_id": "p", "to_id": "a", "rule": "at_most", "quantity": 5}
    assert days_short(town({}, needs=needs, limits=cap)) == pytest.approx(3)
    assert days_short(town({}, needs=needs, limits=keep)) == pytest.approx(4)
    assert days_short(town({}, needs=needs, sites=slow)) == pytest.approx(2)
    assert days_short(town({}, needs=needs, pins=[pin])) == pytest.approx(5)


def test_pins_that_cannot_hold_are_proven_impossible() -> None:
    pin = {"pin_id": "p", "rule": "at_least", "quantity": 11}
    with pytest.raises(ImpossibleError, match="E4201"):
        ref.solve(town({}, needs=[need("a", 1, 10)], pins=[pin]))


def test_whole_packs_and_whole_trips() -> None:
    packs = [{"item_id": "i", "kg": 1, "whole_packs": True, "pack_size": 4}]
    van = {"type": "van", "count": 1, "kg": 4, "shift_minutes": 100, "loading_minutes": 0}
    vans = [van | {"unloading_minutes": 20, "cost_per_trip": 1}]
    needs = [need("a", 1, 10)]
    assert days_short(town({}, needs=needs, items=packs)) == pytest.approx(2)
    # A trip takes 40 of 100 minutes: 2.5 trips of 4 kg, or 2 whole ones.
    assert days_short(town({}, needs=needs, vehicles=vans)) == pytest.approx(0, abs=1e-5)
    assert days_short(town({"trips": "integer"}, needs=needs, vehicles=vans)) == pytest.approx(2)
    assert days_short(town({"fleet": "free"}, needs=needs, vehicles=vans)) == pytest.approx(
        0, abs=1e-5
    )


def test_a_vehicle_without_permit_leaves_no_lane() -> None:
    van = {"type": "van", "count": 9, "kg": 99, "access": "open"}
    access = [{"place_id": "a", "period": 1, "access": "sealed"}]
    instance = town({}, needs=[need("a", 1, 10)], vehicles=[van], access=access)
    assert days_short(instance) == pytest.approx(10)


def test_changes_from_a_start_plan() -> None:
    start = pd.DataFrame(
        [{"from_id": "s", "to_id": "a", "item_id": "i", "period": 1, "quantity": 6.0}]
    )
    needs = [need("a", 1, 5), need("b", 1, 5)]
    goals = ("item_days", "change")
    free = ref.solve(town({"goals": goals}, needs=needs), start=start)
    # There are 10 units: a gives one back, b gets 5.
    assert free == pytest.approx({"item_days": 0, "change": 6}, abs=1e-4)
    # One change: either b gets its 5, or nothing moves; a keeps its 6 and b can have only 4.
    one = ref.solve(town({"goals": goals, "max_changes": 1}, needs=needs), start=start)
    assert one == pytest.approx({"item_days": 4, "change": 4}, abs=1e-4)


def test_later_goals_may_give_up_what_the_policy_says() -> None:
    needs = [need("a", 1, 10)]
    links = [link("s", "a", cost=1)]
    tight = ref.solve(town({}, needs=needs, links=links))
    loose = ref.solve(town({"slack_absolute": 2.0}, needs=needs, links=links))
    assert tight == pytest.approx({"item_days": 0, "cost": 10}, abs=1e-4)
    assert loose == pytest.approx({"item_days": 0, "cost": 8}, abs=1e-4)


def test_leximin_raises_the_second_place_too() -> None:
    # a can never have more than 2 of 10; b is raised as far as it goes all the same.
    needs = [need("a", 1, 10), need("b", 1, 10)]
    goals = ("fairness", "cost")
    links = [link("s", "a"), link("s", "b", cost=1)]
    gate = [{"community_id": "a", "period": 1, "handling_minutes": 2}]
    items = [{"item_id": "i", "kg": 1, "handling_minutes": 1}]
    tables: dict[str, Rows] = {"needs": needs, "links": links, "gates": gate, "items": items}
    stock = [{"place_id": "s", "item_id": "i", "quantity": 6}]
    low = ref.solve(town({"goals": goals, "fairness": "leximin"}, 1, stocks=stock, **tables))
    # Alone a attains 2 and b attains 6: both share alike, 6 = 2 L + 6 L, L = 0.75.
    assert low == pytest.approx({"fairness.2": 0.25, "cost": 4.5}, abs=1e-4)
    plenty = ref.solve(town({"goals": goals, "fairness": "leximin"}, 1, **tables))
    # With 10 units b attains 10 alone: 10 = 2 L + 10 L.
    assert plenty["fairness.2"] == pytest.approx(1 - 10 / 12, abs=1e-4)


def test_the_example_has_the_values_of_the_tiny_instance() -> None:
    example = ROOT / "models" / "dispatch" / "example"
    expected = json.loads((TINY / "expected.json").read_text(encoding="utf-8"))
    assert json.loads((example / "expected.json").read_text(encoding="utf-8")) == expected
    rows = re.findall(
        r"^\| ([a-z_.\d]+) \| ([\d.]+) \|", (example / "example.md").read_text("utf-8"), re.M
    )
    assert {name: float(value) for name, value in rows} == expected
