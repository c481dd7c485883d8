"""One goal of pre-positioning, by the method that suits its size (formulation sections 4 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from allocator.engine.benders import solve_benders
from allocator.engine.benders_tuning import Tuning
from allocator.engine.ordered import Budget
from allocator.engine.program import Floats
from allocator.engine.two_stage import (
    EXTENSIVE_COLUMNS,
    TwoStage,
    TwoStageAnswer,
    extensive_columns,
    solve_extensive,
)
from allocator.models.preposition.elastic import STEEP, Elastic, elastic
from allocator.models.preposition.evaluation import Evaluation
from allocator.models.preposition.model import PrepositionModel
from allocator.models.preposition.urgent import Urgent
from allocator.models.preposition.warm import warm_start
from allocator.models.preposition.whole import Whole, first_guess

# From a good start samples gain nothing; a relaxation to the last digit is worth less than choices.
WARM = Tuning(samples=(1.0,), relaxed_gap=0.01, relaxed_share=0.35, descend=True)
CUT_ROOM = 1e-5  # of critical: a cap nearer than cuts are exact would stop the search


@dataclass(frozen=True)
class Kept:
    """A goal that was minimised, for those that follow: its value and the method that found it."""

    goal: str
    value: float
    method: str


@dataclass(frozen=True)
class Ways:
    """How to solve: auto | extensive | benders, seed, threads, address of a cluster.

    `hear` is told of every better point or bound of a goal, before the goal is reached.
    """

    method: str = "auto"
    seed: int = 0
    threads: int = 1
    workers: str = ""
    hear: Callable[[TwoStageAnswer], None] = lambda answer: None

    def by_cuts(self, two_stage: TwoStage) -> bool:
        """Say whether to decompose: when asked to, or when the size calls for it."""
        large = extensive_columns(two_stage) > EXTENSIVE_COLUMNS
        return self.method == "benders" or (self.method == "auto" and large)


def minimised(
    model: PrepositionModel,
    goal: str,
    kept: Sequence[Kept],
    found: Evaluation | None,
    budget: Budget,
    ways: Ways,
) -> TwoStageAnswer:
    """Minimise a goal with the earlier ones kept; `found` is the plan of the goal before.

    Cuts can say of a scenario neither that a recourse is possible nor that it is not, when a cap
    is met to the last digit. Caps are elastic where they can be; else the program is solved as a
    whole.
    """
    two_stage = _program(model, goal, kept)
    if ways.by_cuts(two_stage):
        try:
            start = None if found is None else found.first
            if found is not None and _elastic_caps(model, goal, kept):
                priced = _priced(model, goal, kept, found, budget, ways)
                return _without_margin(model, goal, priced)
            return _without_margin(
                model, goal, _by_cuts(model, goal, two_stage, start, budget, ways)
            )
        except RuntimeError:
            pass
    whole = solve_extensive(two_stage, budget, seed=ways.seed, threads=ways.threads)
    if whole.termination == "error" and whole.first is None:
        # HiGHS gave the large program up; cuts need small ones only.
        whole = _by_cuts(model, goal, two_stage, None, budget, ways)
    return _without_margin(model, goal, whole)


def _elastic_caps(model: PrepositionModel, goal: str, kept: Sequence[Kept]) -> bool:
    """Say whether every cap is on people, and every scenario counts in the goal.

    In a pure tail or worst case the other scenarios cost nothing, and so would a price in them.
    """
    counted = goal != "cost" or not model.risk.averse or model.risk.weight < 1.0
    return bool(kept) and all(one.goal != "cost" for one in kept) and counted


def _priced(
    model: PrepositionModel,
    goal: str,
    kept: Sequence[Kept],
    found: Evaluation,
    budget: Budget,
    ways: Ways,
) -> TwoStageAnswer:
    """Minimise a goal by cuts with people kept by a price on more of them than their cap."""
    share = 1.0 - model.risk.weight if goal == "cost" and model.risk.averse else 1.0
    caps, start, size = list[Elastic](), found.first, max(1.0, abs(found.values(model)[goal]))
    program = replace(model.two_stage(goal), held=())
    for one in kept:
        price = STEEP * size / max(1.0, model.in_need(one.goal)) / share
        people = [model.scenario(number).people[one.goal] for number in range(len(model))]
        caps.append(elastic(program, people, cap(model, one, room=0.0), price))
        start = caps[-1].start(start, found.people[one.goal])
        program = caps[-1].program
    solved = solve_benders(
        program,
        budget,
        start=start,
        seed=ways.seed,
        threads=ways.threads,
        workers=ways.workers,
        report=lambda answer: ways.hear(_without_margin(model, goal, answer)),
        tuning=WARM,
    )
    for one_cap in reversed(caps):
        if solved.value is not None:
            paid = share * one_cap.price * one_cap.above(solved)
            solved = replace(solved, value=solved.value - paid)
        solved = one_cap.plain(solved)
    return solved


def _by_cuts(
    model: PrepositionModel,
    goal: str,
    two_stage: TwoStage,
    start: Floats | None,
    budget: Budget,
    ways: Ways,
) -> TwoStageAnswer:
    centre: Floats | None = None
    if start is None and extensive_columns(two_stage) > EXTENSIVE_COLUMNS:
        centre, start = warm_start(model, two_stage, budget, ways.seed)
    if start is None:
        start = first_guess(model)
    return solve_benders(
        two_stage,
        budget,
        complete=Whole(model),
        start=start,
        centre=centre,
        seed=ways.seed,
        threads=ways.threads,
        workers=ways.workers,
        report=lambda answer: ways.hear(_without_margin(model, goal, answer)),
        tuning=Tuning() if start is None else WARM,
    )


def _program(model: PrepositionModel, goal: str, kept: Sequence[Kept]) -> TwoStage:
    """Return the program of a goal; critical as the only one so far needs urgent items only."""
    held = [model.hold(one.goal, cap(model, one)) for one in kept]
    two_stage = model.two_stage(goal, held)
    if goal != "critical" or two_stage.held:
        return two_stage
    return replace(two_stage, scenarios=Urgent(model))


def cap(model: PrepositionModel, kept: Kept, room: float = CUT_ROOM) -> float:
    """Return what later goals must keep to: the value, its slack, and room for cuts to be exact."""
    policy = model.policy
    share = policy.give_up.get(kept.goal, policy.slack_relative)
    slack = max(share * abs(kept.value), policy.slack_absolute)
    if kept.method == "benders" and kept.goal != "cost":
        slack = max(slack, room * max(1.0, kept.value + model.margin(kept.goal)))
    return kept.value + slack


def _without_margin(model: PrepositionModel, goal: str, solved: TwoStageAnswer) -> TwoStageAnswer:
    """Take the constant out that gaps of people are counted by; they are never below 0."""
    if goal == "cost":
        return solved
    margin = model.margin(goal)
    value = None if solved.value is None else max(0.0, solved.value - margin)
    bound = 0.0 if solved.bound is None else max(0.0, solved.bound - margin)
    known = solved.termination != "infeasible"
    return replace(solved, value=value, bound=bound if known else None)
