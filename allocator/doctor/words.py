"""Numbers and lists in a planner's words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import SupportsInt


def number(value: float) -> str:
    """Write a number for people: 1,234 or 12.5 or 0.083."""
    if abs(value) >= 1000 or abs(value - round(value)) < 5e-7 * max(1.0, abs(value)):
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) < 1 else f"{value:.1f}".removesuffix(".0")


def count(value: float, one: str, many: str = "") -> str:
    """Write `1 lane`, `12 lanes`."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def some(names: Iterable[str], most: int = 5) -> str:
    """Write the first few names, and how many more there are."""
    listed = list(names)
    shown = ", ".join(listed[:most])
    return f"{shown} and {number(len(listed) - most)} more" if len(listed) > most else shown


def line(table: str, row: SupportsInt) -> str:
    """Return the address of row `row` (from 0) of a table, as in its CSV file."""
    return f"{table}.csv:{int(row) + 2}"


def periods(which: Sequence[int]) -> str:
    """Write periods counted from 0 as people count them: `period 3`, `periods 3 to 5`."""
    first, last = min(which) + 1, max(which) + 1
    return f"period {first}" if first == last else f"periods {first} to {last}"
