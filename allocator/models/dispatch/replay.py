"""Follow shipments period by period: what is at hand, what is consumed, what falls short."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.network import Network
from allocator.models.dispatch.done import Done, Moves
from allocator.models.dispatch.need import Shorts, need_rows

# Short by less than this is the rounding of written quantities.
NOISE_UNITS, NOISE_RELATIVE = 2e-5, 2e-7
REPAIRS = 50


def replay(net: Network, moves: Moves, bought: Floats, planned: Floats) -> Done:
    """Ship what is at hand and consume what is planned; trips are left to the caller.

    `bought` is units of every lot (purchases only), `planned` what to consume: batches x places x
    periods.
    """
    size = len(net.places.ids)
    shape = (net.periods, len(net.batches) * size)
    coming = np.zeros(shape)
    lots = net.lots
    entering = np.where(lots.source == "purchases", bought, lots.quantity)
    np.add.at(coming, (lots.period, lots.batch * size + lots.place), entering)
    leaves = moves.batch * size + net.lanes.origin[moves.lane]
    enters = moves.batch * size + net.lanes.target[moves.lane]
    units, held = moves.units.copy(), np.zeros(shape[1])
    served = np.zeros((len(net.items.ids), size, net.periods))
    consumed = np.zeros(planned.shape)
    for period in range(net.periods):
        held += coming[period]
        now = np.flatnonzero(moves.period == period)
        same_day = moves.arrives[now] == period
        units[now] = _at_hand(held, units[now], leaves[now], enters[now], same_day)
        held += np.bincount(enters[now][same_day], units[now][same_day], shape[1])
        held = np.maximum(0.0, held - np.bincount(leaves[now], units[now], shape[1]))
        later = now[~same_day]
        np.add.at(coming, (moves.arrives[later], enters[later]), units[later])
        held = _consumed(net, period, held, planned, served, consumed)
    needs = need_rows(net)
    short = np.zeros(served.shape)
    short[needs.item, needs.place, needs.period] = _short(net, needs, served)
    no_trips = np.zeros(net.fleet.pair_open.shape)
    return Done(net, replace(moves, units=units), consumed, bought, no_trips, short)


def _at_hand(
    held: Floats, units: Floats, leaves: Ints, enters: Ints, same_day: np.ndarray
) -> Floats:
    """Cut shipments where a place would send more than it has, what came today included."""
    size = len(held)
    for _ in range(REPAIRS):
        there = held + np.bincount(enters[same_day], units[same_day], size)
        out = np.bincount(leaves, units, size)
        over = out > there + 1e-6 + 1e-9 * there
        if not over.any():
            break
        factor = np.ones(size)
        factor[over] = there[over] / out[over]
        units = units * factor[leaves]
    return units


def _consumed(
    net: Network, period: int, held: Floats, planned: Floats, served: Floats, consumed: Floats
) -> Floats:
    """Consume what is planned and at hand, drop what expires; return what is held then."""
    stock = held.reshape(len(net.batches), -1)
    reusable = net.items.reusable[net.batches.item]
    eaten = np.where(reusable[:, None], 0.0, np.minimum(planned[:, :, period], stock))
    np.add.at(served[:, :, period], net.batches.item, np.where(reusable[:, None], stock, eaten))
    consumed[:, :, period] = eaten
    stock = stock - eaten
    stock[net.batches.expiry <= period] = 0.0
    return stock.ravel()


def _short(net: Network, needs: Shorts, served: Floats) -> Floats:
    """Return units short of every need row; what waits adds up from row to row.

    What is too little to be stated is owed: it is stated with the next row that it makes matter.
    """
    noise = NOISE_UNITS + NOISE_RELATIVE * needs.quantity
    short = np.zeros(len(needs.place))
    before = np.zeros(served.shape[:2])
    order = np.argsort(needs.period, kind="stable")
    starts = np.searchsorted(needs.period[order], np.arange(net.periods + 1))
    for period in range(net.periods):
        rows = order[starts[period] : starts[period + 1]]
        at = needs.item[rows], needs.place[rows]
        lack = needs.quantity[rows] - served[(*at, np.full(len(rows), period))]
        lack = np.where(needs.waits[rows], lack, np.maximum(lack, 0.0))
        left = np.maximum(0.0, before[at] + lack)
        stated = left > noise[rows]
        short[rows] = np.where(stated, left, 0.0)
        goes_on = needs.waits[rows] | ~(stated | net.items.reusable[needs.item[rows]])
        before[at] = np.where(goes_on, left, 0.0)
    return short
