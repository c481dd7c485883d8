"""Sparse index sets: only what can reach a need in time gets a variable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.instance.lanes import Bools, Ints
from allocator.instance.network import Network, item_positions

NEVER = 1 << 30


@dataclass(frozen=True)
class Ship:
    """Index set of x(l, k, t) with the period of arrival; ordered by batch, lane, period."""

    lane: Ints
    batch: Ints
    period: Ints
    arrives: Ints

    def __len__(self) -> int:
        return len(self.lane)


@dataclass(frozen=True)
class Held:
    """Index set of s(p, k, t) or u(p, k, t)."""

    place: Ints
    batch: Ints
    period: Ints

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True)
class Sets:
    """The index sets; `first` is when a batch can first be at a place (batches x places)."""

    ship: Ship
    stock: Held
    use: Held  # consumables only
    first: Ints
    floors: FloorRows


@dataclass(frozen=True)
class FloorRows:
    """Stock floors: place, item and the quantity to keep at the end of every period."""

    place: Ints
    item: Ints
    quantity: np.ndarray


def index_sets(net: Network) -> Sets:
    """Return the sparse index sets of an instance."""
    floors = stock_floors(net)
    pinned = _pinned_places(net)
    first = np.full((len(net.batches), len(net.places.ids)), NEVER)
    np.minimum.at(first, (net.lots.batch, net.lots.place), net.lots.period)
    last_of_item = _last_wanted(net, floors, pinned)
    ships, stocks, uses = [], [], []
    for batch in range(len(net.batches)):
        reach, last = _reach(net, batch, first, last_of_item)
        ships.append(_ship(net, batch, reach, first, last))
        stocks.append(_stock(net, batch, first, last))
        uses.append(_use(net, batch, first))
    return Sets(
        ship=Ship(*_stacked(ships, 4)),
        stock=Held(*_stacked(stocks, 3)),
        use=Held(*_stacked(uses, 3)),
        first=first,
        floors=floors,
    )


def _stacked(parts: list[tuple[Ints, ...]], width: int) -> list[Ints]:
    if not parts:
        return [np.zeros(0, np.int64) for _ in range(width)]
    return [np.concatenate([part[column] for part in parts]) for column in range(width)]


def _last_wanted(net: Network, floors: FloorRows, pinned: Ints) -> Ints:
    """Return items x places: the last period in which the item is of use there (-1 = never)."""
    last = np.full((len(net.items.ids), len(net.places.ids)), -1)
    needs = net.needs
    until = np.where(needs.waits, net.periods - 1, needs.period)
    np.maximum.at(last, (needs.item, needs.place), until)
    last[floors.item, floors.place] = net.periods - 1
    last[:, pinned] = net.periods - 1
    return last


def _pinned_places(net: Network) -> Ints:
    pins = net.instance["pins"]
    pins = pins[pins["rule"] != "at_most"]
    if (pins["to_id"] == "").any():
        return np.arange(len(net.places.ids))
    found = net.places.find(pins["to_id"])
    return np.unique(found[found >= 0])


def stock_floors(net: Network) -> FloorRows:
    """Return what each stock floor keeps: its share of the usable lots in `stocks`."""
    limits = net.instance["limits"]
    place = net.places.find(limits["place_id"])
    item = item_positions(net.instance, limits["item_id"])
    share = limits["stock_min_share"].to_numpy(float)
    base = np.zeros((len(net.places.ids), len(net.items.ids)))
    stock = net.lots.of("stocks")
    np.add.at(
        base,
        (net.lots.place[stock], net.batches.item[net.lots.batch[stock]]),
        net.lots.quantity[stock],
    )
    keep = (place >= 0) & (share > 0)
    place, item, share = place[keep], item[keep], share[keep]
    return FloorRows(place=place, item=item, quantity=share * base[place, item])


def _reach(net: Network, batch: int, first: Ints, last_of_item: Ints) -> tuple[Bools, Ints]:
    """Spread `first` forward along lanes; return usable lane-periods and last useful periods."""
    item = net.batches.item[batch]
    origin, target = net.lanes.origin, net.lanes.target
    period = np.arange(net.periods)[None, :]
    arrival = period + net.leads(item)
    usable = (
        net.open
        & net.batches.allowed[batch][target][:, None]
        & (net.items.reusable[item] | ~net.lanes.reusable_only)[:, None]
        & (arrival <= min(net.periods - 1, net.batches.expiry[batch]))
    )
    last = np.minimum(last_of_item[item], net.batches.expiry[batch])
    while True:
        early = np.where(usable & (period >= first[batch][origin][:, None]), arrival, NEVER).min(
            axis=1
        )
        spread = first[batch].copy()
        np.minimum.at(spread, target, early)
        if (spread == first[batch]).all():
            break
        first[batch] = spread
    while True:
        late = np.where(usable & (arrival <= last[target][:, None]), period, -1).max(axis=1)
        spread = last.copy()
        np.maximum.at(spread, origin, late)
        if (spread == last).all():
            return usable & (arrival <= last[target][:, None]), last
        last = spread


def _ship(net: Network, batch: int, reach: Bools, first: Ints, last: Ints) -> tuple[Ints, ...]:
    period = np.arange(net.periods)[None, :]
    lane, when = np.nonzero(reach & (period >= first[batch][net.lanes.origin][:, None]))
    arrives = when + net.leads(net.batches.item[batch])[lane, when]
    return lane, np.full(len(lane), batch), when, arrives


def _stock(net: Network, batch: int, first: Ints, last: Ints) -> tuple[Ints, ...]:
    """Stock is carried on while a later period, a floor or a level in use can still want it."""
    item = net.batches.item[batch]
    period = np.arange(net.periods)[:, None]
    until = last if net.items.reusable[item] else last - 1
    has_floor = last == net.periods - 1
    until = np.where(has_floor, net.periods - 1, until)
    held = (period >= first[batch][None, :]) & (period <= until[None, :])
    held &= period < net.batches.expiry[batch]
    when, place = np.nonzero(held)
    order = np.lexsort((when, place))
    return place[order], np.full(len(place), batch), when[order]


def _use(net: Network, batch: int, first: Ints) -> tuple[Ints, ...]:
    item = net.batches.item[batch]
    if net.items.reusable[item]:
        empty = np.zeros(0, np.int64)
        return empty, empty, empty
    period = np.arange(net.periods)[:, None]
    wanted = (
        _wanted(net, item)
        & (period >= first[batch][None, :])
        & (period <= net.batches.expiry[batch])
    )
    when, place = np.nonzero(wanted)
    order = np.lexsort((when, place))
    return place[order], np.full(len(place), batch), when[order]


def _wanted(net: Network, item: int) -> Bools:
    """Return periods x places: there is need of the item, or some of it is still waiting."""
    needs = net.needs
    here = needs.item == item
    wanted = np.zeros((net.periods, len(net.places.ids)), dtype=bool)
    wanted[needs.period[here], needs.place[here]] = True
    waits = here & needs.waits
    waiting = np.zeros_like(wanted)
    waiting[needs.period[waits], needs.place[waits]] = True
    return np.asarray(wanted | np.logical_or.accumulate(waiting, axis=0))
