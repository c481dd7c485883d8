"""Routes as lines and stops as points: GeoJSON (RFC 7946), longitude before latitude, WGS-84."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from allocator.instance import Instance
from allocator.plan import Plan
from allocator.report.route import period_of
from allocator.report.route_words import names_of

DECIMALS = 6


def routes_geojson(plan: Plan, instance: Instance, only: str = "") -> dict[str, Any]:
    """Return a line a trip, a point a stop and a decontamination on the way.

    Places without coordinates are left out.
    """
    points, names = _points(instance), names_of(instance, period_of(plan))
    rows = plan["routes"].sort_values(["route", "sequence"], kind="stable")
    rows = rows[rows["route"] == only] if only else rows
    features: list[dict[str, Any]] = []
    for route, mine in rows.groupby("route", sort=False):
        records = mine.to_dict("records")
        for trip in dict.fromkeys(int(row["trip"]) for row in records):
            own = [row for row in records if int(row["trip"]) == trip]
            after = next((row for row in records if int(row["trip"]) == trip + 1), None)
            places = [str(row["place_id"]) for row in (*own, *([after] if after else []))]
            features += _line(str(route), trip, own, places, points, names.clock(own[0]["leave"]))
        features += [
            _point(row, points, names.place(str(row["place_id"])), names.clock(row["begin"]))
            for row, after in zip(records, [*records[1:], {}], strict=True)
            if (row["kind"] == "stop" or _on_way(row, after)) and str(row["place_id"]) in points
        ]
    return {"type": "FeatureCollection", "features": features}


def _on_way(row: Mapping[Any, Any], after: Mapping[Any, Any]) -> bool:
    """Say whether a row is a decontamination between two stops."""
    return row["kind"] == "decontaminate" and after.get("kind") == "stop"


def _points(instance: Instance) -> dict[str, list[float]]:
    found = {}
    for table, key in (("sites", "site_id"), ("communities", "community_id")):
        frame = instance[table]
        for name, lat, lon in zip(frame[key], frame["lat"], frame["lon"], strict=True):
            if math.isfinite(lat) and math.isfinite(lon):
                found[str(name)] = [round(float(lon), DECIMALS), round(float(lat), DECIMALS)]
    return found


def _line(
    route: str,
    trip: int,
    rows: list[dict[Any, Any]],
    places: list[str],
    points: Mapping[str, list[float]],
    leaves: str,
) -> list[dict[str, Any]]:
    way = [points[place] for place in places if place in points]
    way = [one for at, one in enumerate(way) if at == 0 or one != way[at - 1]]
    if len(way) < 2:
        return []
    properties = {
        "route": route,
        "trip": trip,
        "vehicle_type": str(rows[0]["vehicle_type"]),
        "site_id": str(rows[0]["site_id"]),
        "leaves": leaves,
        "km": round(sum(float(row["km"]) for row in rows), 3),
        "stops": sum(row["kind"] == "stop" for row in rows),
    }
    geometry = {"type": "LineString", "coordinates": way}
    return [{"type": "Feature", "geometry": geometry, "properties": properties}]


def _point(
    row: Mapping[Any, Any], points: Mapping[str, list[float]], name: str, begins: str
) -> dict[str, Any]:
    properties = {
        "route": str(row["route"]),
        "trip": int(row["trip"]),
        "sequence": int(row["sequence"]),
        "kind": str(row["kind"]),
        "place_id": str(row["place_id"]),
        "name": name,
        "begins": begins,
        "access": str(row["access"]),
    }
    geometry = {"type": "Point", "coordinates": points[str(row["place_id"])]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}
