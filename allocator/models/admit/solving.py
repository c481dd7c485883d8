"""The way into beds: the goals of an instance in their order, under the regime of the policy."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from allocator.engine.ordered import Budget, Progress, run_stages
from allocator.engine.session import Session
from allocator.instance.admit_case import AdmitCase, admit_case
from allocator.instance.instance import Instance
from allocator.models.admit.goals import Goals
from allocator.models.admit.program import AdmitProgram
from allocator.models.admit.read import plan_tables
from allocator.models.admit.regimes import keep_apart, offer
from allocator.models.answer import Answer

Report = Callable[[Answer], None]
OWN_SHARE = 0.4  # of the time left for what the districts do for their own


def solve(
    instance: Instance | AdmitCase,
    budget: Budget | None = None,
    seed: int = 0,
    threads: int = 1,
    report: Report = lambda answer: None,
) -> Answer:
    """Return the plan of a valid instance and what is known of each goal.

    Args:
        instance: The instance, or its arrays.
        budget: What the solves may spend.
        seed: Seed of the solver.
        threads: Threads of the solver.
        report: Told the answer so far after each goal.
    """
    case = admit_case(instance) if isinstance(instance, Instance) else instance
    program = AdmitProgram(case)
    stages, given = Goals(program).stages(), budget or Budget()

    def tell(progress: Progress) -> None:
        report(answer_of(program, progress))

    session = Session(program.program, seed, threads)
    if case.policy.admit_regime == "district-first":
        keep_apart(program, session)
        own = run_stages(session, stages, _part(given), Progress())
        if own.point is None:
            return answer_of(program, own)
        session = Session(program.program, seed, threads)
        offer(program, session, own.point)
        start = Progress(solution=own.point, report=tell)
    else:
        start = Progress(report=tell)
    return answer_of(program, run_stages(session, stages, given, start))


def answer_of(program: AdmitProgram, progress: Progress) -> Answer:
    """Return what is known so far."""
    size = {
        "scenarios": program.scenarios,
        "columns": program.program.column_count,
        "rows": program.program.row_count,
    }
    tables = {} if progress.point is None else plan_tables(program, progress.point)
    return Answer(tables, progress.known(), {"size": size})


def _part(budget: Budget) -> Budget:
    left = budget.seconds()
    if left is None:
        return budget
    return replace(budget, deadline=time.monotonic() + OWN_SHARE * left)
