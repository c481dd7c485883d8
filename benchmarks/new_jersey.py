"""Patients of New Jersey's hospitals, April to June 2020: overflow with and without sharing.

Source: flixpar/covid-resource-allocation at bda24834 (daily state report of beds and patients).
Parker et al. 2020, "Optimal resource and demand redistribution for healthcare systems under stress
from COVID-19" (arXiv:2011.03528): 88.6 % of overflow removed by moving 13 to 16 % of patients.

    python benchmarks/new_jersey.py FOLDER      writes the instance new-jersey-2020
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from allocator.bench import Case, Meter, Row, Settings, Suite, need_folder

METHODS: Mapping[str, dict[str, Any]] = {
    "no-transfers": {"admit_minutes": 0},
    "district-first": {"admit_regime": "district-first"},
    "pooled": {},
}
BEDS = ("criticalcare", "intensivecare", "surgical", "other")
NO_HOSPITALS = ("Central Supply", "FMS")  # stores and field stations
DAYS = 77
STAY_DAYS = 10.0  # mean, assumed: no length of stay is in the report
LONGEST = 60
FARTHEST_MINUTES = 60.0
KMH = 60.0
PUBLISHED_REMOVED, PUBLISHED_MOVED = 0.886, (0.13, 0.16)
BROKEN: Mapping[str, Any] = {"within": False, "note": "the judge found violations"}


def read_hospitals(folder: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return hospitals (site_id, name, lat, lon), patients (H, 77) and reported beds (H,).

    Those with a point, a bed in use and a patient somewhere count: 71 of them. A day without a
    report takes the value of the day before, the first ones that of the next. Beds are the median
    over the days of beds in use and free together.
    """
    rows = pd.read_csv(folder / "nj_hospital_daily.csv")
    points = json.loads((folder / "nj_hosp_locs.json").read_text(encoding="utf-8"))
    rows["patients"] = rows[["active_confirmed", "active_suspected"]].sum(axis=1, min_count=1)
    kinds = [f"bed_{state}_{kind}" for state in ("inuse", "avail") for kind in BEDS]
    rows["beds"] = rows[kinds].sum(axis=1, min_count=1)
    rows["used"] = rows[kinds[: len(BEDS)]].sum(axis=1)
    wide = {
        name: rows.pivot_table(index="hosp_name", columns="date", values=name, dropna=False)
        for name in ("patients", "beds", "used")
    }
    chosen = [
        name
        for name in wide["used"].index
        if name in points
        and not any(word in name for word in NO_HOSPITALS)
        and wide["used"].loc[name].max() > 0
        and wide["patients"].loc[name].max() > 0
    ]
    patients = wide["patients"].loc[chosen].ffill(axis=1).bfill(axis=1).to_numpy(float)
    beds = wide["beds"].loc[chosen].median(axis=1).to_numpy(float)
    table = pd.DataFrame(
        {
            "site_id": [f"H{number:02d}" for number in range(1, len(chosen) + 1)],
            "name": chosen,
            "lat": [points[name]["lat"] for name in chosen],
            "lon": [points[name]["long"] for name in chosen],
        }
    )
    return table, patients, beds


def new_patients(patients: np.ndarray) -> np.ndarray:
    """Return who must have come each day, for a stay of STAY_DAYS on average (geometric).

    Of those inside, one in STAY_DAYS leaves a day; the rest of the count is new. All of the first
    day's are new. Where fewer are left than should be, nobody came.
    """
    kept, inside = 1.0 - 1.0 / STAY_DAYS, np.zeros(len(patients))
    new = np.zeros_like(patients)
    for day in range(patients.shape[1]):
        new[:, day] = np.maximum(0.0, patients[:, day] - kept * inside)
        inside = kept * inside + new[:, day]
    return new


def as_instance(folder: Path, **policy: Any) -> Any:
    """Return the case: every hospital has patients at its door and is a district of its own."""
    from allocator.instance import Instance

    hospitals, patients, beds = read_hospitals(folder)
    chance = 1.0 / STAY_DAYS
    stay = np.arange(1, LONGEST + 1)
    share = chance * (1.0 - chance) ** (stay - 1)
    share[-1] += 1.0 - share.sum()
    new = new_patients(patients).round(4)
    place, day = np.nonzero(new > 0)
    sites = hospitals.assign(kind="hospital", district=hospitals["site_id"])
    goals = ["waiting", "transfers", "travel"]
    usual = {"admit_minutes": FARTHEST_MINUTES, "speed_kmh": KMH, "admit_goals": goals}
    return Instance.from_frames(
        name="new-jersey-2020",
        policy={**usual, "transfers": False, **policy},
        periods=pd.DataFrame(
            {
                "period": range(1, DAYS + 1),
                "start": pd.date_range("2020-04-04", periods=DAYS).strftime("%Y-%m-%d"),
            }
        ),
        communities=pd.DataFrame([{"community_id": "new-jersey", "population": 9288994}]),
        sites=sites,
        care=pd.DataFrame([{"severity": "covid", "kind": "severe", "leaves": chance}]),
        stays=pd.DataFrame({"severity": "covid", "periods": stay, "share": share}),
        beds=pd.DataFrame(
            {
                "ward_id": hospitals["site_id"],
                "site_id": hospitals["site_id"],
                "severity": "covid",
                "beds": beds,
            }
        ),
        patients=pd.DataFrame(
            {
                "community_id": hospitals["site_id"].to_numpy(object)[place],
                "severity": "covid",
                "period": day + 1,
                "number": new[place, day],
            }
        ),
    )


def folder_of(settings: Settings) -> Path:
    return need_folder(settings, "lockdown/nj_hospitals_2020")


def cases(settings: Settings) -> Sequence[Case]:
    return [Case("new-jersey", tuple(METHODS))]


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    from allocator.engine.ordered import Budget
    from allocator.models.admit.solving import solve
    from allocator.runs.admit import judged

    with meter.phase("load"):
        instance = as_instance(folder_of(settings), **METHODS[method])
    limit = settings.time_limit
    with meter.phase("solve"):
        budget = Budget(None if limit is None else time.monotonic() + limit)
        answer = solve(instance, budget, settings.seed)
    if not answer.tables:
        return [Row(case.name, method, within=False, note="no point in time")]
    with meter.phase("check"):
        plan = judged(instance, answer.tables, "solver", answer.results)
    goal, total = plan.goal("waiting"), float(instance["patients"]["number"].sum())
    detail = {
        "patients": round(total, 1),
        "moved": round(float(plan.goal("transfers").value or 0.0) / total, 4),
        "columns": answer.summary["size"]["columns"],
    }
    figures = {"value": goal.value, "bound": goal.bound, "gap": goal.gap}
    broken = {} if plan.status.plan == "valid" else BROKEN
    return [Row(case.name, method, **figures, detail=detail, **broken)]


def compare(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the share of overflow removed beside the published one; nothing is required."""
    value = {row.method: row.value for row in rows}
    moved = {row.method: row.detail.get("moved") for row in rows}
    alone = value.get("no-transfers")
    if not alone:
        return ()
    return [
        Row(
            "overflow removed",
            method,
            value=1.0 - float(value[method] or 0.0) / alone,
            expected=PUBLISHED_REMOVED,
            detail={"moved": moved[method], "published moved": "{} to {}".format(*PUBLISHED_MOVED)},
        )
        for method in value
        if method != "no-transfers" and value[method] is not None
    ]


SUITE = Suite(
    name="new-jersey",
    purpose="Overflow of 71 hospitals over 77 days: no transfers, own patients first, pooled",
    cases=cases,
    run=run,
    compare=compare,
    notes=(
        "Value: patient-days without a bed. The published study has its own estimate of admissions"
        " and capacity; ours are the state's counts of patients and beds, so nothing is required.",
        "Beds of a hospital: the median over the days of COVID beds in use and free. Arrivals are"
        f" what the counts and a mean stay of {STAY_DAYS:g} days (assumed) imply; others"
        " recover without a bed at the same rate.",
        f"Patients move up to {FARTHEST_MINUTES:g} minutes at {KMH:g} km/h, when they come.",
    ),
)


if __name__ == "__main__":
    from allocator.bench.files import data_folder
    from allocator.instance import save

    data = folder_of(Settings(data=data_folder(None)))
    print(save(as_instance(data), sys.argv[1]))
