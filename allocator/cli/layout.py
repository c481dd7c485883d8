"""Tables and texts that fit the terminal, and tables for programs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

NARROWEST, USUAL, WIDEST = 40, 90, 110


def width() -> int:
    """Return the cells of a line of text here."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((USUAL, 24)).columns))


def table(header: Sequence[str], rows: Sequence[Sequence[object]], cells: int = 0) -> str:
    """Return rows under a header, wrapped so that lines fit; columns of numbers to the right."""
    from allocator.report.layout import Column
    from allocator.report.layout import table as fitted

    numeric = [
        bool(rows) and all(isinstance(row[i], int | float) for row in rows)
        for i in range(len(header))
    ]
    columns = [Column(title, right) for title, right in zip(header, numeric, strict=True)]
    told = [[_text(one) for one in row] for row in rows]
    return "\n".join(fitted(columns, told, cells or width()))


def wrapped(text: str) -> str:
    """Return a text with long lines broken, each with the indentation it has."""
    from allocator.report.layout import wrap

    lines = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        lines += wrap(line.strip(), width(), indent)
    return "\n".join(lines)


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows of a table for JSON: what is missing is null."""
    clean = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in clean.to_dict("records")]


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return "-" if cell != cell else f"{cell:,.6g}" if abs(cell) < 1e5 else f"{cell:,.0f}"
    return "-" if cell is None else str(cell)
