"""The lanes of the policy, with every distance and time computed again (formulation section 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check.ground import Bools, Floats, Ground, Ints

EARTH_KM = 6371.0088  # mean radius, IUGG
_EDGE = 1e-9  # minutes over minutes that are a whole number but for rounding


@dataclass(frozen=True)
class Lanes:
    """Lanes sorted by key = origin x places + target; `lead` is NaN where minutes decide."""

    key: Ints
    origin: Ints
    target: Ints
    minutes: Floats
    km: Floats
    lead: Floats
    cost: Floats
    open_from: Floats
    open_to: Floats
    back: Bools  # ways back, for reusables only
    width: int

    def find(self, origin: Ints, target: Ints) -> Ints:
        """Return the lane of each pair of places; -1 where there is none."""
        wanted = np.where((origin >= 0) & (target >= 0), origin * self.width + target, -1)
        if not len(self.key):
            return np.full(len(wanted), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.key, wanted), len(self.key) - 1)
        return np.where(self.key[at] == wanted, at, -1)

    def leads(self, lane: Ints, period: Ints, minutes: Floats) -> Ints:
        """Return the lead of departures in `period` (from 0), without cleaning of reusables."""
        floor = np.floor(self.minutes[lane] / minutes[period] + _EDGE)
        return np.where(np.isnan(self.lead[lane]), floor, self.lead[lane]).astype(np.int64)


def lanes_of(ground: Ground) -> Lanes:
    """Return the listed lanes, those the policy adds, and the ways back of reusables."""
    listed = _listed(ground)
    policy = ground.instance.policy
    rule = policy.lanes
    if rule == "auto":
        rule = "listed" if len(ground.instance["links"]) else "nearest_k"
    parts = [listed]
    if rule == "within_minutes":
        parts.append(_within(ground))
    if rule == "nearest_k":
        parts.append(_nearest(ground))
    lanes = pd.concat(parts, ignore_index=True).drop_duplicates(["origin", "target"])
    if policy.returns and bool(ground.items.reusable.any()):
        lanes = pd.concat([lanes, _ways_back(ground, lanes)], ignore_index=True)
        lanes = lanes.drop_duplicates(["origin", "target"])
    return _arrays(lanes, len(ground.places))


def _arrays(lanes: pd.DataFrame, width: int) -> Lanes:
    key = (lanes["origin"] * width + lanes["target"]).to_numpy(np.int64)
    order = np.argsort(key, kind="stable")
    column = {name: lanes[name].to_numpy()[order] for name in lanes.columns}
    return Lanes(
        key=key[order],
        origin=column["origin"].astype(np.int64),
        target=column["target"].astype(np.int64),
        minutes=column["minutes"].astype(float),
        km=column["km"].astype(float),
        lead=column["lead"].astype(float),
        cost=column["cost"].astype(float),
        open_from=column["open_from"].astype(float),
        open_to=column["open_to"].astype(float),
        back=column["back"].astype(bool),
        width=width,
    )


def _listed(ground: Ground) -> pd.DataFrame:
    links, policy = ground.instance["links"], ground.instance.policy
    origin, target = ground.place(links["from_id"]), ground.place(links["to_id"])
    road = road_km(ground, origin, target)
    minutes, km = links["minutes"].to_numpy(float), links["km"].to_numpy(float)
    km = np.where(np.isnan(km), road, km)
    km = np.where(np.isnan(km), minutes * policy.speed_kmh / 60, km)
    minutes = np.where(np.isnan(minutes), km / policy.speed_kmh * 60, minutes)
    frame = pd.DataFrame(
        {
            "origin": origin,
            "target": target,
            "minutes": np.nan_to_num(minutes),
            "km": np.nan_to_num(km),
            "lead": links["lead_periods"].to_numpy(float),
            "cost": links["cost"].to_numpy(float),
            "open_from": links["open_from"].to_numpy(float),
            "open_to": links["open_to"].fillna(np.inf).where(~links["closed"], 0.0).to_numpy(float),
            "back": False,
        }
    )
    return frame[(origin >= 0) & (target >= 0)]


def road_km(ground: Ground, origin: Ints, target: Ints) -> Floats:
    """Return great circle (haversine) times detour; NaN where a point is missing."""
    places = ground.places
    lat_a, lat_b = np.radians(places.lat[origin]), np.radians(places.lat[target])
    lon_a, lon_b = np.radians(places.lon[origin]), np.radians(places.lon[target])
    half = np.sin((lat_b - lat_a) / 2) ** 2
    half = half + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    circle = 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return np.asarray(circle * ground.instance.policy.detour, dtype=np.float64)


def _pairs(ground: Ground, sites: Ints, others: Ints) -> pd.DataFrame:
    """Return every (site, other place) pair with points, as computed lanes."""
    origin, target = np.repeat(sites, len(others)), np.tile(others, len(sites))
    origin, target = origin[origin != target], target[origin != target]
    km = road_km(ground, origin, target)
    frame = pd.DataFrame({"origin": origin, "target": target, "km": km})
    frame = frame[~np.isnan(km)]
    minutes = frame["km"] / ground.instance.policy.speed_kmh * 60
    return frame.assign(
        minutes=minutes, lead=np.nan, cost=0.0, open_from=1.0, open_to=np.inf, back=False
    )


def _ends(ground: Ground) -> tuple[Ints, Ints]:
    places = ground.places
    sites = np.flatnonzero(places.is_site & places.active)
    return sites, np.flatnonzero(~places.is_site)


def _within(ground: Ground) -> pd.DataFrame:
    policy = ground.instance.policy
    sites, towns = _ends(ground)
    others = np.concatenate([towns, sites]) if policy.transfers else towns
    pairs = _pairs(ground, sites, others)
    return pairs[pairs["minutes"] <= policy.lanes_minutes]


def _nearest(ground: Ground) -> pd.DataFrame:
    policy = ground.instance.policy
    sites, towns = _ends(ground)
    supply = _first(ground, _pairs(ground, sites, towns), "target", "origin")
    if not policy.transfers:
        return supply
    transfers = _first(ground, _pairs(ground, sites, sites), "origin", "target")
    return pd.concat([supply, transfers], ignore_index=True)


def _first(ground: Ground, pairs: pd.DataFrame, of: str, ranked: str) -> pd.DataFrame:
    """Keep for each place in column `of` the lanes_k nearest in column `ranked`, ties by id."""
    by_id = np.empty(len(ground.places), dtype=np.int64)
    by_id[np.argsort(ground.places.index.to_numpy(object))] = np.arange(len(ground.places))
    order = np.lexsort((by_id[pairs[ranked]], pairs["minutes"], pairs[of]))
    pairs = pairs.iloc[order]
    return pairs[pairs.groupby(of).cumcount() < ground.instance.policy.lanes_k]


def _ways_back(ground: Ground, lanes: pd.DataFrame) -> pd.DataFrame:
    is_site = ground.places.is_site
    out = lanes[is_site[lanes["origin"]] & ~is_site[lanes["target"]]]
    return out.assign(origin=out["target"], target=out["origin"], back=True)
