"""The long work of pre-positioning, as it runs in the child process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allocator.engine.ordered import Budget
from allocator.instance.instance import Instance
from allocator.models.answer import Answer
from allocator.models.preposition.solving import solve

Emit = Callable[..., None]


def work(
    emit: Emit,
    instance: Instance,
    seconds: float | None,
    work: int | None,
    gap: float,
    seed: int,
    threads: int,
    method: str = "auto",
    workers: str = "",
) -> None:
    """Solve the goals in order and emit the plan after each."""
    deadline = None if seconds is None else time.monotonic() + seconds
    told = 0

    def report(answer: Answer) -> None:
        nonlocal told
        event: dict[str, Any] = {"stage": "rounded off"}
        result = answer.results[-1] if answer.results else None
        if result is not None and result.value is None and result.bound is not None:
            event = {"stage": "bound", "of": result.name, "bound": result.bound}
        elif result is not None and len(answer.results) > told:
            told = len(answer.results)
            event = {"goal": result.name, "value": result.value, "bound": result.bound}
            event["seconds"] = result.seconds
        emit(answer, **event)

    solve(instance, Budget(deadline, work, gap), method, seed, threads, report, workers)
