"""Two-stage programs: decide now, answer each scenario later; their types and extensive form.

Minimise c x + (1 - w) sum_s p_s Q_s(x) + w R(Q(x)) over x of the first stage, where
Q_s(x) = min q_s y with row_lower <= W_s y + T_s x <= row_upper and lower <= y <= upper,
and R is the expectation, the conditional value at risk or the worst case of the Q_s.
(Birge and Louveaux 2011, Introduction to stochastic programming; Rockafellar and Uryasev 2000.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy import sparse

from allocator.engine.benders_lp import free_threads
from allocator.engine.ordered import Budget
from allocator.engine.program import Floats, Ints, Program
from allocator.engine.session import Session

EXTENSIVE_COLUMNS = 30_000  # above this the extensive form is slower than Benders decomposition

Complete = Callable[[Floats], "Floats | None"]


@dataclass(frozen=True)
class Recourse:
    """The answer to one scenario: columns y with cost and bounds, rows W y + T x within bounds.

    Attributes:
        cost: (columns,) cost of y, without the probability.
        lower: (columns,) lower bounds of y.
        upper: (columns,) upper bounds of y.
        matrix: W, rows x columns.
        link: T, rows x columns of the first stage.
        row_lower: (rows,) lower bounds of W y + T x.
        row_upper: (rows,) upper bounds of W y + T x.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    matrix: sparse.csr_matrix
    link: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats


@dataclass(frozen=True)
class Risk:
    """How costs of scenarios count: (1 - weight) x expectation + weight x the measure `kind`."""

    kind: Literal["expected", "cvar", "worst"] = "expected"
    weight: float = 1.0
    level: float = 0.9

    @property
    def averse(self) -> bool:
        """Whether anything but the expectation counts; the tail of level 0 is everything."""
        everything = self.kind == "cvar" and self.level <= 0.0
        return self.kind != "expected" and self.weight > 0.0 and not everything

    def of(self, costs: Floats, probability: Floats) -> float:
        """Return the measure of the scenarios' costs."""
        expected = float(probability @ costs)
        if not self.averse:
            return expected
        if self.kind == "worst":
            tail = float(costs[probability > 0].max())
        else:
            tail = tail_mean(costs, probability, self.level)
        return (1.0 - self.weight) * expected + self.weight * tail


def tail_mean(costs: Floats, probability: Floats, level: float) -> float:
    """Return the mean of the worst 1 - level of the costs: the conditional value at risk."""
    order = np.argsort(-costs, kind="stable")
    before = np.r_[0.0, np.cumsum(probability[order])[:-1]]
    taken = np.clip((1.0 - level) - before, 0.0, probability[order])
    return float(taken @ costs[order] / taken.sum())


@dataclass(frozen=True)
class Held:
    """An expectation that must not exceed `cap`: first x + sum_s p_s (scenarios[s] y_s) <= cap."""

    first: Floats
    scenarios: Sequence[Floats]
    cap: float


@dataclass(frozen=True)
class TwoStage:
    """A two-stage program; `scenarios` may make its members when they are asked for.

    Attributes:
        first: Columns and rows of the first stage; integers are allowed here only.
        cost: (first columns,) cost of the first stage.
        scenarios: One recourse a scenario.
        probability: (scenarios,) probabilities, summing to 1.
        risk: How the scenarios' costs count.
        held: Expectations with a cap.
    """

    first: Program
    cost: Floats
    scenarios: Sequence[Recourse]
    probability: Floats
    risk: Risk = field(default_factory=Risk)
    held: Sequence[Held] = ()

    def value(self, first: Floats, costs: Floats) -> float:
        """Return the goal of a first-stage point and the costs of the scenarios there."""
        return float(self.cost @ first) + self.risk.of(costs, self.probability)


@dataclass(frozen=True)
class Step:
    """What was known after a round of the search."""

    seconds: float
    value: float | None
    bound: float | None
    note: str = ""


@dataclass(frozen=True)
class TwoStageAnswer:
    """The best point found and a bound that is true however the search ended.

    Attributes:
        first: (first columns,) the point of the first stage; None when none was found.
        recourse: One array of y a scenario; None without a point.
        value: Goal of the point.
        bound: No point is below it.
        termination: completed | time_limit | work_limit | infeasible | error.
        method: What found it.
        seconds: Wall time.
        rounds: Rounds of cuts (0 for the extensive form).
        history: What was known when.
    """

    first: Floats | None
    recourse: list[Floats] | None
    value: float | None
    bound: float | None
    termination: str
    method: str
    seconds: float
    rounds: int = 0
    history: tuple[Step, ...] = ()

    @property
    def gap(self) -> float | None:
        """Relative distance of value and bound; None while either is unknown."""
        if self.value is None or self.bound is None:
            return None
        return max(0.0, self.value - self.bound) / max(abs(self.value), 1e-9)


def extensive(two_stage: TwoStage) -> tuple[Program, Floats]:
    """Return everything as one program, and its cost.

    Columns: the first stage, y of every scenario in turn, then those of the risk measure. For the
    tail: level + (1 / (1 - alpha)) sum_s p_s excess_s with excess_s >= Q_s - level
    (Rockafellar and Uryasev 2000); for the worst case: level >= Q_s.
    """
    program, risk = two_stage.first.copy(), two_stage.risk
    columns = [_add_recourse(program, recourse) for recourse in two_stage.scenarios]
    spread = 1.0 - risk.weight if risk.averse else 1.0
    parts = [two_stage.cost]
    for recourse, chance in zip(two_stage.scenarios, two_stage.probability, strict=True):
        parts.append(spread * chance * recourse.cost)
    for held in two_stage.held:
        _add_held(program, two_stage, held, columns)
    if risk.averse:
        parts.append(_add_risk(program, two_stage, columns))
    return program, np.concatenate(parts)


def _add_recourse(program: Program, recourse: Recourse) -> Ints:
    columns = program.add_columns("recourse", len(recourse.cost), recourse.upper, recourse.lower)
    rows = program.add_rows(
        "recourse", len(recourse.row_lower), recourse.row_lower, recourse.row_upper
    )
    matrix, link = recourse.matrix.tocoo(), recourse.link.tocoo()
    if len(rows):
        program.add_entries(rows[matrix.row], columns[matrix.col], matrix.data)
        program.add_entries(rows[link.row], link.col, link.data)
    return columns


def _add_held(program: Program, two_stage: TwoStage, held: Held, columns: list[Ints]) -> None:
    row = program.add_rows("held", 1, upper=held.cap)
    program.add_entries(row, np.flatnonzero(held.first), held.first[held.first != 0])
    for mine, chance, factors in zip(columns, two_stage.probability, held.scenarios, strict=True):
        program.add_entries(row, mine, chance * factors)


def _add_risk(program: Program, two_stage: TwoStage, columns: list[Ints]) -> Floats:
    """Add level and excess; return their cost."""
    risk, chances = two_stage.risk, two_stage.probability
    level = program.add_columns("level", 1, lower=-np.inf)
    counted = np.flatnonzero(chances > 0)
    size = len(counted) if risk.kind == "cvar" else 0
    excess = program.add_columns("excess", size)
    rows = program.add_rows("excess", len(counted), lower=0.0)
    program.add_entries(rows, level, 1.0)
    program.add_entries(rows[:size], excess, 1.0)
    for row, scenario in zip(rows, counted.tolist(), strict=True):
        program.add_entries(row, columns[scenario], -two_stage.scenarios[scenario].cost)
    if size == 0:
        return np.array([risk.weight])
    weights: Floats = risk.weight * np.r_[1.0, chances[counted] / (1.0 - risk.level)]
    return weights


def solve_extensive(
    two_stage: TwoStage, budget: Budget, *, seed: int = 0, threads: int = 1
) -> TwoStageAnswer:
    """Solve the extensive form; for few scenarios, and to compare with."""
    began = time.perf_counter()
    program, cost = extensive(two_stage)
    free_threads()
    session = Session(program, seed=seed, threads=threads)
    outcome = session.minimise(cost, budget.seconds(), budget.work, budget.gap)
    first, recourse = None, None
    if outcome.solution is not None:
        first = outcome.solution[: two_stage.first.column_count]
        recourse = list(_split(outcome.solution, two_stage))
    free_threads()
    seconds = time.perf_counter() - began
    return TwoStageAnswer(
        first=first,
        recourse=recourse,
        value=outcome.value,
        bound=outcome.bound,
        termination=outcome.termination,
        method="extensive",
        seconds=seconds,
        history=(Step(seconds, outcome.value, outcome.bound, outcome.method),),
    )


def _split(solution: Floats, two_stage: TwoStage) -> Iterator[Floats]:
    start = two_stage.first.column_count
    for recourse in two_stage.scenarios:
        yield solution[start : start + len(recourse.cost)]
        start += len(recourse.cost)


def solve_two_stage(
    two_stage: TwoStage,
    budget: Budget,
    *,
    method: str = "auto",
    complete: Complete | None = None,
    start: Floats | None = None,
    seed: int = 0,
    threads: int = 1,
    workers: str = "",
    report: Callable[[TwoStageAnswer], None] = lambda answer: None,
) -> TwoStageAnswer:
    """Solve by `extensive` or `benders`, or by what suits the size (`auto`); see `solve_benders`.

    Raises:
        ValueError: No such method.
    """
    from allocator.engine.benders import solve_benders

    if method not in ("auto", "extensive", "benders"):
        raise ValueError(f"no such method: {method}")
    if method == "auto":
        method = "extensive" if extensive_columns(two_stage) <= EXTENSIVE_COLUMNS else "benders"
    if method == "extensive":
        return solve_extensive(two_stage, budget, seed=seed, threads=threads)
    return solve_benders(
        two_stage,
        budget,
        complete=complete,
        start=start,
        seed=seed,
        threads=threads,
        workers=workers,
        report=report,
    )


def extensive_columns(two_stage: TwoStage) -> int:
    """Return how many columns the extensive form has, judging by the first scenario."""
    return two_stage.first.column_count + len(two_stage.scenarios) * len(
        two_stage.scenarios[0].cost
    )
