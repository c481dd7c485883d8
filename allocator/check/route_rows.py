"""The rows of routes as the judge reads them: ids by number, in driving order, trips counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check.ground import Bools, Floats, Ints, Names, lookup
from allocator.check.rows import known, words
from allocator.check.verdict import Findings
from allocator.instance.route_case import RouteCase
from allocator.plan import Plan, plan_table

KINDS = ("depart", "stop", "decontaminate", "reload", "return")
DEPART, STOP, DECONTAMINATE, RELOAD, RETURN = range(5)


@dataclass(frozen=True)
class Rows:
    """Rows of all routes, route by route in driving order; `line` is the row of the table.

    `route` counts routes, `trip` trips over all routes, `first` and `last` are the ends of each
    route; `before` is the row before (-1 = none), `stop` the stop of the orders (-1 = none).
    `fixed` is, of each route, the started route it carries on (-1 = none).
    """

    names: Names  # of routes
    table: pd.DataFrame
    line: Ints
    route: Ints
    trip: Ints
    place: Ints
    kind: Ints
    stop: Ints
    vehicle: Ints  # of rows
    before: Ints
    first: Ints
    last: Ints
    trip_route: Ints
    fixed: Ints

    def __len__(self) -> int:
        return len(self.line)

    @property
    def stops(self) -> Ints:
        """Rows that are stops of the orders."""
        return np.flatnonzero(self.stop >= 0)

    @property
    def on_way(self) -> Bools:
        """Rows of decontamination between stops: those with a stop after them on their trip."""
        last = np.full(len(self.trip_route), -1, dtype=np.int64)
        np.maximum.at(last, self.trip[self.stops], self.stops)
        return np.asarray((self.kind == DECONTAMINATE) & (np.arange(len(self)) < last[self.trip]))

    def column(self, name: str) -> Floats:
        """Return a column of numbers in driving order."""
        return self.table[name].to_numpy(float)[self.line]

    def loads_at(self) -> Ints:
        """Return the row at which each trip is loaded, the last before its first stop; -1."""
        found = np.full(len(self.trip_route), -1, dtype=np.int64)
        loading = np.flatnonzero((self.kind == DEPART) | (self.kind == RELOAD))
        found[self.trip[loading]] = loading
        return found


def under_way(case: RouteCase, rows: Rows) -> Bools:
    """Return which routes carry on a started one that has left home."""
    out = np.array([one.started and one.place >= 0 for one in case.fixed] + [False], dtype=bool)
    return np.asarray(out[rows.fixed])


def rows_of(found: Findings, case: RouteCase, plan: Plan) -> Rows:
    """Read the table routes; what names nothing known is recorded and left out."""
    table = plan_table("routes", plan["routes"])
    place = lookup(pd.Index(case.places), table["place_id"])
    kind = lookup(pd.Index(KINDS), table["kind"])
    vehicle = _vehicles(found, case, table)
    ok = known(found, "routes", table, "place_id", place)
    ok &= known(found, "routes", table, "kind", kind) & (vehicle >= 0)
    stop = _stops(found, case, table, place, kind)
    number, names = pd.factorize(table["route"].to_numpy(object))
    order = np.lexsort((table["sequence"].to_numpy(float), number))
    line = order[ok[order]]
    route = np.unique(number[line], return_inverse=True)
    names = np.asarray(names, dtype=object)[route[0]]
    return _linked(found, case, table, names, line, route[1], place, kind, stop, vehicle)


def _linked(
    found: Findings,
    case: RouteCase,
    table: pd.DataFrame,
    names: Names,
    line: Ints,
    route: Ints,
    place: Ints,
    kind: Ints,
    stop: Ints,
    vehicle: Ints,
) -> Rows:
    starts = np.diff(route, prepend=-1) > 0
    before = np.where(starts, -1, np.arange(len(line)) - 1)
    stated = table["trip"].to_numpy(float)[line]
    trip = np.cumsum(starts | (np.diff(stated, prepend=np.nan) != 0)) - 1
    first = np.flatnonzero(starts)
    last = np.r_[first[1:], len(line)].astype(np.int64)[: len(first)] - 1
    trip_route = route[np.flatnonzero(np.diff(trip, prepend=-1) > 0)]
    started = {f.name: at for at, f in enumerate(case.fixed) if f.started}
    rows = Rows(
        names=names,
        table=table,
        line=line,
        route=route,
        trip=trip,
        place=place[line],
        kind=kind[line],
        stop=stop[line],
        vehicle=vehicle[line],
        before=before,
        first=first,
        last=last,
        trip_route=trip_route,
        fixed=np.array([started.get(name, -1) for name in names], dtype=np.int64),
    )
    _check_shape(found, case, rows, stated)
    return rows


def _vehicles(found: Findings, case: RouteCase, table: pd.DataFrame) -> Ints:
    """Return the vehicle type of every row; a blank home is any the type has, if it has one."""
    fleet = case.vehicles
    homes = np.array(case.places, dtype=object)[fleet.home]
    both = {(kind, home): v for v, (kind, home) in enumerate(zip(fleet.ids, homes, strict=True))}
    alone = {kind: v for v, kind in enumerate(fleet.ids) if fleet.ids.count(kind) == 1}
    pairs = zip(table["vehicle_type"], table["site_id"], strict=True)
    row = [both.get((kind, home), -1 if home else alone.get(kind, -1)) for kind, home in pairs]
    vehicle = np.array(row, dtype=np.int64)
    known(found, "routes", table, "vehicle_type", vehicle)
    return vehicle


def _stops(found: Findings, case: RouteCase, table: pd.DataFrame, place: Ints, kind: Ints) -> Ints:
    """Return the stop of every row: the one named, else the only one at the place."""
    stop = lookup(pd.Index(case.stops.ids), table["stop_id"])
    named = (table["stop_id"] != "").to_numpy(bool)
    calls = kind == STOP
    wrong = np.flatnonzero(named & calls & (stop < 0))
    lines = words("stop_id {!r} is no stop of the orders", table["stop_id"].iloc[wrong])
    found.add("unknown_id", "routes", wrong, np.ones(len(wrong)), lines)
    moved = np.flatnonzero(calls & (stop >= 0) & (case.stops.place[stop] != place))
    lines = words(
        "stop {} is not at {}", table["stop_id"].iloc[moved], table["place_id"].iloc[moved]
    )
    found.add("route_rows", "routes", moved, np.ones(len(moved)), lines)
    at = pd.Series(np.arange(len(case.stops)), index=case.stops.place).groupby(level=0)
    only = at.first()[at.size() == 1] if len(case.stops) else pd.Series(dtype=np.int64)
    guess = only.reindex(place).fillna(-1).to_numpy(np.int64)
    blank = np.flatnonzero(calls & ~named & (guess < 0) & (place >= 0))
    lines = words("which stop at {} is meant needs its stop_id", table["place_id"].iloc[blank])
    found.add("route_rows", "routes", blank, np.ones(len(blank)), lines)
    return np.where(calls, np.where(named, stop, guess), -1)


def _check_shape(found: Findings, case: RouteCase, rows: Rows, stated: Floats) -> None:
    """Hold routes to their form: departure first, return last, trips begin with loading."""
    kind, ends = rows.kind, np.zeros(len(rows), dtype=bool)
    starts = rows.before < 0
    ends[rows.last] = True
    step = np.where(starts, stated - 1, np.diff(stated, prepend=0.0))
    after_stop = _after_stop(rows)
    for bad, text in (
        (starts & (kind != DEPART), "a route begins with its departure"),
        (~starts & (kind == DEPART), "a route departs once"),
        (ends & (kind != RETURN), "a route ends with its return"),
        (starts & (step != 0), "the first trip is number 1"),
        (~starts & (step != 0) & ((step != 1) | (kind != RELOAD)), "a trip begins with reloading"),
        (~starts & (step == 0) & (kind == RELOAD) & after_stop, "reloading begins a new trip"),
        (~_rising(rows), "sequence rises along a route"),
        (rows.vehicle != rows.vehicle[rows.first[rows.route]], "a route has one vehicle"),
    ):
        _record(found, rows, bad, text)
    loads = rows.loads_at()
    idle = np.flatnonzero(~np.isin(np.arange(len(loads)), rows.trip[rows.stops]))
    idle = idle[rows.fixed[rows.trip_route[idle]] < 0]
    empty = np.isin(np.arange(len(rows)), loads[idle])
    _record(found, rows, empty, "a trip has a stop")


def _after_stop(rows: Rows) -> Bools:
    """Return rows with a stop before them on the same stated trip."""
    seen = pd.Series(rows.kind == STOP).groupby(rows.trip).cumsum().to_numpy()
    return np.asarray(seen > 0)


def _rising(rows: Rows) -> Bools:
    sequence = rows.column("sequence")
    return (rows.before < 0) | (sequence > sequence[rows.before])


def _record(found: Findings, rows: Rows, bad: Bools, text: str) -> None:
    at = np.flatnonzero(bad)
    found.add("route_rows", "routes", rows.line[at], np.ones(len(at)), [text] * len(at))
