"""Give a table the columns and types of fields.csv, defaults filled in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance.schema import Field, tables

_TRUE = ("true", "1", "yes")


def typed_table(table: str, frame: pd.DataFrame | None) -> pd.DataFrame:
    """Return `frame` with every field of `table`, typed; extra columns are kept behind them."""
    fields = tables()[table]
    given = pd.DataFrame() if frame is None else frame.reset_index(drop=True)
    columns = {spec.name: _typed(given.get(spec.name), spec, len(given)) for spec in fields}
    extra = {name: given[name] for name in given.columns if name not in columns}
    return pd.DataFrame(columns | extra)


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
        return text.isin(_TRUE)
    return _typed_number(values, spec)


def _typed_number(values: pd.Series, spec: Field) -> pd.Series:
    numbers = pd.to_numeric(values.replace("", None), errors="raise").astype("float64")
    if spec.default:
        numbers = numbers.fillna(float(spec.default))
    whole = spec.type == "integer" and (spec.required or bool(spec.default))
    return numbers.astype(np.int64) if whole else numbers
