"""Pins: what the planner fixed (formulation: pin)."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from allocator.check.ground import Bools, Floats, Ground
from allocator.check.moves import Moves
from allocator.check.rows import words
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance

_KEYS = ("from_id", "to_id", "item_id", "period")


def check_pins(found: Findings, ground: Ground, moves: Moves) -> None:
    """Compare the sum of the matching shipments with every pin."""
    pins = ground.instance["pins"]
    if pins.empty:
        return
    total, most = _totals(ground, moves), pins["quantity"].to_numpy(float)
    rule = pins["rule"].to_numpy(object)
    over = np.where(rule == "at_least", 0.0, np.maximum(0.0, total - most))
    under = np.where(rule == "at_most", 0.0, np.maximum(0.0, most - total))
    off_by = over + under
    bad = np.flatnonzero(off_by > tolerance(most, len(moves)))
    lines = words(
        "pin {} asks for {} {:g}, {:g} are shipped",
        pins["pin_id"].iloc[bad],
        [str(name).replace("_", " ") for name in rule[bad]],
        most[bad].tolist(),
        total[bad].tolist(),
    )
    found.add("pin", "pins", bad, off_by[bad], lines)


def _totals(ground: Ground, moves: Moves) -> Floats:
    """Return the sum of the matching shipments of every pin, one pattern of blanks at a time."""
    pins = ground.instance["pins"]
    wanted = pd.DataFrame(
        {
            "from_id": ground.place(pins["from_id"]),
            "to_id": ground.place(pins["to_id"]),
            "item_id": ground.item(pins["item_id"]),
            "period": pins["period"].fillna(0).to_numpy(np.int64) - 1,
        }
    )
    made = pd.DataFrame(
        {
            "from_id": moves.origin,
            "to_id": moves.target,
            "item_id": moves.item,
            "period": moves.period,
            "quantity": moves.quantity,
        }
    )
    said = np.column_stack([_said(pins[name]) for name in _KEYS])
    total = np.zeros(len(pins))
    for pattern in product([False, True], repeat=len(_KEYS)):
        chosen = np.flatnonzero((said == np.array(pattern)).all(axis=1))
        keys = [name for name, used in zip(_KEYS, pattern, strict=True) if used]
        if len(chosen):
            total[chosen] = _matching(wanted.iloc[chosen], made, keys)
    return total


def _said(column: pd.Series) -> Bools:
    blank = column.isna() if pd.api.types.is_numeric_dtype(column.dtype) else column == ""
    return ~blank.to_numpy(bool)


def _matching(wanted: pd.DataFrame, made: pd.DataFrame, keys: list[str]) -> Floats:
    if not keys:
        return np.full(len(wanted), made["quantity"].sum())
    sums = made.groupby(keys, as_index=False)["quantity"].sum()
    joined = wanted[keys].merge(sums, on=keys, how="left")
    return joined["quantity"].fillna(0.0).to_numpy(np.float64)
