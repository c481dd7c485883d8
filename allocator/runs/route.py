"""One run of routing, from the orders of a period to judged routes with reasons."""

from __future__ import annotations

import time
from math import inf
from pathlib import Path
from typing import Any, cast

from allocator.engine.child import Child
from allocator.explain.route import route_reasons
from allocator.instance import Instance, instance_hash
from allocator.limits import Limits
from allocator.models.dispatch.results import proven
from allocator.models.route.capabilities import forced
from allocator.models.route.direct import direct
from allocator.models.route.solve import RouteAnswer
from allocator.plan import Plan, Status, load_plan
from allocator.plan.status import Termination
from allocator.runs.ending import by_name, kept, values
from allocator.runs.route_judged import judged
from allocator.runs.route_orders import orders_of
from allocator.runs.route_start import start_of
from allocator.runs.searching import Progress, Searching

WORK = "allocator.models.route.work:work"
SEARCHED = 0.9  # of the time left, for the search itself; then it is judged and explained
EXPLAINED = 0.05  # of all the time, kept to say why stops are left behind
DIRECT, DIRECT_SECONDS = 0.15, 30.0  # of the time left, and at most, for the routes to begin from
REASONS = 12  # stops left behind that are explained with the plan; the rest on demand
REASON_SECONDS = 30.0


class Routing(Searching):
    """One run of routing; `run` is its table of contents."""

    def __init__(
        self,
        instance: Instance | str | Path,
        plan: Plan | str | Path | None,
        period: int,
        limits: Limits,
        progress: Progress,
        router: str = "",
        start: Plan | str | Path | None = None,
        strict: bool = True,
    ) -> None:
        """Load what is not loaded yet."""
        super().__init__(instance, limits, progress)
        self.router, self.strict = router, strict
        self.source = load_plan(plan) if isinstance(plan, str | Path) else plan
        self.period = period
        self.start = load_plan(start) if isinstance(start, str | Path) else start
        self._mark("load")

    def run(self) -> Plan:
        """Read the orders, start the search, make a plan meanwhile, wait, judge, explain."""
        self.orders = orders_of(self.instance, self.source, self.period, self.strict)
        self.case = self.orders.case
        if self.router not in ("", "auto"):
            forced(self.router, self.case)
        self.begin, self.dropped = start_of(self.case, self.start)
        self._mark("orders")
        self.begin = direct(self.case, self.begin, self._seconds_to_begin())
        with Child(WORK, **self._job()) as child:
            first = self._first_plan()
            termination, answer = self._wait(child, first)
        plan = self._safe(lambda: self._choose(first, answer, termination))
        plan = self._unless_stopped(plan, self._explained)
        return self._with_summary(plan, first, answer)

    def _job(self) -> dict[str, Any]:
        left = self._left()
        return {
            "case": self.case,
            "seconds": None if left is None else left * SEARCHED,
            "seed": self.limits.seed,
            "workers": self.limits.workers or 1,
            "router": self.router or self.case.router,
            "iterations": self.limits.work,
            "start": self.begin,
        }

    def _seconds_to_begin(self) -> float:
        left = self._left()
        return inf if left is None else min(DIRECT_SECONDS, DIRECT * left)

    def _first_plan(self) -> Plan:
        """Return the routes to begin from: there is always something to keep."""
        began = time.monotonic()
        plan = judged(self.case, self.begin, "stop after stop")
        self.seconds_to_judge = time.monotonic() - began
        self._mark("first plan")
        self.progress({"stage": "first plan", "goals": by_name(plan)})
        return plan

    def _kept(self, limit: float) -> float:
        """Return the seconds of the limit kept to judge and explain."""
        return min(3 * self.seconds_to_judge + EXPLAINED * limit, 0.5 * limit)

    def _choose(self, first: Plan, answer: RouteAnswer | None, termination: str) -> Plan:
        """Return the better of the routes found and those by rule, with what is proven."""
        end = _end(termination, answer)
        plan = first
        if answer is not None and answer.routes:
            plan = judged(self.case, answer.routes, "solver", answer.bound)
            plan = kept(plan, first, values(first) < values(plan))
        self._mark("judge")
        return plan.replace(
            status=Status(end, plan.status.plan, proven(plan.goals, self.limits.gap))
        )

    def _explained(self, plan: Plan) -> Plan:
        """Say of the stops left behind why, as far as the time goes."""
        left = self._left()
        spare = inf if left is None else left - 2 * self.seconds_to_judge
        budget = min(REASON_SECONDS, spare)
        if plan.status.plan != "valid" or budget <= 0:
            return plan
        found = self._within(budget, lambda: route_reasons(self.case, plan, budget, REASONS))
        places = zip(found["community_id"], found["from_id"], strict=True)
        code = dict(zip(places, found["code"], strict=True))
        rows = plan["unserved"]
        keys = zip(rows["place_id"], rows["from_id"], strict=True)
        rows = rows.assign(reason=[code.get(key, "") for key in keys])
        tables = {**plan.tables, "unserved": rows, "reasons": found.drop(columns="from_id")}
        return plan.replace(tables=tables)

    def _with_summary(self, plan: Plan, first: Plan, answer: RouteAnswer | None) -> Plan:
        known = {} if answer is None else {"router": answer.router, "remarks": answer.remarks}
        summary = {
            **plan.summary,
            **known,
            "period": self.period,
            "dropped": list(self.dropped),
            "warnings": [f"{one.where}: {one.rule}" for one in self.orders.warnings],
            "first_plan": by_name(first),
            "complaint": self.complaint,
        }
        run = self._record(
            plan,
            source_path=self.orders.path,
            router=self.router or self.case.router,
            history=[] if answer is None else answer.history,
        )
        about = {
            "name": self.instance.name,
            "hash": instance_hash(self.instance),
            "period": str(self.period),
            "source": self.orders.hash,
        }
        tables = {**plan.tables, "orders": self.orders.table}
        return plan.replace(summary=summary, run=run, instance=about, tables=tables)


def _end(termination: str, answer: RouteAnswer | None) -> Termination:
    """Return how the run ended: the child may have met its own limit."""
    if termination in ("time_limit", "interrupted", "error"):
        return cast(Termination, termination)
    return cast(Termination, "completed" if answer is None else answer.termination)
