"""The long work of beds, as it runs in the child process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allocator.engine.ordered import Budget
from allocator.instance.instance import Instance
from allocator.models.admit.solving import solve
from allocator.models.answer import Answer

Emit = Callable[..., None]


def work(
    emit: Emit,
    instance: Instance,
    seconds: float | None,
    work: int | None,
    gap: float,
    seed: int,
    threads: int,
) -> None:
    """Solve the goals in order and emit the plan after each."""
    deadline = None if seconds is None else time.monotonic() + seconds
    told = 0

    def report(answer: Answer) -> None:
        nonlocal told
        event: dict[str, Any] = {}
        if len(answer.results) > told:
            told, result = len(answer.results), answer.results[-1]
            event = {"goal": result.name, "value": result.value, "bound": result.bound}
            event["seconds"] = result.seconds
        emit(answer, **event)

    emit(solve(instance, Budget(deadline, work, gap), seed, threads, report), stage="solved")
