"""What can be consumed, first expired first out, against what the plan says is served."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.check.ground import Bools, Floats, Ground, Ints
from allocator.check.needs import Needs
from allocator.check.rows import words
from allocator.check.stock import Stock
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance


@dataclass(frozen=True)
class Service:
    """What is served and short (groups of need x periods), and stock left (batches x periods).

    `short` is the need that waits where it waits. `left` is at the end of the period, goods in
    their last usable period not counted.
    """

    served: Floats
    short: Floats
    left: Floats


def service_of(
    found: Findings, ground: Ground, needs: Needs, stock: Stock, stated: Floats | None
) -> Service:
    """Serve what the plan says is served, or as much as possible each period when it says nothing.

    Goods that leave later are kept back; of the others those that expire first are consumed first.
    """
    pantry = _Pantry(ground, needs, stock)
    served, short = np.zeros(needs.quantity.shape), np.zeros(needs.quantity.shape)
    waiting = np.zeros(len(needs))
    for period in range(ground.periods):
        wanted = waiting + needs.quantity[:, period]
        target = wanted if stated is None else wanted - stated[:, period]
        most = pantry.spare(period) if stated is None else np.full(len(needs), np.inf)
        taken = pantry.take(period, np.clip(target, 0.0, most))
        served[:, period] = taken
        short[:, period] = wanted - taken
        waiting = np.where(needs.waits, short[:, period], 0.0)
    if stated is not None:
        _check(found, ground, needs, short, stated, pantry.terms())
        short = np.maximum(short, stated)
    return Service(served, np.maximum(short, 0.0), pantry.left())


class _Pantry:
    """The batches at places with need, and what is consumed of them."""

    def __init__(self, ground: Ground, needs: Needs, stock: Stock) -> None:
        self.ground, self.needs, self.stock = ground, needs, stock
        self.of = needs.find(stock.group(len(ground.items)))
        self.used = np.zeros(stock.held.shape)
        self.gone = np.zeros(len(stock.place))
        self.carried = _carried_on(ground, stock)
        self.free = _not_leaving(ground, stock)
        self.level = np.zeros(needs.quantity.shape)
        mine = np.flatnonzero(self.of >= 0)
        np.add.at(self.level, self.of[mine], (stock.held * self.carried)[mine])
        consumed = mine[~needs.reusable[self.of[mine]]]
        self.ranks = _by_rank(self.of, consumed)
        self.floor = _floors(ground, needs, stock)

    def take(self, period: int, target: Floats) -> Floats:
        """Consume up to `target` of every group in a period; return what was there."""
        taken = np.where(self.needs.reusable, np.minimum(target, self.level[:, period]), 0.0)
        rest = np.where(self.needs.reusable, 0.0, target)
        for batch in self.ranks:
            fresh = batch[self.stock.expiry[batch] >= period]
            group = self.of[fresh]
            there = np.maximum(0.0, self.free[fresh, period] - self.gone[fresh])
            amount = np.minimum(there, rest[group])
            rest[group] -= amount
            taken[group] += amount
            self.gone[fresh] += amount
            self.used[fresh, period] = amount
        return taken

    def spare(self, period: int) -> Floats:
        """Return the most a group may consume without eating into a stock floor later."""
        most = np.full(len(self.needs), np.inf)
        held = np.flatnonzero(self.floor > 0)
        if len(held):
            batch = np.flatnonzero(np.isin(self.of, held))
            left = (self.stock.held[batch] - self.gone[batch][:, None]) * self.carried[batch]
            total = np.zeros((len(self.needs), self.ground.periods))
            np.add.at(total, self.of[batch], left)
            lowest = total[held, period:].min(axis=1)
            most[held] = np.maximum(0.0, lowest - self.floor[held])
        return np.where(self.needs.reusable, np.inf, most)

    def terms(self) -> Floats:
        """Return the number of written quantities so far, groups x periods."""
        total = np.tile(np.arange(1.0, self.ground.periods + 1), (len(self.needs), 1))
        mine = np.flatnonzero(self.of >= 0)
        np.add.at(total, self.of[mine], self.stock.terms[mine])
        return total

    def left(self) -> Floats:
        """Return the stock of every batch at the end of every period."""
        return (self.stock.held - np.cumsum(self.used, axis=1)) * self.carried


def _carried_on(ground: Ground, stock: Stock) -> Bools:
    """Return batches x periods: goods are still there after the period."""
    last = stock.expiry[:, None]
    return np.asarray((np.arange(ground.periods)[None, :] < last) | (last == ground.periods))


def _not_leaving(ground: Ground, stock: Stock) -> Floats:
    """Return what may be consumed up to each period so that all that leaves later is there."""
    usable = np.arange(ground.periods)[None, :] <= stock.expiry[:, None]
    later = np.where(usable, stock.held, np.inf)[:, ::-1]
    return np.asarray(np.minimum.accumulate(later, axis=1)[:, ::-1])


def _by_rank(of: Ints, chosen: Ints) -> list[Ints]:
    """Split batches (sorted by group and expiry) into the first of every group, the second, ..."""
    group = of[chosen]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    rank = np.arange(len(group)) - np.repeat(starts, np.diff(np.append(starts, len(group))))
    order = np.argsort(rank, kind="stable")
    cuts = np.flatnonzero(np.diff(rank[order])) + 1
    return [part for part in np.split(chosen[order], cuts) if len(part)]


def _floors(ground: Ground, needs: Needs, stock: Stock) -> Floats:
    """Return the stock floor of every group of need."""
    limits = ground.instance["limits"]
    keys = ground.place(limits["place_id"]) * len(ground.items) + ground.item(limits["item_id"])
    at = needs.find(keys)
    floor = np.zeros(len(needs))
    amount = limits["stock_min_share"].to_numpy(float) * stock.initial(keys, len(ground.items))
    floor[at[at >= 0]] = amount[at >= 0]
    return floor


def _check(
    found: Findings, ground: Ground, needs: Needs, short: Floats, stated: Floats, terms: Floats
) -> None:
    """Record where less can be served than the plan says."""
    lack = short - stated
    scale = np.cumsum(needs.quantity, axis=1) if needs.waits.any() else needs.quantity
    group, period = np.nonzero(lack > tolerance(scale, terms))
    level = needs.reusable[group]
    for family, chosen, rule in (
        ("shortage", ~level, "{}, {}, period {}: {:g} units less can be served than the plan says"),
        ("level", level, "{}, {}, period {}: {:g} units less are held than the plan has in use"),
    ):
        part, when = group[chosen], period[chosen]
        lines = words(
            rule,
            ground.place_names(needs.place[part]),
            ground.item_names(needs.item[part]),
            (when + 1).tolist(),
            lack[part, when].tolist(),
        )
        row = needs.row[part, when]
        last = needs.row.max(axis=1)[part]  # need that waits beyond its rows
        found.add(family, "needs", np.where(row >= 0, row, last), lack[part, when], lines)
