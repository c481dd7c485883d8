"""All solvers live in one process, in whatever order they are imported.

Two versions of HiGHS in one process crash it, which is why the versions are pinned together.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

IMPORTS = {
    "highspy": "import highspy",
    "cp_sat": "from ortools.sat.python import cp_model",
    "routing": "from ortools.constraint_solver import pywrapcp",
    "linear": "from ortools.linear_solver import pywraplp",
    "pulp": "import pulp",
    "pyvrp": "import pyvrp",
}

# Each asks for the largest x up to 3 (routing: the shortest tour of two places, 2 long).
SOLVES = {
    "highspy": """
highs = highspy.Highs()
highs.setOptionValue("output_flag", False)
highs.addVar(0, 3)
highs.changeColCost(0, -1)
highs.run()
assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
assert highs.getSolution().col_value[0] == 3
""",
    "cp_sat": """
model = cp_model.CpModel()
x = model.new_int_var(0, 3, "x")
model.maximize(x)
solver = cp_model.CpSolver()
solver.parameters.num_workers = 1
assert solver.solve(model) == cp_model.OPTIMAL
assert solver.value(x) == 3
""",
    "routing": """
manager = pywrapcp.RoutingIndexManager(2, 1, 0)
routing = pywrapcp.RoutingModel(manager)
transit = routing.RegisterTransitMatrix([[0, 1], [1, 0]])
routing.SetArcCostEvaluatorOfAllVehicles(transit)
assert routing.Solve().ObjectiveValue() == 2
""",
    "linear": """
for name in ("GLOP", "SCIP", "HIGHS"):
    solver = pywraplp.Solver.CreateSolver(name)
    if solver is None and name == "HIGHS":
        continue
    x = solver.NumVar(0, 3, "x")
    solver.Maximize(x)
    assert solver.Solve() == pywraplp.Solver.OPTIMAL
    assert x.solution_value() == 3
""",
    "pyvrp": """
model = pyvrp.Model()
depot, place = model.add_location(0, 0), model.add_location(0, 1)
model.add_depot(depot)
model.add_client(place)
model.add_vehicle_type()
model.add_edge(depot, place, distance=1)
model.add_edge(place, depot, distance=1)
assert model.solve(pyvrp.stop.MaxIterations(5), display=False).cost() == 2
""",
    "pulp": """
problem = pulp.LpProblem("tiny", pulp.LpMaximize)
x = pulp.LpVariable("x", 0, 3)
problem += x
problem.solve(pulp.HiGHS(msg=False))
assert x.value() == 3
""",
}

ORDERS = [
    ("highspy", "cp_sat", "routing", "pyvrp", "linear", "pulp"),
    ("pulp", "linear", "pyvrp", "routing", "cp_sat", "highspy"),
    ("cp_sat", "highspy", "pulp", "routing", "linear", "pyvrp"),
    ("pyvrp", "linear", "pulp", "highspy", "cp_sat", "routing"),
    ("routing", "pyvrp", "highspy", "linear", "pulp", "cp_sat"),
]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
@pytest.mark.parametrize("reverse", [False, True], ids=["solve_in_order", "solve_reversed"])
def test_all_solvers_work_in_one_process(order: tuple[str, ...], reverse: bool) -> None:
    lines = [IMPORTS[name] for name in order]
    lines += [SOLVES[name] for name in (reversed(order) if reverse else order)]
    command = [sys.executable, "-c", "\n".join(lines)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr[-2000:]
