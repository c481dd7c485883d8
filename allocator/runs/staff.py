"""One run of staffing, from the instance to a judged roster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from allocator.engine.child import Child
from allocator.errors import ImpossibleError, UsageError
from allocator.explain.staff import impossible_faults, staff_reasons
from allocator.instance import Instance
from allocator.instance.staff_case import staff_case
from allocator.limits import Limits
from allocator.models.answer import Answer
from allocator.models.dispatch.results import proven
from allocator.models.staff.greedy import by_rule
from allocator.plan import GoalResult, Plan, Status, load_plan
from allocator.runs.ending import by_name, ended, kept, values
from allocator.runs.searching import Progress, Searching
from allocator.runs.staff_judged import goal_results, judged

METHODS = ("auto", "mip", "cpsat", "lines")
WORK = "allocator.models.staff.work:work"
SEARCHED = 0.85  # of the time left, for the search itself
REASONS, REASON_SECONDS = 8, 20.0  # posts explained with the roster, and what that may take
CONFLICT_SECONDS = 60.0


class Staff(Searching):
    """One run of staffing; `run` is its table of contents."""

    def __init__(
        self,
        instance: Instance | str | Path,
        limits: Limits,
        progress: Progress,
        method: str = "auto",
        start: Plan | str | Path | None = None,
    ) -> None:
        """Load what is not loaded yet."""
        self.method = method
        if method not in METHODS:
            raise UsageError.because(
                "there is no such method",
                where="method",
                value=method,
                action=f"choose from {', '.join(METHODS)}",
                code="E2331",
            )
        super().__init__(instance, limits, progress)
        self.earlier = last_roster_of(start)
        self._mark("load")

    def run(self) -> Plan:
        """Make a roster by rule, search from there, judge, explain."""
        refuse_nothing(self.instance)
        self.case = staff_case(self.instance)
        first = self._first_plan()
        with Child(WORK, **self._job(first)) as child:
            termination, answer = self._wait(child, first)
        plan = self._safe(lambda: self._choose(first, answer, termination))
        plan = self._unless_stopped(plan, self._explained)
        return self._recorded(plan, first, answer)

    def _first_plan(self) -> Plan:
        plan = judged(
            self.instance,
            self.case,
            by_rule(self.case),
            "the least busy first",
            earlier=self.earlier,
        )
        self._mark("first plan")
        self.progress({"stage": "first plan", "goals": by_name(plan)})
        return plan

    def _job(self, first: Plan) -> dict[str, Any]:
        left = self._left()
        return {
            "instance": self.instance,
            "seconds": None if left is None else left * SEARCHED,
            "work": self.limits.work,
            "gap": self.limits.gap,
            "seed": self.limits.seed,
            "threads": self.limits.workers or 1,
            "method": self.method,
            "start": first["roster"] if first.status.plan == "valid" else None,
            "earlier": self.earlier,
        }

    def _choose(self, first: Plan, answer: Answer | None, termination: str) -> Plan:
        """Return the roster that is best in the order of the goals, with what is proven."""
        results = answer.results if answer else ()
        end = ended(termination, results)
        if answer is None or not answer.tables:
            if any(one.termination == "infeasible" for one in results):
                left = self._left()
                seconds = CONFLICT_SECONDS if left is None else min(CONFLICT_SECONDS, max(1, left))
                raise ImpossibleError(*impossible_faults(self.case, seconds))
            if first.status.plan != "valid":
                first = first.replace(status=Status(end, "none", "none"))
            plan = first.replace(goals=self._bounded(first, answer))
        else:
            plan = judged(self.instance, self.case, answer.tables, "solver", results, self.earlier)
            worse = end != "completed" and values(first) < values(plan)
            plan = kept(plan, first, worse, self._bounded(first, answer))
        self._mark("judge")
        proof = proven(plan.goals, self.limits.gap)
        return plan.replace(status=Status(end, plan.status.plan, proof))

    def _bounded(self, first: Plan, answer: Answer | None) -> tuple[GoalResult, ...]:
        """Give the first plan the bound of the first goal; later ones hold given others' values."""
        results = answer.results[:1] if answer else ()
        return goal_results(self.instance, by_name(first), results, str(first.summary["made"]))

    def _explained(self, plan: Plan) -> Plan:
        """Say why the largest gaps are there, as far as the time allows."""
        left = self._left()
        seconds = REASON_SECONDS if left is None else min(REASON_SECONDS, 0.5 * left)
        if plan.status.plan != "valid" or seconds < 1.0:
            return plan
        found = self._within(seconds, lambda: staff_reasons(self.instance, plan, seconds, REASONS))
        return plan.replace(tables={**plan.tables, "reasons": found})

    def _recorded(self, plan: Plan, first: Plan, answer: Answer | None) -> Plan:
        summary = {
            **plan.summary,
            **(answer.summary if answer else {}),
            "by_rule": by_name(first),
            "complaint": self.complaint,
        }
        solves = answer.results if answer else ()
        run = self._record(plan, solves, method=self.method)
        return plan.replace(summary=summary, run=run)


def last_roster_of(plan: Plan | str | Path | None) -> pd.DataFrame | None:
    """Return the roster of an earlier plan.

    Raises:
        UsageError: E2351 when it is none of staff.
    """
    if plan is None:
        return None
    read = plan if isinstance(plan, Plan) else load_plan(plan)
    if read.decision != "staff":
        raise UsageError.because(
            f"this is a plan to {read.decision}, no roster",
            where=str(read.path or ""),
            action="name a plan of allocator staff",
            code="E2351",
        )
    return read["roster"]


def refuse_nothing(instance: Instance) -> None:
    """Refuse an instance without posts or workers.

    Raises:
        UsageError: E2352.
    """
    missing = [table for table in ("workers", "shifts", "posts") if not len(instance[table])]
    if missing:
        raise UsageError.because(
            f"the instance has no {' and no '.join(missing)}",
            where=missing[0],
            action=f"fill in the table; see: allocator schema {missing[0]}",
            code="E2352",
        )
