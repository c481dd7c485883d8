"""A PuLP problem as arrays, and the arithmetic that tells true solutions and bounds."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]

FEASIBLE = 1e-6
WHOLE = 1e-5
DUAL = 1e-7


class Arrays:
    """A PuLP problem as arrays, minimising; `sign` is -1 when the expression is maximised."""

    def __init__(
        self, problem: pulp.LpProblem, expression: pulp.LpAffineExpression, sign: float
    ) -> None:
        """Read rows, bounds and the expression to optimise."""
        self.variables: list[Any] = list(problem.variables())
        place = {id(variable): number for number, variable in enumerate(self.variables)}
        self.cost = np.zeros(len(self.variables))
        for variable, weight in expression.items():
            self.cost[place[id(variable)]] = sign * weight
        self.offset = sign * float(expression.constant)
        lower = [-np.inf if v.lowBound is None else v.lowBound for v in self.variables]
        upper = [np.inf if v.upBound is None else v.upBound for v in self.variables]
        self.lower, self.upper = np.array(lower, float), np.array(upper, float)
        self.whole = np.array([v.cat == "Integer" for v in self.variables], bool)
        self.constraints: list[Any] = problem.constraints()
        side = np.array([-c.constant for c in self.constraints], float)
        sense = np.array([c.sense for c in self.constraints], int)
        self.row_lower = np.where(sense >= 0, side, -np.inf)
        self.row_upper = np.where(sense <= 0, side, np.inf)
        self.matrix = self._matrix(place)

    def _matrix(self, place: dict[int, int]) -> sparse.csr_matrix:
        counts = [len(c) for c in self.constraints]
        starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int32)
        columns = np.array([place[id(v)] for c in self.constraints for v in c], np.int32)
        weights = np.array([w for c in self.constraints for w in c.values()], float)
        return sparse.csr_matrix((weights, columns, starts), (len(counts), len(self.variables)))

    @cached_property
    def scale(self) -> Floats:
        """Largest absolute coefficient of each row, at least 1."""
        if not self.matrix.nnz:
            return np.ones(self.matrix.shape[0])
        return np.asarray(np.maximum(1.0, abs(self.matrix).max(axis=1).toarray().ravel()))

    def fault(self, values: Floats) -> str:
        """Return what is wrong with a solution by our own arithmetic; empty when nothing is."""
        if not np.isfinite(values).all():
            return "values that are no numbers"
        room = FEASIBLE * np.maximum(1.0, abs(values))
        if (values < self.lower - room).any() or (values > self.upper + room).any():
            return "a variable outside its bounds"
        whole = values[self.whole]
        if (abs(whole - whole.round()) > WHOLE * np.maximum(1.0, abs(whole))).any():
            return "a part where a whole number is asked"
        sums = self.matrix @ values
        terms = abs(self.matrix) @ abs(values)
        room = FEASIBLE * np.maximum(self.scale, terms)
        broken = (sums < self.row_lower - room) | (sums > self.row_upper + room)
        if broken.any():
            return f"the row {self.constraints[int(broken.argmax())].name} broken"
        return ""

    def value(self, values: Floats) -> float:
        """Return the value of the expression, minimised."""
        return float(self.cost @ values) + self.offset

    def dual_bound(self, duals: Floats) -> float:
        """Return the Lagrangean bound of the duals; both conventions of sign are tried."""
        return max(self._bound(duals), self._bound(-duals))

    def _bound(self, duals: Floats) -> float:
        duals = np.where(np.isinf(self.row_lower), np.minimum(duals, 0.0), duals)
        duals = np.where(np.isinf(self.row_upper), np.maximum(duals, 0.0), duals)
        reduced = self.cost - self.matrix.T @ duals
        room = DUAL * (1.0 + abs(self.cost) + abs(self.matrix).T @ abs(duals))
        ends = np.where(reduced > 0, self.lower, self.upper)
        free = np.isinf(ends)
        if (abs(reduced)[free] > room[free]).any():
            return -np.inf
        sides = np.where(duals > 0, self.row_lower, self.row_upper)
        rows = duals[duals != 0] @ sides[duals != 0]
        return float(rows + reduced[~free] @ ends[~free]) + self.offset
