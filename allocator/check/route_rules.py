"""What vehicles may do: permits, places, trips, class order, gates, fixed routes."""

from __future__ import annotations

import numpy as np

from allocator.check.ground import Floats, Ints
from allocator.check.route_goods import Handed
from allocator.check.route_rows import RETURN, Rows, under_way
from allocator.check.route_times import Times
from allocator.check.rows import words
from allocator.check.verdict import Findings
from allocator.instance.route_case import FixedRoute, RouteCase
from allocator.instance.schema import ACCESS_CLASSES
from allocator.plan.precision import tolerance

NEAR = 1e-6  # minutes: one vehicle may come as another leaves


def check_fleet(found: Findings, case: RouteCase, rows: Rows) -> None:
    """Hold routes to the vehicles there are; types of one line share its count."""
    fleet, vehicle = case.vehicles, rows.vehicle[rows.first]
    line = fleet.line[vehicle]
    for one in np.unique(line).tolist():
        most = int(fleet.count[fleet.line == one].max())
        mine = np.flatnonzero(line == one)
        if len(mine) > most:
            at, name = rows.line[rows.first[mine[most]]], fleet.ids[vehicle[mine[0]]]
            text = f"{len(mine)} routes of {name}, there are {most} vehicles"
            found.add("fleet", "routes", [at], [len(mine) - most], [text])
    number = rows.column("number")[rows.first]
    used: set[tuple[int, float]] = set()
    for route, key in enumerate(zip(vehicle.tolist(), number.tolist(), strict=True)):
        if key in used:
            text = f"{fleet.ids[key[0]]} {key[1]:g} runs another route"
            found.add("fleet", "routes", [rows.line[rows.first[route]]], [1.0], [text])
        used.add(key if key[1] == key[1] else (key[0], -1.0 - route))


def check_permits(found: Findings, case: RouteCase, rows: Rows) -> None:
    """Record stops where the type may not go."""
    at = rows.stops
    bad = at[~case.stops.permitted[rows.stop[at], rows.vehicle[at]]]
    names = [case.vehicles.ids[v] for v in rows.vehicle[bad]]
    places = [case.stops.ids[s] for s in rows.stop[bad]]
    said = words("{} may not go to {}", names, places)
    found.add("permit", "routes", rows.line[bad], np.ones(len(bad)), said)


def check_trips(found: Findings, case: RouteCase, rows: Rows) -> None:
    """Hold routes to the number of trips, with those a started one has behind it."""
    count = np.bincount(rows.trip_route, minlength=len(rows.first))
    out = under_way(case, rows)
    before = [max(0, case.fixed[f].trips - 1) if o else 0 for f, o in zip(rows.fixed, out)]  # noqa: B905
    over = count + np.array(before, dtype=np.int64) - case.vehicles.trips[rows.vehicle[rows.first]]
    bad = np.flatnonzero(over > 0)
    said = words("{} trips too many", over[bad])
    found.add("trip_count", "routes", rows.line[rows.last[bad]], over[bad], said)


def check_depots(found: Findings, case: RouteCase, rows: Rows) -> None:
    """Hold routes to their ends, trips to the places they may be loaded at."""
    fleet, v = case.vehicles, rows.vehicle[rows.first]
    out = under_way(case, rows)
    start = np.array(
        [case.fixed[f].place if o else home for f, o, home in zip(rows.fixed, out, fleet.home[v])],  # noqa: B905
        dtype=np.int64,
    )
    for ends, wanted in ((rows.first, start), (rows.last, fleet.end[v])):
        wrong = np.flatnonzero(rows.place[ends] != wanted)
        said = words("the vehicle belongs at {}", [case.places[p] for p in wanted[wrong]])
        found.add("depot", "routes", rows.line[ends[wrong]], np.ones(len(wrong)), said)
    loads = rows.loads_at()
    loads[rows.trip[rows.first[out]]] = -1
    trip = np.flatnonzero(loads >= 0)
    at = loads[trip]
    if not case.reload_anywhere:
        bad = at[rows.place[at] != fleet.home[rows.vehicle[at]]]
        bad = bad[np.isin(rows.trip[bad], rows.trip[rows.stops])]
        said = ["vehicles are loaded at their home"] * len(bad)
        found.add("depot", "routes", rows.line[bad], np.ones(len(bad)), said)
    back = np.flatnonzero((rows.kind == RETURN) & ~np.isin(np.arange(len(rows)), rows.last))
    bad = back[~np.isin(rows.place[back], case.depots)]
    said = ["this is no place to return to"] * len(bad)
    found.add("depot", "routes", rows.line[bad], np.ones(len(bad)), said)


def check_origins(found: Findings, case: RouteCase, rows: Rows, handed: Handed) -> None:
    """Record goods loaded where they may not come from."""
    loads = rows.loads_at()
    loads[rows.trip[rows.first[under_way(case, rows)]]] = -1  # what is on board is on board
    at = handed.rows[loads[rows.trip[handed.rows]] >= 0]
    place = rows.place[loads[rows.trip[at]]]
    wrong = ~case.stops.origins[rows.stop[at], place]
    names = [case.places[p] for p in place[wrong]]
    said = words("the goods may not be loaded at {}", names)
    found.add("origin", "routes", rows.line[at[wrong]], np.ones(int(wrong.sum())), said)


def check_order(found: Findings, case: RouteCase, rows: Rows, times: Times) -> None:
    """Record stops of a lower class than one met on the trip since the vehicle was clean."""
    if not case.clean_order:
        return
    at = rows.stops[rows.before[rows.stops] >= 0]
    before, access = rows.before[at], case.stops.access[rows.stop[at]]
    met = np.where(rows.trip[before] == rows.trip[at], times.met[before], 0)
    bad = access < met
    names = np.array(ACCESS_CLASSES, dtype=object)
    said = words("{} after {}", names[access[bad]], names[met[bad]])
    found.add("class_order", "routes", rows.line[at[bad]], met[bad] - access[bad], said)


def check_gates(found: Findings, case: RouteCase, rows: Rows, times: Times) -> None:
    """Hold places to their minutes of handing over and to the vehicles they can take at once."""
    at = rows.stops
    place = rows.place[at]
    if case.gates is not None:
        handed = times.stay[at] - case.vehicles.unloading[rows.vehicle[at]]
        spent = np.bincount(place, handed, minlength=len(case.places))
        over = spent - case.gates
        for one in np.flatnonzero(over > tolerance(spent, 3.0)).tolist():
            text = f"{spent[one]:g} minutes of handing over, {case.gates[one]:g} there are"
            found.add_one("gate", f"routes:{case.places[one]}", over[one], text)
    for one in np.unique(place).tolist() if case.docks else ():
        mine = at[place == one]
        most = _at_once(times.begin[mine], times.leave[mine])
        if most > case.docks:
            text = f"{most} vehicles at {case.places[one]} at once, {case.docks} may be"
            found.add_one("docks", f"routes:{case.places[one]}", most - case.docks, text)


def _at_once(begin: Floats, leave: Floats) -> int:
    """Return the most intervals that overlap, ends that touch aside."""
    minute = np.concatenate([begin, leave - NEAR])
    change = np.concatenate([np.ones(len(begin)), -np.ones(len(leave))])
    order = np.lexsort((change, minute))
    return int(np.cumsum(change[order]).max(initial=0))


def check_fixed(found: Findings, case: RouteCase, rows: Rows, times: Times) -> None:
    """Hold routes to those that are pinned or under way."""
    for number, fixed in enumerate(case.fixed):
        text = _changed(case, rows, times, number, fixed) if fixed.started else _lost(rows, fixed)
        if text:
            family = "started" if fixed.started else "pin"
            found.add_one(family, f"route_pins:{fixed.name}", 1.0, f"{fixed.name}: {text}")


def _changed(case: RouteCase, rows: Rows, times: Times, number: int, fixed: FixedRoute) -> str:
    """Say how a route under way is not carried on; blank when it is."""
    mine = np.flatnonzero(rows.fixed == number)
    if len(mine) != 1:
        return "no route carries it on"
    route = int(mine[0])
    first = rows.first[route]
    if rows.vehicle[first] != fixed.vehicle:
        return f"it is run by a {case.vehicles.ids[fixed.vehicle]}"
    if times.start[route] < fixed.ready - float(tolerance(fixed.ready)):
        return f"the vehicle is ready at minute {fixed.ready:g}"
    stops = _stops_of(rows, int(rows.trip[first]))
    if tuple(stops) != fixed.visits:
        wanted = ", ".join(case.stops.ids[stop] for stop in fixed.visits)
        return f"on board are the goods of {wanted or 'nobody'}"
    return ""


def _lost(rows: Rows, fixed: FixedRoute) -> str:
    trips = np.unique(rows.trip[rows.vehicle == fixed.vehicle]).tolist()
    for trip in trips:
        remaining = iter(_stops_of(rows, trip))
        if all(stop in remaining for stop in fixed.visits):
            return ""
    return "no trip of the vehicle visits its stops in this order"


def _stops_of(rows: Rows, trip: int) -> list[int]:
    mine: Ints = rows.stops[rows.trip[rows.stops] == trip]
    return [int(stop) for stop in rows.stop[mine]]
