"""Hospitals for a wave of Covid-19: which of nine temporary ones to build beside fourteen.

Source: Gurobi/modeling-examples, covid19_facility_location, after Klise and Bynum, "Facility
location optimization model for COVID-19 resources", Sandia National Laboratories 2020.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from allocator.bench import Case, Meter, Row, Settings, Suite, need_folder

ITEM = "bed"
TOLERANCE = 0.01  # money


@dataclass(frozen=True)
class Published:
    """The case: points are (places, 2); `money_each` is for a patient and a unit of distance."""

    counties: np.ndarray
    patients: np.ndarray
    hospitals: np.ndarray
    beds: np.ndarray
    candidates: np.ndarray
    candidate_ids: list[str]
    candidate_beds: float
    candidate_cost: float
    money_each: float
    optimum: float
    build: list[str]

    @property
    def county_ids(self) -> list[str]:
        return [f"county{number + 1}" for number in range(len(self.patients))]

    @property
    def hospital_ids(self) -> list[str]:
        return [f"hospital{number + 1}" for number in range(len(self.beds))]


def read_published(file: Path) -> Published:
    """Read the case with its published optimum."""
    given = json.loads(file.read_text(encoding="utf-8"))
    counties, existing = given["counties"].values(), given["existing"].values()
    return Published(
        counties=np.array([point for point, _ in counties], dtype=float),
        patients=np.array([count for _, count in counties], dtype=float),
        hospitals=np.array([point for point, _ in existing], dtype=float),
        beds=np.array([count for _, count in existing], dtype=float),
        candidates=np.array(list(given["temporary"].values()), dtype=float),
        candidate_ids=[f"temporary{number}" for number in given["temporary"]],
        candidate_beds=given["temp_capacity"],
        candidate_cost=given["tfcost"],
        money_each=given["dcost"],
        optimum=given["optimum_base"],
        build=[f"temporary{number}" for number in given["build"]],
    )


def as_instance(published: Published) -> Any:
    """Return the case as an instance: a bed is the reserve, a patient the need of one.

    Beds cost nothing and take 1 m3 each; a hospital has one size, and every patient gets a bed.
    """
    from allocator.instance import Instance
    from allocator.instance.policy import Policy

    counties, patients = published.county_ids, published.patients
    hospitals, candidates = published.hospital_ids, published.candidate_ids
    status = ["open"] * len(hospitals) + ["candidate"] * len(candidates)
    sites = pd.DataFrame({"site_id": hospitals + candidates, "status": status, "kind": "hospital"})
    sizes = sites[["site_id"]].assign(size_id="built")
    sizes["fixed_cost"] = np.where(sites["status"] == "open", 0.0, published.candidate_cost)
    sizes["volume_m3"] = [*published.beds, *[published.candidate_beds] * len(candidates)]
    item = {"item_id": ITEM, "kind": "medical", "kg": 0.0, "m3": 1.0, "tier": 1}
    needs = pd.DataFrame({"community_id": counties, "quantity": patients, "people": patients})
    return Instance.from_frames(
        name="covid19-facility",
        policy=Policy(lanes="listed", fleet="free", reserve_goals=("cost",), reserve_floor=1.0),
        periods=pd.DataFrame({"period": [1]}),
        communities=pd.DataFrame({"community_id": counties, "population": patients}),
        items=pd.DataFrame([item]),
        needs=needs.assign(item_id=ITEM, period=1),
        sites=sites,
        sizes=sizes,
        links=_links(published),
    )


def _links(published: Published) -> pd.DataFrame:
    points = np.concatenate([published.hospitals, published.candidates])
    apart = np.linalg.norm(points[:, None, :] - published.counties[None, :, :], axis=2)
    site, county = np.indices(apart.shape).reshape(2, -1)
    sites = published.hospital_ids + published.candidate_ids
    return pd.DataFrame(
        {
            "from_id": np.array(sites, dtype=object)[site],
            "to_id": np.array(published.county_ids, dtype=object)[county],
            "minutes": 0.0,
            "cost": published.money_each * apart.ravel(),
        }
    )


def file(settings: Settings) -> Path:
    return need_folder(settings, "published") / "gurobi_covid19_facility.json"


def cases(settings: Settings) -> Sequence[Case]:
    need_folder(settings, "published")
    return [Case("base", ("extensive", "benders"))]


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    import allocator
    from allocator.check import check

    with meter.phase("load"):
        published = read_published(file(settings))
        instance = as_instance(published)
    limits = allocator.Limits(seconds=settings.time_limit, seed=settings.seed, gap=1e-9)
    began = time.monotonic()
    plan = allocator.preposition(instance, limits=limits, method=method)
    wall = time.monotonic() - began
    meter.add("solve", plan.run.get("seconds", {}).get("solve", wall))
    with meter.phase("check"):
        verdict = check(instance, plan)
    return [row(case, method, published, plan, verdict, wall)]


def row(case: Case, method: str, published: Published, plan: Any, verdict: Any, wall: float) -> Row:
    """Return the cost the judge found, and whether cost and hospitals built are as published."""
    value, bound = verdict.goals["cost"], plan.goals[0].bound
    built = sorted(set(plan.sites["site_id"]) & set(published.candidate_ids))
    right = abs(value - published.optimum) <= TOLERANCE and built == sorted(published.build)
    return Row(
        case.name,
        method,
        value=value,
        bound=bound,
        gap=None if bound is None else (value - bound) / value,
        expected=published.optimum,
        within=len(verdict.table) == 0 and right,
        detail={
            "violations": len(verdict.table),
            "built": "|".join(built),
            "wall seconds": round(wall, 2),
        },
    )


SUITE = Suite(
    name="covid19-facility",
    purpose="Temporary hospitals beside existing ones: nine counties, published optimum",
    cases=cases,
    run=run,
    notes=(
        "Every patient gets a bed. Extra beds in temporary hospitals, in the source at 1e9 each, "
        "are left out: its optimum has none.",
        f"Within: at most {TOLERANCE} from the published optimum, the same three hospitals built, "
        "no violation.",
    ),
)
