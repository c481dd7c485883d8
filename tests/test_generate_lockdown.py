"""Random instances: the same for a seed, valid, scarce, of the size asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from allocator.generate.lockdown import DEFAULT_FEATURES, FEATURES, lockdown
from allocator.instance import Instance, instance_hash, load, save, validate
from allocator.instance.network import network
from allocator.models.dispatch.solve import solve_goals
from tests.strategies import small_instances

TABLE_OF = {  # feature -> the table, or table and field, it fills
    "access": "access",
    "arrivals": "arrivals",
    "costs": ("vehicles", "cost_per_trip"),
    "floors": ("needs", "floor_share"),
    "gates": "gates",
    "in_transit": "in_transit",
    "limits": "limits",
    "links": "links",
    "owners": "owners",
    "packs": ("items", "whole_packs"),
    "perishables": ("items", "shelf_life_periods"),
    "permits": ("vehicles", "access"),
    "pins": "pins",
    "purchases": "purchases",
    "reusables": ("items", "reusable"),
    "throughput": ("sites", "throughput_kg"),
    "vehicles": "vehicles",
    "volumes": ("items", "m3"),
}


def big(features: frozenset[str] = FEATURES) -> Instance:
    return lockdown(40, 6, 12, 5, seed=3, features=features)


def filled(instance: Instance, place: str | tuple[str, str]) -> int:
    """How many rows of a table, or cells of a column that say something, there are."""
    if isinstance(place, str):
        return len(instance[place])
    column = instance[place[0]][place[1]]
    if pd.api.types.is_string_dtype(column.dtype):
        return int((column != "").sum())
    return int((column.fillna(0).astype(float) != 0).sum())


def test_same_seed_same_instance() -> None:
    assert instance_hash(big()) == instance_hash(big())


def test_another_seed_is_another_instance() -> None:
    assert instance_hash(lockdown(seed=1)) != instance_hash(lockdown(seed=2))


def test_numbers_stay_the_same_from_version_to_version() -> None:
    instance = lockdown(3, 2, 2, 2, seed=7)
    assert instance["communities"]["population"].tolist() == [452, 1564, 2882]


@pytest.mark.parametrize("feature", sorted(TABLE_OF))
def test_a_feature_fills_its_place_and_only_then(feature: str) -> None:
    place = TABLE_OF[feature]
    assert filled(big(), place) > 0
    assert filled(big(FEATURES - {feature}), place) == 0


def test_a_feature_left_out_changes_no_other_table() -> None:
    whole, part = big(), big(FEATURES - {"gates"})
    for table in ("communities", "needs", "stocks", "vehicles", "links"):
        pd.testing.assert_frame_equal(whole[table], part[table])


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (2, 1, 1, 3), (7, 3, 2, 4), (60, 9, 10, 8)])
def test_every_size_is_valid_and_comes_back(sizes: tuple[int, int, int, int], tmp_path) -> None:
    for seed in range(4):
        made = lockdown(*sizes, seed=seed, features=FEATURES)
        folder = save(made, tmp_path / str(seed))
        report = validate(folder)
        assert (report.faults, report.warnings) == ((), ())
        assert instance_hash(load(folder)) == instance_hash(made)


def test_earmarks_owners_and_terms_are_used() -> None:
    lots = pd.concat([big()["stocks"], big()["arrivals"]])
    assert (lots["earmark"] != "").sum() >= 6
    assert {"city", "firm", "strangers", "neighbours"} == set(lots["owner_id"]) - {""}


def test_points_lie_in_the_town() -> None:
    places = network(lockdown(500, 20, 2, 2, seed=1)).places
    assert np.abs(places.lat - 31.2).max() < 0.2
    assert np.abs(places.lon - 121.5).max() < 0.2


def shortest(instance: Instance) -> float | None:
    """The least units short that the hard rules allow; None when no plan exists."""
    return solve_goals(instance.replace(policy=instance.policy.replace(goals=("units_short",))))[
        "units_short"
    ]


@settings(max_examples=25)
@given(small_instances(without=frozenset({"whole_trips"}), always=frozenset({"pins", "limits"})))
def test_hard_rules_never_contradict_each_other(instance: Instance) -> None:
    assert shortest(instance) is not None


def test_needs_exceed_what_can_be_done() -> None:
    least = [shortest(lockdown(6, 2, 2, 3, seed=seed)) for seed in range(5)]
    needed = [lockdown(6, 2, 2, 3, seed=seed)["needs"]["quantity"].sum() for seed in range(5)]
    shares = [(short or 0) / need for short, need in zip(least, needed, strict=True)]
    assert min(shares) > 0.005
    assert max(shares) < 0.95


@pytest.mark.parametrize("wrong", [{"communities": 0}, {"periods": 0}, {"seed": -1}])
def test_impossible_sizes_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="start at"):
        lockdown(**wrong)


def test_unknown_features_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown features gatez; known are access"):
        lockdown(features={"gatez"})


def test_default_features_are_among_all() -> None:
    assert DEFAULT_FEATURES < FEATURES
