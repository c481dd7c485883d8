"""Distances the instance says were filled in, computed again."""

from __future__ import annotations

import numpy as np

from allocator.check.ground import Ground
from allocator.check.lanes import road_km
from allocator.check.rows import words
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance


def check_distances(found: Findings, ground: Ground) -> None:
    """Compare km of links stamped imputed with great circle times detour."""
    links = ground.instance["links"]
    if "imputed" not in links.columns:
        return
    stamped = links["imputed"].astype("str").str.contains(r"\bkm\b", regex=True).to_numpy(bool)
    origin, target = ground.place(links["from_id"]), ground.place(links["to_id"])
    line = np.flatnonzero(stamped & (origin >= 0) & (target >= 0))
    true = road_km(ground, origin[line], target[line])
    stated = links["km"].to_numpy(float)[line]
    off_by = np.abs(stated - true)
    wrong = off_by > tolerance(true)  # a link without points compares as False
    lines = words(
        "{:g} km by the points, {:g} km filled in", true[wrong].tolist(), stated[wrong].tolist()
    )
    found.add("distance", "links", line[wrong], off_by[wrong], lines)
