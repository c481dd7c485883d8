"""Answers of road servers (OSRM, Valhalla) as travel times between the places of an instance.

Nothing here touches a network: an answer is what a server gave, saved as JSON. Formats: OSRM table
service v1 (project-osrm.org/docs) and Valhalla's time-distance matrix, long and short
(valhalla.github.io/valhalla/api/matrix/api-reference).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from allocator.errors import UsageError
from allocator.instance.instance import Instance
from allocator.instance.lanes import Floats

KM_PER_MILE = 1.609344


def points(instance: Instance) -> pd.DataFrame:
    """Return place_id, lat, lon of every place with a point: communities, then sites."""
    towns = instance["communities"].rename(columns={"community_id": "place_id"})
    sites = instance["sites"].rename(columns={"site_id": "place_id"})
    columns = ["place_id", "lat", "lon"]
    both = pd.concat([towns[columns], sites[columns]], ignore_index=True)
    return both.dropna().reset_index(drop=True)


def osrm_request(where: pd.DataFrame, server: str, profile: str = "driving") -> str:
    """Return the address that asks an OSRM server for all pairs of the points."""
    pairs = zip(where["lon"], where["lat"], strict=True)
    coordinates = ";".join(f"{lon:.6f},{lat:.6f}" for lon, lat in pairs)
    start = f"{server.rstrip('/')}/table/v1/{profile}/{coordinates}"
    return f"{start}?annotations=duration,distance"


def valhalla_request(where: pd.DataFrame, costing: str = "auto") -> str:
    """Return the JSON that asks Valhalla's sources_to_targets for all pairs of the points."""
    places = where[["lat", "lon"]].to_dict("records")
    asked = {"sources": places, "targets": places, "costing": costing, "units": "kilometers"}
    return json.dumps(asked)


def osrm_roads(answer: Mapping[str, Any], where: pd.DataFrame) -> pd.DataFrame:
    """Return from_id, to_id, minutes, km of an answer of OSRM's table service.

    Raises:
        UsageError: E2371, when it is no such answer for these points.
    """
    if answer.get("code", "Ok") != "Ok":
        raise _refused(f"OSRM says {answer['code']}: {answer.get('message', '')}".rstrip(": "))
    minutes = _square(answer.get("durations"), len(where), "durations") / 60
    km = np.full_like(minutes, np.nan)
    if answer.get("distances") is not None:
        km = _square(answer["distances"], len(where), "distances") / 1000
    return _long(where, minutes, km)


def valhalla_roads(answer: Mapping[str, Any], where: pd.DataFrame) -> pd.DataFrame:
    """Return from_id, to_id, minutes, km of an answer of Valhalla's sources_to_targets.

    Raises:
        UsageError: E2371, when it is no such answer for these points.
    """
    cells = answer.get("sources_to_targets")
    if cells is None:
        raise _refused(str(answer.get("error") or "the answer has no sources_to_targets"))
    if isinstance(cells, Mapping):
        times, lengths = cells.get("durations"), cells.get("distances")
    else:
        times, lengths = _cells(cells, "time"), _cells(cells, "distance")
    minutes = _square(times, len(where), "times") / 60
    km = _square(lengths, len(where), "distances")
    miles = str(answer.get("units", "kilometers")).startswith("mi")
    return _long(where, minutes, km * (KM_PER_MILE if miles else 1.0))


ROADS: Mapping[str, Callable[[Mapping[str, Any], pd.DataFrame], pd.DataFrame]] = {
    "osrm": osrm_roads,
    "valhalla": valhalla_roads,
}
"""Readers of answers by the name of the server."""


def with_roads(instance: Instance, roads: pd.DataFrame) -> Instance:
    """Return the instance with these times: in `links` for its lanes, in `roads` for the rest.

    Links keep their leads, costs and openings. No lane is added, so that goods move as before;
    a link without a way keeps what it says. Roads the instance has already are replaced.
    """
    keys = ["from_id", "to_id"]
    links, old = instance["links"], instance["roads"]
    found = links[keys].merge(roads, on=keys, how="left")
    timed = found["minutes"].notna().to_numpy()
    links = links.assign(
        minutes=np.where(timed, found["minutes"], links["minutes"]),
        km=np.where(timed & found["km"].notna(), found["km"], links["km"]),
    )
    listed = pd.MultiIndex.from_frame(links[timed][keys])
    new = roads[~pd.MultiIndex.from_frame(roads[keys]).isin(listed)]
    known = pd.MultiIndex.from_frame(roads[keys])
    kept = old[~pd.MultiIndex.from_frame(old[keys]).isin(known)]
    tables = {"roads": pd.concat([kept, new], ignore_index=True) if len(kept) else new}
    if len(links):
        tables["links"] = links
    return instance.replace(policy=None, name=None, validate=True, **tables)


def _cells(rows: Any, name: str) -> list[list[Any]]:
    try:
        return [[cell.get(name) for cell in row] for row in rows]
    except (AttributeError, TypeError):
        raise _refused("sources_to_targets is no table of times and distances") from None


def _square(rows: Any, size: int, name: str) -> Floats:
    """Return a table of numbers (size, size), NaN where it has null."""
    try:
        table = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError):
        table = np.empty(0)
    if table.shape != (size, size):
        raise _refused(f"{name} must be {size} x {size}, one row a place with a point")
    if (table < 0).any() or np.isinf(table).any():
        raise _refused(f"{name} must be finite numbers from 0 on")
    return table


def _long(where: pd.DataFrame, minutes: Floats, km: Floats) -> pd.DataFrame:
    names = where["place_id"].to_numpy(object)
    start, end = np.nonzero(~np.eye(len(names), dtype=bool))
    return pd.DataFrame(
        {
            "from_id": names[start],
            "to_id": names[end],
            "minutes": minutes[start, end].round(3),
            "km": km[start, end].round(4),
        }
    ).astype({"from_id": "str", "to_id": "str"})


def _refused(rule: str) -> UsageError:
    action = "ask for all places with points, communities first and then sites, in their order"
    return UsageError.because(rule, where="answer", action=action, code="E2371")
