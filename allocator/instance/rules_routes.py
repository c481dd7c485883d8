"""Rules of routes: times of the day, loads and capacities, fixed routes that contradict themselves.

What depends on the goods of a period is told by `route_faults` when the routes are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from allocator.instance.checked import CheckedTables
from allocator.instance.clock import CLOCK, DAY, Floats, clock_minutes
from allocator.instance.faultlog import nearest
from allocator.instance.text import rows_where

MEASURED = ("kg", "m3")
"""Dimensions that stand in the tables of vehicles and items."""
_UNDER_WAY = ("done", "started")


def check_hours(table: str) -> Callable[[CheckedTables], None]:
    """Return the rule of a table with opens and closes: times of the day, in order."""

    def check(checked: CheckedTables) -> None:
        opens, closes = (clock_column(checked, table, name) for name in ("opens", "closes"))
        rows = np.flatnonzero(closes <= opens)
        rule = "closes must be later than opens"
        log = checked.log
        log.rows("E1306", checked.sources[table], "closes", rows, rule, "correct one of the times")
        for name in ("ready", "due") if table == "stops" else ():
            clock_column(checked, table, name)

    return check


def clock_column(checked: CheckedTables, table: str, field: str) -> Floats:
    """Return a column of times as minutes from midnight, NaN where blank; tell what is none."""
    column = checked.text(table, field)
    wrong = [bool(word) and not CLOCK.fullmatch(word) for word in column.categories]
    rule = f"{field} must be a time of the day"
    action = "write HH:MM such as 08:30"
    rows = rows_where(column, wrong)
    checked.log.rows("E1208", checked.sources[table], field, rows, rule, action)
    clock = np.array([clock_minutes(word) for word in column.categories], dtype=np.float64)
    return np.asarray(clock[column.codes] if len(clock) else np.empty(0))


def check_shift_times(checked: CheckedTables) -> None:
    """Tell shifts that begin and end at one time."""
    starts, ends = (clock_column(checked, "vehicles", name) for name in ("starts", "ends"))
    rule = "starts and ends are the same time"
    action = "correct one of them, or leave both blank for the whole period"
    rows = np.flatnonzero(starts == ends)
    checked.log.rows("E1341", checked.sources["vehicles"], "ends", rows, rule, action)


def check_curfews(checked: CheckedTables) -> None:
    """Tell curfews that last no time."""
    begins, ends = (clock_column(checked, "curfews", name) for name in ("from", "to"))
    rule = "the curfew begins and ends at one time"
    action = "correct one of the times; a whole day is 00:00 to 24:00"
    rows = np.flatnonzero(begins == ends)
    checked.log.rows("E1341", checked.sources["curfews"], "to", rows, rule, action)


def check_capacities(checked: CheckedTables) -> None:
    """Tell capacities of vehicles there are not, and of what the vehicles table measures."""
    _tell_measured(checked, "capacities")
    if "vehicles" not in checked.untrusted:
        _tell_homeless(checked, "capacities")


def check_loads(checked: CheckedTables) -> None:
    """Tell loads of what the items table measures; warn of dimensions no vehicle carries."""
    _tell_measured(checked, "loads")
    if "capacities" in checked.untrusted:
        return
    column = checked.text("loads", "dimension")
    known = checked.words("capacities", "dimension") | set(MEASURED)
    rows = rows_where(column, [bool(word) and word not in known for word in column.categories])
    rule = "no vehicle has a capacity in this dimension: items with it cannot be carried"
    action = "add rows to capacities"
    source = checked.sources["loads"]
    checked.log.rows(
        "W1309", source, "dimension", rows, rule, action, lambda word: nearest(word, known)
    )


def _tell_measured(checked: CheckedTables, table: str) -> None:
    column = checked.text(table, "dimension")
    rows = rows_where(column, [word in MEASURED for word in column.categories])
    rule = "kg and m3 are columns of vehicles and items"
    action = "remove the row, and fill in the column"
    checked.log.rows("E1342", checked.sources[table], "dimension", rows, rule, action)


def _tell_homeless(checked: CheckedTables, table: str) -> None:
    """Tell rows whose type is not at home at the site they name."""
    pairs = _pairs(checked, "vehicles")
    kinds, sites = (checked.strings(table, name) for name in ("type", "site_id"))
    known = {kind for kind, _ in pairs}
    rows = [
        row
        for row, (kind, site) in enumerate(zip(kinds, sites, strict=True))
        if site and kind in known and not {(kind, site), (kind, "")} & pairs
    ]
    rule = "vehicles has no row of this type at this site"
    action = "name a site the type has in vehicles"
    checked.log.rows("E1343", checked.sources[table], "site_id", rows, rule, action)


def _pairs(checked: CheckedTables, table: str) -> set[tuple[str, str]]:
    columns = (checked.strings(table, name) for name in ("type", "site_id"))
    return set(zip(*columns, strict=True))


def check_route_pins(checked: CheckedTables) -> None:
    """Tell fixed routes that contradict themselves."""
    leave = clock_column(checked, "route_pins", "leave")
    if "vehicles" not in checked.untrusted:
        _tell_homeless(checked, "route_pins")
        _tell_which_home(checked)
    frame = checked.frames["route_pins"]
    texts = {name: checked.strings("route_pins", name) for name in _TEXTS}
    order = np.lexsort((np.arange(len(frame)), frame["sequence"], frame["period"], texts["route"]))
    route, period = texts["route"][order], frame["period"].to_numpy()[order]
    ends = np.flatnonzero((route[1:] != route[:-1]) | (period[1:] != period[:-1])) + 1
    found: dict[tuple[str, str, str], list[int]] = {}
    for rows in np.split(order, ends):
        for row, field, rule, action in _contradictions(
            rows, texts, frame["sequence"].to_numpy(), leave
        ):
            found.setdefault((field, rule, action), []).append(row)
    amount = checked.numbers("route_pins", "quantity")
    bare = np.flatnonzero(~np.isnan(amount) & (texts["item_id"] == ""))
    key = ("item_id", "the row has a quantity and no item", "fill in item_id")
    found[key] = bare.tolist()
    for (field, rule, action), bad in found.items():
        checked.log.rows("E1344", checked.sources["route_pins"], field, bad, rule, action)


_TEXTS = ("route", "type", "site_id", "place_id", "item_id", "state")


def _contradictions(
    rows: np.ndarray, texts: dict[str, np.ndarray], sequence: np.ndarray, leave: Floats
) -> Iterator[tuple[int, str, str, str]]:
    """Yield (row, field, rule, action) of one route; its rows are in sequence."""
    for name in ("type", "site_id"):
        words = texts[name][rows]
        first = next((word for word in words if word), "")
        for row in rows[(words != first) & (words != "")].tolist():
            yield row, name, "a route is run by one vehicle", f"write one {name} in all its rows"
    state, place = texts["state"][rows], texts["place_id"][rows]
    done = state == "done"
    last_done = int(np.flatnonzero(done)[-1]) if done.any() else -1
    for row in rows[: last_done + 1][~done[: last_done + 1]].tolist():
        yield row, "state", "a place after it is done and it is not", "correct state or sequence"
    if np.isin(state, _UNDER_WAY).any():
        for row in rows[state == "planned"].tolist():
            rule = "the route is under way: what it still has to visit is on board"
            yield row, "state", rule, "write started, or make it a route of its own"
    same = np.flatnonzero((sequence[rows][1:] == sequence[rows][:-1]) & (place[1:] != place[:-1]))
    for row in rows[same + 1].tolist():
        yield row, "sequence", "two places have one sequence", "number the places in order"
    yield from _times(rows, done, last_done, leave)


def _times(
    rows: np.ndarray, done: np.ndarray, last_done: int, leave: Floats
) -> Iterator[tuple[int, str, str, str]]:
    left = leave[rows]
    if last_done >= 0 and np.isnan(left[last_done]):
        rule = "nobody knows from when on the vehicle can go on"
        yield int(rows[last_done]), "leave", rule, "fill in leave of the last place done"
    for row in rows[~done & ~np.isnan(left)].tolist():
        yield row, "leave", "the vehicle has left a place that is not done", "correct state"
    stated = np.flatnonzero(done & ~np.isnan(left))
    earlier = left[stated[:-1]] - left[stated[1:]]
    back = stated[1:][(earlier > 0) & (earlier < DAY / 2)]  # More is the night between two days.
    for row in rows[back].tolist():
        yield row, "leave", "it left before the place in front of it", "correct leave or sequence"


def _tell_which_home(checked: CheckedTables) -> None:
    """Tell routes of a type with several homes that do not say which."""
    homes: dict[str, set[str]] = {}
    for kind, site in _pairs(checked, "vehicles"):
        homes.setdefault(kind, set()).add(site)
    names, kinds, sites = (
        checked.strings("route_pins", name) for name in ("route", "type", "site_id")
    )
    said = set(names[sites != ""])
    rows = [
        row
        for row, (name, kind) in enumerate(zip(names, kinds, strict=True))
        if name not in said and len(homes.get(kind, {""})) > 1
    ]
    rule = "vehicles of this type have several homes"
    action = "fill in site_id in a row of the route"
    checked.log.rows("E1344", checked.sources["route_pins"], "site_id", rows, rule, action)
