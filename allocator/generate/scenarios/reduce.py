"""Few scenarios that stand for many, and how far from them they are.

Kept scenarios take over the probability of those nearest to them, which is the best one can do
for a given choice: the Kantorovich (Wasserstein) distance is then the sum over all scenarios of
probability times distance to the nearest kept one (Dupacova, Groewe-Kuska and Roemisch 2003,
Math. Program. A 95). Forward selection adds the scenario that lowers it most (Heitsch and
Roemisch 2003, Comput. Optim. Appl. 24); medoids then swap scenarios while that helps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.errors import UsageError
from allocator.generate.scenarios.distance import distances
from allocator.generate.shapes import Floats, Ints
from allocator.instance import Instance
from allocator.instance.bundle import SCENARIO_TABLES
from allocator.instance.futures import reserve_case

_GAIN = 1e-12


@dataclass(frozen=True)
class Reduction:
    """Which scenarios are kept, rising, with their new probabilities.

    Attributes:
        kept: (n,) positions of the kept scenarios.
        probability: (n,) adds up to that of all.
        distance: Kantorovich distance between all scenarios and the kept ones.
        single: The least distance one scenario can have: what `distance` is measured by.
    """

    kept: Ints
    probability: Floats
    distance: float
    single: float

    @property
    def relative(self) -> float:
        """Distance over that of the best single scenario; 0 when there is none to lose."""
        return self.distance / self.single if self.single > 0 else 0.0


def reduced(instance: Instance, number: int, method: str = "forward") -> tuple[Instance, Reduction]:
    """Return the instance with some of its scenarios, and what that costs in distance.

    Args:
        instance: An instance with scenarios.
        number: How many to keep; all are kept when there are no more.
        method: `forward` selection, or `medoids` (forward selection, then swaps).

    Raises:
        UsageError: The number is below 1, or the instance has no scenarios (E2042).
    """
    if number < 1 or not len(instance["scenarios"]):
        raise UsageError.because(
            "one scenario at least is kept of an instance that has some",
            where="reduce" if number < 1 else "scenarios",
            value=str(number),
            action="ask for one or more, of an instance with scenarios",
            code="E2042",
        )
    case = reserve_case(instance)
    reduction = reduction_of(distances(case), case.futures.probability, number, method)
    ids = case.futures.ids[reduction.kept]
    tables = {}
    for name in SCENARIO_TABLES:
        frame = instance[name]
        tables[name] = frame[frame["scenario_id"].isin(set(ids))].reset_index(drop=True)
    tables["scenarios"] = tables["scenarios"].assign(probability=reduction.probability)
    return instance.replace(policy=None, name=None, validate=False, **tables), reduction


def reduction_of(
    distance: Floats, probability: Floats, number: int, method: str = "forward"
) -> Reduction:
    """Choose scenarios by their distances (S, S) and probabilities (S,)."""
    count = min(number, len(probability))
    order, left = forward(distance, probability, count)
    kept = np.sort(order)
    if method == "medoids":
        kept = np.sort(swapped(distance, probability, kept))
    nearest = kept[np.argmin(distance[:, kept], axis=1)]
    nearest[kept] = kept
    given = np.bincount(nearest, probability, minlength=len(probability)).astype(np.float64)
    total = float(probability @ distance[np.arange(len(probability)), nearest])
    return Reduction(kept, given[kept], total, float(left[0]))


def forward(distance: Floats, probability: Floats, number: int) -> tuple[Ints, Floats]:
    """Return the scenarios in the order of selection, and the distance after each of them."""
    near = np.full(len(probability), np.inf)
    chosen, left = np.empty(number, dtype=np.int64), np.empty(number)
    free = np.ones(len(probability), dtype=bool)
    for place in range(number):
        totals = probability @ np.minimum(near[:, None], distance)
        totals[~free] = np.inf
        chosen[place] = best = int(np.argmin(totals))
        left[place] = totals[best]
        free[best] = False
        near = np.minimum(near, distance[:, best])
    return chosen, left


def swapped(distance: Floats, probability: Floats, kept: Ints) -> Ints:
    """Return the scenarios after swaps for others, the best first, while that helps."""
    kept = kept.copy()
    rows = np.arange(len(probability))
    while True:
        order = np.argsort(distance[:, kept], axis=1, kind="stable")
        first = distance[rows, kept[order[:, 0]]]
        second = distance[rows, kept[order[:, 1]]] if len(kept) > 1 else np.full(len(rows), np.inf)
        gain, out, into = _best_swap(distance, probability, order[:, 0], first, second, len(kept))
        if gain <= _GAIN * max(1.0, float(probability @ first)):
            return kept
        kept[out] = into


def _best_swap(
    distance: Floats,
    probability: Floats,
    owner: Ints,
    first: Floats,
    second: Floats,
    count: int,
) -> tuple[float, int, int]:
    """Return the gain of the best swap, which kept one goes and which scenario comes."""
    now, best = float(probability @ first), (0.0, 0, 0)
    with_first = np.minimum(first[:, None], distance)
    # What the leaving one's scenarios pay: their second nearest or the newcomer.
    extra = probability[:, None] * (np.minimum(second[:, None], distance) - with_first)
    base = probability @ with_first
    for out in range(count):
        totals = base + extra[owner == out].sum(axis=0)
        into = int(np.argmin(totals))
        if now - totals[into] > best[0]:
            best = (now - float(totals[into]), out, into)
    return best
