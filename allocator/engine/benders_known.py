"""What a search knows: the best point, the bound, what it has spent of its budget."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from allocator.engine.ordered import Budget
from allocator.engine.program import Floats
from allocator.engine.two_stage import Step, TwoStageAnswer

Report = Callable[[TwoStageAnswer], None]
ITERATIONS_A_NODE = 50  # of a search tree, roughly: turns work that is left into nodes


class Known:
    """The best point and bound so far; every change is told and kept in the history."""

    def __init__(self, budget: Budget, columns: int, report: Report) -> None:
        """Know nothing; `columns` of the first stage are those of the caller."""
        self._began = time.perf_counter()
        self._columns, self._report = columns, report
        self.budget = budget
        self.value, self.bound = np.inf, -np.inf
        self.point: Floats | None = None
        self.costs: Floats | None = None
        self.ended = ""
        self.rounds = self.work = 0
        self.round_seconds = 0.0
        self.history: list[Step] = []

    @property
    def seconds(self) -> float:
        """Wall time since the start."""
        return time.perf_counter() - self._began

    @property
    def gap(self) -> float:
        """Relative distance of value and bound; infinite while either is unknown."""
        if not (np.isfinite(self.value) and np.isfinite(self.bound)):
            return np.inf
        return max(0.0, self.value - self.bound) / max(abs(self.value), 1e-9)

    @property
    def closed(self) -> bool:
        """Whether the gap is within the budget's."""
        return self.gap <= self.budget.gap

    def left(self) -> float | None:
        """Seconds left for the search: one round ends what was begun, one states the answer."""
        seconds = self.budget.seconds()
        return None if seconds is None else max(0.0, seconds - 2.2 * self.round_seconds)

    def spent(self) -> bool:
        """Whether the search must end, its budget being spent or for a fault; see `ended`."""
        left = self.left()
        if left is not None and left <= 0.0:
            self.ended = "time_limit"
        elif self.budget.work is not None and self.work >= self.budget.work:
            self.ended = "work_limit"
        return bool(self.ended)

    def nodes(self) -> int | None:
        """Return how many nodes the work left allows; None without a limit."""
        if self.budget.work is None:
            return None
        return max(1, (self.budget.work - self.work) // ITERATIONS_A_NODE)

    def count(self, work: int, seconds: float) -> None:
        """Count a round of cuts."""
        self.rounds += 1
        self.work += work
        self.round_seconds = max(0.5 * self.round_seconds, seconds)

    def offer(self, point: Floats, costs: Floats, value: float) -> None:
        """Keep a point if it is better."""
        if value < self.value:
            self.value, self.point, self.costs = value, point.copy(), costs.copy()
            self._tell("point")

    def raise_bound(self, bound: float | None) -> None:
        """Keep a bound if it is better."""
        if bound is not None and bound > self.bound:
            self.bound = bound
            self._tell("bound")

    def _tell(self, note: str) -> None:
        value, bound = _finite(self.value), _finite(self.bound)
        self.history.append(Step(self.seconds, value, bound, note))
        self._report(self.answer(None))

    def answer(self, recourse: list[Floats] | None) -> TwoStageAnswer:
        """Return what is known as an answer; the bound is never stated above the value."""
        first = None if self.point is None else self.point[: self._columns]
        return TwoStageAnswer(
            first=first,
            recourse=recourse,
            value=_finite(self.value),
            bound=_finite(min(self.bound, self.value)),
            termination=self.ended or "completed",
            method="benders",
            seconds=self.seconds,
            rounds=self.rounds,
            history=tuple(self.history),
        )


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
