"""Shortages no goods can reach: the rule of the planner's own tables, with its row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.doctor.lifts import blocking_rule
from allocator.doctor.reach import first_periods, reachable
from allocator.doctor.repairs import cheapest
from allocator.doctor.words import line, number, periods, some
from allocator.explain.reason import RULES, Reason
from allocator.explain.shortage import Shortage
from allocator.instance.network import Network

_HARD = ("W3206", "W3207", "W3208", "W3209", "W3102")  # not a permission: no plan for it alone


def blocking_rules(net: Network, table: pd.DataFrame) -> np.ndarray:
    """Return one code of the doctor a row of the shortages; "" = goods can be there."""
    needs = net.needs
    place = net.places.find(table["community_id"])
    item = pd.Index(net.items.ids).get_indexer(pd.Index(table["item_id"]))
    period = table["period"].to_numpy(np.int64) - 1
    known = np.flatnonzero((place >= 0) & (item >= 0))
    at = np.full((len(net.places.ids), len(net.items.ids), net.periods), -1, dtype=np.int64)
    at[place[known], item[known], period[known]] = known
    row = at[needs.place, needs.item, needs.period]
    blocked = np.flatnonzero((row >= 0) & ~reachable(net, first_periods(net)))
    codes = np.full(len(table), "", dtype=object)
    if len(blocked):
        codes[row[blocked]] = blocking_rule(net, blocked)
    return codes


def ruled_out(net: Network, short: Shortage) -> Reason:
    """Return the reason of a shortage with a rule."""
    place, item = str(net.places.ids[short.place]), str(net.items.ids[short.item])
    rows = np.flatnonzero(
        (net.needs.place == short.place)
        & (net.needs.item == short.item)
        & np.isin(net.needs.period, short.periods)
    )
    when = periods(short.periods.tolist())
    cause = _cause(net, short, place, item)
    repair = cheapest(net, short.rule, rows)
    text = f"No {item} can be at {place} in {when}: {cause}."
    if repair:
        text += f" Repair: {repair}."
    return Reason(
        place,
        item,
        int(short.periods[0]) + 1,
        int(short.periods[-1]) + 1,
        "IMPOSSIBLE_ALONE" if short.rule in _HARD else "EXCLUDED_BY_RULE",
        RULES[short.rule],
        short.quantity,
        text,
        "first arrivals along the lanes, with every rule and with this one lifted",
    )


def _cause(net: Network, short: Shortage, place: str, item: str) -> str:
    if short.rule == "W3201":
        return _permits(net, short.place)
    if short.rule == "W3203":
        return f"only {_unvetted(net, item)} hold it and are not vetted"
    return {
        "W3202": f"what could come is earmarked: {_earmarks(net, short.item)}",
        "W3204": f"the lanes to {place} are not open in time: {_windows(net, short.place)}",
        "W3205": f"it is held or served only by sites that are not open: {_closed(net)}",
        "W3206": "all of it expires before it can be there",
        "W3207": "the first of it comes later than the need",
        "W3208": "no chain of lanes leads there from a place that holds it",
        "W3209": "several rules keep it away together",
        "W3102": "there is no usable supply of it anywhere",
    }[short.rule]


def _permits(net: Network, place: int) -> str:
    """Name the vehicle rows that could run the lanes to the place, and what each may enter."""
    table = net.instance["vehicles"]
    into = net.lanes.origin[net.lanes.target == place]
    home = net.places.find(table["site_id"])
    rows = np.flatnonzero((table["site_id"] == "").to_numpy(bool) | np.isin(home, into))
    zone = str(net.places.zone[place])
    said = [_permission(table, int(row)) for row in rows]
    where = f"zone {zone}" if zone else "places of its class of access"
    return (
        f"no vehicle may enter {where} ({some(said, 3)})"
        if said
        else "no vehicle serves the sites of its lanes"
    )


def _permission(table: pd.DataFrame, row: int) -> str:
    zones, access = table["zones"].iloc[row], table["access"].iloc[row]
    only = [f"zones {zones}"] if zones else []
    only += [f"{access} places"] if access else []
    return (
        f"{line('vehicles', row)} permits only {' and '.join(only)}"
        if only
        else line("vehicles", row)
    )


def _unvetted(net: Network, item: str) -> str:
    owners = net.instance["owners"]
    barred = owners.loc[~owners["vetted"], "owner_id"]
    found: list[str] = []
    for table in ("stocks", "arrivals", "in_transit"):
        lots = net.instance[table]
        rows = np.flatnonzero(
            (lots["owner_id"].isin(barred) & (lots["item_id"] == item)).to_numpy(bool)
        )
        found += [f"{lots['owner_id'].iloc[row]} ({line(table, row)})" for row in rows]
    return some(found, 3)


def _earmarks(net: Network, item: int) -> str:
    lots, batches = net.lots, net.batches
    rows = np.flatnonzero((batches.item[lots.batch] == item) & (batches.earmark[lots.batch] != ""))
    said = [
        f"{line(str(lots.source[row]), lots.row[row])} for {batches.earmark[lots.batch[row]]} "
        f"({number(lots.quantity[row])})"
        for row in rows
    ]
    return some(said, 3)


def _windows(net: Network, place: int) -> str:
    links = net.instance["links"]
    rows = np.flatnonzero((links["to_id"] == net.places.ids[place]).to_numpy(bool))
    said = [
        f"{line('links', row)} is open from period {links['open_from'].iloc[row]:g}"
        + ("" if np.isnan(links["open_to"].iloc[row]) else f" to {links['open_to'].iloc[row]:g}")
        for row in rows
    ]
    return some(said, 3) if said else "a lane on the way opens too late or closes too early"


def _closed(net: Network) -> str:
    sites = net.instance["sites"]
    rows = np.flatnonzero((sites["status"] != "open").to_numpy(bool))
    return some(
        [
            f"{sites['site_id'].iloc[r]} ({line('sites', r)}, {sites['status'].iloc[r]})"
            for r in rows
        ],
        3,
    )
