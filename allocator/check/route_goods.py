"""What routes hand over: shares of stops, loads on board, what is left of the orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check.ground import Floats, Ints, summed
from allocator.check.route_rows import Rows
from allocator.check.rows import amounts, words
from allocator.check.verdict import Findings
from allocator.instance.route_case import RouteCase
from allocator.instance.route_lines import lines_of
from allocator.plan import Plan, plan_table
from allocator.plan.precision import tolerance

NOTHING = 1e-6  # share of a stop
STATED = {"kg": "load_kg", "m3": "load_m3"}


@dataclass(frozen=True)
class Handed:
    """What is handed over.

    `rows` are the rows with a stop; `share` and `load` (visits, dimensions) what each brings.
    `lines` are the orders, one row a stop, item and origin; `given` what is delivered of each,
    `left` (stops,) the share of each stop that is not. `unit` (lines, dimensions) is the load of
    one unit.
    """

    rows: Ints
    share: Floats
    load: Floats
    lines: pd.DataFrame
    given: Floats
    left: Floats
    unit: Floats


def handed_of(found: Findings, case: RouteCase, plan: Plan, rows: Rows) -> Handed:
    """Read the deliveries; a plan without them hands over everything ordered at its stops."""
    names = list(case.dimensions)
    keys = ["stop", "item_id", "from_id"]
    lines = lines_of(case).groupby([*keys, "place_id"], sort=False, as_index=False)
    ordered = lines[["quantity", *names]].sum()
    amount = ordered["quantity"].to_numpy(float)
    unit = ordered[names].to_numpy(float) / np.where(amount > 0, amount, 1.0)[:, None]
    if plan.states("deliveries"):
        row, line, quantity = _stated(found, rows, plan, ordered)
    else:
        row, line, quantity = _whole(rows, ordered)
    weight = _weight(ordered, names)
    visits = rows.stops
    number = np.full(len(rows), -1, dtype=np.int64)
    number[visits] = np.arange(len(visits))
    at = number[row]
    part = weight[line] * quantity / np.where(amount > 0, amount, 1.0)[line]
    load = np.zeros((len(visits), len(names)))
    np.add.at(load, at, unit[line] * quantity[:, None])
    share = summed(at, part, len(visits))
    given = summed(line, quantity, len(ordered))
    stop = ordered["stop"].to_numpy(np.int64)
    done = summed(
        stop, weight * np.minimum(given / np.where(amount > 0, amount, 1.0), 1.0), len(case.stops)
    )
    left = np.maximum(0.0, 1.0 - done)
    return Handed(visits, share, load, ordered, given, np.where(left < NOTHING, 0.0, left), unit)


def _weight(lines: pd.DataFrame, names: list[str]) -> Floats:
    """Return what part of its stop each line is: by load, by quantity where it weighs nothing."""
    stop, result = lines["stop"], np.zeros(len(lines))
    for name in [*names, "quantity"]:
        total = lines[name].groupby(stop).transform("sum").to_numpy(float)
        open_ = (result == 0) & (total > 0)
        settled = pd.Series(result).groupby(stop).transform("sum").to_numpy(float) > 0
        use = open_ & ~settled
        result[use] = lines[name].to_numpy(float)[use] / total[use]
    return result


def _whole(rows: Rows, lines: pd.DataFrame) -> tuple[Ints, Ints, Floats]:
    """Return everything ordered at the stops, in equal parts where one is visited again."""
    at = rows.stops
    visits = pd.DataFrame({"row": at, "stop": rows.stop[at]})
    visits["part"] = 1.0 / visits.groupby("stop")["row"].transform("size")
    both = visits.merge(lines.assign(line=np.arange(len(lines))), on="stop", sort=False)
    quantity = both["quantity"].to_numpy(float) * both["part"].to_numpy(float)
    return both["row"].to_numpy(np.int64), both["line"].to_numpy(np.int64), quantity


def _stated(
    found: Findings, rows: Rows, plan: Plan, lines: pd.DataFrame
) -> tuple[Ints, Ints, Floats]:
    table = plan_table("deliveries", plan["deliveries"])
    quantity, ok = amounts(found, "deliveries", table, "quantity")
    own = pd.MultiIndex.from_arrays([rows.names[rows.route], rows.column("sequence")])
    wanted = pd.MultiIndex.from_frame(table[["route", "sequence"]].astype({"sequence": float}))
    row = _first_match(own.to_flat_index(), wanted.to_flat_index())
    row = np.where((row >= 0) & (rows.stop[row] >= 0), row, -1) if len(rows) else row
    lost = np.flatnonzero(row < 0)
    said = words("{} row {} is no stop", table["route"].iloc[lost], table["sequence"].iloc[lost])
    found.add("route_rows", "deliveries", lost, np.ones(len(lost)), said)
    place = rows.table["place_id"].to_numpy(object)[rows.line[row]] if len(rows) else np.array([])
    moved = np.flatnonzero((row >= 0) & (place != table["place_id"].to_numpy(object)))
    said = words("the vehicle is at {} then", place[moved])
    found.add("route_rows", "deliveries", moved, np.ones(len(moved)), said)
    line = _line_of(table, np.where(row >= 0, rows.stop[row], -1), lines)
    strange = np.flatnonzero((row >= 0) & (line < 0))
    said = words(
        "{} from {!r} is not ordered at {}",
        table["item_id"].iloc[strange],
        table["from_id"].iloc[strange],
        table["place_id"].iloc[strange],
    )
    found.add("ordered", "deliveries", strange, quantity[strange], said)
    good = np.flatnonzero(ok & (row >= 0) & (line >= 0))
    return row[good], line[good], np.maximum(quantity[good], 0.0)


def _first_match(own: pd.Index, wanted: pd.Index) -> Ints:
    kept = ~own.duplicated()
    at = np.flatnonzero(kept)
    found = own[kept].get_indexer(wanted)
    return np.where(found >= 0, at[found], -1) if len(at) else np.full(len(wanted), -1)


def _line_of(table: pd.DataFrame, stop: Ints, lines: pd.DataFrame) -> Ints:
    """Return the line of each delivery: stop, item and origin; a blank origin is any."""
    exact = pd.MultiIndex.from_frame(lines[["stop", "item_id", "from_id"]])
    item, origin = table["item_id"].to_numpy(object), table["from_id"].to_numpy(object)
    line = exact.get_indexer(pd.MultiIndex.from_arrays([stop, item, origin]))
    blank = (lines["from_id"] == "").to_numpy(bool)
    for among, allowed in ((blank, origin != ""), (np.ones(len(lines), bool), origin == "")):
        rows = np.flatnonzero(among)
        keys = pd.MultiIndex.from_frame(lines[["stop", "item_id"]].iloc[rows]).to_flat_index()
        wanted = pd.MultiIndex.from_arrays([stop, item]).to_flat_index()
        other = _first_match(keys, wanted)
        line = np.where((line < 0) & allowed & (other >= 0), rows[other] if len(rows) else -1, line)
    return np.asarray(line, dtype=np.int64)


def check_orders(found: Findings, case: RouteCase, plan: Plan, handed: Handed) -> None:
    """Hold deliveries to the orders: nothing above them, the rest stated, required stops served."""
    lines = handed.lines
    amount = lines["quantity"].to_numpy(float)
    over = handed.given - amount
    bad = np.flatnonzero(over > tolerance(amount, 4.0))
    for at in bad.tolist():
        one = lines.iloc[at]
        message = f"{one.place_id} gets {handed.given[at]:g} {one.item_id}, {amount[at]:g} ordered"
        found.add_one("ordered", "deliveries", over[at], message)
    _check_unserved(found, plan, handed)
    needed = np.flatnonzero(np.isinf(case.stops.prize) & (handed.left > 0))
    for stop in needed.tolist():
        message = f"{case.stops.ids[stop]} must be served in full"
        found.add_one("required", "orders", handed.left[stop], message)


def _check_unserved(found: Findings, plan: Plan, handed: Handed) -> None:
    if not plan.states("unserved"):
        return
    keys = ["place_id", "item_id", "from_id"]
    table = plan_table("unserved", plan["unserved"])
    quantity, ok = amounts(found, "unserved", table, "quantity")
    stated = table.assign(quantity=np.where(ok, quantity, 0.0)).groupby(keys)["quantity"].sum()
    lines = handed.lines.assign(
        left=np.maximum(0.0, handed.lines["quantity"].to_numpy(float) - handed.given)
    )
    true = lines.groupby(keys)[["left", "quantity"]].sum()
    both = true.join(stated.rename("stated"), how="outer").fillna(0.0)
    off = (both["left"] - both["stated"]).to_numpy(float)
    many = lines.groupby(keys).size().reindex(both.index).fillna(0).to_numpy(float)
    for at in np.flatnonzero(np.abs(off) > tolerance(both["quantity"], 4.0 * many + 4)).tolist():
        place, item, origin = both.index[at]
        left, said = both["left"].iloc[at], both["stated"].iloc[at]
        where = f" from {origin}" if origin else ""
        message = f"{left:g} {item} for {place}{where} are left, the plan says {said:g}"
        found.add_one("unserved", "unserved", abs(off[at]), message)


def check_splits(found: Findings, case: RouteCase, rows: Rows, handed: Handed) -> None:
    """Hold goods that must come at once to one visit with all of them."""
    whole = ~case.stops.divisible if case.split != "never" else np.ones(len(case.stops), bool)
    stop = rows.stop[handed.rows]
    visits = np.bincount(stop, minlength=len(case.stops))
    part = np.flatnonzero(whole & (visits > 0) & ((visits > 1) | (handed.left > 0)))
    for one in part.tolist():
        line = rows.line[handed.rows[stop == one][-1]]
        text = f"{case.stops.ids[one]} is to get all its goods in one visit"
        found.add("split", "routes", [line], [max(1, visits[one] - 1)], [text])


def board_of(case: RouteCase, rows: Rows, handed: Handed) -> Floats:
    """Return rows x dimensions of what is on board on leaving each row."""
    brought = np.zeros((len(rows), len(case.dimensions)))
    brought[handed.rows] = handed.load
    total = np.zeros((len(rows.trip_route), len(case.dimensions)))
    np.add.at(total, rows.trip, brought)
    run = np.cumsum(brought, axis=0)
    begin = np.searchsorted(rows.trip, np.arange(len(rows.trip_route)))
    start = run[begin] - brought[begin] if len(run) else run
    left = total[rows.trip] - (run - start[rows.trip])
    return np.maximum(left, 0.0)


def check_loads(found: Findings, case: RouteCase, rows: Rows, handed: Handed) -> None:
    """Hold trips to the room of the vehicle, and stated loads to what is on board."""
    room, at = case.vehicles.capacity, rows.loads_at()
    board = board_of(case, rows, handed)
    stop = rows.stop[handed.rows]
    slack = np.zeros((len(rows.trip_route), len(case.dimensions)))
    biggest = np.zeros((len(case.stops), len(case.dimensions)))
    np.add.at(biggest, handed.lines["stop"].to_numpy(np.int64), handed.unit)
    np.add.at(slack, rows.trip[handed.rows], biggest[stop])
    trip = np.flatnonzero(at >= 0)
    for d, name in enumerate(case.dimensions):
        load, most = board[at[trip], d], room[rows.vehicle[at[trip]], d]
        bad = np.flatnonzero(load - most > tolerance(load, slack[trip, d]))
        said = words("{:g} {} loaded, {:g} fit", load[bad], [name] * len(bad), most[bad])
        lines = rows.line[at[trip[bad]]]
        found.add("load", "routes", lines, load[bad] - most[bad], said)
        if name in STATED:
            _check_stated(found, rows, STATED[name], board[:, d], slack[rows.trip, d])


def _check_stated(found: Findings, rows: Rows, column: str, true: Floats, slack: Floats) -> None:
    stated = rows.column(column)
    off = np.abs(stated - true)
    bad = np.flatnonzero(off > tolerance(true, 1.0 + slack))  # blank cells compare as False
    said = words("{} is {:g}, the plan says {:g}", [column] * len(bad), true[bad], stated[bad])
    found.add("load_stated", "routes", rows.line[bad], off[bad], said)


def check_source(found: Findings, orders: pd.DataFrame, plan: Plan) -> None:
    """Compare the orders a plan states with those its source has (`orders`)."""
    keys = ["place_id", "item_id", "from_id"]
    stated = plan_table("orders", plan["orders"]).groupby(keys)["quantity"].sum()
    true = plan_table("orders", orders).groupby(keys)["quantity"].sum()
    both = pd.concat([true, stated], axis=1, keys=["true", "stated"]).fillna(0.0)
    off = (both["true"] - both["stated"]).abs().to_numpy(float)
    for at in np.flatnonzero(off > tolerance(both["true"], 2.0)).tolist():
        place, item, origin = both.index[at]
        true_, said = both.iloc[at]
        message = f"{true_:g} {item} from {origin} go to {place}, the plan says {said:g}"
        found.add_one("orders", "orders", off[at], message)
