"""The schema as data: tables, fields and policy keys, read from the CSV files beside it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

# Fields any table may carry beside its own (DESIGN section 4).
UNIVERSAL_FIELDS = ("source", "as_of", "confidence", "imputed", "exercise")
ACCESS_CLASSES = ("open", "controlled", "sealed")
BULK_TABLES = (
    "scenario_needs",
    "scenario_sites",
    "scenario_links",
    "scenario_agreements",
    "scenario_patients",
)


@dataclass(frozen=True)
class Field:
    """One column of a table: its type, unit, bounds and meaning; `since` is a schema version."""

    table: str
    name: str
    type: str  # string | integer | number | boolean | list
    unit: str
    required: bool
    key: bool
    default: str
    minimum: float | None
    maximum: float | None
    values: tuple[str, ...]
    refers_to: str
    meaning: str
    since: int = 1


@dataclass(frozen=True)
class Setting:
    """One key of policy.toml: its type, default, bounds, meaning and the schema that added it."""

    name: str
    type: str
    default: str
    minimum: float | None
    maximum: float | None
    values: tuple[str, ...]
    meaning: str
    since: int = 1


def _rows(name: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _number(text: str) -> float | None:
    return float(text) if text else None


def _choices(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


@cache
def tables() -> Mapping[str, tuple[Field, ...]]:
    """Every table with its fields, in the order of fields.csv."""
    found: dict[str, list[Field]] = {}
    for row in _rows("fields.csv"):
        field = Field(
            table=row["table"],
            name=row["field"],
            type=row["type"],
            unit=row["unit"],
            required=row["required"] == "yes",
            key=row["key"] == "yes",
            default=row["default"],
            minimum=_number(row["minimum"]),
            maximum=_number(row["maximum"]),
            values=_choices(row["values"]),
            refers_to=row["refers_to"],
            meaning=row["meaning"],
            since=int(row["since"] or 1),
        )
        found.setdefault(field.table, []).append(field)
    return MappingProxyType({name: tuple(fields) for name, fields in found.items()})


@cache
def settings() -> Mapping[str, Setting]:
    """Every policy key, in the order of policy.csv."""
    return MappingProxyType(
        {
            row["key"]: Setting(
                name=row["key"],
                type=row["type"],
                default=row["default"],
                minimum=_number(row["minimum"]),
                maximum=_number(row["maximum"]),
                values=_choices(row["values"]),
                meaning=row["meaning"],
                since=int(row["since"] or 1),
            )
            for row in _rows("policy.csv")
        }
    )
