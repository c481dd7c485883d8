"""Costs and goals of a plan of reserves, scenario by scenario (section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check.goals import Value
from allocator.check.ground import Bools, Floats, Ints, lookup, summed
from allocator.check.preposition_balance import Result
from allocator.check.preposition_ground import Stage
from allocator.check.preposition_recourse import Moved
from allocator.check.preposition_scenarios import Scenarios
from allocator.check.verdict import Findings
from allocator.plan import Plan, plan_table
from allocator.plan.precision import rounded, tolerance


@dataclass(frozen=True)
class Outcomes:
    """What every scenario comes to; `parts` are costs by kind, `scale` the size of their sum.

    `people` has those short of goods, and all who need them, for critical and each remaining.c.
    """

    cost: Floats
    people: Mapping[str, tuple[Floats, Floats]]
    short_units: Floats
    parts: Mapping[str, Floats]
    scale: Floats

    @property
    def critical(self) -> Floats:
        """People short of life-critical goods."""
        return self.people["critical"][0]


def outcomes_of(stage: Stage, scenarios: Scenarios, moved: Moved, result: Result) -> Outcomes:
    """Add up costs and shortages of every scenario."""
    need = scenarios.need
    parts = {
        "transport": summed(moved.scenario, moved.price * moved.quantity, len(scenarios)),
        "called": (result.exercised * scenarios.called).sum(axis=1),
        "shortage": (result.short * scenarios.lack[:, need.item]).sum(axis=1),
        "surplus": (result.surplus * scenarios.over[:, None, :]).sum(axis=(1, 2)),
    }
    tier = stage.ground.items.tier[need.item]
    people = {"critical": _people(stage, scenarios, result.short, tier == 1)}
    free = np.asarray((tier > 1) & np.all(scenarios.lack[:, need.item] <= 0, axis=0))
    free &= np.isin(need.item, need.item[(need.quantity > 0).any(axis=0)])
    for one in np.unique(tier[free]).tolist():
        people[f"remaining.{one}"] = _people(stage, scenarios, result.short, free & (tier == one))
    cost = sum(parts.values(), np.zeros(len(scenarios)))
    return Outcomes(cost, people, result.short.sum(axis=1), parts, cost)


def _people(
    stage: Stage, scenarios: Scenarios, short: Floats, counted: Bools
) -> tuple[Floats, Floats]:
    """Return people short of some goods, the largest over items; and all who need them."""
    need, places = scenarios.need, stage.ground.places
    vital = np.flatnonzero(counted)
    if not len(vital):
        return np.zeros(len(short)), np.zeros(len(short))
    starts = np.flatnonzero(np.diff(need.place[vital], prepend=-1))
    weight = places.priority[need.place[vital[starts]]]
    rate = need.rate[:, vital]
    late = np.maximum.reduceat(rate * short[:, vital], starts, axis=1)
    all_ = np.maximum.reduceat(rate * need.quantity[:, vital], starts, axis=1)
    return late @ weight, all_ @ weight


def risk_of(scenarios: Scenarios, cost: Floats, kind: str, weight: float, level: float) -> float:
    """Return the measure of the costs the policy asks for."""
    probability = scenarios.probability
    mean = float(probability @ cost)
    if kind == "expected":
        return mean
    if kind == "worst":
        bad = float(cost[probability > 0].max())
    else:
        bad = tail_mean(cost, probability, level)
    return (1.0 - weight) * mean + weight * bad


def tail_mean(cost: Floats, probability: Floats, level: float) -> float:
    """Return the mean of the worst 1 - level of the probability (conditional value at risk)."""
    tail, total, left = 1.0 - level, 0.0, 1.0 - level
    for at in np.argsort(-cost, kind="stable").tolist():
        part = min(left, float(probability[at]))
        total, left = total + part * float(cost[at]), left - part
        if left <= 0:
            break
    return total / tail


def reserve_goals(
    stage: Stage, scenarios: Scenarios, first: Mapping[str, float], outcomes: Outcomes
) -> dict[str, Value]:
    """Return the goals critical, remaining.c for tiers with goods that have no price, and cost."""
    policy = stage.ground.instance.policy
    spent = sum(first.values())
    risk = risk_of(scenarios, outcomes.cost, policy.risk, policy.risk_weight, policy.risk_level)
    chance = scenarios.probability
    people = {
        name: Value(float(chance @ short), float(chance @ all_))
        for name, (short, all_) in outcomes.people.items()
    }
    return {
        **people,
        "cost": Value(spent + risk, spent + abs(risk) + float(np.abs(outcomes.cost).max())),
    }


def check_shortage_budget(found: Findings, stage: Stage, critical: Value) -> None:
    """Hold the mean life-critical shortage to its budget."""
    most = stage.ground.instance.policy.shortage_budget
    if most is not None and critical.value - most > tolerance(critical.scale):
        message = f"{critical.value:,.8g} people are short on average, {most:,.8g} may be"
        found.add_one("shortage_budget", "policy:shortage_budget", critical.value - most, message)


def outcome_table(scenarios: Scenarios, outcomes: Outcomes) -> pd.DataFrame:
    """Return the outcomes as the plan table of that name."""
    frame = pd.DataFrame(
        {
            "scenario_id": scenarios.index.to_numpy(object),
            "probability": scenarios.probability,
            "cost": rounded(outcomes.cost),
            "critical": rounded(outcomes.critical),
            "short_units": rounded(outcomes.short_units),
        }
    )
    return plan_table("outcomes", frame)


def check_outcomes(found: Findings, scenarios: Scenarios, outcomes: Outcomes, plan: Plan) -> None:
    """Compare the outcomes a plan states with the true ones."""
    if not plan.states("outcomes"):
        return
    table = plan_table("outcomes", plan["outcomes"])
    number = lookup(scenarios.index, table["scenario_id"])
    line = np.flatnonzero(number >= 0)
    bad = np.flatnonzero(number < 0)
    lines = [f"scenario {name} is not in the instance" for name in table["scenario_id"].iloc[bad]]
    found.add("unknown_id", "outcomes", bad, np.ones(len(bad)), lines)
    rate_scale = outcomes.people["critical"][1].max(initial=0.0)
    for column, true, scale in (
        ("probability", scenarios.probability, np.zeros(len(scenarios))),
        ("cost", outcomes.cost, 10.0 * outcomes.scale + outcomes.scale.max(initial=0.0)),
        ("critical", outcomes.critical, np.full(len(scenarios), rate_scale)),
        ("short_units", outcomes.short_units, 10.0 * outcomes.short_units + rate_scale),
    ):
        _compare(found, table, column, line, true[number[line]], scale[number[line]])


def _compare(
    found: Findings, table: pd.DataFrame, column: str, line: Ints, true: Floats, scale: Floats
) -> None:
    stated = table[column].to_numpy(float)[line]
    off_by = np.abs(stated - true)
    wrong = off_by > tolerance(scale)  # a blank cell compares as False
    lines = [
        f"{column} is {one:,.10g}, the plan says {other:,.10g}"
        for one, other in zip(true[wrong], stated[wrong], strict=True)
    ]
    found.add("outcome", "outcomes", line[wrong], off_by[wrong], lines)
