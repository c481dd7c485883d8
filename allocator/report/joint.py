"""What deciding on gate staff and dispatch together brings, for a terminal and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allocator.plan import GoalResult, Plan
from allocator.report.layout import Column, table, wrap
from allocator.report.words import goal_amount, goal_words, is_share

LEAST_SHARE = 5e-4  # less does not show in points
NOISE = 1e-6


def joint_lines(plan: Plan, width: int) -> list[str]:
    """Return every goal one after the other and together; nothing for a plan of dispatch alone."""
    told = plan.summary.get("joint")
    if not told:
        return []
    before, rows = told["chain"], []
    for goal in plan.goals:
        if goal.value is None or goal.name not in before:
            continue
        name = goal.name
        amounts = (goal_amount(name, one) for one in (before[name], goal.value))
        rows.append((goal_words(name), *amounts, _gain(goal, before[name] - goal.value)))
    columns = [Column("Gate staff and dispatch"), Column("one after the other", right=True)]
    columns += [Column("together", right=True), Column("gain", right=True)]
    note = str(told["note"])
    return [*table(columns, rows, width), *wrap(f"{note[:1].upper()}{note[1:]}.", width)]


def _gain(goal: GoalResult, gain: float) -> str:
    """Write what is gained: of a share in points, of the rest with its unit."""
    assert goal.value is not None
    if is_share(goal.name):
        return f"{100 * gain:.1f} points" if abs(gain) >= LEAST_SHARE else "-"
    return goal_amount(goal.name, gain, goal.unit) if abs(gain) > NOISE * abs(goal.value) else "-"


def joint_data(plan: Plan, seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return the same for programs, with the seconds of each step."""
    told = plan.summary["joint"]
    before = told["chain"]
    goals = {goal.name: goal.value for goal in plan.goals if goal.name in before}
    return {
        "chain": dict(before),
        "joint": goals,
        "gain": {name: before[name] - value for name, value in goals.items() if value is not None},
        "seconds": {phase: round(used, 3) for phase, used in seconds.items()},
        "note": told["note"],
    }
