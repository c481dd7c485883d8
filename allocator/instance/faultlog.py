"""A place to collect faults, so that all of them are told at once and none of them floods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches

import numpy as np

from allocator.errors import Fault, InstanceError, Severity
from allocator.instance.source import Source

SHOWN_PER_RULE = 20
_SEARCHED = 2000
_VALUE_LENGTH = 80


class FaultLog:
    """Faults in the order they were found; of one rule in one field, only the first are listed."""

    def __init__(self) -> None:
        """Start empty."""
        self.faults: list[Fault] = []

    def add(
        self,
        code: str,
        where: str,
        rule: str,
        action: str,
        value: object = "",
        suggestion: str = "",
    ) -> None:
        """Note one fault; codes that begin with W are warnings."""
        severity: Severity = "warning" if code.startswith("W") else "error"
        self.faults.append(Fault(code, severity, where, shorten(value), rule, action, suggestion))

    def rows(
        self,
        code: str,
        source: Source,
        field: str,
        rows: np.ndarray | Sequence[int],
        rule: str,
        action: str,
        suggest: Callable[[str], str] | None = None,
    ) -> None:
        """Note the same fault at many rows of a field: the first ones, then how many in all."""
        for row in rows[:SHOWN_PER_RULE]:
            value = source.cell(int(row), field)
            hint = suggest(value) if suggest else ""
            self.add(code, source.where(int(row), field), rule, action, value, hint)
        hidden = len(rows) - SHOWN_PER_RULE
        if hidden > 0:
            self.add(code, source.label, f"{rule} ({field})", action, f"{len(rows)} rows in all")

    @property
    def errors(self) -> tuple[Fault, ...]:
        """The faults that make the instance invalid."""
        return tuple(fault for fault in self.faults if fault.severity == "error")

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """The faults that do not."""
        return tuple(fault for fault in self.faults if fault.severity == "warning")

    def raise_errors(self) -> None:
        """Raise InstanceError with every error and warning when there is an error."""
        if self.errors:
            raise InstanceError(*self.errors, *self.warnings)


def shorten(value: object) -> str:
    """Return a value as a text that fits on a line."""
    text = str(value)
    return text if len(text) <= _VALUE_LENGTH else text[: _VALUE_LENGTH - 1] + "\u2026"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that looks most like this one, or "" when none does."""
    names = sorted(name for name in known if name)
    folded = word.strip().casefold()
    same = next((name for name in names if name.strip().casefold() == folded), "")
    if same:
        return same
    if len(names) > _SEARCHED:
        names = _likely(folded, names)
    close = get_close_matches(word[:200], names, n=1, cutoff=0.7)
    return close[0] if close else ""


def _likely(word: str, names: list[str]) -> list[str]:
    """Keep the names that share most letters: comparing with all of them would take seconds."""
    letters = Counter(word)
    near = (name for name in names if abs(len(name) - len(word)) <= 2)
    ranked = sorted(near, key=lambda name: -(letters & Counter(name.casefold())).total())
    return ranked[:_SEARCHED]
