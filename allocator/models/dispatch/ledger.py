"""A ledger of a dispatch in the making: what is at hand, what capacity is left, what went."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.network import Network, item_positions
from allocator.models.dispatch.by_owner import before, fit
from allocator.models.dispatch.sets import stock_floors
from allocator.models.dispatch.ways import ways_of

SAFETY = 1.0 - 1e-9  # keeps sums of many roundings inside their limits


class Ledger:
    """Moves goods period by period and never exceeds stock, gate, fleet, throughput or caps."""

    def __init__(self, net: Network) -> None:
        """Begin before the first period."""
        self.net = net
        self.now = 0
        self.ways = ways_of(net)
        self.whole_trips = net.instance.policy.trips == "integer"
        self.loads = np.zeros((2, len(self.ways.lane)))  # of this period, in trips, by kg and by m3
        self.charged = np.zeros(len(self.ways.lane))  # whole trips of this period
        places, items, periods = len(net.places.ids), len(net.items.ids), net.periods
        self.need = np.zeros((items, places, periods))
        self.need[net.needs.item, net.needs.place, net.needs.period] = net.needs.quantity
        self.floor = np.zeros((items, places, periods))
        self.floor[net.needs.item, net.needs.place, net.needs.period] = (
            net.needs.floor * net.needs.quantity
        )
        self.waits = np.zeros((items, places), dtype=bool)
        self.waits[net.needs.item, net.needs.place] = net.needs.waits
        self.waiting = np.zeros((items, places))
        self.short = np.zeros((items, places, periods))
        self.held = np.zeros((len(net.batches), places))
        self.consumed = np.zeros((len(net.batches), places, periods))
        self.coming = np.zeros((periods, len(net.batches), places))
        self.keep = np.zeros((items, places))
        floors = stock_floors(net)
        self.keep[floors.item, floors.place] = floors.quantity
        self.batches_of = [_first_to_go(net, item) for item in range(items)]
        from_town = ~net.places.is_site[self.ways.origin]
        self.returning = np.where(from_town, 1, 0)  # goods on these ways take the extra lead
        self.extra_lead = np.where(net.items.reusable, net.items.extra_lead, 0)
        self.last = last_usable(net)
        self.forbidden: np.ndarray | None = None  # lanes x items x periods
        self.shipped: list[
            tuple[Ints, int, int, Floats, Floats]
        ] = []  # ways, batch, period, units, trips
        self._enter_lots()
        self._set_capacities()

    def _enter_lots(self) -> None:
        lots = self.net.lots
        given = np.flatnonzero(lots.source != "purchases")
        np.add.at(
            self.coming,
            (lots.period[given], lots.batch[given], lots.place[given]),
            lots.quantity[given],
        )

    def _set_capacities(self) -> None:
        net = self.net
        places, periods = len(net.places.ids), net.periods
        self.gate = np.full((places, periods), np.inf)
        self.gate_share = np.zeros((places, periods))
        self.gate[net.gates.place, net.gates.period] = net.gates.minutes * SAFETY
        self.gate_share[net.gates.place, net.gates.period] = net.gates.share
        self.fleet_minutes = np.r_[net.fleet.hours * SAFETY, np.inf][:, None].repeat(
            periods, axis=1
        )
        self.fleet_trips = np.r_[net.fleet.trips * SAFETY, np.inf][:, None].repeat(periods, axis=1)
        self.throughput = np.full((places, periods), np.inf)
        sites = net.instance["sites"]
        position = net.places.find(sites["site_id"])
        limit = sites["throughput_kg"].fillna(np.inf).to_numpy(float)
        self.throughput[position[position >= 0]] = limit[position >= 0, None] * SAFETY
        self.ship_max = np.full((len(net.items.ids), places, periods), np.inf)
        limits = net.instance["limits"]
        place, item = (
            net.places.find(limits["place_id"]),
            item_positions(net.instance, limits["item_id"]),
        )
        most = limits["ship_max"].fillna(np.inf).to_numpy(float)
        self.ship_max[item[place >= 0], place[place >= 0]] = most[place >= 0, None] * SAFETY

    def start(self, period: int) -> None:
        """Begin a period: take in what enters."""
        self.now = period
        self.loads[:] = 0.0
        self.charged[:] = 0.0
        self.held += self.coming[period]
        self.held[self.last < period] = 0.0

    def finish(self) -> None:
        """End the period: serve needs, first expired first, and drop what expires."""
        for item in range(len(self.need)):
            self._consume(item)
        self.held[self.last <= self.now] = 0.0

    def _consume(self, item: int) -> None:
        wanted = self.need[item, :, self.now] + self.waiting[item]
        batches = self.batches_of[item]
        left = wanted.copy()
        free = np.maximum(0.0, self.held[batches].sum(axis=0) - self.keep[item])
        if self.net.items.reusable[item]:
            left = np.maximum(0.0, wanted - self.held[batches].sum(axis=0))
        else:
            for batch in batches:
                used = np.minimum(np.minimum(left, self.held[batch]), free)
                self.held[batch] -= used
                self.consumed[batch, :, self.now] = used
                left -= used
                free -= used
        left[left <= 1e-9 * wanted] = 0.0
        self.short[item, :, self.now] = left
        self.waiting[item] = np.where(self.waits[item], left, 0.0)

    def missing(
        self,
        item: int,
        ways: Ints,
        need: Floats | None = None,
        drained: Floats | None = None,
    ) -> Floats:
        """Return what the target of each way will lack when goods sent now would arrive.

        `need` is places x periods (by default the places' own need of the item); `drained` what is
        consumed before that (by default the need).
        """
        wanted = self.need[item] if need is None else need
        drained = wanted if drained is None else drained
        target, arrives = self.ways.target[ways], self.arrival(item, ways)
        batches = self.batches_of[item]
        at = (batches[:, None], target)
        level = self.held[at].sum(axis=0) - self.waiting[item, target]
        for period in range(self.now, int(arrives.max(initial=self.now)) + 1):
            if period > self.now:
                level = level + np.where(
                    arrives >= period, self.coming[period][at].sum(axis=0), 0.0
                )
            used = (arrives > period) & ~self.net.items.reusable[item]
            level = np.where(used, np.maximum(0.0, level - drained[target, period]), level)
        return np.asarray(
            np.maximum(0.0, wanted[target, arrives] + self.keep[item, target] - level)
        )

    def arrival(self, item: int, ways: Ints) -> Ints:
        """Return the period in which each way arrives, at most the last one."""
        lead = self.net.lead[self.ways.lane[ways], self.now]
        lead = lead + self.returning[ways] * self.extra_lead[item]
        return np.asarray(np.minimum(self.now + lead, self.net.periods - 1))

    def usable(self, item: int) -> Ints:
        """Return the ways open now for the item that arrive within the horizon."""
        net, ways = self.net, self.ways
        lead = net.lead[ways.lane, self.now] + self.returning * self.extra_lead[item]
        fits = ways.open[:, self.now] & (self.now + lead < net.periods)
        if self.forbidden is not None:
            fits &= ~self.forbidden[ways.lane, item, self.now]
        return np.flatnonzero(
            fits & (net.items.reusable[item] | ~net.lanes.reusable_only[ways.lane])
        )

    def free(self, item: int, batch: int) -> Floats:
        """Return what of a batch may leave each place: above its stock floor and own need."""
        own = self.need[item, :, self.now] + self.keep[item]
        total = self.held[self.batches_of[item]].sum(axis=0)
        return np.asarray(np.minimum(self.held[batch], np.maximum(0.0, total - own)) * SAFETY)

    def move(self, item: int, ways: Ints, wanted: Floats) -> Floats:
        """Ship up to `wanted` units along each way and return what went; targets must differ."""
        went = np.zeros(len(ways))
        for batch in self.batches_of[item]:
            left = wanted - went
            if (left > 0).any() and (self.held[batch] > 0).any():
                went += self._move_batch(item, int(batch), ways, left)
        return went

    def _move_batch(self, item: int, batch: int, ways: Ints, wanted: Floats) -> Floats:
        net, arrives = self.net, self.arrival(item, ways)
        origin, target = self.ways.origin[ways], self.ways.target[ways]
        vehicle = self.ways.vehicle[ways]
        able = net.batches.allowed[batch, target] & (arrives <= self.last[batch])
        units = np.where(able, wanted, 0.0)
        at_gate = self.gate_share[target, arrives] * net.items.handling[item]
        room = np.divide(
            self.gate[target, arrives], at_gate, out=np.full(len(ways), np.inf), where=at_gate > 0
        )
        units = np.minimum(units, np.maximum(0.0, room))
        units = units * fit(origin, units, self.free(item, batch))
        units = units * fit(origin, units, self.ship_max[item, :, self.now])
        units = units * fit(origin, units * net.items.kg[item], self.throughput[:, self.now])
        load = np.maximum(
            net.items.kg[item] * self.ways.trips_per_kg[ways],
            net.items.m3[item] * self.ways.trips_per_m3[ways],
        )
        if self.whole_trips:
            units = self._within_trips(item, ways, units)
        else:
            minutes = units * load * self.ways.minutes[ways]
            units = units * fit(vehicle, minutes, self.fleet_minutes[:, self.now])
            units = units * fit(vehicle, units * load, self.fleet_trips[:, self.now])
        if net.items.whole[item]:
            units = np.floor(units / net.items.pack[item] + 1e-9) * net.items.pack[item]
        units = np.where(units > 1e-6, units, 0.0)
        trips = self._charge(item, ways, units) if self.whole_trips else units * load
        self._book(item, batch, ways, units, trips, arrives)
        return units

    def _loads(self, item: int, ways: Ints, units: Floats) -> Floats:
        """Return the loads of the ways with these units on top, in trips: by kg and by m3."""
        items = self.net.items
        each = np.stack(
            [
                items.kg[item] * self.ways.trips_per_kg[ways],
                items.m3[item] * self.ways.trips_per_m3[ways],
            ]
        )
        return np.asarray(self.loads[:, ways] + units * each)

    def _within_trips(self, item: int, ways: Ints, units: Floats) -> Floats:
        """Cut what takes more whole trips than the fleet has left; the fullest trips go first."""
        charged, vehicle = self.charged[ways], self.ways.vehicle[ways]
        more = np.maximum(0.0, np.ceil(self._loads(item, ways, units).max(axis=0) - 1e-9) - charged)
        order = np.lexsort((-units / np.maximum(more, 1.0), vehicle))
        granted = more.copy()
        for effort, left in (
            (self.ways.minutes[ways], self.fleet_minutes[:, self.now]),
            (np.ones(len(ways)), self.fleet_trips[:, self.now]),
        ):
            earlier = before(vehicle[order], (more * effort)[order])
            with np.errstate(divide="ignore", invalid="ignore"):
                fits = np.floor((left[vehicle[order]] - earlier) / effort[order] + 1e-6)
            fits = np.where(effort[order] > 0, np.maximum(fits, 0.0), np.inf)
            granted[order] = np.minimum(granted[order], fits)
        empty, full = self.loads[:, ways], self._loads(item, ways, np.ones(len(ways)))
        with np.errstate(divide="ignore", invalid="ignore"):
            room = (charged + granted - empty) / (full - empty)
        room = np.where(full > empty, np.maximum(room, 0.0), np.inf).min(axis=0)
        return np.asarray(np.minimum(units, room))

    def _charge(self, item: int, ways: Ints, units: Floats) -> Floats:
        """Load the units; return the whole trips that come to those charged before."""
        loads = self._loads(item, ways, units)
        whole = np.maximum(self.charged[ways], np.ceil(loads.max(axis=0) - 1e-9))
        trips = whole - self.charged[ways]
        self.loads[:, ways], self.charged[ways] = loads, whole
        return np.asarray(trips)

    def _book(
        self, item: int, batch: int, ways: Ints, units: Floats, trips: Floats, arrives: Ints
    ) -> None:
        sent = np.flatnonzero(units)
        if not len(sent):
            return
        net, now = self.net, self.now
        ways, units, trips, arrives = ways[sent], units[sent], trips[sent], arrives[sent]
        origin, target, vehicle = (
            self.ways.origin[ways],
            self.ways.target[ways],
            self.ways.vehicle[ways],
        )
        np.subtract.at(self.held, (np.full(len(ways), batch), origin), units)
        np.maximum(self.held[batch], 0.0, out=self.held[batch])
        same_day = arrives == now
        np.add.at(self.held[batch], target[same_day], units[same_day])
        np.add.at(self.coming, (arrives[~same_day], batch, target[~same_day]), units[~same_day])
        handled = units * self.gate_share[target, arrives] * net.items.handling[item]
        np.subtract.at(self.gate, (target, arrives), handled)
        minutes, kg = trips * self.ways.minutes[ways], units * net.items.kg[item]
        np.subtract.at(self.ship_max[item, :, now], origin, units)
        np.subtract.at(self.throughput[:, now], origin, kg)
        np.subtract.at(self.fleet_minutes[:, now], vehicle, minutes)
        np.subtract.at(self.fleet_trips[:, now], vehicle, trips)
        self.shipped.append((ways, batch, now, units, trips))


def last_usable(net: Network) -> Ints:
    """Return the last period in which each batch serves: reusables go back before they expire."""
    reusable = net.items.reusable[net.batches.item]
    return np.asarray(np.where(reusable, net.batches.expiry - 1, net.batches.expiry))


def _first_to_go(net: Network, item: int) -> Ints:
    """Return the batches of an item in the order to go: reserved before free, old before new."""
    mine = np.flatnonzero(net.batches.item == item)
    return mine[np.lexsort((net.batches.expiry[mine], net.batches.earmark[mine] == ""))]
