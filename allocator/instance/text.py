"""Columns of text as codes and categories, so that work is done once a word and not once a row."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Collection

import numpy as np
import pandas as pd

# What no file format carries; tabs and line breaks are for free text only.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
CONTROL_OR_BREAK = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def as_categories(values: pd.Series) -> pd.Categorical:
    """Return a column as text categories; whatever is missing becomes the category ""."""
    if not _is_text_categories(values):
        values = pd.Series(_texts(values), dtype=object)
    column = pd.Categorical(values)
    if (column.codes < 0).any():
        if "" not in column.categories:
            column = column.add_categories([""])
        column = column.fillna("")
    return column


def map_categories(column: pd.Categorical, change: Callable[[str], str]) -> pd.Categorical:
    """Return the column with every category changed; categories may fall together."""
    changed = [change(word) for word in column.categories]
    words = pd.Index(sorted(set(changed)), dtype=object)
    codes = words.get_indexer(pd.Index(changed, dtype=object))
    return pd.Categorical.from_codes(codes[column.codes], categories=words)


def constant(word: str, rows: int) -> pd.Categorical:
    """Return a column with the same text in every row."""
    codes = np.zeros(rows, dtype=np.intp)
    return pd.Categorical.from_codes(codes, categories=pd.Index([word], dtype=object))


def rows_where(column: pd.Categorical, wrong: Collection[bool] | np.ndarray) -> np.ndarray:
    """Return the rows whose category is marked; `wrong` has one mark a category."""
    marks = np.asarray(wrong, dtype=bool)
    if not marks.any():
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(marks[column.codes])


def as_strings(column: pd.Categorical) -> pd.Series:
    """Return the column with one string a row."""
    words = np.asarray(column.categories, dtype=object)
    if not len(words):
        return pd.Series([], dtype="str")
    return pd.Series(words[column.codes], dtype="str")


def cell_text(value: object) -> str:
    """Return one cell as text: no decimals for whole numbers, ISO for times, "" for nothing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return _float_text(float(value))
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return "|".join(value)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _float_text(value: float) -> str:
    if np.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _is_text_categories(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.StringDtype):
        return True
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return False
    return all(isinstance(word, str) for word in values.cat.categories)


def _texts(values: pd.Series) -> list[str]:
    cells = values.astype(object).tolist()
    if all(type(cell) is str for cell in cells):
        return cells
    return [cell_text(cell) for cell in cells]
