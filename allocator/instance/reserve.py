"""What pre-positioning decides about, as arrays: sites, sizes, stock limits, lanes, agreements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.reserve_words import EXISTING


@dataclass(frozen=True)
class ReserveSites:
    """Open and candidate sites (I,), in the order of the table.

    `kept` are the existing ones: exactly one size each unless the policy may close them.
    """

    ids: np.ndarray
    names: np.ndarray
    kept: Bools
    district: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Sizes:
    """Sizes (N,), sorted by site: at most one a site; candidates have those of `sizes` only."""

    site: Ints
    ids: np.ndarray
    fixed_cost: Floats
    volume_m3: Floats  # inf = no limit
    throughput_m3: Floats  # inf = no limit; the site's where the size has none

    def __len__(self) -> int:
        return len(self.site)


@dataclass(frozen=True)
class ReserveItems:
    """Items (K,), in the order of the table."""

    ids: np.ndarray
    m3: Floats
    kg: Floats
    pack: Floats
    whole: Bools  # stock is a multiple of `pack`
    reusable: Bools
    tier: Ints

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Needy:
    """Places with a possible need (J,): all communities, then the sites that need something.

    `weight` is the vulnerability held within 0.5 to 2 (1 at a site).
    """

    ids: np.ndarray
    names: np.ndarray
    is_site: Bools
    population: Floats
    weight: Floats
    district: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class ReserveLanes:
    """Lanes (L,) from a site (position in sites) to a community (position in communities).

    A site with a need of its own has a lane to itself of 0 minutes and no cost. All are within
    the time standard in some scenario at least.
    """

    site: Ints
    community: Ints
    minutes: Floats
    km: Floats
    cost: Floats  # money a unit
    cost_m3: Floats  # money a m3, on top

    def __len__(self) -> int:
        return len(self.site)

    def unit_cost(self, m3: Floats) -> Floats:
        """Return the cost of moving one unit, lanes x items, for the volumes of the items."""
        return self.cost[:, None] + self.cost_m3[:, None] * m3[None, :]


@dataclass(frozen=True)
class Agreements:
    """Agreements with suppliers (A,)."""

    ids: np.ndarray
    site: Ints
    item: Ints
    maximum: Floats
    option_price: Floats
    delay: Ints  # periods after the start

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Stock:
    """Limits of the stock, sites x items (I, K); a maximum of 0 = may not be stocked there.

    `present` is what lies there now: goods that are usable, free of earmarks and not bound to
    the owner's district.
    """

    minimum: Floats
    maximum: Floats  # inf = no limit
    unit_cost: Floats
    present: Floats


@dataclass(frozen=True)
class ReservePins:
    """Pins (P,); positions are -1 for any, `quantity` NaN and `open` "" where nothing is said."""

    ids: np.ndarray
    site: Ints
    size: np.ndarray  # size_id, "" = any
    item: Ints
    rule: np.ndarray
    quantity: Floats
    open: np.ndarray  # "yes", "no" or ""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Reserve:
    """The first stage of pre-positioning as arrays; positions count from 0."""

    sites: ReserveSites
    sizes: Sizes
    items: ReserveItems
    communities: Needy
    lanes: ReserveLanes
    agreements: Agreements
    stock: Stock
    pins: ReservePins


def position(names: np.ndarray, ids: pd.Series) -> Ints:
    """Return where each id stands in `names`; -1 for one that does not."""
    return np.asarray(pd.Index(names).get_indexer(pd.Index(ids)), dtype=np.int64)


def taking_part(instance: Instance) -> Instance:
    """Return the instance with candidate sites as open ones, for the lanes of the policy."""
    sites = instance["sites"]
    if not (sites["status"] == "candidate").any():
        return instance
    opened = sites.assign(status=sites["status"].replace("candidate", "open"))
    return instance.replace(validate=False, sites=opened)


def sites_of(instance: Instance) -> ReserveSites:
    """Return the sites that are open or may be opened."""
    table = instance["sites"]
    table = table[table["status"] != "closed"]
    return ReserveSites(
        ids=table["site_id"].to_numpy(object),
        names=table["name"].to_numpy(object),
        kept=(table["status"] == "open").to_numpy(bool),
        district=table["district"].to_numpy(object),
    )


def sizes_of(instance: Instance, sites: ReserveSites) -> Sizes:
    """Return the sizes; an open site without rows gets one without cost and limit."""
    table, through = instance["sizes"], _throughput(instance, sites)
    table = table.assign(site=position(sites.ids, table["site_id"]))
    table = table[table["site"] >= 0]
    bare = np.setdiff1d(np.flatnonzero(sites.kept), table["site"])
    given = pd.DataFrame({"site": bare, "size_id": EXISTING, "fixed_cost": 0.0})
    table = pd.concat([table, given], ignore_index=True).sort_values("site", kind="stable")
    site = table["site"].to_numpy(np.int64)
    own = table["throughput_m3"].to_numpy(float)
    return Sizes(
        site=site,
        ids=table["size_id"].to_numpy(object),
        fixed_cost=table["fixed_cost"].to_numpy(float),
        volume_m3=table["volume_m3"].fillna(np.inf).to_numpy(float),
        throughput_m3=np.where(np.isnan(own), through[site], own),
    )


def _throughput(instance: Instance, sites: ReserveSites) -> Floats:
    table = instance["sites"].set_index("site_id").loc[sites.ids]
    return np.asarray(table["throughput_m3"].fillna(np.inf).to_numpy(float))


def items_of(instance: Instance) -> ReserveItems:
    """Return the items."""
    table = instance["items"]
    numbers = {name: table[name].to_numpy(float) for name in ("m3", "kg", "pack_size")}
    return ReserveItems(
        ids=table["item_id"].to_numpy(object),
        m3=numbers["m3"],
        kg=numbers["kg"],
        pack=numbers["pack_size"],
        whole=table["whole_packs"].to_numpy(bool),
        reusable=table["reusable"].to_numpy(bool),
        tier=table["tier"].to_numpy(np.int64),
    )


def needy_of(instance: Instance, sites: ReserveSites) -> Needy:
    """Return the communities, then the sites with a need, as things stand or in a scenario."""
    towns, table = instance["communities"], instance["sites"]
    named = pd.concat([instance[name]["community_id"] for name in ("needs", "scenario_needs")])
    needing = table[table["site_id"].isin(set(sites.ids) & set(named.unique()))]
    count = len(needing)

    def joined(column: str) -> np.ndarray:
        return np.concatenate([towns[column].to_numpy(object), needing[column].to_numpy(object)])

    weight = towns["vulnerability"].clip(0.5, 2.0).to_numpy(float)
    return Needy(
        ids=np.concatenate(
            [towns["community_id"].to_numpy(object), needing["site_id"].to_numpy(object)]
        ),
        names=joined("name"),
        is_site=np.arange(len(towns) + count) >= len(towns),
        population=np.concatenate([towns["population"].to_numpy(float), np.zeros(count)]),
        weight=np.concatenate([weight, np.ones(count)]),
        district=joined("district"),
    )
