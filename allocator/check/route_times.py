"""When vehicles are where: stated times held to travel, windows, service and shifts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check.ground import Bools, Floats, Ints, summed
from allocator.check.route_classes import classes_met, minutes_on_way
from allocator.check.route_goods import Handed
from allocator.check.route_rows import (
    DECONTAMINATE,
    DEPART,
    RELOAD,
    RETURN,
    STOP,
    Rows,
    under_way,
)
from allocator.check.rows import words
from allocator.check.verdict import Findings
from allocator.instance.route_case import RouteCase
from allocator.plan.precision import rounded, tolerance

NEAR = 1e-6


@dataclass(frozen=True)
class Times:
    """Minutes and km of every row; `stay` are the minutes it needs at least, `drive` its way.

    `met` is the highest class met by the end of the row, since the vehicle was last decontaminated
    on the trip; `highest` is that of a trip after its last stop; `start`, `end`, `duty` and `km`
    are of routes, `duty` and `km` without what a started route had behind it.
    """

    arrive: Floats
    begin: Floats
    leave: Floats
    drive: Floats
    leg: Floats
    stay: Floats
    met: Ints
    highest: Ints
    start: Floats
    end: Floats
    duty: Floats
    km: Floats


def times_of(found: Findings, case: RouteCase, rows: Rows, handed: Handed) -> Times:
    """Return the times stated; blank ones are filled in, as early as can be."""
    drive, leg = _ways(found, case, rows)
    met = classes_met(case, rows)
    highest = _highest(rows, met)
    stay = _stays(case, rows, handed, highest)
    arrive, begin, leave = (rows.column(name) for name in ("arrive", "begin", "leave"))
    if np.isnan(np.concatenate([arrive, begin, leave])).any():
        _fill(case, rows, drive, stay, arrive, begin, leave)
    return Times(
        arrive=arrive,
        begin=begin,
        leave=leave,
        drive=drive,
        leg=leg,
        stay=stay,
        met=met,
        highest=highest,
        start=arrive[rows.first],
        end=leave[rows.last],
        duty=leave[rows.last] - arrive[rows.first],
        km=summed(rows.route, leg, len(rows.first)),
    )


def _ways(found: Findings, case: RouteCase, rows: Rows) -> tuple[Floats, Floats]:
    """Return minutes and km to every row; ways that are none are recorded and taken as 0."""
    start = rows.place[np.where(rows.before < 0, np.arange(len(rows)), rows.before)]
    profile = case.vehicles.profile[rows.vehicle]
    drive, leg = (one[profile, start, rows.place] for one in (case.minutes, case.km))
    none = np.flatnonzero(~np.isfinite(drive) | ~np.isfinite(leg))
    names = np.array(case.places, dtype=object)
    said = words("no way from {} to {}", names[start[none]], names[rows.place[none]])
    found.add("road", "routes", rows.line[none], np.ones(len(none)), said)
    return np.where(np.isfinite(drive), drive, 0.0), np.where(np.isfinite(leg), leg, 0.0)


def _highest(rows: Rows, met: Ints) -> Ints:
    """Return the class every trip brings back: that after its last stop, or from before it."""
    at = np.searchsorted(rows.trip, np.arange(len(rows.trip_route)))
    np.maximum.at(at, rows.trip[rows.stops], rows.stops)
    return np.asarray(met[at])


def _stays(case: RouteCase, rows: Rows, handed: Handed, highest: Ints) -> Floats:
    """Return the minutes each row takes at least."""
    fleet, v = case.vehicles, rows.vehicle
    stay = np.zeros(len(rows))
    stop = rows.stop[handed.rows]
    unloading = fleet.unloading[v[handed.rows]]
    stay[handed.rows] = case.stops.service[stop] * handed.share + unloading
    loads = rows.loads_at()
    loads[rows.trip[rows.first[under_way(case, rows)]]] = -1  # loaded before
    at = loads[loads >= 0]
    stay[at] = fleet.loading[v[at]]
    cleaned = np.flatnonzero((rows.kind == DECONTAMINATE) & ~rows.on_way)
    stay[cleaned] = fleet.decontaminate[v[cleaned], highest[rows.trip[cleaned]]]
    stations = minutes_on_way(case, rows)
    stay[rows.on_way] = np.where(np.isfinite(stations), stations, 0.0)[rows.on_way]
    return stay


def _fill(
    case: RouteCase,
    rows: Rows,
    drive: Floats,
    stay: Floats,
    arrive: Floats,
    begin: Floats,
    leave: Floats,
) -> None:
    """Fill blank times in place: leave at the start of the shift, go on as early as can be."""
    ready, out = _ready(case, rows), under_way(case, rows)
    for at, before in enumerate(rows.before.tolist()):
        if np.isnan(arrive[at]):
            early = case.vehicles.early[rows.vehicle[at]]
            if before < 0 and not np.isnan(begin[at]):
                early = begin[at]
            elif before < 0 and out[rows.route[at]]:
                early = case.fixed[rows.fixed[rows.route[at]]].ready
            arrive[at] = early if before < 0 else leave[before] + drive[at]
        if np.isnan(begin[at]):
            begin[at] = max(arrive[at], ready[at])
            if rows.stop[at] >= 0:
                windows = case.stops.windows[rows.stop[at]]
                later = [max(opens, begin[at]) for opens, ends in windows if begin[at] <= ends]
                begin[at] = min(later, default=begin[at])
        if np.isnan(leave[at]):
            leave[at] = begin[at] + stay[at]


def _ready(case: RouteCase, rows: Rows) -> Floats:
    """Return the minute before which loading cannot begin, of rows at which a trip is loaded."""
    at, ready = rows.stops, np.full(len(rows), -np.inf)
    latest = np.full(len(rows.trip_route), -np.inf)
    np.maximum.at(latest, rows.trip[at], case.stops.release[rows.stop[at]])
    latest[rows.trip[rows.first[under_way(case, rows)]]] = -np.inf
    loads = rows.loads_at()
    ready[loads[loads >= 0]] = latest[loads >= 0]
    return ready


def check_times(found: Findings, case: RouteCase, rows: Rows, times: Times) -> None:
    """Hold every row to the way before it, its window and the minutes it takes."""
    before = np.maximum(rows.before, 0)
    lack = times.leave[before] + times.drive - times.arrive
    _late(found, rows, "travel", (rows.before >= 0) & (lack > _slack(times)), lack, "{:g} too soon")
    lack = times.arrive - times.begin
    _late(found, rows, "travel", lack > _slack(times), lack, "begins {:g} before it arrives")
    lack = times.begin + times.stay - times.leave
    short = lack > _slack(times)
    loading = (rows.kind == DEPART) | (rows.kind == RELOAD)
    for family, kind in (
        ("service", rows.kind == STOP),
        ("loading", loading),
        ("decontamination", rows.kind == DECONTAMINATE),
        ("service", rows.kind == RETURN),
    ):
        _late(found, rows, family, kind & short, lack, "leaves {:g} minutes too soon")
    lack = _ready(case, rows) - times.begin
    _late(found, rows, "loading", lack > _slack(times), lack, "loaded {:g} before goods are ready")
    _check_windows(found, case, rows, times)
    _check_cleaned(found, case, rows, times)


def _slack(times: Times) -> Floats:
    return tolerance(np.maximum(np.abs(times.arrive), np.abs(times.leave)), 3.0)


def _late(
    found: Findings, rows: Rows, family: str, bad: Bools, size: Floats, template: str
) -> None:
    at = np.flatnonzero(bad)
    found.add(family, "routes", rows.line[at], size[at], words(template, rounded(size[at])))


def _check_windows(found: Findings, case: RouteCase, rows: Rows, times: Times) -> None:
    """Record visits whose service begins outside all windows, by how far."""
    slack = _slack(times)
    for at in rows.stops.tolist():
        windows, begin = case.stops.windows[rows.stop[at]], times.begin[at]
        off = [max(opens - begin, begin - closes, 0.0) for opens, closes in windows]
        far = min(off, default=np.inf)
        if far > slack[at]:
            text = f"service at {case.stops.ids[rows.stop[at]]} begins {far:g} off its windows"
            if not windows:
                far, text = 1.0, f"{case.stops.ids[rows.stop[at]]} has no window in the period"
            found.add("window", "routes", [rows.line[at]], [far], [text])


def _check_cleaned(found: Findings, case: RouteCase, rows: Rows, times: Times) -> None:
    """Record trips that end without their decontamination, and places where none is on the way."""
    trips = np.arange(len(rows.trip_route))
    vehicle = rows.vehicle[rows.first[rows.trip_route]]
    needed = case.vehicles.decontaminate[vehicle, times.highest]
    after = np.flatnonzero((rows.kind == DECONTAMINATE) & ~rows.on_way)
    given = np.bincount(rows.trip[after], (times.leave - times.begin)[after], minlength=len(trips))
    bad = np.flatnonzero(needed - given > tolerance(needed, 2.0))
    ends = np.searchsorted(rows.trip, bad, side="right") - 1
    said = words("{:g} minutes of decontamination, {:g} needed", given[bad], needed[bad])
    found.add("decontamination", "routes", rows.line[ends], needed[bad] - given[bad], said)
    idle = np.flatnonzero(rows.on_way & ~np.isfinite(minutes_on_way(case, rows)))
    names = [case.places[place] for place in rows.place[idle]]
    said = words("no vehicle is decontaminated on the way at {}", names)
    found.add("decontamination", "routes", rows.line[idle], np.ones(len(idle)), said)


def check_duty(found: Findings, case: RouteCase, rows: Rows, times: Times) -> None:
    """Hold routes to shift, longest duty and farthest way."""
    fleet, v = case.vehicles, rows.vehicle[rows.first]
    behind = [case.fixed[f] if out else None for f, out in _fixed_of(case, rows)]
    minutes = np.array([one.minutes if one else 0.0 for one in behind])
    driven = np.array([one.km if one else 0.0 for one in behind])
    early = np.array([one.ready if one else -np.inf for one in behind])
    begins = np.where([one is not None for one in behind], early, fleet.early[v])
    for family, over, template, ends in (
        ("shift", begins - times.start, "begins {:g} before the shift", rows.first),
        ("shift", times.end - fleet.late[v], "ends {:g} after the shift", rows.last),
        ("duty", times.duty + minutes - fleet.longest[v], "{:g} minutes too long", rows.last),
        ("farthest", times.km + driven - fleet.farthest[v], "{:g} km too far", rows.last),
    ):
        scale = np.maximum(np.abs(times.start), np.abs(times.end))
        bad = np.flatnonzero(over > tolerance(scale, 2.0))
        found.add(family, "routes", rows.line[ends[bad]], over[bad], words(template, over[bad]))


def _fixed_of(case: RouteCase, rows: Rows) -> list[tuple[int, bool]]:
    return list(zip(rows.fixed.tolist(), under_way(case, rows).tolist(), strict=True))


def check_figures(found: Findings, rows: Rows, times: Times, access: pd.Series) -> None:
    """Compare stated km, waits and classes of access with what follows; blank ones are left."""
    for name, true in (("km", times.leg), ("wait", times.begin - times.arrive)):
        stated = rows.column(name)
        off = np.abs(stated - true)
        bad = np.flatnonzero(off > tolerance(np.maximum(np.abs(true), times.arrive), 3.0))
        said = words("{} is {:g}, the plan says {:g}", [name] * len(bad), true[bad], stated[bad])
        found.add("figures", "routes", rows.line[bad], off[bad], said)
    at = rows.stops
    said_ = rows.table["access"].to_numpy(object)[rows.line[at]]
    true_ = access.to_numpy(object)[rows.stop[at]]
    bad = at[(said_ != "") & (said_ != true_)]
    names = words("the place is {}", true_[(said_ != "") & (said_ != true_)])
    found.add("figures", "routes", rows.line[bad], np.ones(len(bad)), names)
