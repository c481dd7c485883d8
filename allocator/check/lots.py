"""Lots and batches from the tables alone (formulation section 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check.ground import Bools, Floats, Ground, Ints, lookup

FREE = 0
"""The number of the blank earmark."""


@dataclass(frozen=True)
class Lots:
    """What enters from outside, by place, item, period (from 0), expiry and earmark.

    `expiry` is the last usable period from 0; the number of periods means it keeps. `usable`
    leaves out unvetted owners, lots past their expiry and places that take no part.
    """

    place: Ints
    item: Ints
    period: Ints
    quantity: Floats
    expiry: Ints
    earmark: Ints
    usable: Bools
    unvetted: Bools
    stock: Bools


@dataclass(frozen=True)
class Earmarks:
    """Names of earmarks by number (0 = free) and where each may enter, earmarks x places."""

    names: pd.Index
    enters: Bools


def earmarks_of(ground: Ground) -> Earmarks:
    """Collect the earmarks of lots and owners: a community, else a district, else a zone."""
    tables = [ground.instance[name]["earmark"] for name in ("stocks", "arrivals", "in_transit")]
    owners = ground.instance["owners"]
    bound = owners.loc[owners["terms"] == "own_district", "district"]
    found = pd.unique(pd.concat([*tables, bound], ignore_index=True).astype(object))
    names = ["", *(name for name in found if name != "")]
    enters = np.array([_enters(ground, name) for name in names], dtype=bool)
    return Earmarks(pd.Index(names, dtype=object), enters)


def _enters(ground: Ground, earmark: str) -> Bools:
    places = ground.places
    if earmark == "":
        return np.ones(len(places), dtype=bool)
    for names in (places.index.to_numpy(object), places.district, places.zone):
        inside = (names == earmark) & ~places.is_site
        if inside.any():
            return np.asarray(inside | places.is_site)
    return places.is_site.copy()


def lots_of(ground: Ground, earmarks: Earmarks) -> Lots:
    """Read stocks, arrivals and in_transit; purchases come with the plan."""
    tables = [_lots_in(ground, name) for name in ("stocks", "arrivals", "in_transit")]
    lots = pd.concat(tables, ignore_index=True)
    owner, owners = _owner(ground, lots), ground.instance["owners"]
    lots["earmark"] = lots["earmark"].where(lots["earmark"] != "", _district(owners, owner))
    period = lots["period"].to_numpy(np.int64) - 1
    item = ground.item(lots["item_id"])
    expiry = expiry_class(ground, lots["expiry"].to_numpy(float), item, period)
    place, quantity = ground.place(lots["place_id"]), lots["quantity"].to_numpy(float)
    unvetted = (owner >= 0) & ~owners["vetted"].to_numpy(bool)[owner] if len(owners) else owner < -1
    unvetted = unvetted & (not ground.instance.policy.use_unvetted)
    counts = (place >= 0) & (item >= 0) & (expiry >= period) & (quantity > 0)
    return Lots(
        place=place,
        item=item,
        period=period,
        quantity=quantity,
        expiry=expiry,
        earmark=lookup(earmarks.names, lots["earmark"]),
        usable=counts & ~unvetted,
        unvetted=counts & unvetted,
        stock=(lots["table"] == "stocks").to_numpy(),
    )


def expiry_class(ground: Ground, stated: Floats, item: Ints, period: Ints) -> Ints:
    """Return the last usable period from 0: stated, else by shelf life; T = keeps."""
    by_shelf = period + ground.items.shelf[item]
    last = np.where(np.isnan(stated), by_shelf, stated)
    return keeps_from(ground, last)


def keeps_from(ground: Ground, last: Floats) -> Ints:
    """Turn last usable periods (from 1, NaN = keeps) into classes from 0; T and later keep."""
    keeps = np.isnan(last) | (last >= ground.periods)
    return np.where(keeps, ground.periods, np.nan_to_num(last) - 1).astype(np.int64)


def _lots_in(ground: Ground, table: str) -> pd.DataFrame:
    frame = ground.instance[table]
    columns = ["place_id", "item_id", "period", "quantity", "expiry", "owner_id", "earmark"]
    if table == "stocks":
        return frame.assign(period=1)[columns].assign(table=table)
    share = frame["reliability"] if ground.instance.policy.reliability == "discount" else 1.0
    return frame.assign(quantity=frame["quantity"] * share)[columns].assign(table=table)


def _owner(ground: Ground, lots: pd.DataFrame) -> Ints:
    ids = pd.Index(ground.instance["owners"]["owner_id"].to_numpy(object))
    return np.where(lots["owner_id"] == "", -1, lookup(ids, lots["owner_id"]))


def _district(owners: pd.DataFrame, owner: Ints) -> np.ndarray:
    bound = owners["district"].where(owners["terms"] == "own_district", "").to_numpy(object)
    return (
        np.where(owner >= 0, bound[owner], "") if len(owners) else np.full(len(owner), "", object)
    )
