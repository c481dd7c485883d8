"""Several starts side by side that help each other.

They search in rounds and tell each other their routes. In each round one of them, in the last one
all, solve the program over the routes known (pool.py) and carry on from what it gives; in the
second half of the time all carry on from the best. So two cores find more than the better of two
searches that do not meet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from allocator.engine.executors import PROCESSES, Workers, open_workers
from allocator.instance.route_case import RouteCase
from allocator.models.route.pool import NODES, combine
from allocator.models.route.pyvrp_data import Plain, translate
from allocator.models.route.pyvrp_parts import Pieces
from allocator.models.route.pyvrp_search import Limits, Pool, Search

ROUNDS = 8
SHARE = 0.15  # of a round for the program over the pool
ALONE = 3.0  # seconds below which a process is not worth its start
SENT = 5_000  # most routes told to another start after a round


@dataclass(frozen=True)
class Task:
    """What one start does in a round: what it is told, whether it combines, its limits."""

    limits: Limits
    offered: Plain | None
    routes: Pool
    combine: bool


@dataclass(frozen=True)
class Found:
    """What one start has to tell: its best, the routes new since the last round, iterations."""

    cost: float
    plain: Plain
    routes: Pool
    iterations: int


@dataclass(frozen=True)
class Recipe:
    """What a process needs to begin."""

    case: RouteCase
    pieces: Pieces
    soft: bool
    start: Plain | None


class Start:
    """One search with its number, as it lives in a process."""

    def __init__(self, recipe: Recipe, number: int, seed: int) -> None:
        """Translate the case and build the first solution."""
        problem = translate(recipe.case, recipe.pieces, recipe.soft)
        self.number, self.told = number, 0
        start = recipe.start if number == 0 else None
        # Where times bind, two ways to begin find more together than one twice.
        gentle = number % 2 == 1 and problem.limits_time
        self.search = Search(problem, seed + 7919 * number, start, gentle)

    def carry_out(self, tasks: list[Task]) -> Found:
        """Do this start's task of a round."""
        task, search = tasks[self.number], self.search
        began = time.perf_counter()
        for key, (cost, steps) in task.routes.items():
            if key not in search.pool or cost < search.pool[key][0]:
                search.pool[key] = (cost, steps)
        self.told = len(search.pool)
        if task.offered is not None:
            search.offer(task.offered)
        end = began + task.limits.seconds
        first = (1 - SHARE) if task.combine else 1.0
        search.run(Limits(first * (end - time.perf_counter()), task.limits.iterations))
        if task.combine:
            self._combine(end, task.limits.iterations is not None)
        reached = search.run(
            Limits(end - time.perf_counter(), 0 if task.limits.iterations is not None else None)
        )
        new = dict(list(search.pool.items())[self.told :][-SENT:])
        return Found(reached, search.plain(), new, search.iterations)

    def _combine(self, end: float, by_work: bool) -> None:
        """Carry on from the best solution of the pool, where it is better."""
        search, seconds = self.search, end - time.perf_counter()
        if seconds <= 0:
            return
        best = search.cost(search.best)
        made = combine(search.problem, search.pool, best, seconds, NODES if by_work else None)
        if made is not None:
            search.offer(made.plain)


def make_start(recipe: Recipe, number: int, seed: int) -> Start:
    """Make a start where it will live."""
    return Start(recipe, number, seed)


def carry_out(start: Start, tasks: list[Task]) -> Found:
    """Do a round where the start lives."""
    return start.carry_out(tasks)


@contextmanager
def opened(workers: int, seconds: float | None) -> Iterator[Workers]:
    """Give processes for several workers, this process for one or for a short time."""
    if workers > 1 and (seconds is None or seconds >= ALONE):
        with open_workers(PROCESSES, workers) as processes:
            yield processes
    else:
        with open_workers("", 1) as threads:
            yield threads


def search_together(
    recipe: Recipe,
    seconds: float | None,
    seed: int,
    iterations: int | None,
    workers: int,
    hear: Callable[[Found], bool],
) -> Found:
    """Return the best of several starts; `hear` gets the best of each round, False ends it.

    Args:
        recipe: The problem and a solution to begin from.
        seconds: Wall-clock limit, the start of the processes included.
        seed: Seed of the first start; the others' follow from it.
        iterations: Limit over all starts together.
        workers: How many starts.
        hear: Hears of the best after every round.
    """
    end = None if seconds is None else time.perf_counter() + seconds
    with opened(workers, seconds) as where:
        starts = where.place(make_start, [(recipe, n, seed) for n in range(where.count)])
        best: Found | None = None
        last: list[Found] = []
        for number in range(ROUNDS):
            limits = _limits(end, iterations, number, len(starts))
            tasks = [_task(own, number, limits, last, best) for own in range(len(starts))]
            last = where.call(carry_out, starts, tasks)
            cheapest = min(last, key=lambda one: one.cost)
            best = cheapest if best is None or cheapest.cost < best.cost else best
            if not hear(best) or (end is not None and time.perf_counter() >= end):
                break
    assert best is not None
    return best


def _limits(end: float | None, iterations: int | None, number: int, starts: int) -> Limits:
    rounds = ROUNDS - number
    seconds = 1e9 if end is None else max(0.0, end - time.perf_counter()) / rounds
    if iterations is None:
        return Limits(seconds)
    own = max(1, iterations // starts)
    return Limits(seconds, own * (number + 1) // ROUNDS - own * number // ROUNDS)


def _task(own: int, number: int, limits: Limits, last: list[Found], best: Found | None) -> Task:
    """Return a start's task: one in turn, at the end all, combine what is known by then."""
    routes: Pool = {}
    for other, found in enumerate(last):
        if other != own:
            routes |= found.routes
    late = number >= ROUNDS // 2
    combines = number == ROUNDS - 1 or number % max(1, len(last)) == own
    return Task(limits, best.plain if late and best else None, routes, combines)
