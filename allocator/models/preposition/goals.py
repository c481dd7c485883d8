"""The goals of pre-positioning in their order: each is minimised, then held (section 4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from allocator.engine.benders import Tuning, solve_benders
from allocator.engine.ordered import Budget, StageResult
from allocator.engine.program import Floats
from allocator.engine.two_stage import (
    EXTENSIVE_COLUMNS,
    Held,
    TwoStage,
    TwoStageAnswer,
    extensive_columns,
    solve_extensive,
)
from allocator.models.preposition.evaluation import Evaluation, answers, measured
from allocator.models.preposition.model import UNITS, PrepositionModel
from allocator.models.preposition.read import rounded
from allocator.models.preposition.urgent import Urgent, completed
from allocator.models.preposition.warm import warm_start
from allocator.models.preposition.whole import Whole, first_guess

EARLY_SHARE = 0.5  # of the time left for a goal that others follow
WARM = Tuning(samples=(1.0,))  # from a good start samples of the scenarios gain nothing
CUT_ROOM = 1e-5  # of critical: a cap nearer than cuts are exact would stop the search
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
    method: str = "auto",
    seed: int = 0,
    threads: int = 1,
    workers: str = "",
    report: Report = lambda progress: None,
) -> Progress:
    """Minimise the goals of the policy in order; tell after each."""
    progress, held = Progress(), list[Held]()
    goals = model.policy.reserve_goals
    for number, goal in enumerate(goals):
        if progress.results and progress.found is None:
            break
        last = number == len(goals) - 1
        if goal == "critical" and not model.has_critical():
            progress.results.append(_nothing_urgent())
            continue
        if "cost" in goals[:number] and model.risk.averse:
            progress.results.append(_within_costs(progress))
            report(progress)
            continue
        share = budget if last else _part(budget)
        two_stage = _program(model, goal, held)
        start = _start(model, two_stage, share, progress, method, seed)
        if chosen(two_stage, method) == "extensive":
            solved = solve_extensive(two_stage, share, seed=seed, threads=threads)
        else:
            solved = solve_benders(
                two_stage,
                share,
                complete=Whole(model),
                start=start,
                seed=seed,
                threads=threads,
                workers=workers,
                tuning=Tuning() if start is None else WARM,
            )
        solved = _without_margin(model, goal, solved)
        _record(model, progress, goal, solved)
        if solved.value is not None:
            held.append(model.hold(goal, _cap(model, goal, solved)))
        report(progress)
    _clean(model, progress, seed, threads)
    report(progress)
    return progress


def _program(model: PrepositionModel, goal: str, held: Sequence[Held]) -> TwoStage:
    """Return the program of a goal; critical as the only one so far needs urgent items only."""
    two_stage = model.two_stage(goal, held)
    if goal != "critical" or two_stage.held:
        return two_stage
    return replace(two_stage, scenarios=Urgent(model))


def _start(
    model: PrepositionModel,
    two_stage: TwoStage,
    budget: Budget,
    progress: Progress,
    method: str,
    seed: int,
) -> Floats | None:
    """Return a point to start from: that of the goal before, else one that is made for it."""
    if progress.found is not None:
        return progress.found.first
    if chosen(two_stage, method) == "extensive":
        return None
    if extensive_columns(two_stage) <= EXTENSIVE_COLUMNS:
        return first_guess(model)
    found = warm_start(model, two_stage, budget, seed)
    return first_guess(model) if found is None else found


def chosen(two_stage: TwoStage, method: str) -> str:
    """Return the method: the one asked for, or what suits the size."""
    if method != "auto":
        return method
    small = extensive_columns(two_stage) <= EXTENSIVE_COLUMNS
    return "extensive" if small else "benders"


def _without_margin(model: PrepositionModel, goal: str, solved: TwoStageAnswer) -> TwoStageAnswer:
    """Take the constant out that gaps of critical are counted by; it is never below 0."""
    if goal != "critical":
        return solved
    value = None if solved.value is None else max(0.0, solved.value - model.margin)
    bound = 0.0 if solved.bound is None else max(0.0, solved.bound - model.margin)
    known = solved.termination != "infeasible"
    return replace(solved, value=value, bound=bound if known else None)


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


def _part(budget: Budget) -> Budget:
    left = budget.seconds()
    return (
        budget if left is None else replace(budget, deadline=time.monotonic() + EARLY_SHARE * left)
    )


def _record(model: PrepositionModel, progress: Progress, goal: str, solved: TwoStageAnswer) -> None:
    progress.results.append(
        StageResult(
            name=goal,
            unit=UNITS[goal],
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


def _cap(model: PrepositionModel, goal: str, solved: TwoStageAnswer) -> float:
    """Return what later goals must keep to: the value, its slack, and room for cuts to be exact."""
    policy, value = model.policy, solved.value or 0.0
    share = policy.give_up.get(goal, policy.slack_relative)
    slack = max(share * abs(value), policy.slack_absolute)
    if solved.method == "benders" and goal == "critical":
        slack = max(slack, CUT_ROOM * max(1.0, value + model.margin))
    return value + slack


def _nothing_urgent() -> StageResult:
    return StageResult("critical", UNITS["critical"], 0.0, 0.0, "completed", "no such need", 0.0, 0)


def _within_costs(progress: Progress) -> StageResult:
    """Return the people short where the scenarios keep their costs; nothing is proven of it."""
    value = None if progress.found is None else float(np.nan)
    source = "recourse at the cost of every scenario"
    return StageResult("critical", UNITS["critical"], value, None, "completed", source, 0.0)


def tied(model: PrepositionModel) -> bool:
    """Say whether goals tie the scenarios together once the first stage is fixed."""
    policy = model.policy
    first = policy.reserve_goals[0]
    gives = policy.give_up.get(first, policy.slack_relative) > NUMERICAL
    bound = policy.shortage_budget is not None and first != "critical"
    return bool((gives and len(policy.reserve_goals) > 1) or bound)


def _clean(model: PrepositionModel, progress: Progress, seed: int, threads: int) -> None:
    """Round the first stage and solve the recourse of every scenario once more for it."""
    if progress.found is None:
        return
    first = rounded(model, progress.found.first)
    again = measured(model, first, answers(model, first, threads, seed))
    given_up = first[model.services.missed] > 0.5 if len(model.services.missed) else False
    if (again.kept | given_up).all() and not tied(model):
        progress.found = again
    elif not np.array_equal(first, progress.found.first):
        progress.found = measured(model, first, progress.found.recourse)
    values = progress.found.values(model)
    progress.results = [
        replace(one, value=values[one.name])
        if one.value is not None and np.isnan(one.value)
        else one
        for one in progress.results
    ]
