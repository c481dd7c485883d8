"""Take back what a plan ships for nothing: goods nobody uses, and trips without a load.

A point from inside the optimal face moves goods and vehicles that serve no goal.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.network import Network
from allocator.models.dispatch.done import Done
from allocator.models.dispatch.ledger import Ledger, last_usable

SAFETY = 1.0 - 1e-9


def trimmed(done: Done) -> Done:
    """Return the same service with fewer shipments and trips.

    Nothing is taken back where pins or stock floors count what is moved or held.
    """
    net, moves = done.net, done.moves
    if len(net.instance["pins"]):
        return done
    useless = free_for_good(net, idle(done))
    useless[:, net.places.is_site] = 0.0
    target = net.lanes.target[moves.lane]
    inflow = np.zeros(useless.shape)
    np.add.at(inflow, (moves.batch, target, moves.arrives), moves.units)
    share = np.divide(useless, inflow, out=np.zeros_like(inflow), where=inflow > 0)
    kept = np.maximum(0.0, 1.0 - share)[moves.batch, target, moves.arrives]
    moves = moves.scaled(kept)
    whole = net.items.whole[net.batches.item[moves.batch]]
    moves = replace(moves, units=np.where(whole, done.moves.units, moves.units))
    done = replace(done, moves=moves)
    return replace(done, trips=_loaded_trips(done))


def without_idle_purchases(done: Done) -> Done:
    """Return the plan without purchases that nobody uses."""
    net, lots = done.net, done.net.lots
    useless = free_for_good(net, idle(done))
    useless[:, ~net.places.is_site] = 0.0
    at = (lots.batch, lots.place, lots.period)
    total = np.zeros(useless.shape)
    np.add.at(total, at, done.bought)
    share = np.divide(useless, total, out=np.zeros_like(total), where=total > 0)[at]
    return replace(done, bought=done.bought * np.maximum(0.0, 1.0 - share))


def idle(done: Done) -> Floats:
    """Return what nobody uses at the end of each period: batches x places x periods."""
    net, moves = done.net, done.moves
    change = np.zeros(done.consumed.shape)
    lots = net.lots
    entering = np.where(lots.source == "purchases", done.bought, lots.quantity)
    np.add.at(change, (lots.batch, lots.place, lots.period), entering)
    origin, target = net.lanes.origin[moves.lane], net.lanes.target[moves.lane]
    np.subtract.at(change, (moves.batch, origin, moves.period), moves.units)
    np.add.at(change, (moves.batch, target, moves.arrives), moves.units)
    held = np.cumsum(change - done.consumed, axis=2)
    floors = Ledger(net).keep[net.batches.item]
    return np.maximum(0.0, np.where(floors[:, :, None] > 0, 0.0, held - _in_use(done)))


def _in_use(done: Done) -> Floats:
    """Return units of reusables in use; all that is held where several batches share a need."""
    net = done.net
    reusable = net.items.reusable[net.batches.item]
    several = np.bincount(net.batches.item, minlength=len(net.items.ids))[net.batches.item] > 1
    need = np.zeros(done.short.shape)
    need[net.needs.item, net.needs.place, net.needs.period] = net.needs.quantity
    used = np.maximum(0.0, need - done.short)[net.batches.item]
    used[reusable & several] = np.where(
        net.places.is_site[:, None], used[reusable & several], np.inf
    )
    return np.where(reusable[:, None, None], used, 0.0)


def free_for_good(net: Network, idle_goods: Floats) -> Floats:
    """Return what becomes free in each period and is not needed later, before it expires."""
    periods = np.arange(idle_goods.shape[2])
    gone = periods > last_usable(net)[:, None]
    idle_goods = np.where(gone[:, None, :], np.inf, idle_goods)
    lowest = np.minimum.accumulate(idle_goods[:, :, ::-1], axis=2)[:, :, ::-1]
    free = np.where(np.isfinite(lowest), lowest, 0.0) * SAFETY
    return np.maximum(0.0, np.diff(free, axis=2, prepend=0.0))


def _loaded_trips(done: Done) -> Floats:
    """Return the trips that the loads need: each lane's vehicles in the proportions they had."""
    net, fleet, moves = done.net, done.net.fleet, done.moves
    item = net.batches.item[moves.batch]
    used = np.zeros((len(net.lanes), net.periods))
    for size, capacity in ((net.items.kg, fleet.kg), (net.items.m3, fleet.m3)):
        load, carried = np.zeros(used.shape), np.zeros(used.shape)
        np.add.at(load, (moves.lane, moves.period), moves.units * size[item])
        with np.errstate(invalid="ignore"):
            trips = np.where(done.trips > 0, done.trips * capacity[fleet.pair_vehicle, None], 0.0)
        np.add.at(carried, fleet.pair_lane, trips)
        with np.errstate(divide="ignore", invalid="ignore"):
            used = np.maximum(used, np.where(load > 0, load / carried, 0.0))
    trips = done.trips * np.minimum(1.0, np.nan_to_num(used, nan=1.0)[fleet.pair_lane])
    whole = net.instance.policy.trips == "integer"
    return np.asarray(np.minimum(np.ceil(trips - 1e-6), done.trips) if whole else trips)
