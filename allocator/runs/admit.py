"""One run of beds, from the instance to a judged plan of admissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.check import check as judge
from allocator.doctor.beds import bed_findings
from allocator.engine.child import Child
from allocator.engine.ordered import StageResult
from allocator.errors import ImpossibleError, UsageError
from allocator.instance import Instance, instance_hash
from allocator.instance.admit_case import admit_case
from allocator.limits import Limits
from allocator.models.admit.by_rule import by_rule, nobody
from allocator.models.admit.goals import UNITS
from allocator.models.answer import Answer
from allocator.plan import GoalResult, Plan, Status
from allocator.report.admit import notices
from allocator.runs.deciding import Deciding
from allocator.runs.ending import by_name, stated
from allocator.runs.searching import Progress

WORK = "allocator.models.admit.work:work"
SCOPE_FIRST = "all plans over these ways and beds"
SCOPE_OFFERED = "plans in which nobody waits longer than in the beds of the district alone"
SCOPE_LATER = "plans over these that keep the earlier goals at their values"
VIOLATIONS_TOLD = 5


class Admit(Deciding):
    """One run of beds; `run` is its table of contents."""

    def __init__(self, instance: Instance | str | Path, limits: Limits, progress: Progress) -> None:
        """Load what is not loaded yet."""
        super().__init__(instance, limits, progress)
        self._mark("load")

    def run(self) -> Plan:
        """Examine, start the solver, make a plan by rule meanwhile, wait, judge, explain."""
        self._examine()
        with Child(WORK, **self._asked()) as child:
            first = self._first_plan()
            termination, answer = self._wait(child, first)
        plan = self._safe(lambda: self._choose(first, answer, termination))
        plan = self._unless_stopped(plan, self._explained)
        return self._recorded(plan, first, answer)

    def _examine(self) -> None:
        """Stop when nobody is to be admitted, or arithmetic proves that no plan can be."""
        if not len(self.instance["patients"]) and not len(self.instance["scenario_patients"]):
            raise UsageError.because(
                "the instance has no patients",
                where="patients",
                action="fill in patients, care and beds; see: allocator schema patients",
                code="E2361",
            )
        faults = [one.fault() for one in bed_findings(self.instance) if one.level == "error"]
        if faults:
            raise ImpossibleError(*faults)
        self.case = admit_case(self.instance)
        self._mark("doctor")

    def _first_plan(self) -> Plan:
        """Return the plan by rule, or that of nobody admitted where it breaks a rule later on."""
        plan = judged(self.instance, by_rule(self.case), "nearest free bed today")
        if plan.status.plan != "valid":
            plan = judged(self.instance, nobody(self.case), "nobody admitted")
        self._mark("first plan")
        self.progress({"stage": "first plan", "goals": by_name(plan)})
        return plan

    def _judged(self, answer: Answer, end: str) -> Plan:
        return judged(self.instance, answer.tables, "solver", answer.results)

    def _goals(
        self, found: Mapping[str, float], results: Iterable[StageResult], source: str
    ) -> tuple[GoalResult, ...]:
        return goal_results(self.instance, found, results, source)

    def _impossible(self) -> ImpossibleError:
        return ImpossibleError.because(
            "no plan can obey the hard rules: those in beds already break them",
            where="beds",
            action="see: allocator doctor; add beds, hours or items, or remove inpatients",
            code="E4005",
        )

    def _recorded(self, plan: Plan, first: Plan, answer: Answer | None) -> Plan:
        summary = {
            **plan.summary,
            **(answer.summary if answer else {}),
            "by_rule": by_name(first),
            "complaint": self.complaint,
        }
        run = self._record(plan, answer.results if answer else ())
        return plan.replace(summary=summary, run=run)


def judged(
    instance: Instance,
    tables: Mapping[str, pd.DataFrame],
    source: str,
    results: Iterable[StageResult] = (),
) -> Plan:
    """Return tables as a plan, valid or not, with waiting and occupancy and its goals."""
    plan = Plan("admit", tables, Status("completed", "invalid"))
    verdict = judge(instance, plan)
    figures = {name: value for name, value in verdict.stats.items() if name != "notes"}
    summary: dict[str, Any] = {"made": source, **figures}
    if not verdict.ok:
        told = verdict.violations[:VIOLATIONS_TOLD]
        summary["violations"] = [f"{one.code} {one.message}" for one in told]
    return plan.replace(
        tables={**tables, **verdict.tables, "notices": notices(plan)},
        status=Status("completed", "valid" if verdict.ok else "invalid"),
        goals=goal_results(instance, verdict.goals, results, source),
        summary=summary,
        instance={"name": instance.name, "hash": instance_hash(instance)},
    )


def goal_results(
    instance: Instance,
    values: Mapping[str, float],
    results: Iterable[StageResult] = (),
    source: str = "",
) -> tuple[GoalResult, ...]:
    """Return the goals of the policy in order: values of the judge, bounds of the solver."""
    offered = instance.policy.admit_regime == "district-first"
    scopes = (SCOPE_OFFERED if offered else SCOPE_FIRST, SCOPE_LATER)
    found = [(name, UNITS[name], values.get(name)) for name in instance.policy.admit_goals]
    return stated(found, results, source, scopes)
