"""What routes share at the gates: minutes of handing over, and vehicles there at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.route_case import RouteCase
from allocator.models.route.chain import NEAR
from allocator.models.route.schedule import Timetable

Stay = tuple[float, float, float]
"""Begin, leave and minutes of handing over of a visit."""


class Gates:
    """Who stands at which gate when, route by route."""

    def __init__(self, case: RouteCase) -> None:
        """Begin with nobody there."""
        self.case = case
        self.left = np.full(len(case.places), np.inf) if case.gates is None else case.gates.copy()
        self.stays: dict[int, dict[int, list[Stay]]] = {}  # place -> route -> stays
        self.watched = case.gates is not None or case.docks > 0

    def put(self, route: int, table: Timetable) -> None:
        """Take the stays of a route into account, instead of those it had."""
        if not self.watched:
            return
        for place, own in self.stays.items():
            self.left[place] += sum(handed for *_, handed in own.pop(route, []))
        for place, stay in _stays(self.case, table):
            self.left[place] -= stay[2]
            self.stays.setdefault(place, {}).setdefault(route, []).append(stay)

    def admits(self, route: int, table: Timetable) -> bool:
        """Say whether the gates can take a route instead of the one of that number."""
        if not self.watched:
            return True
        stays = _stays(self.case, table)
        for place in {place for place, _ in stays}:
            new = [stay for at, stay in stays if at == place]
            known = self.stays.get(place, {})
            freed = sum(handed for *_, handed in known.get(route, []))
            if sum(handed for *_, handed in new) > self.left[place] + freed + NEAR:
                return False
            others = [stay for number, own in known.items() if number != route for stay in own]
            if self.case.docks and at_once(one[:2] for one in (*others, *new)) > self.case.docks:
                return False
        return True

    def room(self, places: Iterable[int]) -> Floats:
        """Return the minutes of handing over that places have left."""
        return np.asarray(self.left[np.asarray(places)])


def at_once(stays: Iterable[tuple[float, float]]) -> int:
    """Return the most vehicles that stand at a gate at the same time."""
    begin, leave = np.array(list(stays)).reshape(-1, 2).T
    minute = np.r_[begin + NEAR, leave - NEAR]
    change = np.r_[np.ones(len(begin)), -np.ones(len(leave))]
    return int(np.cumsum(change[np.lexsort((change, minute))]).max(initial=0))


def _stays(case: RouteCase, table: Timetable) -> list[tuple[int, Stay]]:
    times = (table.begin, table.leave, table.handed)
    stays = zip(*(one.tolist() for one in times), strict=True)
    return list(zip(case.stops.place[table.stop].tolist(), stays, strict=True))
