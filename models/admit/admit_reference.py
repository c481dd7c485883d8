"""The model of beds of formulation.md as readable PuLP code, runnable on any pooled instance.

    python models/admit/admit_reference.py INSTANCE [--solver highs|cbc]

Occupancy is the weighted sum of entries here, and a recursion in the fast form; data comes from the
tables alone. The regime district-first is two runs of this program and is left to the fast form.
"""

from __future__ import annotations

import argparse
from typing import Any

import pandas as pd
from admit_model import Model, Sum
from admit_rows import ROWS
from admit_tables import Tables

from allocator.instance import Instance
from allocator.models.own import Built, Goal, solve_goals

# --- section 4: goals ---------------------------------------------------------------------------


def waiting_goal(m: Model, name: str) -> Any:
    """The mean, and by its weight the tail or the worst scenario."""
    d, policy = m.data, m.data.policy
    kind = name.removesuffix("_waiting")
    kinds = tuple(s for s in d.classes if name == "waiting" or d.kinds[s] == kind)
    days = {z: m.waiting(z, kinds) for z in d.chance}
    mean = Sum(d.chance[z] * days[z] for z in days)
    weight = 0.0 if policy.risk == "expected" or len(days) == 1 else policy.risk_weight
    if not weight:
        return mean
    if policy.risk == "worst":
        bad = m.variable("worst", name)
        for z in days:
            m.row("worst", (name, z), bad - days[z] >= 0)
    else:
        eta = m.variable("eta", name)
        over = {z: m.variable("excess", name, z) for z in days}
        for z in days:
            m.row("excess", (name, z), over[z] + eta - days[z] >= 0)
        bad = eta + Sum(d.chance[z] / (1 - policy.risk_level) * over[z] for z in days)
    return (1 - weight) * mean + weight * bad


def worst_district_goal(m: Model) -> Any:
    d, level = m.data, m.variable("worst_district")
    for name in sorted(set(d.district.values())):
        mine = [c for c in d.places if d.district[c] == name]
        people = sum(
            d.chance[z] * n for z in d.chance for (c, _, _), n in d.arrivals[z].items() if c in mine
        )
        waited = Sum(
            d.chance[z] * d.days[t] * w for (z, c, _, _, t), w in m.wait.items() if c in mine
        )
        if people > 0:
            m.row("worst_district", (name,), people * level - waited >= 0)
    return level


def transfers_goal(m: Model) -> Any:
    d = m.data
    doors = [d.chance[k[0]] * x for k, x in m.admit.items() if k[1] in d.sites and k[1] != k[2]]
    return Sum(doors + [d.chance[k[0]] * x for k, x in m.move.items() if k[1] != k[2]])


def travel_goal(m: Model) -> Any:
    d = m.data
    ways = [d.chance[k[0]] * d.ways[k[1], k[2]] / 60 * x for k, x in m.admit.items()]
    return Sum(
        ways + [d.chance[k[0]] * d.transfers[k[1], k[2]] / 60 * x for k, x in m.move.items()]
    )


MAKERS = {
    "worst_district": worst_district_goal,
    "transfers": transfers_goal,
    "travel": travel_goal,
    "surge_cost": Model.cost,
}


def build(instance: Instance) -> Built:
    """Return the problem and its ordered goals."""
    m = Model(Tables(instance))
    for family in ROWS:
        family(m)
    goals = [
        Goal(
            name,
            "min",
            MAKERS[name](m) if name in MAKERS else waiting_goal(m, name),
        )
        for name in m.data.policy.admit_goals
    ]
    return Built(m.problem, goals, m)


def read(built: Built, instance: Instance) -> dict[str, pd.DataFrame]:
    """Return the tables of the plan; what follows from them is the judge's to add."""
    m: Model = built.model
    admissions = [
        {"community_id": c, "site_id": h, "severity": s, "period": t, "scenario_id": z}
        | {"known": m.data.delay, "number": x.value()}
        for (z, c, h, s, t), x in m.admit.items()
    ]
    transfers = [
        {"from_site": h, "to_site": g, "from_severity": r[0], "severity": r[1]}
        | {"period": t, "number": x.value(), "scenario_id": z}
        for (z, h, g, r, t), x in m.move.items()
    ]
    openings = [
        {"ward_id": b, "period": t, "beds": m.data.wards[b]["beds"]}
        | {"cost": m.data.wards[b]["opening_cost"]}
        for (b, t), o in m.open.items()
        if o.value() > 0.5
    ]
    tables = {"admissions": admissions, "transfers": transfers, "openings": openings}
    return {name: pd.DataFrame(found) for name, found in tables.items()}


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
