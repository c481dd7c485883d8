"""The master program: the first stage, thetas that stand for the scenarios' costs, and cuts.

One theta a group of scenarios, and with an averse risk one column `level`. For a scenario's cut
l_s(x) <= Q_s(x) the rows say
  theta_g >= sum_{s in g} p_s (1 - w) l_s(x) + sum_{s in A} p_s w / (1 - alpha) (l_s(x) - level)
for the tail, A any part of g: each term is at most what max(Q_s - level, 0) gives, so the row is
valid for every A; those above the level at the master's point give the strongest row there. That is
the value function of the program with the level inside the scenarios, so groups are as valid as
for the expectation (Rockafellar and Uryasev 2000; Kuenzi-Bay and Mayer 2006). For the worst case:
level >= l_s(x). The dual bound of the master is a bound of the whole: it is a relaxation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.engine.benders_lp import WarmProgram
from allocator.engine.benders_pool import Bools, Cuts
from allocator.engine.program import Floats, Ints
from allocator.engine.two_stage import TwoStage

VIOLATED = 1e-7  # of the goal's size: rows violated by less are not added
SMALL = 1e-8  # of the largest coefficient of a row: smaller ones give way to their largest effect
ROOM = 1e-9  # rows are looser by this share of their side: cuts are no more exact than that


@dataclass(frozen=True)
class Point:
    """A point of the master: the first stage, the thetas, the level, and the goal there."""

    first: Floats
    thetas: Floats
    level: float
    value: float


class Master:
    """Columns and rows of the master; the cuts are kept here, HiGHS gets them when asked."""

    def __init__(self, two_stage: TwoStage, group: Ints, floors: Floats, seed: int) -> None:
        """Take the first stage; `group` of each scenario, `floors` below each scenario's cost."""
        self._two_stage, self._group, self._floors = two_stage, group, floors
        self._seed = seed
        self.size, self.groups = two_stage.first.column_count, int(group.max()) + 1
        self.averse = two_stage.risk.averse
        risk, chances = two_stage.risk, two_stage.probability
        self._even = chances * (1.0 - risk.weight if self.averse else 1.0)
        tail = self.averse and risk.kind == "cvar"
        self._tail = chances * (risk.weight / (1.0 - risk.level) if tail else 0.0)
        self.integer = two_stage.first.integer
        least = np.bincount(group, self._even * floors, self.groups)
        extra = np.full(self._width - self.size, np.inf)
        self._lowest = np.r_[two_stage.first.lower, least, self._least_level()]
        self._upper = np.r_[two_stage.first.upper, extra]
        self._rows = [sparse.csr_matrix((0, self._width))]
        self._lower = [np.zeros(0)]
        self._share = np.ones(self.groups)
        self.relaxation = self._program(None)

    @property
    def _width(self) -> int:
        return self.size + self.groups + int(self.averse)

    @property
    def cuts(self) -> int:
        """Number of rows kept."""
        return sum(len(lower) for lower in self._lower)

    def _program(self, integer: Bools | None) -> WarmProgram:
        """Return HiGHS with the first stage, the thetas and all cuts; None = relaxed."""
        first, extra = self._two_stage.first, self._width - self.size
        none = sparse.csr_matrix((first.row_count, extra))
        matrix = sparse.vstack([sparse.hstack([first.matrix(), none]), *self._rows])
        lower, cuts = np.concatenate(self._lower), self.cuts
        return WarmProgram(
            self._cost(),
            self._lowest,
            self._upper,
            sparse.csc_matrix(matrix),
            np.r_[first.row_lower, lower],
            np.r_[first.row_upper, np.full(cuts, np.inf)],
            None if integer is None else np.r_[integer, np.zeros(extra, bool)],
            self._seed,
        )

    def _cost(self) -> Floats:
        level = [self._two_stage.risk.weight] if self.averse else []
        cost: Floats = np.r_[self._two_stage.cost, np.ones(self.groups), level]
        return cost

    def _least_level(self) -> Floats:
        """Return a lower bound of the level: a tail starts, and the worst lies, above the least."""
        if not self.averse:
            return np.zeros(0)
        worst = self._two_stage.risk.kind == "worst"
        counted = self._floors[self._two_stage.probability > 0]
        return np.array([counted.max() if worst else counted.min()])

    def count_groups(self, share: Floats) -> None:
        """Weigh the thetas: zeros and one factor for a sample of the groups, ones for all."""
        self._share = share
        self.relaxation.set_cost(self.size + np.arange(self.groups), share)

    def members(self, groups: Bools) -> Bools:
        """Return which scenarios are in the groups."""
        return groups[self._group]

    def point_of(self, program: WarmProgram) -> Point | None:
        """Return the point of the last solve."""
        columns = program.point
        if columns is None:
            return None
        level = float(columns[-1]) if self.averse else 0.0
        thetas = columns[self.size : self.size + self.groups]
        return Point(columns[: self.size], thetas, level, program.value)

    def lifted(self, first: Floats, costs: Floats) -> Floats:
        """Return all columns of the master for a first-stage point with the scenarios' costs."""
        level = self._level(costs) if self.averse else np.zeros(0)
        weighted = self._even * costs
        if self.averse:
            weighted = weighted + self._tail * np.maximum(costs - level, 0.0)
        columns: Floats = np.r_[first, np.bincount(self._group, weighted, self.groups), level]
        return columns

    def _level(self, costs: Floats) -> Floats:
        """Return the best level for given costs: their quantile, or the largest one."""
        risk, chances = self._two_stage.risk, self._two_stage.probability
        if risk.kind == "worst":
            return np.array([costs[chances > 0].max()])
        order = np.argsort(costs, kind="stable")
        reached = int(np.searchsorted(np.cumsum(chances[order]), risk.level))
        return np.array([costs[order][min(reached, len(costs) - 1)]])

    def rows_of(self, cuts: Cuts, at: Point) -> tuple[sparse.csr_matrix, Floats]:
        """Return the rows of scenario cuts that the point of the master violates."""
        rows, lower = self._stacked(cuts, at)
        columns = np.r_[at.first, at.thetas, [at.level] if self.averse else []]
        size = np.maximum(1.0, np.abs(lower))
        unmet = lower - rows @ columns > VIOLATED * size
        return rows[unmet], lower[unmet]

    def _stacked(self, cuts: Cuts, at: Point) -> tuple[sparse.csr_matrix, Floats]:
        parts = [self._theta_rows(cuts, at), self._possible_rows(cuts)]
        if self.averse and self._two_stage.risk.kind == "worst":
            parts.append(self._worst_rows(cuts))
        rows, lower = zip(*parts, strict=True)
        return self._tidied(sparse.csr_matrix(sparse.vstack(rows)), np.concatenate(lower))

    def _tidied(self, rows: sparse.csr_matrix, lower: Floats) -> tuple[sparse.csr_matrix, Floats]:
        """Leave out small entries and loosen the side by the most they can give: still valid."""
        lower = lower - ROOM * np.maximum(1.0, np.abs(lower))
        if rows.nnz == 0:
            return rows, lower
        where = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        largest = np.zeros(rows.shape[0])
        np.maximum.at(largest, where, np.abs(rows.data))
        high = np.where(rows.data > 0, self._upper[rows.indices], self._lowest[rows.indices])
        most = np.where(rows.data == 0, 0.0, rows.data * high)
        small = (np.abs(rows.data) < SMALL * largest[where]) & np.isfinite(most)
        lower = lower - np.bincount(where[small], most[small], rows.shape[0])
        rows.data[small] = 0.0
        rows.eliminate_zeros()
        return rows, lower

    def _theta_rows(self, cuts: Cuts, at: Point) -> tuple[sparse.csr_matrix, Floats]:
        """Return one row a group whose scenarios are all there; one without answer counts least."""
        scenario, reached = cuts.scenario, cuts.constant + cuts.gradient @ at.first
        constant = np.where(cuts.feasible, cuts.constant, self._floors[scenario])
        above = cuts.feasible & (reached > at.level)
        tail = np.where(above, self._tail[scenario], 0.0)
        weight = self._even[scenario] + tail
        group, count = self._group[scenario], len(scenario)
        shape = (self.groups, count)
        summed = sparse.csr_matrix((weight, (group, np.arange(count))), shape=shape)
        slope = sparse.csr_matrix((weight * cuts.feasible, (group, np.arange(count))), shape=shape)
        parts = [-(slope @ cuts.gradient), sparse.eye_array(self.groups)]
        if self.averse:
            parts.append(sparse.csr_matrix(np.bincount(group, tail, self.groups)[:, None]))
        full = np.bincount(group, minlength=self.groups) == np.bincount(self._group)
        usable = full & (np.bincount(group, weight, self.groups) > 0)
        return sparse.csr_matrix(sparse.hstack(parts))[usable], (summed @ constant)[usable]

    def _possible_rows(self, cuts: Cuts) -> tuple[sparse.csr_matrix, Floats]:
        """Return the rows that keep out points where a scenario has no answer."""
        where = np.flatnonzero(~cuts.feasible)
        rows = sparse.csr_matrix(-cuts.gradient[where])
        rows.resize((len(where), self._width))
        return rows, cuts.constant[where]

    def _worst_rows(self, cuts: Cuts) -> tuple[sparse.csr_matrix, Floats]:
        chances = self._two_stage.probability[cuts.scenario]
        where = np.flatnonzero(cuts.feasible & (chances > 0))
        none = sparse.csr_matrix((len(where), self.groups))
        ones = sparse.csr_matrix(np.ones((len(where), 1)))
        rows = sparse.hstack([-cuts.gradient[where], none, ones])
        return sparse.csr_matrix(rows), cuts.constant[where]

    def add(self, rows: sparse.csr_matrix, lower: Floats) -> None:
        """Keep rows, in the relaxation too."""
        self.relaxation.add_rows(rows, lower)
        self._rows.append(rows)
        self._lower.append(lower)

    def forget(self, at: Point, slack: float) -> None:
        """Drop the rows on costs that leave more than the slack at a point; start afresh."""
        rows, lower = sparse.csr_matrix(sparse.vstack(self._rows)), np.concatenate(self._lower)
        columns = np.r_[at.first, at.thetas, [at.level] if self.averse else []]
        of_costs = rows[:, self.size :].getnnz(axis=1) > 0
        near = ~of_costs | (rows @ columns - lower <= slack)
        self._rows, self._lower = [rows[near]], [lower[near]]
        self.afresh()

    def afresh(self) -> None:
        """Pass the relaxation anew, with its bounds and weights but without its basis."""
        before = self.relaxation
        self.relaxation = self._program(None)
        self.relaxation.set_bounds(np.arange(self._width), before.lower, before.upper)
        self.count_groups(self._share)

    def whole(self, integer: Bools) -> WarmProgram:
        """Return the master in which the columns marked take whole values."""
        return self._program(integer & self.integer)
