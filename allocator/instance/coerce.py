"""Give a table the columns and types of fields.csv, defaults filled in."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from allocator.instance.numbers import TRUE_WORDS
from allocator.instance.schema import Field, tables
from allocator.instance.text import as_categories, as_strings


def typed_table(table: str, frame: pd.DataFrame | None) -> pd.DataFrame:
    """Return `frame` with every field of `table`, typed; extra columns follow as text.

    Nothing is checked: this is the quick way for tables that are known to be valid.
    """
    fields = tables()[table]
    given = pd.DataFrame() if frame is None else frame.reset_index(drop=True)
    columns = {spec.name: _typed(given.get(spec.name), spec, len(given)) for spec in fields}
    extra = {
        name: as_strings(as_categories(given[name]))
        for name in given.columns
        if name not in columns
    }
    return pd.DataFrame(columns | extra)


@cache
def empty_table(table: str) -> pd.DataFrame:
    """Return the table without rows; it is the same object every time and must not be changed."""
    return typed_table(table, None)


def _typed(values: pd.Series | None, spec: Field, rows: int) -> pd.Series:
    if values is None:
        values = pd.Series([None] * rows, dtype=object)
    if spec.type in ("string", "list"):
        return (
            values.astype("str").where(values.notna(), "").replace("", spec.default).astype("str")
        )
    if spec.type == "boolean":
        text = (
            values.astype("str")
            .str.lower()
            .where(values.notna(), "")
            .replace("", spec.default or "false")
        )
        return text.isin(TRUE_WORDS)
    return _typed_number(values, spec)


def _typed_number(values: pd.Series, spec: Field) -> pd.Series:
    numbers = pd.to_numeric(values.replace("", None), errors="raise").astype("float64")
    if spec.default:
        numbers = numbers.fillna(float(spec.default))
    whole = spec.type == "integer" and (spec.required or bool(spec.default))
    return numbers.astype(np.int64) if whole else numbers
