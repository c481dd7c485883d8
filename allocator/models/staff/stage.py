"""One goal of a roster: an exact search, and where it is cut, a search around the best roster."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from allocator.engine.cpsat import CpSession
from allocator.engine.neighbourhood import Bools, Rounds, Whole, improve
from allocator.engine.ordered import Budget, LinearStage, Progress
from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats, Program
from allocator.engine.session import CORNER_COLUMNS, Session
from allocator.models.staff.lines_solve import Effort, LineSolve
from allocator.models.staff.lines_split import split_of
from allocator.models.staff.model import StaffModel
from allocator.models.staff.relaxed import by_relaxation
from allocator.models.staff.steps import next_value, room_of, step_of

LINES = 0.2  # of the seconds of a goal, for lines where an exact search may end as well
EXACT_COLUMNS = 5000
EXACT = 0.5  # of the seconds of a goal, for the exact search
GOAL = 0.6  # of the seconds left, for a goal that is not the last
ROUND_SECONDS = 3.0
ROUND_WORK = 100  # nodes of a round
ROUNDS = 10**6
ROUNDS_BY_WORK = 20  # rounds a goal when work is limited


@dataclass
class Held:
    """Earlier goals and the most each may be."""

    costs: list[Floats] = field(default_factory=list)
    most: list[float] = field(default_factory=list)

    def rows(self, columns: int) -> sparse.csr_matrix:
        """Return the goals as rows."""
        found = np.zeros((len(self.costs), columns))
        for row, cost in zip(found, self.costs, strict=True):
            row[: len(cost)] = cost
        return sparse.csr_matrix(found)


@dataclass(frozen=True)
class StaffStage(LinearStage):
    """Minimise a goal, and search around a roster that is not proven best."""

    model: StaffModel = None  # type: ignore[assignment]
    held: Held = field(default_factory=Held)
    seed: int = 0
    lines: bool = False

    def run(self, session: Session, budget: Budget, progress: Progress) -> None:
        """Minimise and hold."""
        left = budget.seconds()
        mine = left if left is None or self.final else GOAL * left
        if not self.lines:
            self.take(session, self._exact(session, budget, mine, progress), progress)
            return
        small = session.columns <= EXACT_COLUMNS
        share = mine if mine is None or not small else LINES * mine
        outcome = self._by_lines(budget, share, progress)
        if outcome is None or (small and outcome.termination == "time_limit"):
            left = None if mine is None or share is None else mine - share
            other = self._exact(session, budget, left, progress)
            outcome = other if outcome is None else _both(outcome, other)
        self.take(session, outcome, progress)

    def _exact(
        self, session: Session, budget: Budget, mine: float | None, progress: Progress
    ) -> Outcome:
        """Minimise by the solver; where that is cut, search around the best roster."""
        deadline = None if mine is None else time.monotonic() + mine
        rough = self._relaxed(session, budget, mine)
        if rough is not None:
            rough = self._better(rough, progress.solution)
            if rough.termination == "completed":
                return rough
            self._tell(rough, progress)
        outcome = self._whole_program(session, budget, deadline, progress.solution)
        outcome = outcome if rough is None else _both(outcome, rough)
        if outcome.solution is not None and outcome.termination != "completed":
            outcome = self._searched(outcome, budget, deadline, progress)
        return outcome

    def _relaxed(self, session: Session, budget: Budget, mine: float | None) -> Outcome | None:
        """Return what the relaxation of a large program leads to; None for others."""
        if not by_relaxation_first(session):
            return None
        owner, _ = self.model.owners()
        return by_relaxation(session, self._whole(), owner, budget, mine, self.constant, self.seed)

    def _whole_program(
        self, session: Session, budget: Budget, deadline: float | None, start: Floats | None
    ) -> Outcome:
        exact = None if deadline is None else EXACT * max(0.0, deadline - time.monotonic())
        # HiGHS 1.12 can call a start best that is not (seen where presolve meets a start): it
        # begins without one, and the start is kept beside.
        hint = start if isinstance(session, CpSession) else None
        outcome = session.minimise(self.cost, exact, budget.work, budget.gap, start=hint)
        return self._better(outcome, start)

    def _by_lines(self, budget: Budget, mine: float | None, progress: Progress) -> Outcome | None:
        """Search over lines; None without a roster, and without a proof or a limit."""
        began = time.monotonic()
        search = LineSolve(
            split_of(self.model, self._whole()),
            Parts(self.model).choose,
            Effort.of(budget, mine),
            step_of(self.cost, self.model.program.integer),
            self.constant,
            self.seed,
        )

        def found(point: Floats) -> None:
            self._tell(search.outcome(point, "interrupted", began), progress)

        point = search.run(progress.solution, found)
        proven = search.proven(point)
        unlimited = mine is None and budget.work is None
        if point is None or (unlimited and not proven):
            return None
        limit = "time_limit" if budget.work is None else "work_limit"
        return search.outcome(point, "completed" if proven else limit, began)

    def _tell(self, outcome: Outcome, progress: Progress) -> None:
        """Report a roster before its goal is settled: whatever happens now, it is kept."""
        progress.solution = outcome.solution
        progress.looked[self.name] = self._result(outcome)
        progress.report(progress)

    def _whole(self) -> Whole:
        rows = self.held.rows(self.model.program.column_count)
        return Whole(self.model.program, self.cost, rows, np.array(self.held.most))

    def _better(self, outcome: Outcome, start: Floats | None) -> Outcome:
        """Return the outcome with the start where that is better."""
        if start is None or outcome.termination == "infeasible":
            return outcome
        value = float(self.cost @ start[: len(self.cost)])
        if outcome.value is not None and outcome.value <= value + self.slack(value):
            return outcome
        return replace(outcome, solution=start, value=value)

    def _searched(
        self, outcome: Outcome, budget: Budget, deadline: float | None, progress: Progress
    ) -> Outcome:
        assert outcome.solution is not None
        assert outcome.value is not None
        bound = -np.inf if outcome.bound is None else outcome.bound
        bound = next_value(bound, step_of(self.cost, self.model.program.integer))
        room = room_of(outcome.value, budget.gap, self.constant)
        worked = deadline is None
        rounds = Rounds(
            ROUNDS_BY_WORK if worked else ROUNDS,
            np.inf if worked else ROUND_SECONDS,
            ROUND_WORK if worked else None,
            deadline,
            bound + room,
        )

        def found(point: Floats) -> None:
            progress.solution = point
            progress.report(progress)

        point = improve(
            self._whole(),
            outcome.solution,
            Parts(self.model).choose,
            _session,
            rounds,
            self.seed,
            found,
        )
        value = float(self.cost @ point[: len(self.cost)])
        end = "completed" if value <= bound + room else outcome.termination
        return replace(outcome, solution=point, value=value, termination=end)

    def cap(self, session: Session, value: float) -> None:
        """Add the row that keeps the goal, and keep it for parts of the program too."""
        super().cap(session, value)
        self.held.costs.append(self.cost)
        self.held.most.append(value + self.slack(value))


def by_relaxation_first(session: Session) -> bool:
    """Whether a program is worth it: large, and a corner of it can be had."""
    large = EXACT_COLUMNS < session.columns <= CORNER_COLUMNS
    return large and not isinstance(session, CpSession)


def _both(one: Outcome, other: Outcome) -> Outcome:
    """Return the better roster of two searches, and the better bound."""
    best = one
    if other.value is not None and (one.value is None or other.value < one.value):
        best = other
    bounds = [each.bound for each in (one, other) if each.bound is not None]
    end = other.termination if other.termination == "completed" else one.termination
    return replace(best, bound=max(bounds, default=None), termination=end)


def _session(program: Program, seed: int) -> Session:
    return Session(program, seed)


class Parts:
    """What to free of a roster: some workers over the whole horizon, or everybody for some days."""

    def __init__(self, model: StaffModel) -> None:
        """Take whose columns are whose."""
        self.worker, self.period = model.owners()
        self.workers, self.periods = model.works.shape

    def choose(self, dice: np.random.Generator, size: float) -> Bools:
        """Return the columns of a share `size` of the workers, or of half as many periods more."""
        common = self.worker < 0
        if dice.random() < 0.5:
            count = max(2, round(size * self.workers))
            some = dice.choice(self.workers, min(self.workers, count), replace=False)
            return np.asarray(common | np.isin(self.worker, some))
        length = max(3, round(1.5 * size * self.periods))
        begin = int(dice.integers(-length // 2, self.periods))
        inside = (self.period >= begin) & (self.period < begin + length)
        return np.asarray(common | inside | (self.period == -2))
