"""What each rule costs: the plan under all rules beside the plans without one of them.

Plans are the best found, not proven. A plan under a rule obeys the case without it and is where
that search begins, so no price is negative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from allocator.instance.route_case import RouteCase
from allocator.models.route.capabilities import ROUTERS, lacking
from allocator.models.route.goals import goals_of, reached
from allocator.models.route.routes import Routes
from allocator.models.route.solve import RouteAnswer, solve


def _vehicles(case: RouteCase, **changes: object) -> RouteCase:
    return case.replace(vehicles=replace(case.vehicles, **changes))  # type: ignore[arg-type]


def _stops(case: RouteCase, **changes: object) -> RouteCase:
    return case.replace(stops=replace(case.stops, **changes))  # type: ignore[arg-type]


# The rules that can be taken away, by the names of the page, and how.
WITHOUT: dict[str, Callable[[RouteCase], RouteCase]] = {
    "class_order": lambda case: case.replace(clean_order=False),
    "decontamination": lambda case: _vehicles(
        case, decontaminate=np.zeros_like(case.vehicles.decontaminate)
    ),
    "permit": lambda case: _stops(case, permitted=np.ones_like(case.stops.permitted)),
    "window": lambda case: _stops(
        case, windows=tuple(((0.0, inf),) if own else own for own in case.stops.windows)
    ),
    "gate": lambda case: case.replace(gates=None),
    "docks": lambda case: case.replace(docks=0),
    "duty": lambda case: _vehicles(case, longest=np.full(len(case.vehicles), inf)),
    "farthest": lambda case: _vehicles(case, farthest=np.full(len(case.vehicles), inf)),
}
WORDS = {
    "class_order": "clean before sealed",
    "decontamination": "decontamination after a trip",
    "permit": "permits of vehicles",
    "window": "opening hours and curfews",
    "gate": "minutes the gates can give",
    "docks": "vehicles at a gate at once",
    "duty": "longest duty",
    "farthest": "farthest way",
    "lockdown": "all rules of lockdown",
}
LOCKDOWN = ("class_order", "decontamination", "permit", "window", "gate", "docks")


@dataclass(frozen=True)
class Price:
    """The goals with all rules less those without a rule, and the values without it."""

    rule: str
    price: dict[str, float]
    values: dict[str, float]
    routes: Routes


def without(case: RouteCase, *rules: str) -> RouteCase:
    """Return a case without some rules (`WITHOUT`)."""
    for rule in rules:
        case = WITHOUT[rule](case)
    return case


def in_force(case: RouteCase) -> list[str]:
    """Return the rules that can be taken away and are not idle in a case by their data alone."""
    return [rule for rule, change in WITHOUT.items() if not _same(case, change(case))]


def prices(
    case: RouteCase,
    best: RouteAnswer,
    seconds: float | None = None,
    seed: int = 0,
    workers: int = 1,
    iterations: int | None = None,
    router: str = "auto",
) -> Iterator[Price]:
    """Return the price of each rule in force, and of those of lockdown together.

    Args:
        case: The case.
        best: Its plan.
        seconds: Limit of each search.
        seed: Seed of every search.
        workers: Processes.
        iterations: Limit of each search.
        router: Name of the one to use, as for the plan, where it can express the case without.
    """
    rules = in_force(case)
    lockdown = [rule for rule in LOCKDOWN if rule in rules]
    for name, group in [*((rule, [rule]) for rule in rules), ("lockdown", lockdown)]:
        if not group:
            continue
        free = without(case, *group)
        able = router in ROUTERS and not lacking(ROUTERS[router], free)
        own = router if able else "auto"
        found = solve(free, seconds, seed, workers, own, iterations, start=best.routes, fresh=False)
        cheaper = {
            goal.name: reached(goal, best.values) - reached(goal, found.values)
            for goal in goals_of(case)
        }
        yield Price(name, cheaper, found.values, found.routes)


def _same(case: RouteCase, other: RouteCase) -> bool:
    one, two = case.vehicles, other.vehicles
    return (
        (case.clean_order == other.clean_order or len(np.unique(case.stops.access)) < 2)
        and case.docks == other.docks
        and (case.gates is None or other.gates is not None or not np.isfinite(case.gates).any())
        and case.stops.windows == other.stops.windows
        and np.array_equal(case.stops.permitted, other.stops.permitted)
        and np.array_equal(one.decontaminate, two.decontaminate)
        and np.array_equal(one.longest, two.longest)
        and np.array_equal(one.farthest, two.farthest)
    )
