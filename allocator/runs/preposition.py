"""One run of pre-positioning, from the instance to a judged plan of reserves."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from allocator.doctor.reserves import reserve_findings
from allocator.engine.child import Child
from allocator.engine.ordered import StageResult
from allocator.errors import ImpossibleError
from allocator.explain import reserve_reasons
from allocator.instance import Instance
from allocator.instance.futures import ReserveCase, reserve_case
from allocator.limits import Limits
from allocator.models.answer import Answer
from allocator.models.preposition.by_rule import topped_up
from allocator.models.preposition.yardsticks import Given, first_guesses
from allocator.plan import GoalResult, Plan
from allocator.runs.deciding import Deciding, refuse_method
from allocator.runs.ending import by_name, ended, values
from allocator.runs.preposition_compare import evaluated, stage_of, yardsticks
from allocator.runs.preposition_judged import by_rule, goal_results, judged
from allocator.runs.searching import Progress, interrupted

METHODS = ("auto", "extensive", "benders")
REASONS = 12  # places and items explained with the plan
COMPARED = 0.1  # of the time, kept to value what the plan is compared with
WORK = "allocator.models.preposition.work:work"


class Preposition(Deciding):
    """One run of pre-positioning; `run` is its table of contents."""

    searched = 0.8  # then it rounds off
    threads = 2  # a fixed number, so that a plan does not hang on the machine

    def __init__(
        self,
        instance: Instance | str | Path,
        limits: Limits,
        progress: Progress,
        method: str = "auto",
        cluster: str = "",
    ) -> None:
        """Load what is not loaded yet."""
        self.method, self.cluster = method, cluster
        refuse_method(method, METHODS)
        super().__init__(instance, limits, progress)
        self._mark("load")

    def run(self) -> Plan:
        """Read the scenarios, start the solver, make a plan meanwhile, wait, judge, compare."""
        self._examine()
        with Child(WORK, **self._asked(method=self.method, workers=self.cluster)) as child:
            first = self._first_plan()
            termination, answer = self._wait(child, first)
        plan = self._safe(lambda: self._choose(first, answer, termination))
        plan = self._unless_stopped(plan, self._explained)
        plan = self._unless_stopped(plan, self._compared)
        return self._with_summary(plan, first, answer)

    def _examine(self) -> None:
        """Stop when arithmetic alone proves that the hard rules contradict each other."""
        self.case = reserve_case(self.instance)
        refuse_nothing(self.case)
        faults = [one.fault() for one in reserve_findings(self.instance) if one.level == "error"]
        if faults:
            raise ImpossibleError(*faults)
        self._mark("doctor")

    # -- a plan without a solver ---------------------------------------------------------------

    def _first_plan(self) -> Plan:
        """Return the best plan that needs no solver; with little time the first that is valid."""
        best: Plan | None = None
        began = time.monotonic()
        for name, given in first_guesses(self.case).items():
            plan = by_rule(self.case, given, name)
            self.seconds_to_judge = time.monotonic() - began
            began = time.monotonic()
            if best is None or _better(plan, best):
                best = plan
            left = self._left()
            if left is not None and left < 5 * self.seconds_to_judge and _valid(best):
                break
        assert best is not None
        self._mark("first plan")
        self.progress({"stage": "first plan", "goals": by_name(best)})
        return best

    # -- the solver ----------------------------------------------------------------------------

    def _kept(self, limit: float) -> float:
        """Return the seconds of the limit kept to judge, compare and write."""
        return min(self.seconds_to_judge, 0.5 * limit) + COMPARED * limit

    def _choose(self, first: Plan, answer: Answer | None, termination: str) -> Plan:
        """Return the best plan; a goal given up by the solver is an error even at its end."""
        end = ended(termination, answer.results if answer else ())
        failed = end == "completed" and _failed(answer)
        return super()._choose(first, answer, "error" if failed else termination)

    def _judged(self, answer: Answer, end: str) -> Plan:
        tables = answer.tables if end == "completed" else self._rounded_off(answer.tables)
        return judged(self.instance, tables, "solver", answer.results)

    def _goals(
        self, found: Mapping[str, float], results: Iterable[StageResult], source: str
    ) -> tuple[GoalResult, ...]:
        return goal_results(self.instance, found, results, source)

    def _impossible(self) -> ImpossibleError:
        return ImpossibleError.because(
            "no plan of reserves can obey the hard rules in these scenarios",
            where="policy",
            action="loosen reserve_floor, coverage, reserve_days, budgets or pins",
            code="E4002",
        )

    def _rounded_off(self, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Return the tables of a search cut short with what its recourse leaves idle handed out."""
        size, stock = stage_of(self.case, tables)
        recourse = topped_up(self.case, stock, size, tables)
        first = {name: table for name, table in tables.items() if name != "outcomes"}
        return {**first, "recourse": recourse}

    # -- what is said about the plan -----------------------------------------------------------

    def _explained(self, plan: Plan) -> Plan:
        """Say why places go without; why sites are open takes solves and is left to explain."""
        if plan.status.plan != "valid":
            return plan
        found = reserve_reasons(self.instance, plan, most=REASONS, solves=False)
        self._mark("explain")
        return plan.replace(tables={**plan.tables, "reasons": found})

    def _compared(self, plan: Plan) -> Plan:
        """Add what the present reserves and stock in proportion to people come to."""
        left = self._left()
        if left is not None and left <= 0:
            return plan
        plans = yardsticks(self.case, plan)
        found, end = evaluated(self.instance, plans, self.limits, left, self.progress)
        compared = {name: by_name(one) for name, one in found.items()}
        for name in plans.keys() - found.keys():
            # Worse than these reserves could do: said to be so.
            size, stock = stage_of(self.case, plans[name])
            compared[f"{name}_by_rule"] = by_name(by_rule(self.case, Given(size, stock), name))
        self._mark("compare")
        plan = plan.replace(summary={**plan.summary, **compared})
        return interrupted(plan) if end == "interrupted" else plan

    def _with_summary(self, plan: Plan, first: Plan, answer: Answer | None) -> Plan:
        summary = {
            **plan.summary,
            **(answer.summary if answer else {}),
            "first_plan": by_name(first),
            "complaint": self.complaint or _failed(answer),
        }
        asked = {
            "method": self.method,
            "cluster": self.cluster,
        }
        run = self._record(plan, answer.results if answer else (), **asked)
        return plan.replace(summary=summary, run=run)


def refuse_nothing(case: ReserveCase) -> None:
    """Refuse a case without any site that could hold a reserve.

    Raises:
        ImpossibleError: E4003.
    """
    if not len(case.reserve.sizes):
        raise ImpossibleError.because(
            "there is no site at which a reserve could be held",
            where="sites",
            action="give candidate sites their sizes in the table sizes, or name an open site",
            code="E4003",
        )


def _valid(plan: Plan) -> bool:
    return plan.status.plan == "valid"


def _better(plan: Plan, other: Plan) -> bool:
    """Return whether a plan goes before another: valid ones first, then by their goals."""
    return (not _valid(plan), values(plan)) < (not _valid(other), values(other))


def _failed(answer: Answer | None) -> str:
    """Return which goal the solver gave up, if any."""
    failed = [one for one in (answer.results if answer else ()) if one.termination == "error"]
    return "; ".join(f"{one.source} could not solve the goal {one.name}" for one in failed)
