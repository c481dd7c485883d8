"""City scale: zones of neighbouring routes improved side by side, with other borders each round.

Routes are divided into zones of a few hundred stops by cuts halfway between two random routes;
each zone, with its share of the idle vehicles and the stops left unserved near it, is a routing
case of its own and searched by PyVRP from the routes it has. The next round cuts elsewhere, so
borders are improved too (POPMUSIC: Taillard and Voss 2002; for routing Ostertag, Doerner, Hartl,
Taillard and Waelti 2009, JORS 60(7)).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.route_case import RouteCase
from allocator.models.route.goals import better, ordered, values
from allocator.models.route.parallel import SHARE, opened
from allocator.models.route.part import Part, part_of
from allocator.models.route.pool import NODES, combine
from allocator.models.route.pyvrp_data import translate
from allocator.models.route.pyvrp_parts import reachable
from allocator.models.route.pyvrp_search import Limits, Search
from allocator.models.route.routes import Routes, numbered, shares
from allocator.models.route.rules import broken
from allocator.models.route.separate import separate
from allocator.models.route.split import cut_stops, new_pieces

SIZE = 220  # visits of a zone, about; half of it where they are cut into pieces
SPAN = 6.0  # seconds of a zone
SEARCHED = 0.8  # of the time left; the rest is for building zones and putting them together
STEPS = 1500  # iterations of a zone where nothing but the iterations is limited
SPARE = 2.0  # seconds too few for a round
LARGE = 500  # visits from which on a case is searched by zones
LEAST = 1e-6


@dataclass(frozen=True)
class Work:
    """A zone to be searched, its seed and limits."""

    part: Part
    seed: int
    limits: Limits


def improve(
    case: RouteCase,
    routes: Routes,
    seconds: float | None,
    seed: int,
    iterations: int | None,
    workers: int,
    hear: Callable[[Routes], None],
) -> Routes:
    """Return routes improved zone by zone until the limits; `hear` gets them after every round."""
    end = None if seconds is None else time.perf_counter() + seconds
    dice, done = np.random.default_rng(seed), 0
    with opened(workers, seconds) as where:
        placed = where.place(int, [(number,) for number in range(where.count)])
        while (end is None or time.perf_counter() + SPARE < end) and done < (iterations or np.inf):
            zones = divided(case, routes, dice)
            limits = _limits(end, iterations, done, len(zones), len(placed))
            works = [Work(zone, int(dice.integers(2**31)), limits) for zone in zones]
            parts = where.call(carry_out, placed, works, len(placed))
            routes = numbered(route for part in parts for zone in part for route in zone)
            done += STEPS * len(zones)
            hear(routes)
    return routes


def carry_out(number: int, works: list[Work], of: int) -> list[Routes]:
    """Search every zone that falls to this worker and return their routes."""
    return [searched(work) for work in works[number::of]]


def searched(work: Work) -> Routes:
    """Return the routes of a zone, better ones where they are found in time."""
    part, case = work.part, work.part.case
    if not len(case.stops):
        return part.whole(part.start)
    dice = np.random.default_rng(work.seed)
    cut = bool(cut_stops(case))
    pieces = reachable(case, new_pieces(case, part.start, dice) if cut else None)
    served = shares(part.start, len(case.stops))
    soft = bool((np.isinf(case.stops.prize) & (served < 1 - LEAST)).any())
    problem = translate(case, pieces, soft)
    began = time.perf_counter()
    search = Search(problem, work.seed, problem.plain(part.start) or None)
    end = began + work.limits.seconds
    search.run(Limits((1 - SHARE) * (end - time.perf_counter()), work.limits.iterations))
    nodes = None if work.limits.iterations is None else NODES
    left = max(0.0, end - time.perf_counter())
    made = combine(problem, search.pool, search.cost(search.best), left, nodes)
    if made is not None:
        search.offer(made.plain)
    found = problem.routes(search.plain())
    return part.whole(found if _is_better(case, found, part.start) else part.start)


def _is_better(case: RouteCase, found: Routes, than: Routes) -> bool:
    if broken(case, found):
        return False
    return better(ordered(case, values(case, found)), ordered(case, values(case, than)))


def _limits(
    end: float | None, iterations: int | None, done: int, zones: int, workers: int
) -> Limits:
    """Return the limits of a zone: a round must fit into the time that is left."""
    steps = None if iterations is None else max(1, min(STEPS, (iterations - done) // zones))
    if end is None:
        return Limits(1e9, steps if steps is not None else STEPS)
    turns = -(-zones // workers)
    left = SEARCHED * (end - time.perf_counter()) / turns
    return Limits(max(0.0, min(SPAN, left)), steps)


def divided(case: RouteCase, routes: Routes, dice: np.random.Generator) -> list[Part]:
    """Return zones of neighbouring routes; stops left and idle vehicles are shared out.

    Routes that can never share a stop or a vehicle share no zone.
    """
    return [
        zone
        for types, stops in separate(case)
        for zone in _zones_of(case, routes, types, stops, dice)
    ]


def _zones_of(
    case: RouteCase, routes: Routes, types: Ints, stops: Ints, dice: np.random.Generator
) -> Iterator[Part]:
    own = set(types.tolist())
    routes = tuple(one for one in routes if one.vehicle in own)
    free = [number for number, route in enumerate(routes) if route.begun is None]
    middle = np.array([_middle(case, routes, number) for number in free], dtype=np.int64)
    size = np.array([sum(1 for _ in routes[number].visits) for number in free])
    most = SIZE // 2 if cut_stops(case) else SIZE
    groups = _cut(case, middle, size, np.arange(len(free)), most, dice) if free else []
    groups = groups or [np.zeros(0, dtype=np.int64)]
    left = _left(case, routes, stops, middle, groups)
    idle = _idle(case, routes, types, len(groups), dice)
    for number, group in enumerate(groups):
        mine = tuple(routes[free[k]] for k in group.tolist())
        yield part_of(case, mine, left[number], idle[number])


def _middle(case: RouteCase, routes: Routes, number: int) -> int:
    """Return the place of the visit that is least far from the others of its route."""
    place = case.stops.place[[visit.stop for visit in routes[number].visits]]
    profile = int(case.vehicles.profile[routes[number].vehicle])
    far = _finite(case.km[profile][np.ix_(place, place)])
    return int(place[int(np.argmin(far.sum(axis=0)))])


def _finite(km: Floats) -> Floats:
    return np.asarray(np.where(np.isfinite(km), km, 1e9))


def _cut(
    case: RouteCase, middle: Ints, size: Ints, group: Ints, most: int, dice: np.random.Generator
) -> list[Ints]:
    """Cut a group in two halves, nearer to one or to the other of two random routes, and so on."""
    if size[group].sum() <= 1.5 * most or len(group) < 4:
        return [group]
    one, other = middle[dice.choice(group, 2, replace=False)]
    km = _finite(case.km[0])
    side = km[middle[group], one] - km[middle[group], other]
    order = group[np.lexsort((dice.random(len(group)), side))]
    half = int(np.searchsorted(np.cumsum(size[order]), size[order].sum() / 2))
    half = min(max(1, half), len(order) - 1)
    return [
        zone
        for piece in (order[:half], order[half:])
        for zone in _cut(case, middle, size, piece, most, dice)
    ]


def _left(
    case: RouteCase, routes: Routes, stops: Ints, middle: Ints, groups: Sequence[Ints]
) -> list[list[tuple[int, float]]]:
    """Return what is left unserved, to the zone of the nearest route."""
    found: list[list[tuple[int, float]]] = [[] for _ in groups]
    zone = np.zeros(len(middle), dtype=np.int64)
    for number, group in enumerate(groups):
        zone[group] = number
    rest = 1.0 - shares(routes, len(case.stops))
    for stop in stops[rest[stops] > LEAST].tolist():
        near = _finite(case.km[0][case.stops.place[stop], middle])
        number = int(zone[int(np.argmin(near))]) if len(middle) else 0
        found[number].append((stop, float(rest[stop])))
    return found


def _idle(
    case: RouteCase, routes: Routes, kinds: Ints, zones: int, dice: np.random.Generator
) -> list[Ints]:
    """Return (V,) the idle vehicles of each zone: shared out evenly, those of a pool once only."""
    fleet = case.vehicles
    found = [np.zeros(len(fleet), dtype=np.int64) for _ in range(zones)]
    used = np.bincount([int(fleet.line[route.vehicle]) for route in routes], minlength=1)
    for line in np.unique(fleet.line[kinds]).tolist():
        types = np.flatnonzero(fleet.line == line)
        idle = int(fleet.count[types].max()) - (int(used[line]) if line < len(used) else 0)
        for number, zone in enumerate(dice.permutation(zones).tolist()):
            own = idle // zones + (number < idle % zones)
            found[zone][int(dice.choice(types))] += max(0, own)
    return found
