"""Arcs for PyVRP: its locations, and what an arc costs and lasts for each vehicle type.

What depends on the vehicle or on the order of stops lies on arcs: loading on those out of a
depot, fixed minutes of a visit on those out of a stop, decontamination on those into a depot,
people met on those into a stop. An arc is missing where there is no way, the type may not go
there or may not carry the goods, or the access class would fall and no place decontaminates on
the way. PyVRP has no missing arcs: one is charged more than all honest arcs together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.lanes import Bools
from allocator.instance.route_case import RouteCase
from allocator.models.route.legs import legs
from allocator.models.route.pyvrp_goal import LinearGoal

DEPOT = -1


@dataclass(frozen=True)
class Locations:
    """Places as PyVRP sees them (L,): depots first, then kinds of stops at a place.

    Attributes:
        place: Row of the place.
        stop: A stop that stands for all of its kind, DEPOT for depots.
        of: (n,) the location of each stop.
        depots: Rows of the places that are depots.
    """

    place: Ints
    stop: Ints
    of: Ints
    depots: Ints

    @property
    def is_depot(self) -> Bools:
        """Which locations are depots."""
        return np.asarray(self.stop == DEPOT)


def locations(case: RouteCase) -> Locations:
    """Return the locations: stops that no rule tells apart share one."""
    stops, fleet = case.stops, case.vehicles
    depots = np.unique(np.r_[fleet.home, fleet.end, case.depots]).astype(np.int64)
    apart = np.ptp(fleet.unloading) > 0
    rows = np.column_stack(
        [
            stops.place,
            stops.access,
            stops.permitted,
            stops.origins[:, depots],
            stops.contacts,
            np.arange(len(stops)) * apart,
        ]
    )
    _, first, kind = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return Locations(
        place=np.r_[depots, stops.place[first[order]]].astype(np.int64),
        stop=np.r_[np.full(len(depots), DEPOT), first[order]].astype(np.int64),
        of=len(depots) + rank[np.ravel(kind)],
        depots=depots,
    )


def allowed(case: RouteCase, vehicle: int) -> Bools:
    """Return (n,) which stops a type may visit: permitted, and its goods at the type's home."""
    return case.stops.permitted[:, vehicle] & case.stops.origins[:, case.vehicles.home[vehicle]]


def missing(case: RouteCase, where: Locations, vehicle: int) -> Bools:
    """Return (L, L) which arcs a type may not use."""
    minutes, km = _legs(case, where, vehicle)
    gone = ~np.isfinite(minutes) | ~np.isfinite(km)
    barred = ~where.is_depot & ~allowed(case, vehicle)[where.stop]
    gone = gone | barred[None, :] | barred[:, None]
    np.fill_diagonal(gone, False)
    return np.asarray(gone)


def _legs(case: RouteCase, where: Locations, vehicle: int) -> tuple[Floats, Floats]:
    """Return (L, L) minutes and km of each arc, inf = none."""
    access = case.stops.access[where.stop]
    falls = (access[:, None] > access) & ~where.is_depot[:, None] & ~where.is_depot
    profile = int(case.vehicles.profile[vehicle])
    return legs(case, profile, where.place[:, None], where.place, falls)


def minutes(case: RouteCase, where: Locations, vehicle: int, fixed_stay: float) -> Floats:
    """Return (L, L) minutes of each arc, 0 on missing ones.

    `fixed_stay` is the part of the fixed minutes of a visit that lies on the stop itself.
    """
    fleet, depot = case.vehicles, where.is_depot
    found, _ = _legs(case, where, vehicle)
    found[~np.isfinite(found)] = 0.0
    clean = fleet.decontaminate[vehicle][case.stops.access[where.stop]]
    found[np.ix_(depot, ~depot)] += fleet.loading[vehicle]
    found[np.ix_(~depot, depot)] += clean[~depot][:, None]
    found[~depot] += fleet.unloading[vehicle] - fixed_stay
    np.fill_diagonal(found, 0.0)
    return found


def charges(case: RouteCase, where: Locations, vehicle: int, goal: LinearGoal) -> Floats:
    """Return (L, L) what each arc costs apart from its minutes, 0 on missing ones."""
    depot = where.is_depot
    _, km = _legs(case, where, vehicle)
    found: Floats = np.where(np.isfinite(km), km, 0.0) * goal.per_km[vehicle]
    found[np.ix_(depot, ~depot)] += goal.per_trip[vehicle]
    met = goal.per_contact[vehicle] * case.stops.contacts[where.stop]
    found[:, ~depot] += met[~depot]
    np.fill_diagonal(found, 0.0)
    return found
