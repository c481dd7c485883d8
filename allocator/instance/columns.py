"""One raw table in, one typed table out: columns, types, bounds, words and defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.faultlog import FaultLog, nearest
from allocator.instance.numbers import boolean_column, number_column
from allocator.instance.schema import UNIVERSAL_FIELDS, Field, tables
from allocator.instance.source import Source
from allocator.instance.text import (
    CONTROL,
    CONTROL_OR_BREAK,
    as_categories,
    constant,
    map_categories,
    rows_where,
)

MAX_ID_LENGTH = 200
_MATCHED_TEXTS = ("district", "zone_id", "selector", "table", "field")

ALLOWED_EXTRA = frozenset(UNIVERSAL_FIELDS)


@dataclass(frozen=True)
class TypedTable:
    """A table in its types, text as categories, and the rows where a default was filled in."""

    frame: pd.DataFrame
    imputed: Mapping[str, np.ndarray]


def typed_columns(source: Source, log: FaultLog) -> TypedTable:
    """Return the fields of the table in their types, then the extra columns as text."""
    fields = tables()[source.table]
    _check_names(source, fields, log)
    columns: dict[str, object] = {}
    imputed: dict[str, np.ndarray] = {}
    for spec in fields:
        if spec.name in source.frame.columns:
            columns[spec.name], filled = _present(source, spec, log)
            if len(filled):
                imputed[spec.name] = filled
        else:
            columns[spec.name] = absent_column(spec, len(source.frame))
    for name in source.frame.columns:
        if name not in columns:
            columns[name] = _extra(source, str(name), log)
    return TypedTable(pd.DataFrame(columns, index=range(len(source.frame))), imputed)


def absent_column(spec: Field, rows: int) -> object:
    """Return the column of a field the table does not have: its default in every row."""
    if spec.type == "boolean":
        return np.full(rows, spec.default == "true")
    if spec.type in ("string", "list"):
        return constant(spec.default, rows)
    return _settle(np.full(rows, np.nan), spec)[0]


def _check_names(source: Source, fields: tuple[Field, ...], log: FaultLog) -> None:
    given = [str(name) for name in source.frame.columns]
    missing = {spec.name for spec in fields} - set(given)
    place = f"{source.label}:1"
    for name in given:
        close = nearest(name, missing)
        if name not in ALLOWED_EXTRA and close and name not in {spec.name for spec in fields}:
            rule = f"{name} is no field of {source.table} and is kept without being used"
            log.add("W1101", place, rule, "rename the column if it was meant", name, close)
    for spec in fields:
        if spec.required and spec.name in missing:
            rule = f"the required column {spec.name} is missing"
            log.add("E1103", place, rule, f"add the column {spec.name}: {spec.meaning}")


def _present(source: Source, spec: Field, log: FaultLog) -> tuple[object, np.ndarray]:
    if spec.type == "boolean":
        return boolean_column(source, spec, log), np.empty(0, dtype=np.intp)
    if spec.type in ("string", "list"):
        return _text_column(source, spec, log)
    numbers, blank = number_column(source, spec, log)
    if spec.required:
        _tell_blank(source, spec, blank, log)
    return _settle(numbers, spec)


def _settle(numbers: np.ndarray, spec: Field) -> tuple[np.ndarray, np.ndarray]:
    """Fill in the default and give integers without gaps their type."""
    blank = np.flatnonzero(np.isnan(numbers))
    whole = spec.type == "integer" and (spec.required or bool(spec.default))
    if spec.default:
        numbers[blank] = float(spec.default)
    if whole:
        # A required number that is missing has been told; 0 only keeps the checks going.
        return np.nan_to_num(numbers).astype(np.int64), blank if spec.default else blank[:0]
    return numbers, blank if spec.default else blank[:0]


def _text_column(source: Source, spec: Field, log: FaultLog) -> tuple[object, np.ndarray]:
    column = as_categories(source.frame[spec.name])
    matched = spec.key or spec.refers_to or spec.values or spec.name in _MATCHED_TEXTS
    if matched:
        column = _matched_text(source, spec, column, log)
    else:
        _check_controls(source, spec.name, column, CONTROL, log)
    blank = rows_where(column, [not word for word in column.categories])
    if spec.required:
        _tell_blank(source, spec, blank, log)
    if spec.default and len(blank):
        return map_categories(column, lambda word: word or spec.default), blank
    return column, blank[:0]


def _matched_text(
    source: Source, spec: Field, column: pd.Categorical, log: FaultLog
) -> pd.Categorical:
    """Check text that is compared with other text: ids, references and words of a list."""
    _check_controls(source, spec.name, column, CONTROL_OR_BREAK, log)
    words = list(column.categories)
    edges = rows_where(column, [word != word.strip() for word in words])
    rule = f"{spec.name} begins or ends with blanks"
    log.rows("E1210", source, spec.name, edges, rule, "remove the blanks", str.strip)
    long = rows_where(column, [len(word) > MAX_ID_LENGTH for word in words])
    rule = f"{spec.name} is longer than {MAX_ID_LENGTH} characters"
    log.rows("E1211", source, spec.name, long, rule, "use a shorter id")
    if len(edges):
        column = map_categories(column, str.strip)
    if spec.values:
        _check_words(source, spec, column, log)
    return column


def _check_words(source: Source, spec: Field, column: pd.Categorical, log: FaultLog) -> None:
    allowed = spec.values
    wrong = [
        any(part not in allowed for part in parts(word, spec)) if word else False
        for word in column.categories
    ]
    rule = f"{spec.name} must be {' or '.join(allowed)}"
    log.rows(
        "E1206",
        source,
        spec.name,
        rows_where(column, wrong),
        rule,
        "use one of the words",
        lambda text: nearest(text, allowed),
    )


def parts(word: str, spec: Field) -> list[str]:
    """Return the words in a cell: several separated by | in a list, else the one."""
    return [part.strip() for part in word.split("|")] if spec.type == "list" else [word]


def _check_controls(
    source: Source, name: str, column: pd.Categorical, bad: re.Pattern[str], log: FaultLog
) -> None:
    rows = rows_where(column, [bool(bad.search(word)) for word in column.categories])
    rule = f"{name} holds a control character"
    log.rows("E1212", source, name, rows, rule, "remove the character; it may be invisible")


def _tell_blank(source: Source, spec: Field, rows: np.ndarray, log: FaultLog) -> None:
    rule = f"{spec.name} is required"
    log.rows("E1201", source, spec.name, rows, rule, f"fill it in: {spec.meaning}")


def _extra(source: Source, name: str, log: FaultLog) -> pd.Categorical:
    column = as_categories(source.frame[name])
    _check_controls(source, name, column, CONTROL, log)
    return column
