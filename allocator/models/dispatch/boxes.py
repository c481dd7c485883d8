"""Tight upper bounds of the flow columns: they make the bounds that follow from duals sharp.

Without loss of optimality nothing is shipped or kept that no need, floor or pin can still want.
"""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.network import Network
from allocator.models.dispatch.need import Shorts, waiting_most
from allocator.models.dispatch.sets import Held, Sets


class Boxes:
    """Upper bounds in units for ship, stock and use."""

    def __init__(self, net: Network, sets: Sets, shorts: Shorts) -> None:
        """Sum what is supplied so far and what is wanted from now on."""
        self.net, self.sets = net, sets
        self.supply = np.zeros((len(net.batches), net.periods))
        np.add.at(self.supply, (net.lots.batch, net.lots.period), net.lots.quantity)
        self.supply = self.supply.cumsum(axis=1)
        shape = (len(net.items.ids), len(net.places.ids), net.periods)
        self.need = np.zeros(shape)
        quantity = np.where(shorts.waits, waiting_most(shorts), shorts.quantity)
        self.need[shorts.item, shorts.place, shorts.period] = quantity
        self.wanted = self._wanted(shorts)

    def _wanted(self, shorts: Shorts) -> Floats:
        """Return items x places x periods: the most a place can still use (inf: no limit)."""
        net = self.net
        flow = np.zeros(self.need.shape)
        flow[shorts.item, shorts.place, shorts.period] = shorts.quantity
        ahead = flow[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
        waits = np.zeros(flow.shape[:2], dtype=bool)
        waits[shorts.item[shorts.waits], shorts.place[shorts.waits]] = True
        wanted = np.where(waits[:, :, None], flow.sum(axis=2)[:, :, None], ahead)
        level = np.maximum.accumulate(flow[:, :, ::-1], axis=2)[:, :, ::-1]
        wanted = np.where(net.items.reusable[:, None, None], level, wanted)
        return np.where(self._passes_on()[:, :, None], np.inf, wanted)

    def _passes_on(self) -> np.ndarray:
        """Return items x places that need does not limit: goods go on, or a floor or pin binds."""
        net, ship = self.net, self.sets.ship
        free = np.zeros(self.need.shape[:2], dtype=bool)
        free[net.batches.item[ship.batch], net.lanes.origin[ship.lane]] = True
        free[self.sets.floors.item, self.sets.floors.place] = True
        if len(net.instance["pins"]):
            free[:] = True
        return free

    def ship(self) -> Floats:
        """Return the most of every ship column: supply so far, want of the target, trips."""
        net, ship = self.net, self.sets.ship
        item = net.batches.item[ship.batch]
        most = np.minimum(
            self.supply[ship.batch, ship.period],
            self.wanted[item, net.lanes.target[ship.lane], ship.arrives],
        )
        with np.errstate(divide="ignore"):
            by_trips = self._lane_kg()[ship.lane, ship.period] / net.items.kg[item]
        return np.asarray(np.minimum(most, by_trips))

    def _lane_kg(self) -> Floats:
        net, fleet = self.net, self.net.fleet
        most = np.full((len(net.lanes), net.periods), np.inf)
        most[np.unique(fleet.pair_lane)] = 0.0
        vehicle = fleet.pair_vehicle
        trips = np.minimum(
            fleet.hours[vehicle] / np.maximum(fleet.pair_minutes, 1e-9), fleet.trips[vehicle]
        )
        load = (trips * fleet.kg[vehicle])[:, None] * fleet.pair_open
        np.add.at(most, fleet.pair_lane, load)
        return most

    def stock(self) -> Floats:
        """Return the most of every stock column."""
        stock: Held = self.sets.stock
        following = np.minimum(stock.period + 1, self.net.periods - 1)
        item: Ints = self.net.batches.item[stock.batch]
        period = np.where(self.net.items.reusable[item], stock.period, following)
        wanted = self.wanted[item, stock.place, period]
        return np.asarray(np.minimum(self.supply[stock.batch, stock.period], wanted))

    def use(self) -> Floats:
        """Return the most of every use column."""
        use: Held = self.sets.use
        needed = self.need[self.net.batches.item[use.batch], use.place, use.period]
        return np.asarray(np.minimum(self.supply[use.batch, use.period], needed))
