"""Follow every batch at every place through the periods (formulation: balance)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.check.ground import Floats, Ground, Ints, summed
from allocator.check.lots import FREE, Earmarks, Lots, expiry_class
from allocator.check.moves import Moves
from allocator.check.purchases import Bought
from allocator.check.rows import first_rows, words
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance


@dataclass(frozen=True)
class Stock:
    """Batches at places, sorted by place, item, expiry, earmark; matrices are batches x periods.

    `held` is what would be there at the end of a period if nothing were consumed (what a plan
    ships in excess is thought to be there, once recorded). Nothing is held past the expiry.
    `opening` is what the stocks table holds, `terms` the number of shipments so far.
    """

    place: Ints
    item: Ints
    expiry: Ints
    earmark: Ints
    held: Floats
    entered: Floats
    terms: Floats
    opening: Floats

    def initial(self, group: Ints, items: int) -> Floats:
        """Return the usable stock of `stocks` in every group of place x item."""
        mine = self.group(items)
        first, last = np.searchsorted(mine, group), np.searchsorted(mine, group, side="right")
        total = np.append(0.0, np.cumsum(self.opening))
        return np.asarray(total[last] - total[first], dtype=np.float64)

    def group(self, items: int) -> Ints:
        """Return place x item as one number a batch."""
        return self.place * items + self.item


def stock_of(
    found: Findings,
    ground: Ground,
    lots: Lots,
    bought: Bought,
    moves: Moves,
    earmarks: Earmarks,
) -> Stock:
    """Add up what enters and leaves every batch, and record what leaves without being there."""
    shape = (len(ground.places), len(ground.items), ground.periods + 1, len(earmarks.names))
    use = lots.usable
    arrived = moves.take(moves.arrives < ground.periods)
    expiry = expiry_class(ground, np.full(len(bought.item), np.nan), bought.item, bought.period)
    free = np.full(len(bought.item), FREE)
    lot_key = _key(shape, lots.place[use], lots.item[use], lots.expiry[use], lots.earmark[use])
    buy_key = _key(shape, bought.place, bought.item, expiry, free)
    in_key = _key(shape, arrived.target, arrived.item, arrived.expiry, arrived.earmark)
    out_key = _key(shape, moves.origin, moves.item, moves.expiry, moves.earmark)
    keys, codes = np.unique(
        np.concatenate([lot_key, buy_key, in_key, out_key]), return_inverse=True
    )
    place, item, last, earmark = np.unravel_index(keys, shape)
    lives = np.arange(ground.periods)[None, :] <= last[:, None]
    when = np.concatenate([lots.period[use], bought.period, arrived.arrives])
    much = np.concatenate([lots.quantity[use], bought.quantity, arrived.quantity])
    inward = _matrix(codes[: len(when)], when, much, lives)
    outward = _matrix(codes[len(when) :], moves.period, moves.quantity, lives)
    held, missing = _balance(inward, outward, lives)
    flows = np.concatenate([when, moves.period])
    terms = np.cumsum(_matrix(codes, flows, np.ones(len(codes)), lives), axis=1)
    mine = lots.quantity[use] * lots.stock[use]
    opening = summed(codes[: len(lot_key)], mine, len(keys))
    stock = Stock(place, item, last, earmark, held, inward, terms, opening)
    _check_at_hand(found, ground, lots, moves, stock, missing, codes[len(when) :])
    return stock


def _key(shape: tuple[int, ...], place: Ints, item: Ints, expiry: Ints, earmark: Ints) -> Ints:
    last = np.maximum(expiry, 0)  # whatever expires before period 1 is caught shipment by shipment
    return np.ravel_multi_index((place, item, last, earmark), shape).astype(np.int64)


def _matrix(batch: Ints, period: Ints, quantity: Floats, lives: np.ndarray) -> Floats:
    periods = lives.shape[1]
    flat = summed(batch * periods + period, quantity, lives.size)
    return np.where(lives, flat.reshape(lives.shape), 0.0)


def _balance(inward: Floats, outward: Floats, lives: np.ndarray) -> tuple[Floats, Floats]:
    """Return what is held, and what is missing newly in each period."""
    total = np.cumsum(inward - outward, axis=1)
    lack = np.maximum.accumulate(np.maximum(0.0, -total), axis=1)
    missing = np.diff(lack, axis=1, prepend=0.0)
    return np.where(lives, total + lack, 0.0), missing


def _check_at_hand(
    found: Findings,
    ground: Ground,
    lots: Lots,
    moves: Moves,
    stock: Stock,
    missing: Floats,
    leaving: Ints,
) -> None:
    scale = np.cumsum(stock.entered, axis=1)
    batch, period = np.nonzero(missing > tolerance(scale, stock.terms))
    wide = ground.periods
    row = first_rows(leaving * wide + moves.period, moves.row, batch * wide + period)
    shy = _unvetted_here(lots, stock, len(ground.items))[batch]
    for family, chosen, why in (
        ("at_hand", ~shy, "{} ships {:g} more {} in period {} than it has (batch: {})"),
        ("unvetted", shy, "{} ships {:g} more {} in period {} than vetted owners gave (batch: {})"),
    ):
        part, when = batch[chosen], period[chosen]
        size = missing[part, when]
        lines = words(
            why,
            ground.place_names(stock.place[part]),
            size.tolist(),
            ground.item_names(stock.item[part]),
            (when + 1).tolist(),
            _batch_names(ground, stock, part),
        )
        found.add(family, "shipments", row[chosen], size, lines)


def _unvetted_here(lots: Lots, stock: Stock, items: int) -> np.ndarray:
    there = lots.place[lots.unvetted] * items + lots.item[lots.unvetted]
    return np.isin(stock.group(items), there)


def _batch_names(ground: Ground, stock: Stock, batch: Ints) -> list[str]:
    last = stock.expiry[batch]
    return [
        "keeps" if period == ground.periods else f"usable to period {period + 1}"
        for period in last.tolist()
    ]
