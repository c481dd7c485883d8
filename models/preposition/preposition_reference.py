"""The pre-positioning model of formulation.md as readable PuLP code, runnable on any instance.

    python models/preposition/preposition_reference.py INSTANCE [--solver highs|cbc]

All scenarios in one program: the second form that the fast one is tested against. Its parts
follow the page: preposition_terms.py (section 1: data), preposition_case.py (2: variables),
preposition_rows.py and preposition_scenario_rows.py (3: rows), and the goals of section 4 here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import pandas as pd
from preposition_case import Case, Model, Sum, add_variables
from preposition_rows import FIRST_ROWS
from preposition_scenario_rows import SCENARIO_ROWS

from allocator.instance import Instance
from allocator.models.own import Built, Goal, solve_goals

ROWS = FIRST_ROWS + SCENARIO_ROWS


def build(instance: Instance) -> Built:
    """Return the problem and its ordered goals."""
    m = Model(Case(instance))
    add_variables(m)
    for family in ROWS:
        family(m)
    return Built(m.problem, list(goals(m)), m)


# --- section 4: goals -------------------------------------------------------


def goals(m: Model) -> Iterator[Goal]:
    """The goals in order; remaining is one goal a tier."""
    for name in m.case.policy.reserve_goals:
        if name == "critical":
            yield critical_goal(m)
        elif name == "cost":
            yield cost_goal(m)
        else:
            for tier in sorted({m.case.items[k]["tier"] for k in m.case.unpriced}):
                yield Goal(f"remaining.{tier}", "min", m.people_short(tier), unit="people")


def critical_goal(m: Model) -> Goal:
    """People short of life-critical goods, on average over the scenarios."""
    return Goal("critical", "min", m.people_short(), unit="people")


def cost_goal(m: Model) -> Goal:
    """Sites, stock and agreements, and the risk measure of what the scenarios cost."""
    return Goal("cost", "min", m.spent() + risk(m), unit="money")


def risk(m: Model) -> Any:
    """R(Q): the mean, and by its weight the tail or the worst case."""
    policy, chance = m.case.policy, m.case.chance
    mean = Sum(chance[s] * m.cost_of(s) for s in chance)
    weight = 0.0 if policy.risk == "expected" else policy.risk_weight
    if weight == 0:
        return mean
    if policy.risk == "worst":
        worst = m.variable("worst", free=True)
        for s in chance:
            if chance[s] > 0:
                m.row("worst", (s,), worst >= m.cost_of(s))
        return (1 - weight) * mean + weight * worst
    eta = m.variable("eta", free=True)
    over = {s: m.variable("excess", s) for s in chance}
    for s in chance:
        m.row("excess", (s,), over[s] >= m.cost_of(s) - eta)
    tail = eta + Sum(chance[s] / (1 - policy.risk_level) * over[s] for s in chance)
    return (1 - weight) * mean + weight * tail


# --- the plan ---------------------------------------------------------------


def read(built: Built, instance: Instance) -> dict[str, pd.DataFrame]:
    """Return the tables of the plan."""
    m: Model = built.model
    tables = {
        "sites": [
            {"site_id": i, "size_id": size.name, "fixed_cost": size.cost}
            for (i, size), o in m.open.items()
            if o.value() > 0.5
        ],
        "reserves": [
            {"site_id": i, "item_id": k, "quantity": x.value()}
            | {"cost": m.case.shelf[i, k].cost * x.value()}
            for (i, k), x in m.stock.items()
        ],
        "agreements": [
            {"agreement_id": r, "quantity": a.value()}
            | {"cost": m.case.agreements[r]["option_price"] * a.value()}
            for r, a in m.agree.items()
        ],
        "assignments": [
            {"community_id": j, "site_id": i} for (i, j), z in m.assign.items() if z.value() > 0.5
        ],
        "recourse": list(recourse(m)),
        "outcomes": [
            {"scenario_id": s, "probability": m.case.chance[s]}
            | {"cost": m.cost_of(s).value(), "critical": m.people_short_in(s).value()}
            | {"short_units": sum(m.short[s, j, k].value() for j, k in m.case.scenes[s].need)}
            for s in m.case.chance
        ],
    }
    return {name: pd.DataFrame(found) for name, found in tables.items()}


def recourse(m: Model) -> Iterator[dict[str, Any]]:
    """Yield what is done in each scenario."""
    nothing = {"from_id": "", "to_id": "", "agreement_id": ""}
    for (s, i, j, k), y in m.ship.items():
        ends = {"from_id": i, "to_id": j, "item_id": k}
        yield nothing | {"scenario_id": s, "kind": "ship", "quantity": y.value()} | ends
    for (s, r, j), g in m.deliver.items():
        row = m.case.agreements[r]
        ends = {"from_id": row["site_id"], "to_id": j, "item_id": row["item_id"]}
        what = {"scenario_id": s, "kind": "ship", "agreement_id": r, "quantity": g.value()}
        yield nothing | what | ends
    for (s, j, k), u in m.short.items():
        ends = {"to_id": j, "item_id": k}
        yield nothing | {"scenario_id": s, "kind": "short", "quantity": u.value()} | ends
    for (s, i, k), v in m.surplus.items():
        ends = {"from_id": i, "item_id": k}
        yield nothing | {"scenario_id": s, "kind": "surplus", "quantity": v.value()} | ends


def solve(instance: Instance, solver: str = "highs") -> dict[str, float | None]:
    """Return the value of every goal, solved in order through "highs" or "cbc"."""
    name = {"cbc": "pulp:PULP_CBC_CMD"}.get(solver, solver)
    goals, _ = solve_goals(build(instance), instance.policy, name)
    return {goal.name: goal.value for goal in goals}


def main() -> None:
    """Solve an instance from the shell and print its goals."""
    import allocator.instance

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("instance")
    parser.add_argument("--solver", default="highs", choices=["highs", "cbc"])
    arguments = parser.parse_args()
    for name, value in solve(allocator.instance.load(arguments.instance), arguments.solver).items():
        print(f"{name:20s} {value:16.6f}" if value is not None else f"{name:20s} not solved")


if __name__ == "__main__":
    main()
