"""Sites, sizes, room and prices of reserves, read off the tables (formulation sections 1, 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from allocator.check.ground import Bools, Floats, Ground, Ints, Names, ground_of, lookup
from allocator.instance import Instance

EXISTING = "existing"  # the one size of an open site without rows in `sizes`


@dataclass(frozen=True)
class Sizes:
    """One row a size of a site; `row` is the line of the sizes table (-1 for an implied size)."""

    site: Ints
    name: Names
    cost: Floats
    volume: Floats
    row: Ints


@dataclass(frozen=True)
class Agreements:
    """The agreements with suppliers; prices and what can be had depend on the scenario."""

    index: pd.Index
    site: Ints
    item: Ints
    maximum: Floats
    option: Floats
    delay: Ints

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class Shelf:
    """What may be stocked where: places x items, NaN or infinity where nothing is said."""

    minimum: Floats
    maximum: Floats
    cost: Floats
    present: Floats
    row: Ints  # line of the reserves table, -1 for none


@dataclass(frozen=True)
class Stage:
    """All the judge knows of the first stage; candidates take part like open sites."""

    ground: Ground
    sizes: Sizes
    agreements: Agreements
    shelf: Shelf
    existing: Bools  # over places
    site_row: Ints  # line of the sites table, over places


def stage_of(instance: Instance) -> Stage:
    """Read everything the first stage is about."""
    ground = with_candidates(instance)
    sites = instance["sites"]
    number = lookup(ground.places.index, sites["site_id"])
    existing = np.zeros(len(ground.places), dtype=bool)
    existing[number] = (sites["status"] == "open").to_numpy()
    site_row = np.zeros(len(ground.places), dtype=np.int64)
    site_row[number] = np.arange(len(sites))
    return Stage(
        ground=ground,
        sizes=_sizes(ground, existing),
        agreements=_agreements(ground),
        shelf=_shelf(ground),
        existing=existing,
        site_row=site_row,
    )


def with_candidates(instance: Instance) -> Ground:
    """Return the ground in which candidate sites take part too."""
    ground = ground_of(instance)
    closed = (instance["sites"]["status"] == "closed").to_numpy()
    towns = len(ground.places) - len(closed)
    active = np.concatenate([np.ones(towns, dtype=bool), ~closed])
    return replace(ground, places=replace(ground.places, active=active))


def _sizes(ground: Ground, existing: Bools) -> Sizes:
    """Return the sizes of sites that take part; an existing site without any has an implied one."""
    table = ground.instance["sizes"]
    site = ground.place(table["site_id"])
    row = np.flatnonzero(site >= 0)
    implied = np.setdiff1d(np.flatnonzero(existing), site)

    def column(name: str, nothing: float) -> Floats:
        stated = table[name].to_numpy(float)[row]
        return np.concatenate([stated, np.full(len(implied), nothing)])

    names = table["size_id"].to_numpy(object)[row]
    return Sizes(
        site=np.concatenate([site[row], implied]),
        name=np.concatenate([names, np.full(len(implied), EXISTING, dtype=object)]),
        cost=column("fixed_cost", 0.0),
        volume=np.nan_to_num(column("volume_m3", np.inf), nan=np.inf, posinf=np.inf),
        row=np.concatenate([row, np.full(len(implied), -1, dtype=np.int64)]),
    )


def _agreements(ground: Ground) -> Agreements:
    table = ground.instance["agreements"]
    return Agreements(
        index=pd.Index(table["agreement_id"].to_numpy(object)),
        site=ground.place(table["site_id"]),
        item=ground.item(table["item_id"]),
        maximum=table["maximum"].to_numpy(float),
        option=table["option_price"].to_numpy(float),
        delay=table["delay_periods"].to_numpy(np.int64),
    )


def _shelf(ground: Ground) -> Shelf:
    """Read `reserves`: a row of the site itself, else the row of every site, else free."""
    table = ground.instance["reserves"]
    item = ground.item(table["item_id"])
    site = ground.place(table["site_id"])
    everywhere = (table["site_id"] == "").to_numpy()
    row = np.full((len(ground.places), len(ground.items)), -1, dtype=np.int64)
    for line in np.flatnonzero(everywhere & (item >= 0)):
        row[:, item[line]] = line
    own = np.flatnonzero(~everywhere & (site >= 0) & (item >= 0))
    row[site[own], item[own]] = own
    listed = np.zeros(len(ground.items), dtype=bool)
    listed[item[item >= 0]] = True

    def matrix(name: str, without: Floats, blank: float) -> Floats:
        stated = np.nan_to_num(table[name].to_numpy(float), nan=blank, posinf=np.inf)
        at_row = np.append(stated, 0.0)[row]
        return np.where(row >= 0, at_row, without)

    price = np.broadcast_to(_price(ground.instance), row.shape)
    unit_cost = matrix("unit_cost", price, -1.0)
    return Shelf(
        minimum=matrix("minimum", np.zeros(row.shape), 0.0),
        maximum=matrix("maximum", np.where(listed, 0.0, np.inf)[None, :], np.inf),
        cost=np.where(unit_cost < 0, price, unit_cost),
        present=present_of(ground),
        row=row,
    )


def _price(instance: Instance) -> Floats:
    return instance["items"]["unit_cost"].to_numpy(float)[None, :]


def present_of(ground: Ground) -> Floats:
    """Return the free goods there are at sites today, places x items.

    Goods with a mark, or of owners who give to their own district only, are promised to somebody.
    """
    table, owners = ground.instance["stocks"], ground.instance["owners"]
    owner = lookup(pd.Index(owners["owner_id"]), table["owner_id"])
    vetted = np.append(owners["vetted"].to_numpy(bool), True)[owner]
    anywhere = np.append((owners["terms"] == "any").to_numpy(bool), True)[owner]
    free = (vetted | ground.instance.policy.use_unvetted) & anywhere
    free &= (table["earmark"] == "").to_numpy() & ~(table["expiry"] < 1).to_numpy()
    place, item = ground.place(table["place_id"]), ground.item(table["item_id"])
    chosen = free & (place >= 0) & (item >= 0) & ground.places.is_site[place]
    present = np.zeros((len(ground.places), len(ground.items)))
    amount = table["quantity"].to_numpy(float)
    np.add.at(present, (place[chosen], item[chosen]), amount[chosen])
    return present
