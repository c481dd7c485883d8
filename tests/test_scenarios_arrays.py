"""Scenarios as arrays: overlays and bulk tables say the same, figures worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.errors import InstanceError
from allocator.instance import Instance
from allocator.instance.futures import ReserveCase, reserve_case
from tests.scenario_cases import POLICY, reserve_instance, reserve_tables

CALM, WAVE, FLOOD, SAME = range(4)


def case(**changed: pd.DataFrame) -> ReserveCase:
    return reserve_case(Instance.from_frames(policy=POLICY, **reserve_tables(**changed)))


def lane(found: ReserveCase, site: str, place: str) -> int:
    lanes, reserve = found.reserve.lanes, found.reserve
    match = (reserve.sites.ids[lanes.site] == site) & (
        reserve.communities.ids[lanes.community] == place
    )
    (at,) = np.flatnonzero(match)
    return int(at)


def test_first_stage() -> None:
    reserve = case().reserve
    assert reserve.sites.ids.tolist() == ["W1", "W2", "W3"]
    assert reserve.sites.kept.tolist() == [True, False, False]
    assert reserve.communities.ids.tolist() == ["C1", "C2", "C3", "W1"]
    assert reserve.communities.weight.tolist() == [1.0, 2.0, 0.8, 1.0]
    assert reserve.sizes.site.tolist() == [0, 0, 1, 2]
    assert reserve.sizes.volume_m3.tolist() == [10, 40, 15, np.inf]
    assert reserve.sizes.throughput_m3.tolist() == [50, 80, np.inf, 20]
    rice, mask, bed = 0, 1, 2
    assert reserve.stock.maximum[:, rice].tolist() == [2000, 2000, 2000]
    assert reserve.stock.maximum[:, mask].tolist() == [500, 0, 0], "rows name the sites allowed"
    assert reserve.stock.maximum[:, bed].tolist() == [0, np.inf, 0]
    assert reserve.stock.minimum.tolist() == [[100, 60, 0], [100, 0, 0], [100, 0, 0]]
    assert reserve.stock.unit_cost[:, mask].tolist() == [2, 1, 1]
    assert reserve.stock.unit_cost[1].tolist() == [4, 1, 90]
    assert reserve.stock.present.tolist() == [[300, 0, 0], [0, 20, 0], [0, 0, 0]]
    assert reserve.pins.site.tolist() == [-1, 1]
    assert reserve.pins.item.tolist() == [0, -1]


def test_lanes_are_open_links_to_places_with_needs_within_the_standard() -> None:
    found = case()
    lanes = found.reserve.lanes
    ends = zip(lanes.site, lanes.community, strict=True)
    pairs = [(found.reserve.sites.ids[i], found.reserve.communities.ids[j]) for i, j in ends]
    assert pairs == [
        ("W1", "C1"), ("W1", "C2"), ("W2", "C2"), ("W2", "C3"), ("W3", "C3"), ("W1", "W1")
    ]  # fmt: skip
    assert lanes.unit_cost(found.reserve.items.m3)[0].tolist() == pytest.approx([0.21, 0.201, 1.2])
    assert lanes.minutes[-1] == 0


def test_needs_by_hand() -> None:
    futures = case().futures
    assert futures.probability.tolist() == [0.4, 0.3, 0.2, 0.1]
    assert futures.need[CALM].tolist() == [[160, 0, 0], [80, 0, 0], [0, 0, 6], [0, 30, 0]]
    assert futures.need[FLOOD].tolist() == [[0, 0, 0], [0, 300, 0], [90, 0, 0], [0, 0, 0]]
    assert futures.rate[CALM, 0, 0] == 200 / 160, "the people of the period with most"
    assert futures.rate[CALM, 2, 2] == 1
    assert futures.rate[FLOOD, 1, 1] == 0.5
    assert futures.rate[FLOOD, 2, 0] == 200 / 90, "blank people: the population"
    assert futures.rate[WAVE, 0, 0] == 200 / 320, "blank people: those of needs"
    assert futures.delays.tolist() == [1, 2]
    assert futures.need_after[CALM, 0, 0].tolist() == [60, 60]
    assert futures.need_after[CALM, 1, 0].tolist() == [80, 0]
    assert futures.need_after[FLOOD, 2, 0].tolist() == [90, 90], "bulk without a period"
    assert futures.need_after[CALM, 2, 2].tolist() == [6, 0]


def test_sites_lanes_and_agreements_by_hand() -> None:
    found = case()
    futures = found.futures
    assert futures.survival[CALM].tolist() == [[1, 1, 1], [0.9, 0.9, 0.9], [1, 1, 1]]
    assert futures.survival[FLOOD].tolist() == [[0.2, 1, 1], [0, 0, 0], [1, 1, 1]]
    assert futures.throughput_m3[FLOOD].tolist() == [50, 80, 5, 20]
    assert futures.available[:, 0].tolist() == [1, 0.25, 1, 0.25]
    assert futures.available[:, 1].tolist() == [0.8, 0.8, 0, 0.8]
    assert futures.lane_factor[FLOOD, lane(found, "W1", "C2")] == pytest.approx(1.65)
    assert futures.lane_factor[FLOOD, lane(found, "W2", "C3")] == pytest.approx(1.1)
    closed = futures.lane_closed[FLOOD]
    assert np.flatnonzero(closed).tolist() == [lane(found, "W3", "C3")]
    assert not futures.lane_closed[:, lane(found, "W1", "W1")].any()


def test_a_longer_lane_is_none_beyond_the_standard() -> None:
    found = case()
    closed = found.futures.lane_closed
    assert closed[WAVE, lane(found, "W2", "C2")], "25 x 3 minutes are more than 60"
    assert not closed[WAVE, lane(found, "W2", "C3")], "15 x 3 minutes are not"
    assert closed[SAME, lane(found, "W2", "C2")]


def test_overlays_and_bulk_tables_agree() -> None:
    futures = case().futures
    wave, same = futures.take([WAVE]), futures.take([SAME])
    for name in ("need", "survival", "throughput_m3", "lane_closed", "available", "need_after"):
        np.testing.assert_allclose(getattr(wave, name), getattr(same, name), err_msg=name)
    # The overlay makes lanes longer, the bulk factor dearer too; people stay with both.
    np.testing.assert_allclose(wave.rate, same.rate)


def test_a_lane_longer_than_the_standard_may_be_one_in_a_scenario() -> None:
    links = pd.DataFrame({"scenario_id": ["wave"], "from_id": ["W3"], "to_id": ["C1"]})
    found = case(scenario_links=links.assign(factor=0.5))
    at = lane(found, "W3", "C1")
    assert found.futures.lane_closed[:, at].tolist() == [True, False, True, True]


def test_a_depot_closed_by_an_overlay_is_lost() -> None:
    row = {"scenario_id": "calm", "table": "sites", "selector": "site_id=W1", "field": "status"}
    found = case(overlays=pd.DataFrame([row | {"op": "set", "value": "closed"}]))
    assert not found.futures.survival[CALM, 0].any()
    assert found.futures.available[CALM].tolist() == [0, 0.8]
    closed = found.futures.lane_closed[CALM]
    away = np.delete(np.arange(len(closed)), lane(found, "W1", "W1"))
    assert closed[away][found.reserve.lanes.site[away] == 0].all()
    assert not closed[found.reserve.lanes.site == 1].any()


def overlay(field: str, selector: str, value: str) -> dict[str, str]:
    row = {"scenario_id": "calm", "table": "links", "selector": selector, "field": field}
    return row | {"op": "scale", "value": value}


def test_costs_of_a_link_scale_together_or_not_at_all() -> None:
    rows = [overlay("cost", "to_id=C1", "2"), overlay("cost_m3", "to_id=C1", "2")]
    found = case(overlays=pd.DataFrame(rows))
    assert found.futures.lane_factor[CALM, lane(found, "W1", "C1")] == pytest.approx(2)
    with pytest.raises(InstanceError, match="E1329"):
        case(overlays=pd.DataFrame(rows[:1]))


def test_without_scenarios_the_instance_is_the_only_one() -> None:
    empty: dict[str, Any] = {
        name: pd.DataFrame(columns=["scenario_id"])
        for name in reserve_tables()
        if name.startswith("scenario") or name == "overlays"
    }
    tables = {name: frame for name, frame in reserve_tables().items() if name not in empty}
    found = reserve_case(Instance.from_frames(policy=POLICY, **tables))
    assert found.futures.probability.tolist() == [1.0]
    np.testing.assert_array_equal(found.futures.need[0], found.base)


def test_blank_probabilities_share_what_is_left() -> None:
    scenarios = pd.DataFrame(reserve_tables()["scenarios"]).assign(
        probability=[0.4, None, 0.2, None]
    )
    np.testing.assert_allclose(case(scenarios=scenarios).futures.probability, [0.4, 0.2, 0.2, 0.2])


def test_base_need_is_the_mean_where_needs_is_silent() -> None:
    needs = reserve_tables()["needs"].assign(quantity=0.0)
    np.testing.assert_array_equal(case(needs=needs).base, 0)
    found = reserve_case(reserve_instance())
    np.testing.assert_allclose(found.base, found.futures.need[CALM])


def test_some_of_the_scenarios() -> None:
    found = case().with_scenarios([FLOOD, CALM])
    assert found.futures.ids.tolist() == ["flood", "calm"]
    np.testing.assert_allclose(found.futures.probability, [1 / 3, 2 / 3])
    weights = np.array([0.5, 0.5])
    assert case().futures.take([0, 1], weights).probability.tolist() == [0.5, 0.5]


def test_dispatch_sees_the_bulk_tables_too() -> None:
    instance = reserve_instance()
    flood = instance.scenario("flood")
    needs = flood["needs"].set_index(["community_id", "item_id", "period"])["quantity"]
    assert needs.to_dict() == {
        **{("C2", "mask", period): 100.0 for period in (1, 2, 3)},
        **{("C3", "rice", period): 30.0 for period in (1, 2, 3)},
    }
    assert flood["stocks"]["quantity"].tolist() == [60, 10, 0, 5]
    links = flood["links"].set_index(["from_id", "to_id"])
    assert links["closed"].loc[[("W3", "C3"), ("W3", "C1"), ("W1", "C3")]].all()
    assert not links["closed"].loc[[("W1", "C1"), ("W1", "C2")]].any()
    assert links.loc[("W1", "C2"), "minutes"] == pytest.approx(30 * 1.65)
    wave, same = instance.scenario("wave"), instance.scenario("same-wave")
    for scenario in (wave, same):
        assert scenario["agreements"]["available"].tolist() == [0.25, 0.8]
    keys = ["community_id", "item_id", "period"]
    first, second = (frame["needs"].sort_values(keys)["quantity"] for frame in (wave, same))
    assert first.tolist() == second.tolist()


def test_a_thousand_scenarios_are_read_quickly() -> None:
    import time

    count, towns = 400, 60
    tables = reserve_tables()
    ids = [f"S{number}" for number in range(count)]
    places = [f"C{number}" for number in range(towns)]
    tables["communities"] = pd.DataFrame({"community_id": places, "population": 100.0})
    tables["needs"] = tables["needs"].iloc[:5]
    tables["scenarios"] = pd.DataFrame({"scenario_id": ids, "probability": 1 / count})
    tables["scenario_needs"] = pd.DataFrame(
        {
            "scenario_id": np.repeat(ids, towns * 3),
            "community_id": np.tile(np.repeat(places, 3), count),
            "item_id": np.tile(["rice", "mask", "bed"], count * towns),
            "quantity": 1.0,
        }
    )
    for name in ("overlays", "scenario_sites", "scenario_links", "scenario_agreements"):
        del tables[name]
    instance = Instance.from_frames(policy=POLICY, validate=False, **tables)
    begun = time.process_time()
    found = reserve_case(instance)
    assert time.process_time() - begun < 5
    assert found.futures.need.sum() == count * towns * 3
