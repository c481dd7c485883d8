"""From a point of the coarse program to a plan of the true instance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.network import Network
from allocator.models.dispatch.done import DUST, Done, Moves
from allocator.models.dispatch.groups import Groups
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.portions import CoarseFlows, Portions, Sharing, coarse_flows
from allocator.models.dispatch.read import bought
from allocator.models.dispatch.replay import replay

SAFETY = 1.0 - 1e-9


def split(groups: Groups, model: DispatchModel, solution: Floats) -> Done:
    """Share a coarse plan out over the members and follow what becomes of it, period by period.

    Trips, gates, stock and needs of the true instance hold whatever the coarse plan says.
    """
    flows = coarse_flows(model, solution)
    portions = Sharing(groups, flows).run()
    moves = member_moves(groups, model, flows, portions)
    trips = Trips(groups, model, solution)
    moves = trips.fitted(moves)
    units = bought(model, solution)
    replayed = replay(groups.fine, moves, units, portions.consumed)
    return replace(replayed, trips=trips.number(replayed.moves))


def member_moves(
    groups: Groups, model: DispatchModel, flows: CoarseFlows, portions: Portions
) -> Moves:
    """Return the shipments of the members: their portions by lane, and all others as they are."""
    coarse, ship = groups.coarse, model.sets.ship
    merged = groups.members() > 1
    first = np.unique(groups.of, return_index=True)[1]
    origin, target = coarse.lanes.origin[ship.lane], coarse.lanes.target[ship.lane]
    sent = flows.shipped > 0
    into, out = sent & merged[target], sent & merged[origin]
    plain = np.flatnonzero(sent & ~into & ~out)
    start, end = first[origin], first[target]
    column, member, units = _spread(
        groups,
        np.flatnonzero(into),
        target,
        (ship.batch, ship.arrives),
        flows.enters,
        portions.enters,
    )
    back, leaver, returned = _spread(
        groups,
        np.flatnonzero(out),
        origin,
        (ship.batch, ship.period),
        flows.leaves,
        portions.leaves,
    )
    units = np.concatenate(
        [flows.shipped[plain], flows.shipped[column] * units, flows.shipped[back] * returned]
    )
    starts = np.concatenate([start[plain], start[column], leaver])
    ends = np.concatenate([end[plain], member, end[back]])
    column = np.concatenate([plain, column, back])
    keep = units > DUST
    column = column[keep]
    return Moves(
        lane=lane_between(groups.fine, starts[keep], ends[keep]),
        batch=ship.batch[column],
        period=ship.period[column],
        arrives=ship.arrives[column],
        units=units[keep],
    )


def _spread(
    groups: Groups,
    columns: Ints,
    place: Ints,
    when: tuple[Ints, Ints],
    whole: Floats,
    parts: Floats,
) -> tuple[Ints, Ints, Floats]:
    """Return column, member and the member's part, for every member of the place of a column."""
    row, member = groups.expanded(place[columns])
    column = columns[row]
    batch, period = when[0][column], when[1][column]
    total = whole[batch, place[column], period]
    part = parts[batch, member, period] / np.where(total > 0, total, 1.0)
    some = part > 0
    return column[some], member[some], part[some]


def lane_between(net: Network, origin: Ints, target: Ints) -> Ints:
    """Return the lane from each origin to each target; KeyError where there is none."""
    size = len(net.places.ids)
    index = pd.Index(net.lanes.origin * size + net.lanes.target)
    found = np.asarray(index.get_indexer(pd.Index(origin * size + target)), dtype=np.int64)
    if (found < 0).any():
        raise KeyError("a coarse lane that no member has")
    return found


class Trips:
    """Trips of the true lanes: the vehicles of the coarse plan, as many as the loads need."""

    def __init__(self, groups: Groups, model: DispatchModel, solution: Floats) -> None:
        """Read the trips of a point of the coarse program."""
        self.net, coarse = groups.fine, groups.coarse
        fleet, net = self.net.fleet, self.net
        first = np.unique(groups.of, return_index=True)[1]
        lane_of = np.full((len(first), len(first)), -1, dtype=np.int64)
        lane_of[coarse.lanes.origin, coarse.lanes.target] = np.arange(len(coarse.lanes))
        self.coarse_lane = lane_of[groups.of[net.lanes.origin], groups.of[net.lanes.target]]
        number = np.zeros((len(coarse.lanes), len(fleet.hours), net.periods))
        driven = solution[model.trips]
        number[model.trip_lane, model.trip_vehicle, model.trip_period] = np.maximum(driven, 0.0)
        self.mix = number[self.coarse_lane[fleet.pair_lane], fleet.pair_vehicle] * fleet.pair_open
        self.kg = self._capacity(fleet.kg)
        self.m3 = self._capacity(fleet.m3)
        self.by_vehicle = net.places.is_site[net.lanes.origin] & fleet.limited

    def _capacity(self, size: Floats) -> Floats:
        """Return what the trips of the coarse lane carry, by true lane and period."""
        fleet, net = self.net.fleet, self.net
        carried = np.zeros((len(net.lanes), net.periods))
        with np.errstate(invalid="ignore"):
            load = np.where(self.mix > 0, self.mix * size[fleet.pair_vehicle, None], 0.0)
        np.add.at(carried, fleet.pair_lane, load)
        return carried

    def _used(self, moves: Moves) -> Floats:
        """Return lanes x periods: the part of the coarse trips that the loads need."""
        net = self.net
        item = net.batches.item[moves.batch]
        used = np.zeros((len(net.lanes), net.periods))
        for size, capacity in ((net.items.kg, self.kg), (net.items.m3, self.m3)):
            load = np.zeros(used.shape)
            np.add.at(load, (moves.lane, moves.period), moves.units * size[item])
            with np.errstate(divide="ignore", invalid="ignore"):
                used = np.maximum(used, np.where(load > 0, load / capacity, 0.0))
        used[~self.by_vehicle] = 0.0
        return used

    def fitted(self, moves: Moves) -> Moves:
        """Return the moves that the true fleet can run: the least urgent goods give way."""
        if not self.net.fleet.limited:
            return moves
        tier = self.net.items.tier[self.net.batches.item[moves.batch]]
        left = [self.net.fleet.hours * SAFETY, self.net.fleet.trips * SAFETY]
        room = [np.repeat(limit[:, None], self.net.periods, axis=1) for limit in left]
        run = np.zeros((len(self.net.lanes), self.net.periods))
        for one in np.unique(tier):
            share = self._share(moves.scaled(tier <= one), run, room)
            factor = share[moves.lane, moves.period]
            moves = moves.scaled(np.where(tier == one, factor, 1.0))
            now = self._used(moves.scaled(tier <= one))
            for number, asked in enumerate(self._asked(now - run)):
                room[number] -= asked
            run = now
        return moves

    def _share(self, moves: Moves, run: Floats, room: list[Floats]) -> Floats:
        """Return lanes x periods: the part of what exceeds `run` that the fleet can take."""
        fleet, used = self.net.fleet, self._used(moves)
        carried = np.isfinite(used)
        more = np.where(carried, used - run, 0.0)
        share = np.where(carried, 1.0, 0.0)
        mine = more[fleet.pair_lane] * self.mix > 0
        for left, asked in zip(room, self._asked(more), strict=True):
            left = np.maximum(left, 0.0)
            fits = np.divide(left, asked, out=np.ones_like(asked), where=asked > left)
            np.minimum.at(share, fleet.pair_lane, np.where(mine, fits[fleet.pair_vehicle], 1.0))
        return share

    def _asked(self, run: Floats) -> list[Floats]:
        """Return minutes and trips of each vehicle row and period for parts of the coarse trips."""
        fleet = self.net.fleet
        trips = run[fleet.pair_lane] * self.mix
        both = []
        for effort in (fleet.pair_minutes, np.ones(len(fleet.pair_lane))):
            asked = np.zeros((len(fleet.hours), self.net.periods))
            np.add.at(asked, fleet.pair_vehicle, trips * effort[:, None])
            both.append(asked)
        return both

    def number(self, moves: Moves) -> Floats:
        """Return the trips that carry the moves: pairs of the fleet x periods."""
        return np.asarray(self._used(moves)[self.net.fleet.pair_lane] * self.mix)
