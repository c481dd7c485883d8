"""In which scenarios a given plan keeps the floors, where they need not hold in all (section 8)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from allocator.engine.program import Floats
from allocator.models.preposition.evaluation import Evaluation, answers, measured
from allocator.models.preposition.model import PrepositionModel

NEAR = 1e-6  # of probability, and of the people short


def evaluate_plan(
    model: PrepositionModel, first: Floats, threads: int = 1, seed: int = 0
) -> Evaluation:
    """Solve the recourse of every scenario of a plan that does not say where floors are missed.

    Where cost alone would break the shortage budget, people come first after all.
    """
    goals, most = model.case.goals, model.policy.shortage_budget
    found = _evaluated(model, first, goals, threads, seed)
    if most is not None and "critical" not in goals:
        short = found.values(model)["critical"]
        if short > most + NEAR * max(1.0, most):
            return _evaluated(model, first, ("critical", *goals), threads, seed)
    return found


def _evaluated(
    model: PrepositionModel, first: Floats, goals: Sequence[str], threads: int, seed: int
) -> Evaluation:
    """Solve every scenario, first without floors that may be missed in some.

    Where too many scenarios then miss them, they are kept in those where that harms the goals
    least, until enough keep them.
    """
    missed = model.services.missed
    if not len(missed):
        return measured(model, first, answers(model, first, threads, seed, goals))
    point = first.copy()
    point[missed] = 1.0
    free = measured(model, point, answers(model, point, threads, seed, goals))
    chance = model.case.futures.probability
    allowed = 1.0 - model.policy.reserve_floor_probability + NEAR
    if chance[~free.kept].sum() <= allowed:
        return _with_missed(model, free, ~free.kept)
    point[missed] = 0.0
    strict = measured(model, point, answers(model, point, threads, seed, goals))
    given_up = ~free.kept
    for number in _least_harm(free, strict, goals):
        if chance[given_up].sum() <= allowed:
            break
        given_up[number] = False
    pairs = zip(given_up, free.recourse, strict.recourse, strict=True)
    chosen = [loose if missing else tight for missing, loose, tight in pairs]
    return _with_missed(model, measured(model, first, chosen), given_up)


def _least_harm(free: Evaluation, strict: Evaluation, goals: Sequence[str]) -> list[int]:
    """Return the scenarios that can keep their floors and do not, least harm first."""
    harm = {goal: strict.people[goal] - free.people[goal] for goal in free.people}
    harm["cost"] = strict.cost - free.cost
    order = np.lexsort([np.round(harm[goal], 6) for goal in reversed(goals)])
    able = strict.kept & ~free.kept
    return [int(number) for number in order if able[number]]


def _with_missed(model: PrepositionModel, found: Evaluation, given_up: np.ndarray) -> Evaluation:
    point = found.first.copy()
    point[model.services.missed] = given_up
    return measured(model, point, found.recourse)
