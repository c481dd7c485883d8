"""Sections 5 and 6 of formulation.md: the goals in order, and fairness in its direct form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import dispatch_terms as terms
from dispatch_case import Case, Model, Share, Sum, people_a_unit, short_keys

from allocator.engine.pulp_bridge import optimise
from allocator.models.own import Goal

# --- section 5: goals -------------------------------------------------------


def floors_value(m: Model) -> Any:
    """Person-days below the floors."""
    return Sum(
        m.case.places[p].weight * m.case.days[t] * people_a_unit(m.case, p, i, t) * f
        for (p, i, t), f in m.below_floor.items()
    )


def tier_value(m: Model, tiers: Iterable[int]) -> Any:
    """Person-days short of tiers."""
    wanted = set(tiers)
    return Sum(
        m.case.places[p].weight * m.case.days[t] * z
        for (p, c, t), z in m.late.items()
        if c in wanted
    )


def item_days_value(m: Model) -> Any:
    """Person-days short over all items."""
    return Sum(
        m.case.places[p].weight * m.case.days[t] * people_a_unit(m.case, p, i, t) * m.short(p, i, t)
        for p, i, t in short_keys(m.case)
    )


def transport_value(m: Model) -> Any:
    """Cost of moving units."""
    return Sum(lane.cost * x for (lane, _, _), x in m.ship.items())


def cost_value(m: Model) -> Any:
    """Transport, trips and purchases."""
    parts = [transport_value(m)]
    for (lane, v, _), y in m.trips.items():
        vehicle = m.case.vehicles[v]
        hours = terms.trip_minutes(vehicle, lane, m.case.policy.zone_factor) / 60
        price = (
            vehicle["cost_per_trip"]
            + 2 * lane.km * vehicle["cost_per_km"]
            + hours * vehicle["cost_per_hour"]
        )
        parts.append(price * y)
    parts += [row["price"] * m.buy[j] for j, row in enumerate(m.case.purchases)]
    return Sum(parts)


def term_value(m: Model, name: str) -> Any:
    """Return the value of a named term; remaining stands for all its tiers in a weighted sum."""
    if name.startswith("remaining"):
        number = name.partition(".")[2]
        return tier_value(m, [int(number)] if number else [c for c in m.case.tiers if c >= 2])
    simple = {
        "floors": floors_value,
        "critical": lambda model: tier_value(model, [1]),
        "item_days": item_days_value,
        "units_short": lambda model: Sum(model.short(*key) for key in short_keys(model.case)),
        "change": lambda model: Sum(model.change.values()),
        "transport": transport_value,
        "cost": cost_value,
    }
    return simple[name](m)


UNITS = {"units_short": "units", "change": "units", "transport": "money", "cost": "money"}


def goals_of(m: Model, solver: str) -> Iterator[Goal]:
    """Yield the goals in the order of the policy; resumed after each one is solved and kept."""
    for name in m.case.policy.goals:
        if name == "fairness":
            yield from fairness(m, solver)
        elif name == "remaining":
            for c in m.case.tiers:
                if c >= 2:
                    yield Goal(f"remaining.{c}", "min", tier_value(m, [c]), unit="person-days")
        elif name == "floors" and m.case.policy.fairness == "none":
            continue
        elif name != "change" or m.case.start is not None:
            yield Goal(name, "min", weighted_sum(m, name), unit=UNITS.get(name, "person-days"))


def weighted_sum(m: Model, text: str) -> Any:
    """Read "term", or "number*term + number*term"."""
    parts = [part.strip().rpartition("*") for part in text.split("+")]
    return Sum(float(weight or 1) * term_value(m, name.strip()) for weight, _, name in parts)


# --- section 6: fairness ----------------------------------------------------


def fairness(m: Model, solver: str) -> Iterator[Goal]:
    """Yield one goal a tier: the smallest share; with leximin the next smallest too, and so on."""
    if m.case.policy.fairness not in ("max-min", "leximin"):
        return
    rounds = m.case.policy.leximin_rounds if m.case.policy.fairness == "leximin" else 1
    for c in m.case.tiers:
        free = [share for share in m.shares[c] if share[4] > 0]
        for number in range(1, rounds + 1):
            if not free:
                break
            name = f"fairness.{c}" if number == 1 else f"fairness.{c}@{number}"
            lowest = level_share(m, free)
            yield Goal(name, "min", 1 - lowest, unit="share")
            if number < rounds:
                free = still_free(m, free, lowest.value(), solver)


def shares_of(m: Model, c: int, solver: str, alone_in: Model | None = None) -> list[Share]:
    """Return the shares of a tier; A is found before any goal is kept.

    It is found in `alone_in` where that is given: the model with gates as the table staffs them.
    """
    case = m.case
    length = min(case.policy.fairness_window, case.T)
    found = []
    for p in case.places:
        for first in range(1, case.T - length + 2):
            window = range(first, first + length)
            wanted = sum(case.days[t] * people_wanted(case, p, c, t) for t in window)
            short = Sum(case.days[t] * m.late[p, c, t] for t in window if (p, c, t) in m.late)
            if wanted > 0:
                late = (alone_in or m).late
                mine = Sum(case.days[t] * late[p, c, t] for t in window if (p, c, t) in late)
                alone = min(wanted, wanted - attainable_short(alone_in or m, mine, solver))
                alone = alone if alone > 1e-6 * wanted else 0.0
                found.append((p, c, first, wanted, alone, short))
    return found


def people_wanted(case: Case, p: str, c: int, t: int) -> float:
    """n(p,c,t): the largest number of people over the items of a tier."""
    items = [i for i, item in case.items.items() if item["tier"] == c and (p, i, t) in case.needs]
    return max((case.needs[p, i, t].people for i in items), default=0.0)


def attainable_short(m: Model, short: Any, solver: str) -> float:
    """Person-days short of a place and window alone: the needs of all others are ignored."""
    if not short:
        return 0.0
    outcome = optimise(m.problem, short, "min", solver)
    if outcome.value is None:
        raise ValueError(f"attainable alone is not known: {outcome.ended}, {outcome.source}")
    return outcome.value


def level_share(m: Model, shares: list[Share]) -> Any:
    """Rows that hold every share at `level`, which is returned; the excess of the page is 0."""
    m.levels += 1
    lowest = m.problem.add_variable(m.label("level", (m.levels,)), None, 1)
    for p, c, first, wanted, attainable, short in shares:
        m.row("level_share", (p, c, first, m.levels), short <= wanted - lowest * attainable)
    return lowest


def still_free(m: Model, shares: list[Share], lowest: float, solver: str) -> list[Share]:
    """Drop the places whose worst window cannot rise above the level while all hold it."""
    best: dict[str, float] = {}
    for p in dict.fromkeys(share[0] for share in shares):
        worst = level_share(m, [share for share in shares if share[0] == p])
        reached = optimise(m.problem, worst, "max", solver).value
        best[p] = lowest if reached is None else reached
    bar = max(lowest + 1e-5, min(best.values()))
    return [share for share in shares if best[share[0]] > bar]
