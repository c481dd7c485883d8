"""The long work of dispatch, as it runs in the child process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pandas as pd

from allocator.engine.ordered import Budget, Progress
from allocator.engine.session import SIMPLEX_COLUMNS
from allocator.instance.instance import Instance
from allocator.instance.network import network
from allocator.models.answer import Answer
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.grouped import GroupedWork, too_large, too_large_for
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.price import (
    FREE,
    goals_before_fairness,
    in_fractions,
    values_without,
    without,
)
from allocator.models.dispatch.read import plan_tables, read
from allocator.models.dispatch.solve import fair_tiers, goal_names, solve_model
from allocator.models.dispatch.topping import topped
from allocator.models.dispatch.trimming import trimmed, without_idle_purchases

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
    if too_large(net) or (start is None and too_large_for(net, seconds)):
        GroupedWork(emit, net, budget, seed, start is not None).run()
    else:
        WholeWork(emit, DispatchModel(net, start), budget, seed, threads).run()


class WholeWork:
    """Reach the goals on one program; large ones get their price of fairness at the same time."""

    def __init__(
        self, emit: Emit, model: DispatchModel, budget: Budget, seed: int, threads: int
    ) -> None:
        """Tell the size."""
        self.emit, self.model, self.budget = emit, model, budget
        self.options = (seed, threads)
        self.attainable = Attainable(model)
        program = model.program
        self.size = {"columns": program.column_count, "rows": program.row_count}
        self.first = goals_before_fairness(model) if fair_tiers(model) else None
        continuous = not program.integer.any()
        self.beside = continuous and threads > 1 and program.column_count > SIMPLEX_COLUMNS
        self.price: Future[Progress] | None = None
        emit(stage="built", **self.size)

    def run(self) -> None:
        """Reach the goals, then tell what fairness costs."""
        with ThreadPoolExecutor(1) as self.pool:
            progress = solve_model(
                self.model, self.attainable, self.budget, self._tell, *self.options
            )
            if progress.solution is None or self.first is None:
                return
            if not self.budget.spent():
                self._price(progress)
            if self.price is not None:
                found = values_without(self.model, self.attainable, self.price.result())
                told = {"without_fairness": found, "price_in_fractions": in_fractions(self.model)}
                self.emit(self._answer(progress, **told), stage="priced")

    def _price(self, progress: Progress) -> None:
        """Begin with the goals as they would be without the fairness rule."""
        if self.price is None and self.first is not None:
            known = {
                name: progress.outcomes[name] for name in self.first if name in progress.outcomes
            }
            self.price = self.pool.submit(without, self.model, self.budget, known, progress.joint)

    def _tell(self, progress: Progress) -> None:
        if progress.step is not None:
            plan = None if progress.solution is None else self._answer(progress)
            self.emit(plan, stage="step", step=progress.step.name, goals=dict(progress.step.values))
            return
        if not progress.results:
            looked = progress.looked.values()
            goals = [{"goal": one.name, "value": one.value, "bound": one.bound} for one in looked]
            self.emit(self._answer(progress), stage="look", goals=goals)
            return
        result = progress.results[-1]
        self.emit(
            self._answer(progress),
            goal=result.name,
            value=result.value,
            bound=result.bound,
            seconds=result.seconds,
        )
        reached = {one.name for one in progress.results if one.value is not None}
        if self.beside and self.first is not None and set(self.first) <= reached:
            self._price(progress)

    def _answer(self, progress: Progress, **more: Any) -> Answer:
        summary = {"size": self.size, **more}
        if progress.point is None:
            return Answer({}, progress.known(), summary)
        tables = dict(self._tables(progress))
        tables["attainable"] = self.attainable.table(fair_tiers(self.model))
        return Answer(tables, progress.known(), summary)

    def _tables(self, progress: Progress) -> Mapping[str, pd.DataFrame]:
        """Return the tables of the point; later goals are served with what it leaves idle."""
        assert progress.point is not None
        if progress.step is not None:
            return plan_tables(self.model, progress.point)
        reached = {result.name for result in progress.results if result.value is not None}
        missing = {name.partition(".")[0] for name in set(goal_names(self.model)) - reached}
        if self.model.start is not None or not (missing or progress.look is not None):
            return plan_tables(self.model, progress.point)
        done = read(self.model, progress.point)
        served = progress.look is None and not missing - set(FREE)
        return (without_idle_purchases(trimmed(done)) if served else topped(done)).tables()
