"""JSON Schema of an instance in one JSON file, made from fields.csv and policy.csv."""

from __future__ import annotations

from typing import Any

from allocator.instance.assemble import REQUIRED_TABLES
from allocator.instance.datapackage import describe
from allocator.instance.goals import TERMS
from allocator.instance.read_json import JSON_VERSION
from allocator.instance.schema import Field, Setting, settings, tables

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def instance_schema() -> dict[str, Any]:
    """Return the JSON Schema: name, policy and every table as a list of records."""
    rows = {table: {"type": "array", "items": record_schema(table)} for table in tables()}
    needed = {table: rows[table] | {"minItems": 1} for table in REQUIRED_TABLES}
    policy = {name: _setting(spec) for name, spec in settings().items()}
    return {
        "$schema": _DIALECT,
        "title": "Instance of the community allocator",
        "type": "object",
        "required": ["tables"],
        "properties": {
            "schema_version": {"const": JSON_VERSION},
            "name": {"type": "string"},
            "policy": {"type": "object", "properties": policy, "additionalProperties": False},
            "tables": {
                "type": "object",
                "properties": rows | needed,
                "required": list(REQUIRED_TABLES),
            },
        },
    }


def record_schema(table: str) -> dict[str, Any]:
    """Return the JSON Schema of one row; fields that are unknown are allowed and kept."""
    specs = tables()[table]
    return {
        "type": "object",
        "properties": {spec.name: _field(spec) for spec in specs},
        "required": [spec.name for spec in specs if spec.required],
    }


def _field(spec: Field) -> dict[str, Any]:
    kinds = ["string", "array"] if spec.type == "list" else [spec.type]
    schema: dict[str, Any] = {"description": describe(spec)}
    schema["type"] = kinds if spec.required else [*kinds, "null"]
    if spec.values and spec.type == "string":
        schema["enum"] = list(spec.values) if spec.required else [*spec.values, "", None]
    elif spec.required and spec.type == "string":
        schema["minLength"] = 1
    return schema | _bounds(spec)


def _setting(spec: Setting) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": spec.meaning}
    if spec.type == "list" and spec.values:
        items = {"type": "string", "enum": list(spec.values)}
        return schema | {"type": "array", "items": items, "minItems": 1, "uniqueItems": True}
    if spec.type == "list":
        return schema | {"type": "array", "items": {"type": "string"}, "examples": [list(TERMS)]}
    if spec.type == "table":
        return schema | {
            "type": "object",
            "additionalProperties": {"type": "number"} | _bounds(spec),
        }
    schema["type"] = spec.type
    if spec.values:
        schema["enum"] = list(spec.values)
    return schema | _bounds(spec)


def _bounds(spec: Field | Setting) -> dict[str, Any]:
    bounds = {"minimum": spec.minimum, "maximum": spec.maximum}
    return {word: bound for word, bound in bounds.items() if bound is not None}
