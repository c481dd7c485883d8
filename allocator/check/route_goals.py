"""The value of every goal of routes, computed again (formulation section 5)."""

from __future__ import annotations

import numpy as np

from allocator.check.goals import Value
from allocator.check.ground import Floats
from allocator.check.route_goods import Handed
from allocator.check.route_rows import Rows, under_way
from allocator.check.route_times import Times
from allocator.instance.route_case import RouteCase


def route_goals(case: RouteCase, rows: Rows, handed: Handed, times: Times) -> dict[str, Value]:
    """Return every goal term with the scale of its tolerance."""
    stops, at = case.stops, handed.rows
    stop, begin = rows.stop[at], times.begin[at]
    weight = stops.weight[stop] * handed.share
    late = np.maximum(0.0, begin - stops.due[stop])
    contacts = stops.contacts[stop] * case.vehicles.exposure[rows.vehicle[at]]
    out = under_way(case, rows)
    longest, shortest = (float(f(times.duty)) if len(times.duty) else 0.0 for f in (np.max, np.min))
    reach = float(np.abs(np.concatenate([times.end, begin])).max(initial=1.0))
    return {
        **_left(case, handed),
        "cost": _summed(_costs(case, rows, times)),
        "distance": _summed(times.km),
        "duration": _summed(times.duty),
        "vehicles": Value(float(len(out) - out.sum()), 1.0),
        "latest_arrival": Value(float(begin.max(initial=0.0)), reach),
        "arrivals": _summed(weight * begin),
        "tardiness": Value(float((weight * late).sum()), float((weight * np.abs(begin)).sum())),
        "longest_work": Value(longest, reach),
        "work_spread": Value(longest - shortest, reach),
        "exposure": _summed(contacts),
    }


def _left(case: RouteCase, handed: Handed) -> dict[str, Value]:
    prize = case.stops.prize
    free = np.isfinite(prize)
    required = float(handed.left[~free].sum())
    return {
        "required_unserved": Value(required, float((~free).sum())),
        "unserved": Value(float((prize[free] * handed.left[free]).sum()), float(prize[free].sum())),
    }


def _summed(parts: Floats) -> Value:
    return Value(float(parts.sum()), float(np.abs(parts).sum()))


def _costs(case: RouteCase, rows: Rows, times: Times) -> Floats:
    """Return the cost of every route: fixed, a trip, a km, an hour; what is done costs nothing."""
    fleet, v = case.vehicles, rows.vehicle[rows.first]
    out = under_way(case, rows)
    trips = np.bincount(rows.trip_route, minlength=len(rows.first)) - out
    running = fleet.per_km[v] * times.km + fleet.per_hour[v] * times.duty / 60
    return np.asarray(np.where(out, 0.0, fleet.fixed[v]) + fleet.per_trip[v] * trips + running)
