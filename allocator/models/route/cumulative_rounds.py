"""Searches side by side, round after round; after each a program over all routes met."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from allocator.engine.processes import Processes
from allocator.models.route.cumulative_data import Cumulative, Order
from allocator.models.route.cumulative_pool import Pool, merge, partition
from allocator.models.route.cumulative_search import Search
from allocator.models.route.cumulative_within import LEAST

SHARES = (0.35, 0.35, 0.2)  # of the limit for each round; the rest is for the programs
PROGRAM_SHARE = 0.05  # longest time of one program
LEAST_SECONDS = 5.0  # for less, starting processes is not worth it


@dataclass(frozen=True)
class Stretch:
    """When a search is over: at a time of the clock, after iterations, whichever comes first."""

    begin: float = 0.0
    end: float | None = None
    iterations: int | None = None

    def part(self, iteration: int) -> float:
        """Return what part of the search is over."""
        parts = [0.0]
        if self.end is not None:
            parts.append((time.time() - self.begin) / max(self.end - self.begin, 1e-3))
        if self.iterations is not None:
            parts.append(iteration / max(1, self.iterations))
        return max(parts)


class Found(NamedTuple):
    """Routes met that fit, the best orders (None = none fits), the orders at the end."""

    pool: Pool
    best: list[Order] | None
    last: list[Order]


def searched(
    problem: Cumulative,
    seed: tuple[int, ...],
    start: list[Order] | None,
    stretch: Stretch,
    hear: Callable[[list[Order]], None] = lambda orders: None,
) -> Found:
    """Search once; `hear` is told of every better plan."""
    best: list[list[Order]] = []

    def keep(orders: list[Order]) -> None:
        best[:] = [list(orders)]
        hear(best[0])

    search = Search(problem, seed, start, keep)
    search.run(stretch.part)
    return Found(search.pool, best[0] if best else None, search.state.orders)


class Rounds:
    """Rounds of searches side by side, with what they have in common."""

    def __init__(
        self,
        problem: Cumulative,
        seconds: float | None,
        seed: int,
        iterations: int | None,
        workers: int,
        hear: Callable[[list[Order]], None],
    ) -> None:
        """Set the limits; `hear` is told of every better plan."""
        self.problem, self.seed, self.hear = problem, seed, hear
        self.seconds, self.iterations, self.began = seconds, iterations, time.time()
        brief = seconds is not None and seconds < LEAST_SECONDS
        self.workers = 1 if brief else max(1, workers)
        self.best: list[Order] | None = None
        self.value = np.inf
        self.last: list[Order] = []
        self.pool: Pool = {}

    def run(self, start: list[Order] | None) -> list[Order] | None:
        """Return the best orders found, one a vehicle; None when no plan fits after one round.

        The first round begins from `start`, the second from nothing, the last from the best.
        """
        with ThreadPoolExecutor(1) as thread, _Others(self.problem, self.workers - 1) as others:
            for number in range(len(SHARES)):
                begin = (start, None, self.best)[number]
                self._round(number, begin, thread, others)
                if self.best is None:
                    return None
        return self.best

    def _round(
        self, number: int, start: list[Order] | None, thread: Executor, others: _Others
    ) -> None:
        """Search once a worker, then combine what was found."""
        stretch, seed = self._stretch(number), (self.seed, number)
        waiting = thread.submit(others.search, seed, start, stretch)
        own = searched(self.problem, (*seed, 0), start, stretch, self._keep)
        self.last = own.last
        for found in [own, *waiting.result()]:
            merge(self.pool, found.pool)
            if found.best is not None:
                self._keep(found.best)
        self._combine()

    def _keep(self, orders: list[Order]) -> None:
        value = sum(map(self.problem.cost, self.problem.kind.tolist(), orders))
        if value < self.value - LEAST:
            self.best, self.value = list(orders), value
            self.hear(self.best)

    def _stretch(self, number: int) -> Stretch:
        before, share, begin = sum(SHARES[:number]), SHARES[number], time.time()
        end = None if self.seconds is None else self.began + (before + share) * self.seconds
        count = None if self.iterations is None else int(self.iterations * share / sum(SHARES))
        return Stretch(begin, end, count)

    def _combine(self) -> None:
        """Look for a better plan among all routes met."""
        left = None
        if self.seconds is not None:
            spent = time.time() - self.began
            left = max(0.05, min(PROGRAM_SHARE * self.seconds, self.seconds - spent))
        orders = partition(self.problem, self.pool, left, self.seed)
        if orders is not None:
            self._keep(orders)


class _Others:
    """Searches in processes of their own, started when first needed."""

    def __init__(self, problem: Cumulative, count: int) -> None:
        self._problem, self._count = problem, count
        self._processes = Processes(count)
        self._placed: list[Any] = []

    def __enter__(self) -> _Others:
        return self

    def __exit__(self, *error: object) -> None:
        self._processes.close()

    def search(
        self, seed: tuple[int, ...], start: list[Order] | None, stretch: Stretch
    ) -> list[Found]:
        """Search once a process."""
        if self._count and not self._placed:
            recipes = ((self._problem, number + 1) for number in range(self._count))
            self._placed = self._processes.place(_Worker, recipes)
        found: list[Found] = self._processes.call(
            _Worker.search, self._placed, seed, start, stretch
        )
        return found


class _Worker:
    """What a process holds."""

    def __init__(self, problem: Cumulative, number: int) -> None:
        self._problem, self._number = problem, number

    def search(self, seed: tuple[int, ...], start: list[Order] | None, stretch: Stretch) -> Found:
        return searched(self._problem, (*seed, self._number), start, stretch)
