"""What routes teach dispatch: the zone factor of its fleet hours, and what arrives of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.check import check as judge
from allocator.instance import Instance
from allocator.instance.network import network
from allocator.plan import Plan, Status, plan_table

LEAST, MOST = 0.01, 100.0  # bounds of the policy key


def calibrated(instance: Instance, sent: Plan, routes: Mapping[int, Plan]) -> float | None:
    """Return the zone factor with which dispatch would count the hours the routes took.

    Dispatch counts trips x (two ways x factor + loading and unloading). The factor is what makes
    that, for the share of the kg that was delivered, the hours of duty of the routes. None where
    dispatch counts no trips.
    """
    direct, ends, duty = 0.0, 0.0, 0.0
    for period, plan in routes.items():
        way, fixed = _counted(instance, sent, period)
        share = delivered_kg(instance, plan)
        direct, ends = direct + share * way, ends + share * fixed
        rows = plan["routes"].sort_values(["route", "sequence"], kind="stable")
        by = rows.groupby("route", sort=False)
        duty += float((by["leave"].last() - by["arrive"].first()).sum())
    if direct <= 0 or duty <= 0:
        return None
    return float(np.clip((duty - ends) / direct, LEAST, MOST))


def _counted(instance: Instance, sent: Plan, period: int) -> tuple[float, float]:
    """Return the minutes of two ways (factor 1) and of loading that dispatch counts in a period."""
    net, trips = network(instance), sent.trips
    trips = trips[trips["period"] == period]
    fleet, table = net.fleet, instance["vehicles"]
    if not fleet.limited or trips.empty:
        return 0.0, 0.0
    lane = {
        key: at
        for at, key in enumerate(
            zip(net.lanes.origin.tolist(), net.lanes.target.tolist(), strict=True)
        )
    }
    vehicle = {key: at for at, key in enumerate(zip(table["type"], table["site_id"], strict=True))}
    pairs = zip(fleet.pair_lane.tolist(), fleet.pair_vehicle.tolist(), strict=True)
    pair = {key: at for at, key in enumerate(pairs)}
    start, end = net.places.find(trips["from_id"]), net.places.find(trips["to_id"])
    types = zip(trips["type"], trips["site_id"], strict=True)
    keys = [
        (lane.get((a, b), -1), vehicle.get(kind, -1))
        for a, b, kind in zip(start.tolist(), end.tolist(), types, strict=True)
    ]
    at = np.array([pair.get(key, -1) for key in keys], dtype=np.int64)
    known = at >= 0
    row = fleet.pair_vehicle[at[known]]
    fixed = (table["loading_minutes"] + table["unloading_minutes"]).to_numpy(float)[row]
    two_ways = (fleet.pair_minutes[at[known]] - fixed) / instance.policy.zone_factor
    number = trips["trips"].to_numpy(float)[known]
    return float(number @ two_ways), float(number @ fixed)


def delivered_kg(instance: Instance, plan: Plan) -> float:
    """Return the share of the kg ordered that routes deliver; 1 where nothing weighs anything."""
    kg = instance["items"].set_index("item_id")["kg"]
    orders, left = plan["orders"], plan["unserved"]
    total = float((orders["item_id"].map(kg) * orders["quantity"]).sum())
    missing = float((left["item_id"].map(kg) * left["quantity"]).sum())
    return 1.0 - missing / total if total > 0 else 1.0


def arriving(instance: Instance, sent: Plan, routes: Mapping[int, Plan]) -> dict[str, float]:
    """Return the goals of dispatch as they are when only what routes deliver arrives.

    Goods left behind stay where they are; what follows from that for later shipments is not
    looked at.
    """
    verdict = judge(instance, arrived(sent, routes))
    return {
        goal.name: verdict.goals[goal.name] for goal in sent.goals if goal.name in verdict.goals
    }


def arrived(sent: Plan, routes: Mapping[int, Plan]) -> Plan:
    """Return the dispatch with its shipments cut to what routes deliver of them."""
    shipments = sent.shipments.copy()
    keys = ["place_id", "item_id", "from_id"]
    for period, plan in routes.items():
        left = plan["unserved"].groupby(keys)["quantity"].sum()
        ordered = plan["orders"].groupby(keys)["quantity"].sum()
        share = 1.0 - (left.reindex(ordered.index).fillna(0.0) / ordered).clip(0.0, 1.0)
        mine = (shipments["period"] == period).to_numpy(bool)
        wanted = pd.MultiIndex.from_frame(shipments.loc[mine, ["to_id", "item_id", "from_id"]])
        part = share.reindex(wanted).fillna(1.0).to_numpy(float)
        shipments.loc[mine, "quantity"] = shipments.loc[mine, "quantity"].to_numpy(float) * part
    tables = {"shipments": plan_table("shipments", shipments), "purchases": sent.purchases}
    return Plan("dispatch", tables, Status("completed", "invalid"))
