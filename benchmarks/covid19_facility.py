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


def apart(published: Published) -> np.ndarray:
    """Return straight distances, hospitals (existing, then candidates) x counties."""
    points = np.concatenate([published.hospitals, published.candidates])
    between = points[:, None, :] - published.counties[None, :, :]
    return np.asarray(np.linalg.norm(between, axis=2))


def _links(published: Published) -> pd.DataFrame:
    cost = published.money_each * apart(published)
    site, county = np.indices(cost.shape).reshape(2, -1)
    sites = published.hospital_ids + published.candidate_ids
    return pd.DataFrame(
        {
            "from_id": np.array(sites, dtype=object)[site],
            "to_id": np.array(published.county_ids, dtype=object)[county],
            "minutes": 0.0,
            "cost": cost.ravel(),
        }
    )


def file(settings: Settings) -> Path:
    return need_folder(settings, "published") / "gurobi_covid19_facility.json"


def cases(settings: Settings) -> Sequence[Case]:
    need_folder(settings, "published")
    return [Case("base", ("extensive", "benders", "facility"))]


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    with meter.phase("load"):
        published = read_published(file(settings))
    solved = located if method == "facility" else prepositioned
    return [row(case, method, published, solved(published, method, settings, meter))]


@dataclass(frozen=True)
class Found:
    """What a method came to: the cost, a bound of it, the hospitals built."""

    cost: float
    bound: float | None
    built: list[str]
    violations: int = 0


def prepositioned(published: Published, method: str, settings: Settings, meter: Meter) -> Found:
    """Solve the case as pre-positioning; the cost is the judge's."""
    import allocator
    from allocator.check import check

    with meter.phase("load"):
        instance = as_instance(published)
    limits = allocator.Limits(seconds=settings.time_limit, seed=settings.seed, gap=1e-9)
    plan = allocator.preposition(instance, limits=limits, method=method)
    meter.add("solve", plan.run["seconds"]["solve"])
    with meter.phase("check"):
        verdict = check(instance, plan)
    built = sorted(set(plan.sites["site_id"]) & set(published.candidate_ids))
    return Found(verdict.goals["cost"], plan.goals[0].bound, built, len(verdict.table))


def located(published: Published, method: str, settings: Settings, meter: Meter) -> Found:
    """Solve the case by the direct form of facility location."""
    from allocator.engine.ordered import Budget
    from allocator.models.location.data import Location
    from allocator.models.location.facility import facility

    old, new = len(published.beds), len(published.candidate_ids)
    location = Location.of(
        published.money_each * apart(published),
        need=published.patients,
        capacity=[*published.beds, *[published.candidate_beds] * new],
        fixed_cost=[0.0] * old + [published.candidate_cost] * new,
        per_unit=True,
    )
    limit = settings.time_limit
    deadline = None if limit is None else time.monotonic() + limit
    with meter.phase("solve"):
        found = facility(location, Budget(deadline, gap=0.0), settings.seed)
    if found.open is None or found.value is None:
        return Found(np.inf, found.bound, [])
    built = [
        site
        for site, chosen in zip(published.candidate_ids, found.open[old:], strict=True)
        if chosen
    ]
    return Found(found.value, found.bound, built)


def row(case: Case, method: str, published: Published, found: Found) -> Row:
    """Return whether the cost and the hospitals built are as published."""
    near = abs(found.cost - published.optimum) <= TOLERANCE
    built = sorted(found.built) == sorted(published.build)
    return Row(
        case.name,
        method,
        value=found.cost,
        bound=found.bound,
        gap=None if found.bound is None else (found.cost - found.bound) / found.cost,
        expected=published.optimum,
        within=bool(near and built and found.violations == 0),
        detail={"violations": found.violations, "built": "|".join(found.built)},
    )


SUITE = Suite(
    name="covid19-facility",
    purpose="Temporary hospitals beside existing ones: nine counties, published optimum",
    cases=cases,
    run=run,
    notes=(
        "Every patient gets a bed. Extra beds in temporary hospitals, in the source at 1e9 each, "
        "are left out: its optimum has none.",
        "extensive, benders: an instance of pre-positioning, judged; facility: the direct form.",
        f"Within: at most {TOLERANCE} from the published optimum, the same three hospitals built, "
        "no violation.",
    ),
)
