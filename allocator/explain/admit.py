"""Reasons of a plan of beds: why groups of patients wait, each backed by a solve."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pandas as pd

from allocator.engine.child import Child
from allocator.instance import Instance
from allocator.plan import Plan, plan_table

WORK = "allocator.explain.admit_work:work"
GRACE = 1.2  # times the seconds until the child is stopped: it minds the time itself

ADMIT_CODES: Mapping[str, str] = {
    "EXCLUDED_BY_RULE": "no site may take them: entry rules, travel or no beds of the class",
    "IMPOSSIBLE_ALONE": "they would wait even if nobody else came",
    "CROWDED_OUT": "others have the beds; with less waiting here an earlier goal is worse",
    "TIE": "they could wait less with every goal as good: others would wait instead",
    "NOT_PROVEN": "a plan in which they wait less may be as good or better",
    "UNEXPLAINED": "not settled within the time",
}


@dataclass(frozen=True)
class AdmitReason:
    """One row of reasons.csv: `item_id` is the class, `quantity` patient-days of waiting."""

    community_id: str
    item_id: str
    period_from: int
    period_to: int
    code: str
    family: str
    quantity: float
    text: str
    detail: str


def admit_reasons(
    instance: Instance,
    plan: Plan,
    budget_seconds: float = 60.0,
    most: int | None = 20,
    only: str = "",
) -> pd.DataFrame:
    """Explain who waits in a plan of beds: critical first, then by patient-days.

    Args:
        instance: The instance of the plan.
        plan: A plan of beds with its table waiting.
        budget_seconds: Wall-clock seconds for all solves.
        most: Most groups to look at; None = all.
        only: Id of the one place to explain.
    """
    job = {
        "instance": instance,
        "plan": plan.replace(summary={}, run={}, instance={}),
        "seconds": budget_seconds,
        "most": most,
        "only": only,
    }
    if not len(plan["waiting"]):
        return plan_table("reasons")
    with Child(WORK, **job) as child:
        child.wait(time.monotonic() + GRACE * budget_seconds + 2.0, lambda event: None)
        error, found = child.error(), child.best() or []
    if error is not None:
        raise error
    return plan_table("reasons", pd.DataFrame([asdict(one) for one in found]))
