"""Beds of Wuhan, January to March 2020: what waiting for the city costs, beside the record.

The record (sources in instances/wuhan-2020-beds/README.md): 1,499 confirmed severe patients were
not admitted on 8 February, all were by noon of the 10th; on 29 February 24.9 % of hospital beds and
53.9 % of shelter beds were free.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from allocator.bench import Case, Meter, Row, Settings, Suite

REGIMES: Mapping[str, dict[str, Any]] = {
    "pooled": {},
    "district-first": {"admit_regime": "district-first"},
    "delay-1": {"information_delay": 1},
    "delay-3": {"information_delay": 3},
    "delay-5": {"information_delay": 5},
}
GOALS = ("critical_waiting", "severe_waiting", "waiting")
FIRST_DAY = "2020-01-23"
SEVERE_WAITING = {"2020-02-08": 1499.0, "2020-02-10": 0.0}
FREE = {"hospital": 6704 / 26911, "shelter": 7255 / 13467}
FREE_DAY = "2020-02-29"
BROKEN: Mapping[str, Any] = {"within": False, "note": "the judge found violations"}


def cases(settings: Settings) -> Sequence[Case]:
    return [Case(name, ("admit",), dict(policy)) for name, policy in REGIMES.items()]


def period(day: str) -> int:
    return (pd.Timestamp(day) - pd.Timestamp(FIRST_DAY)).days + 1


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    from allocator.engine.ordered import Budget
    from allocator.generate.wuhan import wuhan_2020_beds
    from allocator.models.admit.solving import solve
    from allocator.runs.admit import judged

    with meter.phase("load"):
        instance = wuhan_2020_beds()
        policy = instance.policy.replace(admit_goals=GOALS, **case.parameters)
        instance = instance.replace(policy=policy)
    limit = settings.time_limit
    with meter.phase("solve"):
        budget = Budget(None if limit is None else time.monotonic() + limit)
        answer = solve(instance, budget, settings.seed)
    if not answer.tables:
        return [Row(case.name, method, within=False, note="no point in time")]
    with meter.phase("check"):
        plan = judged(instance, answer.tables, "solver", answer.results)
    return [
        *goal_rows(case, method, plan),
        *severe_rows(case, method, plan),
        *free_rows(case, method, plan, instance),
    ]


def goal_rows(case: Case, method: str, plan: Any) -> list[Row]:
    """Return value and bound of every goal; a plan that breaks a rule is a miss."""
    broken = {} if plan.status.plan == "valid" else BROKEN
    return [
        Row(
            f"{case.name}/{goal.name}",
            method,
            value=goal.value,
            bound=goal.bound,
            gap=goal.gap,
            detail={"unit": goal.unit},
            **broken,
        )
        for goal in plan.goals
    ]


def severe_rows(case: Case, method: str, plan: Any) -> list[Row]:
    """Return the severe and critical who wait on the days of the record."""
    rows = plan["waiting"]
    worse = rows[rows["severity"].isin(["severe", "critical"])]
    by_day = worse.groupby("period")["number"].sum()
    return [
        Row(
            f"{case.name}/severe waiting {day}",
            method,
            value=float(by_day.get(period(day), 0.0)),
            expected=expected,
        )
        for day, expected in SEVERE_WAITING.items()
    ]


def free_rows(case: Case, method: str, plan: Any, instance: Any) -> list[Row]:
    """Return the free share of the beds of hospitals and shelters on the day of the record."""
    from allocator.instance.admit_case import admit_case

    arrays, day = admit_case(instance), period(FREE_DAY)
    beds = np.bincount(arrays.pools.site, arrays.pools.beds[:, day - 1], len(arrays.sites))
    rows = plan["occupancy"]
    used = rows[rows["period"] == day].groupby("site_id")["occupied"].sum()
    kind = instance["sites"].set_index("site_id")["kind"].reindex(arrays.sites.ids)
    lying = used.reindex(arrays.sites.ids).fillna(0.0).to_numpy(float)
    return [
        Row(
            f"{case.name}/free in {name}s {FREE_DAY}",
            method,
            value=1.0 - float(lying[kind == name].sum() / beds[kind == name].sum()),
            expected=expected,
        )
        for name, expected in FREE.items()
    ]


SUITE = Suite(
    name="wuhan",
    purpose="Waiting for beds in Wuhan 2020: pooled, own district first, told 1, 3, 5 days late",
    cases=cases,
    run=run,
    notes=(
        "Expected is the record, beside which the plans stand; nothing is required. A plan knows"
        " all 50 days in advance, the city did not: its waiting is what beds alone enforce.",
        "Patients are the confirmed cases of the day, so those not yet tested do not wait here.",
    ),
)
