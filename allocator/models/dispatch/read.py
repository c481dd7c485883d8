"""From a point of the program to the tables of a plan."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.engine.program import Floats
from allocator.models.dispatch.model import DispatchModel
from allocator.plan.precision import WRITTEN_DECIMALS

DUST = 0.5 * 10.0**-WRITTEN_DECIMALS


def plan_tables(model: DispatchModel, solution: Floats) -> Mapping[str, pd.DataFrame]:
    """Return shipments, trips, purchases and shortages of a point of the program."""
    return {
        "shipments": shipments(model, solution[model.ship] * model.pack),
        "trips": trips(model, solution[model.trips]),
        "purchases": purchases(model, solution[model.buy]),
        "shortages": shortages(model, short_of(model, solution)),
    }


def shipments(model: DispatchModel, quantity: Floats) -> pd.DataFrame:
    """Return the shipments table from units of every ship column."""
    net, ship = model.net, model.sets.ship
    kept = np.flatnonzero(quantity > DUST)
    lane, batch = ship.lane[kept], ship.batch[kept]
    expiry = net.batches.expiry[batch]
    frame = pd.DataFrame(
        {
            "from_id": net.places.ids[net.lanes.origin[lane]],
            "to_id": net.places.ids[net.lanes.target[lane]],
            "item_id": net.items.ids[net.batches.item[batch]],
            "period": ship.period[kept] + 1,
            "arrives": ship.arrives[kept] + 1,
            "quantity": quantity[kept].round(WRITTEN_DECIMALS),
            "expiry": np.where(expiry < net.periods, expiry + 1.0, np.nan),
            "earmark": net.batches.earmark[batch],
        }
    )
    order = np.lexsort((batch, net.lanes.target[lane], net.lanes.origin[lane], ship.period[kept]))
    return frame.iloc[order].reset_index(drop=True)


def trips(model: DispatchModel, number: Floats) -> pd.DataFrame:
    """Return the trips table."""
    net = model.net
    kept = np.flatnonzero(number > DUST)
    lane, vehicle = model.trip_lane[kept], model.trip_vehicle[kept]
    table = net.instance["vehicles"]
    return pd.DataFrame(
        {
            "from_id": net.places.ids[net.lanes.origin[lane]],
            "to_id": net.places.ids[net.lanes.target[lane]],
            "type": table["type"].to_numpy(object)[vehicle],
            "site_id": table["site_id"].to_numpy(object)[vehicle],
            "period": model.trip_period[kept] + 1,
            "trips": number[kept].round(WRITTEN_DECIMALS),
        }
    )


def purchases(model: DispatchModel, quantity: Floats) -> pd.DataFrame:
    """Return the purchases table."""
    rows = model.net.lots.row[model.purchases]
    kept = np.flatnonzero(quantity > DUST)
    table = model.net.instance["purchases"].iloc[rows[kept]].reset_index(drop=True)
    bought = quantity[kept].round(WRITTEN_DECIMALS)
    return table[["site_id", "item_id", "period"]].assign(
        quantity=bought, cost=bought * table["price"]
    )


def short_of(model: DispatchModel, solution: Floats) -> Floats:
    """Return units short of every need row (units waiting where need waits)."""
    shorts = model.shorts
    used = np.zeros(len(shorts.place))
    served = model.use_row >= 0
    np.add.at(used, model.use_row[served], solution[model.use[served]])
    used[model.level_rows] = solution[model.level]
    short = shorts.quantity - used
    short[model.waiting_rows] = solution[model.waiting]
    return np.maximum(short, 0.0)


def shortages(model: DispatchModel, short: Floats) -> pd.DataFrame:
    """Return the shortages table."""
    net, shorts = model.net, model.shorts
    kept = np.flatnonzero(short > DUST)
    order = np.lexsort((shorts.item[kept], shorts.place[kept], shorts.period[kept]))
    kept = kept[order]
    place, period = shorts.place[kept], shorts.period[kept]
    return pd.DataFrame(
        {
            "community_id": net.places.ids[place],
            "item_id": net.items.ids[shorts.item[kept]],
            "period": period + 1,
            "need": shorts.quantity[kept].round(WRITTEN_DECIMALS),
            "short": short[kept].round(WRITTEN_DECIMALS),
            "people": shorts.people[kept].round(WRITTEN_DECIMALS),
            "person_days": (net.days[period] * shorts.rate[kept] * short[kept]).round(
                WRITTEN_DECIMALS
            ),
        }
    )
