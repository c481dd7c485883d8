"""Rosters of 500 workers for 60 posts over 14 days: plain, and with rest and qualified shares.

The instances are drawn by `drawn` from a seed; its version is pinned by the numbers in this file.
Plain: skills, days off, hours, one shift a day. Full: rest and successions, longest runs and a
qualified share beside. Wanted are about as many people as the hours allow, by skill and day.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from allocator.bench import Case, Meter, Row, Settings, Suite

SIZES = {"tiny": (20, 6, 5), "500": (500, 60, 14)}  # workers, posts, days
SKILLS = (("gate", 0.5), ("porter", 0.25), ("tester", 0.15), ("nurse", 0.1))
REQUIRED = {"plain": (0.001, 30.0), "full": (0.01, 300.0)}  # gap, seconds
SHIFTS = (("early", "06:00", 480), ("late", "14:00", 480), ("night", "22:00", 480))


def cases(settings: Settings) -> Sequence[Case]:
    return [
        Case(f"{rules}-seed{settings.seed + one}", ("auto",), {"rules": rules, "seed": one})
        for rules in REQUIRED
        for one in (1, 2, 3)
    ]


def drawn(rules: str, seed: int, size: str = "500") -> Any:
    """Return the instance."""
    from allocator.instance import Instance

    dice = np.random.default_rng(seed)
    workers, posts, days = SIZES[size]
    full = rules == "full"
    frames = {
        "periods": pd.DataFrame({"period": np.arange(1, days + 1)}),
        "communities": pd.DataFrame({"community_id": ["town"], "population": [100_000]}),
        "shifts": pd.DataFrame(SHIFTS, columns=["shift_id", "start", "minutes"]),
        "workers": people(dice, workers, days, full),
        "posts": wanted(dice, workers, posts, days, full),
        "availability": days_off(dice, workers, days),
    }
    if full:
        pairs = [("night", "early"), ("night", "late"), ("late", "early")]
        frames["successions"] = pd.DataFrame(pairs, columns=["shift_id", "next_shift_id"])
    policy = {"staff_goals": ["critical_uncovered", "uncovered", "qualified", "cost"]}
    return Instance.from_frames(policy=policy, name=f"{rules}-{seed}", validate=False, **frames)


def people(dice: np.random.Generator, count: int, days: int, full: bool) -> pd.DataFrame:
    names, weights = zip(*SKILLS, strict=True)
    first = dice.choice(names, count, p=weights)
    second = dice.choice(names, count, p=weights)
    both = [f"{a}|{b}" if a != b else a for a, b in zip(first, second, strict=True)]
    return pd.DataFrame(
        {
            "worker_id": [f"w{n}" for n in range(count)],
            "skills": both,
            "qualified": dice.random(count) < 0.138,
            "maximum_minutes": 480.0 * np.ceil(days * dice.choice([0.5, 0.65, 0.75], count)),
            "longest_run": 5.0 if full else np.nan,
            "rest_minutes": 660.0 if full else 0.0,
            "cost_per_hour": dice.choice([10.0, 12.0, 15.0, 20.0], count),
        }
    )


def wanted(
    dice: np.random.Generator, workers: int, posts: int, days: int, full: bool
) -> pd.DataFrame:
    names, weights = zip(*SKILLS, strict=True)
    rows = []
    for post in range(posts):
        skill, shift = dice.choice(names, p=weights), SHIFTS[post % len(SHIFTS)][0]
        mean = 0.64 * workers / posts
        for day in range(1, days + 1):
            rows.append(
                {
                    "post_id": f"p{post}",
                    "period": float(day),
                    "shift_id": shift,
                    "skill": skill,
                    "wanted": int(dice.poisson(mean)),
                    "qualified_share": 0.138 if full else 0.0,
                    "critical": post < posts // 6,
                    "weight": float(dice.choice([1.0, 2.0, 3.0])),
                }
            )
    return pd.DataFrame(rows)


def days_off(dice: np.random.Generator, workers: int, days: int) -> pd.DataFrame:
    off = np.argwhere(dice.random((workers, days)) < 0.1)
    return pd.DataFrame(
        {
            "worker_id": [f"w{n}" for n in off[:, 0]],
            "period": off[:, 1] + 1,
            "can": "no",
        }
    )


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    from allocator.check.staff import check_staff
    from allocator.check.verdict import Findings
    from allocator.engine.ordered import Budget
    from allocator.models.staff import solve
    from allocator.plan import Plan, Status

    rules = case.parameters["rules"]
    gap, limit = REQUIRED[rules]
    limit = settings.time_limit or limit
    with meter.phase("load"):
        instance = drawn(rules, case.parameters["seed"], case.parameters.get("size", "500"))
    began = time.monotonic()
    with meter.phase("solve"):
        answer = solve(instance, Budget(began + limit, gap=gap), method, settings.seed)
    seconds = time.monotonic() - began
    if not answer.tables:
        return [Row(case.name, method, note="no roster in time", expected=gap, within=False)]
    with meter.phase("check"):
        plan = Plan("staff", answer.tables, Status("completed", "invalid"))
        verdict = check_staff(Findings("staff"), instance, plan)
    return [
        row(case, method, one.name, verdict, one.bound, (gap, limit, seconds), answer)
        for one in answer.results
    ]


def row(
    case: Case,
    method: str,
    goal: str,
    verdict: Any,
    bound: float | None,
    asked: tuple[float, float, float],
    answer: Any,
) -> Row:
    """Return one goal of a roster: its gap, and whether all of it came in time."""
    gap, limit, seconds = asked
    value = verdict.goals[goal]
    off = None if bound is None else max(0.0, value - bound) / max(1.0, abs(value))
    good = verdict.ok and off is not None and off <= gap and seconds <= 1.1 * limit
    detail = {"seconds": round(seconds, 1), "method": answer.summary["method"]}
    return Row(
        f"{case.name}/{goal}",
        method,
        value=value,
        bound=bound,
        gap=off,
        expected=gap,
        within=good,
        detail=detail | answer.summary["size"],
        note="" if verdict.ok else "the judge found violations",
    )


SUITE = Suite(
    name="staffing-size",
    purpose="Rosters of 500 workers, 60 posts and 14 days, plain and with every rule of time",
    cases=cases,
    run=run,
    notes=(
        "Required of every goal: 0.1 % proven in 30 s (plain), 1 % in 5 minutes (full).",
        "Seconds are those of all goals together, with the arrays and the program built.",
        "A gap is relative to the value, or to 1 where that is larger.",
    ),
)
