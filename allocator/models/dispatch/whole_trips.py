"""Whole trips for a plan made without a solver."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.network import Network, item_positions
from allocator.models.dispatch.done import trips_table
from allocator.models.dispatch.fill import done
from allocator.models.dispatch.rounding_packs import Replay
from allocator.models.dispatch.rounding_trips import cover, lane_loads, room, struck
from allocator.models.dispatch.sets import Ship


def whole_trips(tables: Mapping[str, pd.DataFrame], net: Network) -> Mapping[str, pd.DataFrame]:
    """Return the tables with whole trips where the policy asks for them, else as they are.

    Trips are rounded up while the vehicles have time; where they have not, less is shipped, in
    whole packs, later goods of the lane make up for it where they can, and shortages are counted
    anew.
    """
    if net.instance.policy.trips != "integer" or not net.fleet.limited:
        return tables
    plan, units = _plan(tables["shipments"], net)
    trips = cover(net, *lane_loads(net, plan, units), _trips_by_pair(tables["trips"], net))
    nothing_bought = np.zeros(len(net.lots.of("purchases")))
    ledger = Replay(net, plan, units, nothing_bought, room(net, trips))
    carried = ledger.run()
    trips = struck(net, *lane_loads(net, plan, carried), trips)
    return {**done(ledger).tables(), "trips": trips_table(net, trips)}


def _plan(shipments: pd.DataFrame, net: Network) -> tuple[Ship, Floats]:
    """Return the shipments as an index set, and the units of its entries."""
    lanes, batches = net.lanes, net.batches
    origin, target = net.places.find(shipments["from_id"]), net.places.find(shipments["to_id"])
    known = pd.MultiIndex.from_arrays([lanes.origin, lanes.target])
    lane = known.get_indexer(pd.MultiIndex.from_arrays([origin, target]))
    item = item_positions(net.instance, shipments["item_id"])
    expiry = shipments["expiry"].astype(float).fillna(net.periods + 1.0).to_numpy() - 1.0
    known = pd.MultiIndex.from_arrays([batches.item, batches.expiry.astype(float), batches.earmark])
    keys = pd.MultiIndex.from_arrays([item, expiry, shipments["earmark"].to_numpy(object)])
    batch = known.get_indexer(keys)
    period, arrives = (shipments[name].to_numpy(np.int64) - 1 for name in ("period", "arrives"))
    plan = Ship(np.asarray(lane, np.int64), np.asarray(batch, np.int64), period, arrives)
    return plan, shipments["quantity"].to_numpy(float)


def _trips_by_pair(table: pd.DataFrame, net: Network) -> Floats:
    """Return the trips as pairs x periods."""
    fleet, places = net.fleet, net.places
    vehicles = pd.MultiIndex.from_frame(net.instance["vehicles"][["type", "site_id"]])
    vehicle = vehicles.get_indexer(pd.MultiIndex.from_frame(table[["type", "site_id"]]))
    origin, target = net.lanes.origin[fleet.pair_lane], net.lanes.target[fleet.pair_lane]
    known = pd.MultiIndex.from_arrays([origin, target, fleet.pair_vehicle])
    ends: list[Ints] = [places.find(table["from_id"]), places.find(table["to_id"])]
    pair = known.get_indexer(pd.MultiIndex.from_arrays([*ends, vehicle]))
    trips = np.zeros(fleet.pair_open.shape)
    np.add.at(trips, (pair, table["period"].to_numpy(np.int64) - 1), table["trips"].to_numpy(float))
    return trips
