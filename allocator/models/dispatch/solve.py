"""Solve dispatch: the goals of the policy, in order, on the fast form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.engine.joint import LookStage
from allocator.engine.ordered import (
    Budget,
    LinearStage,
    Progress,
    Stage,
    run_stages,
)
from allocator.engine.session import SIMPLEX_COLUMNS, Session
from allocator.instance.instance import Instance
from allocator.instance.network import network
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.fairness import LevelStage
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.pairs import LOOK_WEIGHT, in_pairs, urgent_pair
from allocator.models.dispatch.rounding import solve_integer
from allocator.models.dispatch.terms import UNITS, Expression, expression


@dataclass
class Solved:
    """A solved dispatch: the model, what was reached, what places attain alone."""

    model: DispatchModel
    progress: Progress
    attainable: Attainable


def goal_names(model: DispatchModel) -> list[str]:
    """Return the goals of the policy that mean something in this instance, one name a goal."""
    policy, tiers = model.net.instance.policy, sorted(set(model.late_keys.tier.tolist()))
    fair = policy.fairness in ("max-min", "leximin")
    names: list[str] = []
    for goal in policy.goals:
        if goal == "fairness":
            names += [f"fairness.{tier}" for tier in tiers if fair]
        elif goal == "remaining":
            names += [f"remaining.{tier}" for tier in tiers if tier > 1]
        elif goal == "critical":
            names += ["critical"] if 1 in tiers else []
        elif goal == "floors":
            names += ["floors"] if len(model.floor_rows) and policy.fairness != "none" else []
        elif goal != "change" or model.change is not None:
            names.append(goal)
    return names


def fair_tiers(model: DispatchModel) -> list[int]:
    """Return the tiers that have a fairness goal."""
    return [
        int(name.partition(".")[2]) for name in goal_names(model) if name.startswith("fairness.")
    ]


def stages_of(model: DispatchModel, attainable: Attainable, fair: bool = True) -> list[Stage]:
    """Return one stage a goal, in order; without the fairness goals when not `fair`."""
    names = [name for name in goal_names(model) if fair or not name.startswith("fairness.")]
    return [_stage(model, attainable, name, name == names[-1]) for name in names]


def _stage(model: DispatchModel, attainable: Attainable, name: str, final: bool) -> Stage:
    policy = model.net.instance.policy
    slack = policy.give_up.get(name.partition(".")[0], policy.slack_relative)
    if name.startswith("fairness."):
        rounds = policy.leximin_rounds if policy.fairness == "leximin" else 1
        return LevelStage(model, int(name.partition(".")[2]), attainable, rounds, max(slack, 1e-9))
    total = weighted(model, name)
    unit = UNITS.get(name.partition(".")[0], "weighted sum")
    return LinearStage(name, unit, total.cost, total.constant, slack, policy.slack_absolute, final)


def weighted(model: DispatchModel, goal: str) -> Expression:
    """Return the expression of a goal: a term, or a sum such as `1*units_short + 0.1*transport`."""
    total = Expression(np.zeros(model.program.column_count))
    for part in goal.split("+"):
        factor, star, term = part.strip().rpartition("*")
        total = total + expression(model, term.strip()).scaled(float(factor) if star else 1.0)
    return total


def solve_model(
    model: DispatchModel,
    attainable: Attainable,
    budget: Budget,
    report: Callable[[Progress], None] = lambda progress: None,
    seed: int = 0,
    threads: int = 1,
) -> Progress:
    """Solve the goals of a built model in order; `report` hears after every goal."""
    if model.program.integer.any():
        return solve_integer(model, stages_of, attainable, budget, report, seed, threads)
    session = Session(model.program, seed)
    stages = stages_of(model, attainable)
    progress = Progress(report=report)
    if session.columns <= SIMPLEX_COLUMNS:
        return run_stages(session, stages, budget, progress)
    look = urgent_pair(stages, LOOK_WEIGHT)
    if look is not None:
        run_stages(session, [LookStage(look)], budget, progress)
    if threads > 1:
        stages = in_pairs(stages, session.columns)
    with attainable.working_ahead(fair_tiers(model), budget):
        return run_stages(session, stages, budget, progress)


def solve_dispatch(instance: Instance, budget: Budget | None = None, **options: Any) -> Solved:
    """Build the program of an instance and solve its goals in order."""
    model = DispatchModel(network(instance))
    attainable = Attainable(model)
    return Solved(model, solve_model(model, attainable, budget or Budget(), **options), attainable)


def solve_goals(instance: Instance) -> dict[str, float | None]:
    """Return goal name -> value reached."""
    return {result.name: result.value for result in solve_dispatch(instance).progress.results}
