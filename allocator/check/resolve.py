"""Blank batches in a planner's own plan: free goods first, then those that expire first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.check.ground import Ground, Ints
from allocator.check.lots import FREE, Earmarks, Lots, expiry_class
from allocator.check.moves import Moves
from allocator.check.purchases import Bought

_DUST = 1e-9
Batch = tuple[int, int, int, int]  # place, item, expiry, earmark


def resolve(ground: Ground, lots: Lots, bought: Bought, earmarks: Earmarks, moves: Moves) -> Moves:
    """Give shipments with a blank expiry or earmark the batches they can take, splitting rows.

    Only items with more than one batch need this. Where a place has too little, the rest keeps
    the reading "keeps, free", for the judge to find.
    """
    several = _several(ground, lots, bought)
    open_ = several[moves.item] & (moves.any_expiry | moves.any_earmark)
    if not open_.any():
        return moves
    fixed, walk = moves.take(~several[moves.item]), moves.take(several[moves.item])
    picked = _Picker(ground, lots, bought, earmarks, walk).run()
    row, expiry, earmark, units = (np.array(part) for part in zip(*picked, strict=True))
    chosen = replace(walk.take(row), expiry=expiry, earmark=earmark, quantity=units)
    return Moves(
        *(np.concatenate([a, b]) for a, b in zip(_parts(fixed), _parts(chosen), strict=True))
    )


def _parts(moves: Moves) -> list[np.ndarray]:
    return [getattr(moves, name) for name in Moves.__dataclass_fields__]


def _several(ground: Ground, lots: Lots, bought: Bought) -> np.ndarray:
    """Return which items have any batch beside the one that is free and keeps."""
    odd = lots.usable & ((lots.expiry < ground.periods) | (lots.earmark != FREE))
    several = np.zeros(len(ground.items), dtype=bool)
    several[lots.item[odd]] = True
    several[bought.item[~np.isnan(ground.items.shelf[bought.item])]] = True
    return several


class _Picker:
    """Walks through the periods shipment by shipment; a planner's own plan is small."""

    def __init__(
        self, ground: Ground, lots: Lots, bought: Bought, earmarks: Earmarks, moves: Moves
    ) -> None:
        self.ground, self.earmarks, self.moves = ground, earmarks, moves
        self.stock: dict[Batch, float] = {}
        self.here: dict[tuple[int, int], set[Batch]] = {}
        self.coming: dict[int, list[tuple[Batch, float]]] = {}
        self.picked: list[tuple[int, int, int, float]] = []
        self._expect_lots(lots)
        self._expect_bought(bought)

    def _expect_lots(self, lots: Lots) -> None:
        use = lots.usable
        keys = zip(
            lots.place[use], lots.item[use], lots.expiry[use], lots.earmark[use], strict=True
        )
        for key, period, units in zip(keys, lots.period[use], lots.quantity[use], strict=True):
            self._expect(
                int(period), (int(key[0]), int(key[1]), int(key[2]), int(key[3])), float(units)
            )

    def _expect_bought(self, bought: Bought) -> None:
        none = np.full(len(bought.item), np.nan)
        expiry = expiry_class(self.ground, none, bought.item, bought.period)
        for place, item, last, period, units in zip(
            bought.place, bought.item, expiry, bought.period, bought.quantity, strict=True
        ):
            self._expect(int(period), (int(place), int(item), int(last), FREE), float(units))

    def _expect(self, period: int, batch: Batch, units: float) -> None:
        self.coming.setdefault(period, []).append((batch, units))

    def run(self) -> list[tuple[int, int, int, float]]:
        """Return (row, expiry, earmark, units) of every part shipped."""
        blanks = self.moves.any_expiry.astype(int) + self.moves.any_earmark
        order = np.lexsort((self.moves.row, blanks, self.moves.period))
        starts = np.searchsorted(self.moves.period[order], np.arange(self.ground.periods + 1))
        for period in range(self.ground.periods):
            self._enter(period)
            self._leave(period, order[starts[period] : starts[period + 1]])
        return self.picked

    def _enter(self, period: int) -> None:
        for batch, units in self.coming.pop(period, []):
            self.stock[batch] = self.stock.get(batch, 0.0) + units
            self.here.setdefault(batch[:2], set()).add(batch)

    def _leave(self, period: int, rows: Ints) -> None:
        """Ship what is there; what waits for goods arriving in the same period is tried again."""
        left = {int(row): float(self.moves.quantity[row]) for row in rows}
        while left:
            before = sum(left.values())
            for row in list(left):
                left[row] -= self._ship(row, left[row], period)
                if left[row] <= _DUST:
                    del left[row]
            self._enter(period)
            if sum(left.values()) >= before - _DUST:
                break
        for row, units in left.items():
            moves = self.moves
            self.picked.append((row, int(moves.expiry[row]), int(moves.earmark[row]), units))

    def _ship(self, row: int, units: float, period: int) -> float:
        """Ship up to `units` of the batches a row may take; return what was shipped."""
        moves, shipped = self.moves, 0.0
        target, arrives = int(moves.target[row]), int(moves.arrives[row])
        for batch in self._candidates(row, period):
            amount = min(units - shipped, self.stock[batch])
            if amount <= _DUST:
                continue
            self.stock[batch] -= amount
            shipped += amount
            self.picked.append((row, batch[2], batch[3], amount))
            self._expect(arrives, (target, batch[1], batch[2], batch[3]), amount)
        if units <= _DUST:
            self.picked.append((row, int(moves.expiry[row]), int(moves.earmark[row]), units))
        return shipped

    def _candidates(self, row: int, period: int) -> list[Batch]:
        """Return the batches a row may take: free ones first, then by expiry."""
        moves = self.moves
        there = self.here.get((int(moves.origin[row]), int(moves.item[row])), set())
        fits = [
            batch
            for batch in there
            if batch[2] >= max(period, int(moves.arrives[row]))
            and (moves.any_expiry[row] or batch[2] == moves.expiry[row])
            and (moves.any_earmark[row] or batch[3] == moves.earmark[row])
            and self.earmarks.enters[batch[3], moves.target[row]]
        ]
        return sorted(fits, key=lambda batch: (batch[3] != FREE, batch[2], batch[3]))
