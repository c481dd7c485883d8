"""From a good point downhill: the master looks no farther than a box around the best point.

Far from any cut the relaxation of the master goes to extremes that no scenario has told it about;
cuts there say little of the points that matter, and the scenarios take long to answer points that
have nothing to do with the last one. In a box the master keeps to where its cuts are good; the
box moves with the best point, grows when the master foretold the change well and shrinks when it
did not (Linderoth and Wright 2003, Comput. Optim. Appl. 24:207-250). Cuts hold everywhere.
"""

from __future__ import annotations

import numpy as np

from allocator.engine.benders_search import Inside, Search
from allocator.engine.program import Floats

BEGIN = 0.02  # width of the box on each side at first, as a share of the range of a column
LEAST = 1e-3
GOOD, FAIR = 0.5, 0.1  # of the change foretold: above the box grows, above the point moves
SHARE = 0.3  # of the time left: the most for the way down
NEAR = 1e-3  # of the value: when less is foretold the box grows, until it holds everything


def descend(search: Search, inside: Inside) -> Inside:
    """Move from a point by cuts in a box; return the last point, not always whole."""
    known, point, value = search.known, inside.point, inside.value
    if point is None or not search.tuning.descend or known.spent():
        return inside
    left = known.left()
    until = None if left is None else known.seconds + SHARE * left
    width, span = BEGIN, _span(search, point)
    while width >= LEAST and not known.spent() and (until is None or known.seconds < until):
        _bound(search, point - width * span, point + width * span)
        at = search.relaxed()
        if at is None:
            # A box too narrow for the solver is no fault of the program.
            known.ended = "" if known.ended == "error" else known.ended
            break
        foretold = value - at.value
        if foretold <= NEAR * abs(value):
            if width >= 1.0:
                break
            width = min(1.0, 4.0 * width)
            continue
        found, added = search.cut(at.first, at)
        if value - found >= FAIR * foretold:
            width = min(1.0, 2.0 * width) if value - found >= GOOD * foretold else width
            point, value = at.first, found
        elif not added:
            break
        elif not found < value:
            width /= 2.0
    _bound(search, search.lower, search.upper)
    return Inside(point, value)


def _span(search: Search, point: Floats) -> Floats:
    """Return the range of every column; of one without limit the size of its value at a point."""
    span = search.upper - search.lower
    return np.where(np.isfinite(span), span, np.maximum(1.0, np.abs(point)))


def _bound(search: Search, low: Floats, high: Floats) -> None:
    where = np.arange(len(low))
    low, high = np.maximum(low, search.lower), np.minimum(high, search.upper)
    search.master.relaxation.set_bounds(where, low, high)
