"""The model of beds of formulation.md as readable PuLP code, runnable on any pooled instance.

    python models/admit/admit_reference.py INSTANCE [--solver highs|cbc]

Occupancy is the weighted sum of entries here, and a recursion in the fast form; data comes from the
tables alone. The regime district-first is two runs of this program and is left to the fast form.
"""

from __future__ import annotations

import argparse
from typing import Any

import pandas as pd
import pulp
from admit_tables import Tables

from allocator.instance import Instance
from allocator.models.own import Built, Goal, solve_goals

Sum = pulp.lpSum


class Model:
    """The PuLP problem and its variables, in dictionaries keyed as on the page."""

    def __init__(self, data: Tables) -> None:
        """Make every variable of section 2."""
        self.data, self.problem = data, pulp.LpProblem("admit")
        d, lists = data, range(data.delay + 1)
        self.wait = {
            (z, c, s, a, t): self.variable("wait", z, c, s, a, t)
            for z in d.chance
            for c in d.places
            for s in d.classes
            for a in lists
            for t in d.periods
        }
        self.admit = {
            (z, c, h, s, t): self.variable("admit", z, c, h, s, d.delay, t)
            for z in d.chance
            for c, h in d.ways
            for s in d.classes
            for t in d.periods
            if d.takes(h, s) and d.allowed(c, h, s, t)
        }
        self.move = {
            (z, h, g, r, t): self.variable("move", z, h, g, *r, t)
            for z in d.chance
            for h, g in d.transfers
            for r in d.changes
            for t in d.periods
            if d.takes(h, r[0]) and d.takes(g, r[1]) and (h == g or d.allowed(h, g, r[1], t))
        }
        self.lie = {
            (z, b, s, t): self.variable("lie", z, b, s, t)
            for z in d.chance
            for b, ward in d.wards.items()
            for s in ward["uses"]
            for t in d.periods
        }
        self.open = {
            (b, t): self.variable("open", b, t, binary=True)
            for b, ward in d.wards.items()
            if ward["surge"]
            for t in d.periods
            if ward["opens"] <= t and t + ward["lead_periods"] <= ward["closes"]
        }

    def variable(self, name: str, *keys: Any, binary: bool = False) -> Any:
        """Return a new variable >= 0."""
        label = f"{name}({','.join(str(key) for key in keys)})"
        kind = "Binary" if binary else "Continuous"
        return self.problem.add_variable(label, 0, 1 if binary else None, kind)

    def row(self, name: str, keys: tuple[Any, ...], row: Any) -> None:
        """Add a row named name(keys); one without variables is left out."""
        if isinstance(row, pulp.LpConstraint) and len(row):
            row.name = f"{name}({','.join(str(key) for key in keys)})"
            self.problem += row

    # -- what the rows speak of ----------------------------------------------------------------

    def enter(self, z: str, h: str, s: str, t: int) -> Any:
        """Who enters a class at a site."""
        d = self.data
        outside = [self.admit.get((z, c, h, s, t), 0) for c, site in d.ways if site == h]
        others = [
            self.move.get((z, g, h, r, t), 0)
            for g, site in d.transfers
            if site == h
            for r in d.changes
            if r[1] == s
        ]
        return Sum(outside + others)

    def inside(self, z: str, h: str, s: str, t: int) -> Any:
        """Entries weighed by the share still there, and the inpatients."""
        d = self.data
        entered = [d.still(s, t - u) * self.enter(z, h, s, u) for u in d.periods if u <= t]
        return Sum(entered) + d.before_inside(h, s, t)

    def held(self, z: str, h: str, r: tuple[str, str], t: int) -> Any:
        """Class changers so far, less those who have moved."""
        d = self.data
        coming = [
            d.step(r, u - v) * self.enter(z, h, r[0], v)
            for u in d.periods
            if u <= t
            for v in d.periods
            if v < u
        ]
        gone = [
            self.move.get((z, h, g, r, u), 0)
            for site, g in d.transfers
            if site == h
            for u in d.periods
            if u <= t
        ]
        known = sum(d.before_step(h, r, u) for u in d.periods if u <= t)
        return Sum(coming) + known - Sum(gone)

    def occupied(self, z: str, h: str, s: str, t: int) -> Any:
        """Who lies in beds for a class."""
        held = [self.held(z, h, r, t) for r in self.data.changes if r[0] == s]
        return self.inside(z, h, s, t) + Sum(held)

    def waiting(self, z: str, kinds: tuple[str, ...]) -> Any:
        """Patient-days of waiting of classes, outside and held."""
        d = self.data
        outside = [
            d.days[t] * self.wait[z, c, s, a, t]
            for (zz, c, s, a, t) in self.wait
            if zz == z and s in kinds
        ]
        held = [
            d.days[t] * self.held(z, h, r, t)
            for h in d.sites
            for r in d.changes
            if r[1] in kinds and d.takes(h, r[0])
            for t in d.periods
        ]
        return Sum(outside + held)


# --- section 3: rows ----------------------------------------------------------------------------


def queue(m: Model) -> None:
    d, last = m.data, m.data.delay
    for z, c, s, a, t in m.wait:
        older = [q for q in ((a - 1,) if a else ()) + ((last,) if a == last else ()) if q >= 0]
        rest = Sum(
            d.passes[p, s] * m.wait[z, c, p, q, t - 1]
            for p in d.classes
            for q in older
            if t - 1 in d.days
        )
        new = d.arrivals[z].get((c, s, t), 0.0) if a == 0 else 0.0
        gone = Sum(m.admit.get((z, c, h, s, t), 0) for cc, h in d.ways if cc == c and a == last)
        m.row("queue", (z, c, s, a, t), m.wait[z, c, s, a, t] == rest + new - gone)


def step(m: Model) -> None:
    for z in m.data.chance:
        for h in m.data.sites:
            for r in m.data.changes:
                for t in m.data.periods:
                    if m.data.takes(h, r[0]):
                        m.row("step", (z, h, *r, t), m.held(z, h, r, t) >= 0)


def place(m: Model) -> None:
    d = m.data
    for z in d.chance:
        for h in d.sites:
            for s in d.classes:
                for t in d.periods:
                    lying = [
                        m.lie[z, b, s, t]
                        for b, ward in d.wards.items()
                        if ward["site_id"] == h and s in ward["uses"]
                    ]
                    if lying:
                        m.row("place", (z, h, s, t), Sum(lying) == m.occupied(z, h, s, t))


def beds(m: Model) -> None:
    """A ward has its beds while it is open; another may take them from the decision on."""
    d = m.data
    for z in d.chance:
        for b, ward in d.wards.items():
            for t in d.periods:
                lying = Sum(m.lie[z, b, s, t] for s in ward["uses"])
                m.row("beds", (z, b, t), lying <= available(m, b, t))


def available(m: Model, b: str, t: int) -> Any:
    """Beds of a ward in a period."""
    d, ward = m.data, m.data.wards[b]
    if t < ward["opens"] or t > ward["closes"]:
        return 0.0
    there = float(ward["beds"])
    if ward["surge"]:
        decided = [m.open.get((b, u), 0) for u in d.periods if u <= t - ward["lead_periods"]]
        return there * Sum(decided)
    taken = [
        other["beds"] * m.open.get((one, u), 0)
        for one, other in d.wards.items()
        if other["converts_from"] == b and t <= other["closes"]
        for u in d.periods
        if u <= t
    ]
    return there - Sum(taken)


def open_once(m: Model) -> None:
    for b in {b for b, _ in m.open}:
        m.row("open_once", (b,), Sum(o for (one, _), o in m.open.items() if one == b) <= 1)


def care_hours(m: Model) -> None:
    d = m.data
    for z in d.chance:
        for h, staff in d.staff.items():
            for t in d.periods:
                care = Sum(
                    d.days[t] * d.hours[s] * m.occupied(z, h, s, t)
                    for s in d.classes
                    if d.takes(h, s)
                )
                m.row("care_hours", (z, h, t), care <= staff.get(t, 0.0))


def care_items(m: Model) -> None:
    """Reusable items: a level; others: what is used so far."""
    d = m.data
    for z in d.chance:
        for h in d.sites:
            for i, item in d.items.items():
                for t in d.periods:
                    since = [t] if item["reusable"] else [u for u in d.periods if u <= t]
                    used = Sum(
                        (1.0 if item["reusable"] else d.days[u])
                        * d.use.get((i, s), 0.0)
                        * m.occupied(z, h, s, u)
                        for u in since
                        for s in d.classes
                        if d.takes(h, s)
                    )
                    m.row("care_items", (z, h, i, t), used <= d.level(h, i, t))


def surge_budget(m: Model) -> None:
    if m.data.policy.surge_budget is not None:
        m.row("surge_budget", (), cost_of(m) <= m.data.policy.surge_budget)


ROWS = (queue, step, place, beds, open_once, care_hours, care_items, surge_budget)


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


def cost_of(m: Model) -> Any:
    return Sum(m.data.wards[b]["opening_cost"] * o for (b, _), o in m.open.items())


MAKERS = {
    "worst_district": worst_district_goal,
    "transfers": transfers_goal,
    "travel": travel_goal,
    "surge_cost": cost_of,
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
