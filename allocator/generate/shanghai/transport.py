"""Vehicles and lanes of the Shanghai case."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.generate.shanghai.case import Case
from allocator.generate.shanghai.supply import HUBS, depot_ids
from allocator.generate.shapes import KM_PER_DEGREE, Floats

VEHICLE_FIGURES = (
    "kg", "m3", "speed_kmh", "shift_minutes", "loading_minutes", "unloading_minutes",
    "cost_per_trip", "cost_per_km",
)  # fmt: skip
MAY_ENTER = {"rider": "", "van": "", "van_no_permit": "open|controlled", "truck": ""}


def vehicles_table(case: Case) -> pd.DataFrame:
    """Return trucks at the sites of the city, riders and vans at the depots."""
    figures = case.figures
    people = case.districts["population"].to_numpy(float)
    trucks = {hub: figures("truck", "count") * figures(hub, "truck_share") for hub in HUBS}
    hubs = pd.DataFrame({"type": "truck", "site_id": list(trucks), "count": list(trucks.values())})
    riders = figures("rider", "count") * figures("rider", "dispatch_share") * people / people.sum()
    home = pd.DataFrame({"type": "rider", "site_id": depot_ids(case), "count": riders})
    home["zones"] = case.districts["zone_id"]
    work = people * _trip_minutes(case)  # vans go where people and distances are
    vans = [
        home.assign(type=kind, count=figures(kind, "count") * work / work.sum(), zones="")
        for kind in ("van", "van_no_permit")
    ]
    table = pd.concat([hubs.assign(zones=""), home, *vans], ignore_index=True)
    table["count"] = table["count"].round()
    numbers = {name: figures.column(table["type"].tolist(), name) for name in VEHICLE_FIGURES}
    return table.assign(**numbers, access=table["type"].map(MAY_ENTER))


def _trip_minutes(case: Case) -> Floats:
    """Return the minutes of a van's trip inside each district."""
    figures = case.figures
    road = figures("roads", "inner_share") * figures("roads", "detour")
    km = case.districts["radius_km"].to_numpy() * road
    fixed = figures("van", "loading_minutes") + figures("van", "unloading_minutes")
    return np.asarray(2 * km / figures("van", "speed_kmh") * 60 + fixed)


def links_table(case: Case) -> pd.DataFrame:
    """Return trunk lanes (city to every depot) and last lanes (nearest depots to a community)."""
    figures = case.figures
    depots = depot_ids(case)
    pairs = pd.MultiIndex.from_product([HUBS, depots], names=["from_id", "to_id"])
    trunk = pairs.to_frame(index=False)
    later = trunk["from_id"].isin(["aid", "food_reserve", "medical_reserve"])
    trunk["lead_periods"] = np.where(later, figures("roads", "reserve_lead"), 0.0)
    near = _nearest_depots(case, int(figures("roads", "local_lanes")))
    return pd.concat([trunk, near.assign(lead_periods=0.0)], ignore_index=True)


def _nearest_depots(case: Case, count: int) -> pd.DataFrame:
    """Return the lanes from the nearest depots, in road km with the way inside added."""
    km = _straight_km(case)
    chosen = np.argsort(np.round(km, 6), axis=1, kind="stable")[:, :count]
    own = case.home[:, None]
    # The own depot is always one of them: at the edge of a district others may be nearer.
    chosen[:, -1:] = np.where((chosen == own).any(axis=1, keepdims=True), chosen[:, -1:], own)
    row = np.repeat(np.arange(len(km)), count)
    depot = chosen.ravel()
    inner = case.units["radius_km"].to_numpy()[row] * case.figures("roads", "inner_share")
    road = (km[row, depot] + inner) * case.figures("roads", "detour")
    names = depot_ids(case).to_numpy(object)
    towns = case.units["community_id"].to_numpy(object)
    return pd.DataFrame({"from_id": names[depot], "to_id": towns[row], "km": np.round(road, 2)})


def _straight_km(case: Case) -> Floats:
    """Return communities x depots in km, on a flat map: good to 0.1 % over a city."""
    lat, lon = (case.units[name].to_numpy()[:, None] for name in ("lat", "lon"))
    to_lat, to_lon = (case.districts[name].to_numpy()[None, :] for name in ("lat", "lon"))
    narrow = np.cos(np.radians((lat + to_lat) / 2))
    return np.asarray(np.hypot(lat - to_lat, (lon - to_lon) * narrow) * KM_PER_DEGREE)
