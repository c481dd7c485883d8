"""An empty workbook to fill in: a sheet a table, the policy, and notes on every field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from allocator.instance.assemble import REQUIRED_TABLES
from allocator.instance.atomic import replace_file
from allocator.instance.datapackage import describe
from allocator.instance.describe import allowed
from allocator.instance.read_xlsx import NOTES_SHEET, POLICY_SHEET
from allocator.instance.schema import Field, settings, tables
from allocator.instance.write_xlsx import save_book

_BOLD = Font(bold=True)
_REQUIRED = PatternFill("solid", fgColor="FFE0B2")
_OPTIONAL = PatternFill("solid", fgColor="ECEFF1")
_NOTES = ("table", "field", "required", "type", "unit", "default", "allowed", "meaning")
_LAST_ROW = 1_048_576


def write_template(path: Path) -> None:
    """Write the workbook; equal versions give equal bytes."""
    book = Workbook()
    _fill_notes(book.active)
    for table, specs in tables().items():
        _fill_table(book.create_sheet(table), specs)
    _fill_policy(book.create_sheet(POLICY_SHEET))
    replace_file(path, lambda beside: save_book(book, beside))


def _fill_notes(sheet: Any) -> None:
    sheet.title = NOTES_SHEET
    sheet.append(["One sheet a table; fill in the rows below the header. Orange is required."])
    sheet.append([f"Required tables: {', '.join(REQUIRED_TABLES)}. This sheet is not read."])
    sheet.append([])
    sheet.append(list(_NOTES))
    for row in _note_rows():
        sheet.append(list(row))
    for cell in sheet[4]:
        cell.font = _BOLD
    _widen(sheet, (14, 20, 10, 10, 14, 14, 40, 80))
    sheet.freeze_panes = "A5"


def _note_rows() -> Iterator[tuple[str, ...]]:
    for table, specs in tables().items():
        for spec in specs:
            needed = "yes" if spec.required else ""
            cells = (needed, spec.type, spec.unit, spec.default, allowed(spec), spec.meaning)
            yield (table, spec.name, *cells)
    for setting in settings().values():
        cells = ("", setting.type, "", setting.default, allowed(setting), setting.meaning)
        yield (POLICY_SHEET, setting.name, *cells)


def _fill_table(sheet: Any, specs: tuple[Field, ...]) -> None:
    sheet.append([spec.name for spec in specs])
    for number, (cell, spec) in enumerate(zip(sheet[1], specs, strict=True), start=1):
        cell.font = _BOLD
        cell.fill = _REQUIRED if spec.required else _OPTIONAL
        cell.comment = Comment(describe(spec), "")
        if spec.values and spec.type == "string":
            _offer(sheet, get_column_letter(number), spec.values)
        if spec.type == "string" and not spec.values:
            # Text, so that 007 stays 007.
            sheet.column_dimensions[get_column_letter(number)].number_format = "@"
    _widen(sheet, [max(12, len(spec.name) + 2) for spec in specs])
    sheet.freeze_panes = "A2"


def _offer(sheet: Any, letter: str, words: tuple[str, ...]) -> None:
    choice = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
    choice.add(f"{letter}2:{letter}{_LAST_ROW}")
    sheet.add_data_validation(choice)


def _fill_policy(sheet: Any) -> None:
    sheet.append(["key", "value", "default", "meaning"])
    for spec in settings().values():
        sheet.append([spec.name, None, spec.default, spec.meaning])
    for cell in sheet[1]:
        cell.font = _BOLD
    _widen(sheet, (20, 24, 24, 90))
    sheet.freeze_panes = "A2"


def _widen(sheet: Any, widths: Any) -> None:
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
