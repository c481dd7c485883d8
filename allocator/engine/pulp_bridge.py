"""Solve one goal of a PuLP problem through HiGHS or any solver PuLP offers, trusting no status.

What a solver returns is taken for a solution only when our own check of bounds, rows and whole
values passes, and for proven only by a bound: one computed here from the duals it returned (weak
duality: any duals give a true bound), or the solver's own claim.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pulp
from numpy.typing import NDArray
from scipy import sparse

from allocator.errors import UsageError

Floats = NDArray[np.float64]
Ended = Literal["completed", "time_limit", "infeasible", "unbounded", "error"]

FEASIBLE = 1e-6
WHOLE = 1e-5
DUAL = 1e-7


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


class Arrays:
    """A PuLP problem as arrays, minimising; `sign` is -1 when the expression is maximised."""

    def __init__(
        self, problem: pulp.LpProblem, expression: pulp.LpAffineExpression, sign: float
    ) -> None:
        """Read rows, bounds and the expression to optimise."""
        self.variables: list[Any] = list(problem.variables())
        place = {id(variable): number for number, variable in enumerate(self.variables)}
        self.cost = np.zeros(len(self.variables))
        for variable, weight in expression.items():
            self.cost[place[id(variable)]] = sign * weight
        self.offset = sign * float(expression.constant)
        lower = [-np.inf if v.lowBound is None else v.lowBound for v in self.variables]
        upper = [np.inf if v.upBound is None else v.upBound for v in self.variables]
        self.lower, self.upper = np.array(lower, float), np.array(upper, float)
        self.whole = np.array([v.cat == "Integer" for v in self.variables], bool)
        self.constraints: list[Any] = problem.constraints()
        side = np.array([-c.constant for c in self.constraints], float)
        sense = np.array([c.sense for c in self.constraints], int)
        self.row_lower = np.where(sense >= 0, side, -np.inf)
        self.row_upper = np.where(sense <= 0, side, np.inf)
        self.matrix = self._matrix(place)

    def _matrix(self, place: dict[int, int]) -> sparse.csr_matrix:
        counts = [len(c) for c in self.constraints]
        starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int32)
        columns = np.array([place[id(v)] for c in self.constraints for v in c], np.int32)
        weights = np.array([w for c in self.constraints for w in c.values()], float)
        return sparse.csr_matrix((weights, columns, starts), (len(counts), len(self.variables)))

    @cached_property
    def scale(self) -> Floats:
        """Largest absolute coefficient of each row, at least 1."""
        if not self.matrix.nnz:
            return np.ones(self.matrix.shape[0])
        return np.asarray(np.maximum(1.0, abs(self.matrix).max(axis=1).toarray().ravel()))

    def fault(self, values: Floats) -> str:
        """Return what is wrong with a solution by our own arithmetic; empty when nothing is."""
        if not np.isfinite(values).all():
            return "values that are no numbers"
        room = FEASIBLE * np.maximum(1.0, abs(values))
        if (values < self.lower - room).any() or (values > self.upper + room).any():
            return "a variable outside its bounds"
        whole = values[self.whole]
        if (abs(whole - whole.round()) > WHOLE * np.maximum(1.0, abs(whole))).any():
            return "a part where a whole number is asked"
        sums = self.matrix @ values
        terms = abs(self.matrix) @ abs(values)
        room = FEASIBLE * np.maximum(self.scale, terms)
        broken = (sums < self.row_lower - room) | (sums > self.row_upper + room)
        if broken.any():
            return f"the row {self.constraints[int(broken.argmax())].name} broken"
        return ""

    def value(self, values: Floats) -> float:
        """Return the value of the expression, minimised."""
        return float(self.cost @ values) + self.offset

    def dual_bound(self, duals: Floats) -> float:
        """Return the Lagrangean bound of the duals; both conventions of sign are tried."""
        return max(self._bound(duals), self._bound(-duals))

    def _bound(self, duals: Floats) -> float:
        duals = np.where(np.isinf(self.row_lower), np.minimum(duals, 0.0), duals)
        duals = np.where(np.isinf(self.row_upper), np.maximum(duals, 0.0), duals)
        reduced = self.cost - self.matrix.T @ duals
        room = DUAL * (1.0 + abs(self.cost) + abs(self.matrix).T @ abs(duals))
        ends = np.where(reduced > 0, self.lower, self.upper)
        free = np.isinf(ends)
        if (abs(reduced)[free] > room[free]).any():
            return -np.inf
        sides = np.where(duals > 0, self.row_lower, self.row_upper)
        rows = duals[duals != 0] @ sides[duals != 0]
        return float(rows + reduced[~free] @ ends[~free]) + self.offset


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
    arrays = Arrays(problem, expression, sign)
    if not problem.objective and arrays.variables:
        # PuLP would add a dummy variable for good, which CBC refuses in the next goal.
        problem.objective[arrays.variables[0]] = 0.0
    if solver == "highs":
        answer = _by_highs(arrays, seconds, gap)
    else:
        answer = _by_pulp(problem, arrays, solver, seconds, gap)
    return _judged(arrays, answer, sign)


def _judged(arrays: Arrays, answer: Answer, sign: float) -> Outcome:
    if answer.values is None:
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
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log = Path(folder) / "solver.log"
        solver = pulp_solver(name, seconds, gap, log)
        for variable in arrays.variables:
            variable.varValue = None
        try:
            status = problem.solve(solver)
        except pulp.PulpError as error:
            return Answer(None, None, None, f"{name}: {error}", "error")
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    ended = _ending(problem, status, text, seconds)
    if any(variable.varValue is None for variable in arrays.variables):
        return Answer(None, None, None, name, ended)
    values = np.array([variable.varValue for variable in arrays.variables], float)
    duals = [getattr(constraint, "pi", None) for constraint in arrays.constraints]
    known = None if any(dual is None for dual in duals) else np.array(duals, float)
    return Answer(values, known, _claimed_bound(problem, arrays, text), name, ended)


def pulp_solver(name: str, seconds: float | None, gap: float, log: Any) -> Any:
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
