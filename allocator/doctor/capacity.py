"""What sites and vehicles must move at least, against what they can."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.doctor.finding import Finding
from allocator.doctor.ledger import Ledger
from allocator.doctor.words import count, line, number
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.network import Network

_ALL, _NONE = -1, -2  # in place of a site: several sites; nobody


def _only_origin(net: Network) -> Ints:
    """Return the one site all lanes of a place come from; -1 = several; -2 = none, or by hand."""
    lanes = net.lanes
    used = net.open.any(axis=1) & ~lanes.reusable_only
    origin, target = lanes.origin[used], lanes.target[used]
    low = np.full(len(net.places.ids), len(net.places.ids))
    high = np.full(len(net.places.ids), _NONE)
    np.minimum.at(low, target, origin)
    np.maximum.at(high, target, origin)
    only = np.where(low == high, high, np.where(high >= 0, _ALL, _NONE))
    by_hand = np.zeros(len(only), dtype=bool)
    by_hand[target[~net.places.is_site[origin]]] = True
    return np.where(by_hand | net.places.is_site, _NONE, only)


def fleet_minutes(ledger: Ledger) -> pd.DataFrame:
    """Return site_id, period, minutes_needed, minutes_available, vehicles_short.

    A blank site_id is all vehicles together; a site has rows when some places depend on it.
    Needed is the least, from period 1 to the end of this one: every kilogram on the lane and the
    vehicle that take the fewest minutes a kilogram, full loads.
    """
    net, fleet = ledger.net, ledger.net.fleet
    columns = ["site_id", "period", "minutes_needed", "minutes_available", "vehicles_short"]
    if not fleet.limited or not len(fleet.pair_lane):
        return pd.DataFrame({name: [] for name in columns})
    best, only = _least_minutes(net)
    kg = ledger.weighted_imports(net.items.kg)
    reached = np.isfinite(best) & (_only_origin(net) != _NONE)
    work = np.where(reached, best, 0.0)[:, None] * kg
    rows = [_fleet_rows(net, "", work.sum(axis=0), np.arange(len(fleet.hours)))]
    table = net.instance["vehicles"]
    home = np.where(table["site_id"] == "", -2, net.places.find(table["site_id"]))
    for site in np.unique(only[(only >= 0) & reached]):
        mine = work[(only == site) & reached].sum(axis=0)
        rows.append(_fleet_rows(net, str(net.places.ids[site]), mine, np.flatnonzero(home == site)))
    return pd.concat(rows, ignore_index=True)[columns]


def _least_minutes(net: Network) -> tuple[Floats, Ints]:
    """Return fewest vehicle minutes a kilogram, and the one home of its vehicles (-1 = several)."""
    fleet = net.fleet
    target = net.lanes.target[fleet.pair_lane]
    best = np.full(len(net.places.ids), np.inf)
    np.minimum.at(best, target, fleet.pair_minutes / fleet.kg[fleet.pair_vehicle])
    pool = (net.instance["vehicles"]["site_id"] == "").to_numpy(bool)
    origin = np.where(pool[fleet.pair_vehicle], -1, net.lanes.origin[fleet.pair_lane])
    low, high = np.full(len(best), len(best)), np.full(len(best), -1)
    np.minimum.at(low, target, origin)
    np.maximum.at(high, target, origin)
    return best, np.where((low == high) & (low >= 0), high, -1)


def _fleet_rows(net: Network, site: str, needed: Floats, vehicles: Ints) -> pd.DataFrame:
    available = usable_minutes(net)[vehicles].sum() * np.arange(1, net.periods + 1)
    table = net.instance["vehicles"]
    shift = table["shift_minutes"].to_numpy(float)[vehicles].max(initial=0.0)
    short = np.maximum(0.0, needed - available) / np.arange(1, net.periods + 1)
    more = np.ceil(short / shift - 1e-9) if shift > 0 else np.where(short > 0, np.inf, 0.0)
    return pd.DataFrame(
        {
            "site_id": site,
            "period": np.arange(1, net.periods + 1),
            "minutes_needed": needed,
            "minutes_available": available,
            "vehicles_short": more,
        }
    )


def usable_minutes(net: Network) -> Floats:
    """Return minutes a period of each vehicle row, limits of trips counted at its longest trip."""
    fleet = net.fleet
    longest = np.zeros(len(fleet.hours))
    np.maximum.at(longest, fleet.pair_vehicle, fleet.pair_minutes)
    limited = np.isfinite(fleet.trips)
    most = np.where(limited, fleet.trips, 0.0) * longest
    return np.minimum(fleet.hours, np.where(limited, most, np.inf))


def fleet_findings(
    table: pd.DataFrame, code: str = "W3301", of: str = "all that is needed"
) -> list[Finding]:
    """Return one finding a fleet that has too few minutes."""
    short = table[table["minutes_needed"] > table["minutes_available"] * (1 + 1e-9) + 1e-6]
    peak = short.sort_values("vehicles_short", ascending=False, kind="stable").drop_duplicates(
        "site_id"
    )
    rows = peak.astype({"site_id": object}).to_dict("records")
    return [_fleet_finding({str(key): row[key] for key in row}, code, of) for row in rows]


def _fleet_finding(row: dict[str, Any], code: str, of: str) -> Finding:
    needed, available = float(row["minutes_needed"]), float(row["minutes_available"])
    more = float(row["vehicles_short"])
    who = f"The vehicles of {row['site_id']}" if row["site_id"] else "All vehicles together"
    what = (
        f"{who} need at least {number(needed / 60)} hours by period {row['period']} to bring {of} "
        f"(shortest lanes, full loads) and have {number(available / 60)}."
    )
    repair = f"{count(more, 'vehicle')} more" if np.isfinite(more) else "vehicles with a shift"
    keys = ("minutes_needed", "minutes_available")
    numbers = {
        "site_id": row["site_id"],
        "period": row["period"],
        **{key: row[key] for key in keys},
    }
    return Finding(code, what, {**numbers, "vehicles": more if np.isfinite(more) else None}, repair)


def site_findings(ledger: Ledger) -> list[Finding]:
    """Return throughputs and shipping caps too small for places that one site alone serves."""
    only = _only_origin(ledger.net)
    alone = np.unique(only[only >= 0])
    return [*_throughput(ledger, only, alone), *_caps(ledger, only, alone)]


def _throughput(ledger: Ledger, only: Ints, alone: Ints) -> list[Finding]:
    net = ledger.net
    table = net.instance["sites"]
    limit = pd.Series(table["throughput_kg"].to_numpy(float), index=table["site_id"]).dropna()
    limited = [site for site in alone if net.places.ids[site] in limit.index]
    if not limited:
        return []
    kg = ledger.weighted_imports(net.items.kg)
    found = []
    for site in limited:
        name = str(net.places.ids[site])
        what = _over(kg[only == site].sum(axis=0), float(limit[name]))
        if what is not None:
            row = int(np.flatnonzero(table["site_id"] == name)[0])
            found.append(
                _cap_finding(
                    "W3501",
                    f"{name} alone serves {_places(only == site)}",
                    "kg",
                    what,
                    line("sites", row),
                )
            )
    return found


def _caps(ledger: Ledger, only: Ints, alone: Ints) -> list[Finding]:
    net = ledger.net
    table = net.instance["limits"]
    place, cap = net.places.find(table["place_id"]), table["ship_max"].to_numpy(float)
    item = pd.Index(net.items.ids).get_indexer(pd.Index(table["item_id"]))
    found = []
    for row in np.flatnonzero(np.isfinite(cap) & np.isin(place, alone)):
        here = only == place[row]
        what = _over(ledger.imports(int(item[row]))[here].sum(axis=0), float(cap[row]))
        if what is not None:
            who = (
                f"{table['place_id'][row]} alone serves {_places(here)} with "
                f"{table['item_id'][row]}"
            )
            found.append(_cap_finding("W3502", who, "units", what, line("limits", int(row))))
    return found


def _places(here: Bools) -> str:
    return count(int(here.sum()), "place")


def _over(needed: Floats, limit: float) -> tuple[int, float, float, float] | None:
    """Return period, needed, available, more a period where the sum lacks most; None = never."""
    available = limit * np.arange(1, len(needed) + 1)
    more = (needed - available) / np.arange(1, len(needed) + 1)
    worst = int(more.argmax())
    if more[worst] <= 1e-6 * max(1.0, limit):
        return None
    return worst + 1, float(needed[worst]), float(available[worst]), float(more[worst])


def _cap_finding(
    code: str, who: str, unit: str, what: tuple[int, float, float, float], where: str
) -> Finding:
    period, needed, available, more = what
    text = (
        f"{who}: at least {number(needed)} {unit} must leave by period {period} and "
        f"{number(available)} may."
    )
    numbers = {"period": period, "needed": needed, "available": available, "more": more}
    return Finding(code, text, numbers, f"let {number(more)} {unit} more a period leave", where)
