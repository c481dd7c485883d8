"""Serve what goals not reached yet leave out, from what a plan leaves idle.

A point that minimises the first goals says nothing about the goods behind the later ones: a plan
cut there would leave most needs unserved. Everything the plan does stays as it is; what it leaves
of stock, gates, vehicles and caps is filled tier by tier, so no need is served less.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.instance.network import Network
from allocator.models.dispatch.done import Done
from allocator.models.dispatch.fill import done as filled
from allocator.models.dispatch.fill import fill_ledger
from allocator.models.dispatch.ledger import Ledger
from allocator.models.dispatch.trimming import free_for_good, idle, trimmed, without_idle_purchases


def topped(done: Done) -> Done:
    """Return the plan with what its idle goods and capacities can serve besides.

    Needs that wait and shipments under a pin stay as they are.
    """
    done = trimmed(done)
    ledger = _what_is_left(done)
    looked = ledger.need > 0
    fill_ledger(ledger)
    more = filled(ledger)
    together = replace(
        done,
        moves=done.moves.plus(more.moves),
        consumed=done.consumed + more.consumed,
        trips=done.trips + more.trips,
        short=np.where(looked, more.short, done.short),
    )
    return without_idle_purchases(together)


def _what_is_left(done: Done) -> Ledger:
    net = done.net
    ledger = Ledger(net)
    waits = np.zeros(done.short.shape, dtype=bool)
    waits[net.needs.item, net.needs.place, net.needs.period] = net.needs.waits
    ledger.floor = np.maximum(0.0, ledger.floor - (ledger.need - done.short))
    ledger.need = np.where(waits | ledger.waits[:, :, None], 0.0, done.short)
    ledger.floor = np.minimum(ledger.floor, ledger.need)
    ledger.keep[:] = 0.0
    goods = idle(done)
    goods[np.ix_(net.items.reusable[net.batches.item], ~net.places.is_site)] = 0.0
    ledger.coming = np.moveaxis(free_for_good(net, goods), 2, 0).copy()
    _take_capacities(ledger, done)
    ledger.forbidden = _pinned(net)
    return ledger


def _take_capacities(ledger: Ledger, done: Done) -> None:
    """Subtract what the plan uses of gates, vehicles, throughput and shipping caps."""
    net, moves, fleet = done.net, done.moves, done.net.fleet
    item = net.batches.item[moves.batch]
    origin, target = net.lanes.origin[moves.lane], net.lanes.target[moves.lane]
    handled = moves.units * ledger.gate_share[target, moves.arrives] * net.items.handling[item]
    np.subtract.at(ledger.gate, (target, moves.arrives), handled)
    minutes = done.trips * fleet.pair_minutes[:, None]
    np.subtract.at(ledger.fleet_minutes, fleet.pair_vehicle, minutes)
    np.subtract.at(ledger.fleet_trips, fleet.pair_vehicle, done.trips)
    np.subtract.at(ledger.throughput, (origin, moves.period), moves.units * net.items.kg[item])
    np.subtract.at(ledger.ship_max, (item, origin, moves.period), moves.units)
    for left in (
        ledger.gate,
        ledger.fleet_minutes,
        ledger.fleet_trips,
        ledger.throughput,
        ledger.ship_max,
    ):
        np.maximum(left, 0.0, out=left)


def _pinned(net: Network) -> np.ndarray:
    """Return lanes x items x periods: what a pin fixes or caps."""
    pins = net.instance["pins"]
    pins = pins[pins["rule"] != "at_least"]
    fixed = np.zeros((len(net.lanes), len(net.items.ids), net.periods), dtype=bool)
    origin, target = net.places.ids[net.lanes.origin], net.places.ids[net.lanes.target]
    sides = (
        (origin, pins["from_id"], np.s_[:, None, None]),
        (target, pins["to_id"], np.s_[:, None, None]),
        (net.items.ids, pins["item_id"], np.s_[None, :, None]),
    )
    for row, period in enumerate(pins["period"].to_numpy(float)):
        match = np.isnan(period) | (np.arange(net.periods) + 1 == period)
        for has, wanted, axes in sides:
            same = (has == wanted.iloc[row]) | (wanted.iloc[row] == "")
            match = match & same[axes]
        fixed |= match
    return fixed
