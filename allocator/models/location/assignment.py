"""Whole assignments of customers to sites within capacity, by a search that may leave it.

Tabu search over moves of one customer and swaps of two (Glover 1989). Overloads are allowed at a
price that rises while there are any and falls while there are none, so that the search crosses
the edge of what fits again and again: where room is scarce the best plans lie there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.engine.program import Floats, Ints

MOVES = 2000
TENURE = 10  # moves for which a customer does not return, and as many again drawn at random
SWING = 1.05  # by which the price of an overload changes after a move
FIT = 1e-9


class Search:
    """The assignment as it is, the room left at each site, and what may not be undone yet."""

    def __init__(self, cost: Floats, need: Floats, room: Floats, site: Ints) -> None:
        """Start from an assignment; it need not fit."""
        self.cost, self.need = cost, need
        self.site, self.everyone = site.copy(), np.arange(len(need))
        self.left = room - np.bincount(site, need, len(room))
        self.barred = np.zeros(cost.shape)
        self.price = float(cost.mean() / max(need.mean(), FIT)) / 4

    def step(self, move: int, tenure: Ints) -> None:
        """Make the best change that is not barred."""
        paid = self.cost[self.site, self.everyone]
        moves, swaps = self._moves(paid, move), self._swaps(paid, move)
        one, other = int(moves.argmin()), int(swaps.argmin())
        if moves.flat[one] <= swaps.flat[other]:
            target, customer = divmod(one, len(self.need))
            self._place(customer, target, move + int(tenure[0]))
        else:
            first, second = divmod(other, len(self.need))
            here, there = int(self.site[first]), int(self.site[second])
            self._place(first, there, move + int(tenure[0]))
            self._place(second, here, move + int(tenure[1]))
        self.price *= SWING if self.overload() > FIT else 1 / SWING

    def overload(self) -> float:
        """Return the units assigned beyond capacity."""
        return float(np.maximum(-self.left, 0.0).sum())

    def value(self) -> float:
        """Return the cost of the assignment."""
        return float(self.cost[self.site, self.everyone].sum())

    def _place(self, customer: int, target: int, until: int) -> None:
        origin = self.site[customer]
        self.barred[origin, customer] = until
        self.left[origin] += self.need[customer]
        self.left[target] -= self.need[customer]
        self.site[customer] = target

    def _moves(self, paid: Floats, move: int) -> Floats:
        """Return (I, J) the change when a customer moves to a site."""
        over = np.maximum(-self.left, 0.0)
        arriving = np.maximum(self.need - self.left[:, None], 0.0) - over[:, None]
        room = self.left[self.site]
        leaving = np.maximum(-(room + self.need), 0.0) - over[self.site]
        change: Floats = self.cost - paid + self.price * (arriving + leaving)
        change[self.barred > move] = np.inf
        change[self.site, self.everyone] = np.inf
        return change

    def _swaps(self, paid: Floats, move: int) -> Floats:
        """Return (J, J) the change when two customers of different sites change places."""
        there = self.cost[self.site]  # row j: what each would pay at the site of j
        room = self.left[self.site][:, None]
        grown = self.need - self.need[:, None]  # at the site of row j
        over = np.maximum(grown - room, 0.0) - np.maximum(-room, 0.0)
        change: Floats = there + there.T - paid - paid[:, None] + self.price * (over + over.T)
        barred = self.barred[self.site] > move
        change[barred | barred.T | (self.site == self.site[:, None])] = np.inf
        return change


def assign(
    cost: Floats,
    need: Floats,
    room: Floats,
    site: Ints,
    seed: int = 0,
    stop: Callable[[], bool] = lambda: False,
) -> Ints | None:
    """Return (J,) the site of each customer in the best plan that fits; None when none was met.

    Args:
        cost: (I, J) cost of serving j from i; a large figure where that is impossible.
        need: (J,) need of each customer.
        room: (I,) capacity of each site.
        site: (J,) where to start; it need not fit.
        seed: Seed of how long a change is barred.
        stop: Whether time is up.
    """
    search, least = Search(cost, need, room, site), np.inf
    best: Ints | None = None
    tenures = np.random.default_rng(seed).integers(TENURE, 2 * TENURE, (MOVES, 2))
    for move in range(MOVES):
        if stop():
            break
        if search.overload() <= FIT and search.value() < least:
            best, least = search.site.copy(), search.value()
        search.step(move, tenures[move])
    return best
