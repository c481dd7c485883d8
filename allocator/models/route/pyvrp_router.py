"""The router PyVRP: translates a case, searches from several starts, gives routes that hold.

Required stops are required of PyVRP first. Where it finds no solution within a part of the time,
they get a price above everything else, so that the best possible rest is found instead. PyVRP has
no missing arcs: what uses one leaves the plan and is inserted again where it fits.
"""

from __future__ import annotations

import time
from math import inf

from numpy.random import default_rng

from allocator.instance.route_case import RouteCase
from allocator.models.route.by_rule import by_rule
from allocator.models.route.capabilities import Report
from allocator.models.route.goals import better, ordered, values
from allocator.models.route.parallel import Found, Recipe, search_together
from allocator.models.route.pyvrp_data import Translated, translate
from allocator.models.route.pyvrp_parts import Pieces, reachable, settled
from allocator.models.route.repair import repaired
from allocator.models.route.routes import Routes
from allocator.models.route.split import cut_stops, divides, first_pieces, new_pieces
from allocator.models.route.zones import LARGE, improve

ITERATIONS = 5_000
PIECES = 1_500  # of stops that are cut, from which on a case is searched by zones
PHASES = 4  # of a search with split deliveries: the pieces are cut anew after each
PHASE = 5.0  # least seconds of one: processes start anew in each
TRIAL = 0.25  # of the limits, for finding a solution that serves everything required


def pyvrp_router(
    case: RouteCase,
    seconds: float | None = None,
    seed: int = 0,
    iterations: int | None = None,
    start: Routes | None = None,
    report: Report = lambda routes: None,
    workers: int = 1,
) -> Routes:
    """Return the best routes found; see `capabilities.Search` for the arguments.

    Raises:
        InstanceError: E1330 where numbers are too large to count in.
    """
    if seconds is None and iterations is None:
        iterations = ITERATIONS
    best = Best(case, start, report)
    if case_is_large(case):
        return by_zones(case, best, seconds, seed, iterations, workers)
    case = settled(case, best.routes)
    phases = _phases(case, seconds)
    end, dice = None if seconds is None else time.perf_counter() + seconds, default_rng(seed)
    for phase in range(phases):
        own = phase > 0 or (not cut_stops(case) and divides(best.routes))
        given = new_pieces(case, best.routes, dice) if own else first_pieces(case)
        pieces = reachable(case, given)
        left = None if end is None else (end - time.perf_counter()) / (phases - phase)
        if not pieces or (left is not None and left <= 0):
            break
        steps = None if iterations is None else max(1, iterations // phases)
        Attempts(case, pieces, seed + phase, workers, best).run(left, steps)
    return best.routes


def _phases(case: RouteCase, seconds: float | None) -> int:
    """Return how often stops are cut in the time there is."""
    most = PHASES if seconds is None else max(1, min(PHASES, int(seconds / PHASE)))
    return most if cut_stops(case) else 1


def case_is_large(case: RouteCase) -> bool:
    """Say whether a case is searched by zones; many pieces of few stops are no city."""
    return len(case.stops) > LARGE or len(first_pieces(case)) > PIECES


def by_zones(
    case: RouteCase,
    best: Best,
    seconds: float | None,
    seed: int,
    iterations: int | None,
    workers: int,
) -> Routes:
    """Return routes improved by zones, begun by insertion where there are none."""
    began = time.perf_counter()
    if not best.routes:
        best.hear(by_rule(case))
    left = None if seconds is None else max(0.0, seconds - (time.perf_counter() - began))
    improve(case, best.routes, left, seed, iterations, workers, best.hear)
    return best.routes


class Best:
    """The best routes so far, put right before they count."""

    def __init__(self, case: RouteCase, start: Routes | None, report: Report) -> None:
        """Begin with a plan, or with none."""
        self.case, self._report = case, report
        self.routes: Routes = repaired(case, start) if start else ()
        self._reached = ordered(case, values(case, self.routes))

    def hear(self, routes: Routes) -> None:
        """Keep routes, repaired, that come before the best in the order of the goals."""
        routes = repaired(self.case, routes)
        reached = ordered(self.case, values(self.case, routes))
        if better(reached, self._reached):
            self.routes, self._reached = routes, reached
            self._report(routes)


class Attempts:
    """The search with required stops required, and if need be with a price instead."""

    def __init__(
        self, case: RouteCase, pieces: Pieces, seed: int, workers: int, best: Best
    ) -> None:
        """Translate the case."""
        self.case, self.pieces, self.seed, self.workers = case, pieces, seed, workers
        self.best, self.hard = best, translate(case, pieces)

    def run(self, seconds: float | None, iterations: int | None) -> None:
        """Search until the limits."""
        began = time.perf_counter()
        found = self._search(self.hard, False, seconds, iterations)
        if found.cost < inf and not _misses(self.hard, found):
            return
        left = None if seconds is None else seconds - (time.perf_counter() - began)
        rest = None if iterations is None else int(iterations * (1 - TRIAL))
        if left is None or left > 0:
            soft = translate(self.case, self.pieces, soft=True)
            self._search(soft, True, left, rest)

    def _search(
        self, problem: Translated, soft: bool, seconds: float | None, iterations: int | None
    ) -> Found:
        begun, told = time.perf_counter(), inf

        def hear(found: Found) -> bool:
            nonlocal told
            good = found.cost < inf
            if good and found.cost < told:
                told = found.cost
                self.best.hear(problem.routes(found.plain))
            tried = found.iterations * self.workers > TRIAL * (iterations or inf)
            tried |= time.perf_counter() - begun > TRIAL * (seconds or inf)
            return soft or not tried or (good and not _misses(problem, found))

        start = problem.plain(self.best.routes) or None
        recipe = Recipe(self.case, self.pieces, soft, start)
        return search_together(recipe, seconds, self.seed, iterations, self.workers, hear)


def _misses(problem: Translated, found: Found) -> bool:
    """Say whether a solution uses a missing arc."""
    return found.cost >= problem.missing_from
