"""Routes the planner has fixed and routes under way: what they take of the orders, where they are.

What is done is done: its goods leave the orders. What is on board of a started route, and what a
planned one is to bring, become stops of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from allocator.instance.clock import at_clock, clock_minutes, period_clock
from allocator.instance.faultlog import FaultLog
from allocator.instance.lanes import Floats, Ints
from allocator.instance.network import Network
from allocator.instance.route_case import FixedRoute, RouteCase, Vehicles
from allocator.instance.route_drops import Drops
from allocator.instance.route_orders import ANY, COLUMNS

DONE, STARTED = "done", "started"
_LEAST = 1e-9


@dataclass(frozen=True, eq=False)
class PinnedRoute:
    """One route of route_pins: its rows in sequence, its vehicle type and the home of it."""

    name: str
    type: str
    home: str
    rows: pd.DataFrame

    @property
    def started(self) -> bool:
        """Whether it is under way."""
        return bool(self.rows["state"].isin((DONE, STARTED)).any())


def pinned_routes(net: Network, period: int) -> list[PinnedRoute]:
    """Return the fixed routes of a period in the order they first come in."""
    table = net.instance["route_pins"]
    here = table[table["period"] == period].sort_values("sequence", kind="stable")
    found = []
    for name in table.loc[table["period"] == period, "route"].drop_duplicates():
        rows = here[here["route"] == name].reset_index(drop=True)
        kind = str(rows["type"].iloc[0])
        found.append(PinnedRoute(str(name), kind, _home(net, rows, kind), rows))
    return found


def _home(net: Network, rows: pd.DataFrame, kind: str) -> str:
    """Return the home of the vehicle: stated, the only one of its type, or where it loaded."""
    vehicles = net.instance["vehicles"]
    stated = [str(name) for name in rows["site_id"] if name]
    homes = [str(name) for name in vehicles.loc[vehicles["type"] == kind, "site_id"] if name]
    sites = set(net.instance["sites"]["site_id"].astype("str"))
    loaded = [str(name) for name in rows["place_id"] if name in sites]
    return next(iter([*stated, *homes, *loaded]), "")


def taken(
    net: Network, orders: pd.DataFrame, routes: list[PinnedRoute], log: FaultLog
) -> pd.DataFrame:
    """Return the orders with a column `route`: "" = free, else the fixed route that brings them."""
    ledger = _Ledger(orders)
    sites = set(net.places.ids[net.places.is_site])
    for route in routes:
        for row in route.rows.to_dict("records"):
            place, item = str(row["place_id"]), str(row["item_id"])
            if place in sites and not ledger.ordered(place):
                continue  # It loads there.
            amount = float(row["quantity"])
            lines = list(ledger.take(place, item, amount, route.home))
            _tell_difference(route, row, lines, log)
            if row["state"] != DONE:
                extra = _unordered(item, amount, lines) if row["state"] == STARTED else []
                ledger.add(place, [*lines, *extra], route)
    return ledger.frame()


class _Ledger:
    """What is still ordered while fixed routes take their part."""

    def __init__(self, orders: pd.DataFrame) -> None:
        self._orders = orders
        self._left = orders["quantity"].to_numpy(float).copy()
        self._place = orders["place_id"].to_numpy(object)
        self._item = orders["item_id"].to_numpy(object)
        self._from = orders["from_id"].to_numpy(object)
        self._fixed: list[dict[str, object]] = []

    def ordered(self, place: str) -> bool:
        """Say whether anything was ordered for a place."""
        return bool((self._place == place).any())

    def take(self, place: str, item: str, amount: float, home: str) -> Iterator[tuple[str, float]]:
        """Take goods of a place off the orders, those from `home` first; NaN = all from there."""
        mine = (self._place == place) & (self._left > _LEAST)
        if item:
            mine &= self._item == item
        near = mine & ((self._from == home) | (self._from == ANY))
        rows = np.flatnonzero(near)
        if not np.isnan(amount):
            rows = np.concatenate([rows, np.flatnonzero(mine & ~near)])
        for row in rows.tolist():
            part = self._left[row] if np.isnan(amount) else min(self._left[row], amount)
            if part <= _LEAST:
                break
            self._left[row] -= part
            amount -= part
            yield str(self._item[row]), float(part)

    def add(self, place: str, lines: list[tuple[str, float]], route: PinnedRoute) -> None:
        """Note what a fixed route brings."""
        for item, amount in lines:
            order = {"place_id": place, "item_id": item, "quantity": amount}
            self._fixed.append(order | {"from_id": route.home, "route": route.name})

    def frame(self) -> pd.DataFrame:
        """Return what is ordered, the fixed routes' goods under their names."""
        free = self._orders.assign(quantity=self._left, route="")
        free = free[self._left > _LEAST]
        if not self._fixed:
            return free.reset_index(drop=True)
        keys = ["place_id", "item_id", "from_id", "route"]
        fixed = pd.DataFrame(self._fixed).astype(dict.fromkeys(keys, "str"))
        total = fixed.groupby(keys, sort=False)["quantity"].sum().reset_index()
        return pd.concat([free, total[[*COLUMNS, "route"]]], ignore_index=True)


def _unordered(item: str, amount: float, lines: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return what is on board beyond the orders: a started vehicle keeps its load."""
    beyond = amount - sum(part for _, part in lines)
    return [(item, beyond)] if item and beyond > _LEAST else []


def _tell_difference(
    route: PinnedRoute, row: Mapping[Any, Any], lines: list[tuple[str, float]], log: FaultLog
) -> None:
    where, place = f"route_pins:{row['pin_id']}", row["place_id"]
    amount, found = float(str(row["quantity"])), sum(part for _, part in lines)
    if np.isnan(amount) and not lines:
        rule = f"nothing that is ordered for {place} is left for route {route.name}"
        action = "state item_id and quantity, or remove the row"
        log.add("W1602" if row["state"] == DONE else "E1607", where, rule, action)
    elif amount > found * (1 + 1e-9) + _LEAST:
        rule = f"route {route.name} brings {place} more than is ordered for it"
        action = "correct the quantity, or plan the dispatch anew"
        code = "E1607" if row["state"] == "planned" else "W1602"
        log.add(code, where, rule, action, f"{amount:g}, ordered {found:g}")


def fixed_routes(
    net: Network,
    routes: list[PinnedRoute],
    drops: Drops,
    vehicles: Vehicles,
    position: Ints,
    km: Floats,
    stations: Floats,
    period: int,
    log: FaultLog,
) -> tuple[FixedRoute, ...]:
    """Return the fixed routes of a case; what has no vehicle is told (E1607).

    Args:
        net: The instance.
        routes: The routes of the table.
        drops: The stops.
        vehicles: The vehicles of the case.
        position: Row of the case of each place.
        km: (M, P, P).
        stations: Minutes of decontamination on the way at each place, inf = none.
        period: The period, from 1.
        log: The faults.
    """
    kinds = list(zip(vehicles.ids, vehicles.home.tolist(), strict=True))
    found = []
    for route in routes:
        home = int(net.places.find(pd.Series([route.home], dtype="str"))[0])
        key = (route.type, int(position[home]) if home >= 0 else -1)
        if key not in kinds:
            rule = (
                f"route {route.name} needs a {route.type} of {route.home or 'no site'}: none there"
            )
            log.add("E1607", f"route_pins:{route.name}", rule, "correct type or site_id")
            continue
        vehicle = kinds.index(key)
        found.append(_fixed(net, route, vehicle, drops, vehicles, position, km, stations, period))
    return tuple(found)


def _fixed(
    net: Network,
    route: PinnedRoute,
    vehicle: int,
    drops: Drops,
    vehicles: Vehicles,
    position: Ints,
    km: Floats,
    stations: Floats,
    period: int,
) -> FixedRoute:
    rows = route.rows
    stop_at = {
        int(drops.place[stop]): stop for stop in np.flatnonzero(drops.route == route.name).tolist()
    }
    place = net.places.find(rows["place_id"])
    done = (rows["state"] == DONE).to_numpy(bool)
    visits = dict.fromkeys(stop_at[at] for at in place[~done].tolist() if at in stop_at)
    plain = FixedRoute(route.name, vehicle, route.started, tuple(visits))
    if not done.any():
        return plain
    behind = place[done]
    cleaned = np.isfinite(stations[behind]) & (position[behind] != vehicles.home[vehicle])
    loads = np.flatnonzero(net.places.is_site[behind] & ~cleaned)
    trip = behind[int(loads[-1]) + 1 :] if len(loads) else behind
    since = behind[int(np.flatnonzero(net.places.is_site[behind]).max(initial=-1)) + 1 :]
    clock, _ = period_clock(net.instance["periods"], period)
    leave = [float(at_clock(clock_minutes(str(time)), clock)) for time in rows["leave"][done]]
    known = [minute for minute in leave if not np.isnan(minute)]
    ready = max(known, default=float(vehicles.early[vehicle]))
    path = position[behind]
    if not len(loads) or loads[0] > 0:
        path = np.r_[vehicles.home[vehicle], path]
    legs = km[vehicles.profile[vehicle], path[:-1], path[1:]]
    out = known[0] - float(vehicles.loading[vehicle]) if known else ready
    return FixedRoute(
        name=route.name,
        vehicle=vehicle,
        started=True,
        visits=plain.visits,
        done=tuple(position[trip].tolist()),
        place=int(position[behind[-1]]),
        ready=ready,
        highest=int(net.access[since, period - 1].max(initial=0)),
        minutes=max(0.0, ready - out),
        km=float(legs.sum()),
        trips=max(1, len(loads)),
    )


def contradictions(case: RouteCase) -> Iterator[tuple[str, str]]:
    """Yield (route, what is wrong) of fixed routes no vehicle could run."""
    fixed, stops, vehicles = case.fixed, case.stops, case.vehicles
    for route in fixed:
        rows = list(route.visits)
        if case.clean_order and _falls(case, route):
            yield route.name, "its class of access falls, and clean_order forbids that"
        over = stops.load[rows].sum(axis=0) > vehicles.capacity[route.vehicle] * (1 + 1e-9)
        if over.any():
            yield route.name, "its goods are more than the vehicle carries"
        for row in rows:
            if not stops.permitted[row, route.vehicle]:
                yield route.name, f"the vehicle may not enter {stops.ids[row]}"
    lines = vehicles.line[[route.vehicle for route in fixed]]
    for line in np.unique(lines).tolist():
        mine = [route.name for route, one in zip(fixed, lines, strict=True) if one == line]
        vehicle = int(np.flatnonzero(vehicles.line == line)[0])
        if len(mine) > vehicles.count[vehicle]:
            there = f"there are {vehicles.count[vehicle]} of {vehicles.ids[vehicle]}"
            yield mine[-1], f"{len(mine)} routes of the type are fixed and {there}"


def _falls(case: RouteCase, route: FixedRoute) -> bool:
    """Say whether the class of a fixed route falls where no place decontaminates on the way."""
    rows = list(route.visits)
    place, access = case.stops.place[rows].tolist(), case.stops.access[rows].tolist()
    if route.started:
        place, access = [route.place, *place], [route.highest, *access]
    profile, ways = case.vehicles.profile[route.vehicle], case.detours
    return any(
        b < a and (ways is None or ways.by[profile, start, end] < 0)
        for (a, b), (start, end) in zip(pairwise(access), pairwise(place), strict=True)
    )
