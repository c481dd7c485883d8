"""Max-min and leximin over shares served (formulation section 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.engine.ordered import Budget, Progress, StageResult
from allocator.engine.program import Floats, Ints
from allocator.engine.session import SIMPLEX_COLUMNS, Session
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.model import DispatchModel

NEWTON_STEPS = 30
DUAL_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Shares:
    """One row a place and window of a tier: person-days needed N, and the matrix that sums late person-days."""

    tier: int
    place: Ints
    window: Ints
    needed: Floats
    matrix: sparse.csr_matrix  # rows x columns of the program

    def short(self, solution: Floats) -> Floats:
        """Return the person-days short of every row."""
        return np.asarray(self.matrix @ solution[: self.matrix.shape[1]])

    def values(self, solution: Floats, attainable: Floats) -> Floats:
        """Return the shares served; 1 where nothing is attainable."""
        served = self.needed - self.short(solution)
        return np.where(attainable > 0, served / np.where(attainable > 0, attainable, 1.0), 1.0)


def shares_of(model: DispatchModel, tier: int) -> Shares:
    """Return the rows of a tier: every place with need, every rolling window with need."""
    net, keys = model.net, model.late_keys
    width = min(net.instance.policy.fairness_window, net.periods)
    mine = np.flatnonzero((keys.tier == tier) & (keys.people > 0))
    days = net.days[keys.period[mine]]
    starts = net.periods - width + 1
    columns, rows, values = [], [], []
    needed = np.zeros((len(net.places.ids), starts))
    for start in range(starts):
        inside = (keys.period[mine] >= start) & (keys.period[mine] < start + width)
        np.add.at(needed[:, start], keys.place[mine][inside], (days * keys.people[mine])[inside])
        rows.append(keys.place[mine][inside] * starts + start)
        columns.append(model.late[mine][inside])
        values.append(days[inside])
    used = np.flatnonzero(needed.ravel() > 0)
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    shape = (needed.size, model.program.column_count)
    matrix = sparse.csr_matrix(entries, shape=shape)[used]
    return Shares(tier, used // starts, used % starts, needed.ravel()[used], matrix)


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

    def _raise(self, session: Session, rows: LevelRows, budget: Budget, progress: Progress) -> Search:
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
        newton = search.steps != 1
        return StageResult(
            name=name,
            unit=self.unit,
            value=None if search.level is None else 1.0 - search.level,
            bound=None if search.bound is None else 1.0 - search.bound,
            termination=search.termination,
            source="newton on the level, bounds from duals" if newton else "highs, level as a column",
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
        self.excess = session.add_columns(np.zeros(size), np.zeros(size))
        self.level = session.add_columns(np.zeros(1), np.zeros(1))
        self.rows = np.arange(session.rows, session.rows + size)
        number = np.arange(size)
        shape = (size, session.columns)
        late = sparse.csr_matrix((shares.matrix.data, shares.matrix.indices, shares.matrix.indptr), shape=shape)
        excess = sparse.csr_matrix((-np.ones(size), (number, self.excess)), shape=shape)
        level = sparse.csr_matrix((self.attainable, (number, np.repeat(self.level, size))), shape=shape)
        session.add_rows(np.full(size, -np.inf), shares.needed, sparse.csr_matrix(late + excess + level))

    def reset(self, attainable: Floats) -> None:
        """Take in corrected figures of what is attainable alone."""
        changed = np.flatnonzero(attainable != self.attainable)
        self.attainable[changed] = attainable[changed]
        self.settled[changed] |= attainable[changed] <= 0
        for row in changed:
            self.session.set_entry(int(self.rows[row]), int(self.level[0]), float(attainable[row]))

    def settle(self, level: float) -> None:
        """Settle the places of the blocking rows: their worst window cannot be better than `level`."""
        rising = ~self.settled
        self.floor[rising] = level
        places = np.unique(self.shares.place[self.blocking & rising])
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
        self.session.set_row_bounds(self.rows, np.full(len(upper), -np.inf), upper)

    def raise_directly(self, budget: Budget, start: Floats | None) -> Search:
        """Maximise the level as a column."""
        self.session.set_bounds(self.level, np.zeros(1), np.ones(1))
        cost = np.zeros(self.session.columns)
        cost[self.level] = -1.0
        outcome = self.session.minimise(cost, budget.seconds(), budget.work, min(budget.gap, 1e-6), start=start)
        self._mark_blocking(outcome.duals)
        level = None if outcome.value is None else -outcome.value
        bound = None if outcome.bound is None else min(1.0, -outcome.bound)
        return Search(level, bound, outcome.solution, outcome.termination, 1, outcome.seconds)

    def raise_by_newton(self, budget: Budget, start: Floats | None) -> Search:
        """Lower a true upper bound of the level until a point reaches it (Dinkelbach 1967)."""
        cost = np.zeros(self.session.columns)
        cost[self.excess] = 1.0
        best = Search(None, 1.0, None, "completed", 0, 0.0)
        rising = ~self.settled
        self.session.set_bounds(self.excess, np.zeros(len(rising)), np.where(rising, np.inf, 0.0))
        level = 1.0
        if start is not None and self._smallest(start) >= 1.0 - 1e-9:
            return Search(1.0, 1.0, start, "completed", 0, 0.0)
        for step in range(1, NEWTON_STEPS + 1):
            self.session.set_bounds(self.level, np.array([level]), np.array([level]))
            outcome = self.session.minimise(cost, budget.seconds(), budget.work, budget.gap, crossover=False)
            seconds = best.seconds + outcome.seconds
            if outcome.solution is None or outcome.duals is None or outcome.bound is None:
                return Search(best.level, level, best.solution, outcome.termination, step, seconds)
            reached = min(level, self._smallest(outcome.solution))
            self._mark_blocking(outcome.duals)
            slope = float(np.abs(outcome.duals[self.rows] * self.attainable)[rising].sum())
            lower = max(0.0, outcome.bound)
            following = level if slope <= 0 else level - lower / slope
            if best.level is None or reached > best.level:
                best = Search(reached, following, outcome.solution, outcome.termination, step, seconds)
            best = Search(best.level, following, best.solution, outcome.termination, step, seconds)
            if following - reached <= max(budget.gap, 1e-6) or level - following < 1e-9:
                return best
            level = following
        return best

    def _smallest(self, solution: Floats) -> float:
        values = self.shares.values(solution, self.attainable)[~self.settled]
        return float(values.min(initial=1.0))

    def _mark_blocking(self, duals: Floats | None) -> None:
        if duals is not None and len(duals):
            mine = np.abs(duals[self.rows])
            self.blocking = mine > DUAL_TOLERANCE * max(1.0, float(mine.max(initial=0.0)))
