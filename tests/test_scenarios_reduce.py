"""Reduction: the distance falls with every scenario, is 0 with all, and is the true one."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from allocator.errors import UsageError
from allocator.generate.scenarios import reduced, reduction_of
from allocator.generate.scenarios.distance import distances
from allocator.generate.scenarios.reduce import forward
from allocator.instance.futures import reserve_case
from tests.scenario_cases import reserve_instance


def cloud(seed: int, count: int = 14) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    points = dice.random((count, 3))
    weight = dice.random(count)
    return np.abs(points[:, None] - points[None]).sum(axis=2), weight / weight.sum()


def kantorovich(distance: np.ndarray, given: np.ndarray, other: np.ndarray) -> float:
    """The distance as its definition says: the cheapest transport of probability."""
    count = len(given)
    rows = np.kron(np.eye(count), np.ones(count))
    columns = np.kron(np.ones(count), np.eye(count))
    sides = np.concatenate([given, other])
    return float(linprog(distance.ravel(), A_eq=np.vstack([rows, columns]), b_eq=sides).fun)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["forward", "medoids"]))
def test_the_distance_reported_is_the_transport_cost(seed: int, method: str) -> None:
    distance, probability = cloud(seed, 8)
    found = reduction_of(distance, probability, 3, method)
    spread = np.zeros(8)
    spread[found.kept] = found.probability
    assert spread.sum() == pytest.approx(1)
    assert found.distance == pytest.approx(kantorovich(distance, probability, spread), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_distance_never_rises_and_ends_at_zero(seed: int) -> None:
    distance, probability = cloud(seed)
    found = [reduction_of(distance, probability, count) for count in range(1, 15)]
    values = [entry.distance for entry in found]
    assert all(after <= before + 1e-15 for before, after in pairwise(values))
    assert values[-1] == 0
    assert values[0] == pytest.approx(found[0].single)
    np.testing.assert_allclose(found[-1].probability, probability)
    order, left = forward(distance, probability, 14)
    assert len(set(order)) == 14
    np.testing.assert_allclose(left, values, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_swaps_help_until_no_swap_does(seed: int) -> None:
    distance, probability = cloud(seed, 10)
    first, second = (reduction_of(distance, probability, 3, how) for how in ("forward", "medoids"))
    best = min(
        float(probability @ distance[:, list(kept)].min(axis=1))
        for kept in combinations(range(10), 3)
    )
    assert best - 1e-12 <= second.distance <= first.distance + 1e-12
    kept = second.kept.tolist()
    for out in kept:
        for into in set(range(10)) - set(kept):
            other = [into if place == out else place for place in kept]
            assert probability @ distance[:, other].min(axis=1) >= second.distance - 1e-9


def test_all_scenarios_kept_change_nothing() -> None:
    instance = reserve_instance()
    same, reduction = reduced(instance, 99)
    assert reduction.distance == 0
    assert same["scenarios"]["probability"].tolist() == [0.4, 0.3, 0.2, 0.1]
    np.testing.assert_array_equal(
        reserve_case(same).futures.need, reserve_case(instance).futures.need
    )


def test_scenarios_that_say_the_same_are_one() -> None:
    links = reserve_instance()["scenario_links"]
    instance = reserve_instance().replace(scenario_links=links[links["scenario_id"] == "none"])
    overlays = instance["overlays"]
    instance = instance.replace(overlays=overlays[overlays["table"] != "links"])
    apart = distances(reserve_case(instance))
    assert apart[1, 3] == pytest.approx(0, abs=1e-12)
    few, reduction = reduced(instance, 3)
    assert reduction.distance == pytest.approx(0, abs=1e-12)
    wave = few["scenarios"].set_index("scenario_id")["probability"]
    assert wave.get("wave", 0) + wave.get("same-wave", 0) == pytest.approx(0.4)
    assert set(few["scenario_needs"]["scenario_id"]) <= set(wave.index)


def test_the_distance_is_a_metric() -> None:
    apart = distances(reserve_case(reserve_instance()))
    np.testing.assert_allclose(apart, apart.T)
    assert (np.diag(apart) == 0).all()
    assert (apart[:, None, :] <= apart[:, :, None] + apart[None, :, :] + 1e-12).all()
    assert apart[0, 1] > 0


def test_nothing_to_reduce() -> None:
    with pytest.raises(UsageError, match="E2042"):
        reduced(reserve_instance(), 0)
