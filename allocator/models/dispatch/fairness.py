"""Max-min and leximin over shares served (formulation section 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.engine.ordered import Budget, Progress, StageResult
from allocator.engine.program import Floats
from allocator.engine.session import SIMPLEX_COLUMNS, Outcome, Session
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.shares import Shares, shares_of

NEWTON_STEPS = 30
CONFIRM_STEPS = 6
EAGER_PLACES = (
    60  # up to here every place is solved alone first; above, only those that block the level
)
LOWEST = -1e6  # a share falls below 0 where more people wait than are in need
DUAL_TOLERANCE = 1e-7
LARGE_COLUMNS = 100_000
STEP_BELOW_LARGE = 2e-3
STEP_BELOW = 2e-4  # of the share missed: how far below its bound the level is confirmed


@dataclass(frozen=True)
class Search:
    """Result of raising the level: what a point reaches, the true upper bound, the point."""

    level: float | None
    bound: float | None
    solution: Floats | None
    termination: str
    steps: int
    seconds: float


@dataclass
class LevelStage:
    """Raise the smallest share as far as it goes; with `rounds` > 1 go on with the next smallest (leximin)."""

    model: DispatchModel
    tier: int
    attainable: Attainable
    rounds: int
    slack: float
    unit: str = "share short"

    def __post_init__(self) -> None:
        self.name = f"fairness.{self.tier}"
        self.shares = shares_of(self.model, self.tier)

    def run(self, session: Session, budget: Budget, progress: Progress) -> None:
        """Find the level (and the next ones), record each, hold it."""
        if len(np.unique(self.shares.place)) <= EAGER_PLACES:
            self.attainable.refine(self.tier, np.unique(self.shares.place), budget)
        rows = LevelRows(session, self.shares, self.attainable.known(self.shares))
        for number in range(self.rounds):
            if rows.settled.all() or budget.spent():
                break
            search = self._raise(session, rows, budget, progress)
            name = self.name if number == 0 else f"{self.name}@{number + 1}"
            progress.add(self._result(name, search), search.solution)
            if search.level is None:
                break
            rows.settle(search.level)
        rows.hold(self.slack)

    def _raise(
        self, session: Session, rows: LevelRows, budget: Budget, progress: Progress
    ) -> Search:
        """Raise the level; where a blocking place may be limited by itself, find what it can attain and repeat."""
        direct = session.columns <= SIMPLEX_COLUMNS or bool(session.integer.any())
        while True:
            raised = rows.raise_directly if direct else rows.raise_by_newton
            search = raised(budget, progress.solution)
            suspects = np.unique(self.shares.place[rows.blocking & ~rows.settled])
            if search.level is None or not self.attainable.refine(self.tier, suspects, budget):
                return search
            rows.reset(self.attainable.known(self.shares))

    def _result(self, name: str, search: Search) -> StageResult:
        newton = search.steps != 1  # the direct form takes one step
        return StageResult(
            name=name,
            unit=self.unit,
            value=None if search.level is None else 1.0 - search.level,
            bound=None if search.bound is None else 1.0 - search.bound,
            termination=search.termination,
            source="newton on the level, bounds from duals"
            if newton
            else "highs, level as a column",
            seconds=search.seconds,
            steps=search.steps,
        )


class LevelRows:
    """The rows sum days z - excess + A level <= N inside a session, and which of them are settled."""

    def __init__(self, session: Session, shares: Shares, attainable: Floats) -> None:
        self.session, self.shares, self.attainable = session, shares, attainable.copy()
        size = len(attainable)
        self.settled = attainable <= 0
        self.floor = np.zeros(size)
        self.blocking = np.zeros(size, dtype=bool)
        # A finite box: a bound from duals needs one.
        self.most = shares.short(session.upper()) + np.abs(attainable)
        self.tried: list[float] = []  # levels above the optimum, falling
        self.nothing = 1e-9 * float(shares.needed.sum())
        self.excess = session.add_columns(np.zeros(size), np.zeros(size))
        self.level = session.add_columns(np.zeros(1), np.zeros(1))
        self.rows = np.arange(session.rows, session.rows + size)
        number = np.arange(size)
        shape = (size, session.columns)
        late = sparse.csr_matrix(
            (shares.matrix.data, shares.matrix.indices, shares.matrix.indptr), shape=shape
        )
        excess = sparse.csr_matrix((-np.ones(size), (number, self.excess)), shape=shape)
        level = sparse.csr_matrix(
            (self.attainable, (number, np.repeat(self.level, size))), shape=shape
        )
        session.add_rows(
            np.full(size, -np.inf), shares.needed, sparse.csr_matrix(late + excess + level)
        )

    def reset(self, attainable: Floats) -> None:
        """Take in corrected figures of what is attainable alone."""
        changed = np.flatnonzero(attainable != self.attainable)
        self.attainable[changed] = attainable[changed]
        self.settled[changed] |= attainable[changed] <= 0
        gone = changed[attainable[changed] <= 0]
        self.session.set_row_bounds(
            self.rows[gone], np.full(len(gone), -np.inf), np.full(len(gone), np.inf)
        )
        for row in changed:
            self.session.set_entry(int(self.rows[row]), int(self.level[0]), float(attainable[row]))

    def settle(self, level: float) -> None:
        """Settle the places of the blocking rows: their worst window cannot be better than `level`."""
        rising = ~self.settled
        self.floor[rising] = level
        places = np.unique(self.shares.place[self.blocking & rising])
        self.tried.clear()
        now = rising & (np.isin(self.shares.place, places) if len(places) else True)
        self.settled |= now
        sides = self.shares.needed - self.attainable * self.floor
        for row in np.flatnonzero(now):
            self.session.set_entry(int(self.rows[row]), int(self.level[0]), 0.0)
        self.session.set_row_bounds(self.rows[now], np.full(now.sum(), -np.inf), sides[now])

    def hold(self, slack: float) -> None:
        """Fix the levels reached for the goals that follow."""
        zeros = np.zeros(len(self.excess))
        self.session.set_bounds(self.excess, zeros, zeros)
        self.session.set_bounds(self.level, np.zeros(1), np.zeros(1))
        upper = self.shares.needed - self.attainable * (self.floor - slack)
        upper[self.attainable <= 0] = np.inf
        self.session.set_row_bounds(self.rows, np.full(len(upper), -np.inf), upper)

    def raise_directly(self, budget: Budget, start: Floats | None) -> Search:
        """Maximise the level as a column."""
        self.session.set_bounds(self.level, np.array([LOWEST]), np.ones(1))
        cost = np.zeros(self.session.columns)
        cost[self.level] = -1.0
        outcome = self.session.minimise(
            cost, budget.seconds(), budget.work, min(budget.gap, 1e-6), start=start
        )
        level = None if outcome.value is None else -outcome.value
        if outcome.duals is None and outcome.solution is not None and level is not None:
            values = self.shares.values(outcome.solution, self.attainable)
            self.blocking = (values <= level + 1e-6) & ~self.settled
        self._mark_blocking(outcome.duals)
        bound = None if outcome.bound is None else min(1.0, -outcome.bound)
        return Search(level, bound, outcome.solution, outcome.termination, 1, outcome.seconds)

    def raise_by_newton(self, budget: Budget, start: Floats | None) -> Search:
        """Lower a true upper bound of the level until it stands still, then confirm a level just below it."""
        rising = ~self.settled
        if start is not None and self._smallest(start) >= 1.0 - 1e-9:
            return Search(1.0, 1.0, start, "completed", 0, 0.0)
        self.session.set_bounds(
            self.excess, np.zeros(len(rising)), np.where(rising, self.most, 0.0)
        )
        level, seconds = self._first_level(), 0.0
        climbing = level < 1.0
        for step in range(1, NEWTON_STEPS + 1):
            outcome = self._at(level, self._excess_cost(), budget)
            seconds += outcome.seconds
            if outcome.duals is None or outcome.bound is None:
                # Rounding stalls right at the optimum; `level` is a true bound all the same.
                return self._confirm(level, self._below(level), budget, step, seconds)
            climbing = climbing and outcome.bound <= self.nothing and bool(self.tried)
            if climbing:
                level = self.tried.pop()  # reached with room to spare: the optimum may lie above
                continue
            self._mark_blocking(outcome.duals)
            slope = float(np.abs(outcome.duals[self.rows] * self.attainable)[rising].sum())
            following = level - max(0.0, outcome.bound) / slope if slope > 0 else level
            below = self._below(following)
            still = level - following < below
            if still:
                return self._confirm(min(level, following), below, budget, step, seconds)
            self.tried.append(level)
            level = following
        return Search(None, level, None, "work_limit", NEWTON_STEPS, seconds)

    def _first_level(self) -> float:
        """Start at 1, or one step before the end of the last search: corrected figures raise the level a little."""
        if len(self.tried) < 2:
            self.tried.clear()
            return 1.0
        self.tried.pop()
        return self.tried.pop()

    def _below(self, level: float) -> float:
        share = STEP_BELOW if self.session.columns < LARGE_COLUMNS else STEP_BELOW_LARGE
        return share * max(1e-6, 1.0 - level)

    def _excess_cost(self) -> Floats:
        cost = np.zeros(self.session.columns)
        cost[self.excess] = 1.0
        return cost

    def _at(self, level: float, cost: Floats, budget: Budget) -> Outcome:
        self.session.set_bounds(self.level, np.array([level]), np.array([level]))
        return self.session.minimise(
            cost, budget.seconds(), budget.work, budget.gap, crossover=False
        )

    def _confirm(
        self, bound: float, below: float, budget: Budget, step: int, seconds: float
    ) -> Search:
        """Find a point at a level a little below the bound, where the program has room inside."""
        nothing = np.zeros(len(self.excess))
        self.session.set_bounds(self.excess, nothing, nothing)
        for _ in range(CONFIRM_STEPS):
            outcome = self._at(bound - below, np.zeros(self.session.columns), budget)
            seconds += outcome.seconds
            if outcome.solution is not None or budget.spent():
                break
            below *= 4
        reached = None if outcome.solution is None else bound - below
        return Search(reached, bound, outcome.solution, outcome.termination, step + 1, seconds)

    def _smallest(self, solution: Floats) -> float:
        values = self.shares.values(solution, self.attainable)[~self.settled]
        return float(values.min(initial=1.0))

    def _mark_blocking(self, duals: Floats | None) -> None:
        if duals is not None and len(duals):
            mine = np.abs(duals[self.rows])
            self.blocking = mine > DUAL_TOLERANCE * max(1.0, float(mine.max(initial=0.0)))
