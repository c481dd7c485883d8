"""Need rows of dispatch: what may fall short, where, and how many people that concerns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.network import Network


@dataclass(frozen=True)
class Shorts:
    """What each need row misses: short = quantity - sum of use, or the waiting column."""

    place: Ints
    item: Ints
    period: Ints
    rate: Floats
    quantity: Floats
    people: Floats
    waits: np.ndarray


@dataclass(frozen=True)
class LateKeys:
    """Index set of z(p, c, t), the most people it can reach, and which one each need belongs to."""

    place: Ints
    tier: Ints
    period: Ints
    people: Floats
    most: Floats
    of_need: Ints


def late_keys(net: Network, shorts: Shorts) -> LateKeys:
    """Return the index set of `late`: places, tiers and periods with need."""
    tier = net.items.tier[shorts.item]
    code = (shorts.place * (tier.max(initial=0) + 1) + tier) * net.periods + shorts.period
    _, first, of_need = np.unique(code, return_index=True, return_inverse=True)
    people = np.zeros(len(first))
    np.maximum.at(people, of_need, np.where(shorts.quantity > 0, shorts.people, 0.0))
    most = np.zeros(len(first))
    np.maximum.at(
        most, of_need, shorts.rate * np.where(shorts.waits, waiting_most(shorts), shorts.quantity)
    )
    return LateKeys(shorts.place[first], tier[first], shorts.period[first], people, most, of_need)


def waiting_most(shorts: Shorts) -> Floats:
    """Return the most that can be waiting: all need of the place and item up to the period."""
    order = np.lexsort((shorts.period, shorts.item, shorts.place))
    total = np.cumsum(shorts.quantity[order])
    starts = np.r_[True, (np.diff(shorts.place[order]) != 0) | (np.diff(shorts.item[order]) != 0)]
    offset = (
        np.maximum.accumulate(np.where(starts, total - shorts.quantity[order], 0.0))
        if len(order)
        else total
    )
    most = np.zeros(len(order))
    most[order] = total - offset
    return most


def need_rows(net: Network) -> Shorts:
    """Return the needs; rows of quantity 0 follow a waiting need so that it can go on waiting."""
    needs = net.needs
    waits = np.flatnonzero(needs.waits)
    columns: tuple[Any, ...] = (
        needs.place,
        needs.item,
        needs.period,
        needs.rate,
        needs.quantity,
        needs.people,
        needs.waits,
    )
    if len(waits):
        pairs = zip(columns, _later_rows(net, waits), strict=True)
        columns = tuple(np.concatenate(pair) for pair in pairs)
    return Shorts(*columns)


def _later_rows(net: Network, waits: Ints) -> list[np.ndarray]:
    needs = net.needs
    rate = np.full((len(net.places.ids), len(net.items.ids), net.periods), np.nan)
    rate[needs.place[waits], needs.item[waits], needs.period[waits]] = needs.rate[waits]
    pairs = np.unique(np.stack([needs.place[waits], needs.item[waits]]), axis=1)
    series = rate[pairs[0], pairs[1]]
    known = ~np.isnan(series)
    latest = np.maximum.accumulate(np.where(known, np.arange(net.periods)[None, :], -1), axis=1)
    pair, period = np.nonzero((latest >= 0) & ~known)
    place, item = pairs[0][pair], pairs[1][pair]
    carried = series[pair, latest[pair, period]]
    zeros = np.zeros(len(pair))
    return [place, item, period, carried, zeros, zeros, np.ones(len(pair), dtype=bool)]
