"""Whole trips: enough of them for the loads of every lane, as far as the vehicles have the time."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.network import Network
from allocator.models.dispatch.by_owner import before, rank_of
from allocator.models.dispatch.sets import Ship

ROUNDS = 12
NONE_LEFT = 1e-9
HUGE = 1e15  # kg or m3 a vehicle without that limit carries


def cover(net: Network, kg: Floats, m3: Floats, guess: Floats) -> Floats:
    """Return whole trips for loads of kg and m3 (lanes x periods), near `guess` (pairs x periods).

    The guess is rounded down; then every lane short of room takes trips of the vehicles that give
    the smallest part of the time they have left, until the loads or the vehicles are used up. Trips
    that nobody needs are struck out.
    """
    fleet = net.fleet
    opened = fleet.pair_open & net.open[fleet.pair_lane]
    trips = struck(net, kg, m3, np.where(opened, np.floor(guess + 1e-6), 0.0))
    trips = _within(net, trips)
    for _ in range(ROUNDS):
        more = _round(net, kg, m3, trips, opened)
        if not more.any():
            break
        trips += more
    return struck(net, kg, m3, trips)


def lane_loads(net: Network, ship: Ship, units: Floats) -> tuple[Floats, Floats]:
    """Return kg and m3 of shipments (lanes x periods)."""
    item, loads = net.batches.item[ship.batch], []
    for size in (net.items.kg, net.items.m3):
        load = np.zeros(net.open.shape)
        np.add.at(load, (ship.lane, ship.period), units * size[item])
        loads.append(load)
    return loads[0], loads[1]


def room(net: Network, trips: Floats) -> tuple[Floats, Floats]:
    """Return the kg and m3 that the trips carry (lanes x periods); inf where none are needed."""
    fleet, result = net.fleet, []
    for size in (fleet.kg, fleet.m3):
        carried = np.full(net.open.shape, np.inf)
        if fleet.limited:
            carried[net.places.is_site[net.lanes.origin]] = 0.0
        carried[np.unique(fleet.pair_lane)] = 0.0
        one = np.minimum(size, HUGE)[fleet.pair_vehicle]
        np.add.at(carried, fleet.pair_lane, trips * one[:, None])
        result.append(carried)
    return result[0], result[1]


def struck(net: Network, kg: Floats, m3: Floats, trips: Floats) -> Floats:
    """Return the trips without those that the loads do not need, the dearest first."""
    fleet, trips = net.fleet, trips.copy()
    room_kg, room_m3 = room(net, trips)
    spare_kg, spare_m3 = room_kg - kg, room_m3 - m3
    weight = fleet.pair_cost + fleet.pair_minutes * 1e-6
    order = np.lexsort((-weight, fleet.pair_lane))
    rank = rank_of(fleet.pair_lane[order])
    for number in range(int(rank.max(initial=-1)) + 1):
        pair = order[rank == number]
        lane, vehicle = fleet.pair_lane[pair], fleet.pair_vehicle[pair]
        one_kg = np.minimum(fleet.kg, HUGE)[vehicle][:, None]
        one_m3 = np.minimum(fleet.m3, HUGE)[vehicle][:, None]
        fits = np.minimum(spare_kg[lane] / one_kg, spare_m3[lane] / one_m3)
        gone = np.minimum(trips[pair], np.maximum(0.0, np.floor(fits + NONE_LEFT)))
        trips[pair] -= gone
        spare_kg[lane] -= gone * one_kg
        spare_m3[lane] -= gone * one_m3
    return trips


def cheaper(net: Network, kg: Floats, m3: Floats, trips: Floats) -> Floats:
    """Return trips with those replaced that one trip of a vehicle with time left does for less.

    One exchange a lane and period in every round, the one that saves most.
    """
    trips, fleet = trips.copy(), net.fleet
    for _ in range(ROUNDS):
        saving, gone = _exchanges(net, kg, m3, trips)
        best = saving.max(axis=1, initial=0.0)
        chosen = _best_of_lane(fleet.pair_lane, np.where(best > NONE_LEFT, -best, np.inf))
        more = _within(net, chosen.astype(float), *_left(net, trips), urgency=best)
        if not more.any():
            break
        pair, period = np.nonzero(more)
        other = saving[pair, :, period].argmax(axis=1)
        trips += more
        trips[_siblings(net)[pair, other], period] -= gone[pair, other, period]
    return trips


def _siblings(net: Network) -> Ints:
    """Return, pairs x at most, the pairs of the same lane; a pair itself fills up its row."""
    lane, size = net.fleet.pair_lane, len(net.fleet.pair_lane)
    rank, order = np.zeros(size, dtype=np.int64), np.argsort(lane, kind="stable")
    rank[order] = rank_of(lane[order])
    most = int(rank.max(initial=-1)) + 1
    at = np.full((int(lane.max(initial=-1)) + 1, most), -1)
    at[lane, rank] = np.arange(size)
    found = at[lane]
    return np.where(found < 0, np.arange(size)[:, None], found)


def _exchanges(net: Network, kg: Floats, m3: Floats, trips: Floats) -> tuple[Floats, Floats]:
    """Return what one more trip of a pair saves by trips of each sibling, and how many go."""
    fleet, siblings = net.fleet, _siblings(net)
    room_kg, room_m3 = room(net, trips)
    lane, vehicle = fleet.pair_lane, fleet.pair_vehicle
    one = [np.minimum(size, HUGE)[vehicle] for size in (fleet.kg, fleet.m3)]
    fits = np.full((len(lane), siblings.shape[1], trips.shape[1]), np.inf)
    for load, carried, size in ((kg, room_kg, one[0]), (m3, room_m3, one[1])):
        spare = np.maximum(0.0, (carried - load)[lane] + size[:, None])
        fits = np.minimum(fits, spare[:, None, :] / size[siblings][:, :, None])
    gone = np.minimum(trips[siblings], np.floor(fits + NONE_LEFT))
    gone[siblings == np.arange(len(lane))[:, None]] = 0.0
    saving = gone * fleet.pair_cost[siblings][:, :, None] - fleet.pair_cost[:, None, None]
    opened = fleet.pair_open & net.open[lane]
    return np.where(opened[:, None, :], saving, -np.inf), gone


def _round(net: Network, kg: Floats, m3: Floats, trips: Floats, opened: np.ndarray) -> Floats:
    """Return trips to add: for every lane and period short of room those of one vehicle row."""
    fleet, lane = net.fleet, net.fleet.pair_lane
    room_kg, room_m3 = room(net, trips)
    lack_kg = np.maximum(0.0, kg - room_kg - 1e-6)[lane]
    lack_m3 = np.maximum(0.0, m3 - room_m3 - 1e-9)[lane]
    vehicle = fleet.pair_vehicle
    need = np.maximum(
        lack_kg / fleet.kg[vehicle][:, None],
        lack_m3 / np.minimum(fleet.m3, HUGE)[vehicle][:, None],
    )
    minutes, count = _left(net, trips)
    able = np.floor(
        np.minimum(minutes[vehicle] / fleet.pair_minutes[:, None], count[vehicle]) + NONE_LEFT
    )
    wanted = np.where(opened & (need > 0), np.minimum(np.ceil(need - NONE_LEFT), able), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        covered = np.minimum(1.0, wanted / need)
        effort = fleet.pair_minutes[:, None] * wanted / minutes[vehicle] / covered
    effort = np.where(wanted > 0, effort, np.inf)
    chosen = _best_of_lane(lane, effort)
    return _within(net, np.where(chosen, wanted, 0.0), minutes, count, need)


def _best_of_lane(lane: Ints, effort: Floats) -> np.ndarray:
    """Return, pairs x periods, whether the pair is the one of least effort on its lane."""
    chosen = np.zeros(effort.shape, dtype=bool)
    for period in range(effort.shape[1]):
        order = np.lexsort((effort[:, period], lane))
        first = order[rank_of(lane[order]) == 0]
        chosen[first, period] = np.isfinite(effort[first, period])
    return chosen


def _left(net: Network, trips: Floats) -> tuple[Floats, Floats]:
    """Return minutes and trips left (vehicle rows x periods)."""
    fleet = net.fleet
    minutes = np.repeat(fleet.hours[:, None], net.periods, axis=1)
    count = np.repeat(fleet.trips[:, None], net.periods, axis=1)
    np.subtract.at(minutes, fleet.pair_vehicle, trips * fleet.pair_minutes[:, None])
    np.subtract.at(count, fleet.pair_vehicle, trips)
    return np.maximum(0.0, minutes), np.maximum(0.0, count)


def _within(
    net: Network,
    trips: Floats,
    minutes: Floats | None = None,
    count: Floats | None = None,
    urgency: Floats | None = None,
) -> Floats:
    """Cut trips (pairs x periods) to the minutes and counts left, the most urgent last."""
    fleet, vehicle = net.fleet, net.fleet.pair_vehicle
    nothing = np.zeros(trips.shape)
    all_minutes, all_count = _left(net, nothing)
    minutes = all_minutes if minutes is None else minutes
    count = all_count if count is None else count
    urgency = trips if urgency is None else urgency
    kept = np.zeros(trips.shape)
    for period in range(trips.shape[1]):
        order = np.lexsort((-urgency[:, period], vehicle))
        asked, one = trips[order, period], fleet.pair_minutes[order]
        earlier = before(vehicle[order], asked * one)
        fits = np.floor((minutes[vehicle[order], period] - earlier) / one + NONE_LEFT)
        asked = np.clip(np.minimum(asked, fits), 0.0, None)
        left = count[vehicle[order], period] - before(vehicle[order], asked)
        kept[order, period] = np.clip(np.minimum(asked, np.floor(left + NONE_LEFT)), 0.0, None)
    return kept
