"""The values of every goal term, and goals compared in their order (formulation, section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase
from allocator.models.route.chain import begun
from allocator.models.route.routes import Routes, shares
from allocator.models.route.schedule import Timetable, timetable

REQUIRED = "required_unserved"
UNITS = {
    REQUIRED: "stops",
    "unserved": "prize",
    "cost": "money",
    "distance": "km",
    "duration": "minutes",
    "vehicles": "vehicles",
    "latest_arrival": "minutes",
    "arrivals": "weighted minutes",
    "tardiness": "weighted minutes",
    "longest_work": "minutes",
    "work_spread": "minutes",
    "exposure": "contacts",
}
DEFAULT = (GoalSpec("unserved", ((1.0, "unserved"),)), GoalSpec("cost", ((1.0, "cost"),)))
RELATIVE, ABSOLUTE = 1e-6, 1e-6  # numerical slack: no more is given up


def values(
    case: RouteCase, routes: Routes, tables: Sequence[Timetable] | None = None
) -> dict[str, float]:
    """Return the value of every term (`UNITS`); smaller is better in all of them.

    Args:
        case: The case.
        routes: The routes.
        tables: Their timetables where they are known.
    """
    found = [timetable(case, route) for route in routes] if tables is None else tables
    served = [_of_visits(case, routes, found)]
    work = [table.duration for table in found]
    lack = np.maximum(0.0, 1.0 - shares(routes, len(case.stops)))
    lack[lack < RELATIVE] = 0.0
    prize = case.stops.prize
    required = np.isinf(prize)
    out = [begun(case, route) is not None for route in routes]
    return {
        REQUIRED: float(lack[required].sum()),
        "unserved": float((prize[~required] * lack[~required]).sum()),
        "cost": float(sum(table.cost for table in found)),
        "distance": float(sum(table.distance for table in found)),
        "duration": float(sum(work)),
        "vehicles": float(len(routes) - sum(out)),
        **served[0],
        "longest_work": max(work, default=0.0),
        "work_spread": max(work, default=0.0) - min(work, default=0.0),
    }


def _of_visits(case: RouteCase, routes: Routes, tables: Sequence[Timetable]) -> dict[str, float]:
    stops = case.stops
    stop = np.concatenate([np.zeros(0, np.int64), *(table.stop for table in tables)])
    begin = np.concatenate([np.zeros(0), *(table.begin for table in tables)])
    late = np.concatenate([np.zeros(0), *(table.tardiness for table in tables)])
    share = np.array([visit.share for route in routes for visit in route.visits])
    vehicle = np.array([route.vehicle for route in routes for _ in route.visits], np.int64)
    factor = case.vehicles.exposure[vehicle]
    weight = stops.weight[stop] * share
    return {
        "latest_arrival": float(begin.max(initial=0.0)),
        "arrivals": float((weight * begin).sum()),
        "tardiness": float((weight * late).sum()),
        "exposure": float((stops.contacts[stop] * factor).sum()),
    }


def goals_of(case: RouteCase) -> tuple[GoalSpec, ...]:
    """Return the goals in their order; the required stops always come first."""
    first = GoalSpec(REQUIRED, ((1.0, REQUIRED),))
    return (first, *(case.goals or DEFAULT))


def terms_of(case: RouteCase) -> set[str]:
    """Return every term that a goal of the case counts."""
    return {name for goal in goals_of(case) for _, name in goal.terms}


def reached(goal: GoalSpec, known: Mapping[str, float]) -> float:
    """Return the value of a goal given those of the terms."""
    return sum(weight * known[name] for weight, name in goal.terms)


def ordered(case: RouteCase, known: Mapping[str, float]) -> tuple[float, ...]:
    """Return the values of the goals in their order."""
    return tuple(reached(goal, known) for goal in goals_of(case))


def slack(value: float) -> float:
    """Return the numerical slack of a value that is held."""
    return max(ABSOLUTE, RELATIVE * abs(value))


def better(one: Iterable[float], other: Iterable[float]) -> bool:
    """Say whether values come before others in the order of the goals, beyond numerical slack."""
    for mine, theirs in zip(one, other, strict=True):
        if abs(mine - theirs) > slack(theirs):
            return mine < theirs
    return False


def best(case: RouteCase, candidates: Iterable[Routes]) -> Routes:
    """Return the first candidate that no other one is better than; without any, no routes."""
    chosen, known = None, None
    for routes in candidates:
        found = ordered(case, values(case, routes))
        if known is None or better(found, known):
            chosen, known = routes, found
    return chosen or ()


def weights(case: RouteCase) -> Floats:
    """Return (n,) what a stop is worth: its prize, more than all prizes where it is required."""
    prize = case.stops.prize
    finite = prize[np.isfinite(prize)]
    return np.where(np.isinf(prize), 1.0 + finite.sum(), prize)
