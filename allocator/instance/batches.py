"""Lots and batches: goods of one item, last usable period and earmark (formulation section 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints, Places


@dataclass(frozen=True)
class Lots:
    """What enters from outside, periods from 0; for purchases `quantity` is the limit."""

    place: Ints
    batch: Ints
    period: Ints
    quantity: Floats
    source: np.ndarray  # table the lot comes from
    row: Ints
    price: Floats

    def of(self, *sources: str) -> Ints:
        """Return the positions of the lots that come from these tables."""
        return np.flatnonzero(np.isin(self.source, sources))


@dataclass(frozen=True)
class Batches:
    """Batches: item, expiry (last usable period from 0; `periods` = keeps), earmark ("" = free).

    `allowed` is batches x places: where goods of the batch may enter.
    """

    item: Ints
    expiry: Ints
    earmark: np.ndarray
    allowed: Bools

    def __len__(self) -> int:
        return len(self.item)


_COLUMNS = [
    "place_id",
    "item_id",
    "period",
    "quantity",
    "expiry",
    "owner_id",
    "earmark",
    "reliability",
]


def usable_lots(instance: Instance, where: Places, periods: int) -> pd.DataFrame:
    """Return every lot that can be used, with its place and item as positions."""
    lots = pd.concat(
        [_lots_of(instance, table) for table in ("stocks", "arrivals", "in_transit", "purchases")]
    )
    lots = lots.merge(_owner_terms(instance), on="owner_id", how="left")
    if not instance.policy.use_unvetted:
        lots = lots[lots["vetted"].fillna(True).astype(bool)]
    own = lots["own_district"].fillna("")
    lots["earmark"] = lots["earmark"].where(lots["earmark"] != "", own)
    lots["place"] = where.find(lots["place_id"])
    lots["item"] = pd.Index(instance["items"]["item_id"]).get_indexer(pd.Index(lots["item_id"]))
    shelf = instance["items"]["shelf_life_periods"].to_numpy(float)[lots["item"]]
    expiry = lots["expiry"].fillna(lots["period"] + pd.Series(shelf, index=lots.index) - 1)
    lots["expiry"] = (
        expiry.where(expiry < periods, periods + 1).fillna(periods + 1).astype(np.int64)
    )
    good = (lots["place"] >= 0) & (lots["expiry"] >= lots["period"]) & (lots["quantity"] > 0)
    return lots[good].reset_index(drop=True)


def _lots_of(instance: Instance, table: str) -> pd.DataFrame:
    frame = instance[table].rename(columns={"site_id": "place_id", "limit": "quantity"})
    frame = frame.assign(source=table, row=np.arange(len(frame)))
    if table == "stocks":
        frame["period"] = 1
    if table in ("arrivals", "in_transit") and instance.policy.reliability == "discount":
        frame["quantity"] = frame["quantity"] * frame["reliability"]
    if table == "purchases":
        frame = frame.assign(expiry=np.nan, owner_id="", earmark="")
    else:
        frame["price"] = 0.0
    columns = [*_COLUMNS[:-1], "source", "row", "price"]
    return frame[columns].astype(
        {"owner_id": "str", "earmark": "str", "place_id": "str", "item_id": "str"}
    )


def _owner_terms(instance: Instance) -> pd.DataFrame:
    owners = instance["owners"]
    bound = owners["terms"] == "own_district"
    return pd.DataFrame(
        {
            "owner_id": owners["owner_id"].astype("str"),
            "vetted": owners["vetted"],
            "own_district": owners["district"].where(bound, "").astype("str"),
        }
    )


def batches_of(instance: Instance, where: Places, lots: pd.DataFrame) -> tuple[Batches, Lots]:
    """Group the usable lots into batches; the free, keeping batch of an item comes first."""
    periods = len(instance["periods"])
    keys = (
        lots[["item", "expiry", "earmark"]]
        .drop_duplicates()
        .sort_values(["item", "earmark", "expiry"])
    )
    keys = keys.reset_index(drop=True)
    table = pd.MultiIndex.from_frame(keys)
    position = table.get_indexer(pd.MultiIndex.from_frame(lots[["item", "expiry", "earmark"]]))
    expiry = keys["expiry"].to_numpy(np.int64) - 1
    earmarks = keys["earmark"].to_numpy(object)
    allowed = {name: _allowed(where, name) for name in set(earmarks)}
    batches = Batches(
        item=keys["item"].to_numpy(np.int64),
        expiry=np.minimum(expiry, periods),
        earmark=earmarks,
        allowed=np.array([allowed[name] for name in earmarks], dtype=bool).reshape(
            len(keys), len(where.ids)
        ),
    )
    return batches, Lots(
        place=lots["place"].to_numpy(np.int64),
        batch=np.asarray(position, dtype=np.int64),
        period=lots["period"].to_numpy(np.int64) - 1,
        quantity=lots["quantity"].to_numpy(float),
        source=lots["source"].to_numpy(object),
        row=lots["row"].to_numpy(np.int64),
        price=lots["price"].to_numpy(float),
    )


def _allowed(where: Places, earmark: str) -> Bools:
    if earmark == "":
        return np.ones(len(where.ids), dtype=bool)
    for names in (where.ids, where.district, where.zone):
        inside = (names == earmark) & ~where.is_site
        if inside.any():
            return np.asarray(inside | where.is_site)
    return where.is_site.copy()


def subset(lots: Lots, keep: Ints) -> Lots:
    """Return some of the lots."""
    return replace(lots, **{name: getattr(lots, name)[keep] for name in Lots.__dataclass_fields__})
