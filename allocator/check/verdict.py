"""What the judge says: violations, the goals it recomputed, figures of the plan."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

_CODES: Mapping[str, tuple[str, ...]] = {
    "dispatch": ("V6",),
    "preposition": ("V7",),
    "route": ("V80", "V81", "V82", "V83", "V84"),
    "staff": ("V85", "V86", "V87"),
    "admit": ("V88", "V89"),
}
_SHARED = ("unknown_id", "bad_number", "goal_value", "instance_hash", "distance")
COLUMNS = ("code", "family", "where", "size", "unit", "message")


class Rule(NamedTuple):
    """One family of rules the judge holds a plan to."""

    code: str
    family: str
    unit: str
    rule: str


@cache
def rules(decision: str = "dispatch") -> Mapping[str, Rule]:
    """Every family of a decision, in the order of codes.csv; some hold for all decisions."""
    text = files(__package__).joinpath("codes.csv").read_text(encoding="utf-8")
    every = [Rule(**row) for row in csv.DictReader(text.splitlines())]
    own = [rule for rule in every if rule.code.startswith(_CODES[decision])]
    shared = [rule for rule in every if rule.family in _SHARED and rule not in own]
    return MappingProxyType({rule.family: rule for rule in sorted(own + shared)})


class Violation(NamedTuple):
    """One broken rule: `where` is table:line (the header is line 1), `size` by how much."""

    code: str
    family: str
    where: str
    size: float
    unit: str
    message: str


@dataclass(frozen=True)
class Verdict:
    """The judgement of one plan.

    `table` has one row a violation (columns as `Violation`); `goals` the values recomputed from
    the instance; `stats` figures such as units shipped and what was approximated; `shortages`
    what is short in truth, as the plan table of that name; `outcomes`, of a plan of reserves,
    what every scenario comes to; `tables`, of other plans, what follows from what they decide.
    """

    table: pd.DataFrame
    goals: Mapping[str, float]
    stats: Mapping[str, Any]
    shortages: pd.DataFrame
    outcomes: pd.DataFrame = field(default_factory=pd.DataFrame)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Return whether no rule is broken."""
        return self.table.empty

    @property
    def violations(self) -> list[Violation]:
        """Return the violations one by one."""
        return [Violation(*row) for row in self.table.itertuples(index=False, name=None)]


@dataclass
class Findings:
    """Collects violations while the judge works."""

    decision: str = "dispatch"
    parts: list[pd.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self, family: str, table: str, rows: ArrayLike, sizes: ArrayLike, messages: Iterable[str]
    ) -> None:
        """Add violations of one family at `rows` (from 0) of a table."""
        rule, lines = rules(self.decision)[family], np.asarray(rows, dtype=np.int64) + 2
        if not len(lines):
            return
        frame = pd.DataFrame(
            {
                "code": rule.code,
                "family": family,
                "where": [f"{table}:{line}" for line in lines.tolist()],
                "size": np.asarray(sizes, dtype=np.float64),
                "unit": rule.unit,
                "message": list(messages),
            }
        )
        self.parts.append(frame)

    def add_one(self, family: str, where: str, size: float, message: str) -> None:
        """Add one violation that is no row of a table."""
        rule = rules(self.decision)[family]
        row = (rule.code, family, where, float(size), rule.unit, message)
        self.parts.append(pd.DataFrame([row], columns=list(COLUMNS)))

    def approximate(self, note: str) -> None:
        """Record what the judge could only approximate."""
        self.notes.append(note)

    def table(self) -> pd.DataFrame:
        """Return all violations, the families in the order of their codes."""
        if not self.parts:
            return pd.DataFrame({name: [] for name in COLUMNS}).astype({"size": float})
        joined = pd.concat(self.parts, ignore_index=True)
        return joined.sort_values("code", kind="stable", ignore_index=True)
