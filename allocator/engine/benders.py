"""Benders decomposition of two-stage programs: cuts on the relaxation first, then whole columns.

1. The relaxation of the master is solved to the end, on growing samples of the scenarios, with
   cuts at points between the master's and the best one so far (in-out separation: Ben-Ameur and
   Neto 2007; Fischetti, Ljubic and Sinnl 2016). Cuts found here hold for whole columns too
   (McDaniel and Devine 1977).
2. The master with whole columns is solved again and again, with the cuts that are active. Columns
   of a wide range (lots, packs) stay relaxed at first: rounding them costs little, deciding the
   others makes the plan. What the master chooses is fixed, the rest is solved to the end by cuts,
   and rounded: that gives the points. The dual bound of every master is a bound of the whole.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from allocator.engine.benders_dive import Dive
from allocator.engine.benders_held import without_held
from allocator.engine.benders_known import Known, Report
from allocator.engine.benders_lp import WarmProgram, free_threads
from allocator.engine.benders_master import Master, Point
from allocator.engine.benders_pool import Bools, Pool
from allocator.engine.executors import Workers, open_workers
from allocator.engine.ordered import Budget
from allocator.engine.program import Floats
from allocator.engine.two_stage import Complete, TwoStage, TwoStageAnswer

WHOLE = 1e-6  # how far from a whole number a column may be and still count as one


@dataclass(frozen=True)
class Tuning:
    """Settings of the search; the defaults come from the suite `two-stage`."""

    groups: int = 30
    samples: tuple[float, ...] = (0.1, 0.3, 1.0)  # shares of the groups, the last is all
    step: float = 0.3  # how far from the best point towards the master's the cuts are made
    sample_gap: float = 0.01
    relaxed_gap: float = 5e-4
    relaxed_share: float = 0.5  # of the time: the most for the relaxation
    fine: float = 16.0  # whole columns of a wider range are relaxed at first
    fixed_rounds: int = 15
    dive_from: int = 200  # choices: with fewer the tree of the master finds as good a point
    dive_rounds: int = 30
    slack: float = 0.02  # rows with more, as a share of the mean theta, are dropped
    tree_share: float = 0.3  # of the time left: the most for one master
    roundings: int = 4
    rounding_seconds: float = 5.0


def solve_benders(
    two_stage: TwoStage,
    budget: Budget,
    *,
    complete: Complete | None = None,
    start: Floats | None = None,
    seed: int = 0,
    threads: int = 1,
    workers: str = "",
    report: Report = lambda answer: None,
    tuning: Tuning | None = None,
) -> TwoStageAnswer:
    """Solve by cuts; the bound is true at any stop.

    Args:
        two_stage: The program.
        budget: Deadline, gap and work: simplex iterations in all; under a limit of work alone every
            scenario is solved from nothing and the same work gives the same answer to the byte.
        complete: Makes a first-stage point whole (of the columns of `first`), or says None.
        start: A first-stage point known to be possible.
        seed: Of the order of the scenarios and of HiGHS.
        threads: Threads of this process, where `workers` is blank.
        workers: Address of a cluster, as `open_workers` takes it.
        report: Hears of every better point or bound.
        tuning: Settings of the search.
    """
    free_threads()
    with open_workers(workers, threads) as crew:
        search = Search(two_stage, budget, crew, seed, report, tuning or Tuning())
        search.try_point(start)
        relaxed = search.converge_samples()
        if relaxed is not None:
            if complete is not None:
                search.try_point(complete(relaxed.first[: two_stage.first.column_count]))
            search.make_whole(relaxed)
        return search.answer()


class Search:
    """One run: the master, the scenarios, what is known, and the moves that make it more."""

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
        self._program, self._tuning = without_held(two_stage), tuning
        order = np.random.default_rng(seed).permutation(size)
        group = np.empty(size, np.int64)
        group[order] = np.arange(size) * min(size, tuning.groups) // size
        self._pool = Pool(self._program, workers, order, warm=budget.work is None)
        first = self._program.first
        self._lower, self._upper = first.lower, first.upper
        floors = self._pool.floors(self._lower, self._upper)
        self._master = Master(self._program, group, floors, seed)
        self._integer, self._infeasible = first.integer, False
        self._coarse = self._integer & (self._upper - self._lower <= tuning.fine)
        self._own = np.arange(self._program.first.column_count) < columns

    def converge_samples(self) -> Point | None:
        """Solve the relaxation, on samples first; None when nothing can be done after it."""
        groups, between, relaxed = self._master.groups, self.known.point, None
        for share in self._tuning.samples:
            counted = np.arange(groups) < max(1, round(share * groups))
            everything = bool(counted.all())
            if not everything and counted.sum() < 2:
                continue
            gap = self._relaxed_gap() if everything else self._tuning.sample_gap
            relaxed, between = self._converge(gap, between, counted, bounding=everything)
            if relaxed is None:
                if self._infeasible and self.known.point is None:
                    self.known.ended = "infeasible"
                return None
        return relaxed

    def _relaxed_gap(self) -> float:
        gap = self.known.budget.gap
        return max(gap, self._tuning.relaxed_gap) if self._integer.any() else gap

    def _converge(
        self,
        gap: float,
        between: Floats | None,
        groups: Bools | None = None,
        bounding: bool = False,
        rounds: int = 10_000,
    ) -> tuple[Point | None, Floats | None]:
        """Add cuts until the relaxation is within the gap, hopeless or out of budget.

        Returns the master's point, None when it has none, and the best point found by the way.
        """
        master, known = self._master, self.known
        groups = np.ones(master.groups, bool) if groups is None else groups
        wanted, best, at = master.members(groups), np.inf, None
        chances = np.where(wanted, self._program.probability, 0.0)
        master.count_groups(np.where(groups, 1.0 / chances.sum(), 0.0))
        until = self._relaxing_until() if bounding else None
        while rounds > 0 and not known.spent() and (until is None or known.seconds < until):
            found = self._relaxed()
            if found is None:
                return None, None
            at = found
            if bounding:
                known.raise_bound(at.value - 1e-9 * abs(at.value))
            hopeless = groups.all() and at.value >= known.value
            near = np.isfinite(best) and best - at.value <= gap * max(abs(best), 1e-9)
            if hopeless or near:
                break
            tried = at.first if between is None else self._between(between, at.first)
            value, added = self._cut(tried, at, wanted, chances)
            if not added and between is not None:
                tried = at.first
                value, added = self._cut(tried, at, wanted, chances)
            if value < best or not np.isfinite(value):
                best, between = min(best, value), tried if np.isfinite(value) else None
            if not added:
                break
            rounds -= 1
        return at, between

    def _relaxing_until(self) -> float | None:
        left = self.known.left()
        if left is None or not self._integer.any():
            return None
        return self.known.seconds + left * self._tuning.relaxed_share

    def _between(self, inside: Floats, outside: Floats) -> Floats:
        point: Floats = inside + self._tuning.step * (outside - inside)
        return point

    def _relaxed(self) -> Point | None:
        """Solve the relaxation; None without an optimum, and `ended` says why."""
        known, master = self.known, self._master
        ended = master.relaxation.solve(known.left())
        if ended == "unclear":
            master.afresh()
            ended = master.relaxation.solve(known.left())
        known.work += master.relaxation.iterations
        if ended == "unbounded":
            raise RuntimeError("the first stage has no lower bound: bound its columns")
        self._infeasible = ended == "infeasible"
        if ended == "unclear":
            known.ended = "error"
        return master.point_of(master.relaxation) if ended == "completed" else None

    def _cut(
        self, tried: Floats, at: Point, wanted: Bools | None = None, chances: Floats | None = None
    ) -> tuple[float, int]:
        """Add the cuts at a point that `at` violates; return the value there and their number."""
        began = time.perf_counter()
        tried = self._snapped(tried)
        cuts = self._pool.cuts(tried, wanted)
        rows, lower = self._master.rows_of(cuts, at)
        self._master.add(rows, lower)
        self.known.count(cuts.work, time.perf_counter() - began)
        if not cuts.feasible.all():
            return np.inf, len(lower)
        costs = np.zeros(len(self._program.probability))
        costs[cuts.scenario] = cuts.value
        if chances is None or wanted is None or wanted.all():
            value = self._program.value(tried, costs)
            if self._is_whole(tried):
                self.known.offer(tried, costs, value)
        else:
            cost = float(self._program.cost @ tried)
            value = cost + self._program.risk.of(costs, chances / chances.sum())
        return value, len(lower)

    def _snapped(self, point: Floats) -> Floats:
        """Return the point with columns that are whole but for rounding made whole."""
        whole = np.round(point)
        near = self._integer & (np.abs(point - whole) <= WHOLE)
        return np.clip(np.where(near, whole, point), self._lower, self._upper)

    def _is_whole(self, point: Floats) -> bool:
        mine = point[self._integer]
        return bool(np.all(mine == np.round(mine)))

    def try_point(self, point: Floats | None) -> None:
        """Evaluate a first-stage point of the caller; one that is not possible is passed over."""
        if point is not None and not self.known.spent():
            self._explore(self._own, point, rounds=50)

    def _explore(self, fixed: Bools, point: Floats, rounds: int) -> Point | None:
        """Solve the relaxation with some columns fixed; None where that is not possible."""
        where = np.flatnonzero(fixed)
        values = np.clip(point[where], self._lower[where], self._upper[where])
        values = np.where(self._integer[where], np.round(values), values)
        relaxation = self._master.relaxation
        relaxation.set_bounds(where, values, values)
        gap = max(self.known.budget.gap / 4, min(2e-3, self.known.gap / 10))
        found, _ = self._converge(gap, None, rounds=rounds)
        relaxation.set_bounds(where, self._lower[where], self._upper[where])
        return found

    def make_whole(self, relaxed: Point) -> None:
        """Solve the master with whole columns, explore what it chooses, and again."""
        known, seen = self.known, set[bytes]()
        if not self._integer.any():
            return
        self._master.forget(relaxed, self._tuning.slack * float(np.abs(relaxed.thetas).mean()))
        self._dive(relaxed)
        kinds = self._coarse if self._coarse.any() else self._integer
        share = self._tuning.tree_share
        while not known.closed and not known.spent():
            before = (known.value, known.bound, self._master.cuts)
            at, finished = self._whole_master(kinds, share)
            chosen = b"" if at is None else np.round(at.first[self._coarse]).tobytes()
            if at is not None and chosen not in seen:
                self._choose(at)
            if at is not None and kinds is self._integer:
                self._cut(at.first, at)
            if before == (known.value, known.bound, self._master.cuts):
                if finished and kinds is self._integer:
                    break
                share = min(0.9, 2 * share)
            if finished and chosen in seen:
                kinds = self._integer
            seen.add(chosen)

    def _dive(self, relaxed: Point) -> None:
        """Where there are many choices, make them step by step and explore what comes out."""
        choices = self._coarse & (self._lower >= 0.0) & (self._upper <= 1.0)
        if choices.sum() < self._tuning.dive_from or self.known.closed or self.known.spent():
            return
        dive = Dive(self._master, choices, self._relaxed, self._cut_once)
        found = self._explore(choices, dive.run(relaxed.first), self._tuning.dive_rounds)
        if found is not None and not self._is_whole(found.first):
            self._choose(found)

    def _cut_once(self) -> Point | None:
        found, _ = self._converge(self._tuning.sample_gap, None, rounds=1)
        return found

    def _whole_master(self, kinds: Bools, share: float) -> tuple[Point | None, bool]:
        """Solve the master with these columns whole; say whether it came to its end."""
        known, program = self.known, self._master.whole(kinds)
        program.option("mip_rel_gap", max(0.3 * known.budget.gap, min(1e-3, known.gap / 5)))
        self._limit(program, share)
        if known.point is not None and known.costs is not None:
            program.start_at(self._master.lifted(known.point, known.costs))
        ended = program.solve(self._seconds(share))
        known.work += program.iterations
        if ended == "infeasible":
            known.ended = known.ended or ("infeasible" if known.point is None else "")
            return None, True
        known.raise_bound(program.bound)
        return self._master.point_of(program), ended == "completed"

    def _limit(self, program: WarmProgram, share: float) -> None:
        nodes = self.known.nodes()
        if nodes is not None:
            program.option("mip_max_nodes", max(1, int(nodes * share)))

    def _seconds(self, share: float) -> float | None:
        left = self.known.left()
        return None if left is None else max(min(left, 1.0), share * left)

    def _choose(self, at: Point) -> None:
        """Fix what the master chose, solve the rest, round what must be whole."""
        found = self._explore(self._coarse, at.first, self._tuning.fixed_rounds)
        if found is None or not np.any(self._integer & ~self._coarse):
            return
        for _ in range(self._tuning.roundings):
            rounded = self._rounded(found.first)
            if rounded is None or rounded.value >= self.known.value or self.known.spent():
                return
            before = self._master.cuts
            self.try_point(rounded.first[self._own])
            if self._master.cuts == before:
                return

    def _rounded(self, point: Floats) -> Point | None:
        """Return the best whole point of the master that keeps the coarse columns."""
        program, where = self._master.whole(self._integer), np.flatnonzero(self._coarse)
        values = np.round(point[where])
        program.set_bounds(where, values, values)
        program.option("mip_rel_gap", max(0.1 * self.known.budget.gap, 1e-4))
        self._limit(program, 0.05)
        seconds = self._seconds(0.05)
        most = self._tuning.rounding_seconds
        program.solve(None if seconds is None else min(seconds, most))
        self.known.work += program.iterations
        return self._master.point_of(program)

    def answer(self) -> TwoStageAnswer:
        """Return the answer with the recourse of every scenario."""
        point = self.known.point
        return self.known.answer(None if point is None else self._pool.answers(point))
