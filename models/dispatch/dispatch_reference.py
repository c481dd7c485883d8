"""The dispatch model of formulation.md as readable PuLP code, runnable on any instance.

    python models/dispatch/dispatch_reference.py INSTANCE [--solver highs|cbc]

It is the second form that the fast one is tested against, and a model to start your own from:
`allocator dispatch INSTANCE --model models/dispatch/dispatch_reference.py`.

Its parts follow the page: dispatch_terms.py (sections 1 and 2: lanes, permits, batches),
dispatch_case.py (3: variables), dispatch_rows.py (4: rows), dispatch_goals.py (5 and 6: goals).
"""

from __future__ import annotations

import argparse

import pandas as pd
from dispatch_case import Case, Model, add_variables
from dispatch_goals import goals_of, shares_of
from dispatch_rows import ROWS
from dispatch_terms import KEEPS

from allocator.instance import Instance
from allocator.models.own import Built, solve_goals


def build(instance: Instance, solver: str = "highs", start: pd.DataFrame | None = None) -> Built:
    """Return the problem and its ordered goals.

    Args:
        instance: A valid instance.
        solver: What finds the attainable shares: "highs" or "pulp:NAME".
        start: Shipments of a start plan, for the goal change and `max_changes`.
    """
    m = Model(Case(instance, start))
    add_variables(m)
    for family in ROWS:
        family(m)
    fair = "fairness" in m.case.policy.goals and m.case.policy.fairness in ("max-min", "leximin")
    m.shares = {c: shares_of(m, c, solver) if fair else [] for c in m.case.tiers}
    return Built(m.problem, goals_of(m, solver), m)


def read(built: Built, instance: Instance) -> dict[str, pd.DataFrame]:
    """Return the tables of the plan; shortages are left to the judge."""
    m: Model = built.model
    case = m.case
    shipments = [
        {
            "from_id": lane.origin,
            "to_id": lane.target,
            "item_id": k.item,
            "period": t,
            "arrives": t + case.lead(lane, k.item, t),
            "quantity": x.value(),
            "expiry": None if k.expiry == KEEPS else k.expiry,
            "earmark": k.earmark,
        }
        for (lane, k, t), x in m.ship.items()
    ]
    trips = [
        {
            "from_id": lane.origin,
            "to_id": lane.target,
            "type": case.vehicles[v]["type"],
            "site_id": case.vehicles[v]["site_id"],
            "period": t,
            "trips": y.value(),
        }
        for (lane, v, t), y in m.trips.items()
    ]
    purchases = [
        {key: row[key] for key in ("site_id", "item_id", "period")}
        | {"quantity": m.buy[j].value() or 0.0, "cost": row["price"] * (m.buy[j].value() or 0.0)}
        for j, row in enumerate(case.purchases)
    ]
    return {
        "shipments": pd.DataFrame(shipments),
        "trips": pd.DataFrame(trips),
        "purchases": pd.DataFrame(purchases),
    }


def solve(
    instance: Instance, solver: str = "highs", start: pd.DataFrame | None = None
) -> dict[str, float | None]:
    """Return the value of every goal, solved in order through "highs" or "cbc"."""
    name = {"cbc": "pulp:PULP_CBC_CMD"}.get(solver, solver)
    built = build(instance, name, start)
    goals, _ = solve_goals(built, instance.policy, name)
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
