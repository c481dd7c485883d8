"""What no router could repair in a routing case, told before any search and all at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.errors import Fault
from allocator.instance.faultlog import SHOWN_PER_RULE, FaultLog
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.route_case import RouteCase
from allocator.instance.route_pins import contradictions

LARGEST = 1e12
"""Sums above this would overflow the whole numbers of routers (2^63) at six decimals."""


def route_faults(case: RouteCase) -> tuple[Fault, ...]:
    """Return everything wrong with a case; codes that begin with W are left to the routes.

    E1601 more than any vehicle carries, E1602 no time to serve, E1603 no way, E1604 no permit,
    E1605 numbers too large, E1607 fixed routes that contradict themselves, E1608 nobody loads
    there. W1601: no vehicle gets there in time; it stays unserved (E1609 where it is required).
    """
    log = FaultLog()
    stops = case.stops
    free = np.ones(len(stops), dtype=bool)
    for route in case.fixed:
        if route.started:
            free[list(route.visits)] = False  # They are on board already.
    allowed = stops.permitted.any(axis=1)
    loaded = stops.permitted & _loads(case)
    _tell_permits(case, free & ~allowed, log)
    _tell_homes(case, free & allowed & ~loaded.any(axis=1), log)
    carried = loaded & _carries(case, loaded)
    _tell_loads(case, free & loaded.any(axis=1) & ~carried.any(axis=1), log)
    ways = _reaches(case)
    reached = carried & ways
    able = carried | (loaded & ~carried.any(axis=1, keepdims=True))
    _tell_ways(case, free & able.any(axis=1) & ~(able & ways).any(axis=1), log)
    _tell_windows(case, log)
    _tell_overflow(case, log)
    for name, rule in contradictions(case):
        log.add("E1607", f"route_pins:{name}", rule, "correct the rows of the route")
    timely = reached & _in_time(case)
    opened = np.array([len(windows) > 0 for windows in stops.windows], dtype=bool)
    _tell_late(case, free & opened & reached.any(axis=1) & ~timely.any(axis=1), log)
    return tuple(log.faults)


def _tell(
    case: RouteCase,
    log: FaultLog,
    code: str,
    rows: Ints,
    rule: str,
    action: str,
    value: Callable[[int], str] = lambda row: "",
) -> None:
    """Tell the same of several stops: the first ones, then how many in all."""
    for row in rows[:SHOWN_PER_RULE].tolist():
        log.add(code, f"stop {case.stops.ids[row]}", rule, action, value(row))
    if len(rows) > SHOWN_PER_RULE:
        log.add(code, "stops", rule, action, f"{len(rows)} stops in all")


def _tell_permits(case: RouteCase, bad: Bools, log: FaultLog) -> None:
    rule = "no vehicle has a permit for its zone and class of access"
    action = (
        "give a type the permit (zones, access of vehicles), or bring the goods to another place"
    )
    _tell(case, log, "E1604", np.flatnonzero(bad), rule, action)


def _tell_homes(case: RouteCase, bad: Bools, log: FaultLog) -> None:
    def origins(row: int) -> str:
        return ", ".join(case.places[p] for p in np.flatnonzero(case.stops.origins[row])[:5])

    rule = "no vehicle with a permit for it is at home where its goods are"
    action = "base a vehicle there, set reload_anywhere, or ship from another site"
    _tell(case, log, "E1608", np.flatnonzero(bad), rule, action, origins)


def _tell_loads(case: RouteCase, bad: Bools, log: FaultLog) -> None:
    def load(row: int) -> str:
        pairs = zip(case.stops.load[row], case.dimensions, strict=True)
        return ", ".join(f"{amount:g} {name}" for amount, name in pairs if amount > 0)

    rule = "its goods are more than any vehicle that may go there carries, and are not to be split"
    action = "let goods be split (policy split), or use a larger vehicle"
    whole = bad & ~case.stops.divisible
    _tell(case, log, "E1601", np.flatnonzero(whole), rule, action, load)
    rule = "a single pack of its goods is more than any vehicle that may go there carries"
    _tell(case, log, "E1601", np.flatnonzero(bad & ~whole), rule, "use a larger vehicle", load)


def _tell_ways(case: RouteCase, bad: Bools, log: FaultLog) -> None:
    rule = "no way leads there and back from where its goods are"
    action = "add links or points (lat, lon), or open a closed link"
    _tell(case, log, "E1603", np.flatnonzero(bad), rule, action)


def _tell_windows(case: RouteCase, log: FaultLog) -> None:
    bad = np.array([not windows for windows in case.stops.windows], dtype=bool)
    rule = "no time is left to serve it: it closes before its goods can be handed over"
    action = "look at gate hours, hours of the stop and curfews, or give the gate more hands"
    service, unloading = case.stops.service, case.vehicles.unloading.min(initial=np.inf)

    def stay(row: int) -> str:
        return f"{service[row]:g} minutes of handing over and {unloading:g} or more of unloading"

    _tell(case, log, "E1602", np.flatnonzero(bad), rule, action, stay)


def _tell_late(case: RouteCase, bad: Bools, log: FaultLog) -> None:
    rule = "no vehicle gets there and back in time: it will stay unserved"
    action = "look at shifts, longest_minutes, farthest_km and the hours of the place"
    needed = np.isinf(case.stops.prize)
    _tell(case, log, "W1601", np.flatnonzero(bad & ~needed), rule, action)
    rule = "it is required, and no vehicle gets there and back in time"
    _tell(case, log, "E1609", np.flatnonzero(bad & needed), rule, action)


def _tell_overflow(case: RouteCase, log: FaultLog) -> None:
    stops, fleet, legs = case.stops, case.vehicles, 2 * (len(case.stops) + 1)
    sums = {f"the load in {n}": stops.load[:, d].sum() for d, n in enumerate(case.dimensions)}
    sums["minutes of service"] = stops.service.sum()
    sums["prizes"] = _finite(stops.prize).sum()
    sums["weights of arrival"] = stops.weight.sum()
    sums["travel time"] = _finite(case.minutes).max(initial=0.0) * legs
    sums["distance"] = _finite(case.km).max(initial=0.0) * legs
    rates = (fleet.fixed, fleet.per_trip, fleet.per_hour, fleet.per_km)
    dearest = [float(rate.max(initial=0.0)) for rate in rates]
    sums["cost"] = legs * (dearest[0] + dearest[1])
    sums["cost"] += sums["travel time"] / 60 * dearest[2] + sums["distance"] * dearest[3]
    for name, total in sums.items():
        if not total <= LARGEST:
            rule = f"{name} may add up to {total:g}: more than routers can count"
            log.add("E1605", name, rule, "use larger units, or correct the figures")


def _finite(values: Floats) -> Floats:
    return np.asarray(values[np.isfinite(values)])


def _loads(case: RouteCase) -> Bools:
    """Return (n, V): the type may load the goods of the stop."""
    fleet, found = case.vehicles, np.zeros(case.stops.permitted.shape, dtype=bool)
    for v in range(len(fleet)):
        found[:, v] = case.stops.origins[:, fleet.home[v]]
        if case.reload_anywhere:
            way = np.isfinite(case.minutes[fleet.profile[v], fleet.home[v]])
            found[:, v] |= (case.stops.origins & way).any(axis=1)
    return found


def _carries(case: RouteCase, loaded: Bools) -> Bools:
    """Return (n, V): one vehicle carries the goods, or each pack where they may be split."""
    stops, fleet = case.stops, case.vehicles
    least = stops.load.copy()
    least[stops.divisible] = 0.0
    goods, names = case.goods, list(case.dimensions)
    if len(goods):
        pack = goods["pack"].to_numpy(float) if "pack" in goods else np.zeros(len(goods))
        amount = goods["quantity"].to_numpy(float)
        part = np.divide(
            np.minimum(pack, amount), amount, out=np.zeros(len(goods)), where=amount > 0
        )
        unit = goods[names].to_numpy(float) * part[:, None]
        np.maximum.at(least, goods["stop"].to_numpy(np.int64), unit)
    room = fleet.capacity * (1 + 1e-9) + 1e-9
    return np.asarray((least[:, None, :] <= room[None, :, :]).all(axis=2) & loaded)


def _reaches(case: RouteCase) -> Bools:
    """Return (n, V): there is a way from a place of loading to the stop and on to the end."""
    stops, fleet, found = (
        case.stops,
        case.vehicles,
        np.zeros(case.stops.permitted.shape, dtype=bool),
    )
    depots = case.depots
    for v in range(len(fleet)):
        minutes = case.minutes[fleet.profile[v]]
        way = np.isfinite(minutes[np.ix_(depots, stops.place)]).T & _origins_of(case, v, depots)
        found[:, v] = way.any(axis=1) & np.isfinite(minutes[stops.place, fleet.end[v]])
    return found


def _origins_of(case: RouteCase, v: int, depots: Ints) -> Bools:
    """Return (n, depots): where a vehicle of the type may load the goods."""
    home = case.vehicles.home[v]
    places = depots == home
    if case.reload_anywhere:
        places |= np.isfinite(case.minutes[case.vehicles.profile[v], home, depots])
    return np.asarray(case.stops.origins[:, depots] & places)


def _in_time(case: RouteCase) -> Bools:
    """Return (n, V): a route to this stop alone keeps its window, shift, duty and distance."""
    stops, fleet, found = (
        case.stops,
        case.vehicles,
        np.zeros(case.stops.permitted.shape, dtype=bool),
    )
    share = np.ones(len(stops))
    share[stops.divisible] = 0.0
    last = np.array([max((b for _, b in w), default=-np.inf) for w in stops.windows])
    first = np.array([min((a for a, _ in w), default=np.inf) for w in stops.windows])
    for v in range(len(fleet)):
        minutes, km = case.minutes[fleet.profile[v]], case.km[fleet.profile[v]]
        out, back = _way(minutes, case, v), minutes[stops.place, fleet.end[v]]
        stay = stops.service * share + fleet.unloading[v]
        wash = fleet.decontaminate[v, stops.access]
        if case.stations is not None:  # decontaminated before another stop, perhaps
            wash = np.minimum(wash, case.stations.min(initial=np.inf))
        arrive = np.maximum(fleet.early[v], stops.release) + fleet.loading[v] + out
        duty = fleet.loading[v] + out + stay + back + wash
        end = np.maximum(arrive, first) + stay + back + wash
        far = _way(km, case, v) + km[stops.place, fleet.end[v]]
        found[:, v] = (arrive <= last) & (duty <= fleet.longest[v] + 1e-6)
        found[:, v] &= (end <= fleet.late[v] + 1e-6) & (far <= fleet.farthest[v] + 1e-6)
    return found


def _way(lengths: Floats, case: RouteCase, v: int) -> Floats:
    """Return (n,) the shortest way from home by a place of loading to each stop."""
    home = case.vehicles.home[v]
    if not case.reload_anywhere:
        return np.asarray(lengths[home, case.stops.place])
    depots = np.flatnonzero(case.stops.origins.any(axis=0))
    legs = lengths[home, depots][:, None] + lengths[np.ix_(depots, case.stops.place)]
    legs = np.where(case.stops.origins[:, depots].T, legs, np.inf)
    return np.asarray(legs.min(axis=0, initial=np.inf))
