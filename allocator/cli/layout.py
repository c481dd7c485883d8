"""Tables as text that fits the terminal."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Sequence

_GAP = "  "


def table(header: Sequence[str], rows: Sequence[Sequence[object]], width: int = 0) -> str:
    """Return rows under a header; the last column is cut so that lines fit the terminal.

    Numbers are aligned to the right. Wide (Chinese) characters count as two.
    """
    width = width or shutil.get_terminal_size((100, 24)).columns
    cells = [list(header), *([_text(cell) for cell in row] for row in rows)]
    numeric = [
        bool(rows) and all(isinstance(row[i], int | float) for row in rows)
        for i in range(len(header))
    ]
    sizes = [max(_width(row[i]) for row in cells) for i in range(len(header))]
    used = sum(sizes[:-1]) + len(_GAP) * (len(sizes) - 1)
    sizes[-1] = max(8, min(sizes[-1], width - used))
    return "\n".join(_line(row, sizes, numeric) for row in cells)


def _line(row: Sequence[str], sizes: Sequence[int], numeric: Sequence[bool]) -> str:
    parts = []
    for text, size, right in zip(row, sizes, numeric, strict=True):
        text = _cut(text, size)
        blank = " " * (size - _width(text))
        parts.append(blank + text if right else text + blank)
    return _GAP.join(parts).rstrip()


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return "-" if cell != cell else f"{cell:,.6g}" if abs(cell) < 1e5 else f"{cell:,.0f}"
    return "-" if cell is None else str(cell)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _cut(text: str, size: int) -> str:
    if _width(text) <= size:
        return text
    while _width(text) > size - 3:
        text = text[:-1]
    return text + "..."
