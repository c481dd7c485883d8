"""Bounds for a plan in whole numbers: each goal relaxed, the earlier goals at the plan's values."""

from __future__ import annotations

import time

import numpy as np
from scipy import sparse

from allocator.engine.ordered import Budget, LinearStage, Stage
from allocator.engine.program import Floats
from allocator.engine.session import Session
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.fairness import LevelStage
from allocator.models.dispatch.shares import Shares

LEVEL_STEPS = 8
LEAST_MISSED = 1e-9
FINEST = 1e-4  # of a share: a level missed by less is tried as reached in full
STILL = 2e-3  # of the share missed: a step that lowers the bound by less is the last


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

    def level(self, stage: LevelStage, value: float, guess: float, budget: Budget) -> float | None:
        """Return the bound of a fairness goal (1 - level) and keep the goal at the plan's value.

        Newton's method falls from a level above the optimum; every step is a true bound. `guess` is
        a bound of 1 - level under tighter conditions: the optimum may lie a little above.
        """
        rows = ShareRows(self.session, stage.shares, self.attainable.known(stage.shares))
        missed, best = 0.5 * max(0.0, guess), None
        for _ in range(LEVEL_STEPS):
            if budget.spent():
                break
            rows.place(1.0 - missed)
            outcome = self.session.minimise(
                rows.cost(), budget.seconds(), budget.work, crossover=False
            )
            if outcome.duals is None or outcome.bound is None:
                break
            if outcome.bound <= rows.nothing:  # reached with room to spare: the optimum lies above
                if best is not None:
                    break
                if missed <= LEAST_MISSED:
                    best = 0.0
                    break
                missed = missed * 0.1 if missed > FINEST else 0.0
                continue
            slope = float(np.abs(outcome.duals[rows.rows] * rows.attainable).sum())
            step = outcome.bound / slope if slope > 0 else 0.0
            missed = best = missed + step
            if step <= STILL * max(1e-6, missed):
                break
        rows.place(1.0 - value - stage.slack - 1e-9, most=0.0)
        return best


class ShareRows:
    """Rows sum days z - excess + A level <= N of a tier inside a session, with level fixed."""

    def __init__(self, session: Session, shares: Shares, attainable: Floats) -> None:
        """Add the columns and rows; where nothing is attainable there is none."""
        chosen = np.flatnonzero(attainable > 0)
        self.session, self.attainable, size = session, attainable[chosen], len(chosen)
        needed = shares.needed[chosen]
        self.nothing = 1e-9 * float(needed.sum())
        # A finite box: a bound from duals needs one.
        late = shares.matrix[chosen]
        self.most = late @ session.upper()[: late.shape[1]] + self.attainable
        self.excess = session.add_columns(np.zeros(size), self.most)
        self.column = session.add_columns(np.zeros(1), np.zeros(1))
        self.rows = np.arange(session.rows, session.rows + size)
        number = np.arange(size)
        shape = (size, session.columns)
        entries = sparse.csr_matrix((late.data, late.indices, late.indptr), shape=shape)
        entries -= sparse.csr_matrix((np.ones(size), (number, self.excess)), shape=shape)
        level = (self.attainable, (number, np.repeat(self.column, size)))
        entries += sparse.csr_matrix(level, shape=shape)
        session.add_rows(np.full(size, -np.inf), needed, entries.tocsr())

    def place(self, level: float, most: float | None = None) -> None:
        """Set the level, and optionally the most that any place may miss of it."""
        at, size = np.array([level]), len(self.excess)
        self.session.set_bounds(self.column, at, at)
        upper = self.most if most is None else np.full(size, most)
        self.session.set_bounds(self.excess, np.zeros(size), upper)

    def cost(self) -> Floats:
        """Return the cost that counts the person-days missed."""
        cost = np.zeros(self.session.columns)
        cost[self.excess] = 1.0
        return cost


def bound_of(
    bounds: Bounds, stage: Stage, value: float, guess: float | None, budget: Budget
) -> tuple[float | None, float]:
    """Return the bound of a goal (null without time) and the seconds it took; hold the goal."""
    began = time.perf_counter()
    bound: float | None = None
    if isinstance(stage, LinearStage):
        bound = None if budget.spent() else bounds.linear(stage, budget)
        bounds.hold(stage, value)
    elif isinstance(stage, LevelStage):
        bound = bounds.level(stage, value, 1.0 if guess is None else guess, budget)
    return bound, time.perf_counter() - began


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
