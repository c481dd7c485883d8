"""The goal critical asks for life-critical items only: smaller scenarios for it (section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.engine.two_stage import Recourse
from allocator.instance.futures import CRITICAL
from allocator.models.preposition.model import PrepositionModel, Scenario


@dataclass(frozen=True)
class Part:
    """The columns and rows of a scenario that have to do with life-critical items."""

    columns: Ints
    rows: Ints


def urgent_part(model: PrepositionModel, scenario: Scenario) -> Part:
    """Return what is kept of a scenario for the goal critical.

    With nothing shipped of the other items all their rows hold: their needs are short, their
    stock is surplus. So the least of critical is the same with and without them.
    """
    urgent = model.case.reserve.items.tier == 1
    keys = scenario.columns
    supplied = model.case.reserve.agreements.item[keys.deliver[0]]
    columns = np.concatenate(
        [
            urgent[keys.ship[1]],
            urgent[supplied],
            urgent[keys.short[1]],
            urgent[keys.surplus[1]],
            keys.late[1] == 0,
        ]
    )
    kept = np.flatnonzero(columns)
    rows = np.flatnonzero(np.diff(scenario.recourse.matrix[:, kept].tocsr().indptr))
    return Part(kept, rows)


def urgent_recourse(model: PrepositionModel, scenario: Scenario) -> Recourse:
    """Return the arrays of a scenario for the goal critical."""
    part, full = urgent_part(model, scenario), scenario.recourse
    return replace(
        full,
        cost=scenario.people[CRITICAL][part.columns],
        lower=full.lower[part.columns],
        upper=full.upper[part.columns],
        matrix=full.matrix[part.rows][:, part.columns],
        link=full.link[part.rows],
        row_lower=full.row_lower[part.rows],
        row_upper=full.row_upper[part.rows],
    )


def completed(model: PrepositionModel, scenario: Scenario, first: Floats, point: Floats) -> Floats:
    """Return the point of the whole scenario: other items are not shipped."""
    part, (_, short, surplus, late) = urgent_part(model, scenario), scenario.columns.starts()
    found = np.zeros(len(scenario.recourse.cost))
    found[short:surplus] = scenario.recourse.upper[short:surplus]
    # The rows `available` come first, one for each stocked pair: surplus is what survives.
    pairs = late - surplus
    found[surplus:late] = -(scenario.recourse.link[:pairs] @ first)
    found[part.columns] = point
    return found


class Urgent(Sequence[Recourse]):
    """The scenarios of a model for the goal critical."""

    def __init__(self, model: PrepositionModel) -> None:
        """Look at the scenarios of `model`."""
        self.model = model

    def __len__(self) -> int:
        return len(self.model)

    @overload
    def __getitem__(self, number: int) -> Recourse: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Recourse]: ...
    def __getitem__(self, number: int | slice) -> Recourse | Sequence[Recourse]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        scenario = self.model.scenario(range(len(self))[number])
        return urgent_recourse(self.model, scenario)
