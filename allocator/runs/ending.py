"""How a run ends: why it stopped, which of two plans is kept, and what a plan is worth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from allocator.engine.ordered import StageResult
from allocator.plan import GoalResult, Plan
from allocator.plan.status import Termination

DIGITS = 4  # after the point, and after the first: less is noise between two plans


def ended(termination: str, results: Iterable[StageResult] = ()) -> Termination:
    """Return how a run ended: the child process may have met its own limit."""
    if termination in ("time_limit", "interrupted", "error"):
        return cast(Termination, termination)
    ends = {result.termination for result in results}
    return next((limit for limit in ("time_limit", "work_limit") if limit in ends), "completed")


def kept(
    found: Plan, first: Plan, worse: bool, bounded: tuple[GoalResult, ...] | None = None
) -> Plan:
    """Return the plan of the search, or the first one where that is all that is valid or better.

    Args:
        found: The plan of the search, judged.
        first: The plan by rule, judged.
        worse: Whether the search was cut short and its plan comes after the first.
        bounded: Goals of the first plan with the bounds that hold for it; None = its own.
    """
    if first.status.plan != "valid":
        return found
    if found.status.plan != "valid":
        return first.replace(summary={**first.summary, "rejected": found.summary["violations"]})
    if not worse:
        return found
    return first if bounded is None else first.replace(goals=bounded)


def values(plan: Plan) -> tuple[float, ...]:
    """Return the goal values in order, rounded so that noise does not decide."""
    found = (goal.value for goal in plan.goals if goal.value is not None)
    return tuple(float(f"{round(value, DIGITS):.{DIGITS + 1}g}") for value in found)


def by_name(plan: Plan) -> dict[str, float]:
    """Return the goal values by name."""
    return {goal.name: goal.value for goal in plan.goals if goal.value is not None}


def stated(
    found: Iterable[tuple[str, str, float | None]],
    results: Iterable[StageResult],
    source: str,
    scopes: tuple[str, str],
) -> tuple[GoalResult, ...]:
    """Return goals with the values the judge found and the bounds the solver claims.

    Args:
        found: Name, unit and value of every goal, in order.
        results: What the solver says of them.
        source: Where a goal comes from of which the solver says nothing.
        scopes: What the bound of the first goal holds for, and those of the others.
    """
    known = {result.name: result for result in results}
    return tuple(
        GoalResult(
            name=name,
            unit=unit,
            value=value,
            bound=known[name].bound if name in known else None,
            scope=scopes[bool(number)],
            source=known[name].source if name in known else source,
        )
        for number, (name, unit, value) in enumerate(found)
    )
