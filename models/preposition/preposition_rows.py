"""Section 3 of formulation.md, the rows of the first stage: one function a row family, in order."""

from __future__ import annotations

import math

from preposition_case import Model, Sum


def size(m: Model) -> None:
    """At most one size a site; existing sites are kept."""
    for i, row in m.case.sites.items():
        if row["status"] == "open" and not m.case.policy.close_existing:
            m.row("size", (i,), m.is_open(i) == 1)
        elif m.case.sizes[i]:
            m.row("size", (i,), m.is_open(i) <= 1)


def volume(m: Model) -> None:
    """The reserve fits into the size."""
    for i, sizes in m.case.sizes.items():
        if sizes and all(math.isfinite(one.volume) for one in sizes):
            used = Sum(m.case.items[k]["m3"] * x for (site, k), x in m.stock.items() if site == i)
            m.row("volume", (i,), used <= Sum(one.volume * m.open[i, one] for one in sizes))
        elif sizes:
            bounded_by_size(m, i)


def bounded_by_size(m: Model, i: str) -> None:
    """Where some size has no limit: a limited one limits what it holds when it is chosen."""
    used = Sum(m.case.items[k]["m3"] * x for (site, k), x in m.stock.items() if site == i)
    limited = [one for one in m.case.sizes[i] if math.isfinite(one.volume)]
    unlimited = [one for one in m.case.sizes[i] if not math.isfinite(one.volume)]
    if limited:
        room = Sum(one.volume * m.open[i, one] for one in limited)
        m.row("volume", (i,), used <= room + Sum(most(m) * m.open[i, one] for one in unlimited))


def most(m: Model) -> float:
    """More m3 than anybody can use."""
    needed = sum(
        m.case.items[k]["m3"] * quantity / max(scene.survival(i, k), 1e-3)
        for scene in m.case.scenes.values()
        for (_, k), quantity in scene.need.items()
        for i in m.case.sites
    )
    return 10 * needed + sum(
        m.case.items[k]["m3"] * (quantity * (1 + m.case.policy.reserve_days))
        for (_, k), quantity in [*m.case.base.items(), *m.case.held.items()]
    )


def stock_max(m: Model) -> None:
    """Stock within the maximum, at open sites only; M is large here, the fast form has it tight."""
    for (i, k), x in m.stock.items():
        high = min(m.case.shelf[i, k].maximum, largest(m, k))
        m.row("stock_max", (i, k), x <= high * m.is_open(i))


def largest(m: Model, item: str) -> float:
    """More units than any optimum needs at one site."""
    pack = m.case.items[item]["pack_size"]
    wanted = sum(q for (_, k), q in m.case.base.items() if k == item)
    wanted *= 1 + m.case.policy.reserve_days
    wanted += sum(q for (_, k), q in m.case.held.items() if k == item)
    wanted += sum(shelf.minimum for (_, k), shelf in m.case.shelf.items() if k == item)
    wanted += sum(
        row["quantity"]
        for row in m.case.instance["reserve_pins"].to_dict("records")
        if not math.isnan(row["quantity"])
    )
    for scene in m.case.scenes.values():
        needed = sum(q for (_, k), q in scene.need.items() if k == item)
        shares = [scene.survival(i, item) for i in m.case.sites]
        wanted += needed / min([share for share in shares if share > 0], default=1.0)
    return wanted + pack


def stock_min(m: Model) -> None:
    """What every open site must hold."""
    for (i, k), x in m.stock.items():
        low = m.case.shelf[i, k].minimum
        if low > 0:
            m.row("stock_min", (i, k), x >= low * m.is_open(i))


def agreement_max(m: Model) -> None:
    """Suppliers deliver to open sites."""
    for r, a in m.agree.items():
        row = m.case.agreements[r]
        m.row("agreement_max", (r,), a <= row["maximum"] * m.is_open(row["site_id"]))


def budget(m: Model) -> None:
    """Money for the first stage."""
    if m.case.policy.reserve_budget is not None:
        m.row("budget", (), m.spent() <= m.case.policy.reserve_budget)


def sites(m: Model) -> None:
    """How many sites may, or must, be open."""
    policy = m.case.policy
    if policy.open_sites is not None:
        count = Sum(m.open.values())
        exact = policy.open_rule == "exactly"
        m.row("sites", (), count == policy.open_sites if exact else count <= policy.open_sites)


def total_stock(m: Model) -> None:
    """The reserves there are may be moved, not changed."""
    if m.case.policy.total_stock == "fixed":
        for k in m.case.items:
            held = sum(quantity for (_, item), quantity in m.case.held.items() if item == k)
            total = Sum(x for (_, item), x in m.stock.items() if item == k)
            m.row("total_stock", (k,), total == held)


def cover(m: Model) -> None:
    """What lies within the minutes covers a community."""
    policy = m.case.policy
    for j, c in m.covered.items():
        near = m.case.near(j, policy.coverage_minutes)
        if policy.coverage_item:
            reached = Sum(m.cover_from[i, j] for i in near)
            m.row("cover", (j,), m.case.base[j, policy.coverage_item] * c <= reached)
        else:
            m.row("cover", (j,), c <= Sum(m.is_open(i) for i in near))


def cover_stock(m: Model) -> None:
    """A unit covers once."""
    item = m.case.policy.coverage_item
    for i in dict.fromkeys(i for i, _ in m.cover_from):
        used = Sum(q for (site, _), q in m.cover_from.items() if site == i)
        m.row("cover_stock", (i,), used <= m.stock.get((i, item), 0))


def coverage(m: Model) -> None:
    """The share of the people, or of each community, that must be covered."""
    share = m.case.policy.coverage_share
    if m.case.policy.coverage_each:
        for j, c in m.covered.items():
            m.row("coverage", (j,), c >= share)
    elif m.covered:
        people = {j: m.case.towns[j]["population"] for j in m.covered}
        reached = Sum(people[j] * c for j, c in m.covered.items())
        m.row("coverage", (), reached >= share * sum(people.values()))


def days(m: Model) -> None:
    """Every community has its days of need within reach."""
    wanted = m.case.policy.reserve_days
    for (j, k), quantity in m.case.base.items() if wanted > 0 else ():
        apart = Sum(m.allot[i, j, k] for i in m.case.near(j))
        m.row("days", (j, k), apart >= wanted * quantity / m.case.days)


def allotted(m: Model) -> None:
    """A unit is set apart once."""
    for i, k in dict.fromkeys((i, k) for i, _, k in m.allot):
        used = Sum(t for (site, _, item), t in m.allot.items() if (site, item) == (i, k))
        m.row("allotted", (i, k), used <= m.stock.get((i, k), 0))


def assign(m: Model) -> None:
    """One site serves a community."""
    for j in dict.fromkeys(j for _, j in m.assign):
        m.row("assign", (j,), Sum(z for (_, place), z in m.assign.items() if place == j) <= 1)


def assign_open(m: Model) -> None:
    """It is an open one."""
    for (i, j), z in m.assign.items():
        m.row("assign_open", (i, j), z <= m.is_open(i))


def reserve_pin(m: Model) -> None:
    """What the planner fixed."""
    for pin in m.case.instance["reserve_pins"].to_dict("records"):
        name, site = pin["pin_id"], pin["site_id"]
        if pin["open"]:
            meant = [
                o
                for (i, one), o in m.open.items()
                if i == site and pin["size_id"] in ("", one.name)
            ]
            m.row("reserve_pin", (name, "open"), Sum(meant) == (1 if pin["open"] == "yes" else 0))
        if not math.isnan(pin["quantity"]):
            total = Sum(
                x for (i, k), x in m.stock.items() if site in ("", i) and pin["item_id"] in ("", k)
            )
            rules = {
                "exactly": total == pin["quantity"],
                "at_least": total >= pin["quantity"],
                "at_most": total <= pin["quantity"],
            }
            m.row("reserve_pin", (name,), rules[pin["rule"]])


def missed(m: Model) -> None:
    """The floors hold with the probability asked for."""
    if m.missed:
        chance = Sum(m.case.chance[s] * b for s, b in m.missed.items())
        m.row("missed", (), chance <= 1 - m.case.policy.reserve_floor_probability)


FIRST_ROWS = (
    size,
    volume,
    stock_max,
    stock_min,
    agreement_max,
    budget,
    sites,
    total_stock,
    cover,
    cover_stock,
    coverage,
    days,
    allotted,
    assign,
    assign_open,
    reserve_pin,
    missed,
)
