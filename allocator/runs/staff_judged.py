"""Rosters with the values the judge finds and the bounds the solver claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from allocator.check.staff import check_staff
from allocator.check.verdict import Findings
from allocator.engine.ordered import StageResult
from allocator.instance import Instance, instance_hash
from allocator.instance.staff_case import StaffCase
from allocator.models.staff.goals import UNITS, staff_goals
from allocator.plan import GoalResult, Plan, Status
from allocator.runs.ending import stated

SCOPE_FIRST = "all rosters of these people and posts"
SCOPE_LATER = "rosters of these that keep the earlier goals at their values"
VIOLATIONS_TOLD = 5


def judged(
    instance: Instance,
    case: StaffCase,
    tables: Mapping[str, pd.DataFrame],
    source: str,
    results: Iterable[StageResult] = (),
    earlier: pd.DataFrame | None = None,
) -> Plan:
    """Return tables as a plan: valid or not, its goals, and the tables that follow from it."""
    plan = Plan("staff", tables, Status("completed", "invalid"))
    verdict = check_staff(Findings("staff"), instance, plan, earlier, case)
    figures = {name: value for name, value in verdict.stats.items() if name != "notes"}
    summary: dict[str, Any] = {"made": source, **figures}
    if not verdict.ok:
        told = verdict.violations[:VIOLATIONS_TOLD]
        summary["violations"] = [f"{one.code} {one.message}" for one in told]
    return plan.replace(
        tables={**tables, **verdict.tables},
        status=Status("completed", "valid" if verdict.ok else "invalid"),
        goals=goal_results(instance, verdict.goals, results, source),
        summary=summary,
        instance={"name": instance.name, "hash": instance_hash(instance)},
    )


def goal_results(
    instance: Instance,
    values: Mapping[str, float],
    results: Iterable[StageResult] = (),
    source: str = "",
) -> tuple[GoalResult, ...]:
    """Return the goals of the policy in order: values of the judge, bounds of the solver."""
    found = [
        (name, UNITS.get(name.split(".")[0], "weighted sum"), value)
        for name, value in _in_order(instance, values)
    ]
    return stated(found, results, source, (SCOPE_FIRST, SCOPE_LATER))


def _in_order(instance: Instance, values: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    for spec in staff_goals(instance.policy.staff_goals):
        names = [name for _, name in spec.terms]
        if names == ["workload"]:
            yield from ((name, value) for name, value in values.items() if "workload" in name)
        elif spec.name in values or len(names) > 1 or "*" in spec.name:
            total = sum(weight * values.get(name, 0.0) for weight, name in spec.terms)
            yield spec.name, total
