"""Bounds for a plan in whole numbers: each goal relaxed, the earlier goals at the plan's values."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from allocator.engine.ordered import Budget, LinearStage, Stage, StageResult
from allocator.engine.program import Floats, Program
from allocator.engine.session import Session
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.fairness import LevelRows, LevelStage

ROUNDING = 1e-9  # of a share
BOUND_GAP = 1e-4  # of a bound: what whole numbers cost is far more


class Bounds:
    """Bounds each goal on a relaxed program of its own, earlier goals held at the plan's values."""

    def __init__(
        self,
        program: Program,
        stages: Sequence[Stage],
        values: Mapping[str, float],
        attainable: Attainable,
        seed: int = 0,
    ) -> None:
        """Work on `program`, in which the plan has `values` of the goals of `stages`."""
        self.program, self.stages, self.values = program, stages, values
        self.attainable, self.seed = attainable, seed

    def results(
        self, first: Mapping[str, StageResult], budget: Budget, threads: int
    ) -> Iterator[StageResult]:
        """Give every goal's value its bound (null without time), in order, some at a time.

        Nothing comes before the first goal: its bound without integers, in `first`, is known.
        """
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(lambda at: self._result(at, first, budget), range(len(self.stages)))

    def _result(self, at: int, first: Mapping[str, StageResult], budget: Budget) -> StageResult:
        began, stage = time.perf_counter(), self.stages[at]
        known = first.get(stage.name) if at == 0 else None
        bound = None if known is None else known.bound
        if bound is None and not budget.spent():
            bound = self.bound(at, budget)
        return StageResult(
            name=stage.name,
            unit=stage.unit,
            value=self.values[stage.name],
            bound=bound,
            termination="time_limit" if bound is None else "completed",
            source="rounded to whole packs and trips, bound of the relaxation from its duals",
            seconds=time.perf_counter() - began,
        )

    def bound(self, at: int, budget: Budget) -> float | None:
        """Return the bound of a goal given the values of those before it."""
        session, stage = Session(self.program, self.seed), self.stages[at]
        for earlier in self.stages[:at]:
            self._hold(session, earlier)
        if isinstance(stage, LevelStage):
            most = self._levels(session, stage).raise_level(budget, BOUND_GAP).bound
            return None if most is None else 1.0 - most
        assert isinstance(stage, LinearStage)
        outcome = session.minimise(
            stage.cost, budget.seconds(), budget.work, crossover=False, tolerance=BOUND_GAP
        )
        return None if outcome.bound is None else outcome.bound + stage.constant

    def _levels(self, session: Session, stage: LevelStage) -> LevelRows:
        return LevelRows(session, stage.shares, self.attainable.known(stage.shares))

    def _hold(self, session: Session, stage: Stage) -> None:
        """Keep a goal at the plan's value."""
        value = self.values[stage.name]
        if isinstance(stage, LevelStage):
            rows = self._levels(session, stage)
            rows.floor[:] = 1.0 - value - ROUNDING
            rows.hold(stage.slack)
        elif isinstance(stage, LinearStage):
            stage.cap(session, value - stage.constant)


def values_of(stages: list[Stage], attainable: Attainable, point: Floats) -> dict[str, float]:
    """Return the value of every goal at a point of the relaxed program."""
    values = {}
    for stage in stages:
        if isinstance(stage, LinearStage):
            values[stage.name] = float(stage.cost @ point) + stage.constant
        elif isinstance(stage, LevelStage):
            shares = stage.shares.values(point, attainable.known(stage.shares))
            values[stage.name] = 1.0 - float(shares.min(initial=1.0))
    return values
