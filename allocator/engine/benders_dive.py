"""A dive: choices of the relaxation are rounded up a few at a time, with new cuts in between.

Rounding a fractional point at once closes sites that its neighbours were sized to need. Here what
is nearly chosen is chosen, the relaxation answers, and so on: the later choices make up for the
earlier ones (Wolsey 2020, Integer programming, section 13). Only the point comes from it: the cuts
it finds by the way hold everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.engine.benders_master import Master, Point
from allocator.engine.benders_pool import Bools
from allocator.engine.program import Floats, Ints

NEAR = 1e-4  # from a whole number: such a choice is made already
HALF = 0.5  # two choices that exclude each other are not both above it
SHARE = 0.25  # of the open choices: the least a step rounds up
LEFT = 0.1  # of the choices open at first: with fewer the rest is rounded at once
STEPS = 12


class Dive:
    """Rounds choices up step by step; `run` is the table of contents."""

    def __init__(
        self,
        master: Master,
        choices: Bools,
        solve: Callable[[], Point | None],
        cut: Callable[[], Point | None],
    ) -> None:
        """Take the master and its whole columns between 0 and 1 that are to be chosen.

        Args:
            master: The master; the bounds of its relaxation are given back at the end.
            choices: (first columns,) what to choose.
            solve: Solves the relaxation of the master as it stands.
            cut: Solves it with a round of new cuts.
        """
        self._master, self._solve, self._cut = master, solve, cut
        self._where = np.flatnonzero(choices)
        self._low = master.relaxation.lower[self._where].copy()
        self._high = master.relaxation.upper[self._where].copy()

    def run(self, first: Floats) -> Floats:
        """Return a point whose choices are whole, from one of the relaxation."""
        begun = len(self._open(first))
        raised = self._low.copy()
        for _ in range(STEPS):
            raised[first[self._where] >= 1.0 - NEAR] = 1.0
            undecided = self._open(first)
            if len(undecided) <= LEFT * begun or not self._raise(raised, undecided, first):
                break
            at = self._cut()
            if at is None:
                break
            first = at.first
        self._bound(self._low)
        found = first.copy()
        found[self._where] = np.round(np.clip(first[self._where], self._low, self._high))
        return found

    def _open(self, first: Floats) -> Ints:
        """Return which choices are still between, the nearest to 1 first."""
        share = first[self._where]
        between = np.flatnonzero((share > NEAR) & (share < 1.0 - NEAR))
        return between[np.argsort(-share[between], kind="stable")]

    def _raise(self, raised: Floats, undecided: Ints, first: Floats) -> bool:
        """Round up the nearest, fewer where that is not possible; say whether any could be."""
        above = int((first[self._where[undecided]] >= HALF).sum())
        number = max(above, int(SHARE * len(undecided)), 1)
        while number:
            tried = raised.copy()
            tried[undecided[:number]] = 1.0
            self._bound(tried)
            if self._solve() is not None:
                raised[:] = tried
                return True
            number //= 2
        return False

    def _bound(self, low: Floats) -> None:
        self._master.relaxation.set_bounds(self._where, low, self._high)
