"""Read plan tables as people keep them: our own CSV fast, exports of spreadsheets patiently."""

from __future__ import annotations

import csv
import gzip
import io
import warnings
from collections.abc import Iterable
from pathlib import Path
from zipfile import BadZipFile

import pandas as pd

from allocator.errors import Fault, UsageError
from allocator.plan.tables import Column, plan_table, plan_tables

_ENCODINGS = ("utf-8-sig", "gb18030")
_FAULTS_PER_COLUMN = 20


def read_table(table: str, path: Path) -> pd.DataFrame:
    """Read one CSV file as a plan table.

    Raises:
        UsageError: E2123 unreadable file, E2124 missing column, E2125 cells that are no numbers.
    """
    fast = _read_fast(table, path)
    return fast if fast is not None else _finish(table, _read_patiently(path), path.name)


def read_workbook(path: Path) -> dict[str, pd.DataFrame]:
    """Read the sheets of a workbook that are named like plan tables.

    A single sheet with another name is shipments, or reserves where it names no origin.

    Raises:
        UsageError: as `read_table`.
    """
    try:
        sheets = pd.read_excel(
            path, sheet_name=None, dtype=object, keep_default_na=False, engine="openpyxl"
        )
    except (ValueError, KeyError, OSError, BadZipFile) as fault:
        raise _unreadable(path.name, str(fault)) from fault
    named = {str(name).strip().lower(): sheet for name, sheet in sheets.items()}
    if len(named) == 1 and not set(named) & set(plan_tables()):
        sheet = next(iter(named.values()))
        named = {_table_with(sheet.columns): sheet}
    found = {name: sheet.map(_cell_text) for name, sheet in named.items() if name in plan_tables()}
    return {name: _finish(name, sheet, f"{path.name}!{name}") for name, sheet in found.items()}


def table_in(path: Path) -> str:
    """Return the table a CSV file that stands alone holds: shipments or reserves.

    Raises:
        UsageError: E2123, when the file cannot be read.
    """
    first = _decoded(path).partition("\n")[0]
    return _table_with(next(csv.reader([first], delimiter=_delimiter(first)), []))


def _table_with(header: Iterable[object]) -> str:
    names = {str(name).strip().lower().replace(" ", "_") for name in header}
    return "reserves" if {"site_id", "item_id"} <= names and "from_id" not in names else "shipments"


def _read_fast(table: str, path: Path) -> pd.DataFrame | None:
    """Return the table when it is as this library writes it, else None."""
    columns = plan_tables()[table]
    if not {c.name for c in columns} <= _header(path):
        return None
    numbers = {c.name: "float64" for c in columns if c.type != "string"}
    strings = {c.name: "str" for c in columns if c.type == "string"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # cells beyond the header
            frame = pd.read_csv(
                path,
                dtype=numbers | strings,
                keep_default_na=False,
                na_values={name: [""] for name in numbers},
                encoding="utf-8-sig",
                index_col=False,
            )
    except (ValueError, UnicodeError, EOFError, pd.errors.ParserWarning):
        return None
    return plan_table(table, frame)


def _header(path: Path) -> set[str]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return set(file.readline().decode("utf-8-sig", "replace").rstrip().split(","))


def _read_patiently(path: Path) -> pd.DataFrame:
    text = _decoded(path)
    delimiter = _delimiter(text.partition("\n")[0])
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise _unreadable(path.name, "the file is empty")
    width = len(rows[0])
    padded = [(row + [""] * width)[:width] for row in rows[1:]]
    return pd.DataFrame(padded, columns=rows[0], dtype="str")


def _delimiter(first: str) -> str:
    return max(",;\t", key=first.count)


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    for encoding in _ENCODINGS:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _unreadable(path.name, "the text is neither UTF-8 nor GB18030")


def _cell_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _finish(table: str, frame: pd.DataFrame, where: str) -> pd.DataFrame:
    frame = frame.rename(columns=lambda name: str(name).strip().lower().replace(" ", "_"))
    frame = frame.loc[:, [not name.startswith("unnamed:") and name != "" for name in frame.columns]]
    if frame.columns.has_duplicates:
        raise _unreadable(where, "two columns have the same name")
    columns = plan_tables()[table]
    faults = [
        _absent(where, c, frame) for c in columns if c.required and c.name not in frame.columns
    ]
    numbers = {}
    for column in (c for c in columns if c.type != "string" and c.name in frame.columns):
        values = _numbers(frame[column.name])
        numbers[column.name] = values
        faults += _no_numbers(where, column, frame[column.name], values)
    if faults:
        raise UsageError(*faults)
    text = {
        c.name: frame[c.name].str.strip()
        for c in columns
        if c.type == "string" and c.name in frame.columns
    }
    return plan_table(table, frame.assign(**numbers, **text))


def _numbers(texts: pd.Series) -> pd.Series:
    clean = texts.str.strip()
    comma = clean.str.fullmatch(r"[+-]?\d+,\d+")
    return pd.to_numeric(clean.where(~comma, clean.str.replace(",", ".")), errors="coerce")


def _no_numbers(where: str, column: Column, texts: pd.Series, values: pd.Series) -> list[Fault]:
    written = ~texts.str.strip().str.lower().isin(["", "nan", "inf", "-inf"])
    wrong = texts[values.isna() & written].head(_FAULTS_PER_COLUMN)
    return [
        Fault(
            "E2125",
            "error",
            f"{where}:{int(str(row)) + 2}:{column.name}",
            str(text),
            "A number is expected here",
            "Write a number, or leave the cell blank where it is optional",
        )
        for row, text in wrong.items()
    ]


def _absent(where: str, column: Column, frame: pd.DataFrame) -> Fault:
    return Fault(
        "E2124",
        "error",
        f"{where}:1:{column.name}",
        ", ".join(map(str, frame.columns)),
        f"The column {column.name} is missing",
        f"Add it: {column.meaning}",
    )


def _unreadable(where: str, why: str) -> UsageError:
    return UsageError.because(
        f"This file cannot be read as a table: {why}",
        where=where,
        action="Save it again as CSV in UTF-8, or as a workbook",
        code="E2123",
    )
