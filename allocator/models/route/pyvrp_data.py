"""A routing case as PyVRP's ProblemData, and solutions there and back.

Each piece of a stop is a client; several windows are a group of alternatives of which one is
visited; trips are reloads; permits, classes and origins are routing profiles (pyvrp_arcs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvrp
from pyvrp import Activity, ActivityType

from allocator.engine.program import Ints
from allocator.errors import InstanceError
from allocator.instance.lanes import Bools
from allocator.instance.route_case import RouteCase
from allocator.models.route import pyvrp_arcs as arcs
from allocator.models.route import pyvrp_scale as scaling
from allocator.models.route.pyvrp_goal import LinearGoal, linear_goal
from allocator.models.route.pyvrp_parts import (
    Pieces,
    clients_of,
    common_stay,
    counts,
    vehicle_types,
)
from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered

RATE_ERROR = 1e-3  # relative, of the price of a step of time

Plain = tuple[tuple[int, tuple[int, ...]], ...]
"""Routes as PyVRP counts: vehicle type; clients from 0, a reload at depot d as -1 - d."""


@dataclass(frozen=True)
class Translated:
    """A case in PyVRP's words.

    Attributes:
        data: The problem.
        piece: Piece of each client; the windows of a piece are clients of their own.
        pieces: Stop and share of each piece.
        depots: Place of each depot.
        scale: Steps of the whole numbers.
        missing_from: Distance from which on an arc is a missing one.
        kinds: The case's type of each vehicle type.
    """

    data: pyvrp.ProblemData
    piece: Ints
    pieces: Pieces
    depots: Ints
    scale: scaling.Scale
    missing_from: int
    kinds: Ints

    @property
    def limits_time(self) -> bool:
        """Say whether a window, a shift or a longest duty may bind."""
        clients, kinds = self.data.clients(), self.data.vehicle_types()
        ends = [client.tw_late for client in clients] + [kind.tw_late for kind in kinds]
        return min([*ends, *(kind.shift_duration for kind in kinds)]) < scaling.ANY

    def routes(self, plain: Plain) -> Routes:
        """Return plain routes as routes of the case, pieces of a stop in a row joined."""
        return numbered(self._route(kind, steps) for kind, steps in plain)

    def _route(self, kind: int, steps: tuple[int, ...]) -> Route:
        vehicle = self.data.vehicle_type(kind)
        depot, trips, visits = int(self.depots[vehicle.start_depot]), [], list[Visit]()
        for step in steps:
            if step >= 0:
                stop, share = self.pieces[self.piece[step]]
                if visits and visits[-1].stop == stop:
                    share += visits.pop().share
                visits.append(Visit(stop, min(1.0, share)))
            else:
                back = int(self.depots[-1 - step])
                trips.append(Trip(depot, tuple(visits), back))
                depot, visits = back, []
        trips.append(Trip(depot, tuple(visits), int(self.depots[vehicle.end_depot])))
        return Route(int(self.kinds[kind]), 0, tuple(trips))

    def plain(self, routes: Routes) -> Plain:
        """Return routes of the case as plain ones.

        What has no client here is left out, as are routes above the number of their vehicle: the
        homes of a pool have fixed shares of it here.
        """
        free = _free(self.piece, self.pieces)
        kind_of = {int(vehicle): kind for kind, vehicle in enumerate(self.kinds)}
        left = [kind.num_available for kind in self.data.vehicle_types()]
        found = []
        for route in routes:
            if route.vehicle not in kind_of or route.begun is not None:
                continue
            steps = list[int]()
            for trip in route.trips:
                if steps and steps[-1] >= 0:
                    steps.append(-1 - int(np.flatnonzero(self.depots == trip.depot)[0]))
                for visit in trip.visits:
                    steps += _taken(free, self.pieces, visit)
            while steps and steps[-1] < 0:
                steps.pop()
            kind = kind_of[route.vehicle]
            if steps and left[kind] > 0:
                left[kind] -= 1
                found.append((kind, tuple(steps)))
        return tuple(found)

    def solution(self, plain: Plain) -> pyvrp.Solution:
        """Return plain routes as a solution."""
        made = [
            pyvrp.Route(self.data, [_activity(step) for step in steps], kind)
            for kind, steps in plain
        ]
        return pyvrp.Solution(self.data, made)


def plain_of(solution: pyvrp.Solution) -> Plain:
    """Return a solution as plain routes."""
    return tuple((route.vehicle_type(), steps_of(route)) for route in solution.routes())


def steps_of(route: pyvrp.Route) -> tuple[int, ...]:
    """Return the clients and reloads of a route."""
    return tuple(act.idx if act.is_client() else -1 - act.idx for act in route.schedule()[1:-1])


def _activity(step: int) -> Activity:
    if step >= 0:
        return Activity(ActivityType.CLIENT, step)
    return Activity(ActivityType.DEPOT, -1 - step)


def _free(piece: Ints, pieces: Pieces) -> dict[int, list[tuple[int, int]]]:
    """Return the pieces of each stop with the first client of each."""
    first = {int(piece[client]): client for client in range(len(piece) - 1, -1, -1)}
    found: dict[int, list[tuple[int, int]]] = {}
    for number, (stop, _) in enumerate(pieces):
        if number in first:
            found.setdefault(stop, []).append((number, first[number]))
    return found


def _taken(free: dict[int, list[tuple[int, int]]], pieces: Pieces, visit: Visit) -> list[int]:
    """Take pieces of the visit's stop, largest first, as long as they fit into its share."""
    left, taken = visit.share + 1e-9, []
    for number, client in sorted(free.get(visit.stop, []), key=lambda one: -pieces[one[0]][1]):
        share = pieces[number][1]
        if share <= left:
            left -= share
            taken.append(client)
            free[visit.stop].remove((number, client))
    return taken


def whole_pieces(case: RouteCase) -> Pieces:
    """Return one piece a stop that has a window."""
    return tuple((stop, 1.0) for stop in range(len(case.stops)) if case.stops.windows[stop])


def translate(case: RouteCase, pieces: Pieces | None = None, soft: bool = False) -> Translated:
    """Return the case in PyVRP's words; `soft` prices required stops instead of requiring them.

    Raises:
        InstanceError: E1330 where numbers are too large to count in.
    """
    scaling.require_fitting(case)
    goal, where = linear_goal(case), arcs.locations(case)
    pieces = whole_pieces(case) if pieces is None else pieces
    kinds = np.flatnonzero(counts(case) > 0)
    scale = _scale(case, where, goal, pieces)
    distances, durations, profile, missing_from = _matrices(case, where, goal, scale, kinds)
    clients, groups, piece = clients_of(case, where, goal, scale, pieces, soft)
    _require_total(missing_from, clients)
    data = pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in where.place],
        clients,
        [pyvrp.Depot(number) for number in range(len(where.depots))],
        vehicle_types(case, where, goal, scale, kinds, profile),
        distances,
        durations,
        groups,
    )
    return Translated(data, piece, pieces, where.depots, scale, missing_from, kinds)


def _scale(
    case: RouteCase, where: arcs.Locations, goal: LinearGoal, pieces: Pieces
) -> scaling.Scale:
    """Return the scales; the goal gets steps enough to price a step of time."""
    time, fleet = scaling.time_steps(case), case.vehicles
    costs = [arcs.charges(case, where, v, goal).ravel() for v in range(len(fleet))]
    values = np.concatenate([*costs, goal.per_vehicle])
    steps, top = scaling.steps_of(values), max(1.0, float(values.max(initial=0.0)))
    rate = goal.per_minute[goal.per_minute > 0] / time
    while np.any(np.abs(rate * steps - np.rint(rate * steps)) > RATE_ERROR * rate * steps):
        if steps * 10 * top > scaling.FINE:
            break
        steps *= 10
    stop = np.array([stop for stop, _ in pieces], dtype=np.int64)
    share = np.array([share for _, share in pieces])
    loads = np.concatenate([case.stops.load[stop] * share[:, None], fleet.capacity])
    return scaling.Scale(time, steps, np.array([scaling.steps_of(one) for one in loads.T]))


def _matrices(
    case: RouteCase, where: arcs.Locations, goal: LinearGoal, scale: scaling.Scale, kinds: Ints
) -> tuple[list[Any], list[Any], Ints, int]:
    """Return distances and durations of each profile, the profile of each kind, a missing arc."""
    known: dict[tuple[object, ...], int] = {}
    distances, durations, gone = list[Any](), list[Any](), list[Bools]()
    profile = np.zeros(len(kinds), dtype=np.int64)
    for position, v in enumerate(kinds.tolist()):
        profile[position] = known.setdefault(_look(case, goal, v), len(known))
        if profile[position] == len(distances):
            distances.append(scaling.near(arcs.charges(case, where, v, goal), scale.goal))
            stay = arcs.minutes(case, where, v, common_stay(case))
            durations.append(scaling.up(stay, scale.time))
            gone.append(arcs.missing(case, where, v))
    dearest = 1 + max((int(matrix.max(initial=0)) for matrix in distances), default=0)
    missing_from = 4 * dearest * (len(where.place) + 2)
    missing_from += int(scaling.up(2 * goal.required, scale.goal))
    for matrix, absent in zip(distances, gone, strict=True):
        matrix[absent] = missing_from
    return distances, durations, profile, missing_from


def _look(case: RouteCase, goal: LinearGoal, v: int) -> tuple[object, ...]:
    """Return what the arcs of a type depend on."""
    fleet = case.vehicles
    numbers = (fleet.profile, fleet.loading, fleet.unloading, goal.per_km, goal.per_trip)
    return (
        *(float(values[v]) for values in (*numbers, goal.per_contact)),
        fleet.decontaminate[v].tobytes(),
        arcs.allowed(case, v).tobytes(),
    )


def _require_total(missing_from: int, clients: list[pyvrp.Client]) -> None:
    if missing_from > scaling.MOST_TOTAL // (2 * len(clients) + 2):
        raise InstanceError.because(
            "costs and prizes together too large for whole-number search",
            value=f"{missing_from:g}",
            action="use larger units of cost, or prizes nearer to each other",
            code="E1330",
        )
