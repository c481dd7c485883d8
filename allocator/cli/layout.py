"""Tables as text that fits the terminal."""

from __future__ import annotations

import shutil
import textwrap
import unicodedata
from collections.abc import Sequence

_GAP = "  "
_NARROWEST = 20


def table(header: Sequence[str], rows: Sequence[Sequence[object]], width: int = 0) -> str:
    """Return rows under a header; the last column is wrapped so that lines fit the terminal.

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
    sizes[-1] = max(_NARROWEST, min(sizes[-1], width - used))
    return "\n".join(line for row in cells for line in _lines(row, sizes, numeric))


def _lines(row: Sequence[str], sizes: Sequence[int], numeric: Sequence[bool]) -> list[str]:
    wrapped = textwrap.wrap(row[-1], sizes[-1]) or [""]
    first = [*row[:-1], wrapped[0]]
    parts = []
    for text, size, right in zip(first, sizes, numeric, strict=True):
        blank = " " * (size - _width(text))
        parts.append(blank + text if right else text + blank)
    indent = " " * (sum(sizes[:-1]) + len(_GAP) * (len(sizes) - 1))
    return [_GAP.join(parts).rstrip(), *(indent + rest for rest in wrapped[1:])]


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return "-" if cell != cell else f"{cell:,.6g}" if abs(cell) < 1e5 else f"{cell:,.0f}"
    return "-" if cell is None else str(cell)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
