"""Judge a plan of beds: who enters where, who waits, who lies in which bed, its goals."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.check.admit_flow import Flow, flow_of
from allocator.check.admit_goals import admit_goals
from allocator.check.admit_limits import check_limits
from allocator.check.admit_rows import Decided, decided_of
from allocator.check.admit_tables import check_follows, follows
from allocator.check.goals import check_goals
from allocator.check.verdict import Findings, Verdict
from allocator.instance import Instance
from allocator.instance.admit_case import AdmitCase, admit_case
from allocator.plan import Plan, plan_table


def check_admit(found: Findings, instance: Instance, plan: Plan) -> Verdict:
    """Judge `plan` from `instance` alone.

    Raises:
        PlanMissingError: when there is no plan to judge.
    """
    case = admit_case(instance)
    decided = decided_of(found, case, plan)
    flow = flow_of(found, case, decided)
    check_limits(found, case, decided, flow)
    tables = follows(case, decided, flow)
    check_follows(found, plan, tables)
    goals = admit_goals(case, decided, flow)
    check_goals(found, goals, plan.goals, frozenset())
    return Verdict(
        found.table(),
        {name: goal.value for name, goal in goals.items()},
        _stats(case, decided, flow),
        plan_table("shortages"),
        tables=tables,
    )


def _stats(case: AdmitCase, decided: Decided, flow: Flow) -> dict[str, Any]:
    """Return figures of the plan, means over the scenarios; waiting_most is of the worst day."""
    chance = case.probability
    waiting = np.tensordot(chance, flow.waiting.sum(axis=(1, 2)), axes=1)
    return {
        "patients": float(chance @ case.arrivals.sum(axis=(1, 2, 3))),
        "admitted": float(chance @ decided.enters.sum(axis=(1, 2, 3))),
        "outside": float(chance @ decided.outside.sum(axis=(1, 2, 3))),
        "moved": float(chance @ decided.moved_out.sum(axis=(1, 2, 3))),
        "waiting_most": float(waiting.max(initial=0.0)),
        "waiting_end": float(waiting[-1]),
        "wards_opened": len(decided.ward),
        "notes": [],
    }
