"""Values that no plan is better than, where that is honest (formulation, section 7).

Each stop is looked at alone, reached by the shortest way through any places: no vehicle begins
there earlier, whatever else it does. Cost and distance have no bound of this kind worth telling.
"""

from __future__ import annotations

from math import ceil, inf

import numpy as np
from scipy.sparse.csgraph import shortest_path

from allocator.engine.program import Floats
from allocator.instance.goals import GoalSpec
from allocator.instance.lanes import Bools
from allocator.instance.route_case import RouteCase
from allocator.models.route.chain import NEAR
from allocator.models.route.goals import REQUIRED, goals_of, reached, slack
from allocator.models.route.insertion import first_opening
from allocator.models.route.pieces import pieces

MOST_PLACES = 600  # shortest ways through other places take the cube of it


def bounds(
    case: RouteCase, known: dict[str, float], begin: Floats | None = None
) -> dict[str, float]:
    """Return a bound of each goal that has one, given the earlier goals at their `known` values.

    Goals that only 0 bounds are there only when they reach it: a value of 0 is proven.

    Args:
        case: The case.
        known: The values of the terms.
        begin: What `earliest` says, None where it is not known.
    """
    at_zero = {
        goal.name: 0.0
        for goal in goals_of(case)
        if reached(goal, known) <= slack(0.0) and "work_spread" not in dict(_named(goal))
    }
    if begin is None:
        return at_zero
    return {**_of_goals(case, begin, known), **at_zero}


def _named(goal: GoalSpec) -> list[tuple[str, float]]:
    return [(name, weight) for weight, name in goal.terms]


def _of_goals(case: RouteCase, begin: Floats, known: dict[str, float]) -> dict[str, float]:
    """Return the bounds goal by goal; stops that must be served count in the later goals."""
    prize, found = case.stops.prize, {}
    hopeless = ~np.isfinite(begin)
    must = np.isinf(prize) & ~hopeless
    if known[REQUIRED] > float((np.isinf(prize) & hopeless).sum()) + slack(0.0):
        must = np.zeros(len(prize), dtype=bool)  # the plan says not which ones are left behind
    for goal in goals_of(case):
        terms = _of_terms(case, begin, hopeless, must)
        if all(name in terms for _, name in goal.terms):
            bound = reached(goal, terms)
            if bound > slack(0.0):
                found[goal.name] = bound
        lost = float(prize[hopeless & np.isfinite(prize)].sum())
        alone = [name for _, name in goal.terms] == ["unserved"]
        if alone and known["unserved"] <= lost + slack(lost):
            must = must | (np.isfinite(prize) & (prize > 0) & ~hopeless)
    return found


def _of_terms(case: RouteCase, begin: Floats, hopeless: Bools, must: Bools) -> dict[str, float]:
    stops, fleet, required = case.stops, case.vehicles, np.isinf(case.stops.prize)
    served = np.where(must, begin, 0.0)
    factor = np.where(stops.permitted, fleet.exposure, inf).min(axis=1, initial=inf)
    late = np.maximum(0.0, served - stops.due)
    return {
        REQUIRED: float((hopeless & required).sum()),
        "unserved": float(stops.prize[hopeless & ~required].sum()),
        "arrivals": float((stops.weight * served).sum()),
        "latest_arrival": float(served.max(initial=0.0)),
        "tardiness": float((stops.weight * late)[must].sum()),
        "exposure": float((stops.contacts * np.where(must, factor, 0.0))[must].sum()),
        "vehicles": float(_vehicles(case, must)),
    }


def _whole(case: RouteCase) -> Bools:
    """Return which stops are served by one visit or not at all."""
    divisible = case.stops.divisible if case.split != "never" else np.zeros(len(case.stops), bool)
    return ~divisible


def _vehicles(case: RouteCase, must: Bools) -> int:
    """Return the least number of vehicles that carry all loads on all their trips."""
    fleet = case.vehicles
    if not len(fleet):
        return 0  # nobody can serve anything: the bound says nothing
    most = (fleet.capacity * np.maximum(1, fleet.trips)[:, None]).max(axis=0)
    load = case.stops.load[must].sum(axis=0)
    ratio = np.divide(load, most, out=np.zeros_like(load), where=most > 0)
    return max([int(must.any()), *(ceil(float(one) - NEAR) for one in ratio)])


def earliest(case: RouteCase) -> Floats | None:
    """Return (n,) the earliest minute at which any vehicle can begin at each stop; inf = never.

    None where it takes too long to find out, or routes are fixed.
    """
    if len(case.places) > MOST_PLACES or case.fixed or not len(case.stops):
        return None
    fleet, n = case.vehicles, len(case.stops)
    parts = pieces(case, np.arange(n), np.ones(n))
    whole, found = _whole(case), np.full(n, inf)
    lengths = (np.where(np.isfinite(m), m, 0.0) for m in case.minutes)
    ways = [shortest_path(np.ascontiguousarray(one)) for one in lengths]
    for v in range(len(fleet)):
        way, home, end = ways[fleet.profile[v]], int(fleet.home[v]), int(fleet.end[v])
        stay = np.where(whole, parts.service, 0.0) + fleet.unloading[v]
        fits = parts.permitted[:, v] & (fleet.count[v] > 0)
        fits &= ~whole | (parts.load <= fleet.capacity[v] + NEAR).all(axis=1)
        for depot in case.depots if case.reload_anywhere else [home]:
            ready = np.maximum(fleet.early[v] + way[home, depot], parts.release)
            arrive = ready + fleet.loading[v] + way[depot, parts.place]
            begin = first_opening(parts, arrive[None])[0]
            back = begin + stay + way[parts.place, end]
            clean = fleet.decontaminate[v, parts.access]
            if case.stations is not None:  # decontaminated before the last stop, perhaps
                clean = np.minimum(clean, case.stations.min(initial=inf))
            back = back + clean
            there = fits & case.stops.origins[:, depot] & (back <= fleet.late[v] + NEAR)
            found = np.where(there, np.minimum(found, begin), found)
    return found
