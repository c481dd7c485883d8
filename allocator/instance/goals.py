"""The grammar of goals: a term, or a weighted sum such as 1*units_short + 0.1*transport."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allocator.errors import Fault, InstanceError
from allocator.instance.faultlog import FaultLog, nearest
from allocator.instance.numbers import parse_number

TERMS = (
    "floors",
    "critical",
    "fairness",
    "remaining",
    "item_days",
    "units_short",
    "change",
    "transport",
    "cost",
)
STAFF_TERMS = (
    "critical_uncovered",
    "uncovered",
    "surplus",
    "qualified",
    "workload",
    "requests",
    "cost",
    "change",
)
ROUTE_TERMS = (
    "unserved",
    "cost",
    "distance",
    "duration",
    "vehicles",
    "latest_arrival",
    "arrivals",
    "tardiness",
    "longest_work",
    "work_spread",
    "exposure",
)
SUMS = {"goals": TERMS, "staff_goals": STAFF_TERMS, "route_goals": ROUTE_TERMS}
"""Keys of the policy whose goals may be weighted sums, with the terms of these."""
ALONE = ("fairness", "workload")


@dataclass(frozen=True)
class GoalSpec:
    """One goal: its name and its terms, each with its weight."""

    name: str
    terms: tuple[tuple[float, str], ...]


def parse_goals(
    goals: Sequence[str], where: str = "policy.toml:goals", terms: Sequence[str] = TERMS
) -> tuple[GoalSpec, ...]:
    """Return the goals in their order; InstanceError with every fault."""
    log = FaultLog()
    specs = tuple(spec for text in goals if (spec := _goal(text, where, log, terms)))
    names = [spec.name for spec in specs]
    for name in sorted({name for name in names if names.count(name) > 1}):
        log.add("E1406", where, "a goal stands twice", "keep one of them", name)
    if not goals:
        log.add("E1406", where, "there must be a goal", f"name one of {', '.join(terms)}")
    if log.errors:
        raise InstanceError(*log.faults)
    return specs


def goal_faults(
    goals: Sequence[str], where: str, terms: Sequence[str] = TERMS
) -> tuple[Fault, ...]:
    """Return what is wrong with the goals."""
    try:
        parse_goals(goals, where, terms)
    except InstanceError as error:
        return error.faults
    return ()


def _goal(text: str, where: str, log: FaultLog, known: Sequence[str]) -> GoalSpec | None:
    before = len(log.faults)
    terms = [_term(part, text, where, log, known) for part in text.split("+")]
    names = [name for _, name in terms]
    if len(set(names)) < len(names):
        log.add("E1406", where, "a term stands twice in a sum", "add up its weights", text)
    for name in ALONE:
        if name in names and text.strip() != name:
            rule = f"{name} has rows of its own and cannot be part of a sum or have a weight"
            log.add("E1406", where, rule, f"make {name} a goal of its own", text)
    if len(log.faults) > before:
        return None
    name = " + ".join(part.strip() for part in text.split("+"))
    return GoalSpec(name, tuple(terms))


def _term(
    part: str, text: str, where: str, log: FaultLog, known: Sequence[str]
) -> tuple[float, str]:
    factor, star, rest = part.rpartition("*")
    name = rest.strip()
    weight = parse_number(factor) if star else 1.0
    if not 0 < weight < float("inf"):
        rule = "a weight must be a number above 0"
        log.add("E1406", where, rule, "write such as 0.1*transport", text)
    if name not in known:
        rule = f"a goal is made of the terms {', '.join(known)}"
        log.add("E1406", where, rule, "use one of these terms", name or text, nearest(name, known))
    return weight, name
