"""What an instance says without writing it: people behind a need, points in WGS-84."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.instance.crs import to_wgs84
from allocator.instance.policy import Policy

MOST_PEOPLE = 1e10


def fill_people(needs: pd.DataFrame, communities: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Return needs with blank people filled in, and the rows filled.

    The population of the community; at a site, which has none, the quantity itself.
    """
    people = needs["people"].to_numpy(dtype=np.float64, copy=True)
    blank = np.flatnonzero(np.isnan(people))
    if not len(blank):
        return needs, blank
    towns = communities.drop_duplicates("community_id")
    index = pd.Index(towns["community_id"].astype("str"))
    position = index.get_indexer(pd.Index(needs["community_id"].iloc[blank].astype("str")))
    population = np.append(towns["population"].to_numpy(dtype=np.float64), np.nan)
    found = population[position]
    quantity = needs["quantity"].to_numpy(dtype=np.float64)[blank]
    people[blank] = np.where(np.isnan(found), np.minimum(quantity, MOST_PEOPLE), found)
    return needs.assign(people=people), blank


def convert_points(
    frames: dict[str, pd.DataFrame], policy: Policy, notes: dict[str, Any]
) -> Policy:
    """Bring the points of places to WGS-84, in `frames`; return the policy that says so."""
    if policy.crs == "WGS-84":
        return policy
    points = 0
    for table in ("communities", "sites"):
        frame = frames[table]
        lat, lon = (frame[name].to_numpy(dtype=np.float64) for name in ("lat", "lon"))
        points += int((~np.isnan(lat) & ~np.isnan(lon)).sum())
        north, east = to_wgs84(lat, lon, policy.crs)
        frames[table] = frame.assign(lat=north, lon=east)
    notes["crs"] = {"converted_from": policy.crs, "points": points}
    return policy.replace(crs="WGS-84")
