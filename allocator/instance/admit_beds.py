"""Beds as arrays: pools that are there, surge wards that may be opened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.reserve import position


@dataclass(frozen=True)
class Pools:
    """Beds of a site for the same classes (G,): `uses` (G, S), `beds` (G, T), without surge."""

    site: Ints
    uses: Bools
    beds: Floats

    def __len__(self) -> int:
        return len(self.site)


@dataclass(frozen=True)
class Surge:
    """Surge wards (B,): their pool, and the one that gives up beds for them, else -1.

    They can be decided on in the periods `first` to `last`, and take patients `lead` periods
    later up to `closes`.
    """

    ids: np.ndarray
    site: Ints
    severity: Ints
    pool: Ints
    beds: Floats
    first: Ints
    closes: Ints
    lead: Ints
    cost: Floats
    taken_from: Ints

    def __len__(self) -> int:
        return len(self.ids)


def beds_of(
    instance: Instance, sites: np.ndarray, classes: np.ndarray, periods: int
) -> tuple[Pools, Surge]:
    """Return the pools and the surge wards of the open sites."""
    table = instance["beds"]
    table = table[np.isin(table["site_id"].to_numpy(object), sites)].reset_index(drop=True)
    site = position(sites, table["site_id"])
    uses = np.zeros((len(table), len(classes)), dtype=bool)
    uses[np.arange(len(table)), position(classes, table["severity"])] = True
    for row, words in enumerate(table["also"]):
        others = [list(classes).index(word) for word in str(words).split("|") if word]
        uses[row, others] = True
    keys = np.column_stack([site, uses.astype(np.int64)])
    distinct, pool = np.unique(keys, axis=0, return_inverse=True)
    pool = np.asarray(pool, dtype=np.int64).ravel()
    number, surge = table["beds"].to_numpy(float), table["surge"].to_numpy(bool)
    first = table["opens"].to_numpy(np.int64) - 1
    closes = table["closes"].fillna(periods).to_numpy(np.int64) - 1
    beds = np.zeros((len(distinct), periods))
    for row in np.flatnonzero(~surge).tolist():
        beds[pool[row], first[row] : closes[row] + 1] += number[row]
    extra = np.flatnonzero(surge)
    ward = table["ward_id"].to_numpy(object)
    given = position(ward, table["converts_from"])
    return (
        Pools(distinct[:, 0], distinct[:, 1:].astype(bool), beds),
        Surge(
            ids=ward[extra],
            site=site[extra],
            severity=position(classes, table["severity"])[extra],
            pool=pool[extra],
            beds=number[extra],
            first=first[extra],
            closes=closes[extra],
            lead=table["lead_periods"].to_numpy(np.int64)[extra],
            cost=table["opening_cost"].to_numpy(float)[extra],
            taken_from=np.where(given >= 0, pool[given], -1)[extra],
        ),
    )
