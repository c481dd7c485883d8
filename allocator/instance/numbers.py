"""Columns of numbers and of yes or no: parsed, with every cell that is no such thing told."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.instance.faultlog import FaultLog
from allocator.instance.schema import Field
from allocator.instance.source import Source
from allocator.instance.text import as_categories, rows_where

Floats = npt.NDArray[np.float64]

TRUE_WORDS = ("true", "1", "yes")
FALSE_WORDS = ("false", "0", "no")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


def number_column(source: Source, spec: Field, log: FaultLog) -> tuple[Floats, np.ndarray]:
    """Return a column as float64, NaN where blank or wrong, and the rows that are blank."""
    plain = _plain_numbers(source.frame[spec.name])
    if plain is None:
        numbers, blank = _parsed(source, spec, log)
    else:
        numbers, blank = plain, np.flatnonzero(np.isnan(plain))
    _check_finite(source, spec, numbers, log)
    _check_whole(source, spec, numbers, log)
    _check_bounds(source, spec, numbers, log)
    return numbers, blank


def boolean_column(source: Source, spec: Field, log: FaultLog) -> npt.NDArray[np.bool_]:
    """Return a column as bool, the default where blank; faults go to the log."""
    column = as_categories(source.frame[spec.name])
    words = [word.strip().casefold() for word in column.categories]
    known = ("", *TRUE_WORDS, *FALSE_WORDS)
    action = "write true or false"
    wrong = rows_where(column, [word not in known for word in words])
    log.rows("E1207", source, spec.name, wrong, f"{spec.name} must be true or false", action)
    blank_is = spec.default in TRUE_WORDS
    truth = np.array([word in TRUE_WORDS or (not word and blank_is) for word in words], dtype=bool)
    return truth[column.codes] if len(truth) else np.zeros(len(column), dtype=bool)


def parse_number(text: str) -> float:
    """Return a number written in plain digits; NaN for anything else."""
    stripped = text.strip()
    return float(stripped) if NUMBER.fullmatch(stripped) else np.nan


def _plain_numbers(values: pd.Series) -> Floats | None:
    """Return numbers that came as numbers; None when some cell needs to be read as text."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iuf":
        return values.to_numpy(dtype=np.float64, copy=True)
    if pd.api.types.is_extension_array_dtype(values.dtype):
        numeric = pd.api.types.is_numeric_dtype(values.dtype)
        boolean = pd.api.types.is_bool_dtype(values.dtype)
        return values.to_numpy(np.float64, na_value=np.nan) if numeric and not boolean else None
    cells = values.tolist()
    if not {type(cell) for cell in cells} <= {int, float, type(None)}:
        return None
    try:
        return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
    except OverflowError:
        return None


def _parsed(source: Source, spec: Field, log: FaultLog) -> tuple[Floats, np.ndarray]:
    column = as_categories(source.frame[spec.name])
    words = [word.strip() for word in column.categories]
    values = np.array([parse_number(word) for word in words], dtype=np.float64)
    endless = [bool(_NOT_FINITE.fullmatch(word)) for word in words]
    wrong = [bool(word) and np.isnan(value) for word, value in zip(words, values, strict=True)]
    rows = rows_where(column, np.array(wrong, dtype=bool) & ~np.array(endless, dtype=bool))
    action = "write a number with digits and a point, without a unit or thousands separator"
    log.rows("E1202", source, spec.name, rows, f"{spec.name} must be a number", action, _digits)
    _tell_endless(source, spec, rows_where(column, endless), log)
    blank = rows_where(column, [not word for word in words])
    return values[column.codes] if len(values) else np.empty(0), blank


def _digits(text: str) -> str:
    """Suggest the number in `1,200`, `1,5`, `12 kg` or full-width digits."""
    plain = text.strip().translate({0xFF10 + digit: str(digit) for digit in range(10)})
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain).replace(",", ".")
    found = NUMBER.match(plain)
    return found.group() if found else ""


def _check_finite(source: Source, spec: Field, numbers: Floats, log: FaultLog) -> None:
    rows = np.flatnonzero(np.isinf(numbers))
    _tell_endless(source, spec, rows, log)
    numbers[rows] = np.nan


def _tell_endless(source: Source, spec: Field, rows: np.ndarray, log: FaultLog) -> None:
    rule = f"{spec.name} must be finite"
    action = "write a number; leave the cell blank where there is none and blank is allowed"
    log.rows("E1203", source, spec.name, rows, rule, action)


def _check_whole(source: Source, spec: Field, numbers: Floats, log: FaultLog) -> None:
    if spec.type != "integer":
        return
    rows = np.flatnonzero(~np.isnan(numbers) & (numbers != np.floor(numbers)))
    log.rows("E1205", source, spec.name, rows, f"{spec.name} must be whole", "write a whole number")
    numbers[rows] = np.nan


def _check_bounds(source: Source, spec: Field, numbers: Floats, log: FaultLog) -> None:
    low = -np.inf if spec.minimum is None else spec.minimum
    high = np.inf if spec.maximum is None else spec.maximum
    rows = np.flatnonzero((numbers < low) | (numbers > high))
    if len(rows):
        unit = f" {spec.unit}" if spec.unit else ""
        rule = f"{spec.name} must be between {low:g} and {high:g}{unit}"
        log.rows("E1204", source, spec.name, rows, rule, "correct the value or its unit")
        numbers[rows] = np.nan
