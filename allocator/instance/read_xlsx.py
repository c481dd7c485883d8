"""An instance in one Excel workbook: a sheet a table, and a sheet with the policy."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import load_workbook

from allocator.errors import InstanceError
from allocator.instance.bundle import Bundle
from allocator.instance.faultlog import nearest
from allocator.instance.files import open_zip
from allocator.instance.policy_cells import policy_from_cells
from allocator.instance.read_csv import check_header
from allocator.instance.schema import tables
from allocator.instance.source import Source
from allocator.instance.text import cell_text

POLICY_SHEET = "policy"
NOTES_SHEET = "notes"


def bundle_xlsx(path: Path) -> Bundle:
    """Read the workbook; InstanceError when it is none."""
    if not zipfile.is_zipfile(path):
        raise _damaged(path, "it is no .xlsx, or it is locked by a password")
    open_zip(path).close()
    bundle = Bundle(policy_label=f"{path.name}:{POLICY_SHEET}")
    with _readable(path), warnings.catch_warnings():
        # Notes on validations and styles that are of no use here.
        warnings.simplefilter("ignore")
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            bundle.name = str(book.properties.title or "")
            for sheet in book.worksheets:
                _read_sheet(bundle, sheet, path.name)
        finally:
            book.close()
    return bundle


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except InstanceError:
        raise
    except Exception as error:  # A damaged workbook may break the reader anywhere.
        raise _damaged(path, f"{type(error).__name__}: {error}") from None


def _damaged(path: Path, why: str) -> InstanceError:
    return InstanceError.because(
        f"the workbook cannot be read: {why}",
        where=path.name,
        action="open it in a spreadsheet and save it again as .xlsx, without a password",
        code="E1509",
    )


def _read_sheet(bundle: Bundle, sheet: Any, file: str) -> None:
    label = f"{file}:{sheet.title}"
    if sheet.title == POLICY_SHEET:
        bundle.policy = policy_from_cells(_rows(sheet), label, bundle.log)
    elif sheet.title in tables():
        _read_table(bundle, sheet, label)
    elif sheet.title != NOTES_SHEET:
        rule = "the sheet is no table of an instance and is not read"
        close = nearest(sheet.title, [*tables(), POLICY_SHEET])
        bundle.log.add("W1102", label, rule, "rename the sheet if it was meant", "", close)


def _rows(sheet: Any) -> list[tuple[Any, ...]]:
    """Return the cells of a sheet without the blank rows and columns at its ends."""
    # The size a workbook states may be a lie; the cells are not.
    sheet.reset_dimensions()
    rows = list(sheet.iter_rows(values_only=True))
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    width = max((_width(row) for row in rows), default=0)
    return [(*row, *[None] * (width - len(row)))[:width] for row in rows]


def _width(row: tuple[Any, ...]) -> int:
    return max((place for place, cell in enumerate(row, start=1) if cell is not None), default=0)


def _read_table(bundle: Bundle, sheet: Any, label: str) -> None:
    rows = _rows(sheet)
    table = sheet.title
    if not rows:
        bundle.log.add("E1107", label, "the sheet is empty", "write the header and the rows")
        bundle.broken.add(table)
        return
    header = [cell_text(cell).strip() for cell in rows[0]]
    if not check_header(header, f"{label}!1", bundle.log):
        bundle.broken.add(table)
        return
    frame = pd.DataFrame(rows[1:], columns=pd.Index(header), dtype=object)
    bundle.sources[table] = Source(table, frame, label, "cell", columns=tuple(header))
