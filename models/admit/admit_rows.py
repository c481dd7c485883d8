"""Section 3 of formulation.md: one function a family of rows."""

from __future__ import annotations

from typing import Any

from admit_model import Model, Sum


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
        m.row("surge_budget", (), m.cost() <= m.data.policy.surge_budget)


ROWS = (queue, step, place, beds, open_once, care_hours, care_items, surge_budget)
