"""The routing case of an instance: what a plan of dispatch ships in a period, or its needs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.errors import InstanceError
from allocator.instance.faultlog import FaultLog
from allocator.instance.goals import ROUTE_TERMS, parse_goals
from allocator.instance.instance import Instance
from allocator.instance.lanes import Floats, Ints
from allocator.instance.network import Network, network
from allocator.instance.route_case import RouteCase
from allocator.instance.route_drops import dimensions_of, drops_of
from allocator.instance.route_faults import route_faults
from allocator.instance.route_fleet import entries, fleet
from allocator.instance.route_gates import gate_minutes, service_minutes
from allocator.instance.route_orders import (
    ANY,
    COLUMNS,
    Shipped,
    of_needs,
    of_shipments,
    other_origins,
    refuse_unknown,
)
from allocator.instance.route_parts import in_parts, parts_needed
from allocator.instance.route_pins import PinnedRoute, fixed_routes, pinned_routes, taken
from allocator.instance.route_stations import stations_of
from allocator.instance.route_stops import stops_of
from allocator.instance.route_travel import travel

VISITS = 20
"""Vehicles of each entry for every stop where the policy says that the fleet is free."""


def route_case(
    instance: Instance,
    plan: Shipped | None = None,
    period: int = 1,
    *,
    orders: pd.DataFrame | None = None,
    check: bool = True,
) -> RouteCase:
    """Return what is to be routed in a period.

    Args:
        instance: The instance.
        plan: A plan of dispatch whose shipments of the period are routed. Without, the needs of
            the period are served in full from the nearest stocks.
        period: The period, from 1.
        orders: What to route instead: place_id, item_id, quantity, from_id ("" = any open site).
            The plan is then only asked what else leaves the sites (policy `origin = any`).
        check: Raise the faults of `route_faults`; without, a case is built as far as can be.

    Raises:
        InstanceError: E16xx with everything that is wrong, before any search.
    """
    log = FaultLog()
    _check_period(instance, period)
    net = network(instance)
    wanted = _orders(net, plan, period, orders, log)
    routes = pinned_routes(net, period)
    case = _case(net, wanted, routes, plan, period, log)
    notes = route_faults(case)
    errors = [fault for fault in (*log.errors, *notes) if fault.severity == "error"]
    if check and errors:
        warnings = [fault for fault in (*log.warnings, *notes) if fault.severity == "warning"]
        raise InstanceError(*errors, *warnings)
    return case.replace(notes=(*log.faults, *notes))


def _check_period(instance: Instance, period: int) -> None:
    last = len(instance["periods"])
    if not 1 <= period <= last:
        raise InstanceError.because(
            f"there is no period {period}",
            where="period",
            value=period,
            action=f"name one from 1 to {last}",
            code="E1610",
        )


def _orders(
    net: Network, plan: Shipped | None, period: int, orders: pd.DataFrame | None, log: FaultLog
) -> pd.DataFrame:
    if orders is not None:
        refuse_unknown(net, orders, "orders", log)
        return orders[COLUMNS].reset_index(drop=True)
    if plan is not None:
        return of_shipments(net, plan, period, log)
    everywhere = np.arange(len(net.places.ids))
    minutes, _ = travel(net.instance, net.places, everywhere, period, np.array([np.nan]))
    return of_needs(net, minutes[0], period, log)


def _case(
    net: Network,
    wanted: pd.DataFrame,
    routes: list[PinnedRoute],
    plan: Shipped | None,
    period: int,
    log: FaultLog,
) -> RouteCase:
    instance, policy = net.instance, net.instance.policy
    orders = taken(net, wanted, routes, log)
    drops = drops_of(net, orders, period)
    others = _others(net, orders, plan, period)
    sent = _sent(net, orders, others, routes)
    found = entries(instance, net.places, period, sent)
    homes = np.array(sorted({entry.home for entry in found}), dtype=np.int64)
    stations = stations_of(net, log)
    called = np.r_[drops.place, np.flatnonzero(np.isfinite(stations))]
    rows = _rows(net, homes, sent, called, routes)
    position = np.full(len(net.places.ids), -1, dtype=np.int64)
    position[rows] = np.arange(len(rows))
    dimensions = dimensions_of(net)
    most = VISITS * len(drops.ids)
    vehicles, speeds = fleet(instance, found, net.places, position, dimensions, most)
    service = service_minutes(net, drops, period)
    parts = parts_needed(net, drops, vehicles, service, period)
    if (parts > 1).any():
        drops = drops_of(net, in_parts(net, orders, drops, parts), period)
        service = service_minutes(net, drops, period)
    minutes, km = travel(instance, net.places, rows, period, speeds)
    return RouteCase(
        places=tuple(net.places.ids[rows].tolist()),
        lat=net.places.lat[rows],
        lon=net.places.lon[rows],
        minutes=minutes,
        km=km,
        dimensions=dimensions,
        stops=stops_of(net, drops, vehicles, position, homes, service, others, period),
        vehicles=vehicles,
        goods=drops.goods,
        clean_order=policy.clean_order,
        split=policy.split,
        goals=parse_goals(policy.route_goals, "policy.toml:route_goals", ROUTE_TERMS),
        fixed=fixed_routes(net, routes, drops, vehicles, position, km, stations, period, log),
        period=period,
        gates=gate_minutes(net, drops, period, rows),
        docks=policy.gate_docks or 0,
        stations=stations[rows] if np.isfinite(stations).any() else None,
        reload_anywhere=policy.reload_anywhere,
        router=policy.router,
    )


def _others(
    net: Network, orders: pd.DataFrame, plan: Shipped | None, period: int
) -> dict[tuple[str, str], list[str]]:
    """Return the further origins the policy allows, by (place_id, from_id)."""
    if net.instance.policy.origin == "kept" or not len(orders):
        return {}
    shipped = orders if plan is None else plan.shipments
    everywhere = np.arange(len(net.places.ids))
    minutes, _ = travel(net.instance, net.places, everywhere, period, np.array([np.nan]))
    return other_origins(net, orders[orders["route"] == ""], shipped, minutes[0], period)


def _sent(
    net: Network,
    orders: pd.DataFrame,
    others: dict[tuple[str, str], list[str]],
    routes: list[PinnedRoute],
) -> Floats:
    """Return (places,) kg each site sends, a little where it may or a fixed route is at home."""
    sent = np.zeros(len(net.places.ids))
    item = pd.Index(net.items.ids).get_indexer(pd.Index(orders["item_id"]))
    start = net.places.find(orders["from_id"])
    known = start >= 0
    kg = net.items.kg[item] * orders["quantity"].to_numpy(float) + 1e-6
    np.add.at(sent, start[known], kg[known])
    if (orders["from_id"] == ANY).any():
        sent[net.places.is_site] += kg[~known].sum() / max(1, int(net.places.is_site.sum()))
    names = [*(site for sites in others.values() for site in sites), *(r.home for r in routes)]
    extra = net.places.find(pd.Series(names, dtype="str"))
    sent[extra[extra >= 0]] += 1e-6
    return sent


def _rows(net: Network, homes: Ints, sent: Floats, called: Ints, routes: list[PinnedRoute]) -> Ints:
    """Return the places of a case: depots in the order of the table, then the rest in order."""
    named = [place for route in routes for place in route.rows["place_id"]]
    seen = net.places.find(pd.Series(named, dtype="str"))
    depots = np.union1d(homes, np.flatnonzero(sent > 0))
    rest = np.setdiff1d(np.r_[called, seen[seen >= 0]], depots)
    return np.concatenate([depots, rest]).astype(np.int64)
