"""Section 3 of formulation.md, the rows of every scenario: one function a row family, in order."""

from __future__ import annotations

import math
from typing import Any

from preposition_case import Model, Sum


def available(m: Model) -> None:
    """What survives is shipped or left over."""
    for s, scene in m.case.scenes.items():
        for (i, k), x in m.stock.items():
            shipped = Sum(m.ship.get((s, i, j, k), 0) for j, item in scene.need if item == k)
            left = m.surplus[s, i, k]
            m.row("available", (s, i, k), shipped + left == scene.survival(i, k) * x)


def agreement(m: Model) -> None:
    """What a supplier can keep of what was reserved."""
    for s, scene in m.case.scenes.items():
        for r, a in m.agree.items():
            called = Sum(g for (t, name, _), g in m.deliver.items() if (t, name) == (s, r))
            m.row("agreement", (s, r), called <= scene.available[r] * a)


def need(m: Model) -> None:
    """Need is served or short."""
    for s, scene in m.case.scenes.items():
        for (j, k), quantity in scene.need.items():
            shipped = Sum(m.ship.get((s, i, j, k), 0) for i in m.case.sites)
            served = shipped + m.delivered(s, j, k)
            m.row("need", (s, j, k), served + m.short[s, j, k] == quantity)


def delay(m: Model) -> None:
    """Goods that come late serve late need."""
    periods = sorted({row["delay_periods"] for row in m.case.agreements.values()} - {0})
    for s, scene in m.case.scenes.items():
        for j, k in scene.need:
            for h in periods:
                late = m.delivered(s, j, k, h)
                if late:
                    m.row("delay", (s, j, k, h), late <= scene.after(j, k, h))


def throughput(m: Model) -> None:
    """What can leave a site."""
    for s, scene in m.case.scenes.items():
        for i, sizes in m.case.sizes.items():
            limits = {one: scene.throughput(i, one) for one in sizes}
            if not limits or all(math.isinf(limit) for limit in limits.values()):
                continue
            enough = sum(m.case.items[k]["m3"] * q for (_, k), q in scene.need.items())
            room = Sum(min(limit, enough) * m.open[i, one] for one, limit in limits.items())
            m.row("throughput", (s, i), leaving(m, s, i) <= room)


def leaving(m: Model, s: str, site: str) -> object:
    """m3 that leave a site."""
    parts = [m.case.items[k]["m3"] * y for (t, i, _, k), y in m.ship.items() if (t, i) == (s, site)]
    for (t, r, _), g in m.deliver.items():
        row = m.case.agreements[r]
        if (t, row["site_id"]) == (s, site):
            parts.append(m.case.items[row["item_id"]]["m3"] * g)
    return Sum(parts)


def linked(m: Model) -> None:
    """Goods leave open sites only, lane by lane: it follows from the rest where o is whole."""
    volume = {k: item["m3"] for k, item in m.case.items.items()}
    for s, scene in m.case.scenes.items():
        moved: dict[tuple[str, str], list[Any]] = {}
        for (t, i, j, k), y in m.ship.items():
            if t == s:
                moved.setdefault((i, j), []).append(volume[k] * y)
        for (t, r, j), g in m.deliver.items():
            if t == s:
                row = m.case.agreements[r]
                moved.setdefault((row["site_id"], j), []).append(volume[row["item_id"]] * g)
        for (i, j), parts in moved.items():
            wanted = sum(volume[k] * q for (place, k), q in scene.need.items() if place == j)
            m.row("linked", (s, i, j), Sum(parts) <= wanted * m.is_open(i))


def assigned(m: Model) -> None:
    """Only the site a community is assigned to serves it."""
    for (i, j), z in m.assign.items():
        for s, scene in m.case.scenes.items():
            for place, k in scene.need:
                if place == j:
                    served = m.ship.get((s, i, j, k), 0) + Sum(
                        m.deliver.get((s, r, j), 0)
                        for r, row in m.case.agreements.items()
                        if (row["site_id"], row["item_id"]) == (i, k)
                    )
                    m.row("assigned", (s, i, j, k), served <= scene.need[j, k] * z)


def tier(m: Model) -> None:
    """People short of an item that counts in people: the largest over the items of its tier."""
    for s, scene in m.case.scenes.items():
        for j, k in scene.need:
            if m.case.counted(k):
                people = scene.rate(j, k) * m.short[s, j, k]
                m.row("tier", (s, j, k), m.late[s, j, m.case.items[k]["tier"]] >= people)


def floor(m: Model) -> None:
    """The share of life-critical need that must be served, unless the scenario is given up."""
    share = m.case.policy.reserve_floor
    for s, scene in m.case.scenes.items() if share > 0 else ():
        for (j, k), quantity in scene.need.items():
            if m.case.items[k]["tier"] == 1:
                given_up = share * quantity * m.missed.get(s, 0)
                most_short = (1 - share) * quantity + given_up
                m.row("floor", (s, j, k), m.short[s, j, k] <= most_short)


def shortage_budget(m: Model) -> None:
    """People short of life-critical goods on average, whatever the goals."""
    if m.case.policy.shortage_budget is not None:
        m.row("goal", ("shortage_budget",), m.people_short() <= m.case.policy.shortage_budget)


SCENARIO_ROWS = (
    available,
    agreement,
    need,
    delay,
    throughput,
    linked,
    assigned,
    tier,
    floor,
    shortage_budget,
)
