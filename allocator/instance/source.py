"""A table as it was found, before anything is believed about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

Style = Literal["line", "item", "cell"]


@dataclass(frozen=True)
class Source:
    """One raw table and how its places are called.

    Attributes:
        table: Name of the table.
        frame: The cells: text, or numbers where a column was read as numbers.
        label: ``needs.csv``, ``needs`` of a JSON file or of frames, ``case.xlsx:needs``.
        style: ``line`` for ``needs.csv:17:quantity``, ``item`` for ``needs[15].quantity``,
            ``cell`` for ``case.xlsx:needs!D17``.
        lines: Line of each row where cells with line breaks move them, else row + 2.
        columns: The header as it was found, for the letters of a sheet.
    """

    table: str
    frame: pd.DataFrame
    label: str
    style: Style = "line"
    lines: np.ndarray | None = None
    columns: tuple[str, ...] = field(default=())

    def where(self, row: int, column: str) -> str:
        """Return the address of a cell."""
        if self.style == "item":
            return f"{self.label}[{row}].{column}"
        if self.style == "cell" and column in self.columns:
            from openpyxl.utils import get_column_letter

            letter = get_column_letter(self.columns.index(column) + 1)
            return f"{self.label}!{letter}{row + 2}"
        line = int(self.lines[row]) if self.lines is not None else row + 2
        return f"{self.label}:{line}:{column}"

    def cell(self, row: int, column: str) -> str:
        """Return what stands in a cell, as text."""
        if column not in self.frame.columns:
            return ""
        value = self.frame[column].iloc[row]
        if isinstance(value, float | np.floating):
            return "" if np.isnan(value) else f"{value:.15g}"
        return "" if value is None or value is pd.NA else str(value)
