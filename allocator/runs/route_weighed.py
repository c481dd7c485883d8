"""Routes weighed: the whole curve of two terms, and the price of each rule in force."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.errors import InterruptedRun, NoPlanError, UsageError
from allocator.instance import Instance, instance_hash, load
from allocator.limits import Limits
from allocator.models.route import exposure
from allocator.models.route.goals import REQUIRED, UNITS
from allocator.models.route.prices import WORDS, Price, in_force, prices
from allocator.models.route.solve import solve
from allocator.plan import Plan, load_plan
from allocator.runs.route_judged import judged
from allocator.runs.route_orders import Orders, orders_of

Progress = Callable[[Mapping[str, Any]], None]
SHOWN = ("vehicles", "cost", "duration", "latest_arrival")


@dataclass(frozen=True)
class Weighed:
    """What was found.

    Attributes:
        terms: The two terms of the curve.
        plans: Judged plans of the curve, by the first term; none beats another in both.
        prices: One row a rule: what the goals gain without it.
        stopped: Whether Ctrl-C ended the search.
    """

    terms: tuple[str, str]
    plans: tuple[Plan, ...]
    prices: pd.DataFrame = field(default_factory=pd.DataFrame)
    stopped: bool = False

    @property
    def table(self) -> pd.DataFrame:
        """Return one row a plan: the terms, each against the plan least in the first, and more."""
        rows = [plan.summary["values"] for plan in self.plans]
        found = pd.DataFrame(rows)[list(dict.fromkeys((*self.terms, *SHOWN)))]
        for name in self.terms:
            base = found[name].iloc[0]
            found[f"{name}_change"] = found[name] / base - 1 if base else 0.0
        return found


def weigh(
    instance: Instance | str | Path,
    plan: Plan | str | Path | None,
    period: int,
    limits: Limits,
    progress: Progress,
    terms: tuple[str, str] = ("distance", "exposure"),
    points: int = exposure.POINTS,
    rules: bool = False,
    router: str = "",
) -> Weighed:
    """Search the curve of two terms, and with `rules` the price of each rule, half the time each.

    Raises:
        UsageError: E2357, when there is no such term.
        NoPlanError: E5021, when no valid plan was found.
    """
    wrong = [name for name in terms if name not in UNITS]
    if wrong:
        raise UsageError.because(
            "there is no such term",
            where="--terms",
            value=", ".join(wrong),
            action=f"choose two of {', '.join(UNITS)}",
            code="E2357",
        )
    case = instance if isinstance(instance, Instance) else load(instance)
    source = load_plan(plan) if isinstance(plan, str | Path) else plan
    orders = orders_of(case, source, period, strict=False)
    heard: dict[tuple[float, ...], exposure.Point] = {}

    def hear(point: exposure.Point) -> None:
        heard[tuple(point.values[name] for name in terms)] = point
        progress({"stage": "curve", "goals": {name: point.values[name] for name in terms}})

    share = None if limits.seconds is None else limits.seconds / (2 if rules else 1)
    router = router or orders.case.router
    budget = exposure.Limits(share, limits.seed, limits.workers or 1, limits.work, router)
    try:
        found = exposure.curve(orders.case, budget, terms, points, hear)
        stopped = False
    except KeyboardInterrupt:
        found, stopped = _kept(heard), True
    plans = [_plan(case, orders, one, period) for one in found]
    valid = tuple(one for one in plans if one.status.plan == "valid")
    if not valid:
        error = InterruptedRun if stopped else NoPlanError
        raise error.because("no routes were found that break no rule", code="E5021")
    rows: list[Price] = []
    if rules and not stopped:
        try:
            _price_rules(orders, limits, share, router, progress, rows)
        except KeyboardInterrupt:
            stopped = True
    return Weighed(terms, valid, _table(orders, rows), stopped)


def _kept(heard: Mapping[tuple[float, ...], exposure.Point]) -> tuple[exposure.Point, ...]:
    """Return the points heard of that no other beats in both terms."""
    keys = sorted(heard)
    best = [key for key in keys if not any(_beats(other, key) for other in keys)]
    return tuple(heard[key] for key in best)


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def _plan(case: Instance, orders: Orders, point: exposure.Point, period: int) -> Plan:
    """Return one point as a judged plan that can be checked again."""
    made = judged(orders.case, point.routes, "curve")
    about = {
        "name": case.name,
        "hash": instance_hash(case),
        "period": str(period),
        "source": orders.hash,
    }
    tables = {**made.tables, "orders": orders.table}
    return made.replace(instance=about, tables=tables, run={"source_path": orders.path})


def _price_rules(
    orders: Orders,
    limits: Limits,
    share: float | None,
    router: str,
    progress: Progress,
    found: list[Price],
) -> None:
    """Add the price of each rule in force to `found`, one after another."""
    began, seed, workers = time.monotonic(), limits.seed, limits.workers or 1
    searches = 2 + len(in_force(orders.case))  # with all rules, without each, without lockdown's
    each = None if share is None else share / searches
    best = solve(orders.case, each, seed, workers, router, limits.work)
    for one in prices(orders.case, best, each, seed, workers, limits.work, router):
        found.append(one)
        progress({"stage": f"without {WORDS[one.rule]}", "goals": one.values})
        if share is not None and time.monotonic() - began > share:
            break


def _table(orders: Orders, found: list[Price]) -> pd.DataFrame:
    """Return one row a rule: what every goal gains without it."""
    table = pd.DataFrame([{"rule": one.rule, **one.price} for one in found])
    required = bool((orders.case.stops.prize == float("inf")).any())
    return table if required else table.drop(columns=REQUIRED, errors="ignore")
