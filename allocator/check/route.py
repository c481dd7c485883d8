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
    check_source,
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
from allocator.errors import InstanceError, UsageError
from allocator.instance import Instance
from allocator.instance.faultlog import FaultLog
from allocator.instance.network import network
from allocator.instance.route_build import route_case
from allocator.instance.route_case import RouteCase
from allocator.instance.route_orders import of_shipments
from allocator.instance.schema import ACCESS_CLASSES
from allocator.plan import Plan, load_plan, plan_table

NO_SOURCE = "the source plan is not at hand: the orders are taken as the plan states them"


def check_route(found: Findings, instance: Instance, plan: Plan) -> Verdict:
    """Judge a plan of routes from its instance, its orders from its source plan where it is known.

    Raises:
        PlanMissingError: when there is no plan to judge.
    """
    period = int(plan.instance.get("period") or plan.summary.get("period") or 1)
    source = _source(found, plan)
    orders = plan_table("orders", plan["orders"]) if plan.states("orders") else None
    try:
        case = route_case(instance, source, period, orders=orders, check=False)
        if source is not None and orders is not None:
            true = of_shipments(network(instance), source, period, FaultLog())
            check_source(found, plan_table("orders", true), plan)
    except InstanceError as error:
        for fault in error.faults:
            found.add_one("unknown_id", fault.where, 1.0, f"{fault.value}: {fault.rule}")
        return Verdict(found.table(), {}, {"notes": found.notes}, plan_table("shortages"))
    return check_routes(case, plan, found)


def _source(found: Findings, plan: Plan) -> Plan | None:
    """Return the plan whose shipments are routed; None where there is none, or it is gone."""
    path = str(plan.run.get("source_path") or "")
    if not path:
        return None
    try:
        return load_plan(path)
    except UsageError:
        found.approximate(NO_SOURCE)
        return None


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
    check_order(found, case, rows, times)
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
