"""The relaxation of the master and cuts at points near it (in-out separation)."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from allocator.engine.benders_alone import first_rows
from allocator.engine.benders_held import without_held
from allocator.engine.benders_known import Known, Report
from allocator.engine.benders_master import Master, Point
from allocator.engine.benders_pool import Bools, Pool
from allocator.engine.benders_tuning import Tuning
from allocator.engine.executors import Workers
from allocator.engine.ordered import Budget
from allocator.engine.program import Floats
from allocator.engine.two_stage import TwoStage, TwoStageAnswer

ROOM = 1e-9  # of a bound: what rounding may add to it
GOOD = 0.5  # of a gain foretold: a step that brings more is followed by a longer one
WHOLE = 1e-6  # how far from a whole number a column may be and still count as one


@dataclass(frozen=True)
class Inside:
    """A point near which cuts are made, and its value; infinite while it is not known."""

    point: Floats | None = None
    value: float = np.inf

    def near(self, bound: float, gap: float) -> bool:
        """Say whether the value is known and within a relative gap of a bound."""
        known = np.isfinite(self.value)
        return bool(known and self.value - bound <= gap * max(abs(self.value), 1e-9))

    def towards(self, outside: Floats, step: float) -> Floats:
        """Return the point at a part of the way to another; without a point that other one."""
        if self.point is None:
            return outside
        return np.asarray(self.point + step * (outside - self.point))


class Search:
    """One run: the master, the scenarios, what is known, and the moves that make it more.

    `program` is the two-stage program without held expectations; of its first-stage columns
    `lower` and `upper` are bounds, `integer` says which are whole, `coarse` which of them have a
    small range, `own` which are the caller's.
    """

    def __init__(
        self,
        two_stage: TwoStage,
        budget: Budget,
        workers: Workers,
        seed: int,
        report: Report,
        tuning: Tuning,
    ) -> None:
        """Place the scenarios and make the master."""
        columns, size = two_stage.first.column_count, len(two_stage.scenarios)
        self.known = Known(budget, columns, report)
        self.program, self.tuning = without_held(two_stage), tuning
        order = np.random.default_rng(seed).permutation(size)
        group = np.empty(size, np.int64)
        self.few = size <= tuning.each_to
        groups = size if self.few else min(size, tuning.groups)
        group[order] = np.arange(size) * groups // size
        self.pool = Pool(self.program, workers, order, warm=budget.work is None)
        first = self.program.first
        self.lower, self.upper = first.lower, first.upper
        floors = self.pool.floors(self.lower, self.upper)
        self.master = Master(self.program, group, floors, seed)
        self.integer, self.infeasible = first.integer, False
        self.coarse = self.integer & (self.upper - self.lower <= tuning.fine)
        self.own = np.arange(self.program.first.column_count) < columns

    def valued(self, point: Floats | None) -> Inside:
        """Return a first-stage point of the caller with its value; without one the best known."""
        best = Inside(self.known.point, self.known.value)
        if point is None or not self.own.all() or self.known.spent():
            return best
        at = self.relaxed()
        # Near the point the master would still hope for what it hopes for far away.
        value = np.inf if at is None else self.cut(point, replace(at, first=point))[0]
        return Inside(point, value) if value < best.value else best

    def converge_samples(self, inside: Inside) -> Point | None:
        """Solve the relaxation, on samples first; None when nothing can be done after it.

        Cuts are made between the master's point and `inside`.
        """
        groups, relaxed = self.master.groups, None
        for share in self.tuning.samples:
            counted = np.arange(groups) < max(1, round(share * groups))
            everything = bool(counted.all())
            if not everything and counted.sum() < 2:
                continue
            gap = self._relaxed_gap() if everything else self.tuning.sample_gap
            if relaxed is not None or not everything:
                inside = Inside(inside.point)  # its value is of other scenarios
            relaxed, inside = self.converge(gap, inside, counted, bounding=everything)
            if relaxed is None:
                if self.infeasible and self.known.point is None:
                    self.known.ended = "infeasible"
                return None
        return relaxed

    def begin_alone(self) -> None:
        """Where scenarios are few, add the cut of each at its own best point."""
        first = first_rows(self.program.first, self.program.cost)
        if not self.few or not first.priced or self.known.spent():
            return
        at, left = self.relaxed(), self.known.left()
        seconds = None if left is None else self.tuning.alone_share * left
        cuts = self.pool.alone(first, seconds)
        if at is not None and cuts is not None:
            self.master.add(*self.master.rows_of(cuts, at))
            self.known.work += cuts.work
            self.bound()

    def bound(self) -> Point | None:
        """Solve the relaxation for all scenarios and keep its bound."""
        at = self.relaxed()
        if at is not None:
            self.known.raise_bound(at.value - ROOM * abs(at.value))
        return at

    def _relaxed_gap(self) -> float:
        gap = self.known.budget.gap
        return max(gap, self.tuning.relaxed_gap) if self.integer.any() else gap

    def converge(
        self,
        gap: float,
        inside: Inside,
        groups: Bools | None = None,
        bounding: bool = False,
        rounds: int = 10_000,
        longest: float = 0.0,
    ) -> tuple[Point | None, Inside]:
        """Add cuts until the relaxation is within the gap, hopeless or out of budget.

        Returns the master's point, None when it has none, and the best point found by the way.
        Steps grow up to `longest` while the master foretells well what they bring.
        """
        known, at, step = self.known, None, self.tuning.step
        groups = np.ones(self.master.groups, bool) if groups is None else groups
        wanted = self.master.members(groups)
        chance = float(self.program.probability[wanted].sum())
        self.master.count_groups(np.where(groups, 1.0 / chance, 0.0))
        until = self._relaxing_until() if bounding else None
        while rounds > 0 and not known.spent() and (until is None or known.seconds < until):
            found = self.bound() if bounding else self.relaxed()
            if found is None:
                return None, inside
            at = found
            foretold = inside.value - at.value
            hopeless = groups.all() and at.value >= known.value
            if hopeless or inside.near(at.value, gap):
                break
            tried, added = self._tried(inside, step, at, wanted)
            if np.isfinite(foretold):
                good = inside.value - tried.value >= GOOD * step * foretold
                step = max(self.tuning.step, min(longest, 2 * step) if good else step / 2)
            if tried.value < inside.value:
                inside = tried
            elif not np.isfinite(tried.value):
                inside = Inside(None, inside.value)
            if not added:
                break
            rounds -= 1
        return at, inside

    def _tried(self, inside: Inside, step: float, at: Point, wanted: Bools) -> tuple[Inside, int]:
        """Cut on the way to the master's point, or there if that adds nothing."""
        tried = inside.towards(at.first, step)
        value, added = self.cut(tried, at, wanted)
        if not added and inside.point is not None:
            tried = at.first
            value, added = self.cut(tried, at, wanted)
        return Inside(tried, value), added

    def _relaxing_until(self) -> float | None:
        left = self.known.left()
        if left is None or not self.integer.any():
            return None
        return self.known.seconds + left * self.tuning.relaxed_share

    def relaxed(self) -> Point | None:
        """Solve the relaxation; None without an optimum, and `ended` says why."""
        known, master = self.known, self.master
        ended = master.relaxation.solve(known.left())
        if ended == "unclear":
            master.afresh()
            ended = master.relaxation.solve(known.left())
        known.work += master.relaxation.iterations
        if ended == "unbounded":
            raise RuntimeError("the first stage has no lower bound: bound its columns")
        self.infeasible = ended == "infeasible"
        if ended == "unclear":
            known.ended = "error"
        return master.point_of(master.relaxation) if ended == "completed" else None

    def cut(self, tried: Floats, at: Point, wanted: Bools | None = None) -> tuple[float, int]:
        """Add the cuts at a point that `at` violates; return the value there and their number.

        Args:
            tried: The point.
            at: The master's.
            wanted: Which scenarios count; None = all.
        """
        began = time.perf_counter()
        tried = self._snapped(tried)
        cuts = self.pool.cuts(tried, wanted)
        rows, lower = self.master.rows_of(cuts, at)
        self.master.add(rows, lower)
        self.known.count(cuts.work, time.perf_counter() - began)
        if not cuts.feasible.all():
            return np.inf, len(lower)
        costs = np.zeros(len(self.program.probability))
        costs[cuts.scenario] = cuts.value
        if wanted is None or wanted.all():
            value = self.program.value(tried, costs)
            if self.is_whole(tried):
                self.known.offer(tried, costs, value)
        else:
            chances = np.where(wanted, self.program.probability, 0.0)
            cost = float(self.program.cost @ tried)
            value = cost + self.program.risk.of(costs, chances / chances.sum())
        return value, len(lower)

    def _snapped(self, point: Floats) -> Floats:
        """Return the point with columns that are whole but for rounding made whole."""
        whole = np.round(point)
        near = self.integer & (np.abs(point - whole) <= WHOLE)
        return np.clip(np.where(near, whole, point), self.lower, self.upper)

    def is_whole(self, point: Floats) -> bool:
        """Say whether every column that must be whole is."""
        mine = point[self.integer]
        return bool(np.all(mine == np.round(mine)))

    def try_point(self, point: Floats | None) -> None:
        """Evaluate a first-stage point of the caller; one that is not possible is passed over."""
        if point is not None and not self.known.spent():
            self.explore(self.own, point, rounds=50)

    def explore(self, fixed: Bools, point: Floats, rounds: int) -> Point | None:
        """Solve the relaxation with some columns fixed; None where that is not possible."""
        where = np.flatnonzero(fixed)
        values = np.clip(point[where], self.lower[where], self.upper[where])
        values = np.where(self.integer[where], np.round(values), values)
        relaxation = self.master.relaxation
        relaxation.set_bounds(where, values, values)
        gap = max(self.known.budget.gap / 4, min(2e-3, self.known.gap / 10))
        found, _ = self.converge(gap, Inside(), rounds=rounds, longest=1.0)
        relaxation.set_bounds(where, self.lower[where], self.upper[where])
        return found

    def answer(self) -> TwoStageAnswer:
        """Return the answer with the recourse of every scenario."""
        point = self.known.point
        return self.known.answer(None if point is None else self.pool.answers(point))
