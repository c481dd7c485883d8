"""From the tables of a plan back to routes, as far as the case still knows what they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

import numpy as np
import pandas as pd

from allocator.instance.route_case import RouteCase
from allocator.instance.route_lines import lines_of
from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered
from allocator.plan import plan_table

WHOLE = 1e-6  # share that counts as all, or as nothing
LOADED = ("depart", "reload")


def taken(case: RouteCase, tables: Mapping[str, pd.DataFrame]) -> tuple[Routes, list[str]]:
    """Return the routes of a plan, and what of them the case does not have any more, in words.

    Times are left to the timetable; whether the routes fit is not looked at.
    """
    table = plan_table("routes", tables["routes"]).sort_values(["route", "sequence"], kind="stable")
    share = _shares(case, tables)
    found, dropped = [], []
    for name, rows in table.groupby("route", sort=False):
        records = _records(rows)
        vehicle = _vehicle(case, records[0])
        if vehicle < 0:
            kind, home = records[0]["vehicle_type"], records[0]["site_id"]
            dropped.append(f"route {name}: there is no {kind} at {home or 'any site'} any more")
            continue
        begun = next(
            (at for at, one in enumerate(case.fixed) if one.started and one.name == name), None
        )
        trips = tuple(_trips(case, vehicle, records, share, dropped))
        found.append(Route(vehicle, 0, trips, begun=begun))
    return numbered(found), list(dict.fromkeys(dropped))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): cell for key, cell in row.items()} for row in frame.to_dict("records")]


def _vehicle(case: RouteCase, row: Mapping[str, Any]) -> int:
    """Return the type at its home; without a home the only one of its name; -1 = gone."""
    fleet = case.vehicles
    named = [v for v, kind in enumerate(fleet.ids) if kind == row["vehicle_type"]]
    here = [v for v in named if case.places[fleet.home[v]] == row["site_id"]]
    if here:
        return here[0]
    return named[0] if len(named) == 1 and not row["site_id"] else -1


def _trips(
    case: RouteCase,
    vehicle: int,
    records: list[dict[str, Any]],
    share: Mapping[tuple[str, int], float],
    dropped: list[str],
) -> Iterator[Trip]:
    place, stop = (
        {name: at for at, name in enumerate(ids)} for ids in (case.places, case.stops.ids)
    )
    home, end = int(case.vehicles.home[vehicle]), int(case.vehicles.end[vehicle])
    numbers = list(dict.fromkeys(one["trip"] for one in records))
    depots = []
    for number in numbers:
        loads = [r for r in records if r["trip"] == number and r["kind"] in LOADED]
        depots.append(place.get(loads[-1]["place_id"], home) if loads else home)
    for at, number in enumerate(numbers):
        visits, mine = [], [r for r in records if r["trip"] == number]
        for one in (r for r in mine if r["kind"] == "stop"):
            row = stop.get(one["stop_id"], _only(case, place.get(one["place_id"], -1)))
            if row < 0:
                who = one["stop_id"] or one["place_id"]
                dropped.append(f"{who}: nothing is ordered there any more")
                continue
            part = share.get((one["route"], int(one["sequence"])), 1.0)
            if part > WHOLE:
                visits.append(Visit(row, 1.0 if abs(part - 1) <= WHOLE else part))
        ends = takewhile(lambda row: row["kind"] != "stop", reversed(mine))
        back = [row for row in ends if row["kind"] in ("decontaminate", "return")]
        next_depot = depots[at + 1] if at + 1 < len(depots) else end
        where = place.get(back[-1]["place_id"], next_depot) if back else next_depot
        yield Trip(depots[at], tuple(visits), where)


def _only(case: RouteCase, place: int) -> int:
    """Return the one stop at a place; -1 where there are none or several."""
    at = np.flatnonzero(case.stops.place == place)
    return int(at[0]) if len(at) == 1 else -1


def _shares(case: RouteCase, tables: Mapping[str, pd.DataFrame]) -> Mapping[tuple[str, int], float]:
    """Return what part of its stop each row hands over, by units; empty where it is not stated."""
    if "deliveries" not in tables:
        return {}
    rows = plan_table("routes", tables["routes"])[["route", "sequence", "stop_id", "place_id"]]
    given = plan_table("deliveries", tables["deliveries"])[["route", "sequence", "quantity"]]
    units = given.groupby(["route", "sequence"])["quantity"].sum().reset_index()
    total = lines_of(case).groupby("stop")["quantity"].sum()
    both = units.merge(rows, on=["route", "sequence"])
    names = {name: at for at, name in enumerate(case.places)}
    stop = {name: at for at, name in enumerate(case.stops.ids)}
    found = {}
    for one in _records(both):
        row = stop.get(one["stop_id"], _only(case, names.get(one["place_id"], -1)))
        if row >= 0 and total.get(row, 0.0) > 0:
            found[one["route"], int(one["sequence"])] = min(1.0, one["quantity"] / total[row])
    return found
