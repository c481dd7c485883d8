"""Held expectations as first-stage columns: each scenario gets an allowance of its own.

first x + sum_s p_s f_s y_s <= cap holds for some y exactly if there are allowances t_s with
f_s y_s <= t_s and first x + sum_s p_s t_s <= cap: take t_s = f_s y_s. With the t_s in the first
stage the scenarios do not touch each other any more, and both methods need no case of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import overload

import numpy as np
from scipy import sparse

from allocator.engine.program import Floats, Ints
from allocator.engine.two_stage import Held, Recourse, TwoStage


def without_held(two_stage: TwoStage) -> TwoStage:
    """Return the same program with allowances in place of `held`."""
    if not two_stage.held:
        return two_stage
    first, size = two_stage.first.copy(), len(two_stage.scenarios)
    allowances = []
    for held in two_stage.held:
        least = np.array(
            [
                _least(scenario, factors)
                for scenario, factors in zip(two_stage.scenarios, held.scenarios, strict=True)
            ]
        )
        columns = first.add_columns("allowance", size, lower=least)
        row = first.add_rows("held", 1, upper=held.cap)
        first.add_entries(row, np.flatnonzero(held.first), held.first[held.first != 0])
        first.add_entries(row, columns, two_stage.probability)
        allowances.append(columns)
    cost = np.r_[two_stage.cost, np.zeros(first.column_count - len(two_stage.cost))]
    scenarios = Allowed(two_stage.scenarios, two_stage.held, allowances, first.column_count)
    return replace(two_stage, first=first, cost=cost, scenarios=scenarios, held=())


def _least(recourse: Recourse, factors: Floats) -> float:
    """Return the least f y over the box of y: a lower bound of the allowance."""
    bound = np.where(factors > 0, recourse.lower, recourse.upper)
    used = factors != 0
    return float(factors[used] @ bound[used])


class Allowed(Sequence[Recourse]):
    """Scenarios with one more row a held expectation: f y - t <= 0; made when asked for."""

    def __init__(
        self,
        scenarios: Sequence[Recourse],
        held: Sequence[Held],
        allowances: Sequence[Ints],
        columns: int,
    ) -> None:
        """Keep the parts; `columns` counts the first stage with the allowances."""
        self._scenarios, self._held = scenarios, held
        self._allowances, self._columns = allowances, columns

    def __len__(self) -> int:
        return len(self._scenarios)

    @overload
    def __getitem__(self, index: int) -> Recourse: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Recourse]: ...

    def __getitem__(self, index: int | slice) -> Recourse | Sequence[Recourse]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        recourse, size = self._scenarios[index], len(self._held)
        factors = np.array([held.scenarios[index] for held in self._held])
        own = [columns[index] for columns in self._allowances]
        link = sparse.csr_matrix(
            (np.full(size, -1.0), (np.arange(size), own)), shape=(size, self._columns)
        )
        wider = sparse.csr_matrix(recourse.link)
        wider.resize((wider.shape[0], self._columns))
        return replace(
            recourse,
            matrix=sparse.csr_matrix(sparse.vstack([recourse.matrix, factors])),
            link=sparse.csr_matrix(sparse.vstack([wider, link])),
            row_lower=np.r_[recourse.row_lower, np.full(size, -np.inf)],
            row_upper=np.r_[recourse.row_upper, np.zeros(size)],
        )
