"""Groups of patients who wait: one place and class, with when and how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.instance.admit_case import KINDS, AdmitCase
from allocator.instance.reserve import position
from allocator.plan import Plan

SMALL = 1e-3  # patient-days below this are not told


@dataclass(frozen=True)
class Group:
    """Patients of a place and class who wait; `held` in a bed of the class `lies_in` (its id).

    `patient_days` is the mean over the scenarios.
    """

    place: str
    severity: str
    lies_in: str
    first: int
    last: int
    patient_days: float

    @property
    def held(self) -> bool:
        """Whether they wait in a bed of another class."""
        return self.lies_in != ""


def groups_of(plan: Plan, case: AdmitCase, only: str = "") -> list[Group]:
    """Return the groups that wait, critical classes first, the longest wait first."""
    rows = plan["waiting"]
    if only:
        rows = rows[rows["community_id"] == only]
    scenario = position(case.scenarios, rows["scenario_id"])
    days = case.days[rows["period"].to_numpy(np.int64) - 1] * case.probability[scenario]
    rows = rows.assign(days=rows["number"].to_numpy(float) * days)
    found = [
        Group(
            str(place),
            str(severity),
            str(lies_in),
            int(part["period"].min()),
            int(part["period"].max()),
            float(part["days"].sum()),
        )
        for (place, severity, lies_in), part in rows.groupby(
            ["community_id", "severity", "from_severity"], sort=True
        )
    ]
    rank = {
        str(name): KINDS.index(str(kind))
        for name, kind in zip(case.classes.ids, case.classes.kind, strict=True)
    }
    told = [group for group in found if group.patient_days > SMALL]
    return sorted(told, key=lambda one: (rank[one.severity], -one.patient_days))
