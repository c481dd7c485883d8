"""The long work of staffing, as it runs in the child process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pandas as pd

from allocator.engine.ordered import Budget
from allocator.instance.instance import Instance
from allocator.models.answer import Answer
from allocator.models.staff.solving import solve

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
    start: pd.DataFrame | None = None,
    earlier: pd.DataFrame | None = None,
) -> None:
    """Solve the goals in order and emit the roster after each."""
    deadline = None if seconds is None else time.monotonic() + seconds
    told = 0

    def report(answer: Answer) -> None:
        nonlocal told
        event: dict[str, Any] = {"stage": "better roster"}
        if len(answer.results) > told:
            told, result = len(answer.results), answer.results[-1]
            event = {"goal": result.name, "value": result.value, "bound": result.bound}
            event["seconds"] = result.seconds
        emit(answer, **event)

    answer = solve(
        instance, Budget(deadline, work, gap), method, seed, threads, report, start, earlier
    )
    emit(answer, stage="done")
