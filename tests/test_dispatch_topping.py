"""Plans cut between goals: what they leave idle serves the goals not reached, at nobody's cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from allocator.check import Verdict, check
from allocator.engine.joint import LookStage, Pair
from allocator.engine.ordered import Budget, LinearStage, Progress, run_stages
from allocator.engine.session import Session
from allocator.generate.lockdown import FEATURES, lockdown
from allocator.instance import Instance
from allocator.instance.network import network
from allocator.models.dispatch import alone, pairs, solve
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.price import values_without, without
from allocator.models.dispatch.read import plan_tables, read
from allocator.models.dispatch.solve import goal_names, solve_dispatch, weighted
from allocator.models.dispatch.topping import topped
from allocator.models.dispatch.trimming import trimmed
from allocator.plan import Plan, Status
from tests.reference_cases import random_instance

SEEDS = range(24)


def city(communities: int, seed: int) -> Instance:
    """A continuous case with every other feature."""
    features = FEATURES - {"packs", "whole_trips"}
    return lockdown(
        communities=communities, sites=3, items=4, periods=4, seed=seed, features=features
    )


def judged(instance: Instance, tables: object) -> Verdict:
    return check(instance, Plan("dispatch", tables, Status("completed", "invalid", "none")))


def first_goal(instance: Instance) -> tuple[DispatchModel, np.ndarray]:
    """The program, and a point that serves its first goal only."""
    model = DispatchModel(network(instance))
    goal = weighted(model, goal_names(model)[0])
    outcome = Session(model.program).minimise(goal.cost, relaxed=True, crossover=False)
    assert outcome.solution is not None
    return model, outcome.solution


def short_by_need(tables: dict[str, pd.DataFrame]) -> pd.Series:
    return tables["shortages"].set_index(["community_id", "item_id", "period"])["short"]


@pytest.mark.parametrize("seed", SEEDS)
def test_topped_plans_are_valid_and_serve_no_need_less(seed: int) -> None:
    instance = random_instance(seed, trips="continuous")
    model, point = first_goal(instance)
    before, after = plan_tables(model, point), topped(read(model, point)).tables()
    verdict = judged(instance, after)
    assert verdict.ok, [one.message for one in verdict.violations]
    was, now = short_by_need(before), short_by_need(after)
    assert (now <= was.reindex(now.index).fillna(0.0) + 1e-4).all()
    name = goal_names(model)[0]
    assert verdict.goals[name] <= judged(instance, before).goals[name] + 1e-3


def test_topping_serves_what_a_first_goal_leaves_out() -> None:
    instance = lockdown(communities=12, sites=3, items=5, periods=4, seed=3)
    model, point = first_goal(instance)
    before, after = plan_tables(model, point), topped(read(model, point)).tables()
    assert judged(instance, after).goals["item_days"] < judged(instance, before).goals["item_days"]


@pytest.mark.parametrize("seed", SEEDS)
def test_trimming_takes_back_shipments_but_no_service(seed: int) -> None:
    instance = random_instance(seed, trips="continuous")
    model, point = first_goal(instance)
    done = read(model, point)
    less = trimmed(done)
    assert judged(instance, less.tables()).ok
    assert less.moves.units.sum() <= done.moves.units.sum() + 1e-6
    assert (less.trips <= done.trips + 1e-9).all()
    assert (less.short == done.short).all()


def test_topping_respects_pins() -> None:
    instance = lockdown(communities=6, sites=2, items=3, periods=3, seed=1)
    item = instance["needs"]["item_id"].iloc[0]
    pin = {"pin_id": "p", "item_id": item, "rule": "at_most", "quantity": 0.0}
    pinned = instance.replace(pins=pd.DataFrame([pin]))
    model, point = first_goal(pinned)
    tables = topped(read(model, point)).tables()
    assert len(tables["shipments"])
    assert (tables["shipments"]["item_id"] != item).all()
    assert judged(pinned, tables).ok


# -- a quick look at the first goals ---------------------------------------------------------------


def look_at(model: DispatchModel) -> tuple[LookStage, list[LinearStage]]:
    stages = []
    for name in ("floors", "critical"):
        goal = weighted(model, name)
        stages.append(LinearStage(name, "person-days", goal.cost, goal.constant, 1e-6, 1e-6))
    return LookStage(Pair(stages[0], stages[1], pairs.LOOK_WEIGHT)), stages


@pytest.mark.parametrize("seed", range(8))
def test_a_look_gives_true_bounds_and_gives_way_to_the_goals_themselves(seed: int) -> None:
    instance = city(8, seed)
    model = DispatchModel(network(instance))
    if "floors" not in goal_names(model):
        pytest.skip("this seed promises no floors")
    look, stages = look_at(model)
    progress = Progress()
    session = Session(model.program)
    look.run(session, Budget(), progress)
    floors, critical = progress.known()
    point = progress.point
    assert point is not None
    assert progress.solution is None
    held = solve_dispatch(instance).progress.results
    values = {one.name: one.value for one in held}
    assert floors.value >= values["floors"] - 1e-3
    # With floors at most at what the look reached, critical can be no less than its bound.
    cap = DispatchModel(network(instance))
    other = Session(cap.program)
    row = np.zeros((1, other.columns))
    row[0, : len(stages[0].cost)] = stages[0].cost
    from scipy import sparse

    other.add_rows(
        np.array([-np.inf]),
        np.array([floors.value - stages[0].constant + 1e-6]),
        sparse.csr_matrix(row),
    )
    best = other.minimise(stages[1].cost, relaxed=True)
    assert best.value is not None
    assert critical.bound is not None
    assert critical.bound <= best.value + stages[1].constant + 1e-3
    assert critical.bound >= critical.value - 0.01 * max(1.0, critical.value)
    run_stages(session, stages, Budget(), progress)
    assert progress.look is None
    assert [one.value for one in progress.known()] == [one.value for one in progress.results]
    assert progress.results[0].value == pytest.approx(values["floors"], abs=1e-3)
    assert progress.results[1].value == pytest.approx(values["critical"], abs=1e-2)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("weight", [1e3, 1e-6])
def test_large_programs_reach_the_same_goals(
    threads: int, weight: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quick look, goals two at a time, work ahead on a thread: nothing else is reached.

    With weights too small for one goal to come first, they are reached in order after all.
    """
    instance = city(10, seed=3)
    plain = [(one.name, one.value) for one in solve_dispatch(instance).progress.results]
    assert "floors" in dict(plain)
    monkeypatch.setattr(solve, "SIMPLEX_COLUMNS", 0)
    monkeypatch.setattr(pairs, "CORNER_COLUMNS", 0)
    monkeypatch.setattr(pairs, "FLOORS_WEIGHT", weight)
    monkeypatch.setattr(pairs, "ITEM_DAYS_WEIGHT", weight)
    progress = solve_dispatch(instance, threads=threads).progress
    together = {("floors", "critical"), ("item_days", "cost")}
    assert set(progress.joint) == (together if threads == 2 and weight > 1 else set())
    assert [name for name, _ in plain] == [one.name for one in progress.results]
    for (name, value), one in zip(plain, progress.results, strict=True):
        assert one.value == pytest.approx(value, rel=1e-4, abs=1e-3), name
        assert one.bound == pytest.approx(value, rel=1e-3, abs=1e-2), name


@pytest.mark.parametrize("threads", [1, 2])
def test_the_price_of_fairness_takes_what_is_reached_already(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = city(10, seed=3)
    model = DispatchModel(network(instance))
    afresh = values_without(model, Attainable(model), without(model, Budget(), {}))
    monkeypatch.setattr(solve, "SIMPLEX_COLUMNS", 0)
    progress = solve_dispatch(instance, threads=threads).progress
    known = {name: progress.outcomes[name] for name in ("floors", "critical") if threads == 1}
    taken = without(model, Budget(), known, progress.joint)
    assert values_without(model, Attainable(model), taken) == pytest.approx(
        afresh, rel=1e-4, abs=1e-2
    )


@pytest.mark.parametrize("seed", range(12))
def test_leaving_bystanders_out_changes_nothing_of_what_a_place_attains(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = random_instance(seed, trips="continuous")
    net = network(instance)
    rows = np.column_stack([net.needs.place, net.items.tier[net.needs.item]])
    wanted = {tuple(row) for row in rows.tolist()}
    found = {key: alone.solve_alone(net, *key, Budget()) for key in sorted(wanted)}
    monkeypatch.setattr(alone, "_bystanders", lambda *_: set())
    assert found
    for key, windows in found.items():
        assert alone.solve_alone(net, *key, Budget()) == pytest.approx(windows, abs=1e-4)
