"""The part of a case that has to do with one stop: what a reason is looked for in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.route_case import RouteCase
from allocator.models.route.part import part_of
from allocator.models.route.routes import Routes, shares
from allocator.models.route.separate import separate

LEFT = 1e-6  # share of a stop

Near = tuple[RouteCase, Routes, int, Floats]
"""A case, its routes, the row of the stop, and what is left of every stop."""


def near(case: RouteCase, routes: Routes, stop: int, left: Floats) -> Near:
    """Return the stops and routes that share vehicles with a stop, and all idle vehicles.

    What the others take of the gates is taken off. Nothing is left out where routes are fixed,
    loaded elsewhere or held to docks: there everything may have to do with everything.
    """
    whole = (case, routes, stop, left)
    if case.fixed or case.reload_anywhere or case.docks:
        return whole
    group = next((one for one in separate(case) if stop in one[1]), None)
    if group is None or len(group[0]) == len(case.vehicles):
        return whole
    types, stops = group
    own = tuple(route for route in routes if route.vehicle in types)
    others = tuple(route for route in routes if route.vehicle not in types)
    behind = [(row, float(left[row])) for row in stops.tolist() if left[row] > LEFT]
    part = part_of(case, own, behind, np.zeros(len(case.vehicles), dtype=np.int64))
    goods = case.goods[case.goods["stop"].isin(part.stop)]
    goods = goods.assign(stop=np.searchsorted(part.stop, goods["stop"])).reset_index(drop=True)
    small = part.case.replace(
        goods=goods,
        gates=_gates(case, others, part.place),
        vehicles=replace(part.case.vehicles, count=_counts(case, others), line=case.vehicles.line),
    )
    return small, part.start, int(np.searchsorted(part.stop, stop)), left[part.stop]


def _counts(case: RouteCase, others: Routes) -> np.ndarray:
    """Return (V,) the vehicles of each type that other routes leave."""
    line = case.vehicles.line
    used = np.bincount(line[[route.vehicle for route in others]], minlength=int(line.max()) + 1)
    return np.asarray(case.vehicles.count - used[line])


def _gates(case: RouteCase, others: Routes, place: np.ndarray) -> Floats | None:
    if case.gates is None:
        return None
    gates = case.gates.copy()
    np.subtract.at(gates, case.stops.place, shares(others, len(case.stops)) * case.stops.service)
    return np.asarray(np.maximum(0.0, gates[place]))
