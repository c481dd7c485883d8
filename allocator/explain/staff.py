"""Why posts are not covered, and which rules leave no roster at all."""

from __future__ import annotations

import time

import pandas as pd

from allocator.engine.child import Child
from allocator.engine.conflict import smallest_conflict
from allocator.errors import Fault
from allocator.explain.reason import as_table
from allocator.instance import Instance
from allocator.instance.staff_case import StaffCase
from allocator.models.staff.model import StaffModel
from allocator.models.staff.rulebook import rulebook
from allocator.plan import Plan

WORK = "allocator.explain.staff_work:work"
GRACE = 1.2  # times the seconds until the child is stopped: it minds the time itself
LOOSE_COLUMNS = 200_000  # above this what has no columns at all is not told apart
TOLD = 20  # rules of a conflict told one by one


def staff_reasons(
    instance: Instance,
    plan: Plan,
    budget_seconds: float = 60.0,
    most: int | None = 20,
    only: str = "",
) -> pd.DataFrame:
    """Explain the posts that lack most people, or qualified ones.

    Args:
        instance: The instance of the roster.
        plan: A roster.
        budget_seconds: Wall-clock seconds for solves; what is left then is UNEXPLAINED.
        most: Most gaps (of a post in a period and shift) to look at; None = all.
        only: Id of the one post to explain, or of its place.

    Returns:
        The table reasons of the plan, the largest gap first.
    """
    if plan.states("uncovered") and plan["uncovered"].empty:
        return as_table([])
    job = {
        "instance": instance,
        "plan": plan.replace(summary={}, run={}, instance={}),
        "seconds": budget_seconds,
        "most": most,
        "only": only,
    }
    with Child(WORK, **job) as child:
        child.wait(time.monotonic() + GRACE * budget_seconds + 2.0, lambda event: None)
        error, found = child.error(), child.best() or []
    if error is not None:
        raise error
    return as_table(found)


def impossible_faults(case: StaffCase, seconds: float) -> tuple[Fault, ...]:
    """Return the smallest set of rules no roster can obey together, in the planner's words."""
    loose = len(case.people) * len(case.posts) <= LOOSE_COLUMNS
    model = StaffModel(case, loose=loose)
    rules, group = rulebook(model)
    found = smallest_conflict(model.program, group, seconds)
    if found is None:
        rule = "no roster can obey all the rules; which of them collide was not found in time"
        action = "give it more time, or loosen minimum, minimum_minutes or days off"
        return (Fault("E4301", "error", "workers", "", rule, action),)
    named = [rules[one] for one in found.groups]
    head, action = _told(len(named), found.smallest)
    faults = [Fault("E4301", "error", named[0].where if named else "", "", head, action)]
    for rule_ in named[:TOLD]:
        faults.append(Fault("E4302", "error", rule_.where, "", rule_.words, ""))
    return tuple(faults)


def _told(count: int, smallest: bool) -> tuple[str, str]:
    """Return what is wrong with so many rules, and what to do."""
    if count == 1:
        return "one rule cannot be obeyed, whatever the others are", "loosen it"
    size = "the smallest set of rules" if smallest else "a set of rules"
    head = f"no roster can obey all the rules: {count} of them contradict each other"
    return head, f"loosen one of these; they are {size} that do"
