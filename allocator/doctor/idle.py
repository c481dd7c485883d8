"""Vehicles and goods that stand still: no lane, no vehicle, or a trip longer than the shift."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.doctor.finding import Finding
from allocator.doctor.words import count, line, number, some
from allocator.instance.network import Network


def idle_findings(net: Network) -> list[Finding]:
    """Return vehicles without work and sites without vehicles; nothing when the fleet is free."""
    if not net.fleet.limited:
        return []
    return [*_vehicles(net), *_sites(net), *_trips(net)]


def _vehicles(net: Network) -> Iterator[Finding]:
    table = net.instance["vehicles"]
    busy = np.isin(np.arange(len(table)), net.fleet.pair_vehicle)
    rows = np.flatnonzero(~busy & (table["count"] > 0).to_numpy(bool))
    if len(rows):
        names = [f"{table['type'].iloc[row]} ({line('vehicles', row)})" for row in rows]
        what = f"{count(len(rows), 'row')} of vehicles may run no lane at all: {some(names)}."
        repair = "check site_id, zones and access, or the lanes of their sites"
        yield Finding("W3806", what, {"rows": len(rows)}, repair)


def _sites(net: Network) -> Iterator[Finding]:
    lanes, where = net.lanes, net.places
    served = np.zeros(len(where.ids), dtype=bool)
    served[lanes.origin[net.fleet.pair_lane]] = True
    leads_away = np.zeros(len(where.ids), dtype=bool)
    leads_away[lanes.origin] = True
    held = np.bincount(net.lots.place, net.lots.quantity, len(where.ids))
    places = np.flatnonzero(where.is_site & ~served & leads_away & (held > 0))
    if len(places):
        what = (
            f"{count(len(places), 'site')} with goods and lanes, but no vehicle may leave: "
            f"{some(where.ids[places])}."
        )
        repair = "give them a vehicle, or add a pool vehicle (blank site_id)"
        yield Finding("W3807", what, {"sites": len(places)}, repair)


def _trips(net: Network) -> Iterator[Finding]:
    fleet, lanes = net.fleet, net.lanes
    shift = net.instance["vehicles"]["shift_minutes"].to_numpy(float)[fleet.pair_vehicle]
    over = np.flatnonzero(fleet.pair_minutes > shift * (1 + 1e-9))
    if not len(over):
        return
    order = over[np.argsort(-(fleet.pair_minutes - shift)[over], kind="stable")]
    kinds = net.instance["vehicles"]["type"]
    examples = tuple(
        f"{kinds.iloc[fleet.pair_vehicle[n]]}, "
        f"{net.places.ids[lanes.origin[fleet.pair_lane[n]]]} -> "
        f"{net.places.ids[lanes.target[fleet.pair_lane[n]]]}: {number(fleet.pair_minutes[n])} of "
        f"{number(shift[n])} minutes"
        for n in order[:5]
    )
    what = (
        f"{count(len(over), 'trip')} (lane and vehicle) take longer than the shift of the vehicle."
    )
    if net.instance.policy.trips == "continuous":
        what += " The plan may still use parts of such trips."
    repair = "longer shifts, faster vehicles, or vehicles at a nearer site"
    yield Finding("W3808", what, {"trips": len(over)}, repair, examples=examples)
