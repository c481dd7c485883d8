"""The parts of PyVRP's problem: clients with groups of windows, and vehicle types."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyvrp

from allocator.engine.program import Floats, Ints
from allocator.instance.route_case import RouteCase
from allocator.models.route import pyvrp_scale as scaling
from allocator.models.route.pyvrp_arcs import Locations, allowed
from allocator.models.route.pyvrp_goal import LinearGoal
from allocator.models.route.routes import Routes

Pieces = tuple[tuple[int, float], ...]
"""Stop and share of its goods, one entry a client to be visited."""


def common_stay(case: RouteCase) -> float:
    """Return the fixed minutes of a visit that every type needs."""
    return float(case.vehicles.unloading.min()) if len(case.vehicles) else 0.0


def clients_of(
    case: RouteCase,
    where: Locations,
    goal: LinearGoal,
    scale: scaling.Scale,
    pieces: Pieces,
    soft: bool,
) -> tuple[list[pyvrp.Client], list[pyvrp.ClientGroup], Ints]:
    """Return the clients, the groups of alternatives and the piece of each client."""
    stops, stay = case.stops, common_stay(case)
    clients, groups, owner = list[pyvrp.Client](), list[pyvrp.ClientGroup](), list[int]()
    for number, (stop, share) in enumerate(pieces):
        required = bool(np.isinf(stops.prize[stop]))
        prize = float(stops.prize[stop])
        price = goal.required if required else goal.lost * (max(prize, goal.least) if prize else 0)
        must, windows = required and not soft, stops.windows[stop]
        group = None
        if len(windows) > 1:
            group = len(groups)
            members = list(range(len(clients), len(clients) + len(windows)))
            groups.append(pyvrp.ClientGroup(members, required=must))
        for opens, closes in windows:
            owner.append(number)
            clients.append(
                pyvrp.Client(
                    int(where.of[stop]),
                    delivery=scaling.up(stops.load[stop] * share, scale.load).tolist(),
                    service_duration=int(
                        scaling.up(stops.service[stop] * share + stay, scale.time)
                    ),
                    tw_early=max(0, int(scaling.up(opens, scale.time))),
                    tw_late=int(scaling.down(closes, scale.time)),
                    release_time=max(0, int(scaling.up(stops.release[stop], scale.time))),
                    prize=0 if must else int(scaling.near(price * share, scale.goal)),
                    required=must and group is None,
                    group=group,
                )
            )
    return clients, groups, np.array(owner, dtype=np.int64)


def vehicle_types(
    case: RouteCase,
    where: Locations,
    goal: LinearGoal,
    scale: scaling.Scale,
    kinds: Ints,
    profile: Ints,
) -> list[pyvrp.VehicleType]:
    """Return PyVRP's type of each of the case's `kinds`, with the profile of each."""
    fleet, number = case.vehicles, counts(case)
    depot_of = {int(place): depot for depot, place in enumerate(where.depots)}
    made = []
    for v, own in zip(kinds.tolist(), profile.tolist(), strict=True):
        trips, rate = int(fleet.trips[v]), goal.per_minute[v] / scale.time * scale.goal
        made.append(
            pyvrp.VehicleType(
                min(int(number[v]), len(case.stops) * 20),
                scaling.down(fleet.capacity[v], scale.load).tolist(),
                depot_of[int(fleet.home[v])],
                depot_of[int(fleet.end[v])],
                fixed_cost=int(scaling.near(goal.per_vehicle[v], scale.goal)),
                tw_early=max(0, int(scaling.up(fleet.early[v], scale.time))),
                tw_late=int(scaling.down(fleet.late[v], scale.time)),
                shift_duration=int(scaling.down(fleet.longest[v], scale.time)),
                max_distance=_farthest(case, goal, scale, v),
                unit_duration_cost=int(np.rint(rate)),
                profile=own,
                reload_depots=_reloads(case, depot_of, v) if trips > 1 else [],
                max_reloads=max(0, trips - 1),
            )
        )
    return made


def _farthest(case: RouteCase, goal: LinearGoal, scale: scaling.Scale, v: int) -> int:
    """Return the longest distance in what km cost; the charge of one trip is let pass."""
    farthest = float(case.vehicles.farthest[v])
    if np.isinf(farthest) or goal.per_km[v] == 0:
        return int(scaling.ANY)
    return int(scaling.down(farthest * goal.per_km[v] + goal.per_trip[v], scale.goal))


def _reloads(case: RouteCase, depot_of: dict[int, int], v: int) -> list[int]:
    """Return the depots a type may reload at: its home, others only where all goods are."""
    home, depots = int(case.vehicles.home[v]), set[int]()
    if case.reload_anywhere:
        depots = {place for place in depot_of if case.stops.origins[:, place].all()}
    return sorted(depot_of[place] for place in depots | {home})


def settled(case: RouteCase, routes: Routes) -> RouteCase:
    """Return the case with every vehicle of a pool at one home: where routes use it, if they do."""
    fleet = case.vehicles
    number = counts(case, np.bincount([route.vehicle for route in routes], minlength=len(fleet)))
    return case.replace(vehicles=replace(fleet, count=number, line=np.arange(len(fleet))))


def counts(case: RouteCase, used: Ints | None = None) -> Ints:
    """Return (V,) how many vehicles of each type.

    Those of a pool are where they are `used` (V,), the others are shared out by loads at home.
    """
    fleet, number = case.vehicles, case.vehicles.count.copy()
    for line in np.unique(fleet.line[fleet.line >= 0]):
        members = np.flatnonzero(fleet.line == line)
        if len(members) > 1:
            there = np.zeros(len(members), dtype=np.int64) if used is None else used[members]
            idle = max(0, int(number[members].max()) - int(there.sum()))
            number[members] = there + _shared(idle, _loads_at(case, members))
    return number


def reachable(case: RouteCase, pieces: Pieces | None = None) -> Pieces:
    """Return the pieces that some vehicle can bring, as far as load, permits and ways say."""
    if pieces is None:
        pieces = tuple((stop, 1.0) for stop in range(len(case.stops)))
    stops, fleet = case.stops, case.vehicles
    stop = np.array([stop for stop, _ in pieces], dtype=np.int64)
    share = np.array([share for _, share in pieces])
    able = np.zeros(len(pieces), dtype=bool)
    for v in np.flatnonzero(counts(case) > 0).tolist():
        minutes, place = case.minutes[int(fleet.profile[v])], stops.place[stop]
        way = np.isfinite(minutes[fleet.home[v], place] + minutes[place, fleet.end[v]])
        fits = (stops.load[stop] * share[:, None] <= fleet.capacity[v] + 1e-9).all(axis=1)
        able |= way & fits & allowed(case, v)[stop]
    timely = np.array([bool(stops.windows[row]) for row in stop.tolist()], dtype=bool)
    return tuple(pieces[row] for row in np.flatnonzero(able & timely).tolist())


def _loads_at(case: RouteCase, members: Ints) -> Floats:
    """Return how much of all loads, as a share of capacity, each type's home can send."""
    homes, capacity = case.vehicles.home[members], case.vehicles.capacity[members]
    largest, load = capacity.max(axis=0), case.stops.load
    share = np.divide(load, largest, out=np.zeros_like(load), where=largest > 0)
    size = share.max(axis=1, initial=0.0)
    return np.asarray(case.stops.origins[:, homes].T.astype(float) @ size)


def _shared(total: int, weights: Floats) -> Ints:
    """Share a number out in proportion, by largest remainders."""
    if weights.sum() == 0:
        weights = np.ones(len(weights))
    exact = total * weights / weights.sum()
    whole: Ints = np.floor(exact).astype(np.int64)
    first = np.argsort(whole - exact, kind="stable")[: total - int(whole.sum())]
    whole[first] += 1
    return whole
