"""The class of access a vehicle carries along: it falls where the vehicle is decontaminated."""

from __future__ import annotations

import numpy as np

from allocator.check.ground import Floats, Ints
from allocator.check.route_rows import Rows, under_way
from allocator.instance.route_case import RouteCase
from allocator.instance.schema import ACCESS_CLASSES


def minutes_on_way(case: RouteCase, rows: Rows) -> Floats:
    """Return the minutes in which the place of each row decontaminates on the way; inf = not."""
    if case.stations is None:
        return np.full(len(rows), np.inf)
    return np.asarray(case.stations[rows.place])


def classes_met(case: RouteCase, rows: Rows) -> Ints:
    """Return the highest class met by the end of each row since the vehicle was clean."""
    level = np.zeros(len(rows), dtype=np.int64)
    level[rows.stops] = case.stops.access[rows.stop[rows.stops]]
    out = np.flatnonzero(under_way(case, rows))
    level[rows.first[out]] = [case.fixed[fixed].highest for fixed in rows.fixed[out]]
    clean = np.diff(rows.trip, prepend=-1) > 0
    clean |= rows.on_way & np.isfinite(minutes_on_way(case, rows))
    above = np.cumsum(clean) * len(ACCESS_CLASSES)  # each stretch lies above the one before
    return np.asarray(np.maximum.accumulate(above + level) - above)
