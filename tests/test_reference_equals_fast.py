"""The readable and the fast form of dispatch have the same values, goal by goal."""

from __future__ import annotations

import math
import os

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from allocator import run
from allocator.engine.ordered import Budget
from allocator.errors import ImpossibleError
from allocator.generate.lockdown import FEATURES, lockdown
from allocator.instance import Instance
from allocator.instance.network import network
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.read import plan_tables
from allocator.models.dispatch.solve import solve_dispatch, solve_goals, solve_model
from allocator.models.own import solve_goals as readable_goals
from tests.reference_cases import random_instance, reference
from tests.strategies import small_instances

ref = reference()
WHOLE = frozenset({"packs", "whole_trips"})
# A failure is not shrunk: that would take minutes, and the instances are small.
few = settings(
    max_examples=int(os.environ.get("REFERENCE_EXAMPLES", "12")),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)


def assert_same_values(instance: Instance, **policy: object) -> None:
    # What an earlier goal gives up can move a later one by far more: here it is next to nothing.
    exact = {"slack_relative": 0.0, "slack_absolute": 1e-7} | policy
    instance = instance.replace(policy=instance.policy.replace(**exact))
    readable, fast = steps(ref.solve(instance)), steps(solve_goals(instance))
    assert None not in [*readable.values(), *fast.values()]
    # A goal that means nothing in an instance may be left out, or be 0.
    for name in {**readable, **fast}:
        expected = readable.get(name, 0.0)
        assert fast.get(name, 0.0) == pytest.approx(expected, rel=1e-4, abs=1e-4), name


def steps(values: dict[str, float | None]) -> dict[str, float | None]:
    """Number the levels of leximin anew: places that share a level may take one round or two."""
    found: dict[str, float | None] = {}
    last: dict[str, tuple[int, float]] = {}
    for name, value in values.items():
        tier = name.partition("@")[0]
        number, before = last.get(tier, (0, math.inf))
        if tier.startswith("fairness") and value is not None:
            if before - value > 1e-4:
                last[tier] = number + 1, value
                found[f"{tier}@{number + 1}"] = value
        else:
            found[name] = value
    return found


@few
@given(small_instances(without=WHOLE), st.sampled_from(["max-min", "leximin"]))
def test_fairness(instance: Instance, fairness: str) -> None:
    assert_same_values(instance, fairness=fairness)


@few
@given(small_instances(without=WHOLE), st.sampled_from(["none", "floors"]))
def test_without_fairness(instance: Instance, fairness: str) -> None:
    assert_same_values(instance, fairness=fairness)


@pytest.mark.parametrize("seed", range(200, 212))
def test_other_cities(seed: int) -> None:
    assert_same_values(random_instance(seed, fairness="floors"))


@pytest.mark.parametrize("seed", range(100, 106))
def test_whole_packs_and_trips(seed: int) -> None:
    assert_same_values(random_instance(seed, whole=True, fairness="floors"))


@pytest.mark.parametrize("seed", [9, 25, 29])
def test_fairness_where_nothing_is_attainable(seed: int) -> None:
    assert_same_values(random_instance(seed))


def test_fairness_counts_who_still_waits() -> None:
    features = FEATURES - WHOLE - {"site_needs", "closed_sites"}
    town = lockdown(communities=2, sites=3, items=1, periods=2, seed=1404, features=features)
    assert_same_values(town, fairness="max-min")


@pytest.mark.parametrize("fairness", ["max-min", "leximin"])
@pytest.mark.parametrize(("seed", "window"), [(26, 2), (55, 3)])
def test_fairness_with_whole_packs(seed: int, window: int, fairness: str) -> None:
    assert_same_values(random_instance(seed, whole=True, fairness_window=window, fairness=fairness))


@pytest.mark.parametrize("goal", ["1*remaining + 1*change", "2*critical + remaining + 0.5*floors"])
def test_sums_of_terms(goal: str) -> None:
    town = random_instance(5, goals=(goal, "cost"))
    assert_same_values(town)
    plan = run.dispatch(town)
    assert plan.goals[0].value == pytest.approx(plan.goals[0].bound, rel=1e-4)


@pytest.mark.parametrize(("seed", "most"), [(3, None), (6, 1), (6, 3), (10, 1), (13, 6)])
def test_change_from_an_earlier_plan(seed: int, most: int | None) -> None:
    goals = ("critical", "change", "item_days", "cost")
    exact = {"slack_relative": 0.0, "slack_absolute": 1e-7, "fairness": "floors"}
    town = random_instance(seed, goals=goals, **exact)
    start = plan_with_more_stock(town)
    town = town.replace(policy=town.policy.replace(max_changes=most))
    model = DispatchModel(network(town), start)
    fast = {one.name: one.value for one in solve_model(model, Attainable(model), Budget()).results}
    try:
        readable = readable_goals(ref.build(town, start=start), town.policy)[0]
    except ImpossibleError:
        assert list(fast.values()) == [None]
        return
    assert fast["change"] > 0
    expected = {goal.name: goal.value for goal in readable if goal.name in fast}
    assert fast == pytest.approx(expected, rel=1e-4, abs=1e-4)


def plan_with_more_stock(town: Instance) -> pd.DataFrame:
    """The shipments of a richer day, one of them from a place that is gone."""
    more = town["stocks"].assign(quantity=town["stocks"]["quantity"] + 20)
    solved = solve_dispatch(town.replace(stocks=more))
    start = plan_tables(solved.model, solved.progress.solution)["shipments"]
    return pd.concat([start, start.head(1).assign(from_id="gone")], ignore_index=True)


@pytest.mark.parametrize(("seed", "lanes"), [(12, "listed"), (121, "within_minutes")])
def test_whole_packs_with_bounds_that_are_not_whole(seed: int, lanes: str) -> None:
    assert_same_values(random_instance(seed, whole=True, lanes=lanes, fairness="floors"))
