"""When goods can be where at the earliest: labels spread along the lanes, batch by batch."""

from __future__ import annotations

import numpy as np

from allocator.instance.lanes import Bools, Ints
from allocator.instance.network import Network


def soonest(net: Network, item: int) -> Ints:
    """Return lanes x (periods + 1): earliest arrival of what leaves from then; never = periods."""
    never = net.periods
    arrival = np.arange(never)[None, :] + net.leads(item)
    usable = net.open & (arrival < never)
    if not net.items.reusable[item]:
        usable &= ~net.lanes.reusable_only[:, None]
    arrival = np.where(usable, arrival, never)
    best = np.minimum.accumulate(arrival[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.c_[best, np.full(len(best), never)], dtype=np.int64)


def first_periods(net: Network) -> Ints:
    """Return batches x places: the first period a batch can be at a place; `periods` = never."""
    never = net.periods
    first = np.full((len(net.batches), len(net.places.ids)), never)
    np.minimum.at(first, (net.lots.batch, net.lots.place), net.lots.period)
    order = np.argsort(net.lanes.target, kind="stable")
    target, starts = np.unique(net.lanes.target[order], return_index=True)
    if not len(order):
        return first
    tables: dict[tuple[bool, int], Ints] = {}
    for batch, item in enumerate(net.batches.item):
        kind = (bool(net.items.reusable[item]), int(net.items.extra_lead[item]))
        if kind not in tables:
            tables[kind] = soonest(net, int(item))[order]
        last = min(never - 1, int(net.batches.expiry[batch]))
        here = target[net.batches.allowed[batch][target]], net.batches.allowed[batch][target]
        _spread(first[batch], tables[kind], net.lanes.origin[order], starts, here, last)
    return first


def _spread(
    label: Ints, table: Ints, origin: Ints, starts: Ints, here: tuple[Ints, Bools], last: int
) -> None:
    """Lower the labels in place until nothing changes; labels after `last` do not count."""
    never = table.shape[1] - 1
    lane = np.arange(len(origin))
    places, allowed = here
    while True:
        arrival = table[lane, label[origin]]
        best = np.minimum.reduceat(arrival, starts)[allowed]
        best[best > last] = never
        better = np.minimum(label[places], best)
        if (better == label[places]).all():
            return
        label[places] = better


def servable(net: Network, first: Ints, item: int) -> Bools:
    """Return places x periods: some batch of the item can be there and has not expired."""
    period = np.arange(net.periods)[None, :]
    found = np.zeros((len(net.places.ids), net.periods), dtype=bool)
    for batch in np.flatnonzero(net.batches.item == item):
        found |= (first[batch][:, None] <= period) & (period <= net.batches.expiry[batch])
    return found


def reachable(net: Network, first: Ints) -> Bools:
    """Return one entry a need: some of its item can be there in its period (waiting: or later)."""
    needs = net.needs
    found = np.zeros(len(needs), dtype=bool)
    for item in np.unique(needs.item):
        can = servable(net, first, int(item))
        later = np.logical_or.accumulate(can[:, ::-1], axis=1)[:, ::-1]
        rows = np.flatnonzero(needs.item == item)
        place, period = needs.place[rows], needs.period[rows]
        found[rows] = np.where(needs.waits[rows], later[place, period], can[place, period])
    return found


def use_periods(net: Network, item: int, wanted: Bools) -> Ints:
    """Return places x (periods + 1): when goods there can serve a need first; never = periods.

    `wanted` is places x periods. Expiry and earmarks are not looked at, so it is never too late.
    """
    never = net.periods
    own = np.where(wanted, np.arange(never)[None, :], never)
    best: Ints = np.c_[
        np.minimum.accumulate(own[:, ::-1], axis=1)[:, ::-1], np.full(len(own), never)
    ]
    order = np.argsort(net.lanes.origin, kind="stable")
    if not len(order):
        return best
    table = soonest(net, item)[order]
    target = net.lanes.target[order][:, None]
    origin, starts = np.unique(net.lanes.origin[order], return_index=True)
    while True:
        onward = np.minimum.reduceat(best[target, table], starts, axis=0)
        better = np.minimum(best[origin], onward)
        if (better == best[origin]).all():
            return best
        best[origin] = better
