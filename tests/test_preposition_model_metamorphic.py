"""What must hold between the values of related instances."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.engine.ordered import Budget
from allocator.instance import Instance
from allocator.instance.futures import reserve_case
from allocator.models.preposition import evaluate, solve
from tests.preposition_cases import EXACT, random_tables
from tests.reference_cases import Rows, instance_of

SEEDS = [0, 3, 5, 8]
PLAIN = {"lanes": "listed", "transfers": False, "returns": False, "reserve_goals": ["cost"]}


def town(seed: int, policy: dict[str, Any] | None = None, **tables: Rows) -> Instance:
    given = random_tables(seed) | tables
    given["items"] = [row | {"shortage_cost": row["shortage_cost"] + 7} for row in given["items"]]
    return instance_of(PLAIN | EXACT | (policy or {}), **given)


def values(instance: Instance) -> dict[str, float]:
    answer = solve(instance, Budget(gap=0.0), method="extensive")
    return {one.name: one.value for one in answer.results if one.value is not None}


def cost(instance: Instance) -> float:
    return values(instance)["cost"]


def near(value: float | list[float] | dict[str, float]) -> Any:
    return pytest.approx(value, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_more_budget_is_never_worse(seed: int) -> None:
    found = [cost(town(seed, {"reserve_budget": money})) for money in (60, 90, 150, 1e6)]
    assert all(later <= before + 1e-5 for before, later in pairwise(found))
    assert found[-1] == near(cost(town(seed)))


@pytest.mark.parametrize("seed", SEEDS)
def test_another_candidate_is_never_worse(seed: int) -> None:
    tables = random_tables(seed)
    more = {
        "sites": [*tables["sites"], {"site_id": "new", "status": "candidate", "survival": 1}],
        "sizes": [
            *tables["sizes"],
            {"site_id": "new", "size_id": "only", "fixed_cost": 1, "volume_m3": 50},
        ],
        "links": [
            *tables["links"],
            *({"from_id": "new", "to_id": row["community_id"], "minutes": 5, "cost": 0.1}
              for row in tables["communities"]),
        ],
    }  # fmt: skip
    assert cost(town(seed, **more)) <= cost(town(seed)) + 1e-5


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tail_of_level_0_is_the_mean(seed: int) -> None:
    mean = cost(town(seed))
    assert cost(town(seed, {"risk": "cvar", "risk_level": 0})) == near(mean)
    assert cost(town(seed, {"risk": "worst", "risk_weight": 0})) == near(mean)


@pytest.mark.parametrize("seed", SEEDS)
def test_more_aversion_costs_more(seed: int) -> None:
    levels = [cost(town(seed, {"risk": "cvar", "risk_level": at})) for at in (0, 0.3, 0.6, 0.99)]
    assert all(later >= before - 1e-5 for before, later in pairwise(levels))
    # A tail smaller than any scenario's probability is the worst case.
    assert levels[-1] == near(cost(town(seed, {"risk": "worst"})))


@pytest.mark.parametrize("seed", SEEDS)
def test_one_scenario_makes_all_measures_equal(seed: int) -> None:
    tables = random_tables(seed)
    one = [{"scenario_id": "w0", "probability": 1}]
    kept = {
        name: [row for row in rows if row.get("scenario_id", "w0") == "w0"]
        for name, rows in tables.items()
    } | {"scenarios": one}
    found = [cost(town(seed, {"risk": risk}, **kept)) for risk in ("expected", "cvar", "worst")]
    assert found == near([found[0]] * 3)
    assert found[0] > 0
    # And a scenario that says nothing new is the instance itself.
    bare = {name: [] for name in tables if name.startswith("scenario") or name == "overlays"}
    assert cost(town(seed, **bare)) == near(cost(town(seed, **(bare | {"scenarios": one}))))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_scenario_said_twice_changes_nothing(seed: int) -> None:
    case = reserve_case(town(seed))
    rows = np.repeat(np.arange(len(case.futures)), 2)
    twice = case.with_scenarios(rows, np.repeat(case.futures.probability, 2) / 2)
    once, again = (solve(one, Budget(gap=0.0), method="extensive") for one in (case, twice))
    assert again.results[0].value == near(once.results[0].value)


def renamed(instance: Instance) -> Instance:
    """Other ids, other order of the rows."""
    ids = {"s0": "z9", "s1": "a1", "s2": "m5", "c0": "y2", "c1": "b7", "c2": "k3"}
    ids |= {"i0": "q1", "i1": "d8", "w0": "t4", "w1": "e5", "w2": "u1"}
    frames = {}
    for name, frame in instance.tables.items():
        if len(frame):
            text = {column: frame[column].replace(ids) for column in frame.select_dtypes("str")}
            frames[name] = frame.assign(**text).iloc[::-1].reset_index(drop=True)
    return Instance.from_frames(policy=instance.policy, **frames)


@pytest.mark.parametrize("seed", SEEDS)
def test_other_names_and_order_change_nothing(seed: int) -> None:
    policy = {"reserve_goals": ["critical", "cost"], "reserve_budget": 90}
    instance = town(seed, policy)
    assert values(renamed(instance)) == near(values(instance))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stricter_rule_is_never_better(seed: int) -> None:
    free = cost(town(seed))
    for policy in (
        {"open_sites": 1},
        {"single_sourcing": True},
        {"total_stock": "fixed"},
        {"coverage_minutes": 50, "coverage_share": 0.3},
        {"time_standard": 30},
    ):
        found = values(town(seed, policy))
        assert "cost" not in found or found["cost"] >= free - 1e-5, policy


@pytest.mark.parametrize("seed", SEEDS)
def test_no_plan_of_another_sample_is_better(seed: int) -> None:
    instance = town(seed)
    best = cost(instance)
    case = reserve_case(instance)
    for scenario in range(len(case.futures)):
        other = solve(case.with_scenarios([scenario], np.ones(1)), Budget(gap=0.0))
        assert evaluate(instance, other.tables).values["cost"] >= best - 1e-5


def test_a_plan_of_reserves_alone_gets_its_sizes() -> None:
    instance = town(1)
    full = solve(instance, Budget(gap=0.0)).tables
    found = evaluate(instance, {"reserves": full["reserves"], "agreements": full["agreements"]})
    assert found.values["cost"] <= evaluate(instance, full).values["cost"] + 1e-6
    nothing = evaluate(instance, {"reserves": full["reserves"].iloc[:0]})
    need = reserve_case(instance).futures.need.sum(axis=(1, 2))
    assert nothing.outcomes["short_units"].to_numpy() == pytest.approx(need)


def test_floors_that_cannot_be_kept_are_told() -> None:
    instance = town(0, {"reserve_floor": 0.5})
    none = pd.DataFrame({"site_id": [], "item_id": [], "quantity": []})
    found = evaluate(instance, {"reserves": none})
    assert set(found.floors_missed) == set(instance["scenarios"]["scenario_id"])
