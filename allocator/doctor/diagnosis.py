"""All findings of one instance, for people and for programs."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from allocator.doctor.finding import Finding, Level
from allocator.doctor.words import count
from allocator.errors import Fault

_HEADINGS: Mapping[Level, str] = {
    "error": "No plan is possible",
    "warning": "What no plan can avoid, and data to look at",
    "note": "Notes",
}
_ONE = {
    "communities": "community",
    "sites": "open site",
    "lanes": "lane",
    "items": "item",
    "periods": "period",
    "needs": "need",
}
_OF_A_CODE = 12  # most findings of one code in the report for people
_ROWS = 200  # most rows of a table in the dictionary


@dataclass(frozen=True)
class Diagnosis:
    """What arithmetic says about an instance.

    Attributes:
        name: Name of the instance.
        size: Communities, sites, lanes, items, periods, needs.
        findings: Errors first, then warnings, then notes.
        tables: supply_need, gates, fleet: the sums behind the findings.
    """

    name: str
    size: Mapping[str, int]
    findings: tuple[Finding, ...]
    tables: Mapping[str, pd.DataFrame]

    def joined(self, others: Iterable[Finding]) -> Diagnosis:
        """Return the diagnosis with other findings among its own, the worst first."""
        found = sorted((*self.findings, *others), key=lambda one: list(_HEADINGS).index(one.level))
        return replace(self, findings=tuple(found))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The proofs that no plan exists."""
        return tuple(one for one in self.findings if one.level == "error")

    @property
    def possible(self) -> bool:
        """False when arithmetic proves that no plan can obey the hard rules."""
        return not self.errors

    def faults(self) -> tuple[Fault, ...]:
        """Return the errors as faults, for an ImpossibleError."""
        return tuple(one.fault() for one in self.errors)

    def to_text(self, width: int = 88) -> str:
        """Return a report for people, no line wider than `width` where words allow it."""
        sizes = ", ".join(count(n, _ONE[name], name) for name, n in self.size.items())
        blocks = [_wrap(f"{self.name}: {sizes}.", width, "")]
        for level, heading in _HEADINGS.items():
            chosen = [one for one in self.findings if one.level == level]
            if chosen:
                blocks.append(f"{heading} ({len(chosen)})")
                blocks += _capped(chosen, width)
        if not self.findings:
            blocks.append("Nothing stands out: the sums leave room everywhere.")
        return "\n\n".join(blocks)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; long tables show their worst rows first."""
        return {
            "name": self.name,
            "size": dict(self.size),
            "possible": self.possible,
            "findings": [one.as_dict() for one in self.findings],
            "tables": {name: _records(table) for name, table in self.tables.items()},
        }


def _capped(findings: list[Finding], width: int) -> list[str]:
    """Write the findings, at most twelve of a code."""
    blocks, seen = [], Counter[str]()
    for finding in findings:
        seen[finding.code] += 1
        if seen[finding.code] <= _OF_A_CODE:
            blocks.append(_one(finding, width))
    hidden = [f"{n - _OF_A_CODE} more of {code}" for code, n in seen.items() if n > _OF_A_CODE]
    return blocks + ([f"And {', '.join(hidden)}; --json lists them all."] if hidden else [])


def _one(finding: Finding, width: int) -> str:
    place = f" {finding.where}" if finding.where else ""
    lines = [_wrap(f"{finding.code}{place} {finding.title}: {finding.what}", width, "  ")]
    lines += [_wrap(example, width, "      ", "    - ") for example in finding.examples]
    if finding.repair:
        lines.append(_wrap(finding.repair, width, "       ", "    -> "))
    return "\n".join(lines)


def _wrap(text: str, width: int, indent: str, first: str = "") -> str:
    return textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    worst = next(
        (name for name in ("minutes_short", "missing", "vehicles_short") if name in table), ""
    )
    shown = table.sort_values(worst, ascending=False, kind="stable") if worst else table
    shown = shown.head(_ROWS).replace({np.inf: None, np.nan: None})
    return [{str(key): value for key, value in row.items()} for row in shown.to_dict("records")]
