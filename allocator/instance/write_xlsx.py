"""An instance as one Excel workbook."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from allocator.errors import InstanceError
from allocator.instance.instance import Instance
from allocator.instance.policy_cells import policy_to_cells
from allocator.instance.policy_read import policy_values
from allocator.instance.read_xlsx import POLICY_SHEET
from allocator.instance.write_files import write_members
from allocator.instance.write_json import column_values
from allocator.instance.written import written_tables

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_TEXT = 32_767
_MOMENT = datetime.datetime(1980, 1, 1)


def write_xlsx(instance: Instance, path: Path) -> None:
    """Write the workbook; InstanceError above what a sheet can hold."""
    frames = written_tables(instance)
    for table, frame in frames.items():
        check_fits(table, frame)
    book = Workbook(write_only=True)
    book.properties.title = instance.name
    for table, frame in frames.items():
        sheet = book.create_sheet(table)
        for row in _rows(frame):
            sheet.append([safe_cell(sheet, value) for value in row])
    sheet = book.create_sheet(POLICY_SHEET)
    for key, value in policy_to_cells(policy_values(instance.policy)):
        sheet.append([safe_cell(sheet, key), safe_cell(sheet, value)])
    save_book(book, path)


def check_fits(table: str, frame: pd.DataFrame) -> None:
    """Refuse a table that a sheet cannot hold; raise InstanceError."""
    long = any(
        (column.str.len() > MAX_TEXT).any()
        for _, column in frame.items()
        if isinstance(column.dtype, pd.StringDtype)
    )
    if len(frame) + 1 > MAX_ROWS:
        _refuse(table, f"a sheet holds {MAX_ROWS:,} rows with its header", f"{len(frame):,} rows")
    if len(frame.columns) > MAX_COLUMNS:
        _refuse(table, f"a sheet holds {MAX_COLUMNS:,} columns", f"{len(frame.columns):,}")
    if long:
        _refuse(table, f"a cell of a sheet holds {MAX_TEXT:,} characters", "")


def _refuse(table: str, rule: str, value: str) -> None:
    action = "save as a folder, .zip or .json"
    raise InstanceError.because(rule, where=table, value=value, action=action, code="E1513")


def safe_cell(sheet: Any, value: Any) -> Any:
    """Return text that looks like a formula as text, and a number with all of its digits."""
    if isinstance(value, str) and value[:1] in ("=", "#"):
        return _typed_cell(sheet, value, "s")
    if isinstance(value, float) and float(f"{value:.16g}") != value:
        # openpyxl would write 16 digits, and some numbers need 17.
        return _typed_cell(sheet, repr(value), "n")
    return value


def _typed_cell(sheet: Any, text: str, kind: str) -> Any:
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = kind
    return cell


def _rows(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    yield tuple(frame.columns)
    yield from zip(*(column_values(column) for _, column in frame.items()), strict=True)


def save_book(book: Workbook, path: Path) -> None:
    """Save a workbook so that equal content gives equal bytes."""
    book.properties.created = _MOMENT
    content = io.BytesIO()
    book.save(content)
    with zipfile.ZipFile(content) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    core = members["docProps/core.xml"]
    stamp = _MOMENT.isoformat().encode() + b"Z"
    pattern = rb"(<dcterms:modified[^>]*>)[^<]*"
    members["docProps/core.xml"] = re.sub(pattern, rb"\g<1>" + stamp, core)
    write_members(path, members)
