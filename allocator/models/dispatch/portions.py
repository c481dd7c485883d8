"""Share what a coarse plan gives to groups out over their members, as far as needs and gates go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.models.dispatch.groups import Groups
from allocator.models.dispatch.model import DispatchModel

PASSES = 6
DUST = 1e-6
SAFETY = 1.0 - 1e-9


@dataclass(frozen=True)
class Cells:
    """Goods of a batch that enter a group in one period and are used up (or leave) in another."""

    batch: Ints
    group: Ints
    enter: Ints
    leave: Ints
    amount: Floats


@dataclass(frozen=True)
class Portions:
    """What members get and what becomes of it: batches x places x periods, in units."""

    enters: Floats
    leaves: Floats  # reusables only
    consumed: Floats


@dataclass(frozen=True)
class CoarseFlows:
    """What enters, leaves and is consumed in the coarse plan: batches x coarse places x periods."""

    enters: Floats
    leaves: Floats
    consumed: Floats
    shipped: Floats  # units of every ship column


def coarse_flows(model: DispatchModel, solution: Floats) -> CoarseFlows:
    """Sum up a point of the coarse program."""
    net, ship, use = model.net, model.sets.ship, model.sets.use
    shape = (len(net.batches), len(net.places.ids), net.periods)
    shipped = solution[model.ship] * model.pack
    shipped = np.where(shipped > DUST, shipped, 0.0)
    keys = (ship.batch, net.lanes.target[ship.lane], ship.arrives)
    out = (ship.batch, net.lanes.origin[ship.lane], ship.period)
    return CoarseFlows(
        enters=_summed(keys, shipped, shape),
        leaves=_summed(out, shipped, shape),
        consumed=_summed((use.batch, use.place, use.period), solution[model.use], shape),
        shipped=shipped,
    )


def _summed(keys: tuple[Ints, ...], values: Floats, shape: tuple[int, ...]) -> Floats:
    code = np.ravel_multi_index(keys, shape)
    total = np.bincount(code, weights=values, minlength=int(np.prod(shape))).reshape(shape)
    return np.asarray(total, dtype=float)


def cells_of(groups: Groups, flows: CoarseFlows) -> Cells:
    """Match what enters a group with what becomes of it, first in first out, batch by batch."""
    net = groups.coarse
    merged = np.flatnonzero(groups.members() > 1)
    reusable = net.items.reusable[net.batches.item]
    going = np.where(reusable[:, None, None], flows.leaves, flows.consumed)[:, merged]
    stays = np.where(reusable, np.inf, 0.0)[:, None, None].repeat(len(merged), axis=1)
    inward = flows.enters[:, merged].cumsum(axis=2)
    outward = np.concatenate([going, stays], axis=2).cumsum(axis=2)
    outward = np.minimum(outward, inward[:, :, -1:])
    parts = []
    for batch in range(len(reusable)):  # one at a time: groups x periods x periods each
        top = np.minimum(inward[batch][:, :, None], outward[batch][:, None, :])
        before = np.maximum(
            _shifted(inward[batch])[:, :, None], _shifted(outward[batch])[:, None, :]
        )
        group, enter, leave = np.nonzero(top - before > DUST)
        amount = (top - before)[group, enter, leave]
        parts.append((np.full(len(group), batch), merged[group], enter, leave, amount))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    keep = columns[3] >= columns[2]
    return Cells(*(column[keep] for column in columns))


def _shifted(total: Floats) -> Floats:
    return np.concatenate([np.zeros_like(total[:, :1]), total[:, :-1]], axis=1)


class Sharing:
    """Members take portions of the cells by what they still need, as far as their gates allow."""

    def __init__(self, groups: Groups, flows: CoarseFlows) -> None:
        """Begin with nothing shared out."""
        self.groups, self.net = groups, groups.fine
        net = self.net
        self.cells = cells_of(groups, flows)
        self.item = net.batches.item[self.cells.batch]
        self.reusable = net.items.reusable[self.item]
        self.left = self.cells.amount.copy()
        self.gap = np.zeros((len(net.items.ids), len(net.places.ids), net.periods))
        self.gap[net.needs.item, net.needs.place, net.needs.period] = net.needs.quantity
        self.room = np.full((len(net.places.ids), net.periods), np.inf)
        self.share = np.zeros(self.room.shape)
        self.share[net.gates.place, net.gates.period] = net.gates.share
        self.room[net.gates.place, net.gates.period] = net.gates.minutes * SAFETY
        # Periods of use of a cell: reusables are in use until they leave.
        cells = self.cells
        self.low = np.where(self.reusable, cells.enter, cells.leave)
        high = np.where(self.reusable, np.maximum(cells.leave, cells.enter + 1), cells.leave + 1)
        self.high = np.minimum(high, net.periods)
        shape = (len(net.batches), len(net.places.ids), net.periods)
        self.portions = Portions(np.zeros(shape), np.zeros(shape), np.zeros(shape))
        alone = np.flatnonzero(groups.members()[groups.of] == 1)
        self.portions.consumed[:, alone] = flows.consumed[:, groups.of[alone]]

    def run(self) -> Portions:
        """Offer what is left again while members have room, the most urgent tier first."""
        tier = self.net.items.tier[self.item]
        for _ in range(PASSES):
            offered = self.left > DUST + 1e-9 * self.cells.amount
            if not offered.any():
                break
            for one in np.unique(tier[offered]):
                self._offer(np.flatnonzero(offered & (tier == one)))
        return self.portions

    def _offer(self, cells: Ints) -> None:
        """Offer cells to the members of their groups in proportion to what these still need."""
        row, member = self.groups.expanded(self.cells.group[cells])
        cell = cells[row]
        item, enter = self.item[cell], self.cells.enter[cell]
        minutes = self.net.items.handling[item] * self.share[member, enter]
        open_gate = (minutes <= 0) | (self.room[member, enter] > DUST)
        weight = np.where(open_gate, self._wanted(cell, member), 0.0)
        total = np.bincount(row, weights=weight, minlength=len(cells))[row]
        taken = self.left[cell] * np.divide(
            weight, total, out=np.zeros_like(weight), where=total > 0
        )
        taken *= self._within_gap(cell, member, taken)
        handled = np.bincount(
            member * self.net.periods + enter, weights=taken * minutes, minlength=self.room.size
        ).reshape(self.room.shape)
        fits = np.divide(self.room, handled, out=np.ones_like(handled), where=handled > self.room)
        taken = np.where(minutes > 0, taken * np.maximum(fits, 0.0)[member, enter], taken)
        self._book(row, cells, member, taken, minutes)

    def _wanted(self, cell: Ints, member: Ints) -> Floats:
        """Return what a member still needs of the item in the periods of use, on average."""
        item, low, high = self.item[cell], self.low[cell], self.high[cell]
        wanted = self.gap[item, member, low]
        long = np.flatnonzero(high - low > 1)
        total = self.gap.cumsum(axis=2) if len(long) else self.gap
        at = item[long], member[long]
        before = np.where(low[long] > 0, total[(*at, np.maximum(low[long] - 1, 0))], 0.0)
        span = (high - low)[long]
        wanted[long] = (total[(*at, high[long] - 1)] - before) / span
        return np.maximum(wanted, 0.0)

    def _within_gap(self, cell: Ints, member: Ints, taken: Floats) -> Floats:
        """Return the factor that keeps members from taking more than they need."""
        code = np.ravel_multi_index((self.item[cell], member, self.low[cell]), self.gap.shape)
        asked = np.bincount(code, weights=taken, minlength=self.gap.size)
        gap = self.gap.ravel()
        factor = np.ones(len(asked))
        over = asked > np.maximum(gap, 0.0)
        factor[over] = np.maximum(gap[over], 0.0) / asked[over]
        return np.where(self.reusable[cell], 1.0, factor[code])

    def _book(self, row: Ints, cells: Ints, member: Ints, taken: Floats, minutes: Floats) -> None:
        net, cell = self.net, cells[row]
        self.left[cells] -= np.bincount(row, weights=taken, minlength=len(cells))
        batch, enter, leave = (
            self.cells.batch[cell],
            self.cells.enter[cell],
            self.cells.leave[cell],
        )
        np.add.at(self.portions.enters, (batch, member, enter), taken)
        np.subtract.at(self.room, (member, enter), taken * minutes)
        goes = self.reusable[cell] & (leave < net.periods)
        np.add.at(self.portions.leaves, (batch[goes], member[goes], leave[goes]), taken[goes])
        eaten = ~self.reusable[cell]
        np.add.at(self.portions.consumed, (batch[eaten], member[eaten], leave[eaten]), taken[eaten])
        self._close_gaps(cell, member, taken)

    def _close_gaps(self, cell: Ints, member: Ints, taken: Floats) -> None:
        item, low, high = self.item[cell], self.low[cell], self.high[cell]
        for step in range(int((high - low).max(initial=0))):
            inside = low + step < high
            at = (item[inside], member[inside], (low + step)[inside])
            np.subtract.at(self.gap, at, taken[inside])
