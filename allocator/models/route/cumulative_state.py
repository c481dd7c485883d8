"""The routes as they are, with the best move between every two of them kept in a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.models.route.cumulative_data import Cumulative, Order
from allocator.models.route.cumulative_moves import Price, exchange, penalty, tails
from allocator.models.route.cumulative_slots import Slots, joined, slots
from allocator.models.route.cumulative_within import LEAST, settled

FEW = 12  # routes of which all pairs are looked at
NEAR = 6  # stops near a stop: with more routes, only those with one of them are
MOST_KEPT = 20_000  # routes whose slots are remembered


class Known:
    """What was found out about routes; they come back often."""

    def __init__(self, problem: Cumulative, price: Price) -> None:
        """Know nothing yet."""
        self.problem, self.price = problem, price
        self._slots: dict[tuple[int, Order], Slots] = {}
        self._settled: dict[tuple[int, Order], Order] = {}
        self._goal: dict[tuple[int, Order], float] = {}

    def reprice(self, price: Price) -> None:
        """Take other prices of overload and of late return."""
        self.price = price
        self._goal.clear()
        if np.isfinite(self.problem.latest).any():
            self._settled.clear()

    def slots(self, kind: int, order: Order) -> Slots:
        """Return the slots of a route."""
        found = self._slots.get((kind, order))
        if found is None:
            if len(self._slots) > MOST_KEPT:
                self._slots.clear()
            found = self._slots[kind, order] = slots(self.problem, kind, order)
        return found

    def settled(self, kind: int, order: Order) -> Order:
        """Return the route at its best by moves within it."""
        found = self._settled.get((kind, order))
        if found is None:
            if len(self._settled) > 10 * MOST_KEPT:
                self._settled.clear()
            found = self._settled[kind, order] = settled(self.problem, kind, order, self.price)
            self._settled[kind, found] = found
        return found

    def goal(self, kind: int, order: Order) -> float:
        """Return the weighted arrivals of a route, penalties included."""
        found = self._goal.get((kind, order))
        if found is None:
            if len(self._goal) > 10 * MOST_KEPT:
                self._goal.clear()
            found = self.problem.cost(kind, order) if order else 0.0
            found += penalty(self.problem, kind, order, self.price)
            self._goal[kind, order] = found
        return found


class State:
    """One order a vehicle, and (K, K) the best change by a move between two of them."""

    def __init__(self, known: Known, orders: Sequence[Order]) -> None:
        """Start from orders, one a vehicle; nothing is known of the moves."""
        self.known, self.problem = known, known.problem
        self.orders = list(orders)
        size = len(self.orders)
        self.table: Floats = np.full((size, size), np.inf)
        self.changed = set(range(size))

    def copy(self) -> State:
        """Return a copy that can be changed."""
        other = State(self.known, self.orders)
        other.table, other.changed = self.table.copy(), set(self.changed)
        return other

    def goal(self) -> float:
        """Return the goal, penalties included."""
        return sum(
            self.known.goal(int(kind), order)
            for kind, order in zip(self.problem.kind, self.orders, strict=True)
        )

    def fits(self) -> bool:
        """Whether every route keeps its limits."""
        return all(map(self.problem.fits, self.problem.kind, self.orders))

    def put(self, vehicle: int, order: Order) -> None:
        """Give a vehicle another order."""
        if order != self.orders[vehicle]:
            self.orders[vehicle] = order
            self.changed.add(vehicle)

    def slots(self, vehicle: int) -> Slots:
        """Return the slots of the route of a vehicle."""
        return self.known.slots(int(self.problem.kind[vehicle]), self.orders[vehicle])

    def descend(self) -> None:
        """Make the best move between two routes until none is better, each settled within."""
        self._settle(range(len(self.orders)))
        while True:
            self._refresh()
            one, other = divmod(int(self.table.argmin()), len(self.orders))
            if self.table[one, other] >= -LEAST:
                return
            if not self._move(one, other):  # prefix sums do not tell all of it
                self.table[one, other] = self.table[other, one] = np.inf

    def _settle(self, vehicles: Iterable[int]) -> None:
        for vehicle in vehicles:
            kind = int(self.problem.kind[vehicle])
            self.put(vehicle, self.known.settled(kind, self.orders[vehicle]))

    def _refresh(self) -> None:
        """Find the best moves between the changed routes and those near them."""
        if not self.changed:
            return
        rows = sorted(self.changed)
        self.changed.clear()
        self.table[rows] = self.table[:, rows] = np.inf
        if len(self.orders) <= FEW:
            self._refresh_rows(rows, list(range(len(self.orders))))
            return
        vehicle = np.full(self.problem.stops, -1)
        for number, order in enumerate(self.orders):
            vehicle[list(order)] = number
        for row in rows:
            self._refresh_rows([row], self._beside(row, vehicle))

    def _beside(self, row: int, vehicle: Ints) -> list[int]:
        """Return the routes with a stop near one of the route, and empty ones."""
        empty = {number for number, order in enumerate(self.orders) if not order}
        if row in empty:
            return list(range(len(self.orders)))
        near = self.problem.near[list(self.orders[row]), :NEAR]
        return sorted((set(vehicle[near].ravel().tolist()) | empty | {row}) - {-1})

    def _refresh_rows(self, rows: list[int], columns: list[int]) -> None:
        one = joined([self.slots(row) for row in rows])
        other = joined([self.slots(column) for column in columns])
        best = np.minimum(
            _least(exchange(self.problem, one, other, self.known.price), one.begins, other.begins),
            _least(
                tails(self.problem, one, other, self.known.price), one.cut_begins, other.cut_begins
            ),
        )
        best[np.equal.outer(rows, columns)] = np.inf
        self.table[np.ix_(rows, columns)] = best
        self.table[np.ix_(columns, rows)] = best.T

    def _move(self, one: int, other: int) -> bool:
        """Make the best move between two routes; say whether it made them better."""
        before = self._pair(one, other, self.orders[one], self.orders[other])
        best, found = before - LEAST, None
        for here, there in self._ways(one, other):
            value = self._pair(one, other, here, there)
            if value < best:
                best, found = value, (here, there)
        if found is None:
            return False
        self.put(one, found[0])
        self.put(other, found[1])
        self._settle((one, other))
        return True

    def _pair(self, one: int, other: int, here: Order, there: Order) -> float:
        kinds = self.problem.kind
        return self.known.goal(int(kinds[one]), here) + self.known.goal(int(kinds[other]), there)

    def _ways(self, one: int, other: int) -> Iterable[tuple[Order, Order]]:
        """Give the orders after the best exchange, each way round, and after the best tails."""
        here, there = self.orders[one], self.orders[other]
        slots_here, slots_there = self.slots(one), self.slots(other)
        change = tails(self.problem, slots_here, slots_there, self.known.price)
        i, j = divmod(int(change.argmin()), change.shape[1])
        yield here[:i] + there[j:], there[:j] + here[i:]
        change = exchange(self.problem, slots_here, slots_there, self.known.price)
        slot, other_slot = divmod(int(change.argmin()), change.shape[1])
        (i, i_end), (j, j_end) = run_of(slots_here, slot), run_of(slots_there, other_slot)
        for coming in _both(there[j:j_end]):
            for going in _both(here[i:i_end]):
                yield here[:i] + coming + here[i_end:], there[:j] + going + there[j_end:]


def _least(change: Floats, rows: Ints, columns: Ints) -> Floats:
    found: Floats = np.minimum.reduceat(np.minimum.reduceat(change, columns, 1), rows, 0)
    return found


def run_of(route: Slots, slot: int) -> tuple[int, int]:
    """Return from which to before which place in the order the run of a slot reaches."""
    anchor = int(np.searchsorted(route.cuts, slot, side="right")) - 1
    return anchor, anchor + slot - int(route.cuts[anchor])


def _both(run: Order) -> tuple[Order, ...]:
    return (run, run[::-1]) if len(run) > 1 else (run,)
