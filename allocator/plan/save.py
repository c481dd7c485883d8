"""Write a plan as a folder that is a Data Package."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.instance.files import PLAN
from allocator.plan.folder import replace_folder
from allocator.plan.goal import GoalResult
from allocator.plan.plan import Plan
from allocator.plan.tables import file_name, plan_table, plan_tables
from allocator.plan.text import write_csv

SCHEMA_VERSION = 1
_TYPES = {"string": "string", "integer": "integer", "number": "number"}


def save_plan(plan: Plan, path: str | Path) -> Path:
    """Write `plan` to the folder `path` as one act and return the folder.

    The same plan gives the same bytes, but for run.json. A plan that is there is replaced.

    Raises:
        UsageError: E2111, when `path` holds something that is not a plan.
        NoPlanError: E5011, when another run is writing there; E5012, when writing fails.
    """
    target = Path(path).absolute()

    def write(folder: Path) -> None:
        tables = {name: plan_table(name, plan.tables[name]) for name in _order(plan.tables)}
        for name, frame in tables.items():
            write_csv(frame, folder / file_name(name))
        _write_json(folder / "datapackage.json", _package(tables))
        _write_json(folder / "run.json", dict(plan.run))
        _write_json(folder / PLAN, _document(plan))

    replace_folder(target, write)
    return target


def _order(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    known = [name for name in plan_tables() if name in tables]
    return known + sorted(set(tables) - set(known))


def _document(plan: Plan) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "decision": plan.decision,
        "instance": dict(plan.instance),
        "status": asdict(plan.status),
        "goals": [goal_document(goal) for goal in plan.goals],
        "summary": dict(plan.summary),
    }


def goal_document(goal: GoalResult) -> dict[str, Any]:
    """Return one goal as it stands in plan.json, its gap included."""
    return {
        "name": goal.name,
        "unit": goal.unit,
        "value": goal.value,
        "bound": goal.bound,
        "gap": goal.gap,
        "scope": goal.scope,
        "source": goal.source,
    }


def _package(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "plan",
        "resources": [_resource(name, frame) for name, frame in tables.items()],
    }


def _resource(name: str, frame: pd.DataFrame) -> dict[str, Any]:
    known = {column.name: column for column in plan_tables().get(name, ())}
    fields = []
    for label in frame.columns:
        column = known.get(str(label))
        kind = _TYPES[column.type] if column else _type_of(frame[label])
        fields.append(
            {"name": str(label), "type": kind} | ({"description": column.meaning} if column else {})
        )
    return {
        "name": name,
        "type": "table",
        "path": file_name(name),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": fields},
    }


def _type_of(values: pd.Series) -> str:
    return "number" if pd.api.types.is_numeric_dtype(values.dtype) else "string"


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    text = json.dumps(_plain(document), ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _plain(value: Any) -> Any:
    """Turn numpy scalars, paths and mappings into what JSON knows; not finite becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
