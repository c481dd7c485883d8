"""The price of fairness: the same goals without the fairness rule."""

from __future__ import annotations

from collections.abc import Mapping

from allocator.engine.joint import JointStage
from allocator.engine.ordered import Budget, LinearStage, Progress, run_stages
from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats
from allocator.engine.session import Session
from allocator.models.dispatch import rounding
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.pairs import FLOORS_WEIGHT, urgent_pair
from allocator.models.dispatch.shares import shares_of
from allocator.models.dispatch.solve import (
    fair_tiers,
    goal_names,
    stages_of,
)

FREE = ("cost", "change")  # goals that serve nobody


def goals_before_fairness(model: DispatchModel) -> list[str]:
    """Return the goals that come before the first one of fairness: the same with and without it."""
    names = goal_names(model)
    first = next((n for n, name in enumerate(names) if name.startswith("fairness.")), len(names))
    return names[:first]


def in_fractions(model: DispatchModel) -> bool:
    """Return whether the goals without fairness are reached without whole packs and trips."""
    return bool(model.program.integer.sum() > rounding.EXACT_INTEGERS)


def without(
    model: DispatchModel,
    budget: Budget,
    reached: Mapping[str, Outcome],
    together: Mapping[tuple[str, str], Outcome] = {},
) -> Progress:
    """Reach the goals with those of fairness left out; what is `reached` is taken as it is.

    `together` are the solves that reached two goals at once. Large programs are solved without
    whole packs and trips.
    """
    stages = [
        stage
        for stage in stages_of(model, Attainable(model), fair=False)
        if stage.name.partition(".")[0] not in FREE
    ]
    program = model.program
    if in_fractions(model):
        program = program.copy()
        program.relax()
    session, progress = Session(program), Progress()
    pair = urgent_pair(stages, FLOORS_WEIGHT)
    if pair is not None and pair.names in together:
        JointStage(pair).take(session, together[pair.names], None, progress)
    for stage in stages[len(progress.results) :]:
        known = reached.get(stage.name)
        if known is None or not isinstance(stage, LinearStage):
            break
        stage.take(session, known, progress)
    return run_stages(session, stages[len(progress.results) :], budget, progress)


def values_without(
    model: DispatchModel, attainable: Attainable, progress: Progress
) -> dict[str, float]:
    """Return the values reached; `fairness.c` is 1 - the smallest share of tier c in that plan."""
    values = {result.name: result.value for result in progress.results if result.value is not None}
    if progress.solution is None:
        return values
    for tier in fair_tiers(model):
        values[f"fairness.{tier}"] = 1.0 - _worst(model, attainable, tier, progress.solution)
    return values


def _worst(model: DispatchModel, attainable: Attainable, tier: int, point: Floats) -> float:
    shares = shares_of(model, tier)
    return float(shares.values(point, attainable.known(shares)).min(initial=1.0))
