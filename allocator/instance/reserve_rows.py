"""Rows behind the first stage of pre-positioning: lanes, stock limits, agreements, pins."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.lanes import Floats, Ints, lanes, places
from allocator.instance.reserve import (
    Agreements,
    Needy,
    ReserveItems,
    ReserveLanes,
    ReservePins,
    ReserveSites,
    Stock,
    position,
    taking_part,
)


def lanes_of(instance: Instance, sites: ReserveSites, communities: Needy) -> ReserveLanes:
    """Return every lane of the policy from a site to a community, whatever its minutes."""
    opened = taking_part(instance)
    where = places(opened)
    found = lanes(opened, where)
    from_id, to_id = pd.Series(where.ids[found.origin]), pd.Series(where.ids[found.target])
    origin, target = position(sites.ids, from_id), position(communities.ids, to_id)
    keep = (origin >= 0) & (target >= 0) & ~found.reusable_only
    own = np.flatnonzero(communities.is_site)
    nothing = np.zeros(len(own))
    return ReserveLanes(
        site=np.r_[origin[keep], position(sites.ids, pd.Series(communities.ids[own]))],
        community=np.r_[target[keep], own],
        minutes=np.r_[found.minutes[keep], nothing],
        km=np.r_[found.km[keep], nothing],
        cost=np.r_[found.cost[keep], nothing],
        cost_m3=np.r_[_cost_m3(instance, from_id, to_id)[keep], nothing],
    )


def _cost_m3(instance: Instance, from_id: pd.Series, to_id: pd.Series) -> Floats:
    """Return the cost a m3 of each pair: that of its link, 0 for a computed lane."""
    links = instance["links"]
    pairs = pd.MultiIndex.from_arrays([links["from_id"], links["to_id"]])
    at = pairs.get_indexer(pd.MultiIndex.from_arrays([from_id, to_id]))
    return np.append(links["cost_m3"].to_numpy(float), 0.0)[at]


def stock_of(instance: Instance, sites: ReserveSites, items: ReserveItems) -> Stock:
    """Return what may and what does lie at the sites."""
    shape = (len(sites), len(items))
    minimum, maximum = np.zeros(shape), np.full(shape, np.inf)
    cost = np.tile(instance["items"]["unit_cost"].to_numpy(float), (len(sites), 1))
    table = instance["reserves"]
    item = position(items.ids, table["item_id"])
    maximum[:, item] = 0.0
    everywhere = (table["site_id"] == "").to_numpy(bool)
    least, most = table["minimum"].to_numpy(float), table["maximum"].fillna(np.inf).to_numpy(float)
    price = table["unit_cost"].to_numpy(float)
    price = np.where(np.isnan(price), instance["items"]["unit_cost"].to_numpy(float)[item], price)
    minimum[:, item[everywhere]] = least[everywhere]
    maximum[:, item[everywhere]] = most[everywhere]
    cost[:, item[everywhere]] = price[everywhere]
    site = position(sites.ids, table["site_id"])
    at = (site >= 0) & ~everywhere
    minimum[site[at], item[at]] = least[at]
    maximum[site[at], item[at]] = most[at]
    cost[site[at], item[at]] = price[at]
    return Stock(minimum, maximum, cost, _present(instance, sites, items))


def _present(instance: Instance, sites: ReserveSites, items: ReserveItems) -> Floats:
    table = instance["stocks"]
    owners = instance["owners"]
    shut_out = owners["terms"] == "own_district"
    if not instance.policy.use_unvetted:
        shut_out |= ~owners["vetted"]
    barred = table["owner_id"].isin(set(owners.loc[shut_out, "owner_id"]))
    free = ~barred & (table["earmark"] == "") & ~(table["expiry"] < 1)
    table = table[free]
    site, item = position(sites.ids, table["place_id"]), position(items.ids, table["item_id"])
    here = site >= 0
    present = np.zeros((len(sites), len(items)))
    np.add.at(present, (site[here], item[here]), table["quantity"].to_numpy(float)[here])
    return present


def agreements_of(instance: Instance, sites: ReserveSites, items: ReserveItems) -> Agreements:
    """Return the agreements that deliver to a site that takes part."""
    table = instance["agreements"]
    table = table[position(sites.ids, table["site_id"]) >= 0]
    return Agreements(
        ids=table["agreement_id"].to_numpy(object),
        site=position(sites.ids, table["site_id"]),
        item=position(items.ids, table["item_id"]),
        maximum=table["maximum"].to_numpy(float),
        option_price=table["option_price"].to_numpy(float),
        delay=table["delay_periods"].to_numpy(np.int64),
    )


def pins_of(instance: Instance, sites: ReserveSites, items: ReserveItems) -> ReservePins:
    """Return what the planner has fixed."""
    table = instance["reserve_pins"]
    return ReservePins(
        ids=table["pin_id"].to_numpy(object),
        site=_or_any(sites.ids, table["site_id"]),
        size=table["size_id"].to_numpy(object),
        item=_or_any(items.ids, table["item_id"]),
        rule=table["rule"].to_numpy(object),
        quantity=table["quantity"].to_numpy(float),
        open=table["open"].to_numpy(object),
    )


def _or_any(names: np.ndarray, ids: pd.Series) -> Ints:
    return position(names, ids)
