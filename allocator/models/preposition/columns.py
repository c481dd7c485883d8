"""What the columns of a scenario stand for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats, Ints


@dataclass(frozen=True)
class Columns:
    """Keys of the columns of a scenario, block by block in their order.

    Attributes:
        ship: (2, n) lane and item of what leaves the reserves.
        deliver: (2, n) agreement and lane of what suppliers deliver.
        short: (2, n) community and item of every need.
        surplus: (2, n) site and item of every stock.
        late: (2, n) community and goal (position in `case.people_goals`) where people may be short.
        counted: (m,) which of the short count in a goal of people, and below for each:
        rate: (m,) people short for a unit short.
        late_of: (m,) which of the late it counts in.
    """

    ship: Ints
    deliver: Ints
    short: Ints
    surplus: Ints
    late: Ints
    counted: Ints
    rate: Floats
    late_of: Ints

    def starts(self) -> tuple[int, int, int, int]:
        """Return where deliver, short, surplus and late start."""
        sizes = [block.shape[1] for block in (self.ship, self.deliver, self.short, self.surplus)]
        a, b, c, d = np.cumsum(sizes).tolist()
        return a, b, c, d

    def tight(self, point: Floats) -> Floats:
        """Return the point with nobody late who is not short: no goal need have minimised it."""
        _, short, _, late = self.starts()
        found = point.copy()
        found[late:] = 0.0
        people = self.rate * np.maximum(0.0, point[short + self.counted])
        np.maximum.at(found, late + self.late_of, people)
        return found
