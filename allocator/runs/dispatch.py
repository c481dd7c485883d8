"""One run of dispatch, from the instance to a judged and explained plan."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from allocator.check import check as judge
from allocator.doctor import doctor
from allocator.engine.child import Child
from allocator.engine.ordered import StageResult
from allocator.engine.solvers import refuse_unknown
from allocator.errors import ImpossibleError, UsageError
from allocator.explain import reasons
from allocator.instance import Instance, instance_hash
from allocator.instance.network import network
from allocator.limits import Limits
from allocator.models.answer import Answer
from allocator.models.dispatch.fill import fill, in_proportion
from allocator.models.dispatch.grouped import too_large
from allocator.models.dispatch.results import goal_results, proven
from allocator.models.dispatch.whole_trips import whole_trips
from allocator.plan import GoalResult, Plan, Status, load_plan
from allocator.plan.status import PlanState
from allocator.runs.ending import by_name, ended, kept, values
from allocator.runs.searching import Progress, Searching

WORK, OWN_WORK = "allocator.models.dispatch.work:work", "allocator.models.own_work:work"
REASONS = 12  # shortages explained with the plan; the rest on demand
REASON_SECONDS = 60.0  # far more than they take: what a clock cuts is not reproducible


class Dispatch(Searching):
    """One run of dispatch; `run` is its table of contents."""

    searched = 1.0
    threads = 2  # one for the goals, one for what can be known beside them

    def __init__(
        self,
        instance: Instance | str | Path,
        limits: Limits,
        progress: Progress,
        start: Plan | str | Path | None,
        max_changes: int | None,
        model: str = "",
        solver: str = "highs",
    ) -> None:
        """Load what is not loaded yet."""
        refuse_unknown(solver)
        super().__init__(instance, limits, progress)
        self.model, self.solver = model, solver
        if max_changes is not None:
            self.instance = self.instance.replace(
                policy=self.instance.policy.replace(max_changes=max_changes)
            )
        self.start = earlier_of(start)
        self._mark("load")

    def run(self) -> Plan:
        """Examine, start the solver, fill a plan meanwhile, wait, judge, explain."""
        self._examine()
        ours = not self.model and self.solver == "highs"
        special = {} if ours else {"model": self.model, "solver": self.solver}
        start = None if self.start is None else self.start.shipments
        with Child(WORK if ours else OWN_WORK, **self._asked(start=start, **special)) as child:
            first, yardstick = self._first_plans()
            termination, answer = self._wait(child, first)
            plan = self._safe(
                lambda: self._with_summary(
                    self._choose(first, child.results(), termination), first, yardstick, answer
                )
            )
        return self._unless_stopped(plan, self._explained)

    def _examine(self) -> None:
        """Stop when arithmetic alone proves that the hard rules contradict each other."""
        self.net = network(self.instance)
        self.hash = instance_hash(self.instance)
        faults = doctor(self.instance, self.net).faults()
        if faults:
            raise ImpossibleError(*faults)
        if self.instance.policy.max_changes is not None and too_large(self.net):
            raise UsageError.because(
                "the instance is too large to keep a cap on changes",
                value=f"{len(self.instance['communities']):,} communities",
                action="leave the cap out (changes are then counted), or dispatch one part: "
                "cities are solved by groups of communities, changes are not",
                code="E2112",
            )
        self._mark("doctor")

    # -- plans without a solver ----------------------------------------------------------------

    def _first_plans(self) -> tuple[Plan, Plan | None]:
        """Return the better of filling tier by tier and sharing in proportion, and the latter.

        With little time the yardstick is left out.
        """
        began = time.monotonic()
        filled = self._judged(whole_trips(fill(self.net), self.net), "filled tier by tier")
        self.seconds_to_judge = time.monotonic() - began
        left = self._left()
        if left is not None and left < 3 * self.seconds_to_judge and filled.status.plan == "valid":
            self._mark("first plan")
            return filled, None
        yardstick = self._judged(
            whole_trips(in_proportion(self.net), self.net), "in proportion to people"
        )
        self._mark("first plan")
        worse = filled.status.plan != "valid" or values(yardstick) < values(filled)
        first = yardstick if worse and yardstick.status.plan == "valid" else filled
        self.progress({"stage": "first plan", "goals": by_name(first)})
        return first, yardstick

    def _judged(self, tables: Mapping[str, Any], source: str, answer: Answer | None = None) -> Plan:
        """Return a plan with the values the judge found and the bounds of `answer`."""
        plan = Plan(
            "dispatch",
            tables,
            Status("completed", "invalid", "none"),
            instance={"name": self.instance.name, "hash": self.hash},
        )
        verdict = judge(self.instance, plan, start=self.start)
        goals = goal_results(self.instance.policy, verdict.goals, _known(answer), source)
        state: PlanState = "valid" if verdict.ok else "invalid"
        summary: dict[str, Any] = {"made": source}
        if not verdict.ok:
            summary["violations"] = [str(one.message) for one in verdict.violations[:5]]
        if "shortages" not in tables:
            plan = plan.replace(tables={**tables, "shortages": verdict.shortages})
        return plan.replace(status=Status("completed", state, "none"), goals=goals, summary=summary)

    # -- the solver ----------------------------------------------------------------------------

    def _kept(self, limit: float) -> float:
        """Return the seconds of the limit kept to judge and write."""
        return min(self.seconds_to_judge, 0.5 * limit)

    def _choose(self, first: Plan, answers: Iterator[Answer], termination: str) -> Plan:
        """Return the plan that is best in the order of the goals, judged, with what is proven.

        `answers` come the newest first: one the judge refuses is followed by the one before.
        """
        answer = next(answers, None)
        end = ended(termination, answer.results if answer else ())
        if answer is None or "shipments" not in answer.tables:
            if answer is not None and answer.results[:1] and _contradicts(answer.results[0]):
                raise ImpossibleError.because(
                    "no plan can obey the hard rules", action="run doctor", code="E4001"
                )
            return first.replace(
                status=replace(first.status, termination=end),
                goals=self._bounded_first(first, answer),
            )
        plan = self._obeying(answer, "solver")
        while plan.status.plan != "valid" and self._time_to_judge():
            earlier = next(answers, None)
            if earlier is None or "shipments" not in earlier.tables:
                break
            plan = self._obeying(earlier, "solver, before its last plan")
        worse = termination != "completed" and values(first) < values(plan)
        plan = kept(plan, first, worse, self._bounded_first(first, answer))
        proof = proven(plan.goals, self.limits.gap)
        self._mark("judge")
        return plan.replace(status=Status(end, plan.status.plan, proof))

    def _time_to_judge(self) -> bool:
        left = self._left()
        return left is None or left > self.seconds_to_judge

    def _obeying(self, answer: Answer, source: str) -> Plan:
        """Return the plan of an answer, judged."""
        plan = self._judged(answer.tables, source, answer)
        if plan.status.plan == "valid":
            return plan
        # Rounding can leave a shortage stated a hair too small: let the judge state them.
        served = {name: one for name, one in answer.tables.items() if name != "shortages"}
        return self._judged(served, f"{source}, shortages as the judge states them", answer)

    def _bounded_first(self, first: Plan, answer: Answer | None) -> tuple[GoalResult, ...]:
        """Give the first plan the bound of the first goal.

        Bounds of later goals hold given what the solver reached before, not what filling did.
        """
        known = dict(list(_known(answer).items())[:1])
        return goal_results(self.instance.policy, by_name(first), known, "filled")

    # -- what is said about the plan -----------------------------------------------------------

    def _with_summary(
        self, plan: Plan, first: Plan, yardstick: Plan | None, answer: Answer | None
    ) -> Plan:
        before = {} if self.start is None else {"start_plan": self._value_of(self.start)}
        summary = {
            **plan.summary,
            **before,
            **(answer.summary if answer else {}),
            "in_proportion": by_name(yardstick) if yardstick else {},
            "first_plan": by_name(first),
            "complaint": self.complaint,
        }
        run = self._record(plan, answer.results if answer else ())
        return plan.replace(summary=summary, run=run)

    def _value_of(self, start: Plan) -> dict[str, float]:
        """Return what the start plan is worth by the same yardstick."""
        tables = {name: table for name, table in start.tables.items() if name != "reasons"}
        return by_name(self._judged(tables, "start plan"))

    def _explained(self, plan: Plan) -> Plan:
        """Give the largest shortages their reasons, as far as the time goes."""
        left = self._left()
        budget = (
            REASON_SECONDS
            if left is None
            else min(REASON_SECONDS, max(0.0, left - self.seconds_to_judge))
        )
        if plan.status.plan != "valid" or budget <= 0:
            return plan
        found = self._within(budget, lambda: reasons(self.instance, plan, budget, REASONS))
        run = {**plan.run, "reproducible": plan.run["reproducible"] and not self.cut}
        return plan.replace(tables={**plan.tables, "reasons": found}, run=run)


def earlier_of(plan: Plan | str | Path | None) -> Plan | None:
    """Return an earlier plan.

    Raises:
        UsageError: E2351 when it is none to dispatch.
    """
    read = load_plan(plan) if isinstance(plan, str | Path) else plan
    if read is not None and read.decision != "dispatch":
        raise UsageError.because(
            f"this is a plan to {read.decision}, not one to dispatch",
            where=str(read.path or ""),
            action="name a plan of allocator dispatch, or a table of shipments",
            code="E2351",
        )
    return read


def _known(answer: Answer | None) -> dict[str, StageResult]:
    return {result.name: result for result in answer.results} if answer else {}


def _contradicts(result: StageResult) -> bool:
    """Return whether the first goal shows that the hard rules leave no plan."""
    return result.termination == "infeasible"
