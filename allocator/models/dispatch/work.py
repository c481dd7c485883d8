"""The long work of dispatch, as it runs in the child process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pandas as pd

from allocator.engine.ordered import Budget, Progress
from allocator.instance.instance import Instance
from allocator.instance.network import network
from allocator.models.answer import Answer
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.grouped import GroupedWork, too_large
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.price import without_fairness
from allocator.models.dispatch.read import plan_tables
from allocator.models.dispatch.solve import fair_tiers, solve_model

Emit = Callable[..., None]


def work(
    emit: Emit,
    instance: Instance,
    seconds: float | None,
    work: int | None,
    gap: float,
    seed: int,
    threads: int,
    start: pd.DataFrame | None = None,
) -> None:
    """Solve the goals in order and emit the plan after each; then find the price of fairness."""
    deadline = None if seconds is None else time.monotonic() + seconds
    budget = Budget(deadline, work, gap)
    net = network(instance)
    if start is None and too_large(net):
        GroupedWork(emit, net, budget, seed, threads).run()
        return
    model = DispatchModel(net, start)
    summary = {"size": {"columns": model.program.column_count, "rows": model.program.row_count}}
    emit(stage="built", **summary["size"])
    attainable = Attainable(model)

    def answer(progress: Progress, **more: Any) -> Answer:
        if progress.solution is None or not progress.whole:
            return Answer({}, tuple(progress.results), {**summary, **more})
        tables = dict(plan_tables(model, progress.solution))
        tables["attainable"] = attainable.table(fair_tiers(model))
        return Answer(tables, tuple(progress.results), {**summary, **more})

    told = 0

    def report(progress: Progress) -> None:
        nonlocal told
        if told == len(progress.results):
            emit(answer(progress), stage="rounded off")
            return
        told, result = len(progress.results), progress.results[-1]
        emit(
            answer(progress),
            goal=result.name,
            value=result.value,
            bound=result.bound,
            seconds=result.seconds,
        )

    progress = solve_model(model, attainable, budget, report, seed, threads)
    if progress.solution is not None and not budget.spent():
        emit(
            answer(progress, without_fairness=without_fairness(model, attainable, budget)),
            stage="priced",
        )
