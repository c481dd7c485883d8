"""Minutes and kilometres between all places of a routing case.

Links with minutes or km first, then roads, as they stand in the tables; one that is listed one
way only is driven both ways. Else great circle times detour at the speed of the policy. Between
places without points, the quickest way over what is known. A closed link, or one not open in the
period, is no way whatever the roads say.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.lanes import Floats, Ints, Places, great_circle_km, listed_links


def travel(
    instance: Instance, where: Places, rows: Ints, period: int, speeds: Floats
) -> tuple[Floats, Floats]:
    """Return minutes and km (M, P, P), inf where there is no way.

    Args:
        instance: The instance.
        where: All places.
        rows: Places of the case (P,), positions in `where`.
        period: Period of departure.
        speeds: km/h of each profile (M,); NaN = the minutes of the link or the policy's speed.
    """
    minutes, km = _known(instance, where, rows, period)
    if np.isnan(minutes).any():
        minutes, km = _by_way_of_others(minutes, km)
    np.fill_diagonal(minutes, 0.0)
    np.fill_diagonal(km, 0.0)
    each = [minutes if np.isnan(speed) else km / speed * 60 for speed in speeds]
    shape = (len(speeds), *km.shape)
    return np.array(each).reshape(shape), np.broadcast_to(km, shape)


def _known(instance: Instance, where: Places, rows: Ints, period: int) -> tuple[Floats, Floats]:
    """Return (P, P) minutes and km of links and great circles; NaN where nothing is known."""
    lat, lon = where.lat[rows], where.lon[rows]
    km = great_circle_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])
    km *= instance.policy.detour
    minutes = km / instance.policy.speed_kmh * 60
    links = listed_links(instance, where)
    position = np.full(len(where.ids), -1, dtype=np.int64)
    position[rows] = np.arange(len(rows))
    start = position[links["origin"].to_numpy(np.int64)]
    end = position[links["target"].to_numpy(np.int64)]
    last = links["open_to"].fillna(np.inf).to_numpy(float)
    shut = links["closed"].to_numpy(bool) | (period < links["open_from"].to_numpy(float))
    shut |= period > last
    roads = _roads(instance)
    here = np.append(position, -1)  # A place that takes no part is found at -1.
    pairs = [here[where.find(roads[name])] for name in ("from_id", "to_id")]
    said = links["measured"].to_numpy(bool) | shut
    for values, name in ((minutes, "minutes"), (km, "km")):
        _enter(values, pairs[0], pairs[1], roads[name].to_numpy(float))
        length = np.where(shut, np.inf, links[name].to_numpy(float))
        _enter(values, start[said], end[said], length[said])
    return minutes, km


def _roads(instance: Instance) -> pd.DataFrame:
    """Return the roads with minutes and km; inf = no way."""
    roads = instance["roads"]
    km = roads["km"].fillna(roads["minutes"] * instance.policy.speed_kmh / 60)
    no_way = roads["minutes"].isna()
    return roads.assign(
        minutes=roads["minutes"].fillna(np.inf), km=km.where(~no_way, np.inf).fillna(np.inf)
    )


def _enter(values: Floats, start: Ints, end: Ints, length: Floats) -> None:
    """Enter the lengths of links in place, the ways back first so that listed ones stand."""
    here = (start >= 0) & (end >= 0)
    values[end[here], start[here]] = length[here]
    values[start[here], end[here]] = length[here]


def _by_way_of_others(minutes: Floats, km: Floats) -> tuple[Floats, Floats]:
    """Fill what is unknown by the quickest way over what is known; inf where there is none."""
    from scipy.sparse.csgraph import csgraph_from_dense, dijkstra

    gaps = np.isnan(minutes)
    np.fill_diagonal(gaps, False)
    known = np.where(np.isfinite(minutes), minutes, np.inf)
    np.fill_diagonal(known, np.inf)
    graph = csgraph_from_dense(known, null_value=np.inf)
    quickest, before = dijkstra(graph, return_predecessors=True)
    start, end = np.nonzero(gaps & np.isfinite(quickest))
    length, at = np.zeros(len(start)), end.copy()
    while (going := at != start).any():
        back = before[start[going], at[going]]
        length[going] += km[back, at[going]]
        at[going] = back
    minutes, km = (np.where(np.isnan(values), np.inf, values) for values in (minutes, km))
    minutes[start, end] = quickest[start, end]
    km[start, end] = length
    return minutes, km
