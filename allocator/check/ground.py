"""What the judge reads off the instance: periods, places and items by number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.instance import Instance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Names = NDArray[np.object_]


@dataclass(frozen=True)
class Places:
    """All communities, then all sites; `active` leaves out closed and candidate sites."""

    index: pd.Index
    is_site: Bools
    active: Bools
    lat: Floats
    lon: Floats
    district: Names
    zone: Names
    people: Floats
    priority: Floats

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class Items:
    """The items table as arrays."""

    index: pd.Index
    unit: Names
    kg: Floats
    m3: Floats
    pack: Floats
    whole: Bools
    shelf: Floats
    reusable: Bools
    cleaning: Ints
    tier: Ints
    handling: Floats

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class Ground:
    """The instance by number: periods count from 0 here, from 1 in every table and message."""

    instance: Instance
    minutes: Floats
    places: Places
    items: Items

    @property
    def periods(self) -> int:
        """Number of periods."""
        return len(self.minutes)

    @property
    def days(self) -> Floats:
        """Length of every period in days."""
        return self.minutes / 1440.0

    def place(self, ids: pd.Series) -> Ints:
        """Return the number of each place that takes part; -1 for all others."""
        found = lookup(self.places.index, ids)
        return np.where((found >= 0) & self.places.active[found], found, -1)

    def item(self, ids: pd.Series) -> Ints:
        """Return the number of each item; -1 for unknown ones."""
        return lookup(self.items.index, ids)

    def place_names(self, numbers: Ints) -> list[str]:
        """Return the ids of places."""
        return list(self.places.index.to_numpy(object)[numbers])

    def item_names(self, numbers: Ints) -> list[str]:
        """Return the ids of items."""
        return list(self.items.index.to_numpy(object)[numbers])


def lookup(index: pd.Index, ids: pd.Series) -> Ints:
    """Return the position of each id in `index`, -1 where it is not there."""
    codes, distinct = pd.factorize(ids)
    found = np.asarray(index.get_indexer(pd.Index(distinct)), dtype=np.int64)
    return found[codes] if len(distinct) else np.full(len(ids), -1, dtype=np.int64)


def summed(at: Ints, amount: Floats, size: int) -> Floats:
    """Return the sum of `amount` at every position 0..size - 1."""
    return np.bincount(at, weights=amount, minlength=size).astype(np.float64)


def ground_of(instance: Instance) -> Ground:
    """Number the periods, places and items of an instance."""
    periods = instance["periods"].sort_values("period")
    return Ground(instance, periods["minutes"].to_numpy(float), _places(instance), _items(instance))


def _places(instance: Instance) -> Places:
    towns, sites = instance["communities"], instance["sites"]

    def both(column: str) -> NDArray[np.object_]:
        return np.concatenate([towns[column].to_numpy(object), sites[column].to_numpy(object)])

    ids = [towns["community_id"].to_numpy(object), sites["site_id"].to_numpy(object)]
    nobody, ordinary = np.zeros(len(sites)), np.ones(len(sites))
    priority = towns["vulnerability"].clip(0.5, 2.0).to_numpy(float)
    return Places(
        index=pd.Index(np.concatenate(ids)),
        is_site=np.repeat([False, True], [len(towns), len(sites)]),
        active=np.concatenate([np.ones(len(towns), bool), (sites["status"] == "open").to_numpy()]),
        lat=both("lat").astype(float),
        lon=both("lon").astype(float),
        district=both("district"),
        zone=both("zone_id"),
        people=np.concatenate([towns["population"].to_numpy(float), nobody]),
        priority=np.concatenate([priority, ordinary]),
    )


def _items(instance: Instance) -> Items:
    table = instance["items"]
    return Items(
        index=pd.Index(table["item_id"].to_numpy(object)),
        unit=table["unit"].to_numpy(object),
        kg=table["kg"].to_numpy(float),
        m3=table["m3"].to_numpy(float),
        pack=table["pack_size"].to_numpy(float),
        whole=table["whole_packs"].to_numpy(bool),
        shelf=table["shelf_life_periods"].to_numpy(float),
        reusable=table["reusable"].to_numpy(bool),
        cleaning=table["return_periods"].to_numpy(np.int64),
        tier=table["tier"].to_numpy(np.int64),
        handling=table["handling_minutes"].to_numpy(float),
    )
