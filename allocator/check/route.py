"""Judge routes: what they carry, where and when, by which vehicles; their goals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.check.goals import check_goals
from allocator.check.route_goals import route_goals
from allocator.check.route_goods import (
    Handed,
    check_loads,
    check_orders,
    check_splits,
    handed_of,
)
from allocator.check.route_rows import Rows, rows_of
from allocator.check.route_rules import (
    check_depots,
    check_fixed,
    check_fleet,
    check_gates,
    check_order,
    check_origins,
    check_permits,
    check_trips,
)
from allocator.check.route_times import Times, check_duty, check_figures, check_times, times_of
from allocator.check.verdict import Findings, Verdict
from allocator.instance.route_case import RouteCase
from allocator.instance.schema import ACCESS_CLASSES
from allocator.plan import Plan, plan_table


def check_routes(case: RouteCase, plan: Plan, found: Findings | None = None) -> Verdict:
    """Judge routes of a case, whether it comes from an instance or not.

    A plan without deliveries hands over at each stop what is ordered there; blank times are as
    early as can be.

    Raises:
        PlanMissingError: when there is no plan to judge.
    """
    found = found or Findings("route")
    rows = rows_of(found, case, plan)
    handed = handed_of(found, case, plan, rows)
    times = times_of(found, case, rows, handed)
    check_fleet(found, case, rows)
    check_permits(found, case, rows)
    check_loads(found, case, rows, handed)
    check_times(found, case, rows, times)
    check_duty(found, case, rows, times)
    check_trips(found, case, rows)
    check_depots(found, case, rows)
    check_origins(found, case, rows, handed)
    check_order(found, case, rows)
    check_orders(found, case, plan, handed)
    check_splits(found, case, rows, handed)
    check_gates(found, case, rows, times)
    check_fixed(found, case, rows, times)
    check_figures(found, rows, times, pd.Series(ACCESS_CLASSES).iloc[case.stops.access])
    goals = route_goals(case, rows, handed, times)
    check_goals(found, goals, plan.goals, frozenset())
    values = {name: goal.value for name, goal in goals.items()}
    stats = _stats(case, rows, handed, times) | {"notes": list(dict.fromkeys(found.notes))}
    return Verdict(found.table(), values, stats, plan_table("shortages"))


def _stats(case: RouteCase, rows: Rows, handed: Handed, times: Times) -> dict[str, Any]:
    """Return figures of the routes."""
    wait = float((times.begin - times.arrive).sum())
    return {
        "routes": len(rows.first),
        "trips": len(rows.trip_route),
        "visits": len(handed.rows),
        "stops": len(case.stops),
        "stops_served": int((handed.left <= 0).sum()),
        "km": float(times.km.sum()),
        "hours": float(times.duty.sum()) / 60,
        "hours_driving": float(times.drive.sum()) / 60,
        "hours_waiting": wait / 60,
        "units_ordered": float(handed.lines["quantity"].sum()),
        "units_delivered": float(np.sum(handed.given)),
    }
