"""Plans of routes with the values the judge finds and the bounds the solver claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allocator.check.route import check_routes
from allocator.instance.route_case import RouteCase
from allocator.models.route.goals import REQUIRED, UNITS, goals_of, reached
from allocator.models.route.read import tables
from allocator.models.route.routes import Routes
from allocator.plan import GoalResult, Plan, Status

SCOPE_FIRST = "all routes of these orders and vehicles"
SCOPE_LATER = "routes that keep the earlier goals at their values"
VIOLATIONS_TOLD = 5


def judged(
    case: RouteCase, routes: Routes, source: str, bounds: Mapping[str, float] | None = None
) -> Plan:
    """Return routes as a plan: valid or not, with its goals and what it comes to."""
    plan = Plan("route", tables(case, routes), Status("completed", "invalid"))
    verdict = check_routes(case, plan)
    stats = {name: value for name, value in verdict.stats.items() if name != "notes"}
    summary: dict[str, Any] = {"made": source, "use": stats, "values": dict(verdict.goals)}
    if not verdict.ok:
        told = verdict.violations[:VIOLATIONS_TOLD]
        summary["violations"] = [f"{one.code} {one.where} {one.message}" for one in told]
    return plan.replace(
        status=Status("completed", "valid" if verdict.ok else "invalid"),
        goals=goal_results(case, verdict.goals, bounds or {}, source),
        summary=summary,
    )


def goal_results(
    case: RouteCase, values: Mapping[str, float], bounds: Mapping[str, float], source: str
) -> tuple[GoalResult, ...]:
    """Return the goals of the case in order: values of the judge, bounds of the solver.

    Required stops are a goal of their own where there are some.
    """
    required = bool((case.stops.prize == float("inf")).any())
    specs = [spec for spec in goals_of(case) if spec.name != REQUIRED or required]
    return tuple(
        GoalResult(
            name=spec.name,
            unit=UNITS.get(spec.name, "weighted sum"),
            value=reached(spec, values),
            bound=bounds.get(spec.name),
            scope=SCOPE_LATER if number else SCOPE_FIRST,
            source=source,
        )
        for number, spec in enumerate(specs)
    )
