"""Buckets of Madagascar: the present stock moved over the depots, against 22 past disasters.

Source: Gurobi/gurobi-casestudy-esups (Apache-2.0), after the Emergency Supply Pre-positioning
Strategy (ESUPS). Expected bucket-hours of driving are minimised.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from allocator.bench import Case, Meter, Row, Settings, Suite, need_folder

ITEM = "bucket"
PEOPLE_A_BUCKET = 2.5
TOLERANCE = 0.01  # bucket-hours
TOLERANCE_STOCK = 0.01  # buckets

PUBLISHED: Mapping[str, dict[str, Any]] = {
    "optimum": {
        "expected": 340_273.015,
        "stock": {"w1": 18_673, "w9": 725, "w15": 11_289, "w20": 10_124},
    },
    "present": {"expected": 446_978.213},
}


@dataclass(frozen=True)
class Published:
    """The tables of the publication: hours is disasters x depots."""

    buckets: np.ndarray
    people: np.ndarray
    hours: np.ndarray

    @property
    def need(self) -> np.ndarray:
        return np.asarray(np.minimum(np.round(self.people / PEOPLE_A_BUCKET), self.buckets.sum()))

    @property
    def depots(self) -> list[str]:
        return [f"w{number}" for number in range(len(self.buckets))]

    @property
    def disasters(self) -> list[str]:
        return [f"d{number}" for number in range(len(self.people))]


def read_published(path: Path) -> Published:
    """Read the three tables; depots without buckets are left out, as in the table of hours."""
    depots = pd.read_csv(path / "warehouses.csv", encoding="utf-8-sig")
    disasters = pd.read_csv(path / "disasters.csv", encoding="utf-8-sig")
    driving = pd.read_csv(path / "distanceMatrix_scenarios.csv", encoding="utf-8-sig")
    hours = driving.pivot(index="scenario", columns="warehouse", values="drivingTime_hrs")
    buckets = depots["Buckets"].to_numpy(float)
    return Published(
        buckets=buckets[buckets > 0],
        people=disasters["People Impacted"].to_numpy(float),
        hours=hours.to_numpy(float),
    )


def as_instance(published: Published) -> Any:
    """Return the case as an instance: a disaster is a scenario and the one place with need in it.

    As in the publication no disaster needs more buckets than there are; all it needs must come.
    """
    from allocator.instance import Instance
    from allocator.instance.policy import Policy

    disasters = published.disasters
    item = {"item_id": ITEM, "kg": 1.0, "tier": 1}
    needs = pd.DataFrame({"community_id": disasters, "item_id": ITEM, "quantity": published.need})
    return Instance.from_frames(
        name="esups",
        policy=Policy(
            lanes="listed",
            fleet="free",
            total_stock="fixed",
            reserve_goals=("cost",),
            reserve_floor=1.0,
        ),
        periods=pd.DataFrame({"period": [1]}),
        communities=pd.DataFrame({"community_id": disasters, "population": published.people}),
        items=pd.DataFrame([item]),
        needs=needs.assign(period=1),
        sites=pd.DataFrame({"site_id": published.depots}),
        stocks=pd.DataFrame(
            {"place_id": published.depots, "item_id": ITEM, "quantity": published.buckets}
        ),
        links=_links(published),
        scenarios=pd.DataFrame({"scenario_id": disasters, "probability": 1 / len(disasters)}),
        scenario_needs=needs.assign(scenario_id=disasters),
    )


def _links(published: Published) -> pd.DataFrame:
    disaster, depot = np.indices(published.hours.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "from_id": np.array(published.depots, dtype=object)[depot],
            "to_id": np.array(published.disasters, dtype=object)[disaster],
            "minutes": 60.0 * published.hours.ravel(),
            "cost": published.hours.ravel(),
        }
    )


def cases(settings: Settings) -> Sequence[Case]:
    need_folder(settings, "published/esups")
    methods = {"optimum": ("extensive", "benders"), "present": ("assess",)}
    return [Case(name, methods[name], parameters) for name, parameters in PUBLISHED.items()]


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    import allocator
    from allocator.check import check

    with meter.phase("load"):
        published = read_published(need_folder(settings, "published/esups"))
        instance = as_instance(published)
    limits = allocator.Limits(seconds=settings.time_limit, seed=settings.seed, gap=1e-9)
    began = time.monotonic()
    if method == "assess":
        plan = allocator.assess(instance, limits=limits).plan
    else:
        plan = allocator.preposition(instance, limits=limits, method=method)
    wall = time.monotonic() - began
    meter.add("solve", plan.run.get("seconds", {}).get("solve", wall))
    with meter.phase("check"):
        verdict = check(instance, plan)
    return [row(case, method, plan, verdict, wall)]


def row(case: Case, method: str, plan: Any, verdict: Any, wall: float) -> Row:
    """Return the bucket-hours the judge found, and whether figure and stock are as published."""
    value, expected = verdict.goals["cost"], case.parameters["expected"]
    bound = next(goal.bound for goal in plan.goals if goal.name == "cost")
    stock = dict(zip(plan.reserves["site_id"], plan.reserves["quantity"], strict=True))
    wanted = case.parameters.get("stock", stock)
    off = max(abs(stock.get(depot, 0.0) - wanted.get(depot, 0.0)) for depot in {*stock, *wanted})
    right = abs(value - expected) <= TOLERANCE and off <= TOLERANCE_STOCK
    return Row(
        case.name,
        method,
        value=value,
        bound=bound,
        gap=None if bound is None else (value - bound) / value,
        expected=expected,
        within=len(verdict.table) == 0 and right,
        detail={
            "violations": len(verdict.table),
            "stock off by": off,
            "wall seconds": round(wall, 2),
        },
    )


SUITE = Suite(
    name="esups",
    purpose="Madagascar: buckets in stock moved over 21 depots, against 22 disasters",
    cases=cases,
    run=run,
    notes=(
        "Value is the expected bucket-hours as the judge finds them, a bucket for every 2.5 people "
        "of a disaster, rounded, and at most all there are.",
        f"Within: at most {TOLERANCE} from the published figure, the stock of every depot as "
        "published, no violation.",
    ),
)
