"""How much of the fleet and of the gates a plan uses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance import Instance
from allocator.instance.gate_staff import as_staffed
from allocator.instance.network import Network, network
from allocator.plan import Plan
from allocator.report.words import count, label, number, percent

LARGEST = 300_000  # needs; above this the arrays take too long for a summary
FULL = 0.999


def use_sentences(plan: Plan, instance: Instance) -> list[str]:
    """Say how full vehicles and gates are; nothing for an instance that has neither or is large."""
    if len(instance["needs"]) > LARGEST or not (
        len(instance["vehicles"]) or len(instance["gates"])
    ):
        return []
    roster = plan["roster"] if plan.states("roster") else None
    net = network(as_staffed(instance, roster))
    return [*_fleet(plan, net), *_gates(plan, net)]


def fleet_use(plan: Plan, net: Network) -> pd.DataFrame:
    """Return minutes used and available by vehicle row and period (from 0)."""
    vehicles = net.instance["vehicles"]
    trips = plan.trips
    ends = pd.MultiIndex.from_arrays([net.lanes.origin, net.lanes.target])
    here = pd.MultiIndex.from_arrays(
        [net.places.find(trips["from_id"]), net.places.find(trips["to_id"])]
    )
    kinds = pd.MultiIndex.from_frame(vehicles[["type", "site_id"]])
    lane = ends.get_indexer(here)
    vehicle = kinds.get_indexer(pd.MultiIndex.from_frame(trips[["type", "site_id"]]))
    pairs = pd.MultiIndex.from_arrays([net.fleet.pair_lane, net.fleet.pair_vehicle])
    pair = pairs.get_indexer(pd.MultiIndex.from_arrays([lane, vehicle]))
    known = pair >= 0
    used = np.zeros((len(vehicles), net.periods))
    minutes = net.fleet.pair_minutes[pair[known]] * trips["trips"].to_numpy(float)[known]
    np.add.at(used, (vehicle[known], trips["period"].to_numpy(int)[known] - 1), minutes)
    row, period = np.indices(used.shape)
    return pd.DataFrame(
        {
            "type": vehicles["type"].to_numpy(object)[row.ravel()],
            "period": period.ravel(),
            "used": used.ravel(),
            "available": np.repeat(net.fleet.hours, net.periods),
        }
    )


def gate_use(plan: Plan, net: Network) -> pd.DataFrame:
    """Return minutes used and left for this plan at every gate and period (from 0)."""
    shipped = plan.shipments
    place = net.places.find(shipped["to_id"])
    item = pd.Index(net.items.ids).get_indexer(pd.Index(shipped["item_id"]))
    arrives = shipped["arrives"].to_numpy(float) - 1
    known = (place >= 0) & (item >= 0) & (arrives >= 0) & (arrives < net.periods)
    handled = np.zeros((len(net.places.ids), net.periods))
    minutes = shipped["quantity"].to_numpy(float)[known] * net.items.handling[item[known]]
    np.add.at(handled, (place[known], arrives[known].astype(int)), minutes)
    gates = net.gates
    return pd.DataFrame(
        {
            "community_id": net.places.ids[gates.place],
            "period": gates.period,
            "used": gates.share * handled[gates.place, gates.period],
            "available": gates.minutes,
        }
    )


def _fleet(plan: Plan, net: Network) -> list[str]:
    if not net.fleet.limited or not plan.states("trips"):
        return []
    use = fleet_use(plan, net)
    total = use.groupby("type", sort=False)[["used", "available"]].sum()
    total["share"] = total["used"] / total["available"].where(total["available"] > 0)
    by_period = use.groupby(["type", "period"])[["used", "available"]].sum()
    total["peak"] = (by_period["used"] / by_period["available"]).groupby("type").max()
    parts = [
        f"{kind} {percent(share)}"
        + (f" (busiest period {percent(peak)})" if net.periods > 1 else "")
        for kind, share, peak in total[["share", "peak"]].dropna().itertuples(name=None)
    ]
    return [f"Vehicle hours used: {', '.join(parts)}."] if parts else []


def _gates(plan: Plan, net: Network) -> list[str]:
    use = gate_use(plan, net)
    available = use["available"].sum()
    if use.empty or available <= 0:
        return []
    full = use[use["used"] >= FULL * use["available"]]
    often = full["community_id"].value_counts().head(3)
    towns = net.instance["communities"]
    names = dict(zip(towns["community_id"], towns["name"], strict=True))
    fullest = [(str(one), int(many)) for one, many in often.items()]
    who = ", ".join(f"{label(one, names.get(one, ''))} {many}" for one, many in fullest)
    text = f"Gate minutes used: {percent(use['used'].sum() / available)}"
    text += f"; full in {number(len(full))} of {count(len(use), 'gate-period')}"
    return [f"{text} ({who})." if who else f"{text}."]
