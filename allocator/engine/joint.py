"""The two most urgent goals in one solve: roughly for a first look, or exactly.

The first goal weighs `weight` times the second. With a bound D of weight f + c over all plans,
no plan with f at most F has c below D - weight F.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from allocator.engine.ordered import (
    LOOK_GAP,
    Budget,
    LinearStage,
    Named,
    Progress,
    StageResult,
    keep_face,
)
from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats
from allocator.engine.session import TIGHT, Session

LAST_GAP = 1e-7  # of the sum of the last two goals


@dataclass(frozen=True)
class Pair:
    """Two goals and the weight of the first."""

    first: LinearStage
    second: LinearStage
    weight: float

    @property
    def names(self) -> tuple[str, str]:
        """Names of both."""
        return self.first.name, self.second.name

    @property
    def cost(self) -> Floats:
        """Cost of the columns."""
        return np.asarray(self.weight * self.first.cost + self.second.cost)

    def minimise(self, session: Session, budget: Budget, tolerance: float) -> Outcome:
        """Minimise both together."""
        return session.minimise(
            self.cost,
            budget.seconds(),
            budget.work,
            budget.gap,
            crossover=False,
            tolerance=tolerance,
        )

    def values(self, point: Floats) -> tuple[float, float]:
        """Return both values at a point, without their constants."""
        first, second = (
            float(goal.cost @ point[: len(goal.cost)]) for goal in (self.first, self.second)
        )
        return first, second

    def results(self, outcome: Outcome, bound: float | None) -> tuple[StageResult, StageResult]:
        """Return what is known of both; `bound` is that of the first."""
        assert outcome.solution is not None
        values = self.values(outcome.solution)
        second = None if outcome.bound is None else outcome.bound - self.weight * values[0]
        known = zip((self.first, self.second), values, (bound, second), strict=True)
        one, two = (self._result(outcome, *each) for each in known)
        return one, two

    @staticmethod
    def _result(
        outcome: Outcome, goal: LinearStage, value: float, bound: float | None
    ) -> StageResult:
        return StageResult(
            name=goal.name,
            unit=goal.unit,
            value=value + goal.constant,
            bound=None if bound is None else bound + goal.constant,
            termination=outcome.termination,
            source=f"highs {outcome.method} on two goals together, bound from duals",
            seconds=outcome.seconds,
        )


@dataclass(frozen=True)
class LookStage:
    """Minimise both roughly: a good plan long before the exact one. Nothing is held."""

    pair: Pair
    name: str = "look"
    unit: str = ""
    goals: Sequence[Named] = ()

    def run(self, session: Session, budget: Budget, progress: Progress) -> None:
        """Minimise, keep the point, tell."""
        outcome = self.pair.minimise(session, budget, LOOK_GAP)
        if outcome.solution is not None:
            progress.looked = {one.name: one for one in self.pair.results(outcome, None)}
            progress.look = outcome.solution
            progress.report(progress)


@dataclass(frozen=True)
class JointStage:
    """Reach both goals exactly in one solve, while the first is minimised alone beside it.

    Where the weight was too small for the first goal to come first, they are reached in order.
    """

    pair: Pair
    name: str = "two goals together"
    unit: str = ""

    @property
    def goals(self) -> Sequence[Named]:
        """Both."""
        return (self.pair.first, self.pair.second)

    def run(self, session: Session, budget: Budget, progress: Progress) -> None:
        """Minimise both and the first alone at the same time; hold both."""
        twin = session.twin()
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(self._alone, twin, budget)
            outcome = self.pair.minimise(session, budget, self._tolerance(budget))
            first = beside.result()
        if self._in_order(outcome, first):
            self.take(session, outcome, first, progress)
        else:
            self.pair.first.take(session, first, progress)
            self.pair.second.run(session, budget, progress)

    def _alone(self, session: Session, budget: Budget) -> Outcome:
        cost = self.pair.first.cost
        return session.minimise(cost, budget.seconds(), budget.work, crossover=False)

    def _tolerance(self, budget: Budget) -> float:
        """Return the gap of the joint solve: nothing after the last goal needs its face."""
        return LAST_GAP if self.pair.second.final else TIGHT

    def _in_order(self, outcome: Outcome, first: Outcome) -> bool:
        """Return whether the joint point is as good in the first goal as that alone."""
        if outcome.solution is None or outcome.termination != "completed":
            return False
        reached, _ = self.pair.values(outcome.solution)
        return first.value is None or reached <= first.value + self.pair.first.slack(first.value)

    def take(
        self, session: Session, outcome: Outcome, first: Outcome | None, progress: Progress
    ) -> None:
        """Record what a joint solve reached, with the bound of the first goal alone; hold both."""
        assert outcome.solution is not None
        if not self.pair.second.final:
            self._hold(session, outcome)
        progress.joint[self.pair.names], progress.duals = outcome, outcome.duals
        one, two = self.pair.results(outcome, None if first is None else first.bound)
        progress.add(one, None)
        progress.add(two, outcome.solution)

    def _hold(self, session: Session, outcome: Outcome) -> None:
        assert outcome.solution is not None
        both = (self.pair.first, self.pair.second)
        values = self.pair.values(outcome.solution)
        if all(goal.exact(value) for goal, value in zip(both, values, strict=True)):
            keep_face(session, self.pair.cost, outcome)
        for goal, value in zip(both, values, strict=True):
            goal.cap(session, value)
