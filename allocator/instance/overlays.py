"""Scenarios: the instance as it would be when its overlays hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from allocator.errors import InstanceError
from allocator.instance.faultlog import nearest
from allocator.instance.numbers import TRUE_WORDS, parse_number
from allocator.instance.schema import Field, tables
from allocator.instance.selectors import select


def overlaid(tables_: Mapping[str, pd.DataFrame], scenario: str) -> dict[str, pd.DataFrame]:
    """Return the tables the overlays of a scenario change, changed in the order of overlays.

    Raises:
        InstanceError: There is no such scenario.
    """
    known = list(tables_["scenarios"]["scenario_id"])
    if scenario not in known:
        raise InstanceError.because(
            "the instance has no such scenario",
            where="scenarios",
            value=scenario,
            action=f"name one of {', '.join(known[:20]) or 'none: the table is empty'}",
            suggestion=nearest(scenario, known),
            code="E1318",
        )
    overlays = tables_["overlays"]
    return changes(tables_, overlays[overlays["scenario_id"] == scenario])


def changes(tables_: Mapping[str, pd.DataFrame], overlays: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables that these overlays change, changed in their order."""
    frames = dict(tables_)
    changed: dict[str, pd.DataFrame] = {}
    for overlay in overlays.to_dict("records"):
        table = str(overlay["table"])
        frames[table] = changed[table] = _changed(frames, table, overlay)
    return changed


def _changed(
    frames: Mapping[str, pd.DataFrame], table: str, overlay: Mapping[Any, Any]
) -> pd.DataFrame:
    rows = select(frames, table, str(overlay["selector"]))
    spec = next(spec for spec in tables()[table] if spec.name == overlay["field"])
    frame = frames[table].copy()
    if overlay["op"] == "scale":
        values = frame[spec.name].astype("float64")
        values[rows] *= parse_number(str(overlay["value"]))
        frame[spec.name] = values
    else:
        column = frame[spec.name].astype("float64") if is_number(spec) else frame[spec.name].copy()
        column[rows] = _value(spec, str(overlay["value"]))
        frame[spec.name] = column
    return frame


def is_number(spec: Field) -> bool:
    """Say whether a field holds numbers."""
    return spec.type in ("number", "integer")


def _value(spec: Field, text: str) -> Any:
    if is_number(spec):
        return parse_number(text)
    return text.casefold() in TRUE_WORDS if spec.type == "boolean" else text
