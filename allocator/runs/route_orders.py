"""The orders of a run of routing: what a plan sends in a period, or the needs of the period."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.errors import Fault, ImpossibleError, InstanceError, UsageError
from allocator.instance import Instance
from allocator.instance.faultlog import FaultLog
from allocator.instance.network import network
from allocator.instance.route_build import route_case
from allocator.instance.route_case import RouteCase
from allocator.instance.route_orders import of_needs, of_shipments
from allocator.instance.route_travel import travel
from allocator.plan import Plan, plan_table
from allocator.plan.precision import rounded


@dataclass(frozen=True, eq=False)
class Orders:
    """The case of a period, the orders it is made of and where they come from."""

    case: RouteCase
    table: pd.DataFrame
    hash: str
    path: str
    warnings: tuple[Fault, ...]


ALONE = ("E1601", "E1602", "E1603", "E1604", "E1608")
"""Faults of single stops that nobody could serve; the others can be routed without them."""


def orders_of(instance: Instance, source: Plan | None, period: int, strict: bool = True) -> Orders:
    """Return what is to be routed; unless `strict`, stops nobody could serve are left behind.

    Raises:
        UsageError: E2352, when the source is no plan to dispatch.
        InstanceError: what the instance asks of routes cannot be.
        ImpossibleError: E4011, when nothing is ordered in the period.
    """
    if source is not None and source.decision != "dispatch":
        raise UsageError.because(
            f"this is a plan to {source.decision}; routes are made for the shipments of a dispatch",
            where=str(source.path or ""),
            action="name a plan of allocator dispatch",
            code="E2352",
        )
    log = FaultLog()
    table = wanted(instance, source, period, log)
    pins = instance["route_pins"]["period"]
    if not len(table) and not (pins == period).any():
        raise ImpossibleError.because(
            f"nothing is ordered in period {period}",
            where="period",
            value=period,
            action=_elsewhere(source),
            code="E4011",
        )
    case = route_case(instance, source, period, orders=table, check=strict)
    errors = [one for one in case.notes if one.severity == "error"]
    if any(one.code not in ALONE for one in errors):
        raise InstanceError(*errors)
    notes = (*log.warnings, *case.notes)
    path = "" if source is None or source.path is None else str(source.path)
    return Orders(case, table, orders_hash(table), path, notes)


def wanted(instance: Instance, source: Plan | None, period: int, log: FaultLog) -> pd.DataFrame:
    """Return the orders of a period: place_id, item_id, quantity, from_id."""
    if not 1 <= period <= len(instance["periods"]):
        raise UsageError.because(
            f"there is no period {period}",
            where="period",
            value=period,
            action=f"name one from 1 to {len(instance['periods'])}",
            code="E2353",
        )
    net = network(instance)
    if source is not None:
        found = of_shipments(net, source, period, log)
    else:
        every = np.arange(len(net.places.ids))
        minutes, _ = travel(instance, net.places, every, period, np.array([np.nan]))
        found = of_needs(net, minutes[0], period, log)
    table = plan_table("orders", found)
    return table.assign(quantity=rounded(table["quantity"]))


def orders_hash(table: pd.DataFrame) -> str:
    """Return the SHA-256 of orders as they are written."""
    text = plan_table("orders", table).to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(text.encode()).hexdigest()


def _elsewhere(source: Plan | None) -> str:
    if source is None:
        return "choose a period with needs, or route a plan: --plan PLAN"
    periods = sorted(set(source.shipments["period"].astype(int)))
    told = ", ".join(map(str, periods[:20]))
    return f"choose a period in which something is sent: {told}" if periods else "the plan is empty"
