"""Plans without a solver: fill tier by tier with equal shares, or in proportion to people.

The first is the plan there always is to fall back on; the second is the yardstick every summary
compares with.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.network import Network
from allocator.models.dispatch.done import Done, Moves
from allocator.models.dispatch.ledger import Ledger


def fill(net: Network) -> Mapping[str, pd.DataFrame]:
    """Serve floors first, then tier by tier; each place gets the same part of what it lacks."""
    return done(filled(net)).tables()


def filled(net: Network) -> Ledger:
    """Return the ledger of `fill`."""
    ledger = Ledger(net)
    fill_ledger(ledger)
    return ledger


def fill_ledger(ledger: Ledger) -> None:
    """Serve what is needed from what is at hand, period by period."""
    net = ledger.net
    order = np.lexsort((np.arange(len(net.items.tier)), net.items.tier))
    for period in range(net.periods):
        ledger.start(period)
        for item in order:
            _restock(ledger, int(item))
        for item in order:
            if ledger.floor[item, :, period:].any():
                _serve(ledger, int(item), ledger.floor[item])
        for item in order:
            _serve(ledger, int(item), ledger.need[item])
        ledger.finish()


def in_proportion(net: Network) -> Mapping[str, pd.DataFrame]:
    """Split what every site holds over the places nearest to it, in proportion to people."""
    ledger = Ledger(net)
    for period in range(net.periods):
        ledger.start(period)
        for item in range(len(net.items.ids)):
            _restock(ledger, item)
        _split(ledger)
        ledger.finish()
    return done(ledger).tables()


def _serve(ledger: Ledger, item: int, need: Floats) -> None:
    """Ship what places lack of `need` (places x periods), the quickest way first."""
    net, ways = ledger.net, ledger.ways
    usable = ledger.usable(item)
    wants = ledger.need[item].any(axis=1)[ways.target[usable]]
    usable = usable[wants]
    for rank in np.unique(ways.rank[usable]):
        tried = usable[ways.rank[usable] == rank]
        tried = tried[~_holds_need(ledger, item)[ways.origin[tried]] | net.items.reusable[item]]
        ledger.move(item, tried, ledger.missing(item, tried, need, ledger.need[item]))


def _holds_need(ledger: Ledger, item: int) -> np.ndarray:
    return np.asarray(ledger.need[item].any(axis=1))


def _restock(ledger: Ledger, item: int) -> None:
    """Move stock between sites so that each holds what the places nearest to it lack."""
    net, ways = ledger.net, ledger.ways
    usable = ledger.usable(item)
    between = usable[
        net.places.is_site[ways.target[usable]] & net.places.is_site[ways.origin[usable]]
    ]
    if not len(between):
        return
    attached = _attached_need(ledger, item, usable)
    for rank in np.unique(ways.rank[between]):
        tried = between[ways.rank[between] == rank]
        origin = ways.origin[tried]
        lacking = ledger.missing(item, tried, attached)
        if not (lacking > 0).any():
            continue
        at_hand = ledger.held[ledger.batches_of[item]].sum(axis=0)
        spare = np.maximum(0.0, at_hand - attached[:, ledger.now])
        asked = np.bincount(origin, weights=lacking, minlength=len(spare))
        factor = np.minimum(1.0, np.divide(spare, asked, out=np.zeros_like(spare), where=asked > 0))
        ledger.move(item, tried, lacking * factor[origin])


def _attached_need(ledger: Ledger, item: int, usable: Ints) -> Floats:
    """Return places x periods of need of the places whose quickest way leaves that site."""
    net, ways = ledger.net, ledger.ways
    into = usable[~net.places.is_site[ways.target[usable]]]
    _, first = np.unique(ways.target[into], return_index=True)
    nearest = into[first]
    attached = np.zeros((len(net.places.ids), net.periods))
    np.add.at(attached, ways.origin[nearest], ledger.need[item, ways.target[nearest]])
    return attached


def _split(ledger: Ledger) -> None:
    """Ship every item in proportion to people, all cut alike where gate or fleet is too small."""
    net, ways = ledger.net, ledger.ways
    plan: list[tuple[int, Ints, Floats]] = []
    minutes, fleet = np.zeros(len(net.places.ids)), np.zeros(len(ledger.fleet_minutes))
    for item in range(len(net.items.ids)):
        usable = ledger.usable(item)
        wants = ledger.need[item].any(axis=1) & (net.places.people > 0)
        usable = usable[wants[ways.target[usable]] & net.places.is_site[ways.origin[usable]]]
        _, first = np.unique(ways.target[usable], return_index=True)
        tried = usable[first]
        people = net.places.people[ways.target[tried]]
        total = np.bincount(ways.origin[tried], weights=people, minlength=len(net.places.ids))
        supply = ledger.held[ledger.batches_of[item]].sum(axis=0)
        share = supply[ways.origin[tried]] * people / total[ways.origin[tried]]
        units = np.minimum(share, ledger.missing(item, tried))
        load = net.items.kg[item] * ways.trips_per_kg[tried]
        np.add.at(fleet, ways.vehicle[tried], units * load * ways.minutes[tried])
        at_gate = ledger.gate_share[ways.target[tried], ledger.now] * net.items.handling[item]
        np.add.at(minutes, ways.target[tried], units * at_gate)
        plan.append((item, tried, units))
    gate_left, fleet_left = ledger.gate[:, ledger.now], ledger.fleet_minutes[:, ledger.now]
    by_gate = np.minimum(
        1.0, np.divide(gate_left, minutes, out=np.ones_like(minutes), where=minutes > 0)
    )
    by_fleet = np.minimum(
        1.0, np.divide(fleet_left, fleet, out=np.ones_like(fleet), where=fleet > 0)
    )
    for item, tried, units in plan:
        ledger.move(
            item,
            tried,
            units * np.minimum(by_gate[ways.target[tried]], by_fleet[ways.vehicle[tried]]),
        )


def done(ledger: Ledger) -> Done:
    """Return what the ledger did."""
    net, ways = ledger.net, ledger.ways
    way, batch, period, units, trips = ledger_columns(ledger)
    lane, pair = ways.lane[way], ways.pair[way]
    item = net.batches.item[batch]
    back = net.items.reusable[item] & ~net.places.is_site[net.lanes.origin[lane]]
    arrives = period + net.lead[lane, period] + np.where(back, net.items.extra_lead[item], 0)
    driven = np.zeros(net.fleet.pair_open.shape)
    np.add.at(driven, (pair[pair >= 0], period[pair >= 0]), trips[pair >= 0])
    return Done(
        net=net,
        moves=Moves(lane, batch, period, arrives, units).merged(),
        consumed=ledger.consumed,
        bought=np.zeros(len(net.lots.quantity)),
        trips=driven,
        short=ledger.short,
    )


def ledger_columns(ledger: Ledger) -> tuple[Ints, Ints, Ints, Floats, Floats]:
    """Return way, batch, period, units and trips of everything shipped."""
    parts = ledger.shipped
    way = np.concatenate([np.zeros(0, np.int64), *(part[0] for part in parts)])
    units = np.concatenate([np.zeros(0), *(part[3] for part in parts)])
    trips = np.concatenate([np.zeros(0), *(part[4] for part in parts)])
    size = [len(part[0]) for part in parts]
    batch = np.repeat(np.array([part[1] for part in parts], np.int64), size)
    period = np.repeat(np.array([part[2] for part in parts], np.int64), size)
    return way.astype(np.int64), batch, period, units, trips
