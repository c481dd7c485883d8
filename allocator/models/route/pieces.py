"""What is to be placed on trips: whole stops, or parts of those too large for any vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.lanes import Bools
from allocator.instance.route_case import RouteCase
from allocator.models.route.routes import Routes, Visit


@dataclass(frozen=True, eq=False)
class Pieces:
    """Parts of stops (m,), with what an insertion needs to know of each; W windows at most."""

    stop: Ints
    share: Floats
    place: Ints
    load: Floats  # (m, D)
    service: Floats
    opens: Floats  # (m, W), inf where a stop has fewer windows
    closes: Floats  # (m, W), -inf where a stop has fewer
    access: Ints
    permitted: Bools  # (m, V)
    release: Floats
    weight: Floats
    contacts: Floats

    def __len__(self) -> int:
        return len(self.stop)

    def visit(self, row: int) -> Visit:
        """Return the visit that brings a piece."""
        return Visit(int(self.stop[row]), float(self.share[row]))

    def take(self, rows: Ints) -> Pieces:
        """Return some of the pieces."""
        return Pieces(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def pieces(case: RouteCase, stop: Ints, share: Floats) -> Pieces:
    """Return the given parts of stops."""
    stops = case.stops
    opens, closes = _padded(case)
    return Pieces(
        stop=stop,
        share=share,
        place=stops.place[stop],
        load=stops.load[stop] * share[:, None],
        service=stops.service[stop] * share,
        opens=opens[stop],
        closes=closes[stop],
        access=stops.access[stop],
        permitted=stops.permitted[stop],
        release=stops.release[stop],
        weight=stops.weight[stop] * share,
        contacts=stops.contacts[stop],
    )


def missing(case: RouteCase, routes: Routes, finer: int = 0) -> Pieces:
    """Return what routes leave unserved, in parts that fit a vehicle; see `parts_needed`."""
    left = np.ones(len(case.stops))
    for route in routes:
        for visit in route.visits:
            left[visit.stop] -= visit.share
    stop, share = [], []
    for row in np.flatnonzero(left > 1e-6).tolist():
        number = parts_needed(case, row, float(left[row]), finer)
        stop += [row] * number
        share += [float(left[row]) / number] * number
    return pieces(case, np.array(stop, dtype=np.int64), np.array(share, dtype=float))


def parts_needed(case: RouteCase, stop: int, share: float = 1.0, finer: int = 0) -> int:
    """Return into how many equal parts a stop is cut so that each fits the largest vehicle.

    1 where it fits, or may not be divided. With `finer` each fits the next smaller vehicle, or
    the next but one, ..., as far as there are smaller ones.
    """
    stops = case.stops
    if case.split == "never" or not stops.divisible[stop]:
        return 1
    capacity = case.vehicles.capacity[case.able(stop)]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(stops.load[stop] > 0, stops.load[stop] * share / capacity, 0.0)
    sizes = np.unique(ratio.max(axis=1))
    least = float(sizes[min(finer, len(sizes) - 1)]) if len(sizes) else inf
    return max(1, ceil(least - 1e-9)) if least < inf else 1


def _padded(case: RouteCase) -> tuple[Floats, Floats]:
    windows = case.stops.windows
    width = max((len(own) for own in windows), default=0) or 1
    opens = np.full((len(windows), width), inf)
    closes = np.full((len(windows), width), -inf)
    for row, own in enumerate(windows):
        for column, (start, end) in enumerate(own):
            opens[row, column], closes[row, column] = start, end
    return opens, closes
