"""Ways of patients: which site is how far, and who may enter it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints, great_circle_km
from allocator.instance.reserve import position


@dataclass(frozen=True)
class Ways:
    """Pairs (P,) of a place and a site.

    `own`: the same district, or the site itself. `allowed` (P, S, T): the entry rules let the
    class in.
    """

    origin: Ints
    site: Ints
    minutes: Floats
    own: Bools
    allowed: Bools

    def __len__(self) -> int:
        return len(self.origin)


def ways_of(
    instance: Instance,
    origins: np.ndarray,
    district: np.ndarray,
    sites: np.ndarray,
    classes: np.ndarray,
    periods: int,
) -> Ways:
    """Return the ways from places with patients to sites with beds."""
    minutes = _minutes(instance, origins, sites)
    most = instance.policy.admit_minutes
    same = origins[:, None] == sites[None, :]
    near = np.isfinite(minutes) if most is None else minutes <= most + 1e-9
    origin, site = np.nonzero(near | same)
    homes = _district(instance, sites)
    own = (district[origin] == homes[site]) & (district[origin] != "")
    allowed = _allowed(instance, origins, sites, classes, periods)[origin, site]
    return Ways(origin, site, minutes[origin, site], own | same[origin, site], allowed)


def transfers_of(
    instance: Instance,
    sites: np.ndarray,
    district: np.ndarray,
    classes: np.ndarray,
    periods: int,
) -> Ways:
    """Return the ways between sites; with policy transfers = false a site leads to itself only."""
    found = ways_of(instance, sites, district, sites, classes, periods)
    stays = found.origin == found.site
    found.allowed[stays] = True  # who is in is not shut out of another ward
    keep = stays | instance.policy.transfers
    return Ways(
        *(getattr(found, name)[keep] for name in ("origin", "site", "minutes", "own", "allowed"))
    )


def _district(instance: Instance, ids: np.ndarray) -> np.ndarray:
    table = instance["sites"]
    at = position(table["site_id"].to_numpy(object), pd.Series(ids, dtype=object))
    return np.asarray(table["district"].to_numpy(object)[at])


def _minutes(instance: Instance, origins: np.ndarray, sites: np.ndarray) -> Floats:
    """Return minutes (C, H): of the link, else by the points; inf where neither is known."""
    policy = instance.policy
    from_lat, from_lon = _points(instance, origins)
    to_lat, to_lon = _points(instance, sites)
    km = great_circle_km(from_lat[:, None], from_lon[:, None], to_lat[None], to_lon[None])
    minutes = 60.0 * policy.detour * km / policy.speed_kmh
    links = instance["links"]
    if policy.lanes == "listed":
        minutes = np.full(minutes.shape, np.inf)
    origin, site = position(origins, links["from_id"]), position(sites, links["to_id"])
    there = np.flatnonzero((origin >= 0) & (site >= 0))
    at = origin[there], site[there]
    given = links["minutes"].to_numpy(float)[there]
    by_km = 60.0 * links["km"].to_numpy(float)[there] / policy.speed_kmh
    given = np.where(np.isnan(given), by_km, given)
    minutes[at] = np.where(np.isnan(given), minutes[at], given)
    closed = links["closed"].to_numpy(bool)[there]
    minutes[at[0][closed], at[1][closed]] = np.inf
    minutes = np.where(np.isnan(minutes), np.inf, minutes)
    return np.where(origins[:, None] == sites[None, :], 0.0, minutes)


def _points(instance: Instance, ids: np.ndarray) -> tuple[Floats, Floats]:
    towns = instance["communities"].set_index("community_id")[["lat", "lon"]]
    points = pd.concat([towns, instance["sites"].set_index("site_id")[["lat", "lon"]]])
    found = points.reindex(pd.Index(ids))
    return found["lat"].to_numpy(float), found["lon"].to_numpy(float)


def _allowed(
    instance: Instance, origins: np.ndarray, sites: np.ndarray, classes: np.ndarray, periods: int
) -> Bools:
    """Return (C, H, S, T): of the entry rules that match the last one decides."""
    allowed = np.ones((len(origins), len(sites), len(classes), periods), dtype=bool)
    for rule in instance["entry_rules"].to_dict("records"):
        start = int(rule["period_from"]) - 1
        end = periods if pd.isna(rule["period_to"]) else int(rule["period_to"])
        place = _matching(instance, origins, str(rule["from_id"]))
        site = _chosen(sites, str(rule["site_id"]))
        kind = _chosen(classes, str(rule["severity"]))
        block = np.ix_(place, site, kind, np.arange(start, end))
        allowed[block] = bool(rule["allowed"])
    return allowed


def _chosen(ids: np.ndarray, word: str) -> Ints:
    return np.arange(len(ids)) if word == "" else np.flatnonzero(ids == word)


def _matching(instance: Instance, ids: np.ndarray, word: str) -> Ints:
    """Return the places that a word means: an id, a district or a zone; all for a blank."""
    if word == "":
        return np.arange(len(ids))
    table = pd.concat(
        [
            instance["communities"].set_index("community_id")[["district", "zone_id"]],
            instance["sites"].set_index("site_id")[["district", "zone_id"]],
        ]
    ).reindex(pd.Index(ids))
    match = ids == word
    for column in ("district", "zone_id"):
        match = match | (table[column].to_numpy(object) == word)
    return np.flatnonzero(match)
