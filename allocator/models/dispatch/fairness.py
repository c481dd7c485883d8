"""Max-min and leximin over shares served (formulation section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.engine.ordered import Budget, Named, Progress, StageResult, near
from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats
from allocator.engine.session import SIMPLEX_COLUMNS, TIGHT, Session
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.shares import Shares, shares_of

BLOCKING_DUAL = 1e-5  # of the largest dual: a row above it holds the level down
LEVEL_GAP = 1e-6
SHORT_GAP = 8e-4  # of the share short: a bound farther off is worth a second, exact solve
EAGER_PLACES = 60  # up to here all are solved alone at first, above only those that block


@dataclass(frozen=True)
class Search:
    """Result of raising the level: what a point reaches, the true upper bound, the point."""

    level: float | None
    bound: float | None
    solution: Floats | None
    termination: str
    source: str
    seconds: float


@dataclass
class LevelStage:
    """Raise the smallest share as far as it goes; with more `rounds` then the next (leximin)."""

    model: DispatchModel
    tier: int
    attainable: Attainable
    rounds: int
    slack: float
    unit: str = "share short"

    def __post_init__(self) -> None:
        """Name the stage and collect its rows."""
        self.name = f"fairness.{self.tier}"
        self.shares = shares_of(self.model, self.tier)

    @property
    def goals(self) -> Sequence[Named]:
        """Itself."""
        return (self,)

    def run(self, session: Session, budget: Budget, progress: Progress) -> None:
        """Find the level (and the next ones), record each, hold it."""
        places = np.unique(self.shares.place)
        if len(places) <= EAGER_PLACES or self.attainable.ahead:
            self.attainable.refine(self.tier, places, budget)
        rows = LevelRows(session, self.shares, self.attainable.known(self.shares))
        for number in range(self.rounds):
            if rows.settled.all() or (number and budget.spent()):
                break
            search = self._raise(rows, budget)
            name = self.name if number == 0 else f"{self.name}@{number + 1}"
            progress.add(self._result(name, search), search.solution)
            if search.level is None:
                break
            rows.settle(search.level)
        rows.hold(self.slack)

    def _raise(self, rows: LevelRows, budget: Budget) -> Search:
        """Raise the level; correct what places that block it attain alone; repeat."""
        while True:
            search = rows.raise_level(budget)
            suspects = np.unique(self.shares.place[rows.blocking & ~rows.settled])
            if search.level is None or not self.attainable.refine(self.tier, suspects, budget):
                return search
            rows.reset(self.attainable.known(self.shares))

    def _result(self, name: str, search: Search) -> StageResult:
        return StageResult(
            name=name,
            unit=self.unit,
            value=None if search.level is None else 1.0 - search.level,
            bound=None if search.bound is None else 1.0 - search.bound,
            termination=search.termination,
            source=search.source,
            seconds=search.seconds,
        )


class LevelRows:
    """The rows sum days z + A level <= N (family level_share) inside a session."""

    def __init__(self, session: Session, shares: Shares, attainable: Floats) -> None:
        """Add the column `level` and one row a place and window."""
        self.session, self.shares, self.attainable = session, shares, attainable.copy()
        size = len(attainable)
        self.settled = attainable <= 0
        self.floor = np.zeros(size)
        self.blocking = np.zeros(size, dtype=bool)
        self.late = shares.short(session.upper())
        self.level = session.add_columns(np.zeros(1), np.zeros(1))
        self.rows = np.arange(session.rows, session.rows + size)
        shape = (size, session.columns)
        parts = (shares.matrix.data, shares.matrix.indices, shares.matrix.indptr)
        at = (np.arange(size), np.repeat(self.level, size))
        level = sparse.csr_matrix((self.attainable, at), shape=shape)
        matrix = sparse.csr_matrix(sparse.csr_matrix(parts, shape=shape) + level)
        session.add_rows(np.full(size, -np.inf), self._sides(), matrix)

    def _sides(self) -> Floats:
        """Right sides: N for rows that rise, N - A floor for settled ones, none where A = 0."""
        sides = self.shares.needed - self.attainable * np.where(self.settled, self.floor, 0.0)
        return np.where(self.attainable > 0, sides, np.inf)

    def reset(self, attainable: Floats) -> None:
        """Take in corrected figures of what is attainable alone."""
        changed = np.flatnonzero(attainable != self.attainable)
        self.attainable[changed] = attainable[changed]
        self.settled[changed] |= attainable[changed] <= 0
        self._write(changed, attainable[changed])

    def _write(self, rows: np.ndarray, coefficients: Floats) -> None:
        for row, value in zip(rows, coefficients, strict=True):
            self.session.set_entry(int(self.rows[row]), int(self.level[0]), float(value))
        lower = np.full(len(rows), -np.inf)
        self.session.set_row_bounds(self.rows[rows], lower, self._sides()[rows])

    def settle(self, level: float) -> None:
        """Settle the places of the blocking rows: their worst window cannot be better."""
        rising = ~self.settled
        self.floor[rising] = level
        places = np.unique(self.shares.place[self.blocking & rising])
        now = rising & (np.isin(self.shares.place, places) if len(places) else True)
        self.settled |= now
        self._write(np.flatnonzero(now), np.zeros(int(now.sum())))

    def hold(self, slack: float) -> None:
        """Fix the levels reached for the goals that follow."""
        self.session.set_bounds(self.level, np.zeros(1), np.zeros(1))
        upper = self.shares.needed - self.attainable * (self.floor - slack)
        upper[self.attainable <= 0] = np.inf
        self.session.set_row_bounds(self.rows, np.full(len(upper), -np.inf), upper)

    def raise_level(self, budget: Budget, short_gap: float = SHORT_GAP) -> Search:
        """Maximise the level, counted in person-days so that a relative gap means little of it.

        A bound farther off than `short_gap`, of the share short, is looked for again.
        """
        self.session.set_bounds(self.level, np.array([self._lowest()]), np.ones(1))
        scale = max(1.0, float(self.shares.needed.sum()))
        cost = np.zeros(self.session.columns)
        cost[self.level] = -scale
        gap = min(budget.gap, LEVEL_GAP)
        outcome = self._minimise(cost, budget, gap, self._near(budget))
        if _far(outcome, scale, short_gap):
            nearer = self._minimise(cost, budget, gap, TIGHT)
            outcome = outcome if nearer.value is None else nearer
        level = None if outcome.value is None else -outcome.value / scale
        bound = None if outcome.bound is None else min(1.0, -outcome.bound / scale)
        self._mark_blocking(outcome.duals, outcome.solution, level)
        source = f"highs {outcome.method}, level as a column"
        return Search(level, bound, outcome.solution, outcome.termination, source, outcome.seconds)

    def _minimise(self, cost: Floats, budget: Budget, gap: float, tolerance: float) -> Outcome:
        return self.session.minimise(
            cost, budget.seconds(), budget.work, gap, crossover=False, tolerance=tolerance
        )

    def _near(self, budget: Budget) -> float:
        """Return the gap to stop at: in small programs there is time to be exact."""
        return TIGHT if self.session.columns <= SIMPLEX_COLUMNS else near(budget)

    def _lowest(self) -> float:
        """Return a level every plan reaches: below 0 where more can wait than are in need."""
        rising = (self.attainable > 0) & ~self.settled
        shares = (self.shares.needed - self.late)[rising] / self.attainable[rising]
        return float(min(0.0, shares.min(initial=0.0)))

    def _mark_blocking(
        self, duals: Floats | None, solution: Floats | None, level: float | None
    ) -> None:
        """Mark the rows that hold the level down: by their duals, with integers by their shares."""
        if duals is not None and len(duals):
            mine = np.abs(duals[self.rows])
            self.blocking = mine > BLOCKING_DUAL * max(1.0, float(mine.max(initial=0.0)))
        elif solution is not None and level is not None:
            values = self.shares.values(solution, self.attainable)
            self.blocking = (values <= level + LEVEL_GAP) & ~self.settled


def _far(outcome: Outcome, scale: float, gap: float) -> bool:
    """Return whether the bound of a level is far from it, as a part of the share short."""
    if outcome.value is None or outcome.bound is None:
        return False
    return outcome.value - outcome.bound > gap * (scale + outcome.value)
