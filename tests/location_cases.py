"""Small random location problems, and every form of them solved by looking at all sets of sites."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from types import ModuleType

import numpy as np

from allocator.models.location.data import Located, Location
from allocator.models.own import load_model

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "models" / "location"
TINY = 1e-9


def reference() -> ModuleType:
    """The readable form."""
    return load_model(FOLDER / "location_reference.py")


def random_location(seed: int, whole: bool = True, gaps: bool = False) -> Location:
    """A small problem; figures are whole or not, some lanes may be missing."""
    dice = np.random.default_rng(seed)
    sites, customers = int(dice.integers(2, 6)), int(dice.integers(2, 7))
    cost = dice.integers(1, 60, (sites, customers)).astype(float)
    need = dice.integers(1, 10, customers).astype(float)
    if not whole:
        cost, need = cost + dice.random(cost.shape).round(3), need + dice.random(customers).round(3)
    if gaps:
        cost[dice.random(cost.shape) < 0.2] = np.inf
    room = need.sum() * dice.uniform(0.3, 1.1, sites)
    return Location.of(
        cost,
        need=need,
        capacity=room.round() if whole else room,
        fixed_cost=dice.integers(0, 80, sites),
        p=int(dice.integers(1, sites + 1)),
        per_unit=bool(dice.integers(2)),
    )


def without_capacity(location: Location) -> Location:
    return replace(location, capacity=np.full(location.sites, np.inf))


def sets_of(location: Location, number: int | None = None) -> list[list[int]]:
    """All sets of sites, or all of p of them."""
    sizes = range(1, location.sites + 1) if number is None else [number]
    return [list(one) for size in sizes for one in combinations(range(location.sites), size)]


def least(values: list[float]) -> float | None:
    best = min(values, default=np.inf)
    return None if np.isinf(best) else best


def brute_median(location: Location) -> float | None:
    sets = sets_of(location, location.p)
    return least([location.service[one].min(axis=0).sum() for one in sets])


def brute_center(location: Location) -> float | None:
    sets = sets_of(location, location.p)
    return least([location.cost[one].min(axis=0).max() for one in sets])


def brute_cover(location: Location, radius: float) -> float | None:
    price = location.fixed_cost if location.fixed_cost.any() else np.ones(location.sites)
    within = location.cost <= radius
    return least([price[one].sum() for one in sets_of(location) if within[one].any(axis=0).all()])


def brute_most(location: Location, radius: float) -> float:
    within = location.cost <= radius
    return max(within[one].any(axis=0) @ location.need for one in sets_of(location, location.p))


def brute_single(location: Location) -> float | None:
    """Every assignment; with p all p sites are paid for, used or not."""
    values = []
    for one in product(range(location.sites), repeat=location.customers):
        site = np.array(one)
        load = np.bincount(site, location.need, location.sites)
        if (load <= location.capacity + TINY).all():
            service = location.service[site, np.arange(location.customers)].sum()
            values.append(service + sites_paid(location, set(one)))
    return least(values)


def sites_paid(location: Location, used: set[int]) -> float:
    """Fixed costs of the sites used, and with p of the cheapest others up to p."""
    if location.p is None:
        return float(location.fixed_cost[sorted(used)].sum())
    if len(used) > location.p:
        return np.inf
    others = sorted(set(range(location.sites)) - used, key=lambda i: location.fixed_cost[i])
    every = sorted(used) + others[: location.p - len(used)]
    return float(location.fixed_cost[every].sum())


def assert_keeps(location: Location, found: Located, value: float | None) -> None:
    """What is found is what is expected, proven, and the plan says the same."""
    if value is None:
        assert (found.open, found.value) == (None, None)
        assert found.termination == "infeasible"
        return
    assert None not in (found.value, found.bound)
    assert abs(found.value - value) <= 1e-6 * max(1.0, value)
    assert abs(found.bound - value) <= 2e-6 * max(1.0, value)
    assert found.termination == "completed"
    assert not found.share[~found.open].any()
    assert found.share.sum(axis=0).max() <= 1 + 1e-6
