"""Vehicle types that no rule and no cost tells apart, searched as one.

Planners list vehicles one by one; every type more costs a search a column, a profile or a model
of its own. Alike types are one type while routes are searched, and told apart again afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, fields, replace

import numpy as np

from allocator.engine.program import Ints
from allocator.instance.lanes import Bools
from allocator.instance.route_case import RouteCase, Vehicles
from allocator.models.route.routes import Route, Routes, numbered

OWN = ("ids", "count", "line")
"""What alike types may differ in."""


@dataclass(frozen=True)
class Alike:
    """A case with alike types as one, and the way back.

    Attributes:
        case: The case to search.
        whole: The case as it was.
        kind: (V,) the type in `case` of each type in `whole`.
    """

    case: RouteCase
    whole: RouteCase
    kind: Ints

    def joined(self, routes: Routes) -> Routes:
        """Return routes of the whole case as routes of the case to search."""
        known = range(len(self.kind))
        return tuple(
            replace(one, vehicle=int(self.kind[one.vehicle])) if one.vehicle in known else one
            for one in routes
        )

    def apart(self, routes: Routes) -> Routes:
        """Return routes of the case to search with vehicles of the whole one, as many as it has."""
        left = Counter(dict(enumerate(self.whole.vehicles.count.tolist())))
        found = list[Route]()
        for route in routes:
            members = np.flatnonzero(self.kind == route.vehicle).tolist()
            vehicle = next((v for v in members if left[v] > 0), members[-1])
            left[vehicle] -= 1
            found.append(replace(route, vehicle=vehicle))
        return numbered(found)


def alike(case: RouteCase) -> Alike | None:
    """Return the case with alike types as one; None where there are none.

    Types of a pool stay as they are, and all types where routes are fixed.
    """
    if case.fixed:
        return None
    first, pooled = dict[Hashable, int](), _pooled(case).tolist()
    looks = [(v if alone else -1, *_look(case, v)) for v, alone in enumerate(pooled)]
    kind = np.array([first.setdefault(look, len(first)) for look in looks])
    if len(first) == len(kind):
        return None
    chosen = np.unique(kind, return_index=True)[1]
    count = np.bincount(kind, case.vehicles.count).astype(np.int64)
    line = np.unique(case.vehicles.line[chosen], return_inverse=True)[1]
    small = case.replace(
        vehicles=replace(_taken(case.vehicles, chosen), count=count, line=line),
        stops=replace(case.stops, permitted=case.stops.permitted[:, chosen]),
    )
    return Alike(small, case, kind)


def _pooled(case: RouteCase) -> Bools:
    """Return (V,) which types share their line with others."""
    _, line, many = np.unique(case.vehicles.line, return_inverse=True, return_counts=True)
    return np.asarray(many[line] > 1)


def _look(case: RouteCase, v: int) -> tuple[bytes, ...]:
    """Return all that tells a type from others, its line aside."""
    names = [one.name for one in fields(Vehicles) if one.name not in OWN]
    values = (np.asarray(getattr(case.vehicles, name)[v]).tobytes() for name in names)
    return (case.stops.permitted[:, v].tobytes(), *values)


def _taken(fleet: Vehicles, chosen: Ints) -> Vehicles:
    parts = {
        one.name: getattr(fleet, one.name)[chosen] for one in fields(Vehicles) if one.name != "ids"
    }
    return Vehicles(ids=tuple(fleet.ids[v] for v in chosen.tolist()), **parts)
