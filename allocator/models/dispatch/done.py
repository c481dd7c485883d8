"""What a plan does, as arrays, and the tables it is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.network import Network
from allocator.models.dispatch.need import Shorts, need_rows
from allocator.plan.precision import WRITTEN_DECIMALS

DUST = 0.5 * 10.0**-WRITTEN_DECIMALS


@dataclass(frozen=True)
class Moves:
    """Shipments as arrays; periods count from 0, `units` of a batch on a lane."""

    lane: Ints
    batch: Ints
    period: Ints
    arrives: Ints
    units: Floats

    def scaled(self, factor: Floats) -> Moves:
        """Return the same with each quantity times its factor."""
        return replace(self, units=self.units * factor)

    def plus(self, other: Moves) -> Moves:
        """Return both together."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Moves(*(np.concatenate(pair) for pair in pairs)).merged()

    def merged(self) -> Moves:
        """Return units of the same batch on the same lane in the same period added up."""
        sizes = [int(keys.max(initial=0)) + 1 for keys in (self.lane, self.batch, self.period)]
        code = np.ravel_multi_index((self.lane, self.batch, self.period), sizes)
        _, first, of = np.unique(code, return_index=True, return_inverse=True)
        total = np.bincount(of, self.units, len(first)).astype(np.float64)
        lane, batch, period = self.lane[first], self.batch[first], self.period[first]
        return Moves(lane, batch, period, self.arrives[first], total)


@dataclass(frozen=True)
class Done:
    """Shipments, units consumed and bought, trips, and what stays short."""

    net: Network
    moves: Moves
    consumed: Floats  # batches x places x periods
    bought: Floats  # every lot, 0 unless it is a purchase
    trips: Floats  # pairs of the fleet x periods
    short: Floats  # items x places x periods; what waits counts in every period it waits

    @cached_property
    def needs(self) -> Shorts:
        """The need rows of the network."""
        return need_rows(self.net)

    @cached_property
    def lacking(self) -> Floats:
        """Units short of every need row."""
        needs = self.needs
        short = self.short[needs.item, needs.place, needs.period]
        return np.asarray(np.where(short > DUST, short, 0.0))

    @cached_property
    def served(self) -> Floats:
        """Units served of every need row."""
        needs, net = self.needs, self.net
        eaten = np.zeros(self.short.shape)
        np.add.at(eaten, net.batches.item, self.consumed)
        used = eaten[needs.item, needs.place, needs.period]
        left = np.maximum(0.0, needs.quantity - self.lacking)
        return np.asarray(np.where(needs.waits, used, left))

    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Return shipments, trips, purchases and shortages."""
        return {
            "shipments": shipments_table(self.net, self.moves),
            "trips": trips_table(self.net, self.trips),
            "purchases": purchases_table(self.net, self.bought),
            "shortages": shortages_table(self.net, self.needs, self.lacking),
        }


def shipments_table(net: Network, moves: Moves) -> pd.DataFrame:
    """Return the shipments table."""
    kept = np.flatnonzero(moves.units > DUST)
    lane, batch = moves.lane[kept], moves.batch[kept]
    order = np.lexsort((batch, net.lanes.target[lane], net.lanes.origin[lane], moves.period[kept]))
    kept, lane, batch = kept[order], lane[order], batch[order]
    expiry = net.batches.expiry[batch]
    return pd.DataFrame(
        {
            "from_id": net.places.ids[net.lanes.origin[lane]],
            "to_id": net.places.ids[net.lanes.target[lane]],
            "item_id": net.items.ids[net.batches.item[batch]],
            "period": moves.period[kept] + 1,
            "arrives": moves.arrives[kept] + 1,
            "quantity": moves.units[kept].round(WRITTEN_DECIMALS),
            "expiry": np.where(expiry < net.periods, expiry + 1.0, np.nan),
            "earmark": net.batches.earmark[batch],
        }
    )


def trips_table(net: Network, trips: Floats) -> pd.DataFrame:
    """Return the trips table from trips of pairs x periods."""
    pair, period = np.nonzero(trips > DUST)
    lane, vehicle = net.fleet.pair_lane[pair], net.fleet.pair_vehicle[pair]
    order = np.lexsort((vehicle, lane, period))
    pair, period, lane, vehicle = pair[order], period[order], lane[order], vehicle[order]
    vehicles = net.instance["vehicles"]
    return pd.DataFrame(
        {
            "from_id": net.places.ids[net.lanes.origin[lane]],
            "to_id": net.places.ids[net.lanes.target[lane]],
            "type": vehicles["type"].to_numpy(object)[vehicle],
            "site_id": vehicles["site_id"].to_numpy(object)[vehicle],
            "period": period + 1,
            "trips": trips[pair, period].round(WRITTEN_DECIMALS),
        }
    )


def purchases_table(net: Network, units: Floats) -> pd.DataFrame:
    """Return the purchases table from units bought of every lot (0 where it is no purchase)."""
    lots = np.flatnonzero((units > DUST) & (net.lots.source == "purchases"))
    table = net.instance["purchases"].iloc[net.lots.row[lots]].reset_index(drop=True)
    bought = units[lots].round(WRITTEN_DECIMALS)
    return table[["site_id", "item_id", "period"]].assign(
        quantity=bought, cost=bought * table["price"]
    )


def shortages_table(net: Network, needs: Shorts, short: Floats) -> pd.DataFrame:
    """Return the shortages table from units short of every need row."""
    kept = np.flatnonzero(short > DUST)
    order = np.lexsort((needs.item[kept], needs.place[kept], needs.period[kept]))
    kept = kept[order]
    place, period = needs.place[kept], needs.period[kept]
    days = net.days[period] * needs.rate[kept] * short[kept]
    return pd.DataFrame(
        {
            "community_id": net.places.ids[place],
            "item_id": net.items.ids[needs.item[kept]],
            "period": period + 1,
            "need": needs.quantity[kept].round(WRITTEN_DECIMALS),
            "short": short[kept].round(WRITTEN_DECIMALS),
            "people": needs.people[kept].round(WRITTEN_DECIMALS),
            "person_days": days.round(WRITTEN_DECIMALS),
        }
    )
