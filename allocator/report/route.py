"""A plan of routes for a terminal: how much is brought, by whom, what is left and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance import Instance
from allocator.plan import Plan
from allocator.report.layout import Column, table, wrap
from allocator.report.route_words import Names, hours, names_of
from allocator.report.words import count, goal_words, number, percent

MOST = 12
WORST = 8
TOLD = 1e-6
TERMS = ("distance", "duration", "vehicles", "latest_arrival", "tardiness", "exposure")


def head_sentence(plan: Plan) -> str:
    """Return how many routes there are and what they come to."""
    use = plan.summary.get("use") or {}
    routes = plan["routes"]
    stops = int((routes["kind"] == "stop").sum())
    trips = len(routes[["route", "trip"]].drop_duplicates())
    parts = [count(routes["route"].nunique(), "route"), count(trips, "trip"), count(stops, "visit")]
    sentence = ", ".join(parts)
    if use:
        sentence += f"; {number(use['km'])} km, {number(use['hours'])} hours of duty"
        sentence += f", {number(use['hours_waiting'])} of them waiting"
    return f"{sentence}."


def sections(plan: Plan, instance: Instance | None, width: int) -> list[list[str]]:
    """Return what is told of routes beside head and goals."""
    names = names_of(instance, period_of(plan))
    return [
        term_lines(plan, width),
        type_lines(plan, width),
        route_lines(plan, names, width),
        left_lines(plan, names, width),
        _remarks(plan, width),
    ]


def period_of(plan: Plan) -> int:
    """Return the period routes are for."""
    return int(plan.instance.get("period") or plan.summary.get("period") or 1)


def term_lines(plan: Plan, width: int) -> list[str]:
    """Return the other figures of the routes, which no goal counts by itself."""
    values = plan.summary.get("values") or {}
    stated = {goal.name for goal in plan.goals}
    shown = [name for name in TERMS if name in values and name not in stated]
    told = ", ".join(f"{goal_words(name)} {number(values[name])}" for name in shown)
    return wrap(f"Also: {told}.", width) if told else []


def routes_table(plan: Plan) -> pd.DataFrame:
    """Return one row a route.

    Columns: route, vehicle_type, site_id, number, trips, stops, start, end, km, load_kg (of all
    trips), waits (minutes).
    """
    rows = plan["routes"].sort_values(["route", "sequence"], kind="stable")
    loads = rows[rows["kind"].isin(("depart", "reload"))]
    by = rows.groupby("route", sort=False)
    found = by[["vehicle_type", "site_id", "number"]].first()
    return found.assign(
        trips=by["trip"].nunique(),
        stops=(rows["kind"] == "stop").groupby(rows["route"], sort=False).sum(),
        start=by["arrive"].first(),
        end=by["leave"].last(),
        km=by["km"].sum(),
        load_kg=loads.groupby("route", sort=False)["load_kg"].sum(),
        waits=by["wait"].sum(),
    ).reset_index()


def type_lines(plan: Plan, width: int) -> list[str]:
    """Return what the vehicles of every type do."""
    routes = routes_table(plan)
    if routes.empty:
        return []
    columns = [Column("Vehicles"), *(Column(one, right=True) for one in
               ("used", "trips", "stops", "km", "kg", "mean duty"))]  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for (kind, site), mine in routes.groupby(["vehicle_type", "site_id"], sort=False):
        duty = float((mine["end"] - mine["start"]).mean())
        sums = [number(mine[name].sum()) for name in ("trips", "stops", "km", "load_kg")]
        rows.append(
            (f"{kind} of {site}" if site else str(kind), number(len(mine)), *sums, hours(duty))
        )
    hidden = len(rows) - MOST
    more = wrap(f"and {count(hidden, 'type and home', 'types and homes')} more", width)
    return [*table(columns, rows[:MOST], width), *(more if hidden > 0 else [])]


def route_lines(plan: Plan, names: Names, width: int) -> list[str]:
    """Return the first routes, one line each."""
    routes = routes_table(plan)
    if routes.empty:
        return ["No route is driven."]
    columns = [Column("Route"), Column("vehicle"), *(Column(one, right=True) for one in
               ("trips", "stops", "leaves", "ends", "km", "kg"))]  # fmt: skip
    rows = [
        (
            str(one["route"]),
            f"{one['vehicle_type']} {number(one['number'])} of {one['site_id']}",
            number(one["trips"]),
            number(one["stops"]),
            names.clock(one["start"]),
            names.clock(one["end"]),
            number(one["km"]),
            number(one["load_kg"]),
        )
        for one in routes.head(MOST).to_dict("records")
    ]
    lines = table(columns, rows, width)
    if len(routes) > MOST:
        more = f"and {count(len(routes) - MOST, 'route')} more: see routes.csv"
        lines += wrap(f"{more}, or allocator report PLAN --sheets", width)
    return lines


def left_table(plan: Plan) -> pd.DataFrame:
    """Return one row a place and origin left behind: place_id, from_id, items, units, prize, code.

    Those worth most come first; required ones have no prize and come before all others.
    """
    rows = plan["unserved"]
    rows = rows[rows["quantity"] > TOLD]
    by = rows.groupby(["place_id", "from_id"], sort=False)
    found = pd.DataFrame(
        {
            "items": by["item_id"].nunique(),
            "units": by["quantity"].sum(),
            "prize": by["prize"].max(),
            "reason": by["reason"].first(),
        }
    ).reset_index()
    order = found["prize"].fillna(np.inf)
    found = found.iloc[np.argsort(-order.to_numpy(float), kind="stable")]
    return found.reset_index(drop=True)


def left_lines(plan: Plan, names: Names, width: int) -> list[str]:
    """Return what is left behind and why."""
    left = left_table(plan)
    if left.empty:
        return ["Everything ordered is delivered."]
    use = plan.summary.get("use") or {}
    told = f"{count(len(left), 'stop')} not served in full"
    if use and use["units_ordered"] > 0:
        told += f": {percent(use['units_delivered'] / use['units_ordered'])} of the units delivered"
    columns = (Column("Left behind"), Column("units", right=True), Column("prize", right=True),
               Column("why"))  # fmt: skip
    rows = [
        (
            names.place(one["place_id"]) + (f" from {one['from_id']}" if one["from_id"] else ""),
            number(one["units"]),
            "required" if one["prize"] != one["prize"] else number(one["prize"]),
            str(one["reason"]).replace("_", " ").lower() or "-",
        )
        for one in left.head(WORST).to_dict("records")
    ]
    lines = [*wrap(f"{told}.", width), *table(columns, rows, width)]
    if len(left) > WORST:
        lines += wrap(f"and {count(len(left) - WORST, 'stop')} more: see unserved.csv", width)
    for text in plan.reasons["text"].drop_duplicates().head(WORST):
        lines += wrap(str(text), width, "  ")
    return lines


def _remarks(plan: Plan, width: int) -> list[str]:
    """Return what a start plan lost, what the data lacks and what was said of the search."""
    told = [f"Dropped from the start plan: {one}." for one in plan.summary.get("dropped") or ()]
    told += [f"Note: {one}." for one in plan.summary.get("warnings") or ()]
    told += [f"{one}." for one in plan.summary.get("remarks") or ()]
    if plan.summary.get("router"):
        told.append(f"Searched with: {plan.summary['router']}.")
    lines = [line for one in told[:MOST] for line in wrap(one, width)]
    if len(told) > MOST:
        lines += wrap(f"and {count(len(told) - MOST, 'remark')} more: see plan.json", width)
    return lines
