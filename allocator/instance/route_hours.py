"""When somebody may be at a place: gate hours and hours of the stop, less curfews."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance.clock import DAY, Spans, clock_minutes, common, daily, period_clock, without
from allocator.instance.instance import Instance
from allocator.instance.lanes import Ints, Places
from allocator.instance.route_case import Windows

Hours = tuple[str, str]


def hours(instance: Instance, where: Places, rows: Ints, period: int) -> list[Spans]:
    """Return for each place when somebody may be there, in minutes of the period.

    Args:
        instance: The instance.
        where: All places.
        rows: The places asked for (n,).
        period: The period, from 1.
    """
    clock, length = period_clock(instance["periods"], period)
    gates = _times(instance["gates"], period)
    stops = _times(instance["stops"], period)
    curfews = _curfews(instance, period, clock, length)
    known: dict[tuple[Hours, Hours, str], Spans] = {}
    found = []
    for row in rows.tolist():
        name = str(where.ids[row])
        key = (gates.get(name, ("", "")), stops.get(name, ("", "")), str(where.zone[row]))
        if key not in known:
            spans: Spans = ((0.0, length),)
            for opens, closes in key[:2]:
                spans = common(spans, _open(opens, closes, clock, length))
            known[key] = without(spans, curfews.get("", ()) + curfews.get(key[2], ()))
        found.append(known[key])
    return found


def begin_windows(spans: Spans, length: float, stay: float) -> Windows:
    """Return when service may begin so that it ends in time; the end of the period binds nobody.

    Args:
        spans: When somebody may be there.
        length: Length of the period.
        stay: Minutes of the longest visit.
    """
    if spans == ((0.0, length),):
        return ((0.0, np.inf),)
    ends = [(a, np.inf if b >= length else b - float(stay)) for a, b in spans]
    return tuple((a, b) for a, b in ends if b >= a)


def row_of_period(table: pd.DataFrame, period: int) -> pd.DataFrame:
    """Return the rows for a period by community: its own row, else the one for every period."""
    here = table[table["period"].isna() | (table["period"] == period)]
    own_first = here.sort_values("period", na_position="last", kind="stable")
    return own_first.drop_duplicates("community_id").set_index("community_id")


def _times(table: pd.DataFrame, period: int) -> dict[str, Hours]:
    rows = row_of_period(table, period)
    rows = rows[(rows["opens"] != "") | (rows["closes"] != "")]
    pairs = zip(rows["opens"].astype(str), rows["closes"].astype(str), strict=True)
    return dict(zip(rows.index.astype(str), pairs, strict=True))


def _open(opens: str, closes: str, clock: float, length: float) -> Spans:
    if not opens and not closes:
        return ((0.0, length),)
    first = clock_minutes(opens) if opens else 0.0
    return daily(first, clock_minutes(closes) if closes else DAY, clock, length)


def _curfews(instance: Instance, period: int, clock: float, length: float) -> dict[str, Spans]:
    """Return the curfews of each zone, "" = everywhere; they may overlap."""
    table = instance["curfews"]
    here = table[table["period"].isna() | (table["period"] == period)]
    found: dict[str, Spans] = {}
    for zone, begins, ends in zip(here["zone_id"], here["from"], here["to"], strict=True):
        spans = daily(clock_minutes(begins), clock_minutes(ends), clock, length)
        found[str(zone)] = found.get(str(zone), ()) + spans
    return found
