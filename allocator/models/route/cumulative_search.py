"""Iterated local search: shake, descend, accept by a temperature that falls.

Overload and late return have prices, which follow how often plans fit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.models.route.cumulative_data import Cumulative, Order
from allocator.models.route.cumulative_moves import Price
from allocator.models.route.cumulative_pool import Pool
from allocator.models.route.cumulative_ruin import insert, shake
from allocator.models.route.cumulative_state import Known, State

WATCHED = 20  # iterations after which prices are looked at again
FITTING = 0.4  # share of plans that should fit
HOT, COLD = 0.01, 0.0005  # temperature, as a share of the goal a stop


class Search:
    """One search from one start; `pool` has the cost of every route met that fits."""

    def __init__(
        self,
        problem: Cumulative,
        seed: tuple[int, ...],
        start: list[Order] | None = None,
        keep: Callable[[list[Order]], None] = lambda orders: None,
    ) -> None:
        """Start from orders, one a vehicle, or from none; `keep` hears plans that fit."""
        self.problem, self._keep = problem, keep
        self.random = np.random.default_rng(seed)
        mean = float(problem.travel.clip(max=1e6).mean() * max(problem.weight.max(), 1e-9))
        self.known = Known(problem, Price(load=20 * mean, late=mean))
        self.state = State(self.known, start or [()] * len(problem.kind))
        self.value = np.inf
        self.pool: Pool = {}
        self._fitted: list[bool] = []
        there = {stop for order in self.state.orders for stop in order}
        missing = [stop for stop in range(problem.stops) if stop not in there]
        insert(self.state, [int(missing[k]) for k in self.random.permutation(len(missing))])
        self.state.descend()
        self._note(self.state)

    def run(self, progress: Callable[[int], float]) -> None:
        """Iterate while progress(iteration) < 1; it sets the temperature."""
        iteration, share = 0, progress(0)
        goal = self.state.goal()
        while share < 1.0:
            trial = self.state.copy()
            shake(trial, self.random)
            trial.descend()
            self._note(trial)
            reached = trial.goal()
            heat = HOT * (COLD / HOT) ** share * goal / max(self.problem.stops, 1)
            if reached < goal - heat * np.log(max(self.random.random(), 1e-12)):
                self.state, goal = trial, reached
            iteration += 1
            if iteration % WATCHED == 0:
                self._reprice()
                goal = self.state.goal()
            share = progress(iteration)

    def _note(self, state: State) -> None:
        """Keep what fits."""
        fitting = True
        for kind, order in zip(self.problem.kind, state.orders, strict=True):
            if order:
                fitting &= self._note_route(int(kind), order)
        self._fitted.append(fitting)
        if fitting and state.goal() < self.value - 1e-7:
            self.value = state.goal()
            self._keep(state.orders)

    def _note_route(self, kind: int, order: Order) -> bool:
        name = kind, frozenset(order)
        known = self.pool.get(name)
        if known is None and not self.problem.fits(kind, order):
            return False
        cost = self.known.goal(kind, order)
        if known is None or cost < known[0]:
            self.pool[name] = cost, order
        return True

    def _reprice(self) -> None:
        share = sum(self._fitted) / max(len(self._fitted), 1)
        self._fitted.clear()
        factor = (2.0 if np.isinf(self.value) else 1.2) if share < FITTING else 0.85
        old = self.known.price
        self.known.reprice(Price(old.load * factor, old.late * factor))
        self.state.changed = set(range(len(self.state.orders)))
