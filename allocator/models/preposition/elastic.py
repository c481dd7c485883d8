"""People short kept within a cap by a price on more: every first stage is possible (section 6).

With a hard cap the cuts must find the edge of what is possible to the last digit. With allowances
t_s, sum_s p_s t_s <= cap, and rows f y_s - z_s <= t_s, z_s >= 0 at a price, every first stage is
possible and the cuts know the way back. It relaxes the hard cap, so bounds stay true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from scipy import sparse

from allocator.engine.program import Floats, Ints
from allocator.engine.two_stage import Recourse, TwoStage, TwoStageAnswer

STEEP = 1e4  # the price of a person above the cap: times the mean money a person in need


@dataclass(frozen=True)
class Elastic:
    """A two-stage program with elastic caps, and the way back to the program it is made of."""

    program: TwoStage
    columns: int  # of the first stage of the program it is made of
    allowances: Ints
    price: float

    def start(self, first: Floats, short: Floats) -> Floats:
        """Return a first-stage point with the people short of every scenario as allowances."""
        point = np.zeros(self.program.first.column_count)
        point[: self.columns] = first
        point[self.allowances] = short
        return point

    def plain(self, answer: TwoStageAnswer) -> TwoStageAnswer:
        """Return the answer in the columns of the program it is made of."""
        if answer.first is None or answer.recourse is None:
            return replace(answer, first=None, recourse=None)
        recourse = [point[:-1] for point in answer.recourse]
        return replace(answer, first=answer.first[: self.columns], recourse=recourse)

    def above(self, answer: TwoStageAnswer) -> float:
        """Return the people above the cap on average."""
        if answer.recourse is None:
            return 0.0
        over = np.array([point[-1] for point in answer.recourse])
        return float(self.program.probability @ over)


def elastic(two_stage: TwoStage, people: Sequence[Floats], cap: float, price: float) -> Elastic:
    """Return the program with the expectation of `people` at most `cap`, more of them at a price.

    Args:
        two_stage: The program.
        people: How the columns of each scenario count; those of earlier caps may be left out.
        cap: The most of their expectation.
        price: Money for each person above.
    """
    first, count = two_stage.first.copy(), two_stage.first.column_count
    most = np.array(
        [
            _most(_padded(counted, scenario), scenario)
            for counted, scenario in zip(people, two_stage.scenarios, strict=True)
        ]
    )
    columns = first.add_columns("allowance", len(most), most)
    row = first.add_rows("held", 1, upper=cap)
    first.add_entries(row, columns, two_stage.probability)
    program = replace(
        two_stage,
        first=first,
        cost=np.r_[two_stage.cost, np.zeros(len(columns))],
        scenarios=Priced(two_stage.scenarios, people, columns, price),
    )
    return Elastic(program, count, columns, price)


def _padded(counted: Floats, inside: Recourse) -> Floats:
    """Return how the columns count, those of earlier caps not at all."""
    found: Floats = np.r_[counted, np.zeros(len(inside.cost) - len(counted))]
    return found


def _most(counted: Floats, inside: Recourse) -> float:
    """Return the most that can be short."""
    return float(counted @ np.where(counted > 0, inside.upper, 0.0))


class Priced(Sequence[Recourse]):
    """Scenarios with one more column and row each; made when they are asked for."""

    def __init__(
        self,
        scenarios: Sequence[Recourse],
        people: Sequence[Floats],
        columns: Ints,
        price: float,
    ) -> None:
        """Keep the parts; `columns` are the allowances."""
        self._scenarios, self._people = scenarios, people
        self._columns, self._price = columns, price

    def __len__(self) -> int:
        return len(self._scenarios)

    @overload
    def __getitem__(self, number: int) -> Recourse: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Recourse]: ...
    def __getitem__(self, number: int | slice) -> Recourse | Sequence[Recourse]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        inside = self._scenarios[number]
        counted = _padded(self._people[number], inside)
        own, width = self._columns[number], int(self._columns[-1]) + 1
        link = sparse.csr_matrix(inside.link)
        link.resize((link.shape[0], width))
        allowed = sparse.csr_matrix(([-1.0], ([0], [own])), shape=(1, width))
        none = sparse.csr_matrix((inside.matrix.shape[0], 1))
        row = sparse.csr_matrix(np.r_[counted, -1.0][None, :])
        matrix = sparse.vstack([sparse.hstack([inside.matrix, none]), row])
        return Recourse(
            cost=np.r_[inside.cost, self._price],
            lower=np.r_[inside.lower, 0.0],
            upper=np.r_[inside.upper, _most(counted, inside)],
            matrix=sparse.csr_matrix(matrix),
            link=sparse.csr_matrix(sparse.vstack([link, allowed])),
            row_lower=np.r_[inside.row_lower, -np.inf],
            row_upper=np.r_[inside.row_upper, 0.0],
        )
