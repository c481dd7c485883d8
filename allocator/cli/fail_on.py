"""Thresholds of `--fail-on`: what a plan must reach for a script to go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from allocator.errors import Fault, UsageError

if TYPE_CHECKING:
    from allocator.plan import Plan

THRESHOLD_MISSED = 7
SMALL = 1e-6
UNITS = 1e-3  # less is numerical noise


@dataclass(frozen=True)
class Threshold:
    """One threshold: shortage, unproven, gap, or the name of a goal with the most it may be."""

    what: str
    most: float = 0.0

    def missed(self, plan: Plan) -> str:
        """Say how the plan misses it; blank when it does not."""
        if self.what == "shortage":
            from allocator.report.shortages import noticeable

            if plan.decision == "preposition":
                return _short_in_scenarios(plan)
            if plan.decision == "admit":
                waits = float(plan["waiting"]["number"].sum())
                return "people wait for a bed" if waits > UNITS else ""
            if plan.decision == "staff":
                missing = int(plan["uncovered"]["short"].sum())
                return f"{missing:,} people are missing at posts" if missing else ""
            if plan.decision == "route":
                left = int((plan["unserved"]["quantity"] > UNITS).sum())
                return f"{left:,} lines of the orders are not delivered in full" if left else ""
            if not plan.states("shortages"):
                return "the plan does not state its shortages"
            rows = len(noticeable(plan))
            return f"{rows:,} needs are not fully met" if rows else ""
        if self.what == "unproven":
            return "" if plan.status.proof == "optimal" else "not every goal is proven"
        if self.what == "gap":
            wide = [goal.name for goal in plan.goals if goal.gap is None or goal.gap > self.most]
            return f"the gap is wider, or not known, at {', '.join(wide)}" if wide else ""
        return self._goal(plan)

    def _goal(self, plan: Plan) -> str:
        found = {goal.name: goal.value for goal in plan.goals}
        value = found.get(self.what)
        if value is None:
            return f"the plan has no value of {self.what}; it has {', '.join(found)}"
        over = value > self.most + SMALL * max(1.0, abs(self.most))
        return f"{self.what} is {value:,.6g}" if over else ""


def _short_in_scenarios(plan: Plan) -> str:
    """Say in how many scenarios a plan of reserves leaves anything unmet."""
    if not plan.states("outcomes"):
        return "the plan does not state its outcomes"
    rows = int((plan.outcomes["short_units"] > UNITS).sum())
    return f"needs are not fully met in {rows:,} scenarios" if rows else ""


def thresholds(texts: Sequence[str], goals: Sequence[str]) -> list[Threshold]:
    """Read thresholds; commas may separate them. `goals` are the goals of the policy.

    Raises:
        UsageError: E2311, with everything that makes no sense.
    """
    known = ("shortage", "unproven", "gap", *goals)
    found, faults = [], []
    for text in (part.strip() for whole in texts for part in whole.split(",")):
        what, equals, most = (part.strip() for part in text.partition("="))
        limit = _number(most)
        family = what if what in known else what.partition(".")[0]
        needs_number = family not in ("shortage", "unproven")
        if family in known and needs_number == bool(equals) and not (needs_number and limit < 0):
            found.append(Threshold(what, limit if needs_number else 0.0))
        else:
            faults.append(_fault(text, known, family))
    if faults:
        raise UsageError(*faults)
    return found


def missed(plan: Plan, wanted: Sequence[Threshold]) -> tuple[Fault, ...]:
    """Return one fault a threshold that the plan misses."""
    faults = []
    for one in wanted:
        what = one.missed(plan)
        if what:
            said = one.what if one.what in ("shortage", "unproven") else f"{one.what}={one.most:g}"
            action = "the plan is written; look at it, or allow more"
            faults.append(Fault("E7001", "error", f"--fail-on {said}", "", what, action))
    return tuple(faults)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return -1.0
    return value if math.isfinite(value) else -1.0


def _fault(text: str, known: Sequence[str], word: str) -> Fault:
    close = next(iter(get_close_matches(word, known, n=1)), "")
    action = f"use shortage, unproven, gap=0.01 or a goal such as {known[-1]}=0"
    return Fault(
        "E2311", "error", "--fail-on", text, "this is no threshold", action, close * (close != word)
    )
