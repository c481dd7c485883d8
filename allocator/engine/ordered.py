"""Ordered (lexicographic) goals on one session: each is minimised, then held for the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from scipy import sparse

from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats
from allocator.engine.session import CORNER_COLUMNS, TIGHT, Session

NUMERICAL = 1e-5  # a slack above this is given up by choice: the optimal face is not kept
NEAR = 0.5  # of the gap asked for
LOOK_GAP = 5e-4  # of a solve that is to be quick
PRESSED_SECONDS = 3600.0


@dataclass(frozen=True)
class Budget:
    """What solves may spend: a deadline on time.monotonic(), work a solve, a relative gap."""

    deadline: float | None = None
    work: int | None = None
    gap: float = 1e-4

    def seconds(self) -> float | None:
        """Seconds left; None without a deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def part(self, share: float) -> Budget:
        """Return a budget of a share of the time left."""
        left = self.seconds()
        return self if left is None else replace(self, deadline=time.monotonic() + share * left)

    def spent(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline


def near(budget: Budget) -> float:
    """Return a relative gap that is near enough where no later goal needs the optimal face."""
    return max(TIGHT, NEAR * budget.gap)


def last_gap(budget: Budget) -> float:
    """Return the gap at which the last goal of a large program may stop.

    A run that the clock will cut within the hour has better uses for it than the last digit.
    """
    left = budget.seconds()
    pressed = left is not None and left < PRESSED_SECONDS
    return max(near(budget), LOOK_GAP if pressed else 0.0)


@dataclass(frozen=True)
class StageResult:
    """Value and bound of one goal; the bound holds given the earlier goals at their values."""

    name: str
    unit: str
    value: float | None
    bound: float | None
    termination: str
    source: str
    seconds: float
    steps: int = 1


@dataclass(frozen=True)
class Step:
    """A step of long work that settles no goal yet, with the values of goals after it."""

    name: str
    values: Mapping[str, float]


@dataclass
class Progress:
    """What is known so far: the point, the results, and who wants to hear."""

    solution: Floats | None = None  # of the last goal: where the next one starts
    duals: Floats | None = None
    results: list[StageResult] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)  # of the linear goals
    joint: dict[tuple[str, str], Outcome] = field(default_factory=dict)  # of goals reached together
    looked: dict[str, StageResult] = field(default_factory=dict)  # goals minimised together
    look: Floats | None = None  # their point, until the last of them is reached in earnest
    step: Step | None = None  # done last, where no goal is settled
    report: Callable[[Progress], None] = lambda progress: None

    @property
    def termination(self) -> str:
        """How the last goal ended."""
        return self.results[-1].termination if self.results else "completed"

    def add(self, result: StageResult, solution: Floats | None) -> None:
        """Record a goal and keep its point."""
        self.results.append(result)
        if solution is not None:
            self.solution = solution
            if result.name in list(self.looked)[-1:]:
                self.look = None
        self.report(self)

    @property
    def point(self) -> Floats | None:
        """The best point so far."""
        return self.solution if self.look is None else self.look

    def known(self) -> tuple[StageResult, ...]:
        """Return what is known of every goal; a quick look counts until its goal is reached."""
        reached = {result.name for result in self.results if result.value is not None}
        looked = [one for name, one in self.looked.items() if name not in reached]
        names = {one.name for one in looked}
        return (*looked, *(one for one in self.results if one.name not in names))


class Named(Protocol):
    """What a goal is called and counted in."""

    @property
    def name(self) -> str:
        """Name of the goal."""

    @property
    def unit(self) -> str:
        """What its value counts."""


class Stage(Named, Protocol):
    """A step: how to minimise its goals (one, as a rule) and how to hold them."""

    @property
    def goals(self) -> Sequence[Named]:
        """The goals that it settles; none where it only looks ahead."""

    def run(self, session: Session, budget: Budget, progress: Progress) -> None:
        """Minimise on the session, record the result, add the rows that hold it."""


@dataclass(frozen=True)
class LinearStage:
    """Minimise cost x columns + constant; later goals may give up the larger of two slacks.

    With `corners` also goals before the last end at a corner: an interior point can miss rows by
    so much that its value is out of reach, and then nothing is left for the next goal.
    """

    name: str
    unit: str
    cost: Floats
    constant: float
    slack_relative: float
    slack_absolute: float
    final: bool = False
    corners: bool = False

    @property
    def goals(self) -> Sequence[Named]:
        """Itself."""
        return (self,)

    def run(self, session: Session, budget: Budget, progress: Progress) -> None:
        """Minimise and hold."""
        outcome = session.minimise(
            self.cost,
            budget.seconds(),
            budget.work,
            budget.gap,
            start=progress.solution,
            crossover=(self.final or self.corners) and session.columns <= CORNER_COLUMNS,
            tolerance=last_gap(budget)
            if self.final and session.columns > CORNER_COLUMNS
            else TIGHT,
        )
        self.take(session, outcome, progress)

    def take(self, session: Session, outcome: Outcome, progress: Progress) -> None:
        """Record what a solve gave, and hold it."""
        progress.duals = outcome.duals
        progress.outcomes[self.name] = outcome
        progress.add(self._result(outcome), outcome.solution)
        if outcome.value is not None and not self.final:
            self.hold(session, outcome)

    def hold(self, session: Session, outcome: Outcome) -> None:
        """Keep the goal at its value plus the slack (row family `goal`)."""
        assert outcome.value is not None
        if self.exact(outcome.value):
            keep_face(session, self.cost, outcome)
        self.cap(session, outcome.value)

    def slack(self, value: float) -> float:
        """Return what later goals may give up of a value (without the constant)."""
        return max(self.slack_relative * abs(value + self.constant), self.slack_absolute)

    def exact(self, value: float) -> bool:
        """Whether later goals may give up no more than numerical slack."""
        return self.slack(value) <= NUMERICAL * max(1.0, abs(value + self.constant))

    def cap(self, session: Session, value: float) -> None:
        """Add the row that keeps the goal at a value plus the slack."""
        if np.any(self.cost):
            row = np.zeros(session.columns)
            row[: len(self.cost)] = self.cost
            most = np.array([value + self.slack(value)])
            session.add_rows(np.array([-np.inf]), most, sparse.csr_matrix(row[None, :]))

    def _result(self, outcome: Outcome) -> StageResult:
        value, bound = outcome.value, outcome.bound
        return StageResult(
            name=self.name,
            unit=self.unit,
            value=None if value is None else value + self.constant,
            bound=None if bound is None else bound + self.constant,
            termination=outcome.termination,
            source=f"highs {outcome.method}"
            + ("" if outcome.duals is None else ", bound from its duals"),
            seconds=outcome.seconds,
        )


def keep_face(session: Session, cost: Floats, outcome: Outcome) -> None:
    """Keep the optimal face of a solve that came to its end."""
    duals, solution = outcome.duals, outcome.solution
    if duals is not None and solution is not None and outcome.termination == "completed":
        session.keep_optimal(cost, duals, solution)


def run_stages(
    session: Session, stages: Sequence[Stage], budget: Budget, progress: Progress
) -> Progress:
    """Run the goals in order; without any point after the first there is nothing to go on."""
    for stage in stages:
        if budget.spent():
            progress.results += [not_reached(goal, "time_limit") for goal in stage.goals]
            continue
        stage.run(session, budget, progress)
        if progress.point is None and stage.goals:
            break
    return progress


def not_reached(stage: Named, termination: str) -> StageResult:
    """Return the result of a goal nobody worked on."""
    return StageResult(stage.name, stage.unit, None, None, termination, "not reached", 0.0, 0)
