"""Trips: stated ones read and checked, missing ones derived from what is shipped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check import rows
from allocator.check.access import Access, Permits
from allocator.check.division import divide, too_much
from allocator.check.ground import Bools, Floats, Ground, Ints, summed
from allocator.check.lanes import Lanes
from allocator.check.rows import words
from allocator.check.runs import Runs, permitted
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance


@dataclass(frozen=True)
class Trips:
    """Trips by number: vehicle row, lane, period from 0, how many; `row` in the table."""

    row: Ints
    vehicle: Ints
    lane: Ints
    period: Ints
    number: Floats


def trip_minutes(
    ground: Ground, lanes: Lanes, permits: Permits, vehicle: Ints, lane: Ints
) -> Floats:
    """Return the minutes of a round trip with loading and unloading."""
    table = permits.table
    speed = table["speed_kmh"].to_numpy(float)[vehicle]
    one_way = np.where(np.isnan(speed), lanes.minutes[lane], lanes.km[lane] / speed * 60)
    stops = (table["loading_minutes"] + table["unloading_minutes"]).to_numpy(float)[vehicle]
    return np.asarray(2 * one_way * ground.instance.policy.zone_factor + stops, dtype=np.float64)


def stated_trips(
    found: Findings,
    ground: Ground,
    lanes: Lanes,
    access: Access,
    permits: Permits,
    table: pd.DataFrame,
) -> Trips:
    """Read the trips and check each by itself: lane, opening, home and permit, whole numbers."""
    name = "trips"
    origin, ok_origin = rows.places(found, ground, name, table, "from_id")
    target, ok_target = rows.places(found, ground, name, table, "to_id")
    number, ok_number = rows.amounts(found, name, table, "trips")
    period, ok_period = rows.periods(found, ground, name, table)
    fleet = pd.MultiIndex.from_frame(permits.table[["type", "site_id"]])
    vehicle = fleet.get_indexer(pd.MultiIndex.from_frame(table[["type", "site_id"]]))
    ok = ok_origin & ok_target & ok_number & ok_period
    ok &= rows.known(found, name, table, "type", np.asarray(vehicle))
    line = np.flatnonzero(ok)
    lane = lanes.find(origin[line], target[line])
    off = lane < 0
    nowhere = ("there is no lane between these places" for _ in line[off])
    found.add("lane", name, line[off], number[line[off]], nowhere)
    line, lane = line[~off], lane[~off]
    trips = Trips(line, np.asarray(vehicle)[line], lane, period[line], number[line])
    _check_each(found, ground, lanes, access, permits, trips)
    return trips


def _check_each(
    found: Findings, ground: Ground, lanes: Lanes, access: Access, permits: Permits, trips: Trips
) -> None:
    day = trips.period + 1
    shut = (day < lanes.open_from[trips.lane]) | (day > lanes.open_to[trips.lane])
    closed = ("the lane is closed in this period" for _ in trips.row[shut])
    found.add("lane_closed", "trips", trips.row[shut], trips.number[shut], closed)
    bad = ~permitted(ground, lanes, access, permits, trips.vehicle, trips.lane, trips.period)
    lines = words(
        "{} has no permit to run from {} to {} in period {}",
        permits.table["type"].to_numpy(object)[trips.vehicle[bad]],
        ground.place_names(lanes.origin[trips.lane[bad]]),
        ground.place_names(lanes.target[trips.lane[bad]]),
        day[bad].tolist(),
    )
    found.add("trip_permit", "trips", trips.row[bad], trips.number[bad], lines)
    if ground.instance.policy.trips == "integer":
        part = np.abs(trips.number - np.round(trips.number))
        broken = part > tolerance(trips.number)
        lines = words("{:g} is no whole number of trips", trips.number[broken].tolist())
        found.add("whole_trips", "trips", trips.row[broken], part[broken], lines)


@dataclass(frozen=True)
class Derived:
    """Trips nobody stated.

    `proven` marks periods in which no division among types can suffice, `only` the trips that
    are the only way to make their run.
    """

    trips: Trips
    proven: Bools
    only: Bools


def derived_trips(
    found: Findings, ground: Ground, lanes: Lanes, permits: Permits, runs: Runs
) -> Derived:
    """Return the smallest trips that carry the shipments, for a plan that states none.

    With one permitted type a lane this is exact. Among several types every load is divided in
    proportion to what they can carry, and shifted from the busier to the freer ones until the
    vehicles suffice; this division is approximate.
    """
    run, vehicle = runs.pair_run, runs.pair_vehicle
    capacity = permits.table["kg"].to_numpy(float)[vehicle]
    volume = permits.table["m3"].fillna(np.inf).to_numpy(float)[vehicle]
    alone = np.maximum(runs.kg[run] / capacity, runs.m3[run] / volume)
    minutes = trip_minutes(ground, lanes, permits, vehicle, runs.lane[run])
    slot = vehicle * ground.periods + runs.period[run]
    have = _available(permits)[vehicle]
    share = divide(
        len(runs), run, slot, runs.period[run], alone * minutes / have, have / minutes * capacity
    )
    if (np.bincount(run, minlength=1) > 1).any():
        found.approximate(
            "trips are not stated: loads are divided among vehicle types approximately"
        )
    number = share * alone
    if ground.instance.policy.trips == "integer":
        number = _whole(found, run, slot, share, alone, minutes / have)
    period, burden = runs.period[run], alone * minutes / have
    trips = Trips(np.full(len(run), -1), vehicle, runs.lane[run], period, number)
    only = np.bincount(run, minlength=1)[run] == 1
    proven = too_much(run, slot, period, burden, ground.periods)
    return Derived(trips, proven | _over_alone(slot, number, minutes / have, only, ground), only)


def _over_alone(slot: Ints, number: Floats, part: Floats, only: Bools, ground: Ground) -> Bools:
    """Return the periods in which runs with one permitted type alone take too much."""
    load = summed(slot[only], (number * part)[only], 0)
    result = np.zeros(ground.periods, dtype=bool)
    result[np.flatnonzero(load > 1.0) % ground.periods] = True
    return result


def _available(permits: Permits) -> Floats:
    table = permits.table
    there: Floats = (table["count"] * table["shift_minutes"]).to_numpy(float)
    return np.asarray(np.maximum(there, 1e-6))


def _whole(
    found: Findings, run: Ints, slot: Ints, share: Floats, alone: Floats, burden: Floats
) -> Floats:
    """Round up to whole trips, every run by the vehicle with its largest share.

    Where this asks for more than there is, runs with several types keep their part trips: a
    cleverer rounding may exist, so the judge accuses only of what part trips cannot do either.
    """
    order = np.lexsort((-share, run))
    first = np.zeros(len(run), dtype=bool)
    first[order[np.flatnonzero(np.diff(run[order], prepend=-1))]] = True
    rounded = np.where(first, np.ceil(alone - 1e-6), 0.0)
    if (summed(slot, rounded * burden, 0) <= 1.0).all():
        return rounded
    several = np.bincount(run, minlength=1)[run] > 1
    if several.any():
        found.approximate("trips are not stated: it is not shown that whole trips suffice")
    return np.where(several, share * alone, rounded)
