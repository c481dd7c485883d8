"""All scenarios of a two-stage program on the workers, in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from allocator.engine.benders_alone import FirstRows, alone
from allocator.engine.benders_subproblem import Cut, Subproblem
from allocator.engine.executors import Workers
from allocator.engine.program import Floats, Ints
from allocator.engine.two_stage import Recourse, TwoStage

BATCHES_A_WORKER = 4  # more even out the load, fewer save messages
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Cuts:
    """One cut a scenario asked for: constant + gradient x <= cost (or <= 0: not `feasible`).

    Attributes:
        scenario: (cuts,) positions of the scenarios.
        value: (cuts,) costs at the point, infinite where there is no answer.
        constant: (cuts,) constants.
        gradient: cuts x columns of the first stage.
        feasible: (cuts,) whether the cut bounds the cost, not what is possible.
        work: Simplex iterations spent.
    """

    scenario: Ints
    value: Floats
    constant: Floats
    gradient: sparse.csr_matrix
    feasible: Bools
    work: int


class Pool:
    """The scenarios, placed on workers; every call covers those wanted."""

    def __init__(
        self, two_stage: TwoStage, workers: Workers, order: Ints, warm: bool = True
    ) -> None:
        """Place the scenarios in batches, taken in `order` so that any share is spread evenly."""
        self._workers, self._columns = workers, two_stage.first.column_count
        self._size = len(order)
        count = min(self._size, BATCHES_A_WORKER * workers.count)
        self._members = [np.sort(order[start::count]) for start in range(count)]
        recipes = (
            ([two_stage.scenarios[int(one)] for one in members], members, warm)
            for members in self._members
        )
        self._batches = workers.place(_Batch, recipes)

    def cuts(self, point: Floats, wanted: Bools | None = None) -> Cuts:
        """Return the cuts of the wanted scenarios at a first-stage point, in their order."""
        wanted = np.ones(self._size, bool) if wanted is None else wanted
        return self._gathered(self._workers.call(_cuts, self._batches, point, wanted))

    def alone(self, first: FirstRows, seconds: float | None) -> Cuts | None:
        """Return the cuts of the scenarios at their own best points; None without any.

        Args:
            first: The first stage.
            seconds: Of all; each scenario gets its part.
        """
        each = None if seconds is None else seconds * self._workers.count / self._size
        found = self._workers.call(_alone, self._batches, first, each)
        return self._gathered(found) if any(part for part in found) else None

    def _gathered(self, parts: Sequence[tuple[Any, ...] | None]) -> Cuts:
        """Return the cuts of the batches in the order of the scenarios."""
        found = [part for part in parts if part]
        scenario, value, constant, lengths, columns, gradient, feasible, work = zip(
            *found, strict=True
        )
        starts = np.r_[0, np.cumsum(np.concatenate(lengths))]
        shape = (len(starts) - 1, self._columns)
        entries = (np.concatenate(gradient), np.concatenate(columns), starts)
        order = np.argsort(np.concatenate(scenario), kind="stable")
        return Cuts(
            np.concatenate(scenario)[order],
            np.concatenate(value)[order],
            np.concatenate(constant)[order],
            sparse.csr_matrix(entries, shape=shape)[order],
            np.concatenate(feasible)[order],
            sum(work),
        )

    def floors(self, lower: Floats, upper: Floats) -> Floats:
        """Return a bound below the cost of every scenario, for all points between the bounds."""
        floors = np.zeros(self._size)
        calls = self._workers.call(_floors, self._batches, lower, upper)
        for members, found in zip(self._members, calls, strict=True):
            floors[members] = found
        return floors

    def answers(self, point: Floats) -> list[Floats]:
        """Return y of every scenario at a first-stage point."""
        found: dict[int, Floats] = {}
        calls = self._workers.call(_answers, self._batches, point)
        for members, answers in zip(self._members, calls, strict=True):
            found.update(zip(members.tolist(), answers, strict=True))
        return [found[scenario] for scenario in range(self._size)]


class _Batch:
    """Some scenarios that live with one worker."""

    def __init__(self, recourses: Sequence[Recourse], members: Ints, warm: bool) -> None:
        self.members = members
        self.subproblems = [Subproblem(recourse, warm) for recourse in recourses]


def _cuts(batch: _Batch, point: Floats, wanted: Bools) -> tuple[Any, ...] | None:
    mine = np.flatnonzero(wanted[batch.members])
    return _packed(batch.members[mine], [batch.subproblems[one].cut(point) for one in mine])


def _alone(batch: _Batch, first: FirstRows, seconds: float | None) -> tuple[Any, ...] | None:
    found = [alone(one, first, seconds) for one in batch.subproblems]
    there = np.array([cut is not None for cut in found], dtype=bool)
    return _packed(batch.members[there], [cut for cut in found if cut is not None])


def _packed(members: Ints, cuts: Sequence[Cut]) -> tuple[Any, ...] | None:
    """Return the cuts as arrays; one message for a batch."""
    if not cuts:
        return None
    return (
        members,
        np.array([cut.value for cut in cuts]),
        np.array([cut.constant for cut in cuts]),
        np.array([len(cut.columns) for cut in cuts]),
        np.concatenate([cut.columns for cut in cuts]),
        np.concatenate([cut.gradient for cut in cuts]),
        np.array([cut.feasible for cut in cuts]),
        sum(cut.work for cut in cuts),
    )


def _answers(batch: _Batch, point: Floats) -> list[Floats]:
    return [one.answer(point) for one in batch.subproblems]


def _floors(batch: _Batch, lower: Floats, upper: Floats) -> list[float]:
    return [one.floor(lower, upper) for one in batch.subproblems]
