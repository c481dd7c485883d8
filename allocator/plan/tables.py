"""The tables of a plan as data, read from tables.csv beside this module."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
import pandas as pd

PEOPLE = ("roster", "trained", "lodged")
"""Tables of who works where: of a roster, and of a dispatch that staffs its gates itself."""

DECISIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "dispatch": (
            *("shipments", "trips", "purchases", "shortages", "reasons", "attainable"),
            *PEOPLE,
        ),
        "preposition": (
            "reserves",
            "sites",
            "agreements",
            "assignments",
            "recourse",
            "outcomes",
            "reasons",
        ),
        "route": ("routes", "deliveries", "unserved", "orders", "reasons"),
        "staff": ("roster", "uncovered", "workload", "trained", "lodged", "gates", "reasons"),
        "admit": (
            "admissions",
            "transfers",
            "openings",
            "waiting",
            "occupancy",
            "notices",
            "reasons",
        ),
    }
)
"""The tables a plan of each decision may hold; without the first there is no plan."""

PACKED = ("recourse",)
"""Tables written as .csv.gz."""


@dataclass(frozen=True)
class Column:
    """One column of a plan table."""

    name: str
    type: str  # string | integer | number
    unit: str
    required: bool
    meaning: str


@cache
def plan_tables() -> Mapping[str, tuple[Column, ...]]:
    """Every table a plan may hold with its columns, in the order of tables.csv."""
    text = files(__package__).joinpath("tables.csv").read_text(encoding="utf-8")
    found: dict[str, list[Column]] = {}
    for row in csv.DictReader(text.splitlines()):
        column = Column(
            row["field"], row["type"], row["unit"], row["required"] == "yes", row["meaning"]
        )
        found.setdefault(row["table"], []).append(column)
    return MappingProxyType({name: tuple(columns) for name, columns in found.items()})


def main_table(decision: str) -> str:
    """Return the table a plan of this decision cannot do without."""
    return DECISIONS.get(decision, DECISIONS["dispatch"])[0]


def file_name(table: str) -> str:
    """Return the name of the file a table is written to."""
    return f"{table}.csv.gz" if table in PACKED else f"{table}.csv"


def plan_table(table: str, frame: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return `frame` with every column of `table`, typed; extra columns are kept behind them.

    Strings are `str` with "" for blank, numbers float64, required integers int64; integers
    that are blank or not whole somewhere stay float64, for the judge to find.
    """
    given = pd.DataFrame() if frame is None else frame.reset_index(drop=True)
    columns = {
        c.name: _typed(given.get(c.name), c, len(given)) for c in plan_tables().get(table, ())
    }
    extra = {name: given[name] for name in given.columns if name not in columns}
    return pd.DataFrame(columns | extra)


def _typed(values: pd.Series | None, column: Column, rows: int) -> pd.Series:
    if column.type == "string":
        if values is None:
            return pd.Series([""] * rows, dtype="str")
        return values.astype("str").where(values.notna(), "").astype("str")
    if values is None:
        return pd.Series(np.full(rows, np.nan))
    numbers = pd.to_numeric(values).astype(np.float64)
    if column.type == "integer" and column.required and bool((numbers % 1 == 0).all()):
        return numbers.astype(np.int64)
    return numbers
