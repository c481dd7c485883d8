"""The long work with another solver or a user's own model, as it runs in the child process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allocator.engine.ordered import StageResult
from allocator.instance import Instance
from allocator.limits import Limits
from allocator.models.answer import Answer
from allocator.models.own import solve_own


def work(
    emit: Callable[..., None],
    instance: Instance,
    seconds: float | None,
    gap: float,
    model: str,
    solver: str,
    **_: Any,
) -> None:
    """Solve `model` (a path, or "" for dispatch itself) with `solver` and emit its plan."""
    chosen: Any = model
    if not model:
        from allocator.models.dispatch import bridge

        chosen = bridge
    limits = Limits(seconds=None if seconds is None else max(0.1, seconds), gap=gap)
    tables, goals, termination = solve_own(chosen, instance, limits, solver)
    results = tuple(
        StageResult(goal.name, goal.unit, goal.value, goal.bound, termination, goal.source, 0.0)
        for goal in goals
    )
    emit(Answer(tables, results, {"solver": solver}), stage="solved")
