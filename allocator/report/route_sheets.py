"""What each driver does, on a sheet of its own: as text, or as a page to print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from allocator.instance import Instance
from allocator.plan import Plan
from allocator.report.layout import Column, table, wrap
from allocator.report.route import period_of, routes_table
from allocator.report.route_words import Names, hours, names_of
from allocator.report.words import number

KINDS = {
    "depart": "load and leave",
    "reload": "load again",
    "decontaminate": "decontaminate",
    "return": "end",
}
HEADS = ("", "place", "arrive", "leave", "access", "hand over")
STYLE = """
body { font: 11pt/1.35 "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 0; }
section { padding: 12mm; page-break-after: always; break-after: page; }
section:last-of-type { page-break-after: auto; break-after: auto; }
h1 { font-size: 16pt; margin: 0 0 2mm; } h2 { font-size: 12pt; margin: 5mm 0 1mm; }
p { margin: 0 0 2mm; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 0.3mm solid #777; padding: 1mm 1.5mm; text-align: left; vertical-align: top; }
th { background: #eee; } tr { break-inside: avoid; }
td.time { text-align: right; max-width: 20mm; font-variant-numeric: tabular-nums; }
td.box { width: 26mm; } td.place { width: 28%; } td.goods { min-width: 48mm; }
tr.depot td { background: #f6f6f6; }
td.sealed { font-weight: bold; border-left: 1.5mm solid #b00; }
td.controlled { border-left: 1.5mm solid #c80; }
.drill { border: 0.6mm solid #b00; padding: 1mm 2mm; font-weight: bold; }
@page { size: A4; margin: 8mm; }
"""


@dataclass(frozen=True)
class Line:
    """One row of a sheet: its number (blank at depots), texts, and the class of access."""

    kind: str
    number: str
    place: str
    arrive: str  # with the begin, where the vehicle waits
    leave: str
    access: str
    goods: tuple[str, ...]

    def cells(self) -> tuple[str, ...]:
        """Return the texts of the row."""
        goods = "; ".join(self.goods)
        return (self.number, self.place, self.arrive, self.leave, self.access, goods)


@dataclass(frozen=True)
class Sheet:
    """One route: head, and the rows of every trip with what is loaded for it."""

    route: str
    title: str
    about: str
    loads: Mapping[int, str]
    trips: Mapping[int, tuple[Line, ...]]


def sheets(plan: Plan, instance: Instance | None = None, only: str = "") -> Iterator[Sheet]:
    """Return a sheet a route, or that of one route only."""
    names = names_of(instance, period_of(plan))
    heads = {str(one["route"]): one for one in routes_table(plan).to_dict("records")}
    rows = plan["routes"].sort_values(["route", "sequence"], kind="stable")
    goods = _goods(plan, names)
    for route, mine in rows.groupby("route", sort=False):
        if only and str(route) != only:
            continue
        head: Mapping[Any, Any] = heads[str(route)]
        vehicle = f"{head['vehicle_type']} {number(head['number'])}"
        about = (
            f"{vehicle} of {names.place(str(head['site_id']))}, "
            f"{names.clock(head['start'])} to {names.clock(head['end'])} "
            f"({hours(head['end'] - head['start'])}), {number(head['stops'])} stops, "
            f"{number(head['km'])} km"
        )
        trips: dict[int, list[Line]] = {}
        count = 0
        for row in mine.to_dict("records"):
            count += row["kind"] == "stop"
            given = goods.get((str(route), int(row["sequence"])), ())
            line = _line(row, count, given, names)
            trips.setdefault(int(row["trip"]), []).append(line)
        yield Sheet(
            str(route),
            f"Route {route}",
            about,
            _loads(plan, str(route), mine, names),
            {trip: tuple(lines) for trip, lines in trips.items()},
        )


def _line(row: Mapping[object, object], count: int, goods: tuple[str, ...], names: Names) -> Line:
    kind, place = str(row["kind"]), names.place(str(row["place_id"]))
    arrive, begin, leave = (
        names.clock(float(str(row[name]))) for name in ("arrive", "begin", "leave")
    )
    times = (arrive if begin == arrive else f"{arrive}, begin {begin}", leave)
    if kind == "stop":
        return Line(kind, str(count), place, *times, str(row["access"]), goods)
    return Line(kind, "", f"{KINDS.get(kind, kind)}: {place}", *times, "", goods)


def _goods(plan: Plan, names: Names) -> dict[tuple[str, int], tuple[str, ...]]:
    """Return what is handed over at every row, in words."""
    found: dict[tuple[str, int], list[str]] = {}
    given = plan["deliveries"].sort_values(["route", "sequence", "item_id"], kind="stable")
    for row in given.to_dict("records"):
        key = (str(row["route"]), int(row["sequence"]))
        found.setdefault(key, []).append(_amount(str(row["item_id"]), row["quantity"], names))
    return {key: tuple(texts) for key, texts in found.items()}


def _amount(item: str, quantity: float, names: Names) -> str:
    unit = names.units.get(item, "")
    return f"{number(quantity)} {unit} {names.item(item)}".replace("  ", " ")


def _loads(plan: Plan, route: str, rows: pd.DataFrame, names: Names) -> dict[int, str]:
    """Return what is loaded for every trip: the sum of what it hands over, with its weight."""
    given = plan["deliveries"]
    given = given[given["route"] == route]
    sums = given.groupby(["trip", "item_id"], sort=True)["quantity"].sum().reset_index()
    heavy = rows[rows["kind"].isin(("depart", "reload"))].groupby("trip")[["load_kg", "load_m3"]]
    found = {}
    for trip, loads in heavy.last().iterrows():
        mine = sums[sums["trip"] == trip]
        pairs = zip(mine["item_id"], mine["quantity"], strict=True)
        parts = [_amount(str(item), float(quantity), names) for item, quantity in pairs]
        weight = f"{number(loads['load_kg'])} kg" if loads["load_kg"] == loads["load_kg"] else ""
        room = f", {number(loads['load_m3'])} m3" if loads["load_m3"] == loads["load_m3"] else ""
        found[int(str(trip))] = f"{'; '.join(parts) or 'nothing'} ({weight}{room})"
    return found


def sheets_text(plan: Plan, instance: Instance | None, width: int, only: str = "") -> str:
    """Return the sheets of all routes, or of one, for a terminal."""
    parts = []
    for sheet in sheets(plan, instance, only):
        lines = [sheet.title, *wrap(sheet.about, width)]
        for trip, rows in sheet.trips.items():
            lines += ["", *wrap(f"Trip {trip}. Load: {sheet.loads.get(trip, 'on board')}", width)]
            columns = [Column(head, right=head == "leave") for head in HEADS]
            lines += table(columns, [row.cells() for row in rows], width)
        parts.append("\n".join(lines))
    return "\n\n\n".join(parts)


def sheets_html(plan: Plan, instance: Instance | None = None, only: str = "") -> str:
    """Return the sheets as one page of HTML, each route on paper of its own."""
    drill = instance is not None and instance.policy.exercise
    name = instance.name if instance is not None else str(plan.instance.get("name", ""))
    title = escape(f"Routes of {name}, period {period_of(plan)}")
    body = "\n".join(_section(sheet, title, drill) for sheet in sheets(plan, instance, only))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _section(sheet: Sheet, title: str, drill: bool) -> str:
    parts = [f"<h1>{escape(sheet.title)}</h1>", f"<p>{title}</p>"]
    if drill:
        parts.append('<p class="drill">EXERCISE: this is a drill.</p>')
    parts.append(f"<p>{escape(sheet.about)}</p>")
    for trip, rows in sheet.trips.items():
        heads = "".join(f"<th>{head}</th>" for head in (*HEADS, "received"))
        body = "\n".join(_row(row) for row in rows)
        load = escape(sheet.loads.get(trip, "on board"))
        parts.append(f"<h2>Trip {trip}</h2>\n<p>Load: {load}</p>")
        parts.append(f"<table>\n<tr>{heads}</tr>\n{body}\n</table>")
    inner = "\n".join(parts)
    return f"<section>\n{inner}\n</section>"


def _row(line: Line) -> str:
    classes = ("", "place", "time", "time", line.access, "goods")
    texts = [escape(text) for text in line.cells()]
    texts[-1] = "<br>".join(escape(one) for one in line.goods)
    cells = "".join(
        f'<td class="{kind}">{text}</td>' if kind else f"<td>{text}</td>"
        for kind, text in zip(classes, texts, strict=True)
    )
    depot = "" if line.kind == "stop" else ' class="depot"'
    return f'<tr{depot}>{cells}<td class="box"></td></tr>'
