"""Staff, written to be read: the model of formulation.md in CP-SAT, one function a row family.

    python models/staff/staff_reference.py INSTANCE

Every post, person and period has its own variable; nothing is grouped or tightened.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from ortools.sat.python import cp_model
from staff_model import Staffing, variables
from staff_rows import ROWS

import allocator
from allocator.errors import ImpossibleError
from allocator.instance.staff_case import staff_case

SCALE = 10_000  # loads count in 1 / SCALE of the most possible
CENTS = 1000  # weights and money count in 1 / CENTS


def goal_terms(s: Staffing) -> dict[str, tuple[Any, float]]:
    """Every goal as a whole expression and the scale it counts in."""
    posts, people = s.case.posts, s.case.people
    weight = np.round(posts.weight * CENTS).astype(int).tolist()
    over = np.round(np.nan_to_num(posts.over_weight) * CENTS).astype(int).tolist()
    rate = people.cost * CENTS
    terms: dict[str, tuple[Any, float]] = {
        "critical_uncovered": (
            sum(weight[p] * s.short[p] for p in s.posts if posts.critical[p]),
            CENTS,
        ),
        "uncovered": (
            sum(weight[p] * s.short[p] for p in s.posts if not posts.critical[p]),
            CENTS,
        ),
        "surplus": (sum(over[p] * s.surplus[p] for p in s.posts), CENTS),
        "qualified": (sum(s.lack), 1),
        "requests": (_requests(s), CENTS),
        "cost": (sum(round(rate[w]) * s.minutes(w) for w in s.workers), 60 * CENTS),
    }
    return terms | _workload(s)


def _requests(s: Staffing) -> Any:
    wishes, total = s.case.people.wishes, 0
    for n in range(len(wishes)):
        w, shift = int(wishes.worker[n]), int(wishes.shift[n])
        work = s.works(w, int(wishes.period[n]), None if shift < 0 else {shift})
        weight = round(abs(wishes.weight[n]) * CENTS)
        wanted = wishes.weight[n] > 0
        total += weight * (int(s.case.people.number[w]) - work if wanted else work)
    return total


def _workload(s: Staffing) -> dict[str, tuple[Any, float]]:
    rule, capacity = s.case.policy.workload, s.case.capacity
    busy = [w for w in s.workers if capacity[w] > 0]
    if rule == "none" or not busy:
        return {}
    loads = []
    for w in busy:
        load = s.model.new_int_var(0, SCALE, "load")
        s.model.add_division_equality(load, SCALE * s.minutes(w), int(capacity[w]))
        loads.append(load)
    if rule == "spread":
        most, least = (s.model.new_int_var(0, SCALE, name) for name in ("most", "least"))
        s.model.add_max_equality(most, loads)
        s.model.add_min_equality(least, loads)
        return {"workload": (most - least, SCALE)}
    found: dict[str, tuple[Any, float]] = {}
    for count in range(1, min(s.case.policy.leximin_rounds, len(loads)) + 1):
        level = s.model.new_int_var(0, SCALE, "level")
        above = [s.model.new_int_var(0, SCALE, "above") for _ in loads]
        for one, load in zip(above, loads, strict=True):
            s.model.add(one >= load - level)
        found[f"workload.{count}"] = (count * level + sum(above), SCALE)
    return found


def solve(instance: allocator.Instance) -> dict[str, float]:
    """Return the value of every goal, minimised in the order of the policy."""
    s = variables(staff_case(instance))
    for rows in ROWS:
        rows(s)
    terms, values = goal_terms(s), {}
    for name in instance.policy.staff_goals:
        for term in [one for one in terms if one.split(".")[0] == name]:
            expression, scale = terms[term]
            values[term] = _minimised(s, expression) / scale
    return values


def _minimised(s: Staffing, expression: Any) -> int:
    """Minimise an expression and keep it there."""
    s.model.minimize(expression)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(s.model)
    if status == cp_model.INFEASIBLE:
        raise ImpossibleError.because("no roster can obey all the rules", code="E4301")
    value = round(solver.objective_value)
    s.model.add(expression <= value)
    return value


if __name__ == "__main__":
    for goal, value in solve(allocator.load(sys.argv[1])).items():
        print(f"{goal:20} {value:g}")
