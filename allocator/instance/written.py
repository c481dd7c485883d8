"""What is written of an instance: tables that say something, columns that are not their default."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.instance.assemble import REQUIRED_TABLES
from allocator.instance.instance import Instance
from allocator.instance.schema import Field, tables


def written_tables(instance: Instance) -> dict[str, pd.DataFrame]:
    """Return the tables to write, each without the columns that hold only defaults."""
    return {
        table: _written(frame, table)
        for table, frame in ordered(instance.tables).items()
        if len(frame) or table in REQUIRED_TABLES
    }


def ordered(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables in the order of fields.csv."""
    return {table: frames[table] for table in tables() if table in frames}


def _written(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    quiet = {spec.name for spec in tables()[table] if only_default(frame[spec.name], spec)}
    return frame[[name for name in frame.columns if name not in quiet]]


def only_default(column: pd.Series, spec: Field) -> bool:
    """Say whether a column says nothing but the default of its field."""
    if spec.required:
        return False
    if spec.type in ("string", "list"):
        return bool((column == spec.default).all())
    if spec.type == "boolean":
        return bool((column == (spec.default == "true")).all())
    if spec.default:
        return bool((column == float(spec.default)).all())
    return bool(column.isna().all())


def cells(column: pd.Series) -> pd.Series:
    """Return a column as it is written in text: whole numbers without a point, true and false."""
    if column.dtype == np.bool_:
        return column.map({True: "true", False: "false"}).astype("str")
    if column.dtype.kind == "f" and len(column):
        numbers = column.to_numpy(dtype=np.float64)
        known = numbers[~np.isnan(numbers)]
        if (np.abs(known) < 1e15).all() and (known == np.floor(known)).all():
            return pd.Series(pd.array(numbers, dtype="Int64"), index=column.index)
    return column
