"""All goals in one cost: each weighs a part of the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy import sparse

from allocator.engine.ordered import LinearStage, Stage, StageResult
from allocator.engine.program import Floats
from allocator.engine.session import Session
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.fairness import LevelStage
from allocator.models.dispatch.shares import Shares

LESS = 10.0  # how much less a goal weighs than the one before
HEAVIEST = 1000.0  # weight of the first goal
MINOR = 1e-3  # of the weight: what goals weigh that do not count person-days


class Weights:
    """The goals of a relaxed program in order, each with its weight."""

    def __init__(self, stages: Sequence[Stage], columns: int, attainable: Attainable) -> None:
        """Weigh goals over the first `columns` columns."""
        self.stages, self.columns, self.attainable = stages, columns, attainable

    def __iter__(self) -> Iterator[tuple[Stage, float]]:
        """Return every goal and its weight."""
        for number, stage in enumerate(self.stages):
            yield stage, HEAVIEST / LESS**number

    def sums(self) -> Floats:
        """Return one cost for all goals that are sums."""
        cost = np.zeros(self.columns)
        for stage, weight in self:
            if isinstance(stage, LinearStage):
                cost += stage.cost * weight * (1.0 if stage.unit == "person-days" else MINOR)
        return cost

    def together(self, session: Session, known: Mapping[str, StageResult]) -> Floats:
        """Return one cost for all goals, of the columns of a session.

        A fairness goal counts the person-days that places miss of the share found without integers.
        """
        parts = [self.sums()]
        for stage, weight in self:
            result = known.get(stage.name)
            if isinstance(stage, LevelStage) and result and result.bound is not None:
                attainable = self.attainable.known(stage.shares)
                rows = ShareRows(session, stage.shares, attainable, 1.0 - result.bound)
                parts.append(rows.cost() * weight)
        cost = np.zeros(session.columns)
        for part in parts:
            cost[: len(part)] += part
        return cost


class ShareRows:
    """Rows sum days z - excess <= N - A level of a tier inside a session, at a fixed level."""

    def __init__(self, session: Session, shares: Shares, attainable: Floats, level: float) -> None:
        """Add the columns and rows; where nothing is attainable there is none."""
        chosen = np.flatnonzero(attainable > 0)
        size, late = len(chosen), shares.matrix[chosen]
        # A finite box: a bound from duals needs one.
        most = late @ session.upper()[: late.shape[1]] + attainable[chosen]
        self.session, self.excess = session, session.add_columns(np.zeros(size), most)
        shape = (size, session.columns)
        entries = sparse.csr_matrix((late.data, late.indices, late.indptr), shape=shape)
        entries -= sparse.csr_matrix((np.ones(size), (np.arange(size), self.excess)), shape=shape)
        sides = shares.needed[chosen] - attainable[chosen] * level
        session.add_rows(np.full(size, -np.inf), sides, entries.tocsr())

    def cost(self) -> Floats:
        """Return the cost that counts the person-days missed."""
        cost = np.zeros(self.session.columns)
        cost[self.excess] = 1.0
        return cost
