"""Lanes: which places are joined, how long it takes, when they are open (formulation section 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.instance.instance import Instance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG


@dataclass(frozen=True)
class Places:
    """Communities and open sites in one list; every array has one entry a place."""

    ids: NDArray[np.object_]
    is_site: Bools
    lat: Floats
    lon: Floats
    district: NDArray[np.object_]
    zone: NDArray[np.object_]
    people: Floats
    weight: Floats

    def find(self, ids: pd.Series) -> Ints:
        """Return the position of each id; -1 for what takes no part (closed or unknown places)."""
        return np.asarray(pd.Index(self.ids).get_indexer(pd.Index(ids)), dtype=np.int64)


@dataclass(frozen=True)
class Lanes:
    """Lanes as arrays; ends are positions of places, `lead` is NaN where minutes decide."""

    origin: Ints
    target: Ints
    minutes: Floats
    km: Floats
    lead: Floats
    cost: Floats
    open_from: Ints
    open_to: Ints
    listed: Bools
    reusable_only: Bools

    def __len__(self) -> int:
        return len(self.origin)


def places(instance: Instance) -> Places:
    """Return the places that take part: all communities, then the open sites."""
    towns = instance["communities"]
    sites = instance["sites"]
    sites = sites[sites["status"] == "open"]

    def joined(column: str) -> NDArray[np.object_]:
        return np.concatenate([towns[column].to_numpy(object), sites[column].to_numpy(object)])

    ids = np.concatenate(
        [towns["community_id"].to_numpy(object), sites["site_id"].to_numpy(object)]
    )
    ones = np.ones(len(sites))
    return Places(
        ids=ids,
        is_site=np.arange(len(ids)) >= len(towns),
        lat=joined("lat").astype(float),
        lon=joined("lon").astype(float),
        district=joined("district"),
        zone=joined("zone_id"),
        people=np.concatenate([towns["population"].to_numpy(float), 0 * ones]),
        weight=np.concatenate([towns["vulnerability"].clip(0.5, 2.0).to_numpy(float), ones]),
    )


def great_circle_km(lat_a: Floats, lon_a: Floats, lat_b: Floats, lon_b: Floats) -> Floats:
    """Great-circle distance in km (haversine); arguments in degrees, broadcast together."""
    a, b, c, d = (np.radians(value) for value in (lat_a, lon_a, lat_b, lon_b))
    chord = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0))))


def lanes(instance: Instance, where: Places) -> Lanes:
    """Return the lanes of the policy: listed ones first, then computed ones, then the ways back."""
    listed = listed_links(instance, where)
    rule = instance.policy.lanes
    if rule == "auto":
        rule = "listed" if len(instance["links"]) else "nearest_k"
    found = [listed]
    if rule != "listed":
        pairs = _within(instance, where) if rule == "within_minutes" else _nearest(instance, where)
        found.append(_computed(instance, where, _without(pairs, listed)))
    forward = pd.concat(found, ignore_index=True)
    if instance.policy.returns and bool(instance["items"]["reusable"].any()):
        forward = pd.concat([forward, _opposites(where, forward)], ignore_index=True)
    forward = forward[~forward["closed"].to_numpy(bool)]
    return _as_lanes(forward, len(instance["periods"]))


def _as_lanes(frame: pd.DataFrame, periods: int) -> Lanes:
    return Lanes(
        origin=frame["origin"].to_numpy(np.int64),
        target=frame["target"].to_numpy(np.int64),
        minutes=frame["minutes"].to_numpy(float),
        km=frame["km"].to_numpy(float),
        lead=frame["lead"].to_numpy(float),
        cost=frame["cost"].to_numpy(float),
        open_from=frame["open_from"].to_numpy(np.int64),
        open_to=frame["open_to"].fillna(periods).to_numpy(np.int64),
        listed=frame["listed"].to_numpy(bool),
        reusable_only=frame["reusable_only"].to_numpy(bool),
    )


def listed_links(instance: Instance, where: Places) -> pd.DataFrame:
    """Return the links between places that take part, closed ones too, with minutes and km."""
    links = instance["links"]
    policy = instance.policy
    frame = pd.DataFrame(
        {
            "origin": where.find(links["from_id"]),
            "target": where.find(links["to_id"]),
            "minutes": links["minutes"],
            "km": links["km"],
            "lead": links["lead_periods"],
            "cost": links["cost"],
            "open_from": links["open_from"],
            "open_to": links["open_to"],
            "listed": True,
            "reusable_only": False,
            "closed": links["closed"],
            "measured": links["minutes"].notna() | links["km"].notna(),
        }
    )
    frame = frame[(frame["origin"] >= 0) & (frame["target"] >= 0)].reset_index(drop=True)
    straight = _road_km(
        where, frame["origin"].to_numpy(int), frame["target"].to_numpy(int), policy.detour
    )
    km = frame["km"].fillna(pd.Series(straight)).fillna(frame["minutes"] * policy.speed_kmh / 60)
    minutes = frame["minutes"].fillna(km / policy.speed_kmh * 60)
    return frame.assign(km=km.fillna(0.0), minutes=minutes.fillna(0.0))


def _road_km(where: Places, origin: Ints, target: Ints, detour: float) -> Floats:
    lat, lon = where.lat, where.lon
    return great_circle_km(lat[origin], lon[origin], lat[target], lon[target]) * detour


def _all_pairs(instance: Instance, where: Places, into: Bools) -> pd.DataFrame:
    sites = np.flatnonzero(where.is_site)
    targets = np.flatnonzero(into)
    origin, target = (grid.ravel() for grid in np.meshgrid(sites, targets, indexing="ij"))
    keep = origin != target
    origin, target = origin[keep], target[keep]
    km = _road_km(where, origin, target, instance.policy.detour)
    frame = pd.DataFrame({"origin": origin, "target": target, "km": km})
    frame["minutes"] = frame["km"] / instance.policy.speed_kmh * 60
    return frame.dropna(subset=["km"])


def _within(instance: Instance, where: Places) -> pd.DataFrame:
    into = ~where.is_site | instance.policy.transfers
    pairs = _all_pairs(instance, where, into)
    return pairs[pairs["minutes"] <= instance.policy.lanes_minutes]


def _nearest(instance: Instance, where: Places) -> pd.DataFrame:
    name = pd.Series(where.ids)
    found = []
    for into, side, other in (
        (~where.is_site, "target", "origin"),
        (where.is_site, "origin", "target"),
    ):
        if side == "origin" and not instance.policy.transfers:
            continue
        pairs = _all_pairs(instance, where, into)
        pairs = pairs.assign(other_id=name.loc[pairs[other]].to_numpy())
        pairs = pairs.sort_values([side, "minutes", "other_id"], kind="stable")
        found.append(pairs[pairs.groupby(side).cumcount() < instance.policy.lanes_k])
    return pd.concat(found).drop(columns="other_id")


def _without(pairs: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    have = pd.MultiIndex.from_frame(listed[["origin", "target"]])
    return pairs[~pd.MultiIndex.from_frame(pairs[["origin", "target"]]).isin(have)]


def _computed(instance: Instance, where: Places, pairs: pd.DataFrame) -> pd.DataFrame:
    frame = pairs.sort_values(["origin", "target"], kind="stable")[
        ["origin", "target", "minutes", "km"]
    ]
    return frame.assign(
        lead=np.nan,
        cost=0.0,
        open_from=1,
        open_to=np.nan,
        listed=False,
        reusable_only=False,
        closed=False,
    ).reset_index(drop=True)


def _opposites(where: Places, forward: pd.DataFrame) -> pd.DataFrame:
    origin, target = forward["origin"].to_numpy(int), forward["target"].to_numpy(int)
    outward = forward[where.is_site[origin] & ~where.is_site[target]]
    back = outward.assign(
        origin=outward["target"], target=outward["origin"], reusable_only=True, listed=False
    )
    return _without(back, forward)
