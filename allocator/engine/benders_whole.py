"""Whole columns: the master's tree chooses, the rest is solved by cuts and rounded."""

from __future__ import annotations

import numpy as np

from allocator.engine.benders_dive import Dive
from allocator.engine.benders_lp import WarmProgram
from allocator.engine.benders_master import Point
from allocator.engine.benders_pool import Bools
from allocator.engine.benders_search import Inside, Search
from allocator.engine.program import Floats


class Rounding:
    """Makes the columns of a search whole; `run` is the table of contents."""

    def __init__(self, search: Search) -> None:
        """Take the search with its relaxation solved."""
        self._search, self._known = search, search.known
        self._master, self._tuning = search.master, search.tuning
        self._integer, self._coarse = search.integer, search.coarse

    def run(self, relaxed: Point) -> None:
        """Solve the master with whole columns, explore what it chooses, and again."""
        known, seen = self._known, set[bytes]()
        if not self._integer.any():
            return
        slack = self._tuning.slack * float(np.abs(relaxed.thetas).mean())
        self._master.forget(relaxed, slack)
        self.dive(relaxed)
        kinds = self._coarse if self._coarse.any() else self._integer
        share, started = self._tuning.tree_share, False
        while not known.closed and not known.spent():
            started = not started
            before = (known.value, known.bound, self._master.cuts)
            at, finished = self._whole_master(kinds, share, started)
            chosen = b"" if at is None else np.round(at.first[self._coarse]).tobytes()
            if at is not None and chosen not in seen:
                self._choose(at)
            if at is not None and kinds is self._integer:
                self._search.cut(at.first, at)
            if before == (known.value, known.bound, self._master.cuts):
                if finished and kinds is self._integer:
                    break
                share = min(0.9, 2 * share)
            if finished and chosen in seen:
                kinds = self._integer
            seen.add(chosen)

    def dive(self, relaxed: Point) -> None:
        """Where there are many choices, make them step by step and explore what comes out."""
        choices = self._coarse & (self._search.lower >= 0.0) & (self._search.upper <= 1.0)
        few = choices.sum() < self._tuning.dive_from
        if few or self._known.closed or self._known.spent():
            return
        dive = Dive(self._master, choices, self._search.relaxed, self._cut_once)
        point = dive.run(relaxed.first)
        self._search.bound()
        found = self._search.explore(choices, point, self._tuning.dive_rounds)
        if found is not None and not self._search.is_whole(found.first):
            self._choose(found)

    def _cut_once(self) -> Point | None:
        found, _ = self._search.converge(self._tuning.sample_gap, Inside(), rounds=1)
        return found

    def _whole_master(self, kinds: Bools, share: float, started: bool) -> tuple[Point | None, bool]:
        """Solve the master with these columns whole; say whether it came to its end, proven.

        Started from the best point it soon finds better ones, but nothing is claimed of its bound:
        HiGHS 1.12 has stated wrong ones after a start. So every other solve goes without.
        """
        known, program = self._known, self._master.whole(kinds)
        program.option("mip_rel_gap", max(0.3 * known.budget.gap, min(1e-3, known.gap / 5)))
        self._limit(program, share)
        started = started and known.point is not None
        if started and known.point is not None and known.costs is not None:
            program.start_at(self._master.lifted(known.point, known.costs))
        ended = program.solve(self._seconds(share))
        known.work += program.iterations
        if started:
            return self._master.point_of(program), False
        if ended == "infeasible":
            known.ended = known.ended or ("infeasible" if known.point is None else "")
            return None, True
        known.raise_bound(program.bound)
        return self._master.point_of(program), ended == "completed"

    def _limit(self, program: WarmProgram, share: float) -> None:
        nodes = self._known.nodes()
        if nodes is not None:
            program.option("mip_max_nodes", max(1, int(nodes * share)))

    def _seconds(self, share: float) -> float | None:
        left = self._known.left()
        return None if left is None else max(min(left, 1.0), share * left)

    def _choose(self, at: Point) -> None:
        """Fix what the master chose, solve the rest, round what must be whole."""
        found = self._search.explore(self._coarse, at.first, self._tuning.fixed_rounds)
        if found is None or not np.any(self._integer & ~self._coarse):
            return
        for _ in range(self._tuning.roundings):
            rounded = self._rounded(found.first)
            if rounded is None or rounded.value >= self._known.value or self._known.spent():
                return
            before = self._master.cuts
            self._search.try_point(rounded.first[self._search.own])
            if self._master.cuts == before:
                return

    def _rounded(self, point: Floats) -> Point | None:
        """Return the best whole point of the master that keeps the coarse columns."""
        program, where = self._master.whole(self._integer), np.flatnonzero(self._coarse)
        values = np.round(point[where])
        program.set_bounds(where, values, values)
        program.option("mip_rel_gap", max(0.1 * self._known.budget.gap, 1e-4))
        self._limit(program, 0.05)
        seconds = self._seconds(0.05)
        most = self._tuning.rounding_seconds
        program.solve(None if seconds is None else min(seconds, most))
        self._known.work += program.iterations
        return self._master.point_of(program)
