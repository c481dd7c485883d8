"""Whole packs: follow planned shipments over time, carrying on what a pack is short or over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.lanes import Bools
from allocator.instance.network import Network
from allocator.models.dispatch.ledger import Ledger
from allocator.models.dispatch.sets import Ship

PASSES = 6  # times a period is gone through: what arrives on the same day may go on
CUT = 1e-6  # of a pack: no new pack is opened for less


class Replay(Ledger):
    """A ledger that ships near a plan: on every lane the total so far in whole packs.

    It is rounded up where goods, gate, caps and the room of the trips allow it; what is cut stays
    wanted in later periods.
    """

    def __init__(
        self,
        net: Network,
        plan: Ship,
        units: Floats,
        bought: Floats,
        room: tuple[Floats, Floats],
        needy: Bools | None = None,
    ) -> None:
        """Take in the plan.

        `units` follow `plan`, `bought` the purchases of the network; `room` is kg and m3 by lane
        and period; `needy` (items x places x periods) marks who comes first where packs are opened.
        """
        super().__init__(net)
        self.needy = needy
        self.fleet_minutes[:] = np.inf
        self.fleet_trips[:] = np.inf
        self.room_kg, self.room_m3 = room[0].copy(), room[1].copy()
        lots = net.lots
        at = np.flatnonzero(lots.source == "purchases")
        np.add.at(self.coming, (lots.period[at], lots.batch[at], lots.place[at]), bought)
        lanes, first = np.unique(self.ways.lane, return_index=True)
        self.way_of = np.full(len(net.lanes), -1)
        self.way_of[lanes] = first
        shape = (len(net.batches), len(net.lanes), net.periods)
        self.column = np.full(shape, -1, dtype=np.int32)
        self.column[plan.batch, plan.lane, plan.period] = np.arange(len(plan))
        self.planned = np.zeros(shape)
        self.planned[plan.batch, plan.lane, plan.period] = units
        np.cumsum(self.planned, axis=2, out=self.planned)
        self.sent = np.zeros(shape[:2])
        self.units = np.zeros(len(plan))
        item, items = net.batches.item, net.items
        # What need not be whole comes last: it gives way most easily.
        keys = (net.batches.expiry, _kg_a_person(net)[item], items.tier[item], ~items.whole[item])
        self.order = np.lexsort(keys)

    def run(self) -> Floats:
        """Go through the periods and return the units shipped, one entry an entry of the plan."""
        whole = self.net.items.whole[self.net.batches.item]
        packed, loose = self.order[whole[self.order]], self.order[~whole[self.order]]
        for period in range(self.net.periods):
            self.start(period)
            # Full packs of all goods first: no opened pack takes the room of another's full one.
            self._ship(packed, np.floor)
            self._ship(packed, np.ceil)
            self._ship(loose, np.ceil)
            self.finish()
        return self.units

    def _ship(self, batches: Ints, packs: Callable[[Floats], Floats]) -> None:
        """Follow the plan with some batches, to sites first, until nothing more can go."""
        inward = self.net.places.is_site[self.net.lanes.target]
        self.stuck = np.zeros(self.sent.shape, dtype=bool)
        for _ in range(PASSES):
            moved = [
                self._follow(int(batch), chosen, packs)
                for chosen in (inward, ~inward)
                for batch in batches
            ]
            if not any(moved):
                break

    def _is_needy(self, item: int, lanes: Ints) -> Bools:
        """Return whether the lanes lead to who comes first in the period of arrival."""
        if self.needy is None:
            return np.zeros(len(lanes), dtype=bool)
        arrives = self.arrival(item, self.way_of[lanes])
        return np.asarray(self.needy[item, self.net.lanes.target[lanes], arrives])

    def _follow(self, batch: int, chosen: Bools, packs: Callable[[Floats], Floats]) -> bool:
        """Ship what the lanes of one batch are behind the plan; return whether to try again.

        A place fed by several lanes opens no more packs than it is behind in all.
        """
        item, items = int(self.net.batches.item[batch]), self.net.items
        behind = self.planned[batch, :, self.now] - self.sent[batch]
        target = self.net.lanes.target
        total = np.bincount(target, weights=behind, minlength=len(self.net.places.ids))
        wanted, most = behind, np.maximum(total, 0.0)
        if items.whole[item]:
            slack, pack = -CUT if packs is np.ceil else CUT, items.pack[item]
            wanted = packs(behind / pack + slack) * pack
            most = np.ceil(most / pack - CUT) * pack
        able = chosen & ~self.stuck[batch] & (self.column[batch, :, self.now] >= 0)
        lanes = np.flatnonzero(able & (wanted > CUT))
        lanes = lanes[np.lexsort((-behind[lanes], ~self._is_needy(item, lanes)))]
        units = _cut(target[lanes], wanted[lanes], 1.0, most[target[lanes]])
        units = _whole(units, items.pack[item] if items.whole[item] else 0.0)
        lanes, units = lanes[units > CUT], units[units > CUT]
        if not len(lanes):
            return False
        went = self._move_batch(item, batch, self.way_of[lanes], units)
        self.sent[batch, lanes] += went
        self.units[self.column[batch, lanes, self.now]] += went
        self.stuck[batch, lanes] = went < units - CUT
        return True

    def _move_batch(self, item: int, batch: int, ways: Ints, wanted: Floats) -> Floats:
        net, arrives, now = self.net, self.arrival(item, ways), self.now
        origin, target, lane = self.ways.origin[ways], self.ways.target[ways], self.ways.lane[ways]
        kg, m3 = net.items.kg[item], net.items.m3[item]
        able = net.batches.allowed[batch, target] & (arrives <= net.batches.expiry[batch])
        units = np.where(able, wanted, 0.0)
        at_gate = self.gate_share[target, arrives] * net.items.handling[item]
        slot = target * net.periods + arrives
        units = _cut(slot, units, at_gate, self.gate.ravel()[slot])
        units = _cut(lane, units, kg, self.room_kg[lane, now])
        units = _cut(lane, units, m3, self.room_m3[lane, now])
        packs = net.items.pack[item] if net.items.whole[item] else 0.0
        units = _whole(units, packs)
        units = _cut(origin, units, 1.0, self.free(item, batch)[origin])
        units = _cut(origin, units, 1.0, self.ship_max[item, origin, now])
        units = _whole(_cut(origin, units, kg, self.throughput[origin, now]), packs)
        units = np.where(units > 1e-6, units, 0.0)
        self._book(item, batch, ways, units, np.zeros(len(ways)), arrives)
        self.room_kg[lane, now] -= units * kg
        self.room_m3[lane, now] -= units * m3
        return units


def _kg_a_person(net: Network) -> Floats:
    """Return the kg of each item that serve a person a period: light goods go before heavy."""
    needs, size = net.needs, len(net.items.ids)
    served = np.bincount(needs.item, weights=needs.people, minlength=size)
    mass = net.items.kg * np.bincount(needs.item, weights=needs.quantity, minlength=size)
    return np.divide(mass, served, out=np.zeros(size), where=served > 0)


def _whole(units: Floats, pack: float) -> Floats:
    return np.floor(units / pack + 1e-9) * pack if pack > 0 else units


def _cut(owner: Ints, units: Floats, each: Floats | float, left: Floats) -> Floats:
    """Cut units so that those of each owner fit what it has left; the first in order come first."""
    amount = units * each
    order = np.argsort(owner, kind="stable")
    sorted_owner, sorted_amount = owner[order], amount[order]
    total = np.cumsum(sorted_amount) - sorted_amount
    starts = np.r_[True, sorted_owner[1:] != sorted_owner[:-1]] if len(owner) else np.zeros(0, bool)
    base = np.maximum.accumulate(np.where(starts, np.arange(len(owner)), 0))
    before = np.zeros(len(owner))
    before[order] = total - total[base]
    open_ = np.maximum(0.0, left - before)
    share = np.divide(open_, amount, out=np.ones(len(units)), where=amount > 0)
    return np.asarray(units * np.minimum(1.0, share))
