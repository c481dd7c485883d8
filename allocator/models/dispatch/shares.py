"""Shares served: what the fairness rules compare (formulation section 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.engine.program import Floats, Ints
from allocator.models.dispatch.model import DispatchModel


@dataclass(frozen=True)
class Shares:
    """One row a place and window of a tier: person-days needed, the matrix that sums those late."""

    tier: int
    place: Ints
    window: Ints
    needed: Floats
    matrix: sparse.csr_matrix  # rows x columns of the program

    def short(self, solution: Floats) -> Floats:
        """Return the person-days short of every row."""
        return np.asarray(self.matrix @ solution[: self.matrix.shape[1]])

    def values(self, solution: Floats, attainable: Floats) -> Floats:
        """Return the shares served; 1 where nothing is attainable."""
        served = self.needed - self.short(solution)
        return np.where(attainable > 0, served / np.where(attainable > 0, attainable, 1.0), 1.0)


def shares_of(model: DispatchModel, tier: int) -> Shares:
    """Return the rows of a tier: every place with need, every rolling window with need."""
    net, keys = model.net, model.late_keys
    width = min(net.instance.policy.fairness_window, net.periods)
    mine = np.flatnonzero(keys.tier == tier)  # those still waiting count after the need, too
    days = net.days[keys.period[mine]]
    starts = net.periods - width + 1
    columns, rows, values = [], [], []
    needed = np.zeros((len(net.places.ids), starts))
    for start in range(starts):
        inside = (keys.period[mine] >= start) & (keys.period[mine] < start + width)
        np.add.at(needed[:, start], keys.place[mine][inside], (days * keys.people[mine])[inside])
        rows.append(keys.place[mine][inside] * starts + start)
        columns.append(model.late[mine][inside])
        values.append(days[inside])
    used = np.flatnonzero(needed.ravel() > 0)
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    shape = (needed.size, model.program.column_count)
    matrix = sparse.csr_matrix(entries, shape=shape)[used]
    return Shares(tier, used // starts, used % starts, needed.ravel()[used], matrix)
