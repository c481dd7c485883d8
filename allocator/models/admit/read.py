"""A point of the program as the tables of the plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.engine.program import Floats
from allocator.models.admit.program import AdmitProgram

SMALLEST = 1e-5  # less is nobody: what the slack between goals leaves behind


def plan_tables(program: AdmitProgram, point: Floats) -> dict[str, pd.DataFrame]:
    """Return what is decided; waiting and occupancy follow from it and are the judge's to add."""
    point = snapped(point)
    return {
        "admissions": _admissions(program, point),
        "transfers": _transfers(program, point),
        "openings": _openings(program, point),
    }


def snapped(point: Floats) -> Floats:
    """Return values that are whole but for the slack between goals as whole numbers."""
    whole = np.round(point)
    return np.asarray(np.where(np.abs(point - whole) <= SMALLEST, whole, point))


def _admissions(program: AdmitProgram, point: Floats) -> pd.DataFrame:
    case, amount = program.case, point[program.admit]
    scenario, column = np.nonzero(amount > SMALLEST)
    way, kind, period, age = program.keys.admit[:, column]
    return pd.DataFrame(
        {
            "community_id": case.origins.ids[case.ways.origin[way]],
            "site_id": case.sites.ids[case.ways.site[way]],
            "severity": case.classes.ids[kind],
            "period": period + 1,
            "known": age,
            "number": amount[scenario, column],
            "scenario_id": case.scenarios[scenario],
        }
    )


def _transfers(program: AdmitProgram, point: Floats) -> pd.DataFrame:
    case, amount = program.case, point[program.move]
    scenario, column = np.nonzero(amount > SMALLEST)
    way, change, period = program.keys.move[:, column]
    return pd.DataFrame(
        {
            "from_site": case.sites.ids[case.transfers.origin[way]],
            "to_site": case.sites.ids[case.transfers.site[way]],
            "from_severity": case.classes.ids[case.stays.step_from[change]],
            "severity": case.classes.ids[case.stays.step_to[change]],
            "period": period + 1,
            "number": amount[scenario, column],
            "scenario_id": case.scenarios[scenario],
        }
    )


def _openings(program: AdmitProgram, point: Floats) -> pd.DataFrame:
    surge = program.case.surge
    chosen = point[program.open] > 0.5
    ward, period = program.keys.opening[:, chosen]
    return pd.DataFrame(
        {
            "ward_id": surge.ids[ward],
            "site_id": program.case.sites.ids[surge.site[ward]],
            "severity": program.case.classes.ids[surge.severity[ward]],
            "period": period + 1,
            "beds": surge.beds[ward],
            "cost": surge.cost[ward],
        }
    )
