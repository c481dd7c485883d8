"""The arrays of the model and what the judge reads for itself are the same scenarios."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allocator.check.preposition_ground import stage_of
from allocator.check.preposition_scenarios import scenarios_of
from allocator.generate.scenarios import drawn
from allocator.instance import Instance, load
from allocator.instance.futures import reserve_case
from tests.scenario_cases import reserve_instance

SHANGHAI = Path(__file__).resolve().parents[1] / "instances" / "shanghai-2022-reserves"


def small() -> Instance:
    return reserve_instance()


def without_standard() -> Instance:
    return reserve_instance(time_standard=None)


def computed_lanes() -> Instance:
    places = {"lat": 31.2, "lon": 121.4}
    instance = reserve_instance()
    tables = {name: instance[name].assign(**places) for name in ("communities", "sites")}
    policy = instance.policy.replace(lanes="nearest_k", lanes_k=2)
    return instance.replace(policy=policy, **tables)


def shanghai() -> Instance:
    instance = load(SHANGHAI)
    needs = instance["scenario_needs"]
    return instance.replace(scenario_needs=needs[needs["scenario_id"] <= "S005"], validate=False)


def generated() -> Instance:
    return drawn(computed_lanes(), 12, 4)


@pytest.mark.parametrize("make", [small, without_standard, computed_lanes, generated, shanghai])
def test_model_and_judge_see_the_same(make: object) -> None:
    instance: Instance = make()  # type: ignore[operator]
    case, stage = reserve_case(instance), stage_of(instance)
    judged, futures, reserve = scenarios_of(stage), case.futures, case.reserve
    assert list(judged.index) == futures.ids.tolist()
    np.testing.assert_allclose(judged.probability, futures.probability, atol=1e-9)
    places = stage.ground.places.index
    town = places.get_indexer(reserve.communities.ids)
    site = places.get_indexer(reserve.sites.ids)
    group = (town[:, None] * len(reserve.items) + np.arange(len(reserve.items))).ravel()
    at = judged.need.find(group)
    shape = futures.need.shape

    def spread(values: np.ndarray) -> np.ndarray:
        padded = np.hstack([values, np.zeros((len(values), 1))])
        return padded[:, at].reshape(shape)

    np.testing.assert_allclose(spread(judged.need.quantity), futures.need)
    np.testing.assert_allclose(spread(judged.need.rate), futures.rate)
    for number, delay in enumerate(futures.delays):
        later = spread(judged.need.later(int(delay)))
        np.testing.assert_allclose(later, futures.need_after[..., number])
    np.testing.assert_allclose(np.append(judged.base, 0.0)[at].reshape(shape[1:]), case.base)
    row = np.searchsorted(judged.sites, site)
    np.testing.assert_allclose(judged.survive[:, row], futures.survival)
    np.testing.assert_allclose(judged.available, futures.available)
    _same_sizes(stage, judged.through, case, site)
    _same_lanes(judged.ways, case, site, town)


def _same_sizes(stage, through, case, site) -> None:  # type: ignore[no-untyped-def]
    sizes = case.reserve.sizes
    theirs = dict(zip(zip(stage.sizes.site, stage.sizes.name, strict=True), through.T, strict=True))
    for column, key in enumerate(zip(site[sizes.site], sizes.ids, strict=True)):
        np.testing.assert_allclose(theirs[key], case.futures.throughput_m3[:, column])


def _same_lanes(ways, case, site, town) -> None:  # type: ignore[no-untyped-def]
    count, pairs = len(case.futures), [(i, j) for i in range(len(site)) for j in range(len(town))]
    ends = np.array(pairs)
    lanes = case.reserve.lanes
    known = {
        pair: place for place, pair in enumerate(zip(lanes.site, lanes.community, strict=True))
    }
    mine = np.array([known.get(pair, -1) for pair in pairs])
    for scenario in range(min(count, 5)):
        which = np.full(len(ends), scenario)
        figures, opened = ways.of(which, site[ends[:, 0]], town[ends[:, 1]])
        ours = np.append(case.futures.open(scenario), False)[mine]
        np.testing.assert_array_equal(opened, ours)
        for field in ("cost", "cost_m3"):
            price = np.append(getattr(lanes, field) * case.futures.lane_factor[scenario], 0.0)[mine]
            np.testing.assert_allclose(getattr(figures, field)[ours], price[ours])
