"""The fleet as arrays: who may run which lanes, what a trip takes (formulation section 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints, Lanes, Places
from allocator.instance.schema import ACCESS_CLASSES


@dataclass(frozen=True)
class Fleet:
    """Vehicle rows, and the pairs (lane, vehicle row) that are possible in some period."""

    limited: bool
    hours: Floats  # vehicle rows: minutes available in a period
    trips: Floats  # vehicle rows: trips available in a period (inf = no limit)
    kg: Floats
    m3: Floats  # inf = no limit
    pair_lane: Ints
    pair_vehicle: Ints
    pair_minutes: Floats  # minutes of a trip
    pair_cost: Floats
    pair_open: Bools  # pairs x periods
    lane_permitted: Bools  # lanes x periods


def fleet_of(instance: Instance, where: Places, joined: Lanes, lead: Ints, access: Ints) -> Fleet:
    """Return the fleet; an empty vehicles table or `fleet = free` binds nothing."""
    table = instance["vehicles"]
    limited = instance.policy.fleet == "limited" and len(table) > 0
    if not limited:
        table = table.iloc[:0]
    leaves_site = where.is_site[joined.origin]
    lane, vehicle = _pairs(table, where, joined, leaves_site)
    opened = _permits(table, where, joined, lead, access, lane, vehicle)
    lane_permitted = np.ones(lead.shape, dtype=bool)
    if limited:
        lane_permitted[leaves_site] = False
        np.logical_or.at(lane_permitted, lane, opened)
    kept = opened.any(axis=1)
    lane, vehicle, opened = lane[kept], vehicle[kept], opened[kept]
    minutes, cost = _trip(instance, table, joined, lane, vehicle)
    return Fleet(
        limited=limited,
        hours=(table["count"] * table["shift_minutes"]).to_numpy(float),
        trips=(table["count"] * table["max_trips"]).fillna(np.inf).to_numpy(float),
        kg=table["kg"].to_numpy(float),
        m3=table["m3"].fillna(np.inf).to_numpy(float),
        pair_lane=lane,
        pair_vehicle=vehicle,
        pair_minutes=minutes,
        pair_cost=cost,
        pair_open=opened,
        lane_permitted=lane_permitted,
    )


def _pairs(
    table: pd.DataFrame, where: Places, joined: Lanes, leaves_site: Bools
) -> tuple[Ints, Ints]:
    """Return (lane, vehicle row) pairs: lanes that leave the home site, or any site for a pool."""
    home = where.find(table["site_id"])
    pool = (table["site_id"] == "").to_numpy(bool)
    lanes_here = np.flatnonzero(leaves_site)
    by_home = pd.DataFrame({"place": home[~pool], "vehicle": np.flatnonzero(~pool)})
    at = pd.DataFrame({"place": joined.origin[lanes_here], "lane": lanes_here})
    own = at.merge(by_home, on="place")
    shared = at.merge(pd.DataFrame({"vehicle": np.flatnonzero(pool)}), how="cross")
    both = pd.concat([own, shared]).sort_values(["lane", "vehicle"])
    return both["lane"].to_numpy(np.int64), both["vehicle"].to_numpy(np.int64)


def _permits(
    table: pd.DataFrame,
    where: Places,
    joined: Lanes,
    lead: Ints,
    access: Ints,
    lane: Ints,
    vehicle: Ints,
) -> Bools:
    zones = sorted({zone for zone in where.zone if zone})
    zone_at = pd.Index(zones).get_indexer(pd.Index(where.zone[joined.target[lane]]))
    in_zone = allowed_words(table["zones"], zones)
    ok_zone = (zone_at < 0) | in_zone[vehicle, np.maximum(zone_at, 0)]
    by_class = allowed_words(table["access"], ACCESS_CLASSES)
    periods = lead.shape[1]
    arrival = np.minimum(np.arange(periods)[None, :] + lead[lane], periods - 1)
    ok_class = by_class[vehicle[:, None], access[joined.target[lane][:, None], arrival]]
    return np.asarray(ok_zone[:, None] & ok_class)


def allowed_words(lists: pd.Series, names: list[str] | tuple[str, ...]) -> Bools:
    """Return vehicle rows x names: named in the row's list, or the list is blank."""
    allowed = np.ones((len(lists), max(1, len(names))), dtype=bool)
    for row, text in enumerate(lists):
        if text:
            chosen = {part.strip() for part in text.split("|")}
            allowed[row, : len(names)] = [name in chosen for name in names]
    return allowed


def _trip(
    instance: Instance, table: pd.DataFrame, joined: Lanes, lane: Ints, vehicle: Ints
) -> tuple[Floats, Floats]:
    row = table.iloc[vehicle]
    speed = row["speed_kmh"].to_numpy(float)
    one_way = np.where(np.isnan(speed), joined.minutes[lane], joined.km[lane] / speed * 60)
    fixed = (row["loading_minutes"] + row["unloading_minutes"]).to_numpy(float)
    minutes = 2 * one_way * instance.policy.zone_factor + fixed
    cost = row["cost_per_trip"].to_numpy(float) + 2 * joined.km[lane] * row["cost_per_km"].to_numpy(
        float
    )
    return minutes, cost + minutes / 60 * row["cost_per_hour"].to_numpy(float)
