"""Plans of reserves with the values the judge finds and the bounds the solver claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import pandas as pd

from allocator.check import Verdict
from allocator.check import check as judge
from allocator.engine.ordered import StageResult
from allocator.instance import Instance, instance_hash
from allocator.instance.futures import REMAINING, ReserveCase
from allocator.models.preposition.by_rule import served_by_rule
from allocator.models.preposition.model import unit_of
from allocator.models.preposition.yardsticks import Given
from allocator.plan import GoalResult, Plan, Status
from allocator.runs.ending import stated

SCOPE_FIRST = "all plans over these lanes, sites and scenarios"
SCOPE_LATER = "plans over these that keep the earlier goals at their values"
VIOLATIONS_TOLD = 5


def judged(
    instance: Instance,
    tables: Mapping[str, pd.DataFrame],
    source: str,
    results: Iterable[StageResult] = (),
) -> Plan:
    """Return tables as a plan: valid or not, its goals, its outcomes and costs in the summary."""
    plan = Plan("preposition", tables, Status("completed", "invalid"))
    verdict = judge(instance, plan)
    if plan.states("recourse"):
        plan = plan.replace(tables={**tables, "outcomes": verdict.outcomes})
    summary: dict[str, Any] = {"made": source, **_costs(verdict)}
    if not verdict.ok:
        told = verdict.violations[:VIOLATIONS_TOLD]
        summary["violations"] = [f"{one.code} {one.message}" for one in told]
    return plan.replace(
        status=Status("completed", "valid" if verdict.ok else "invalid"),
        goals=goal_results(instance, verdict.goals, results, source),
        summary=summary,
        instance={"name": instance.name, "hash": _hash(instance)},
    )


_hash = lru_cache(maxsize=2)(instance_hash)


def goal_results(
    instance: Instance,
    values: Mapping[str, float],
    results: Iterable[StageResult] = (),
    source: str = "",
) -> tuple[GoalResult, ...]:
    """Return the goals of the policy in order: values of the judge, bounds of the solver."""
    found = [(name, unit_of(name), values.get(name)) for name in _names(instance, values)]
    return stated(found, results, source, (SCOPE_FIRST, SCOPE_LATER))


def _names(instance: Instance, values: Mapping[str, float]) -> list[str]:
    """Return the goals in order; `remaining` stands for one goal a tier."""
    found: list[str] = []
    for name in instance.policy.reserve_goals:
        tiers = [one for one in values if one.startswith(f"{name}.")]
        found += sorted(tiers, key=lambda one: int(one.rpartition(".")[2])) if tiers else [name]
    return [name for name in found if name != REMAINING]


def _costs(verdict: Verdict) -> dict[str, Any]:
    """Return what the summary says of money and service."""
    names = ("first_stage", "mean_cost", "worst_cost", "people_in_need", "units_needed")
    found = {
        name: verdict.stats[name] for name in (*names, "units_served") if name in verdict.stats
    }
    return {**found, "notes": verdict.stats["notes"]}


def by_rule(case: ReserveCase, given: Given, source: str) -> Plan:
    """Return a first stage with the recourse that needs no solver, judged."""
    tables = {**given.tables(case), "recourse": served_by_rule(case, given.stock, given.size)}
    return judged(case.instance, tables, source)
