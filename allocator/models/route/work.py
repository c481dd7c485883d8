"""The long work of routing, as it runs in the child process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allocator.instance.route_case import RouteCase
from allocator.models.route.goals import goals_of
from allocator.models.route.routes import Routes
from allocator.models.route.solve import RouteAnswer, solve

Emit = Callable[..., None]


def work(
    emit: Emit,
    case: RouteCase,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 0,
    workers: int = 1,
    router: str = "auto",
    start: Routes | None = None,
) -> None:
    """Search and emit every plan that becomes the best, and at last the answer with its bounds."""
    names = [goal.name for goal in goals_of(case)]

    def report(answer: RouteAnswer) -> None:
        spent, by, reached = answer.history[-1]
        event: dict[str, Any] = dict(zip(names, reached, strict=True))
        emit(answer, stage=by, seconds=spent, goals=event)

    answer = solve(case, seconds, seed, workers, router, iterations, start, report)
    emit(answer, stage="rounded off")
