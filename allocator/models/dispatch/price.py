"""The price of fairness: the same goals without the fairness rule."""

from __future__ import annotations

from allocator.engine.ordered import Budget, Progress, run_stages
from allocator.engine.session import Session
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.shares import shares_of
from allocator.models.dispatch.solve import fair_tiers, stages_of


def without_fairness(
    model: DispatchModel, attainable: Attainable, budget: Budget
) -> dict[str, float]:
    """Return the values of the goals when those of fairness are left out.

    Keys are goal names; `fairness.c` is 1 - the smallest share of tier c in that plan.
    Empty without a fairness rule.
    """
    tiers = fair_tiers(model)
    if not tiers:
        return {}
    stages = [
        stage
        for stage in stages_of(model, attainable, fair=False)
        if stage.name not in ("cost", "change")
    ]
    progress = run_stages(Session(model.program), stages, budget, Progress())
    values = {result.name: result.value for result in progress.results if result.value is not None}
    if progress.solution is None:
        return values
    for tier in tiers:
        shares = shares_of(model, tier)
        worst = shares.values(progress.solution, attainable.known(shares)).min(initial=1.0)
        values[f"fairness.{tier}"] = 1.0 - float(worst)
    return values
