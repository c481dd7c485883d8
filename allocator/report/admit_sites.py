"""Beds in use by a plan of beds: how full the sites are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance.admit_case import AdmitCase
from allocator.plan import Plan
from allocator.report.layout import headed, rest_lines, table
from allocator.report.words import label, number, percent

MOST = 20


def site_table(plan: Plan, case: AdmitCase) -> pd.DataFrame:
    """Return one row a site: site_id, name, beds and occupied at most, occupied and beds at end."""
    rows = plan["occupancy"]
    used = rows["occupied"].to_numpy(float) * chance_of(case, rows)
    by_day = (
        rows.assign(used=used)
        .pivot_table(
            index="site_id", columns="period", values="used", aggfunc="sum", fill_value=0.0
        )
        .reindex(index=case.sites.ids, columns=range(1, case.periods + 1), fill_value=0.0)
    )
    beds = _beds(plan, case)
    return pd.DataFrame(
        {
            "site_id": case.sites.ids,
            "name": case.sites.names,
            "beds": beds.max(axis=1),
            "occupied": by_day.max(axis=1).to_numpy(float),
            "end": by_day[case.periods].to_numpy(float),
            "end_beds": beds[:, -1],
        }
    )


def _beds(plan: Plan, case: AdmitCase) -> np.ndarray:
    """Return the beds of each site and period with the wards the plan opens."""
    beds = np.zeros((len(case.sites), case.periods))
    np.add.at(beds, case.pools.site, case.pools.beds)
    for ward, period in zip(plan["openings"]["ward_id"], plan["openings"]["period"], strict=True):
        at, surge = list(case.surge.ids).index(ward), case.surge
        first, last = int(period) - 1 + int(surge.lead[at]), int(surge.closes[at]) + 1
        beds[surge.site[at], first:last] += surge.beds[at]
        if surge.taken_from[at] >= 0:
            beds[surge.site[at], int(period) - 1 : last] -= surge.beds[at]
    return beds


def site_lines(plan: Plan, case: AdmitCase, width: int) -> list[str]:
    """Return how full the sites are, the largest first."""
    found = site_table(plan, case).sort_values("beds", ascending=False, kind="stable")
    columns = headed(
        "Site", "beds at most", "in use at most", "in use at the end", "free at the end"
    )
    rows = [
        (
            label(str(row["site_id"]), str(row["name"])),
            number(row["beds"]),
            number(round(row["occupied"], 1)),
            number(round(row["end"], 1)),
            percent(1 - row["end"] / row["end_beds"]) if row["end_beds"] > 0 else "-",
        )
        for row in found.head(MOST).to_dict("records")
    ]
    more = rest_lines(len(found), MOST, width, "site", "occupancy.csv")
    return [*table(columns, rows, width), *more]


def chance_of(case: AdmitCase, rows: pd.DataFrame) -> np.ndarray:
    """Return the probability of the scenario of each row."""
    at = pd.Index(case.scenarios).get_indexer(pd.Index(rows["scenario_id"]))
    return np.asarray(case.probability[at])
