"""The router for every rule: stops near each other are taken out and inserted anew.

Ruin and recreate (Schrimpf et al. 2000) with the insertion that makes the first plan, so it obeys
what that obeys; plans are compared in the order of the goals. Slow beside the other routers.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.route_case import RouteCase
from allocator.models.route.by_rule import Known, Variety, by_rule
from allocator.models.route.capabilities import Report
from allocator.models.route.goals import DEFAULT, better, ordered, slack, values
from allocator.models.route.routes import Route, Routes, linked

ITERATIONS = 1000
MOST_KNOWN = 20_000  # states of routes remembered
MOST = 25  # stops taken out at a time
TEMPERATURE = 0.02  # at the beginning, as a share of the best value
FIRST_GOAL = 0.7  # of the insertions by the prices of the first goal, the rest by any
LEFT_OUT = 0.5
MOST_NOISE = 0.9  # share by which prices of insertions are shaken


def ruin(
    case: RouteCase,
    seconds: float | None = None,
    seed: int = 0,
    iterations: int | None = None,
    start: Routes | None = None,
    report: Report = lambda routes: None,
) -> Routes:
    """Return the best routes found; see `capabilities.Search` for the arguments."""
    began, dice = time.monotonic(), np.random.default_rng(seed)
    limit = ITERATIONS if iterations is None and seconds is None else iterations
    best = current = by_rule(case) if start is None else start
    lowest = reached = ordered(case, values(case, best))
    number, done, known = 0, 0.0, Known()
    while done < 1.0 and len(case.stops):
        if len(known) > MOST_KNOWN:
            known.clear()
        trial = _recreated(case, current, dice, known)
        found = ordered(case, values(case, trial))
        if better(found, lowest):
            best, lowest = trial, found
            report(best)
        if _accepted(found, reached, lowest, TEMPERATURE * (1 - done) ** 2 * dice.random()):
            current, reached = trial, found
        number += 1
        spent = 0.0 if seconds is None else (time.monotonic() - began) / max(seconds, 1e-9)
        done = max(spent, 0.0 if limit is None else number / limit)
    return best


def _recreated(case: RouteCase, current: Routes, dice: np.random.Generator, known: Known) -> Routes:
    """Return routes after one ruin; where prizes are weighed, some stops are left out."""
    left = _ruined(case, current, dice)
    weighed = any(len(goal.terms) > 1 or goal.name != "unserved" for goal in case.goals[:1])
    out: frozenset[int] = frozenset()
    if weighed and dice.random() < LEFT_OUT:
        prize = case.stops.prize
        there = {visit.stop for route in left for visit in route.visits}
        gone = [s for s in range(len(prize)) if s not in there and np.isfinite(prize[s])]
        out = frozenset(stop for stop in gone if dice.random() < dice.random())
    goal = 0 if dice.random() < FIRST_GOAL else int(dice.integers(len(case.goals or DEFAULT)))
    noise = MOST_NOISE * float(dice.random()) ** 2
    return by_rule(case, left, Variety(noise, int(dice.integers(2**31)), goal, out), known)


def _accepted(
    found: tuple[float, ...], reached: tuple[float, ...], lowest: tuple[float, ...], share: float
) -> bool:
    """Say whether to go on from a plan: the first goal that differs is better or nearly so."""
    for mine, theirs, least in zip(found, reached, lowest, strict=True):
        if abs(mine - theirs) > slack(theirs):
            return mine <= max(theirs, least + share * abs(least))
    return True


def _ruined(case: RouteCase, routes: Routes, dice: np.random.Generator) -> Routes:
    """Return routes without some stops near each other; fixed ones stay."""
    stays = {stop for fixed in case.fixed for stop in fixed.visits}
    free = np.array([stop for stop in range(len(case.stops)) if stop not in stays], dtype=np.int64)
    if not len(free):
        return routes
    near = _distance(case, int(dice.choice(free)))[free]
    number = int(dice.integers(1, min(MOST, len(free)) + 1))
    shaken = near * dice.uniform(0.5, 1.5, len(free))
    out = set(free[np.argsort(shaken)[:number]].tolist())
    if dice.random() < 0.2 and routes:
        route = routes[int(dice.integers(len(routes)))]
        out |= {visit.stop for visit in route.visits} - stays
    return tuple(left for route in routes if (left := without(route, out)) is not None)


def _distance(case: RouteCase, stop: int) -> Floats:
    place = case.stops.place
    return np.asarray(np.nan_to_num(case.km[0][place[stop], place], posinf=1e12))


def without(route: Route, out: set[int]) -> Route | None:
    """Return a route without some stops and the trips they leave empty; None = nothing left."""
    trips = tuple(
        replace(trip, visits=tuple(visit for visit in trip.visits if visit.stop not in out))
        for trip in route.trips
    )
    left = linked(replace(route, trips=trips, start=None))
    return left if left.trips else None
