"""The tables that follow from what a plan of beds decides: who waits, which beds are in use."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.check.admit_flow import Flow
from allocator.check.admit_limits import pool_beds
from allocator.check.admit_rows import Decided
from allocator.check.verdict import Findings
from allocator.instance.admit_case import AdmitCase
from allocator.plan import Plan, plan_table
from allocator.plan.precision import WRITTEN_DECIMALS, rounded, tolerance

_DUST = 0.5 * 10.0**-WRITTEN_DECIMALS
_KEYS = {
    "waiting": ["scenario_id", "community_id", "severity", "from_severity", "period"],
    "occupancy": ["scenario_id", "site_id", "severity", "period"],
}
_VALUE = {"waiting": "number", "occupancy": "occupied"}


def follows(case: AdmitCase, decided: Decided, flow: Flow) -> dict[str, pd.DataFrame]:
    """Return the plan tables waiting and occupancy."""
    waiting = pd.concat([_outside(case, flow), _held(case, flow)], ignore_index=True)
    return {
        "waiting": plan_table("waiting", waiting),
        "occupancy": plan_table("occupancy", _occupancy(case, decided, flow)),
    }


def _outside(case: AdmitCase, flow: Flow) -> pd.DataFrame:
    scenario, place, kind, period = np.nonzero(flow.waiting > _DUST)
    return pd.DataFrame(
        {
            "community_id": case.origins.ids[place],
            "severity": case.classes.ids[kind],
            "from_severity": "",
            "period": period + 1,
            "number": rounded(flow.waiting[scenario, place, kind, period]),
            "scenario_id": case.scenarios[scenario],
        }
    )


def _held(case: AdmitCase, flow: Flow) -> pd.DataFrame:
    scenario, site, change, period = np.nonzero(flow.held > _DUST)
    return pd.DataFrame(
        {
            "community_id": case.sites.ids[site],
            "severity": case.classes.ids[case.stays.step_to[change]],
            "from_severity": case.classes.ids[case.stays.step_from[change]],
            "period": period + 1,
            "number": rounded(flow.held[scenario, site, change, period]),
            "scenario_id": case.scenarios[scenario],
        }
    )


def _occupancy(case: AdmitCase, decided: Decided, flow: Flow) -> pd.DataFrame:
    beds = np.zeros((len(case.sites), len(case.classes), case.periods))
    for pool, row in enumerate(pool_beds(case, decided)):
        beds[case.pools.site[pool], case.pools.uses[pool]] += row
    there = (flow.occupied > _DUST) | (beds > 0)
    scenario, site, kind, period = np.nonzero(there)
    return pd.DataFrame(
        {
            "site_id": case.sites.ids[site],
            "severity": case.classes.ids[kind],
            "period": period + 1,
            "occupied": rounded(flow.occupied[scenario, site, kind, period]),
            "beds": rounded(beds[site, kind, period]),
            "scenario_id": case.scenarios[scenario],
        }
    )


def check_follows(found: Findings, plan: Plan, tables: Mapping[str, pd.DataFrame]) -> None:
    """Compare waiting and occupancy, where stated, with what follows."""
    for name, true in tables.items():
        if not plan.states(name):
            continue
        keys, value = _KEYS[name], _VALUE[name]
        stated = plan_table(name, plan[name])
        both = stated.assign(row=np.arange(len(stated))).merge(
            true[[*keys, value]], on=keys, how="outer", suffixes=("", "_true")
        )
        said = both[value].fillna(0.0).to_numpy(float)
        follows_ = both[f"{value}_true"].fillna(0.0).to_numpy(float)
        off = np.flatnonzero(np.abs(said - follows_) > tolerance(follows_))
        rows = both["row"].fillna(0).to_numpy(np.int64)[off]
        words = (f"{said[one]:g} is stated, {follows_[one]:g} follows" for one in off)
        found.add("follows", name, rows, np.abs(said - follows_)[off], words)
