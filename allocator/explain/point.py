"""From the tables of a plan to the columns of the program."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from allocator.engine.program import Floats
from allocator.instance.network import item_positions
from allocator.models.dispatch.model import DispatchModel
from allocator.plan import Plan


def point_of(model: DispatchModel, plan: Plan) -> Floats:
    """Return one value a column: shipments, trips and purchases of the plan, 0 for all the rest."""
    point = np.zeros(model.program.column_count)
    point[model.ship] = _shipped(model, plan.shipments) / model.pack
    point[model.trips] = _trips(model, plan.trips)
    point[model.buy] = _bought(model, plan.purchases)
    return point


def short_units(model: DispatchModel, table: pd.DataFrame) -> Floats:
    """Return units short (or waiting) of every need row of the model."""
    shorts = model.shorts
    keys = {"place": shorts.place, "item": shorts.item, "period": shorts.period}
    given = pd.DataFrame(
        {
            "place": model.net.places.find(table["community_id"]),
            "item": item_positions(model.net.instance, table["item_id"]),
            "period": table["period"].to_numpy(np.int64) - 1,
            "quantity": table["short"].to_numpy(float),
        }
    )
    return _looked_up(pd.DataFrame(keys), given)


def _shipped(model: DispatchModel, table: pd.DataFrame) -> Floats:
    """Return units of every ship column; a row whose batch is not said takes the first one."""
    net, ship, batches = model.net, model.sets.ship, model.net.batches
    lane = _lane_of(model, table)
    expiry = table["expiry"].to_numpy(float)
    exact = pd.DataFrame(
        {
            "lane": lane,
            "item": item_positions(net.instance, table["item_id"]),
            "expiry": np.where(np.isnan(expiry), net.periods, expiry - 1).astype(np.int64),
            "earmark": table["earmark"].astype("str"),
            "period": table["period"].to_numpy(np.int64) - 1,
            "quantity": table["quantity"].to_numpy(float),
        }
    )
    columns = pd.DataFrame(
        {
            "lane": ship.lane,
            "item": batches.item[ship.batch],
            "expiry": batches.expiry[ship.batch],
            "earmark": pd.Series(batches.earmark[ship.batch]).astype("str"),
            "period": ship.period,
        }
    )
    found = _looked_up(columns, exact)
    loose = ["lane", "item", "period"]
    unknown = ~pd.MultiIndex.from_frame(exact.drop(columns="quantity")).isin(
        pd.MultiIndex.from_frame(columns)
    )
    first = columns.drop_duplicates(loose)
    found[first.index] += _looked_up(first[loose], exact.loc[unknown, [*loose, "quantity"]])
    return found


def _trips(model: DispatchModel, table: pd.DataFrame) -> Floats:
    vehicles = model.net.instance["vehicles"]
    rows = pd.MultiIndex.from_frame(vehicles[["type", "site_id"]].astype("str"))
    wanted = pd.MultiIndex.from_frame(table[["type", "site_id"]].astype("str"))
    given = pd.DataFrame(
        {
            "lane": _lane_of(model, table),
            "vehicle": rows.get_indexer(wanted),
            "period": table["period"].to_numpy(np.int64) - 1,
            "quantity": table["trips"].to_numpy(float),
        }
    )
    columns = {"lane": model.trip_lane, "vehicle": model.trip_vehicle, "period": model.trip_period}
    return _looked_up(pd.DataFrame(columns), given)


def _bought(model: DispatchModel, table: pd.DataFrame) -> Floats:
    keys = ["site_id", "item_id", "period"]
    rows = model.net.instance["purchases"].iloc[model.net.lots.row[model.purchases]]
    return _looked_up(rows[keys].reset_index(drop=True), table[[*keys, "quantity"]])


def _lane_of(model: DispatchModel, table: pd.DataFrame) -> np.ndarray:
    places, lanes = model.net.places, model.net.lanes
    size = len(places.ids)
    code = pd.Index(lanes.origin * size + lanes.target)
    origin, target = places.find(table["from_id"]), places.find(table["to_id"])
    wanted = np.where((origin >= 0) & (target >= 0), origin * size + target, -1)
    first = code[~code.duplicated()]
    return (
        np.asarray(np.flatnonzero(~code.duplicated()))[first.get_indexer(pd.Index(wanted))]
        if len(code)
        else wanted
    )


def _looked_up(columns: pd.DataFrame, given: pd.DataFrame) -> Floats:
    """Return the sum of `quantity` of the given rows with the keys of each column row."""
    keys: Sequence[str] = list(columns.columns)
    total = given.groupby(list(keys), as_index=False)["quantity"].sum()
    merged = columns.merge(total, on=list(keys), how="left")
    return np.array(merged["quantity"].fillna(0.0), dtype=float)
