"""Whole packs and whole trips: exact where small, rounded with true bounds where large."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from allocator.check import check
from allocator.engine.ordered import Budget, Progress
from allocator.generate.lockdown import lockdown
from allocator.generate.options import DEFAULT_FEATURES
from allocator.generate.shanghai import shanghai_2022
from allocator.instance import Instance, instance_hash
from allocator.instance.network import network
from allocator.models.dispatch import rounding
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.fill import fill, in_proportion
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.read import plan_tables
from allocator.models.dispatch.rounding_packs import Replay
from allocator.models.dispatch.rounding_trips import cheaper, cover, lane_loads, room
from allocator.models.dispatch.solve import fair_tiers, solve_dispatch, solve_model
from allocator.models.dispatch.whole_trips import whole_trips
from allocator.plan import Plan, Status
from tests.reference_cases import random_instance, reference

FEATURES = DEFAULT_FEATURES | {"packs", "whole_trips", "throughput"}


def judged(instance: Instance, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """What the judge says against the tables."""
    named = {"name": instance.name, "hash": instance_hash(instance)}
    plan = Plan("dispatch", tables, Status("completed", "invalid", "none"), instance=named)
    return [f"{one.family}: {one.message}" for one in check(instance, plan).violations]


def town(seed: int, **sizes: int) -> Instance:
    """A town whose goods come in packs and whose vehicles make whole trips."""
    sizes = {"communities": 12, "sites": 3, "items": 4, "periods": 5} | sizes
    instance = lockdown(seed=seed, features=FEATURES, **sizes)
    assert instance.policy.trips == "integer"
    return with_packs(instance)


def with_packs(instance: Instance) -> Instance:
    """The instance with every second item in whole packs, the first among them."""
    items = instance["items"]
    packs = np.where(items["pack_size"] > 1, items["pack_size"], 5.0)
    whole = np.arange(len(items)) % 2 == 0
    return instance.replace(items=items.assign(whole_packs=whole, pack_size=packs))


def rounded(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> tuple[Progress, list[str]]:
    """The plan of the way for large programs, and what the judge says against it."""
    monkeypatch.setattr(rounding, "EXACT_INTEGERS", 0)
    model = DispatchModel(network(instance))
    attainable = Attainable(model)
    progress = solve_model(model, attainable, Budget())
    assert progress.solution is not None
    tables = dict(plan_tables(model, progress.solution))
    tables["attainable"] = attainable.table(fair_tiers(model))
    return progress, judged(instance, tables)


@pytest.mark.parametrize("seed", [301, 302, 304, 307])
def test_small_programs_reach_the_optimum(seed: int) -> None:
    instance = random_instance(seed, whole=True, fairness="floors", trips="integer")
    exact = {"slack_relative": 0.0, "slack_absolute": 1e-7}
    instance = instance.replace(policy=instance.policy.replace(**exact))
    readable = reference().solve(instance)
    results = solve_dispatch(instance).progress.results
    for result in results:
        assert result.value == pytest.approx(readable[result.name], rel=1e-4, abs=1e-4)
        assert result.bound is not None
        assert result.bound <= result.value + 1e-4 * max(1.0, abs(result.value))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rounded_plans_obey_every_rule(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    progress, against = rounded(town(seed), monkeypatch)
    assert against == []
    for result in progress.results:
        assert result.value is not None
        assert result.bound is not None
        assert result.bound <= result.value + 1e-4 * max(1.0, abs(result.value)), result.name


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bounds_are_true_and_rounding_is_near(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = town(seed, communities=5, items=3, periods=4)
    only = instance.policy.replace(goals=("critical",), fairness="none")
    instance = instance.replace(policy=only)
    best = solve_dispatch(instance, Budget(gap=1e-6)).progress.results[0]
    found = rounded(instance, monkeypatch)[0].results[0]
    assert best.value is not None
    assert found.value is not None
    assert found.bound is not None
    slack = 1e-5 * max(1.0, best.value)
    assert found.bound <= best.value + slack
    assert best.value <= found.value + slack
    assert found.value <= 1.1 * best.value + 5.0


def test_a_district_in_whole_packs_and_trips(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = shanghai_2022("district", integer=True)
    few = instance.policy.replace(goals=("floors", "critical"), fairness="floors")
    progress, against = rounded(instance.replace(policy=few), monkeypatch)
    assert against == []
    gaps = [(one.value - one.bound) / one.value for one in progress.results]
    assert max(gaps) <= 0.03


@pytest.mark.parametrize("made", [fill, in_proportion])
@pytest.mark.parametrize("seed", range(6))
def test_plans_without_a_solver_make_whole_trips(made: object, seed: int) -> None:
    instance = town(seed, communities=20)
    net = network(instance)
    tables = whole_trips(made(net), net)  # type: ignore[operator]
    assert len(tables["trips"])
    assert (tables["trips"]["trips"] % 1 == 0).all()
    assert judged(instance, tables) == []


def test_trips_stay_as_they_are_where_parts_are_allowed() -> None:
    net = network(lockdown(communities=6, seed=3))
    tables = fill(net)
    assert whole_trips(tables, net) is tables


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_trips_cover_the_loads_within_the_fleet(factor: float) -> None:
    net = network(town(4, communities=20))
    fleet = net.fleet
    guess = np.where(fleet.pair_open, 0.6, 0.0)
    kg, m3 = (factor * part for part in room(net, guess))
    kg, m3 = (np.where(np.isfinite(part), part, 0.0) for part in (kg, m3))
    trips = cover(net, kg, np.minimum(m3, kg / 300), guess)
    assert (trips == np.round(trips)).all()
    assert (trips[~fleet.pair_open] == 0).all()
    used = np.zeros((len(fleet.hours), net.periods))
    np.add.at(used, fleet.pair_vehicle, trips * fleet.pair_minutes[:, None])
    assert (used <= fleet.hours[:, None] + 1e-6).all()
    short = kg > room(net, trips)[0] + 1e-6
    # Where a load is not covered no vehicle with a permit has the time for another trip.
    left = fleet.hours[:, None] - used
    idle = (left[fleet.pair_vehicle] >= fleet.pair_minutes[:, None]) & fleet.pair_open
    counted = np.zeros(used.shape)
    np.add.at(counted, fleet.pair_vehicle, trips)
    idle &= counted[fleet.pair_vehicle] + 1 <= fleet.trips[fleet.pair_vehicle][:, None]
    assert not (short[fleet.pair_lane] & idle & net.open[fleet.pair_lane]).any()


def test_no_place_falls_behind_by_more_than_two_packs() -> None:
    plain = lockdown(communities=10, sites=2, items=2, periods=6, seed=5, features=())
    instance = with_packs(plain)
    model = DispatchModel(network(instance))
    net, ship = model.net, model.sets.ship
    relaxed = DispatchModel(network(rounding.relaxed(instance)))
    solved = solve_model(relaxed, Attainable(relaxed), Budget()).solution
    assert solved is not None
    units = solved[relaxed.ship]
    free = (np.full(net.open.shape, np.inf), np.full(net.open.shape, np.inf))
    ledger = Replay(net, ship, units, solved[relaxed.buy], free)
    went = ledger.run()
    item = net.batches.item[ship.batch]
    packs = went / net.items.pack[item]
    assert went.sum() > 0
    assert np.abs(packs - packs.round())[net.items.whole[item]].max() < 1e-9
    behind = np.zeros((len(net.batches), len(net.places.ids)))
    lanes = ledger.planned[:, :, -1] - ledger.sent
    np.add.at(behind.T, net.lanes.target, lanes.T)
    assert (behind <= 2 * net.items.pack[net.batches.item][:, None] + 1e-6).all()
    assert lane_loads(net, ship, went)[0].sum() == pytest.approx((went * net.items.kg[item]).sum())


@pytest.mark.parametrize("seed", range(12))
def test_exchanged_trips_cost_less_carry_as_much_and_fit_the_time(seed: int) -> None:
    net = network(town(seed))
    fleet, rng = net.fleet, np.random.default_rng(seed)
    kg = np.zeros(net.open.shape)
    lanes = np.unique(fleet.pair_lane)
    kg[lanes] = rng.uniform(0, 3 * np.median(fleet.kg), (len(lanes), net.periods))
    m3 = np.zeros(kg.shape)
    trips = cover(net, kg, m3, np.zeros(fleet.pair_open.shape))
    exchanged = cheaper(net, kg, m3, trips)
    carried, asked = room(net, exchanged)[0], np.minimum(kg, room(net, trips)[0])
    assert (carried >= asked - 1e-6).all()
    cost = fleet.pair_cost @ trips
    assert (fleet.pair_cost @ exchanged).sum() <= cost.sum() + 1e-9
    minutes = np.zeros((len(fleet.hours), net.periods))
    np.add.at(minutes, fleet.pair_vehicle, exchanged * fleet.pair_minutes[:, None])
    assert (minutes <= fleet.hours[:, None] + 1e-6).all()
    assert (exchanged >= 0).all()
