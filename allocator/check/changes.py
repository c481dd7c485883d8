"""How far a plan departs from the plan it started from (formulation: changes, change)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.check.ground import Ground, lookup
from allocator.check.moves import Moves
from allocator.check.verdict import Findings
from allocator.plan import Plan, plan_table
from allocator.plan.precision import tolerance


def change_from(found: Findings, ground: Ground, moves: Moves, start: Plan) -> float:
    """Return the units moved differently from `start`, and hold them to max_changes."""
    made = _summed(
        moves.origin,
        moves.target,
        moves.item,
        moves.period + 1,
        moves.quantity,
    )
    before = plan_table("shipments", start["shipments"])
    places = ground.places.index
    planned = _summed(
        lookup(places, before["from_id"]),
        lookup(places, before["to_id"]),
        ground.item(before["item_id"]),
        before["period"].to_numpy(float),
        before["quantity"].to_numpy(float),
    )
    off_by = made.sub(planned, fill_value=0.0).abs().to_numpy(float)
    scale = planned.reindex(made.index.union(planned.index), fill_value=0.0).to_numpy(float)
    changed = int((off_by > tolerance(scale)).sum())
    most = ground.instance.policy.max_changes
    if most is not None and changed > most:
        message = f"{changed} shipments differ from the start plan, {most} may"
        found.add_one("changes", "policy:max_changes", changed - most, message)
    return float(off_by.sum())


def _summed(
    origin: np.ndarray, target: np.ndarray, item: np.ndarray, period: np.ndarray, units: np.ndarray
) -> pd.Series:
    keys = [origin, target, item, period.astype(np.float64)]
    return pd.Series(units).groupby(keys).sum().sort_index()
