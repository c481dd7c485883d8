"""Needs and own goods of one item as places x periods, and what must come in from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.network import Network


@dataclass(frozen=True)
class Ledger:
    """The needs to be looked at: `quantity` has one entry a need (0 = not counted)."""

    net: Network
    quantity: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Places, periods."""
        return len(self.net.places.ids), self.net.periods

    @cached_property
    def _by_item(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.net.needs.item, kind="stable")
        items = np.arange(len(self.net.items.ids) + 1)
        return order, np.searchsorted(self.net.needs.item[order], items)

    def rows(self, item: int) -> Ints:
        """Return the positions of the needs of one item."""
        order, starts = self._by_item
        return order[starts[item] : starts[item + 1]]

    def need(self, item: int) -> Floats:
        """Return places x periods of need."""
        rows, needs = self.rows(item), self.net.needs
        key = needs.place[rows] * self.net.periods + needs.period[rows]
        size = self.shape[0] * self.shape[1]
        return np.bincount(key, self.quantity[rows], size).astype(float).reshape(self.shape)

    @cached_property
    def _lot_item(self) -> Ints:
        return self.net.batches.item[self.net.lots.batch]

    def own(self, item: int) -> Floats:
        """Return places x periods of goods that enter from outside (purchases at their limit)."""
        lots = self.net.lots
        rows = np.flatnonzero(self._lot_item == item)
        key = lots.place[rows] * self.net.periods + lots.period[rows]
        size = self.shape[0] * self.shape[1]
        return np.bincount(key, lots.quantity[rows], size).astype(float).reshape(self.shape)

    def imports(self, item: int) -> Floats:
        """Return places x periods: the least shipped in by then that meets the need on time.

        A lower bound: expiry of the own goods is not counted, and what is left over is kept.
        """
        need, own = self.need(item), self.own(item).cumsum(axis=1)
        wanted = need if self.net.items.reusable[item] else need.cumsum(axis=1)
        return np.maximum.accumulate(np.maximum(0.0, wanted - own), axis=1)

    def weighted_imports(self, factor: Floats) -> Floats:
        """Return the sum over items of factor x imports (places x periods)."""
        return self._sum(factor, self.imports)

    def _sum(self, factor: Floats, part: Callable[[int], Floats]) -> Floats:
        total = np.zeros(self.shape)
        for item in np.flatnonzero(factor > 0):
            if len(self.rows(int(item))):
                total += factor[item] * part(int(item))
        return total


def full(net: Network, counted: Bools) -> Ledger:
    """Return the ledger of the needs marked in `counted`, in full."""
    return Ledger(net, np.where(counted, net.needs.quantity, 0.0))


def floors(net: Network) -> Ledger:
    """Return the ledger of the floors."""
    return Ledger(net, net.needs.floor * net.needs.quantity)
