"""The goals of pre-positioning in their order: each is minimised, then held (section 4)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from allocator.engine.ordered import Budget, StageResult
from allocator.engine.program import Floats
from allocator.engine.two_stage import TwoStageAnswer
from allocator.errors import InternalError
from allocator.models.preposition.evaluation import Evaluation, answers, measured
from allocator.models.preposition.lean import lean
from allocator.models.preposition.model import PrepositionModel, unit_of
from allocator.models.preposition.one_goal import Kept, Ways, minimised
from allocator.models.preposition.read import rounded
from allocator.models.preposition.urgent import completed

QUIET = 10.0  # seconds between two bounds of a goal that are told
EARLY_SHARE = 0.5  # of the time left for a goal that others follow
NUMERICAL = 1e-5  # a slack above this is given up by choice: the scenarios then share it


@dataclass
class Progress:
    """What is known so far: the goals reached and the best point."""

    results: list[StageResult] = field(default_factory=list)
    found: Evaluation | None = None
    methods: list[str] = field(default_factory=list)


Report = Callable[[Progress], None]


def solve_goals(
    model: PrepositionModel,
    budget: Budget,
    ways: Ways | None = None,
    report: Report = lambda progress: None,
) -> Progress:
    """Minimise the goals of the policy in order; tell after each."""
    progress, kept = Progress(), list[Kept]()
    goals, ways = model.case.goals, ways or Ways()
    for number, goal in enumerate(goals):
        if progress.results and progress.found is None:
            break
        last = number == len(goals) - 1
        if goal == "critical" and not model.has_critical():
            progress.results.append(_nothing_urgent())
            continue
        if "cost" in goals[:number] and model.risk.averse:
            progress.results.append(_within_costs(goal, progress))
            report(progress)
            continue
        solved = minimised(
            model,
            goal,
            kept,
            progress.found,
            budget if last else _part(budget),
            replace(ways, hear=_bounds(goal, progress, report)),
        )
        _record(model, progress, goal, solved)
        if solved.value is not None:
            kept.append(Kept(goal, solved.value, solved.method))
        report(progress)
    _clean(model, progress, ways.seed, ways.threads)
    report(progress)
    return progress


def _whole_answers(model: PrepositionModel, solved: TwoStageAnswer) -> list[Floats]:
    """Return the recourse over all columns of the scenarios, urgent items or all solved."""
    if solved.first is None or solved.recourse is None:
        return []
    found = []
    for number, point in enumerate(solved.recourse):
        scenario = model.scenario(number)
        full = len(point) == len(scenario.recourse.cost)
        found.append(point if full else completed(model, scenario, solved.first, point))
    return found


def _bounds(goal: str, progress: Progress, report: Report) -> Callable[[TwoStageAnswer], None]:
    """Return who tells of better bounds of a goal not yet reached, not too often.

    Should the clock end the process before the goal is reached, its bound is not lost.
    """
    told, known = time.monotonic(), -np.inf

    def hear(answer: TwoStageAnswer) -> None:
        nonlocal told, known
        late = time.monotonic() - told >= QUIET or not np.isfinite(known)
        if answer.bound is None or answer.bound <= known or not late or progress.found is None:
            return
        told, known = time.monotonic(), answer.bound
        unit, source = unit_of(goal), f"highs {answer.method}"
        so_far = StageResult(
            goal, unit, None, answer.bound, "time_limit", source, answer.seconds, answer.rounds
        )
        report(replace(progress, results=[*progress.results, so_far]))

    return hear


def _part(budget: Budget) -> Budget:
    left = budget.seconds()
    return (
        budget if left is None else replace(budget, deadline=time.monotonic() + EARLY_SHARE * left)
    )


def _record(model: PrepositionModel, progress: Progress, goal: str, solved: TwoStageAnswer) -> None:
    progress.results.append(
        StageResult(
            name=goal,
            unit=unit_of(goal),
            value=solved.value,
            bound=solved.bound,
            termination=solved.termination,
            source=f"highs {solved.method}",
            seconds=solved.seconds,
            steps=max(1, solved.rounds),
        )
    )
    progress.methods.append(solved.method)
    if solved.first is not None and solved.recourse is not None:
        progress.found = measured(model, solved.first, _whole_answers(model, solved))


def _nothing_urgent() -> StageResult:
    return StageResult("critical", "people", 0.0, 0.0, "completed", "no such need", 0.0, 0)


def _within_costs(goal: str, progress: Progress) -> StageResult:
    """Return the people short where the scenarios keep their costs; nothing is proven of it."""
    value = None if progress.found is None else float(np.nan)
    source = "recourse at the cost of every scenario"
    return StageResult(goal, unit_of(goal), value, None, "completed", source, 0.0)


def tied(model: PrepositionModel) -> bool:
    """Say whether goals tie the scenarios together once the first stage is fixed."""
    policy, goals = model.policy, model.case.goals
    given = [policy.give_up.get(goal, policy.slack_relative) for goal in goals[:-1]]
    bound = policy.shortage_budget is not None and goals[0] != "critical"
    return bool(max(given, default=0.0) > NUMERICAL or bound)


def _clean(model: PrepositionModel, progress: Progress, seed: int, threads: int) -> None:
    """Round the first stage and solve the recourse of every scenario once more for it."""
    if progress.found is None:
        return
    first = rounded(model, progress.found.first)
    try:
        again = measured(model, first, answers(model, first, threads, seed))
    except InternalError:
        # A scenario HiGHS could not end: the recourse there is stands, the judge looks at it.
        again = measured(model, first, progress.found.recourse)
    given_up = first[model.services.missed] > 0.5 if len(model.services.missed) else False
    if (again.kept | given_up).all() and not tied(model):
        progress.found = again
    elif not np.array_equal(first, progress.found.first):
        progress.found = measured(model, first, progress.found.recourse)
    progress.found = lean(model, progress.found)
    values = progress.found.values(model)
    progress.results = [
        replace(one, value=values[one.name])
        if one.value is not None and np.isnan(one.value)
        else one
        for one in progress.results
    ]
