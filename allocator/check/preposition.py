"""Judge a plan of reserves: its first stage, its recourse in every scenario, its goals."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.check.distances import check_distances
from allocator.check.goals import check_goals
from allocator.check.preposition_balance import Balance
from allocator.check.preposition_goals import (
    Outcomes,
    check_outcomes,
    check_shortage_budget,
    outcome_table,
    outcomes_of,
    reserve_goals,
)
from allocator.check.preposition_ground import stage_of
from allocator.check.preposition_reach import check_reach
from allocator.check.preposition_recourse import answer_of
from allocator.check.preposition_rules import check_costs, check_stage, stage_costs
from allocator.check.preposition_scenarios import Scenarios, scenarios_of
from allocator.check.preposition_stage import chosen_of
from allocator.check.verdict import Findings, Verdict
from allocator.instance import Instance
from allocator.plan import Plan, plan_table

NO_RECOURSE = (
    "the plan does not say what it does in the scenarios: only its first stage is judged"
    " (allocator assess values it)"
)


def check_preposition(found: Findings, instance: Instance, plan: Plan) -> Verdict:
    """Judge `plan` from `instance` alone; a plan without recourse on its first stage only.

    Raises:
        PlanMissingError: when there is no plan to judge.
    """
    stage = stage_of(instance)
    check_distances(found, stage.ground)
    chosen = chosen_of(found, stage, plan)
    scenarios = scenarios_of(stage)
    check_stage(found, stage, chosen)
    check_costs(found, stage, chosen, plan)
    check_reach(found, stage, scenarios, chosen)
    first = stage_costs(stage, chosen)
    stats: dict[str, Any] = {"sites_open": int(chosen.open.sum()), "first_stage": first}
    if not plan.states("recourse"):
        found.approximate(NO_RECOURSE)
        stats["notes"] = list(dict.fromkeys(found.notes))
        return Verdict(found.table(), {}, stats, plan_table("shortages"), plan_table("outcomes"))
    table = plan_table("recourse", plan["recourse"])
    answer = answer_of(found, stage, scenarios, chosen, table)
    result = Balance(found, stage, scenarios, chosen, answer).check()
    outcomes = outcomes_of(stage, scenarios, answer.moved, result)
    goals = reserve_goals(stage, scenarios, first, outcomes)
    check_shortage_budget(found, stage, goals["critical"])
    check_outcomes(found, scenarios, outcomes, plan)
    check_goals(found, goals, plan.goals, frozenset())
    stats |= _stats(scenarios, outcomes) | {"notes": list(dict.fromkeys(found.notes))}
    values = {name: goal.value for name, goal in goals.items()}
    return Verdict(
        found.table(), values, stats, plan_table("shortages"), outcome_table(scenarios, outcomes)
    )


def _stats(scenarios: Scenarios, outcomes: Outcomes) -> dict[str, Any]:
    """Return the mean cost of the scenarios by kind, and shares of need served."""
    mean = {name: float(scenarios.probability @ part) for name, part in outcomes.parts.items()}
    needed = float(scenarios.probability @ scenarios.need.quantity.sum(axis=1))
    short = float(scenarios.probability @ outcomes.short_units)
    return {
        "scenarios": len(scenarios),
        "mean_cost": mean,
        "worst_cost": float(np.max(outcomes.cost)),
        "people_in_need": float(scenarios.probability @ outcomes.people["critical"][1]),
        "units_needed": needed,
        "units_served": needed - short,
    }
