"""Assess reserves as they stand or as planned; evaluate a plan on other scenarios."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from allocator.engine.child import Child
from allocator.errors import (
    AllocatorError,
    ImpossibleError,
    InterruptedRun,
    NoPlanError,
    UsageError,
)
from allocator.instance import Instance, load
from allocator.instance.futures import ReserveCase, reserve_case
from allocator.instance.variant import recorded
from allocator.limits import Limits
from allocator.models.preposition.worth import Gap, Interval, interval
from allocator.models.preposition.worth_work import Worth
from allocator.models.preposition.yardsticks import Given, present
from allocator.plan import Plan, Status, load_plan
from allocator.plan.status import Termination
from allocator.runs.ending import by_name
from allocator.runs.preposition import refuse_nothing
from allocator.runs.preposition_compare import (
    PRESENT,
    PROPORTION,
    Progress,
    evaluated,
    stage_of,
    yardsticks,
)

WEIGH = "allocator.models.preposition.worth_work:weigh"
SAMPLE = 20  # scenarios in a sample by default, at most
OWN = "plan"


@dataclass(frozen=True)
class Assessment:
    """Reserves scored on the scenarios of an instance, beside what they are compared with.

    `plan` is what was assessed, judged, with the recourse that is best for it; `others` the
    present reserves and stock in proportion to people, as far as they differ from it.
    """

    plan: Plan
    others: Mapping[str, Plan] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """Return value and gain of the plan over each of the others, one row a goal."""
        own = by_name(self.plan)
        frame = pd.DataFrame({"goal": list(own), "value": list(own.values())})
        for name, other in self.others.items():
            theirs = by_name(other)
            frame[name] = [theirs.get(goal, np.nan) for goal in own]
            frame[f"gain_over_{name}"] = frame[name] - frame["value"]
        return frame


@dataclass(frozen=True)
class Evaluation:
    """A plan of reserves on scenarios, and how far they can be trusted.

    Attributes:
        plan: The plan with the recourse that is best for it in these scenarios, judged.
        planned: Value of every goal on the scenarios it was planned for, as it states them.
        intervals: Mean over the scenarios with its confidence interval: critical, and cost
            (first stage and mean recourse, whatever the risk measure).
        gaps: Sampled distance to the best plan, goal by goal; empty without samples.
        samples: Samples solved.
        stochastic: Value of the stochastic solution, by goal: what the plan for the mean
            scenario comes to, less what this plan does.
        information: Value of perfect information, by goal: this plan less the mean of the best
            plans for each scenario alone.
    """

    plan: Plan
    planned: Mapping[str, float]
    intervals: Mapping[str, Interval]
    gaps: tuple[Gap, ...] = ()
    samples: int = 0
    stochastic: Mapping[str, float] = field(default_factory=dict)
    information: Mapping[str, float] = field(default_factory=dict)

    def stopped(self, end: Termination) -> Evaluation:
        """Return the evaluation of a run that ended so."""
        status = replace(self.plan.status, termination=end)
        return replace(self, plan=self.plan.replace(status=status))


@dataclass(frozen=True)
class Asked:
    """What an evaluation is to find besides the values: samples of a size, and worth."""

    samples: int = 0
    size: int | None = None
    worth: bool = False


def assess(
    instance: Instance | str | Path,
    plan: Plan | str | Path | None,
    limits: Limits,
    progress: Progress,
) -> Assessment:
    """Score a plan, or the reserves as they stand, on the scenarios of an instance."""
    began = time.monotonic()
    case = _case(instance)
    given = _given(case, plan)
    plans = {OWN: _first_stage(case, given)} | yardsticks(case, given)
    if plan is None:
        plans.pop(PRESENT, None)
    found, end = evaluated(case.instance, plans, limits, _left(limits, began), progress)
    if OWN not in found:
        raise _too_short(end)
    own = found.pop(OWN)
    own = own.replace(status=Status(end, own.status.plan, "none"), run=_record(instance, limits))
    return Assessment(own, {name: found[name] for name in (PRESENT, PROPORTION) if name in found})


def _case(instance: Instance | str | Path) -> ReserveCase:
    case = reserve_case(instance if isinstance(instance, Instance) else load(instance))
    refuse_nothing(case)
    return case


def _given(case: ReserveCase, plan: Plan | str | Path | None) -> Plan:
    """Return the plan to score: the one named, else the reserves as they stand."""
    if plan is None:
        tables = present(case).tables(case)
        return Plan("preposition", tables, Status("completed", "invalid"))
    return of_reserves(plan)


def of_reserves(plan: Plan | str | Path) -> Plan:
    """Return a plan, refused when it is none of reserves.

    Raises:
        UsageError: E2332.
    """
    read = plan if isinstance(plan, Plan) else load_plan(plan)
    if read.decision != "preposition":
        raise UsageError.because(
            f"this is a plan to {read.decision}, not one of reserves",
            where=str(read.path or ""),
            action="name a plan of allocator preposition, or a table of reserves",
            code="E2332",
        )
    return read


def _first_stage(case: ReserveCase, plan: Plan) -> dict[str, pd.DataFrame]:
    """Return what a plan decides before; sites it does not name are those its stock calls for."""
    names = ("reserves", "sites", "agreements", "assignments")
    stated = {name: plan[name] for name in names if plan.states(name)}
    size, _ = stage_of(case, plan.tables)
    return {"sites": Given(size, case.reserve.stock.present).sites(case)} | stated


def _left(limits: Limits, began: float) -> float | None:
    return None if limits.seconds is None else limits.seconds - (time.monotonic() - began)


def _too_short(end: Termination) -> AllocatorError:
    if end == "interrupted":
        return InterruptedRun.because("the run was interrupted", code="E8001")
    return NoPlanError.because(
        "the scenarios could not be solved in the time given",
        action="give it more time, or fewer scenarios",
        code="E5004",
    )


def _record(instance: Instance | str | Path, limits: Limits) -> dict[str, Any]:
    path = "" if isinstance(instance, Instance) else str(Path(instance).absolute())
    return {"instance_path": path, "limits": {"seconds": limits.seconds, "seed": limits.seed}}


def evaluate(
    plan: Plan | str | Path,
    instance: Instance | str | Path | None,
    asked: Asked,
    limits: Limits,
    progress: Progress,
) -> Evaluation:
    """Solve the recourse of a plan on the scenarios of an instance, and weigh it if asked."""
    began = time.monotonic()
    read = of_reserves(plan)
    chosen = recorded(read.run) if instance is None else instance
    case = _case(chosen)
    tables = _first_stage(case, read)
    found, end = evaluated(case.instance, {OWN: tables}, limits, _left(limits, began), progress)
    if OWN not in found:
        raise _too_short(end)
    own = found[OWN].replace(run=_record(chosen, limits))
    result = Evaluation(own, by_name(read), _intervals(case, own))
    if not asked.samples and not asked.worth:
        return result
    return _weighed(case, result, tables, asked, limits, _left(limits, began), progress)


def _intervals(case: ReserveCase, plan: Plan) -> dict[str, Interval]:
    """Return the means over the scenarios with their intervals."""
    spent = sum(plan.summary["first_stage"].values())
    table, chance = plan["outcomes"], case.futures.probability
    people = interval(table["critical"].to_numpy(float), chance)
    return {
        "critical": replace(people, low=max(0.0, people.low)),
        "cost": interval(spent + table["cost"].to_numpy(float), chance),
    }


def _weighed(
    case: ReserveCase,
    result: Evaluation,
    tables: Mapping[str, pd.DataFrame],
    asked: Asked,
    limits: Limits,
    left: float | None,
    progress: Progress,
) -> Evaluation:
    """Solve samples, the mean scenario and every scenario alone, as far as the time goes."""
    if left is not None and left <= 0:
        return result.stopped("time_limit")
    job = {
        "samples": asked.samples,
        "size": asked.size or min(SAMPLE, len(case.futures)),
        "worth": asked.worth,
        "seconds": left,
        "gap": limits.gap,
        "seed": limits.seed,
        "threads": limits.workers or 1,
    }
    deadline = None if left is None else time.monotonic() + left
    with Child(WEIGH, instance=case.instance, tables=tables, **job) as child:
        try:
            end = child.wait(deadline, progress)
        except KeyboardInterrupt:
            end = "interrupted"
        error, found = child.error(), child.best() or Worth()
    if end == "error":
        raise error or ImpossibleError.because("the samples cannot be solved", code="E4004")
    own = by_name(result.plan)
    return replace(
        result.stopped(cast(Termination, end)),
        gaps=found.gaps,
        samples=found.samples,
        stochastic=_less(found.mean_plan, own),
        information=_less(own, found.knowing),
    )


def _less(more: Mapping[str, float] | None, less: Mapping[str, float] | None) -> dict[str, float]:
    if not more or not less:
        return {}
    return {goal: more[goal] - less[goal] for goal in less if goal in more}
