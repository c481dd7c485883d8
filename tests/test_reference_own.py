"""A user's own model: loaded, solved goal by goal, never believed on its solver's word."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pulp
import pytest

import allocator.instance
from allocator.check import check
from allocator.engine.pulp_bridge import optimise
from allocator.errors import AllocatorError, ImpossibleError, NoPlanError, UsageError
from allocator.instance import Instance
from allocator.limits import Limits
from allocator.models.own import Built, Goal, load_model, solve_own
from allocator.plan import Plan, Status
from tests.reference_cases import ROOT, random_instance, reference

TEMPLATE = ROOT / "allocator" / "data" / "model_template.py"
SOLVERS = ["highs", "pulp:HiGHS", "pulp:PULP_CBC_CMD"]
NOTHING = pd.DataFrame({"from_id": [], "to_id": [], "item_id": [], "period": [], "quantity": []})


@pytest.fixture(scope="module")
def tiny() -> Instance:
    return allocator.instance.load(ROOT / "instances" / "tiny")


def module_of(build: Any, read: Any = None) -> ModuleType:
    module = ModuleType("mine")
    module.build = build
    module.read = read or (lambda built, instance: {"shipments": NOTHING})
    return module


def two_goals(tolerance: float | None = None) -> Built:
    problem = pulp.LpProblem("mine")
    x, y = problem.add_variable("x", 0, 10), problem.add_variable("y", 0, 10)
    problem += x + y <= 12, "together"
    goals = [Goal("most x", "max", x, tolerance), Goal("most y", "max", y + 1)]
    return Built(problem, goals)


@pytest.mark.parametrize("solver", SOLVERS)
def test_goals_are_solved_in_order_and_kept(tiny: Instance, solver: str) -> None:
    _, goals, termination = solve_own(module_of(lambda _: two_goals()), tiny, solver=solver)
    assert termination == "completed"
    # Goals of a plan are minimised, so that what is maximised shows with the opposite sign.
    assert [goal.value for goal in goals] == pytest.approx([-10, -3], abs=1e-4)
    assert [goal.bound for goal in goals] == pytest.approx([-10, -3], abs=1e-4)
    assert goals[1].scope.startswith("given the earlier goals")


def test_a_tolerance_lets_later_goals_take_some(tiny: Instance) -> None:
    _, goals, _ = solve_own(module_of(lambda _: two_goals(4.0)), tiny)
    assert [goal.value for goal in goals] == pytest.approx([-10, -7])


def test_goals_may_depend_on_what_was_found(tiny: Instance) -> None:
    built = two_goals()
    first, second = built.goals

    def goals() -> Any:
        yield first
        yield second if first.expression.value() > 9 else first

    _, found, _ = solve_own(module_of(lambda _: Built(built.problem, goals())), tiny)
    assert [goal.name for goal in found] == ["most x", "most y"]


BROKEN = {
    "E2201": None,
    "E2202": "def build(instance):\n    return 1\n",
    "E2205": "def build(instance):\n    return 1\ndef read(built, instance):\n    return {}\n",
}


@pytest.mark.parametrize("code", BROKEN)
def test_broken_files_have_a_code(tiny: Instance, tmp_path: Path, code: str) -> None:
    text, file = BROKEN[code], tmp_path / "mine.py"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        solve_own(file, tiny)
    assert raised.value.code == code


@pytest.mark.parametrize(
    "text",
    ["import nothing_like_it", "1 / 0", "def build(:", "def build(i): 1/0\ndef read(b, i): ..."],
)
def test_files_that_fail_name_the_failure(tiny: Instance, tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="Error"):
        solve_own(file, tiny)


@pytest.mark.parametrize("tables", [None, {}, {"shipments": NOTHING, "shipment": NOTHING}])
def test_tables_that_are_no_plan(tiny: Instance, tables: Any) -> None:
    with pytest.raises(UsageError, match="E2205"):
        solve_own(module_of(lambda _: two_goals(), lambda built, instance: tables), tiny)


def test_an_unknown_solver(tiny: Instance) -> None:
    with pytest.raises(UsageError, match="E2203"):
        solve_own(module_of(lambda _: two_goals()), tiny, solver="pulp:NOBODY")


@pytest.mark.parametrize("solver", SOLVERS)
def test_contradictions_and_goals_without_limit(tiny: Instance, solver: str) -> None:
    def impossible(_: Instance) -> Built:
        built = two_goals()
        problem = built.problem
        problem += problem.variables()[0] >= 11, "too much"
        return built

    def endless(_: Instance) -> Built:
        problem = pulp.LpProblem("mine")
        x = problem.add_variable("x", 0)
        problem += x >= 1
        return Built(problem, [Goal("more", "max", x)])

    with pytest.raises(ImpossibleError, match="E4201"):
        solve_own(module_of(impossible), tiny, solver=solver)
    with pytest.raises(AllocatorError, match=r"E2206|E4201"):
        solve_own(module_of(endless), tiny, solver=solver)


def knapsack(size: int = 60) -> tuple[pulp.LpProblem, Any]:
    """A problem in whole numbers that no solver finishes at once."""
    problem = pulp.LpProblem("mine")
    x = [problem.add_variable(f"x{n}", 0, 1, "Integer") for n in range(size)]
    weights = [[(n * 7919 + row * 104729) % 997 + 3 for n in range(size)] for row in range(30)]
    for row in weights:
        problem += pulp.lpSum(w * v for w, v in zip(row, x, strict=True)) <= sum(row) / 3
    return problem, pulp.lpSum(((n * 31) % 17 + 20) * v for n, v in enumerate(x))


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_time_limit_is_never_taken_for_optimal(solver: str) -> None:
    problem, value = knapsack()
    outcome = optimise(problem, value, "max", solver, seconds=1)
    assert outcome.ended == "time_limit"
    assert outcome.bound is None or outcome.value is None or outcome.bound > outcome.value


def test_without_a_solution_in_time_there_is_no_plan(tiny: Instance) -> None:
    class Late(pulp.LpSolver):
        """Claims an optimum without giving any values."""

        def actualSolve(self, problem: pulp.LpProblem) -> int:
            problem.assignStatus(pulp.LpStatusOptimal)
            return int(pulp.LpStatusOptimal)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("allocator.engine.pulp_bridge.pulp_solver", lambda *_: Late())
        with pytest.raises(NoPlanError, match="E5201"):
            solve_own(module_of(lambda _: two_goals()), tiny, Limits(seconds=5), "pulp:Late")


@pytest.mark.parametrize(("values", "kept"), [((10.0, 2.0), True), ((10.0, 9.0), False)])
def test_what_a_solver_returns_is_checked(values: tuple[float, float], kept: bool) -> None:
    class Liar(pulp.LpSolver):
        """Claims an optimum at values that may break a row."""

        def actualSolve(self, problem: pulp.LpProblem) -> int:
            for variable, value in zip(problem.variables(), values, strict=True):
                variable.varValue = value
            problem.assignStatus(pulp.LpStatusOptimal)
            return int(pulp.LpStatusOptimal)

    built = two_goals()
    goal = next(iter(built.goals))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("allocator.engine.pulp_bridge.pulp_solver", lambda *_: Liar())
        outcome = optimise(built.problem, goal.expression, "max", "pulp:Liar")
    assert (outcome.value is not None) is kept
    assert outcome.bound is None
    assert kept or "together" in outcome.source


def test_broken_bounds_of_whole_variables_cut_nothing_off() -> None:
    for solver in SOLVERS:
        problem = pulp.LpProblem("mine")
        x, y = (
            problem.add_variable("x", 0, 0.4, "Integer"),
            problem.add_variable("y", 0, 2.7, "Integer"),
        )
        problem += x + y <= 5
        assert optimise(problem, x + y, "max", solver).value == pytest.approx(2)


def judged(model: str | Path | ModuleType, instance: Instance) -> Any:
    tables, goals, _ = solve_own(model, instance)
    status = Status("completed", "invalid")
    return check(instance, Plan("dispatch", tables, status, tuple(goals)))


def test_the_template_makes_a_plan_the_judge_accepts(tiny: Instance) -> None:
    verdict = judged(TEMPLATE, tiny)
    assert [violation for violation in verdict.violations if violation.code != "V633"] == []
    assert load_model(TEMPLATE).build(tiny).problem.numVariables() > 20


@pytest.mark.parametrize("seed", range(8))
def test_the_readable_model_makes_plans_the_judge_accepts(seed: int) -> None:
    verdict = judged(reference(), random_instance(seed))
    assert list(verdict.violations) == []


def test_the_readable_model_runs_as_a_users_model(tiny: Instance) -> None:
    tables, goals, termination = solve_own(ROOT / "models/dispatch/dispatch_reference.py", tiny)
    assert termination == "completed"
    assert goals[0].name == "floors"
    assert goals[0].gap == pytest.approx(0, abs=1e-9)
    assert set(tables) == {"shipments", "trips", "purchases", "shortages", "attainable"}


def test_the_model_on_the_page_runs(tiny: Instance, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "own-model.md").read_text(encoding="utf-8")
    file = tmp_path / "mine.py"
    file.write_text(page.split("```python\n")[1].split("```")[0], encoding="utf-8")
    tables, goals, _ = solve_own(file, tiny)
    assert goals[0].gap == pytest.approx(0, abs=1e-9)
    assert tables["shipments"]["quantity"].sum() > 0


def test_every_code_is_on_the_page() -> None:
    page = (ROOT / "docs" / "own-model.md").read_text(encoding="utf-8")
    sources = ["models/own.py", "engine/pulp_bridge.py"]
    text = "".join((ROOT / "allocator" / name).read_text(encoding="utf-8") for name in sources)
    codes = set(re.findall(r'code="([EV]\d{4})"', text))
    assert codes
    assert codes == set(re.findall(r"^\| ([EV]\d{4}) ", page, re.MULTILINE))
