"""A good point to start from: the relaxation on a few scenarios, as it is and made whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.engine.benders_subproblem import Subproblem
from allocator.engine.ordered import Budget
from allocator.engine.program import Floats, Ints
from allocator.engine.session import Session
from allocator.engine.two_stage import TwoStage, extensive, extensive_columns
from allocator.models.preposition.model import PrepositionModel
from allocator.models.preposition.whole import Whole, first_guess

COLUMNS = 60_000  # of the relaxation on a few scenarios: some 5 seconds for the interior point
FEW, MOST = 4, 16  # scenarios in it
LOOKED_AT = 64  # scenarios valued to choose them
TINY = 1e-6  # of the dearest: what every scenario costs at least, so that none is nothing
TIME_SHARE = 0.25  # of the time left: the most for it


def warm_start(
    model: PrepositionModel, two_stage: TwoStage, budget: Budget, seed: int = 0
) -> tuple[Floats | None, Floats | None]:
    """Return the relaxed first stage that is best for a few scenarios, and a whole one near it."""
    program, cost = extensive(sampled(model, two_stage))
    left = budget.seconds()
    seconds = None if left is None else TIME_SHARE * left
    session = Session(program, seed=seed)
    session.relax()
    found = session.minimise(cost, seconds, budget.work, crossover=False, relaxed=True)
    if found.solution is None or found.termination != "completed":
        return None, None
    relaxed = found.solution[: two_stage.first.column_count]
    return relaxed, Whole(model)(relaxed)


def sampled(model: PrepositionModel, two_stage: TwoStage) -> TwoStage:
    """Return the program on a few scenarios that stand for all.

    In the order of what they cost at a first guess they are cut into layers that cost the same,
    and each layer is stood for by its middle: the worst stand for themselves.
    """
    size = extensive_columns(two_stage) // max(1, len(two_stage.scenarios))
    number = int(np.clip(COLUMNS // max(1, size), FEW, MOST))
    if number >= len(two_stage.scenarios):
        return two_stage
    looked, chance = _candidates(model, two_stage)
    costs = _valued(two_stage, looked, first_guess(model))
    order = np.argsort(-costs, kind="stable")
    mass = np.cumsum((chance * (costs + TINY * max(1.0, float(costs.max()))))[order])
    layers = np.searchsorted(mass, mass[-1] * np.arange(1, number) / number)
    members = [layer for layer in np.split(order, layers) if len(layer)]
    middle = [int(looked[layer[len(layer) // 2]]) for layer in members]
    weight = np.array([chance[layer].sum() for layer in members])
    return _only(two_stage, middle, weight)


def _valued(two_stage: TwoStage, looked: Ints, point: Floats | None) -> Floats:
    """Return what the scenarios cost at a point; one it has no answer to is as dear as any."""
    if point is None:
        return np.zeros(len(looked))
    costs = np.array([Subproblem(two_stage.scenarios[one]).cut(point).value for one in looked])
    dearest = float(costs[np.isfinite(costs)].max(initial=1.0))
    return np.asarray(np.clip(costs, 0.0, dearest))


def _candidates(model: PrepositionModel, two_stage: TwoStage) -> tuple[Ints, Floats]:
    """Return scenarios to look at, with their weight: one from each layer of total need."""
    need = (model.case.futures.need * model.case.futures.rate).sum(axis=(1, 2))
    order = np.argsort(need, kind="stable")
    layers = np.array_split(order, min(LOOKED_AT, len(order)))
    middle = np.array([layer[len(layer) // 2] for layer in layers])
    return middle, np.array([two_stage.probability[layer].sum() for layer in layers])


def _only(two_stage: TwoStage, kept: list[int], weight: Floats) -> TwoStage:
    return replace(
        two_stage,
        scenarios=[two_stage.scenarios[one] for one in kept],
        probability=weight / weight.sum(),
        held=[replace(one, scenarios=[one.scenarios[at] for at in kept]) for one in two_stage.held],
    )
