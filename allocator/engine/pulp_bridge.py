"""Solve one goal of a PuLP problem through HiGHS or any solver PuLP offers, trusting no status.

What a solver returns is taken for a solution only when our own check of bounds, rows and whole
values passes, and for proven only by a bound: one computed here from the duals it returned (weak
duality: any duals give a true bound), or the solver's own claim.
"""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pulp

from allocator.engine.pulp_arrays import Arrays, Floats
from allocator.errors import UsageError

Ended = Literal["completed", "time_limit", "infeasible", "unbounded", "error"]


@dataclass(frozen=True)
class Answer:
    """What a solver returned: values and duals (None when it gave none) and its own claims."""

    values: Floats | None
    duals: Floats | None
    claimed_bound: float | None
    claimed: str
    ended: Ended


@dataclass(frozen=True)
class Outcome:
    """One goal solved.

    Attributes:
        value: Value of the expression at the solution kept in the variables; None without one.
        bound: No solution is better than this; None when nothing is proven.
        ended: How the solver stopped.
        source: Who vouches for the bound, or why there is none.
    """

    value: float | None
    bound: float | None
    ended: Ended
    source: str


def optimise(
    problem: pulp.LpProblem,
    expression: Any,
    sense: str = "min",
    solver: str = "highs",
    seconds: float | None = None,
    gap: float = 0.0,
) -> Outcome:
    """Solve one goal of a problem; the solution is left in its variables.

    Args:
        problem: Rows and variables; its own objective is ignored and overwritten.
        expression: What to minimise or maximise.
        sense: "min" or "max".
        solver: "highs", or "pulp:NAME" for a solver of PuLP.
        seconds: Wall-clock limit of this solve.
        gap: Relative gap at which a search for whole numbers may stop.

    Raises:
        UsageError: E2203 when the solver is unknown or not installed.
    """
    expression = pulp.LpAffineExpression(expression)
    sign = {"min": 1.0, "max": -1.0}[sense]
    # Minimised for every solver, so that bounds and duals mean the same.
    problem.sense = pulp.LpMinimize
    problem.objective = sign * expression
    _whole_bounds(problem)
    arrays = Arrays(problem, expression, sign)
    if problem.objective.isNumericalConstant() and arrays.variables:
        # PuLP would add a dummy variable for good, which CBC refuses in the next goal.
        problem.objective[arrays.variables[0]] = 0.0
    if solver == "highs":
        answer = _by_highs(arrays, seconds, gap)
    else:
        answer = _by_pulp(problem, arrays, solver, seconds, gap)
    return _judged(arrays, answer, sign)


def _whole_bounds(problem: pulp.LpProblem) -> None:
    """Round bounds of whole variables inwards: HiGHS 1.12 loses optima when they are not whole."""
    for variable in problem.variables():
        if variable.cat == "Integer":
            if variable.lowBound is not None:
                variable.lowBound = math.ceil(variable.lowBound - 1e-9)
            if variable.upBound is not None:
                variable.upBound = math.floor(variable.upBound + 1e-9)


def _judged(arrays: Arrays, answer: Answer, sign: float) -> Outcome:
    if answer.values is None or answer.ended in ("infeasible", "unbounded"):
        return Outcome(None, None, answer.ended, answer.claimed)
    fault = arrays.fault(answer.values)
    if fault:
        ended: Ended = "error" if answer.ended == "completed" else answer.ended
        return Outcome(None, None, ended, f"the solver returned {fault}")
    for variable, value in zip(arrays.variables, answer.values.tolist(), strict=True):
        variable.varValue = value
    value = arrays.value(answer.values)
    bounds = [(answer.claimed_bound, answer.claimed)]
    if answer.duals is not None:
        bounds.append((arrays.dual_bound(answer.duals), "duals checked here"))
    known = [(bound, who) for bound, who in bounds if bound is not None and np.isfinite(bound)]
    bound, source = max(known, default=(None, "no bound"))
    if bound is not None and bound > value + 1e-5 * max(1.0, abs(value)):
        source = f"the bound {bound:g} of {source} contradicts the solution"
        bound = None
    bound = None if bound is None else sign * min(bound, value)
    return Outcome(sign * value, bound, answer.ended, source)


def _by_highs(arrays: Arrays, seconds: float | None, gap: float) -> Answer:
    import highspy

    highs = highspy.Highs()
    options: dict[str, Any] = {"output_flag": False, "threads": 1, "random_seed": 0}
    options |= {"mip_rel_gap": gap, "mip_abs_gap": 1e-9}
    if seconds is not None:
        options["time_limit"] = max(seconds, 0.01)
    for name, setting in options.items():
        if highs.setOptionValue(name, setting) != highspy.HighsStatus.kOk:
            raise UsageError.because(f"HiGHS refuses {name}", value=setting, code="E2204")
    highs.passModel(_highs_model(arrays))
    highs.run()
    if highs.getModelStatus() in (
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,
    ):
        # A verdict of presolve alone is not taken: without it the solver must come to the same.
        highs.setOptionValue("presolve", "off")
        highs.clearSolver()
        highs.run()
    status, info, solution = highs.getModelStatus(), highs.getInfo(), highs.getSolution()
    endings: dict[Any, Ended] = {
        highspy.HighsModelStatus.kOptimal: "completed",
        highspy.HighsModelStatus.kModelEmpty: "completed",
        highspy.HighsModelStatus.kTimeLimit: "time_limit",
        highspy.HighsModelStatus.kInfeasible: "infeasible",
        highspy.HighsModelStatus.kUnbounded: "unbounded",
        highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    }
    ended = endings.get(status, "error")
    if ended in ("infeasible", "unbounded") or not solution.value_valid:
        return Answer(None, None, None, highs.modelStatusToString(status), ended)
    whole = bool(arrays.whole.any())
    duals = None if whole or not solution.dual_valid else np.array(solution.row_dual)
    bound = info.mip_dual_bound if whole else None
    return Answer(np.array(solution.col_value), duals, bound, "HiGHS", ended)


def _highs_model(arrays: Arrays) -> Any:
    import highspy

    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(arrays.variables), len(arrays.constraints)
    model.col_cost_, model.offset_ = arrays.cost, arrays.offset
    model.col_lower_, model.col_upper_ = arrays.lower, arrays.upper
    model.row_lower_, model.row_upper_ = arrays.row_lower, arrays.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = arrays.matrix.indptr
    model.a_matrix_.index_ = arrays.matrix.indices
    model.a_matrix_.value_ = arrays.matrix.data
    if arrays.whole.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        model.integrality_ = [kinds[int(whole)] for whole in arrays.whole]
    return model


def _by_pulp(
    problem: pulp.LpProblem, arrays: Arrays, name: str, seconds: float | None, gap: float
) -> Answer:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log = Path(folder) / "solver.log"
        solver = pulp_solver(name, seconds, gap, log)
        for variable in arrays.variables:
            variable.varValue = None
        try:
            status = problem.solve(solver)
            text = _text(log)
        except pulp.PulpError as error:
            impossible = "infeasible" in _text(log)
            said = "infeasible" if impossible else f"{type(error).__name__}"
            return Answer(
                None, None, None, f"{name}: {said}", "infeasible" if impossible else "error"
            )
    ended = _ending(problem, status, text, seconds)
    if any(variable.varValue is None for variable in arrays.variables):
        return Answer(None, None, None, name, ended)
    values = np.array([variable.varValue for variable in arrays.variables], float)
    duals = [getattr(constraint, "pi", None) for constraint in arrays.constraints]
    known = None if any(dual is None for dual in duals) else np.array(duals, float)
    return Answer(values, known, _claimed_bound(problem, arrays, text), name, ended)


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def pulp_solver(name: str, seconds: float | None, gap: float, log: Path) -> Any:
    """Return the solver of PuLP behind "pulp:NAME"; E2203 when there is none."""
    short = name.removeprefix("pulp:")
    if not name.startswith("pulp:") or short not in pulp.listSolvers(onlyAvailable=True):
        there = [f"pulp:{known}" for known in pulp.listSolvers(onlyAvailable=True)]
        raise UsageError.because(
            "there is no such solver on this machine",
            value=name,
            action=f"choose one of {', '.join(['highs', *there])}",
            code="E2203",
        )
    settings: dict[str, Any] = {"msg": False}
    if seconds is not None:
        settings["timeLimit"] = max(seconds, 0.01)
    if short in ("PULP_CBC_CMD", "COIN_CMD"):
        settings |= {"logPath": str(log), "gapRel": gap, "threads": 1}
    if short == "HiGHS":
        settings |= {"gapRel": gap, "gapAbs": 1e-9, "threads": 1}
    return pulp.getSolver(short, **settings)


def _ending(problem: pulp.LpProblem, status: int, log: str, seconds: float | None) -> Ended:
    # Only a hint for words: the solution and the bound are established elsewhere.
    if status == pulp.LpStatusInfeasible:
        return "infeasible"
    if status == pulp.LpStatusUnbounded:
        return "unbounded"
    late = seconds is not None and problem.solutionTime >= 0.95 * seconds
    cut = problem.sol_status == pulp.LpSolutionIntegerFeasible
    if late or cut or "Stopped on time limit" in log:
        return "time_limit"
    return "completed" if status == pulp.LpStatusOptimal else "error"


def _claimed_bound(problem: pulp.LpProblem, arrays: Arrays, log: str) -> float | None:
    """Return the bound a solver states itself: HiGHS in its info, CBC in its log."""
    if not arrays.whole.any():
        return None
    if type(problem.solver).__name__ == "HiGHS":
        return float(problem.solverModel.getInfo().mip_dual_bound) + arrays.offset
    lines = log.splitlines()
    lower = _stated(lines, "Lower bound:")
    if lower is None and any("Optimal solution found" in line for line in lines):
        lower = _stated(lines, "Objective value:")
    return None if lower is None else lower + arrays.offset


def _stated(lines: Sequence[str], label: str) -> float | None:
    found = [line.split()[-1] for line in lines if line.startswith(label)]
    return float(found[-1]) if found else None
