"""Some goals in one solve: roughly for a first look, or two of them exactly.

The last goal weighs 1. With a bound D of w f + c over all plans, no plan with f at most F has c
below D - w F.
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
class Blend:
    """Goals in their order and what a unit of each weighs; the last weighs 1."""

    goals: tuple[LinearStage, ...]
    weights: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the goals."""
        return tuple(goal.name for goal in self.goals)

    @property
    def cost(self) -> Floats:
        """Cost of the columns."""
        parts = zip(self.weights, self.goals, strict=True)
        return np.asarray(sum(weight * goal.cost for weight, goal in parts))

    def minimise(self, session: Session, budget: Budget, tolerance: float) -> Outcome:
        """Minimise them together."""
        return session.minimise(
            self.cost,
            budget.seconds(),
            budget.work,
            budget.gap,
            crossover=False,
            tolerance=tolerance,
        )

    def values(self, point: Floats) -> list[float]:
        """Return the values at a point, without their constants."""
        return [float(goal.cost @ point[: len(goal.cost)]) for goal in self.goals]

    def results(self, outcome: Outcome, bound: float | None) -> list[StageResult]:
        """Return what is known of each; `bound` is that of the first."""
        assert outcome.solution is not None
        values, last = self.values(outcome.solution), None
        if outcome.bound is not None:
            earlier = zip(self.weights[:-1], values[:-1], strict=True)
            last = outcome.bound - sum(weight * value for weight, value in earlier)
        bounds = [bound, *(None for _ in self.goals[2:]), last]
        known = zip(self.goals, values, bounds, strict=True)
        return [self._result(outcome, *each) for each in known]

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
            source=f"highs {outcome.method} on goals together, bound from duals",
            seconds=outcome.seconds,
        )


@dataclass(frozen=True)
class LookStage:
    """Minimise goals roughly: a good plan long before the exact one. Nothing is held."""

    blend: Blend
    share: float = 1.0  # of the time left that it may take
    name: str = "look"
    unit: str = ""
    goals: Sequence[Named] = ()

    def run(self, session: Session, budget: Budget, progress: Progress) -> None:
        """Minimise, keep the point, tell."""
        outcome = self.blend.minimise(session, budget.part(self.share), LOOK_GAP)
        if outcome.solution is not None:
            progress.looked = {one.name: one for one in self.blend.results(outcome, None)}
            progress.look = outcome.solution
            progress.report(progress)


@dataclass(frozen=True)
class JointStage:
    """Reach both goals exactly in one solve, while the first is minimised alone beside it.

    Where the weight was too small for the first goal to come first, they are reached in order.
    """

    pair: Blend  # of two
    name: str = "two goals together"
    unit: str = ""

    @property
    def goals(self) -> Sequence[Named]:
        """Both."""
        return self.pair.goals

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
            urgent, next_one = self.pair.goals
            urgent.take(session, first, progress)
            next_one.run(session, budget, progress)

    def _alone(self, session: Session, budget: Budget) -> Outcome:
        return session.minimise(
            self.pair.goals[0].cost, budget.seconds(), budget.work, crossover=False
        )

    def _tolerance(self, budget: Budget) -> float:
        """Return the gap of the joint solve: nothing after the last goal needs its face."""
        return LAST_GAP if self.pair.goals[-1].final else TIGHT

    def _in_order(self, outcome: Outcome, first: Outcome) -> bool:
        """Return whether the joint point is as good in the first goal as that alone."""
        if outcome.solution is None or outcome.termination != "completed":
            return False
        reached, goal = self.pair.values(outcome.solution)[0], self.pair.goals[0]
        return first.value is None or reached <= first.value + goal.slack(first.value)

    def take(
        self, session: Session, outcome: Outcome, first: Outcome | None, progress: Progress
    ) -> None:
        """Record what a joint solve reached, with the bound of the first goal alone; hold both."""
        assert outcome.solution is not None
        if not self.pair.goals[-1].final:
            self._hold(session, outcome)
        progress.joint[self.pair.names], progress.duals = outcome, outcome.duals
        one, two = self.pair.results(outcome, None if first is None else first.bound)
        progress.add(one, None)
        progress.add(two, outcome.solution)

    def _hold(self, session: Session, outcome: Outcome) -> None:
        assert outcome.solution is not None
        both = self.pair.goals
        values = self.pair.values(outcome.solution)
        if all(goal.exact(value) for goal, value in zip(both, values, strict=True)):
            keep_face(session, self.pair.cost, outcome)
        for goal, value in zip(both, values, strict=True):
            goal.cap(session, value)
