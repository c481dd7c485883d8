"""Reasons of a plan of reserves: sites, scenarios, and places that go without."""

from __future__ import annotations

import time

import pandas as pd

from allocator.engine.child import Child
from allocator.explain.reserve_places import place_reasons
from allocator.explain.reserve_reason import ReserveReason, as_reason_table
from allocator.instance import Instance
from allocator.instance.futures import reserve_case
from allocator.plan import Plan

WORK = "allocator.explain.reserve_work:work"
GRACE = 1.2  # times the seconds until the child is stopped: it minds the time itself
SITES_MOST = 8


def reserve_reasons(
    instance: Instance,
    plan: Plan,
    budget_seconds: float = 60.0,
    most: int | None = 20,
    only: str = "",
    solves: bool = True,
) -> pd.DataFrame:
    """Explain a plan of reserves.

    Args:
        instance: The instance of the plan.
        plan: A plan of reserves; without recourse only its sites are explained.
        budget_seconds: Wall-clock seconds for solving the other choices.
        most: Most places (and, of sites, most up to 8) to look at; None = all.
        only: Id of the one site or place to explain.
        solves: Whether to solve other choices at all.

    Returns:
        The table reasons of the plan: sites, then scenarios, then places.
    """
    found = _choices(instance, plan, budget_seconds, most, only) if solves else []
    if plan.states("recourse"):
        found += place_reasons(reserve_case(instance), plan, most, only)
    return as_reason_table(found)


def _choices(
    instance: Instance, plan: Plan, seconds: float, most: int | None, only: str
) -> list[ReserveReason]:
    """Return the reasons a child process finds in time."""
    job = {
        "instance": instance,
        "plan": plan.replace(summary={}, run={}, instance={}),
        "seconds": seconds,
        "sites": None if most is None else min(most, SITES_MOST),
        "only": only,
    }
    with Child(WORK, **job) as child:
        child.wait(time.monotonic() + GRACE * seconds, lambda event: None)
        error, found = child.error(), child.best() or []
    if error is not None:
        raise error
    return list(found)
