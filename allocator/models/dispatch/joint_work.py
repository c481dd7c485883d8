"""The long work of the joint form of people and dispatch, as it runs in the child process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allocator.engine.ordered import Budget, Progress
from allocator.instance.instance import Instance
from allocator.instance.network import network
from allocator.models.answer import Answer
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.gate_staff import people_wanted
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.solve import solve_model

Emit = Callable[..., None]
LEFT = ("change", "transport", "cost")
"""Goals that say nothing of who should stand at which gate."""


def work(
    emit: Emit,
    instance: Instance,
    seconds: float | None,
    work: int | None,
    gap: float,
    seed: int,
    threads: int,
) -> None:
    """Solve the goals in order and emit after each whom its point wants at the gates.

    Packs and trips are fractions here, as people are: whole ones are left to the dispatch that
    follows, and so are the goals of money and change.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    needs = tuple(goal for goal in instance.policy.goals if goal not in LEFT)
    policy = instance.policy.replace(goals=needs or instance.policy.goals)
    model = DispatchModel(network(instance.replace(policy=policy, validate=False)))
    model.program.relax()
    size = {"columns": model.program.column_count, "rows": model.program.row_count}
    emit(stage="built", **size)

    def answer(progress: Progress) -> Answer:
        found = {}
        if progress.point is not None:
            found["gate_people"] = people_wanted(model, progress.point)
        return Answer(found, progress.known(), {"size": size})

    def tell(progress: Progress) -> None:
        looked = progress.looked.values()
        goals = [{"goal": one.name, "value": one.value, "bound": one.bound} for one in looked]
        event: dict[str, Any] = {"stage": "look", "goals": goals}
        if progress.results:
            last = progress.results[-1]
            event = {"goal": f"joint {last.name}", "value": last.value, "bound": last.bound}
            event["seconds"] = last.seconds
        emit(answer(progress), **event)

    progress = solve_model(
        model, Attainable(model), Budget(deadline, work, gap), tell, seed, threads
    )
    emit(answer(progress), stage="joint done")
