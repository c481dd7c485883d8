"""Bounds of ordered goals from the duals of all goals so far, for any values of the earlier goals.

For earlier goals k at most at cap_k, any prices p >= 0 and any row duals Y of the right sign:
c x >= Y.side + min over the boxes of (c + sum_k p_k c_k - A'Y) x - sum_k p_k cap_k.
A solve gives Y and p for its own goal. When later goals were solved on the optimal
face of the earlier ones, columns kept at their bounds spoil that alone; adding mu times the duals
of the earlier goal (and mu to its price) mends it, at the price of mu times what the cap stands
above that goal's own bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats, Program
from allocator.models.dispatch.terms import Expression

FACTORS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
ROUNDS = 2


@dataclass(frozen=True)
class Multipliers:
    """Row duals of a solve at the columns (A'Y), their worth (Y.side), prices of earlier goals."""

    pulled: Floats
    worth: float
    prices: Mapping[str, float]

    def plus(self, other: Multipliers, name: str, factor: float) -> Multipliers:
        """Return this plus `factor` times the multipliers of the earlier goal `name`."""
        prices = {goal: self.prices.get(goal, 0.0) for goal in {*self.prices, *other.prices, name}}
        for goal, price in other.prices.items():
            prices[goal] += factor * price
        prices[name] += factor
        pulled = self.pulled + factor * other.pulled
        return Multipliers(pulled, self.worth + factor * other.worth, prices)


class Certificates:
    """What is known for the bounds of each goal of one program."""

    def __init__(self, program: Program) -> None:
        """Keep the program as arrays."""
        self.matrix = program.matrix()
        self.lower, self.upper = program.lower, program.upper
        self.row_lower, self.row_upper = program.row_lower, program.row_upper
        self.goals: dict[str, Expression] = {}
        self.order: dict[str, Multipliers] = {}  # of the solves in order, first goal first
        self.found: dict[str, list[Multipliers]] = {}

    def add(
        self, name: str, goal: Expression, duals: Floats, prices: Mapping[str, float], chain: bool
    ) -> None:
        """Record the row duals of a solve; `chain` when it helps to prove the goals after it."""
        low, high = self.row_lower, self.row_upper
        own = duals[: len(low)]
        wrong = (np.isinf(low) & (own > 0)) | (np.isinf(high) & (own < 0))
        own = np.where(wrong, 0.0, own)
        some = own != 0
        side = np.where(own > 0, low, high)
        worth = float(own[some] @ side[some])
        one = Multipliers(np.asarray(self.matrix.T @ own), worth, dict(prices))
        self.goals[name] = goal
        self.found.setdefault(name, []).append(one)
        if chain:
            self.order[name] = one

    def bound(self, name: str, caps: Mapping[str, float]) -> float | None:
        """Return the best bound of a goal given earlier goals at most at `caps`; None without one.

        Goals without a cap take no part.
        """
        bounds = [self._best(name, one, caps) for one in self.found.get(name, [])]
        usable = [bound for bound in bounds if np.isfinite(bound)]
        return max(usable) if usable else None

    def _best(self, name: str, start: Multipliers, caps: Mapping[str, float]) -> float:
        best, value = start, self._value(name, start, caps)
        before = list(self.order)
        earlier = before[: before.index(name)] if name in before else before
        for _ in range(ROUNDS):
            for goal in earlier:
                for factor in FACTORS[1:]:
                    tried = best.plus(self.order[goal], goal, factor)
                    reached = self._value(name, tried, caps)
                    if reached > value:
                        best, value = tried, reached
        return value

    def _value(self, name: str, one: Multipliers, caps: Mapping[str, float]) -> float:
        if any(price > 0 and goal not in caps for goal, price in one.prices.items()):
            return -np.inf
        goal = self.goals[name]
        reduced = goal.cost - one.pulled
        given = 0.0
        for other, price in one.prices.items():
            if price > 0:
                reduced = reduced + price * self.goals[other].cost
                given += price * (caps[other] - self.goals[other].constant)
        box = np.where(reduced > 0, self.lower, self.upper)
        some = reduced != 0
        return one.worth + float(reduced[some] @ box[some]) - given + goal.constant
