"""Trips against the vehicles there are, and shipments against the trips."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from allocator.check.access import Permits
from allocator.check.ground import Bools, Floats, Ground, Ints, summed
from allocator.check.lanes import Lanes
from allocator.check.moves import Moves
from allocator.check.rows import first_rows, words
from allocator.check.runs import Runs
from allocator.check.trips import Derived, Trips, trip_minutes
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance


def check_fleet(
    found: Findings, ground: Ground, lanes: Lanes, permits: Permits, trips: Trips
) -> None:
    """Check minutes and numbers of trips of every vehicle row in every period."""
    table = permits.table
    count = table["count"].to_numpy(float)
    shape = (len(table), ground.periods)
    minutes = trip_minutes(ground, lanes, permits, trips.vehicle, trips.lane)
    busy = _by_vehicle(trips, trips.number * minutes, shape)
    there = count * table["shift_minutes"].to_numpy(float)
    rule = "{} of {}, period {}: trips take {:g} minutes, the vehicles have {:g}"
    terms = _by_vehicle(trips, minutes, shape)
    _over(found, "fleet", permits, busy, there, terms, rule)
    made = _by_vehicle(trips, trips.number, shape)
    most = (count * table["max_trips"]).fillna(np.inf).to_numpy(float)
    rule = "{} of {}, period {}: {:g} trips are made, {:g} may be"
    terms = _by_vehicle(trips, np.ones(len(minutes)), shape)
    _over(found, "trip_count", permits, made, most, terms, rule)


def check_derived(
    found: Findings, ground: Ground, lanes: Lanes, permits: Permits, derived: Derived
) -> None:
    """Check derived trips, accusing only where no other division of the loads could suffice."""
    trips = derived.trips
    sure = derived.proven[trips.period]
    open_ = Findings()
    check_fleet(open_, ground, lanes, permits, _some(trips, ~sure))
    if open_.parts:
        found.approximate("trips are not stated: it is not shown that the vehicles suffice")
    trial = Findings()
    check_fleet(trial, ground, lanes, permits, _some(trips, sure))
    found.parts += [part for part in trial.parts if (part["family"] == "fleet").all()]
    trial = Findings()
    check_fleet(trial, ground, lanes, permits, _some(trips, derived.only))
    found.parts += [part for part in trial.parts if (part["family"] == "trip_count").all()]


def _some(trips: Trips, chosen: Bools) -> Trips:
    return Trips(*(getattr(trips, field.name)[chosen] for field in fields(trips)))


def _by_vehicle(trips: Trips, amount: Floats, shape: tuple[int, int]) -> Floats:
    slot = trips.vehicle * shape[1] + trips.period
    return summed(slot, amount, shape[0] * shape[1]).reshape(shape)


def _over(
    found: Findings,
    family: str,
    permits: Permits,
    used: Floats,
    most: Floats,
    terms: Floats,
    rule: str,
) -> None:
    over = used - most[:, None]
    vehicle, period = np.nonzero(over > tolerance(most[:, None], terms))
    table = permits.table.iloc[vehicle]
    lines = words(
        rule,
        table["type"],
        table["site_id"].where(table["site_id"] != "", "the pool"),
        (period + 1).tolist(),
        used[vehicle, period].tolist(),
        most[vehicle].tolist(),
    )
    found.add(family, "vehicles", vehicle, over[vehicle, period], lines)


def check_loads(
    found: Findings, ground: Ground, permits: Permits, runs: Runs, moves: Moves, trips: Trips
) -> None:
    """Check that trips carry the mass and the volume of what is shipped."""
    at = runs.find(trips.lane, trips.period, ground.periods)
    hit = at >= 0
    vehicle, number = trips.vehicle[hit], trips.number[hit]
    for family, unit, need, one in (
        ("load_kg", "kg", runs.kg, permits.table["kg"].to_numpy(float)),
        ("load_m3", "m3", runs.m3, permits.table["m3"].fillna(0.0).to_numpy(float)),
    ):
        room = summed(at[hit], number * one[vehicle], len(runs))
        terms = summed(runs.pair_run, one[runs.pair_vehicle], len(runs))
        short = np.flatnonzero(need - room > tolerance(need, terms))
        lines = words(
            "{} to {}, period {}: {:g} {} are shipped, the trips carry {:g}",
            _ends(ground, runs, moves, short)[0],
            _ends(ground, runs, moves, short)[1],
            (runs.period[short] + 1).tolist(),
            need[short].tolist(),
            [unit] * len(short),
            room[short].tolist(),
        )
        line = first_rows(runs.of_move, moves.row, short)
        found.add(family, "shipments", line, (need - room)[short], lines)


def _ends(ground: Ground, runs: Runs, moves: Moves, run: Ints) -> tuple[list[str], list[str]]:
    move = first_rows(runs.of_move, np.arange(len(moves)), run)
    return ground.place_names(moves.origin[move]), ground.place_names(moves.target[move])


def trips_cost(ground: Ground, lanes: Lanes, permits: Permits, trips: Trips) -> float:
    """Return what the trips cost: per trip, per km both ways, per hour."""
    table = permits.table
    minutes = trip_minutes(ground, lanes, permits, trips.vehicle, trips.lane)
    one = table["cost_per_trip"].to_numpy(float)[trips.vehicle]
    one = one + 2 * lanes.km[trips.lane] * table["cost_per_km"].to_numpy(float)[trips.vehicle]
    one = one + minutes / 60 * table["cost_per_hour"].to_numpy(float)[trips.vehicle]
    return float((one * trips.number).sum())
