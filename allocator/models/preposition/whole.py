"""Make a first-stage point whole: choose sizes, round packs, keep within room and money."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.models.preposition.model import PrepositionModel
from allocator.models.preposition.yardsticks import first_guesses

NEAR = 1e-7  # relative to the row: what a solver would let pass
OPENED = 0.3  # a site open to this share in a fractional point is opened


def first_guess(model: PrepositionModel) -> Floats | None:
    """Return a point made by rule that obeys the rows of the first stage; None without one.

    Of several the last is taken: they go from no reserve to one for the mean need.
    """
    whole, found = Whole(model), None
    for given in first_guesses(model.case).values():
        point = np.zeros(model.first.program.column_count)
        point[model.first.one] = 1.0
        point[model.first.open[given.size[given.size >= 0]]] = 1.0
        stock = given.stock[model.first.site, model.first.item] / model.first.pack
        point[model.first.stock] = np.minimum(stock, model.first.program.upper[model.first.stock])
        made = whole(point)
        found = found if made is None else made
    return found


class Whole:
    """A heuristic on points of the first stage; None where the result breaks a rule."""

    def __init__(self, model: PrepositionModel) -> None:
        """Prepare the rows for the check."""
        self.model, self.first = model, model.first
        self.program = model.first.program
        self.matrix = self.program.matrix().tocsr()
        self.low, self.high = self.program.row_lower, self.program.row_upper
        self.lower, self.upper = self.program.lower, self.program.upper

    def __call__(self, point: Floats) -> Floats | None:
        """Return a whole point near the given one, or None."""
        found = np.clip(point, self.lower, self.upper)
        found[self.first.open] = self._sizes(found)
        found[self.first.stock] = self._stock(found)
        agreed = self.first.agree_most(found[self.first.open])
        found[self.first.agree] = np.minimum(found[self.first.agree], agreed)
        found = self._paid(found)
        others = [self.model.services.assign, self.model.services.missed]
        found[np.concatenate(others)] = np.round(found[np.concatenate(others)])
        return found if self.allowed(found) else None

    def _paid(self, point: Floats) -> Floats:
        """Return the point within the budget: less of everything where it is too dear."""
        budget, cost = self.model.policy.reserve_budget, self.model.first_cost()
        if budget is None or cost @ point <= budget:
            return point
        bought = np.r_[self.first.stock, self.first.agree]
        goods = float(cost[bought] @ point[bought])
        left = max(0.0, budget - float(cost @ point) + goods)
        found = point.copy()
        found[bought] *= left / goods if goods > 0 else 0.0
        whole = self.program.integer[bought]
        found[bought] = np.where(whole, np.floor(found[bought] + NEAR), found[bought])
        return found

    def allowed(self, point: Floats) -> bool:
        """Say whether a point obeys every row and bound of the first stage."""
        rows = self.matrix @ point
        wide = NEAR * np.maximum(1.0, np.abs(self.matrix) @ np.abs(point))
        inside = (rows >= self.low - wide) & (rows <= self.high + wide)
        edge = NEAR * np.maximum(1.0, np.abs(point))
        within = (point >= self.lower - edge) & (point <= self.upper + edge)
        return bool(inside.all() and within.all())

    def _sizes(self, point: Floats) -> Floats:
        """Choose for each open site the cheapest size that holds its stock, else the largest."""
        sizes, reserve = self.first.reserve.sizes, self.first.reserve
        used = np.zeros(len(reserve.sites))
        m3 = reserve.items.m3[self.first.item] * self.first.pack
        np.add.at(used, self.first.site, m3 * point[self.first.stock])
        share = np.zeros(len(reserve.sites))
        np.add.at(share, sizes.site, point[self.first.open])
        kept = reserve.sites.kept & (not self.model.policy.close_existing)
        opened = (share >= OPENED) | kept
        fits = sizes.volume_m3 >= used[sizes.site] * (1.0 - NEAR)
        largest = np.minimum(sizes.volume_m3, used[sizes.site])
        order = np.lexsort((sizes.fixed_cost, -largest, ~fits, sizes.site))
        first = np.r_[True, np.diff(sizes.site[order]) != 0]
        return self._only(order[first], opened[sizes.site[order[first]]])

    def _only(self, sizes: Ints, chosen: np.ndarray) -> Floats:
        found = np.zeros(len(self.first.reserve.sizes))
        found[sizes[chosen]] = 1.0
        return found

    def _stock(self, point: Floats) -> Floats:
        """Round packs up where there is room, else down; nothing at closed sites."""
        first, reserve = self.first, self.first.reserve
        opened = point[first.open]
        most = first.most_at(opened) / first.pack
        wanted = np.minimum(point[first.stock], most)
        whole = reserve.items.whole[first.item]
        low = reserve.stock.minimum[first.site, first.item] / first.pack
        share = np.zeros(len(reserve.sites))
        np.add.at(share, reserve.sizes.site, opened)
        wanted = np.maximum(wanted, np.where(whole, np.ceil(low - NEAR), low) * share[first.site])
        down = np.where(whole, np.floor(wanted + NEAR), wanted)
        up = np.where(whole, np.ceil(wanted - NEAR), wanted)
        m3 = reserve.items.m3[first.item] * first.pack
        room = np.zeros(len(reserve.sites))
        volume = np.where(np.isfinite(reserve.sizes.volume_m3), reserve.sizes.volume_m3, np.inf)
        np.add.at(room, reserve.sizes.site, np.where(opened > 0, volume, 0.0))
        np.subtract.at(room, first.site, m3 * down)
        more = np.flatnonzero((up > down) & (up <= most + NEAR))
        order = more[np.lexsort((-(wanted - down)[more], first.site[more]))]
        before = _running(first.site[order], m3[order])
        fits = before + m3[order] <= room[first.site[order]] + NEAR
        down[order[fits]] = up[order[fits]]
        over = room[first.site] < -NEAR * np.maximum(1.0, volume.max(initial=1.0))
        return np.asarray(np.where(over, self._shrunk(down, m3, room, whole), down))

    def _shrunk(self, stock: Floats, m3: Floats, room: Floats, whole: np.ndarray) -> Floats:
        """Scale down what does not fit into the site."""
        used = np.zeros(len(room))
        np.add.at(used, self.first.site, m3 * stock)
        left = np.maximum(0.0, used + np.minimum(room, 0.0))
        factor = np.divide(left, used, out=np.ones_like(used), where=used > 0)
        smaller = stock * factor[self.first.site]
        return np.where(whole, np.floor(smaller + NEAR), smaller)


def _running(group: Ints, amount: Floats) -> Floats:
    """Return the sum of the amounts before each entry within its group; groups stand together."""
    total = np.cumsum(amount) - amount
    start = np.r_[True, np.diff(group) != 0]
    return np.asarray(total - np.maximum.accumulate(np.where(start, total, 0.0)))
