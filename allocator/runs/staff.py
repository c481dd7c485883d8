"""One run of staffing, from the instance to a judged roster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from allocator.engine.child import Child
from allocator.engine.ordered import StageResult
from allocator.errors import ImpossibleError, UsageError
from allocator.explain.staff import impossible_faults
from allocator.instance import Instance
from allocator.instance.staff_case import staff_case
from allocator.limits import Limits
from allocator.models.answer import Answer
from allocator.models.staff.greedy import by_rule
from allocator.plan import GoalResult, Plan, load_plan
from allocator.runs.deciding import Deciding, refuse_method
from allocator.runs.ending import by_name
from allocator.runs.searching import Progress
from allocator.runs.staff_judged import goal_results, judged

METHODS = ("auto", "mip", "cpsat", "lines")
WORK = "allocator.models.staff.work:work"
CONFLICT_SECONDS = 60.0


class Staff(Deciding):
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
        refuse_method(method, METHODS)
        super().__init__(instance, limits, progress)
        self.earlier = last_roster_of(start)
        self._mark("load")

    def run(self) -> Plan:
        """Make a roster by rule, search from there, judge, explain."""
        refuse_nothing(self.instance)
        self.case = staff_case(self.instance)
        first = self._first_plan()
        start = first["roster"] if first.status.plan == "valid" else None
        special = {"method": self.method, "start": start, "earlier": self.earlier}
        with Child(WORK, **self._asked(**special)) as child:
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

    def _judged(self, answer: Answer, end: str) -> Plan:
        made = answer.tables, "solver", answer.results
        return judged(self.instance, self.case, *made, self.earlier)

    def _goals(
        self, found: Mapping[str, float], results: Iterable[StageResult], source: str
    ) -> tuple[GoalResult, ...]:
        return goal_results(self.instance, found, results, source)

    def _impossible(self) -> ImpossibleError:
        left = self._left()
        seconds = CONFLICT_SECONDS if left is None else min(CONFLICT_SECONDS, max(1, left))
        return ImpossibleError(*impossible_faults(self.case, seconds))

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
