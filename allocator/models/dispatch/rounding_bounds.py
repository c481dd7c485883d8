"""Bounds for a plan in whole numbers: each goal relaxed, the earlier goals at the plan's values."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import numpy as np
from scipy import sparse

from allocator.engine.ordered import Budget, LinearStage, Stage, StageResult
from allocator.engine.program import Floats
from allocator.engine.session import Session
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.fairness import LevelRows, LevelStage
from allocator.models.dispatch.shares import Shares

ROUNDING = 1e-9  # of a share


class Bounds:
    """Goes through the goals in order on the relaxed program, holding each at the plan's value."""

    def __init__(self, session: Session, attainable: Attainable) -> None:
        """Work on a session of the relaxed program."""
        self.session, self.attainable = session, attainable

    def linear(self, stage: LinearStage, budget: Budget) -> float | None:
        """Return the bound of a linear goal."""
        outcome = self.session.minimise(
            stage.cost, budget.seconds(), budget.work, budget.gap, crossover=False
        )
        return None if outcome.bound is None else outcome.bound + stage.constant

    def hold(self, stage: LinearStage, value: float) -> None:
        """Keep a linear goal at the plan's value."""
        slack = max(stage.slack_relative * abs(value), stage.slack_absolute)
        row = sparse.csr_matrix(np.r_[stage.cost, np.zeros(self.session.columns - len(stage.cost))])
        if row.nnz:
            most = np.array([value - stage.constant + slack])
            self.session.add_rows(np.array([-np.inf]), most, row)

    def level(self, stage: LevelStage, value: float, budget: Budget) -> float | None:
        """Return the bound of a fairness goal (1 - level) and keep the goal at the plan's value."""
        rows = LevelRows(self.session, stage.shares, self.attainable.known(stage.shares))
        most = None if budget.spent() else rows.raise_level(budget).bound
        rows.floor[:] = 1.0 - value - ROUNDING
        rows.hold(stage.slack)
        return None if most is None else 1.0 - most


class ShareRows:
    """Rows sum days z - excess <= N - A level of a tier inside a session, at a fixed level."""

    def __init__(self, session: Session, shares: Shares, attainable: Floats, level: float) -> None:
        """Add the columns and rows; where nothing is attainable there is none."""
        chosen = np.flatnonzero(attainable > 0)
        size, late = len(chosen), shares.matrix[chosen]
        # A finite box: a bound from duals needs one.
        most = late @ session.upper()[: late.shape[1]] + attainable[chosen]
        self.session, self.excess = session, session.add_columns(np.zeros(size), most)
        shape = (size, session.columns)
        entries = sparse.csr_matrix((late.data, late.indices, late.indptr), shape=shape)
        entries -= sparse.csr_matrix((np.ones(size), (np.arange(size), self.excess)), shape=shape)
        sides = shares.needed[chosen] - attainable[chosen] * level
        session.add_rows(np.full(size, -np.inf), sides, entries.tocsr())

    def cost(self) -> Floats:
        """Return the cost that counts the person-days missed."""
        cost = np.zeros(self.session.columns)
        cost[self.excess] = 1.0
        return cost


def bounded(
    bounds: Bounds,
    stages: list[Stage],
    values: Mapping[str, float],
    first: Mapping[str, StageResult],
    budget: Budget,
) -> Iterator[StageResult]:
    """Give every goal's value its bound (null without time), one after the other.

    Nothing comes before the first goal: its bound without integers, in `first`, is known.
    """
    for number, stage in enumerate(stages):
        began, value = time.perf_counter(), values[stage.name]
        known = first.get(stage.name) if number == 0 else None
        bound = None if known is None else known.bound
        still = Budget(deadline=0.0) if bound is not None else budget
        if isinstance(stage, LinearStage):
            bound = bound if still.spent() else bounds.linear(stage, still)
            bounds.hold(stage, value)
        elif isinstance(stage, LevelStage):
            level = bounds.level(stage, value, still)
            bound = bound if level is None else level
        yield StageResult(
            name=stage.name,
            unit=stage.unit,
            value=value,
            bound=bound,
            termination="time_limit" if bound is None else "completed",
            source="rounded to whole packs and trips, bound of the relaxation from its duals",
            seconds=time.perf_counter() - began,
        )


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
