"""From a point of the coarse program to a plan of the true instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.network import Network
from allocator.models.dispatch.groups import Groups
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.portions import CoarseFlows, Portions, Sharing, coarse_flows
from allocator.models.dispatch.read import purchases
from allocator.models.dispatch.replay import Moves, Replayed, replay
from allocator.plan.precision import WRITTEN_DECIMALS

DUST = 0.5 * 10.0**-WRITTEN_DECIMALS
SAFETY = 1.0 - 1e-9


@dataclass(frozen=True)
class SplitPlan:
    """The tables of the true plan, and what became of it."""

    tables: Mapping[str, pd.DataFrame]
    replayed: Replayed
    trips_cost: float


def split(groups: Groups, model: DispatchModel, solution: Floats) -> SplitPlan:
    """Share a coarse plan out over the members and follow what becomes of it, period by period.

    Trips, gates, stock and needs of the true instance hold whatever the coarse plan says.
    """
    flows = coarse_flows(model, solution)
    portions = Sharing(groups, flows).run()
    moves = member_moves(groups, model, flows, portions)
    trips = Trips(groups, model, solution)
    moves = trips.fitted(moves)
    replayed = replay(groups.fine, moves, bought(model, solution), portions.consumed)
    driven, trips_cost = trips.table(replayed.moves)
    tables = {
        "shipments": shipments(groups.fine, replayed.moves),
        "trips": driven,
        "purchases": purchases(model, solution[model.buy]),
        "shortages": replayed.shortages(),
    }
    return SplitPlan(tables, replayed, trips_cost)


def bought(model: DispatchModel, solution: Floats) -> Floats:
    """Return units bought of every lot (0 for lots that are given)."""
    units = np.zeros(len(model.net.lots.quantity))
    units[model.purchases] = solution[model.buy]
    return units


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
        """Return the moves, fewer where the true fleet cannot run them."""
        if not self.net.fleet.limited:
            return moves
        fleet, used = self.net.fleet, self._used(moves)
        carried = np.isfinite(used)
        trips = np.where(carried, used, 0.0)[fleet.pair_lane] * self.mix
        factor = np.where(carried, 1.0, 0.0)
        for effort, limit in (
            (fleet.pair_minutes, fleet.hours),
            (np.ones(len(fleet.pair_lane)), fleet.trips),
        ):
            asked = np.zeros((len(fleet.hours), self.net.periods))
            np.add.at(asked, fleet.pair_vehicle, trips * effort[:, None])
            room = (limit * SAFETY)[:, None]
            fits = np.divide(room, asked, out=np.ones_like(asked), where=asked > room)
            mine = np.where(trips > 0, fits[fleet.pair_vehicle], 1.0)
            np.minimum.at(factor, fleet.pair_lane, mine)
        return moves.scaled(factor[moves.lane, moves.period])

    def table(self, moves: Moves) -> tuple[pd.DataFrame, float]:
        """Return the trips table that carries the moves, and what the trips cost."""
        net, fleet = self.net, self.net.fleet
        number = self._used(moves)[fleet.pair_lane] * self.mix
        pair, period = np.nonzero(number > DUST)
        lane, vehicle = fleet.pair_lane[pair], fleet.pair_vehicle[pair]
        vehicles = net.instance["vehicles"]
        frame = pd.DataFrame(
            {
                "from_id": net.places.ids[net.lanes.origin[lane]],
                "to_id": net.places.ids[net.lanes.target[lane]],
                "type": vehicles["type"].to_numpy(object)[vehicle],
                "site_id": vehicles["site_id"].to_numpy(object)[vehicle],
                "period": period + 1,
                "trips": number[pair, period].round(WRITTEN_DECIMALS),
            }
        )
        order = np.lexsort((vehicle, lane, period))
        cost = float((fleet.pair_cost[pair] * number[pair, period]).sum())
        return frame.iloc[order].reset_index(drop=True), cost


def shipments(net: Network, moves: Moves) -> pd.DataFrame:
    """Return the shipments table."""
    kept = np.flatnonzero(moves.units > DUST)
    lane, batch = moves.lane[kept], moves.batch[kept]
    order = np.lexsort((batch, net.lanes.target[lane], net.lanes.origin[lane], moves.period[kept]))
    kept, lane, batch = kept[order], lane[order], batch[order]
    expiry = net.batches.expiry[batch]
    return pd.DataFrame(
        {
            "from_id": net.places.ids[net.lanes.origin[lane]],
            "to_id": net.places.ids[net.lanes.target[lane]],
            "item_id": net.items.ids[net.batches.item[batch]],
            "period": moves.period[kept] + 1,
            "arrives": moves.arrives[kept] + 1,
            "quantity": moves.units[kept].round(WRITTEN_DECIMALS),
            "expiry": np.where(expiry < net.periods, expiry + 1.0, np.nan),
            "earmark": net.batches.earmark[batch],
        }
    )
