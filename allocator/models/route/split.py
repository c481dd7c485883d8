"""Stops in pieces, so that several visits may share a load.

Pieces are made before the search, of a fifth, a tenth, a twentieth and a hundredth of a vehicle
(Chen, Golden, Wang and Wasil 2017, A novel approach to solve the split delivery vehicle routing
problem, ITOR 24(1-2): the 20/10/5/1 rule). To improve a plan its visits are cut anew, each whole
or by another rule: the plan can still be told in the new pieces, and its neighbours are others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.route_case import RouteCase
from allocator.models.route.pieces import parts_needed
from allocator.models.route.pyvrp_parts import Pieces
from allocator.models.route.routes import Routes

RULE = (0.20, 0.10, 0.05, 0.01)  # of the vehicle
RULES = (RULE, (0.25, 0.10, 0.05, 0.01), (0.50, 0.10, 0.05, 0.01), (0.10, 0.05, 0.01))
WHOLE = 0.4  # chance that a visit stays in one piece when it is cut anew
LEAST = 1e-9  # share of a stop that is no piece


def cut_stops(case: RouteCase) -> list[int]:
    """Return the stops that are brought in pieces, as the case allows."""
    if case.split == "never":
        return []
    able = np.flatnonzero(case.stops.divisible).tolist()
    if case.split == "always":
        return able
    return [stop for stop in able if parts_needed(case, stop) > 1]


def first_pieces(case: RouteCase) -> Pieces:
    """Return whole stops, and the pieces of those that are cut, by the 20/10/5/1 rule."""
    cut = set(cut_stops(case))
    return tuple(
        (stop, share)
        for stop in range(len(case.stops))
        for share in (_parts(case, stop, 1.0, RULE) if stop in cut else (1.0,))
    )


def divides(routes: Routes) -> bool:
    """Say whether routes bring goods of a stop in several visits."""
    return any(visit.share < 1.0 for route in routes for visit in route.visits)


def new_pieces(case: RouteCase, routes: Routes, dice: np.random.Generator) -> Pieces:
    """Return the visits of routes cut anew; what is not delivered is cut by the first rule."""
    cut, left = set(cut_stops(case)), np.ones(len(case.stops))
    found: list[tuple[int, float]] = []
    for visit in (visit for route in routes for visit in route.visits):
        left[visit.stop] -= visit.share
        whole = visit.stop not in cut or dice.random() < WHOLE
        rule = RULES[int(dice.integers(len(RULES)))]
        parts = (visit.share,) if whole else _parts(case, visit.stop, visit.share, rule)
        found += [(visit.stop, share) for share in parts]
    for stop in np.flatnonzero(left > 1e-6).tolist():
        rest = min(1.0, float(left[stop]))
        parts = _parts(case, stop, rest, RULE) if stop in cut else (rest,)
        found += [(stop, share) for share in parts]
    return tuple(sorted(found))


def _parts(case: RouteCase, stop: int, share: float, rule: tuple[float, ...]) -> tuple[float, ...]:
    """Return shares of a stop that add up to `share`, each a part of the vehicle by the rule."""
    room = _vehicle(case, stop)
    load = case.stops.load[stop]
    tight = int(np.argmax(np.divide(load, room, out=np.zeros_like(load), where=room > 0)))
    if load[tight] <= 0 or not np.isfinite(room[tight]):
        return (share,)
    amounts = _amounts(float(load[tight]) * share, float(room[tight]), rule)
    return tuple(amount / float(load[tight]) for amount in amounts)


def _amounts(amount: float, room: float, rule: tuple[float, ...]) -> Iterator[float]:
    """Cut an amount; whole numbers stay whole."""
    whole = amount == round(amount) and room == round(room) and room >= 1
    for part in rule:
        size = max(1.0, np.floor(part * room + LEAST)) if whole else part * room
        while amount >= size - LEAST * room and size > 0:
            yield float(min(size, amount))
            amount -= size
    if amount > 1e-6 * room:
        yield amount


def _vehicle(case: RouteCase, stop: int) -> Floats:
    """Return the capacity of the largest vehicle that may bring goods to a stop."""
    able = np.flatnonzero(case.able(stop) & (case.vehicles.count > 0))
    if not len(able):
        return np.full(case.stops.load.shape[1], np.inf)
    capacity = case.vehicles.capacity[able]
    load = np.maximum(case.stops.load[stop], 1e-12)
    return np.asarray(capacity[int(np.argmax((capacity / load).min(axis=1)))])
