"""A user's own model: load it, solve its ordered goals, return its tables.

A model is a Python file with two functions (docs/own-model.md):

    build(instance) -> Built(problem, goals)      problem: pulp.LpProblem
    read(built, instance) -> {"shipments": DataFrame, ...}
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from allocator.engine.pulp_bridge import Outcome, optimise
from allocator.errors import AllocatorError, ImpossibleError, NoPlanError, UsageError
from allocator.instance import Instance, Policy
from allocator.limits import Limits
from allocator.plan import GoalResult, plan_table, plan_tables
from allocator.plan.status import Termination

if TYPE_CHECKING:
    import pandas as pd

SMALLEST = 1e-6


@dataclass(frozen=True)
class Goal:
    """One goal of a model, in the order they count.

    Attributes:
        name: Shown in the plan.
        sense: "min" or "max".
        expression: A linear PuLP expression over the variables of the problem.
        tolerance: How far later goals may worsen it, in its own unit; None = the policy's slack.
        unit: Unit of the value.
    """

    name: str
    sense: Literal["min", "max"]
    expression: Any
    tolerance: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Built:
    """A model built on an instance.

    Attributes:
        problem: A `pulp.LpProblem`; its own objective is ignored.
        goals: Goals in order. It may be a generator: it goes on when the goal it gave has been
            solved and kept, with the values in the variables.
        model: Anything `read` needs, such as the dictionaries of variables.
    """

    problem: Any
    goals: Iterable[Goal]
    model: Any = None


def load_model(path: str | Path) -> ModuleType:
    """Import a model from its file; files beside it can be imported by it.

    Raises:
        UsageError: E2201 without such a file, E2202 when it fails or lacks build or read.
    """
    file = Path(path).resolve()
    if not file.is_file() or file.suffix != ".py":
        raise UsageError.because(
            "there is no such model",
            where=str(path),
            action="give the path of a Python file",
            code="E2201",
        )
    spec = importlib.util.spec_from_file_location(f"own_model_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise UsageError.because("this file cannot be imported", where=str(path), code="E2202")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _failed(str(path), "the file", error) from error
    finally:
        sys.path.remove(str(file.parent))
    _functions(module, str(path))
    return module


def solve_own(
    model: str | Path | ModuleType,
    instance: Instance,
    limits: Limits | None = None,
    solver: str = "highs",
) -> tuple[dict[str, pd.DataFrame], list[GoalResult], Termination]:
    """Solve a user's model and return its plan tables, goals and how the search ended.

    Raises:
        UsageError: E2201 to E2206, when the model or the solver is at fault.
        ImpossibleError: E4201 when the solver states that no solution obeys the rows.
        NoPlanError: E5201 when no solution was found within the limits.
    """
    limits = limits or Limits()
    started = time.monotonic()
    module = model if isinstance(model, ModuleType) else load_model(model)
    where = str(getattr(module, "__file__", module.__name__))
    _functions(module, where)
    try:
        built = module.build(instance)
    except AllocatorError:
        raise
    except Exception as error:
        raise _failed(where, "build", error) from error
    _check_built(built, where)
    left = None if limits.seconds is None else limits.seconds - (time.monotonic() - started)
    goals, termination = solve_goals(built, instance.policy, solver, left, limits.gap)
    try:
        tables = module.read(built, instance)
    except Exception as error:
        raise _failed(where, "read", error) from error
    return _plan_tables(tables, where), goals, termination


def solve_goals(
    built: Built,
    policy: Policy,
    solver: str = "highs",
    seconds: float | None = None,
    gap: float = 0.0,
) -> tuple[list[GoalResult], Termination]:
    """Solve the goals one after the other; each is kept by a row named goal(name) from then on.

    The variables hold the last solution found. A goal that could not be solved in time has the
    value it takes there, and no bound.
    """
    end = None if seconds is None else time.monotonic() + seconds
    results: list[GoalResult] = []
    solution: dict[Any, float] = {}
    termination: Termination = "completed"
    for goal in built.goals:
        left = None if end is None else end - time.monotonic()
        if solution and left is not None and left <= 0:
            outcome = Outcome(None, None, "time_limit", "no time left")
        else:
            outcome = optimise(built.problem, goal.expression, goal.sense, solver, left, gap)
        if outcome.value is None and not solution:
            raise _no_solution(goal, outcome)
        if outcome.value is None:
            _restore(solution)
            outcome = replace(outcome, value=_value(goal))
        if outcome.ended != "completed":
            termination = "time_limit" if outcome.ended == "time_limit" else "error"
        solution = {variable: variable.varValue for variable in built.problem.variables()}
        results.append(_result(goal, outcome, later=bool(results)))
        _keep(built.problem, goal, outcome, policy)
    _restore(solution)
    return results, termination


def _keep(problem: Any, goal: Goal, outcome: Outcome, policy: Policy) -> None:
    value = outcome.value or 0.0
    slack = goal.tolerance
    if slack is None:
        kind = goal.name.partition(".")[0]
        share = policy.give_up.get(goal.name, policy.give_up.get(kind, policy.slack_relative))
        slack = max(share * abs(value), policy.slack_absolute)
    expression = goal.expression + 0
    if not expression:
        return
    row = expression <= value + slack if goal.sense == "min" else expression >= value - slack
    problem += row, f"goal({goal.name})"


def _result(goal: Goal, outcome: Outcome, later: bool) -> GoalResult:
    # Goals of a plan are minimised: one that is maximised is shown with the opposite sign.
    sign = 1.0 if goal.sense == "min" else -1.0
    scope = "given the earlier goals at their achieved values" if later else "this model"
    value = None if outcome.value is None else sign * outcome.value
    bound = None if outcome.bound is None else sign * outcome.bound
    return GoalResult(goal.name, goal.unit, value, bound, scope, outcome.source)


def _restore(solution: Mapping[Any, float]) -> None:
    for variable, value in solution.items():
        variable.varValue = value


def _value(goal: Goal) -> float:
    return float((goal.expression + 0).value() or 0.0)


def _no_solution(goal: Goal, outcome: Outcome) -> AllocatorError:
    if outcome.ended == "infeasible":
        return ImpossibleError.because(
            "no solution obeys the rows of the model",
            where=goal.name,
            value=outcome.source,
            action="drop or relax the rows that contradict each other",
            code="E4201",
        )
    if outcome.ended == "unbounded":
        return UsageError.because(
            "the goal has no limit",
            where=goal.name,
            action="add bounds to its variables",
            code="E2206",
        )
    return NoPlanError.because(
        "no solution was found", where=goal.name, value=f"{outcome.ended}: {outcome.source}",
        action="give more time, or another solver", code="E5201",
    )  # fmt: skip


def _functions(module: ModuleType, where: str) -> None:
    missing = [name for name in ("build", "read") if not callable(getattr(module, name, None))]
    if missing:
        raise UsageError.because(
            f"the model has no function {' and no function '.join(missing)}",
            where=where,
            action="define build(instance) -> Built and read(built, instance) -> tables",
            code="E2202",
        )


def _check_built(built: Any, where: str) -> None:
    import pulp

    fits = isinstance(built, Built) and isinstance(built.problem, pulp.LpProblem)
    if not fits:
        raise UsageError.because(
            "build must return Built(problem, goals) with a pulp.LpProblem",
            where=where,
            value=type(built).__name__,
            action="from allocator.models.own import Built, Goal",
            code="E2205",
        )


def _plan_tables(tables: Any, where: str) -> dict[str, pd.DataFrame]:
    if not isinstance(tables, Mapping) or "shipments" not in tables:
        raise UsageError.because(
            "read must return a mapping with the table shipments",
            where=where,
            value=type(tables).__name__,
            action="return {'shipments': DataFrame, ...}",
            code="E2205",
        )
    known = plan_tables()
    unknown = [str(name) for name in tables if name not in known]
    if unknown:
        raise UsageError.because(
            "read returned tables a plan does not have", where=where, value=", ".join(unknown),
            action=f"use {', '.join(known)}", code="E2205",
        )  # fmt: skip
    return {name: _kept(name, frame) for name, frame in tables.items()}


def _kept(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    typed = plan_table(name, frame)
    amounts = {"trips": "trips", "shortages": "short"}
    amounts |= dict.fromkeys(("shipments", "purchases"), "quantity")
    amount = amounts.get(name)
    return typed if amount is None else typed[typed[amount].abs() > SMALLEST].reset_index(drop=True)


def _failed(where: str, part: str, error: Exception) -> UsageError:
    return UsageError.because(
        f"{part} of the model failed: {type(error).__name__}: {error}",
        where=where,
        action="correct the model; docs/own-model.md shows a small one",
        code="E2202",
    )
