"""Better whole packs: branch and cut over one item at the places of one depot at a time.

What packs lose against the plan without integers is lost at few places: one pack too few at a small
place, one too many at its neighbour. Trips, purchases and what runs between sites stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.engine.around import Around
from allocator.engine.ordered import Budget
from allocator.engine.program import Floats, Ints
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.read import short_of
from allocator.models.dispatch.shares import Shares

ELSEWHERE = -1  # a column that stays: trips, purchases, change, what runs between sites
ANYWHERE = -2  # stock of a site: moves with every neighbourhood of its item
ANY_ITEM = -1  # columns that follow the items: persons served late, what is missed of a share
SECONDS = 4.0  # most a neighbourhood may take of a run with a time limit
LONGER = 4.0  # times that for the worst-off places: their neighbourhoods are larger
WORK = 2_000  # most nodes of a neighbourhood
DONORS = 2  # places with most of their share that may give to a worst-off place
WORST = 6  # worst-off places looked at in a round, one after the other
LITTLE = 5e-4  # of a share: who misses less is not worst-off
OFTEN = 0.6  # of the time left: for what loses most
ROUNDS = 3  # times the neighbourhoods are ranked anew
SMALLEST = 1e-3  # of all that is lost: less is not looked at


@dataclass(frozen=True)
class HeldShares:
    """Shares that are not to fall below a level, and the columns of what they miss of it."""

    shares: Shares
    attainable: Floats
    rows: Ints  # of the shares: where anything is attainable
    missed: Ints


class Polish:
    """Neighbourhoods of a plan in whole packs, the costliest first."""

    def __init__(self, model: DispatchModel, cost: Floats, point: Floats, seed: int = 0) -> None:
        """Start from a point in the columns of `model`, packs in packs.

        `cost` weighs the goals that are sums; `hold_shares` adds those that are levels.
        """
        self.model, self.seed = model, seed
        self.program, self.cost, self.point = model.program.copy(), cost, point
        self.place, self.item = self._owners()
        self.home = self._homes(point)
        self.held: list[HeldShares] = []

    def hold_shares(self, shares: Shares, attainable: Floats, level: float, weight: float) -> None:
        """Charge `weight` a person-day (of a place of middling size) missed of a share of `level`.

        A place counts by the share it misses, not by its people: the worst-off are small places.
        """
        chosen = np.flatnonzero(attainable > 0)
        if not len(chosen):
            return
        late, size = shares.matrix[chosen].tocoo(), len(chosen)
        most = shares.needed[chosen] - attainable[chosen] * level
        missed = np.maximum(
            0.0, shares.matrix[chosen] @ self.point[: shares.matrix.shape[1]] - most
        )
        columns = self.program.add_columns(f"missed.{shares.tier}", size)
        self.held.append(HeldShares(shares, attainable[chosen], chosen, columns))
        rows = self.program.add_rows(f"share.{shares.tier}", size, upper=most)
        self.program.add_entries(rows[late.row], late.col, late.data)
        self.program.add_entries(rows, columns, -1.0)
        middling = float(np.median(attainable[chosen]))
        self.cost = np.r_[self.cost, weight * middling / attainable[chosen]]
        self.point = np.r_[self.point, missed]
        self.place = np.r_[self.place, shares.place[chosen]]
        self.item = np.r_[self.item, np.full(size, ANY_ITEM)]

    def run(self, ideal: Floats, budget: Budget) -> Floats:
        """Return a point at least as good; `ideal` (same columns) is what packs are to come near.

        What loses most against `ideal` comes first; the worst-off places then get back what that
        took from them.
        """
        around = Around(self.program, self.cost, self.point, self.seed)
        for _ in range(ROUNDS):
            before = around.value
            often = budget.part(OFTEN)
            for free in self._by_loss(around.point, ideal):
                self._improve(around, free, often, SECONDS)
            for held in self.held:
                self._raise_worst(held, around, budget)
            if budget.spent() or around.value >= before - SMALLEST * abs(before):
                break
        return around.point[: self.model.program.column_count]

    def _improve(self, around: Around, free: Ints, budget: Budget, seconds: float) -> None:
        left = budget.seconds()
        if not budget.spent():
            around.improve(free, None if left is None else min(seconds, left), WORK)

    def _raise_worst(self, held: HeldShares, around: Around, budget: Budget) -> None:
        """Go from one worst-off place to the next; one that got no better is left."""
        places, left = held.shares.place[held.rows], np.ones(len(held.rows), bool)
        for _ in range(WORST):
            missed = np.where(left, around.point[held.missed] / held.attainable, 0.0)
            worst = int(missed.argmax())
            if missed[worst] <= LITTLE or budget.spent():
                break
            mine = places == places[worst]
            free = self._at(int(places[worst]), held, around.point)
            self._improve(around, free, budget, LONGER * SECONDS)
            now = (around.point[held.missed] / held.attainable)[mine].max()
            left &= ~mine | (now < missed[worst] - LITTLE)

    def _owners(self) -> tuple[Ints, Ints]:
        """Return the place and the item of every column."""
        model, net = self.model, self.model.net
        ship, stock, use, shorts = model.sets.ship, model.sets.stock, model.sets.use, model.shorts
        site, item_of = net.places.is_site, net.batches.item
        place = np.full(model.program.column_count, ELSEWHERE)
        item = np.full(len(place), ANY_ITEM)
        origin, target = net.lanes.origin[ship.lane], net.lanes.target[ship.lane]
        community = np.where(site[target], origin, target)
        place[model.ship] = np.where(site[community], ELSEWHERE, community)
        place[model.stock] = np.where(site[stock.place], ANYWHERE, stock.place)
        place[model.use] = np.where(site[use.place], ELSEWHERE, use.place)
        for columns, batch in ((model.ship, ship.batch), (model.stock, stock.batch)):
            item[columns] = item_of[batch]
        item[model.use] = item_of[use.batch]
        for columns, rows in (
            (model.level, model.level_rows),
            (model.waiting, model.waiting_rows),
            (model.below_floor, model.floor_rows),
        ):
            place[columns], item[columns] = shorts.place[rows], shorts.item[rows]
        place[model.late] = model.late_keys.place
        return place, item

    def _homes(self, point: Floats) -> Ints:
        """Return for every place the site that sends it most kg."""
        net, ship = self.model.net, self.model.sets.ship
        kg = point[self.model.ship] * self.model.pack * net.items.kg[net.batches.item[ship.batch]]
        size = len(net.places.ids)
        ends = (net.lanes.target[ship.lane], net.lanes.origin[ship.lane])
        sent = sparse.coo_matrix((kg, ends), shape=(size, size)).tocsr()
        return np.asarray(sent.argmax(axis=1)).ravel()

    def _free(self, items: Ints, places: Ints) -> Ints:
        """Return the columns of a neighbourhood."""
        mine, there = np.isin(self.item, items), np.isin(self.place, places)
        follows = there & (self.item == ANY_ITEM)
        return np.flatnonzero((mine & (there | (self.place == ANYWHERE))) | follows)

    def _at(self, place: int, held: HeldShares, point: Floats) -> Ints:
        """Return all items of the tier at a place and at some that are better off."""
        shares = held.shares
        short = shares.short(point)[held.rows] / held.attainable
        worst = np.full(len(self.home), np.inf)
        np.minimum.at(worst, shares.place[held.rows], -short)
        worst[place] = np.inf
        mates = np.flatnonzero((self.home == self.home[place]) & np.isfinite(worst))
        donors = mates[np.argsort(-worst[mates], kind="stable")][:DONORS]
        items = np.flatnonzero(self.model.net.items.tier == shares.tier)
        return self._free(items, np.r_[place, donors])

    def _by_loss(self, point: Floats, ideal: Floats) -> list[Ints]:
        """Return one item at the places of one site each, in the order of what they lose."""
        lost = self._lost(point, ideal)
        order = np.argsort(-lost, axis=None, kind="stable")
        order = order[lost.ravel()[order] > SMALLEST * lost.sum()]
        pairs = zip(*np.unravel_index(order, lost.shape), strict=True)
        return [
            self._free(np.array([item]), np.flatnonzero(self.home == home)) for item, home in pairs
        ]

    def _lost(self, point: Floats, ideal: Floats) -> Floats:
        """Return items x sites: cost of what is below floors, late or missed above the ideal."""
        model, shorts = self.model, self.model.shorts
        need = np.zeros(len(shorts.place))
        below = model.below_floor
        need[model.floor_rows] = self.cost[below] * (point[below] - ideal[below])
        more = shorts.rate * (short_of(model, point) - short_of(model, ideal))
        need += self._late_cost(point)[model.late_keys.of_need] * np.maximum(0.0, more)
        lost = np.zeros((len(model.net.items.ids), len(model.net.places.ids)))
        np.add.at(lost, (shorts.item, self.home[shorts.place]), np.maximum(0.0, need))
        return lost

    def _late_cost(self, point: Floats) -> Floats:
        """Return what a person more costs who is served late; more where a share is missed."""
        cost = self.cost[self.model.late].copy()
        for held in self.held:
            charged = self.cost[held.missed] * (point[held.missed] > 0)
            cost += (held.shares.matrix[held.rows].T @ charged)[self.model.late]
        return cost
