"""The dispatch program as a PuLP problem: the bridge to every solver PuLP knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pulp

from allocator.engine.program import Floats, Program
from allocator.instance import Instance
from allocator.instance.network import network
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.read import plan_tables
from allocator.models.dispatch.shares import shares_of
from allocator.models.dispatch.solve import fair_tiers, goal_names, weighted
from allocator.models.dispatch.terms import UNITS
from allocator.models.own import Built, Goal


def build(instance: Instance) -> Built:
    """Return the program and its goals; fairness is max-min with the level as a column."""
    model = DispatchModel(network(instance))
    problem = pulp.LpProblem("dispatch")
    columns = _columns(problem, model.program)
    _add_rows(problem, model.program, columns)
    attainable = Attainable(model)
    goals = (_goal(problem, model, columns, attainable, name) for name in goal_names(model))
    return Built(problem, goals, model=(model, columns, attainable))


def read(built: Built, instance: Instance) -> Mapping[str, pd.DataFrame]:
    """Return the tables of the plan."""
    model, columns, attainable = built.model
    solution = np.array([column.value() or 0.0 for column in columns])
    return {**plan_tables(model, solution), "attainable": attainable.table(fair_tiers(model))}


def _columns(problem: pulp.LpProblem, program: Program) -> list[Any]:
    integer = program.integer
    return [
        problem.add_variable(
            f"x{number}",
            low,
            None if np.isinf(high) else high,
            "Integer" if whole else "Continuous",
        )
        for number, (low, high, whole) in enumerate(
            zip(program.lower, program.upper, integer, strict=True)
        )
    ]


def _add_rows(problem: pulp.LpProblem, program: Program, columns: list[Any]) -> None:
    matrix = program.matrix().tocsr()
    lower, upper = program.row_lower, program.row_upper
    for block in program.rows:
        for row in range(block.start, block.start + block.size):
            part = slice(matrix.indptr[row], matrix.indptr[row + 1])
            if part.start == part.stop:
                continue
            terms = [
                (columns[at], value)
                for at, value in zip(matrix.indices[part], matrix.data[part], strict=True)
            ]
            expression = pulp.LpAffineExpression(terms)
            for name, constraint in _sides(expression, lower[row], upper[row]):
                problem += constraint, f"{block.name}_{row}{name}"


def _sides(expression: Any, low: float, high: float) -> Iterator[tuple[str, Any]]:
    if low == high:
        yield "", expression == low
        return
    if np.isfinite(low):
        yield "_low", expression >= low
    if np.isfinite(high):
        yield "_high", expression <= high


def _goal(
    problem: pulp.LpProblem,
    model: DispatchModel,
    columns: list[Any],
    attainable: Attainable,
    name: str,
) -> Goal:
    kind, _, tier = name.partition(".")
    if kind == "fairness":
        return Goal(
            name,
            "min",
            _missed(problem, model, columns, attainable, int(tier)),
            unit=UNITS["fairness"],
        )
    total = weighted(model, name)
    return Goal(
        name, "min", _linear(total.cost, columns) + total.constant, unit=UNITS.get(kind, "")
    )


def _missed(
    problem: pulp.LpProblem,
    model: DispatchModel,
    columns: list[Any],
    attainable: Attainable,
    tier: int,
) -> Any:
    """Add the rows level_share of a tier and return 1 - level."""
    shares = shares_of(model, tier)
    attainable.refine(tier, np.unique(shares.place))
    level = problem.add_variable(f"level{tier}", None, 1.0)
    for row, (needed, most) in enumerate(zip(shares.needed, attainable.known(shares), strict=True)):
        if most > 0:
            late = _linear(shares.matrix[row].toarray().ravel(), columns)
            problem += late + most * level <= needed, f"level_share_{tier}_{row}"
    return 1 - level


def _linear(cost: Floats, columns: list[Any]) -> Any:
    used = np.flatnonzero(cost)
    return pulp.LpAffineExpression([(columns[at], cost[at]) for at in used])
