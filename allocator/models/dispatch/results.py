"""Goals of a plan: the values the judge found beside the bounds the solver claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from allocator.engine.ordered import StageResult
from allocator.instance.goals import GoalSpec, parse_goals
from allocator.instance.policy import Policy
from allocator.models.dispatch.terms import UNITS
from allocator.plan import GoalResult
from allocator.plan.status import Proof

PROVEN = 1e-3  # relative gap at which a goal counts as proven
SCOPE_FIRST = "all plans over these lanes"
SCOPE_LATER = "plans over these lanes that keep the earlier goals at their values"


def goal_results(
    policy: Policy, values: Mapping[str, float], known: Mapping[str, StageResult], source: str
) -> tuple[GoalResult, ...]:
    """Return one result a goal in the order of the policy; `values` are the judge's."""
    results = []
    for number, (name, value) in enumerate(_in_order(policy, values)):
        result = known.get(name)
        results.append(
            GoalResult(
                name=name,
                unit=UNITS.get(name.partition(".")[0], "weighted sum"),
                value=value,
                bound=None if result is None else result.bound,
                scope=SCOPE_LATER if number else SCOPE_FIRST,
                source=source if result is None else result.source,
            )
        )
    return tuple(results)


def proven(goals: tuple[GoalResult, ...], gap: float) -> Proof:
    """Return optimal when every goal is within its tolerance, gap when each has a bound."""
    if not goals or any(goal.bound is None for goal in goals):
        return "none"
    within = all(goal.gap is not None and goal.gap <= max(gap, PROVEN) for goal in goals)
    return "optimal" if within else "gap"


def _in_order(policy: Policy, values: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    fair = policy.fairness in ("max-min", "leximin")
    for spec in parse_goals(policy.goals):
        if spec.name in ("fairness", "remaining"):
            if spec.name == "remaining" or fair:
                yield from sorted(
                    (name, value)
                    for name, value in values.items()
                    if name.startswith(f"{spec.name}.")
                )
        elif spec.name == "floors" and policy.fairness == "none":
            continue
        elif spec.name in values:
            yield spec.name, values[spec.name]
        elif spec.name not in UNITS:
            yield spec.name, _sum(spec, values)


def _sum(spec: GoalSpec, values: Mapping[str, float]) -> float:
    # Without an earlier plan nothing is changed.
    return sum(weight * values.get(term, 0.0) for weight, term in spec.terms)
