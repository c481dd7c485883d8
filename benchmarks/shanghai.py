"""Dispatch of Shanghai, 1 to 14 April 2022, at three levels of detail: what every goal reaches."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from allocator.bench import Case, Meter, Row, Settings, Suite

OVERTIME_SECONDS = 2.0  # a limited run must be back within its limit and this
ALL = "*"

# gaps: largest gap of a goal. by: seconds from the start by which a goal must be there.
REQUIRED: Mapping[str, dict[str, Any]] = {
    "district": {"level": "district", "seconds": 300, "gaps": {ALL: 0.001}},
    "jiedao": {
        "level": "jiedao",
        "seconds": 900,
        "gaps": {"critical": 0.001, ALL: 0.01},
        "by": {"critical": 60},
    },
    "jiedao-integer": {"level": "jiedao", "integer": True, "seconds": 1200, "gaps": {ALL: 0.03}},
    "jiedao-5s": {"level": "jiedao", "seconds": 5, "beside_proportion": True},
    "committee-90s": {"level": "committee", "seconds": 90, "beside_proportion": True},
    "committee": {
        "level": "committee",
        "seconds": 1200,
        "gaps": {"critical": 0.005},
        "peak_mb": 12 * 1024,
    },
}


def cases(settings: Settings) -> Sequence[Case]:
    return [Case(name, ("dispatch",), required) for name, required in REQUIRED.items()]


class Clock:
    """Hears the progress of a run and keeps the seconds at which things happened."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.events: list[dict[str, Any]] = []

    def __call__(self, event: Mapping[str, Any]) -> None:
        at = time.monotonic() - self.began
        self.events.append({**event, "at": at})
        if event.get("stage") == "look":
            self.events += [{**goal, "at": at} for goal in event["goals"]]

    def proven(self, goal: str, most: float) -> float | None:
        """Return when the run first told of a gap of the goal of at most `most`."""
        told = [event for event in self.events if event.get("goal") == goal]
        for event in told:
            value, bound = event.get("value"), event.get("bound")
            known = value is not None and bound is not None
            if known and value - bound <= most * max(abs(value), 1e-9):
                return float(event["at"])
        return None

    def at(self, key: str, name: str) -> dict[str, Any]:
        """Return the first event whose `key` is `name`; empty when there was none."""
        return next((event for event in self.events if event.get(key) == name), {})


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    import allocator
    from allocator.check import check
    from allocator.generate.shanghai import shanghai_2022

    given = case.parameters
    seconds = settings.time_limit or given["seconds"]
    with meter.phase("load"):
        instance = shanghai_2022(given["level"], given.get("integer", False))
    clock = Clock()
    limits = allocator.Limits(seconds=seconds, seed=settings.seed)
    plan = allocator.dispatch(instance, limits=limits, progress=clock)
    wall = time.monotonic() - clock.began
    phases = dict(plan.run.get("seconds", {}))
    meter.add("solve", phases.pop("solve", wall))
    with meter.phase("check"):
        verdict = check(instance, plan)
    detail = {f"{phase} seconds": used for phase, used in phases.items()}
    detail |= {"columns": clock.at("stage", "built").get("columns", 0)}
    detail |= {"violations": len(verdict.table)}
    rows = [plan_row(case, plan, wall, seconds, detail)]
    if given.get("beside_proportion"):
        rows.append(proportion_row(case, instance, verdict.goals["critical"]))
    return [*rows, *(goal_row(case, goal, clock) for goal in plan.goals)]


def plan_row(case: Case, plan: Any, wall: float, limit: float, detail: dict[str, Any]) -> Row:
    """Return whether the plan is valid and came in time; the value is the seconds of the run."""
    status = plan.status
    valid = status.plan == "valid" and detail["violations"] == 0
    in_time = wall <= limit + OVERTIME_SECONDS
    words = {"termination": status.termination, "plan": status.plan, "proof": status.proof}
    return Row(
        f"{case.name}/plan",
        "dispatch",
        value=wall,
        expected=limit + OVERTIME_SECONDS,
        within=valid and in_time,
        detail=words | detail,
    )


def proportion_row(case: Case, instance: Any, critical: float) -> Row:
    """Return the life-critical goal beside that of handing out in proportion to people."""
    from allocator.check import check
    from allocator.instance.network import network
    from allocator.models.dispatch.fill import in_proportion
    from allocator.plan import Plan, Status

    tables = in_proportion(network(instance))
    plain = check(instance, Plan("dispatch", tables, Status("completed", "invalid")))
    return Row(
        f"{case.name}/critical beside proportion",
        "dispatch",
        value=critical,
        expected=plain.goals["critical"],
        within=critical <= plain.goals["critical"] * (1 + 1e-6),
        detail={"violations of proportion": len(plain.table)},
    )


def goal_row(case: Case, goal: Any, clock: Clock) -> Row:
    """Return value, bound and gap of a goal, and whether it is as close as required, in time."""
    required = case.parameters
    gaps, by = required.get("gaps", {}), required.get("by", {}).get(goal.name)
    most = gaps.get(goal.name, gaps.get(ALL))
    event = clock.at("goal", goal.name)
    at = event.get("at") if most is None else clock.proven(goal.name, most)
    late = by is not None and (at is None or at > by)
    detail = {"unit": goal.unit, "source": goal.source}
    detail |= {} if at is None else {"at_seconds": round(at, 1)}
    detail |= {} if most is None else {"largest_gap": most}
    detail |= {} if by is None else {"required_by_seconds": by}
    return Row(
        f"{case.name}/{goal.name}",
        "dispatch",
        seconds={"solve": event.get("seconds", 0.0)},
        value=goal.value,
        bound=goal.bound,
        gap=goal.gap,
        within=None if most is None else goal.gap is not None and goal.gap <= most and not late,
        detail=detail,
    )


def compare(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the peak memory beside the allowance, where there is one."""
    name = rows[0].case.partition("/")[0]
    allowed, used = REQUIRED[name].get("peak_mb"), rows[0].peak_mb
    if allowed is None or used is None:
        return ()
    return [Row(f"{name}/peak", "MiB", value=used, expected=allowed, within=used <= allowed)]


SUITE = Suite(
    name="shanghai",
    purpose="Shanghai, 14 days of April 2022: value, bound and gap of every goal at three levels",
    cases=cases,
    run=run,
    compare=compare,
    notes=(
        "A later goal's bound holds given the earlier goals at the values they reached. At value 0 "
        "the gap is absolute, in the unit of the goal.",
        "Value and expected of case/plan are wall seconds; within means valid, too.",
        "at seconds: when the run told of the goal, from its start.",
        "The figures of the instance are sourced, derived or assumed, and say which.",
    ),
)
