"""Places of a random instance: communities, sites, access, gates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.generate.lockdown.plot import Plot, no_rows
from allocator.generate.shapes import KM_PER_DEGREE, Floats, Names, long_table

CENTRE = (31.2, 121.5)
KINDS = ("warehouse", "market", "reserve", "hospital", "shelter")


def _radius_km(plot: Plot) -> float:
    return 4.0 + 0.4 * float(np.sqrt(plot.communities))


def _points(plot: Plot, subject: str, count: int) -> pd.DataFrame:
    """Return points in a disc, with districts as sectors of it and zones as rings."""
    part = np.sqrt(plot.draw.uniform(f"{subject} radius", 0, 1, count))
    turn = plot.draw.uniform(f"{subject} turn", 0, 1, count)
    north = part * _radius_km(plot) * np.sin(2 * np.pi * turn) / KM_PER_DEGREE
    east = (
        part
        * _radius_km(plot)
        * np.cos(2 * np.pi * turn)
        / (KM_PER_DEGREE * np.cos(np.radians(CENTRE[0])))
    )
    sectors = int(np.clip(plot.communities // 8, 2, 40))
    return pd.DataFrame(
        {
            "lat": np.round(CENTRE[0] + north, 5),
            "lon": np.round(CENTRE[1] + east, 5),
            "district": "d" + pd.Series(np.floor(turn * sectors).astype(int) + 1).astype("str"),
            "zone_id": np.where(part < 0.6, "inner", "outer"),
        }
    )


def communities_table(plot: Plot) -> pd.DataFrame:
    """Return the communities; weights reach beyond the 0.5 to 2 that goals hold them in."""
    count = plot.communities
    people = plot.draw.whole("people", 200, 3000, count)
    weight = plot.draw.one_of("weight", (0.4, 1, 1, 1, 1.5, 2.5), count)
    return _points(plot, "community", count).assign(
        community_id=plot.community_ids,
        population=people,
        households=np.round(people / 2.5),
        vulnerability=weight if plot.has("weights") else 1.0,
    )


def sites_table(plot: Plot) -> pd.DataFrame:
    """Return the sites; the first is always open."""
    table = _points(plot, "site", plot.sites).assign(
        site_id=plot.site_ids, kind=plot.draw.label("site kind", KINDS, plot.sites), status="open"
    )
    if plot.has("closed_sites"):
        shut = plot.draw.chance("shut", 0.15, plot.sites) & (np.arange(plot.sites) > 0)
        table["status"] = np.where(shut, "closed", "open")
    return table


def access_table(plot: Plot) -> pd.DataFrame:
    """Return shares sealed, controlled and open; some communities have no row."""
    if not plot.has("access"):
        return no_rows("place_id", "period", "access")
    shape = (plot.communities, plot.periods)
    sealed = plot.draw.one_of("sealed", (0, 0, 0.25, 0.5, 0.75, 1), *shape)
    controlled = (1 - sealed) * plot.draw.one_of("controlled", (0, 0.5, 1), *shape)
    share = np.stack([sealed, controlled, 1 - sealed - controlled], axis=2)
    share[plot.draw.chance("no access row", 0.2, plot.communities)] = 0
    names: Names = {
        "place_id": plot.community_ids,
        "period": plot.period_numbers,
        "access": ["sealed", "controlled", "open"],
    }
    table = long_table(names, share=share)
    return table[table["share"] > 0]


def gates_table(plot: Plot, minutes: Floats) -> pd.DataFrame:
    """Return minutes at the gates around what handing over all needs takes.

    Args:
        plot: What is asked for.
        minutes: Minutes to hand over all needs, communities x periods.
    """
    if not plot.has("gates"):
        return no_rows("community_id", "period", "handling_minutes")
    given = np.ceil(minutes * plot.draw.uniform("gate", 0.4, 1.4, *minutes.shape))
    names: Names = {
        "community_id": plot.community_ids, "period": plot.period_numbers,
    }  # fmt: skip
    table = long_table(names, handling_minutes=given)
    kept = plot.draw.chance("gate row", 0.8, plot.communities)
    return table[np.repeat(kept, plot.periods)]
