"""Whether the goal that decided a shortage is proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from allocator.doctor.words import number
from allocator.plan import Plan
from allocator.plan.goal import GoalResult

PROVEN = 1e-3  # a goal within this gap (a share of its value, or units at value 0) counts as proven


@dataclass(frozen=True)
class Proof:
    """The goals of a plan by name."""

    goals: Mapping[str, GoalResult]

    def goal(self, tier: int) -> str:
        """Return the goal that decides shortages of a tier: its own, else the last one stated."""
        own = "critical" if tier == 1 else f"remaining.{tier}"
        if own in self.goals or not self.goals:
            return own
        counts = [
            name for name in self.goals if name in ("item_days", "units_short") or "units" in name
        ]
        return counts[0] if counts else next(iter(self.goals))

    def doubt(self, tier: int) -> str:
        """Say why the shortage is not proven to be needed; blank when it is."""
        name = self.goal(tier)
        goal = self.goals.get(name)
        if goal is None:
            return "The plan states no goals, so it is not proven that it must be short here."
        if goal.gap is None:
            return f"Goal {name} has no proven bound, so another plan may be short elsewhere."
        if goal.gap > PROVEN:
            size = (
                f"{number(100 * goal.gap)} %" if goal.value else f"{number(goal.gap)} {goal.unit}"
            )
            return f"Goal {name} is proven only to {size}, so another plan may do better."
        return ""

    def said(self, tier: int) -> str:
        """Return the doubt, or that the goals do not pay for more."""
        return self.doubt(tier) or "The goals of the policy do not ask for it."


def proof_of(plan: Plan) -> Proof:
    """Return what the plan states about its goals."""
    return Proof({goal.name: goal for goal in plan.goals})
