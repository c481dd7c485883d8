"""The value of every goal, computed again, against what the plan states (formulation section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from allocator.check.fairness import Tiers
from allocator.check.ground import Floats, Ground
from allocator.check.lanes import Lanes
from allocator.check.moves import Moves
from allocator.check.needs import Needs
from allocator.check.service import Service
from allocator.check.verdict import Findings
from allocator.plan import GoalResult
from allocator.plan.precision import tolerance


@dataclass(frozen=True)
class Value:
    """A recomputed value and the scale its tolerance goes with."""

    value: float
    scale: float


def needs_goals(ground: Ground, needs: Needs, service: Service, tiers: Tiers) -> dict[str, Value]:
    """Return the goals about people: floors, critical, remaining.c, item_days, units_short."""
    weight = ground.places.priority[needs.place][:, None] * ground.days[None, :] * needs.rate
    floor = needs.floor * needs.quantity
    below = np.maximum(0.0, floor - service.served)
    goals = {
        "floors": _value(weight * below, weight * floor),
        "item_days": _value(weight * service.short, weight * needs.quantity),
        "units_short": _value(service.short, needs.quantity),
    }
    heavy = ground.places.priority[tiers.place][:, None] * ground.days[None, :]
    for tier in sorted({1, *tiers.tier.tolist()}):
        mine = tiers.tier == tier
        name = "critical" if tier == 1 else f"remaining.{tier}"
        goals[name] = _value((heavy * tiers.late)[mine], (heavy * tiers.people)[mine])
    rest = [goal for name, goal in goals.items() if name.startswith("remaining.")]
    goals["remaining"] = Value(sum(g.value for g in rest), sum(g.scale for g in rest))
    return goals


def _value(parts: Floats, scale: Floats) -> Value:
    return Value(float(parts.sum()), float(scale.sum()))


def money_goals(lanes: Lanes, moves: Moves, trips_cost: float, bought: float) -> dict[str, Value]:
    """Return transport and cost."""
    on_lane = moves.lane >= 0
    transport = float((lanes.cost[moves.lane[on_lane]] * moves.quantity[on_lane]).sum())
    cost = transport + trips_cost + bought
    return {"transport": Value(transport, transport), "cost": Value(cost, cost)}


def check_goals(
    found: Findings,
    goals: Mapping[str, Value],
    stated: tuple[GoalResult, ...],
    upper: frozenset[str],
) -> None:
    """Compare stated with recomputed values; those in `upper` may be smaller than recomputed."""
    for goal in stated:
        true = _sum(goals, goal.name)
        if true is None or goal.value is None:
            continue
        off_by = goal.value - true.value
        if goal.name in upper:
            off_by = max(0.0, off_by)
            found.approximate(f"{goal.name} cannot be verified: the plan states no attainable.csv")
        if abs(off_by) > tolerance(max(true.scale, abs(true.value))):
            message = f"{goal.name} is {true.value:.10g}, the plan says {goal.value:.10g}"
            found.add_one("goal_value", f"plan:goals.{goal.name}", abs(off_by), message)


def _sum(goals: Mapping[str, Value], name: str) -> Value | None:
    """Return a goal by name, or a weighted sum such as `1*units_short + 0.1*transport`."""
    value, scale = 0.0, 0.0
    for part in name.split("+"):
        factor, star, term = part.strip().rpartition("*")
        goal = goals.get(term.strip())
        if goal is None:
            return None
        weight = float(factor) if star else 1.0
        value, scale = value + weight * goal.value, scale + abs(weight) * goal.scale
    return Value(value, scale)
