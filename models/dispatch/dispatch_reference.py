"""The dispatch model of formulation.md as readable PuLP code, runnable on any instance.

    python models/dispatch/dispatch_reference.py INSTANCE [--solver highs|cbc]

It is the second form that the fast one is tested against, and a model to start your own from:
`allocator dispatch INSTANCE --model models/dispatch/dispatch_reference.py`.

Its parts follow the page: dispatch_terms.py and dispatch_lanes.py (sections 1 and 2: permits,
batches, lanes), dispatch_case.py (3: variables), dispatch_rows.py (4: rows), dispatch_goals.py
(5 and 6: goals), dispatch_staff.py (8: who stands at the gates).
"""

from __future__ import annotations

import argparse
from typing import Any

import pandas as pd
from dispatch_case import Case, Model, add_variables, last_need, people_a_unit, short_keys
from dispatch_goals import goals_of, shares_of
from dispatch_rows import ROWS
from dispatch_terms import KEEPS, Batch, Lane, Row

from allocator.instance import Instance
from allocator.models.own import Built, solve_goals


def build(instance: Instance, solver: str = "highs", start: pd.DataFrame | None = None) -> Built:
    """Return the problem and its ordered goals.

    Args:
        instance: A valid instance.
        solver: What finds the attainable shares: "highs" or "pulp:NAME".
        start: Shipments of a start plan, for the goal change and `max_changes`.
    """
    m = whole(instance, start)
    fair = "fairness" in m.case.policy.goals and m.case.policy.fairness in ("max-min", "leximin")
    staffed = instance.replace(policy=instance.policy.replace(gate_staff="chain"))
    alone_in = whole(staffed, start) if m.case.policy.gate_staff == "joint" else m
    m.shares = {c: shares_of(m, c, solver, alone_in) if fair else [] for c in m.case.tiers}
    return Built(m.problem, goals_of(m, solver), m)


def whole(instance: Instance, start: pd.DataFrame | None) -> Model:
    """Return the model with all its rows."""
    m = Model(Case(instance, start))
    add_variables(m)
    for family in ROWS:
        family(m)
    return m


def read(built: Built, instance: Instance) -> dict[str, pd.DataFrame]:
    """Return the tables of the plan."""
    m: Model = built.model
    tables = {
        "shipments": [shipment(m, *key) for key in m.ship],
        "trips": [trip(m, *key) for key in m.trips],
        "purchases": [purchase(m, number) for number in m.buy],
        "shortages": [shortage(m, *key) for key in short_keys(m.case)],
        "attainable": [attainable(*share) for shares in m.shares.values() for share in shares],
    }
    return {name: pd.DataFrame(rows) for name, rows in tables.items() if rows or name != "trips"}


def shipment(m: Model, lane: Lane, k: Batch, t: int) -> Row:
    """Return a row of shipments."""
    return {
        "from_id": lane.origin,
        "to_id": lane.target,
        "item_id": k.item,
        "period": t,
        "arrives": t + m.case.lead(lane, k.item, t),
        "quantity": m.ship[lane, k, t].value(),
        "expiry": None if k.expiry == KEEPS else k.expiry,
        "earmark": k.earmark,
    }


def trip(m: Model, lane: Lane, v: int, t: int) -> Row:
    """Return a row of trips."""
    vehicle, ends = m.case.vehicles[v], {"from_id": lane.origin, "to_id": lane.target}
    kind = {"type": vehicle["type"], "site_id": vehicle["site_id"]}
    return ends | kind | {"period": t, "trips": m.trips[lane, v, t].value()}


def purchase(m: Model, number: int) -> Row:
    """Return a row of purchases."""
    row, quantity = m.case.purchases[number], m.buy[number].value() or 0.0
    what = {key: row[key] for key in ("site_id", "item_id", "period")}
    return what | {"quantity": quantity, "cost": row["price"] * quantity}


def shortage(m: Model, p: str, i: str, t: int) -> Row:
    """Return a row of shortages; a need that waits is short of what waits at the end of t."""
    wanted = m.case.needs[p, i, t].quantity if (p, i, t) in m.case.needs else 0.0
    short = m.short(p, i, t).value()
    days = m.case.days[t] * people_a_unit(m.case, p, i, t) * short
    people = last_need(m.case, p, i, t).people
    what = {"community_id": p, "item_id": i, "period": t, "need": wanted, "short": short}
    return what | {"people": people, "person_days": days}


def attainable(p: str, c: int, first: int, _wanted: float, alone: float, _short: Any) -> Row:
    """Return a row of attainable."""
    return {"place_id": p, "tier": c, "window_start": first, "attainable": alone}


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
