"""Section 5 of formulation.md for route_exact.py: what the terms of goals are in its columns."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pulp

if TYPE_CHECKING:
    from route_exact import Exact

Sum = pulp.lpSum


def terms(m: Exact, name: str) -> Any:
    """Return a term of a goal."""
    p, fleet, prize = m.p, m.p.fleet, m.p.stops.prize
    every = list(enumerate(p.vehicles))
    if name in ("required_unserved", "unserved"):
        need = name == "required_unserved"
        worth = {i: 1.0 if need else float(prize[i]) for i in m.stops if np.isinf(prize[i]) == need}
        return Sum(each * m.left[i] for i, each in worth.items())
    if name == "cost":
        fixed = Sum(float(fleet.fixed[one.type]) * m.trip[k, 0] for k, one in every)
        trips = Sum(float(fleet.per_trip[m.type(t)]) * x for t, x in m.trip.items())
        km = Sum(float(fleet.per_km[one.type]) * m.km(k) for k, one in every)
        return (
            fixed + trips + km + Sum(fleet.per_hour[one.type] / 60 * m.work(k) for k, one in every)
        )
    if name == "distance":
        return Sum(m.km(k) for k, _ in every)
    if name == "duration":
        return Sum(m.work(k) for k, _ in every)
    if name == "vehicles":
        return Sum(m.trip[k, 0] for k, _ in every)
    if name == "exposure":
        contacts = p.stops.contacts
        return Sum(
            float(contacts[i] * fleet.exposure[m.type(t)]) * y for (t, i), y in m.visit.items()
        )
    return late(m, name)


def late(m: Exact, name: str) -> Any:
    """Return a term that is a largest or a late minute, with the rows that make it one."""
    if name in ("longest_work", "work_spread"):
        most, least = m.column(f"{name}_most"), m.column(f"{name}_least")
        for k in range(len(m.p.vehicles)):
            used = 1 - m.trip[k, 0]
            m.problem += most >= m.work(k)
            m.problem += least <= m.work(k) + m.big * used
        m.problem += least <= most
        return most if name == "longest_work" else most - least
    if name == "latest_arrival":
        most = m.column(name)
        for key, visit in m.visit.items():
            m.problem += most >= m.begin[key] - m.big * (1 - visit)
        return most
    if any(m.p.divisible[i] for i in m.stops):
        raise ValueError("arrivals of divided goods are no linear goal")
    found = []
    for (t, i), visit in m.visit.items():
        due = float(m.p.stops.due[i]) if name == "tardiness" else 0.0
        if due < inf:
            own = m.column(name, *t, i)
            m.problem += own >= m.begin[t, i] - due - m.big * (1 - visit)
            found.append(float(m.p.stops.weight[i]) * own)
    return Sum(found)
