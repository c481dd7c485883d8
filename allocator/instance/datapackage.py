"""datapackage.json (Data Package v2) and the Table Schemas in it, made from fields.csv."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from allocator.instance.schema import Field, tables

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_TYPES = {"list": "string"}
_KEYS = {
    "communities": "community_id",
    "sites": "site_id",
    "items": "item_id",
    "owners": "owner_id",
    "periods": "period",
    "scenarios": "scenario_id",
    "agreements": "agreement_id",
}


def data_package(
    name: str, frames: Mapping[str, pd.DataFrame], paths: Mapping[str, str]
) -> dict[str, Any]:
    """Return the content of datapackage.json for the tables that are written."""
    return {
        "$schema": PROFILE,
        "name": slug(name),
        "title": name,
        "resources": [
            _resource(table, paths[table], list(frame.columns), frames)
            for table, frame in frames.items()
        ],
    }


def slug(name: str) -> str:
    """Return a name in the letters a Data Package allows."""
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "instance"


def _resource(
    table: str, path: str, columns: Sequence[str], frames: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    return {
        "name": table,
        "type": "table",
        "path": path,
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": table_schema(table, columns, frames),
    }


def table_schema(
    table: str, columns: Sequence[str] | None = None, present: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the Table Schema of a table.

    Args:
        table: Name of the table.
        columns: Its columns in their order; all fields of the schema by default.
        present: Tables that foreign keys may lead to; all by default.
    """
    specs = {spec.name: spec for spec in tables()[table]}
    names = list(specs) if columns is None else list(columns)
    fields = [
        _field(specs[name]) if name in specs else {"name": name, "type": "string"} for name in names
    ]
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    # A key that may be blank (the vehicles of a pool) is none in the sense of a Table Schema.
    keys = [spec for spec in specs.values() if spec.key]
    if keys and all(spec.required for spec in keys):
        schema["primaryKey"] = [spec.name for spec in keys]
    targets = tables() if present is None else present
    foreign = [_foreign_key(specs[name], table) for name in names if _leads(specs, name, targets)]
    return schema | ({"foreignKeys": foreign} if foreign else {})


def _leads(specs: Mapping[str, Field], name: str, present: Mapping[str, Any]) -> bool:
    if name not in specs or specs[name].type == "list":
        return False
    return specs[name].refers_to in _KEYS and specs[name].refers_to in present


def _foreign_key(spec: Field, table: str) -> dict[str, Any]:
    target = spec.refers_to
    reference = {"resource": target, "fields": [_KEYS[target]]}
    return {"fields": [spec.name], "reference": reference}


def _field(spec: Field) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": spec.name,
        "type": _TYPES.get(spec.type, spec.type),
        "description": describe(spec),
    }
    constraints = field_constraints(spec)
    return field | ({"constraints": constraints} if constraints else {})


def describe(spec: Field) -> str:
    """Return meaning, unit and default in one sentence."""
    unit = f" [{spec.unit}]" if spec.unit else ""
    default = f" (default {spec.default})" if spec.default else ""
    return f"{spec.meaning}{unit}{default}" if spec.meaning else f"{spec.name}{unit}{default}"


def field_constraints(spec: Field) -> dict[str, Any]:
    """Return what a Table Schema can demand of a field."""
    constraints: dict[str, Any] = {"required": True} if spec.required else {}
    for word, bound in (("minimum", spec.minimum), ("maximum", spec.maximum)):
        if bound is not None:
            constraints[word] = int(bound) if spec.type == "integer" else bound
    if spec.values and spec.type != "list":
        constraints["enum"] = list(spec.values)
    return constraints
