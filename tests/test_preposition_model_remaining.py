"""Goods without a price are worth having: the goal remaining, tier by tier, before the cost."""

from __future__ import annotations

from dataclasses import replace as changed
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.check import check
from allocator.engine.ordered import Budget
from allocator.instance import Instance
from allocator.instance.futures import reserve_case
from allocator.models.preposition import evaluate, solve
from allocator.models.preposition.yardsticks import Given
from allocator.plan import GoalResult
from allocator.runs.preposition_judged import by_rule, judged

METHODS = ["extensive", "benders"]


def town(prices: dict[str, float], budget: float | None = None, **policy: Any) -> Instance:
    """One depot, one town of 100 people who need 10 of each of food, masks and tea."""
    tiers = {"food": 1, "mask": 2, "tea": 3}
    items = [
        {"item_id": name, "kg": 1, "m3": 1, "tier": tier, "unit_cost": 2}
        | {"shortage_cost": prices.get(name, 0.0)}
        for name, tier in tiers.items()
    ]
    needs = [
        {"scenario_id": name, "community_id": "T", "item_id": item, "quantity": 10 * factor}
        for name, factor in (("calm", 1), ("wave", 2))
        for item in tiers
    ]
    return Instance.from_frames(
        name="town",
        policy={"lanes": "listed", "reserve_budget": budget, **policy},
        periods=pd.DataFrame({"period": [1]}),
        communities=pd.DataFrame({"community_id": ["T"], "population": [100]}),
        items=pd.DataFrame(items),
        needs=pd.DataFrame(
            {"community_id": "T", "item_id": ["food"], "period": 1, "quantity": [0.0]}
        ),
        sites=pd.DataFrame({"site_id": ["D"], "status": ["open"]}),
        sizes=pd.DataFrame({"site_id": ["D"], "size_id": ["one"], "fixed_cost": [5.0]}),
        links=pd.DataFrame({"from_id": ["D"], "to_id": ["T"], "minutes": [10.0]}),
        scenarios=pd.DataFrame({"scenario_id": ["calm", "wave"], "probability": [0.5, 0.5]}),
        scenario_needs=pd.DataFrame(needs),
    )


def held(instance: Instance, method: str = "auto") -> tuple[dict[str, float], dict[str, Any]]:
    """What is held of every item, and the goals."""
    answer = solve(instance, Budget(gap=1e-9), method=method)
    stock = answer.tables["reserves"].groupby("item_id")["quantity"].sum()
    plan = judged(instance, answer.tables, "solver", answer.results)
    assert check(instance, plan).ok
    assert [goal.name for goal in plan.goals] == [one.name for one in answer.results]
    for goal, one in zip(plan.goals, answer.results, strict=True):
        assert goal.value == pytest.approx(one.value, abs=1e-3)
        assert one.bound == pytest.approx(one.value, rel=1e-5, abs=1e-3)
    return dict(stock), {goal.name: goal.value for goal in plan.goals}


@pytest.mark.parametrize("method", METHODS)
def test_goods_without_a_price_are_held_after_the_critical_ones(method: str) -> None:
    # 20 food and 20 masks for the wave cost 80, the site 5: what is left buys 5 of tea.
    stock, goals = held(town({}, budget=95.0), method)
    assert stock == pytest.approx({"food": 20.0, "mask": 20.0, "tea": 5.0}, abs=1e-4)
    assert list(goals) == ["critical", "remaining.2", "remaining.3", "cost"]
    # Tea is short of 5 of 10 for 100 people, or of 15 of 20: (50 + 75) / 2.
    assert goals["remaining.3"] == pytest.approx(62.5, abs=1e-3)
    assert goals["remaining.2"] == pytest.approx(0.0, abs=1e-3)


def test_less_money_goes_to_the_more_urgent() -> None:
    stock, goals = held(town({}, budget=55.0))
    assert stock == pytest.approx({"food": 20.0, "mask": 5.0}, abs=1e-4)
    assert goals["remaining.3"] == pytest.approx(100.0)


def test_a_price_weighs_them_against_money() -> None:
    # Half of the time a unit beyond 10 is used: at 3 it saves 1.5 for 2, the first ten save 3.
    stock, goals = held(town({"mask": 3.0, "tea": 1.0}))
    assert stock == pytest.approx({"food": 20.0, "mask": 10.0}, abs=1e-4)
    assert list(goals) == ["critical", "cost"]


def test_with_a_price_and_without_one() -> None:
    stock, goals = held(town({"mask": 1.0}))
    assert stock == pytest.approx({"food": 20.0, "tea": 20.0}, abs=1e-4)
    assert list(goals) == ["critical", "remaining.3", "cost"]


def test_a_price_in_one_scenario_is_a_price() -> None:
    row = {"scenario_id": "wave", "table": "items", "field": "shortage_cost", "op": "set"}
    overlays = pd.DataFrame([row | {"selector": "item_id=mask", "value": "100"}])
    priced = town({}).replace(overlays=overlays)
    assert reserve_case(priced).goals == ("critical", "remaining.3", "cost")
    assert held(priced)[0]["mask"] == pytest.approx(20.0, abs=1e-4)


def test_without_the_goal_nothing_is_held_of_them() -> None:
    stock, _ = held(town({}, reserve_goals=["critical", "cost"]))
    assert stock == pytest.approx({"food": 20.0}, abs=1e-4)


def test_an_evaluated_plan_serves_them_too() -> None:
    instance = town({})
    reserves = pd.DataFrame({"site_id": "D", "item_id": ["food", "mask"], "quantity": [20.0, 4.0]})
    found = evaluate(instance, {"reserves": reserves})
    assert found.values["critical"] == pytest.approx(0.0, abs=1e-6)
    assert found.values["remaining.2"] == pytest.approx((60 + 80) / 2)
    assert found.values["remaining.3"] == pytest.approx(100.0)


def test_the_rule_without_a_solver_hands_them_out() -> None:
    case = reserve_case(town({}))
    stock = np.array([[20.0, 4.0, 0.0]])
    plan = by_rule(case, Given(np.zeros(1, np.int64), stock), "by rule")
    assert {goal.name: goal.value for goal in plan.goals}["remaining.2"] == pytest.approx(70.0)


def test_the_judge_finds_a_goal_that_is_stated_wrongly() -> None:
    instance = town({}, budget=95.0)
    answer = solve(instance, Budget(gap=1e-9))
    plan = judged(instance, answer.tables, "solver", answer.results)
    wrong = [
        changed(goal, value=goal.value + 7.0) if goal.name == "remaining.3" else goal
        for goal in plan.goals
        if goal.value is not None
    ]
    assert all(isinstance(goal, GoalResult) for goal in wrong)
    found = check(instance, plan.replace(goals=tuple(wrong))).table
    assert found["family"].tolist() == ["goal_value"]
    assert found["size"].tolist() == pytest.approx([7.0])
