"""The frozen instance: typed tables, the policy and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pandas as pd

from allocator.instance.coerce import typed_table
from allocator.instance.policy import Policy
from allocator.instance.schema import tables


@dataclass(frozen=True)
class Instance:
    """One planning case.

    `tables` holds every table of fields.csv (empty when not given): strings are `str` with ""
    for blank, numbers float64, booleans bool, integers int64 (float64 with NaN where they are
    optional without a default). Row i of a table is line i + 2 of its CSV file.
    """

    tables: Mapping[str, pd.DataFrame]
    policy: Policy = field(default_factory=Policy)
    name: str = "instance"
    notes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_frames(
        cls, *, policy: Policy | Mapping[str, Any] | None = None, name: str = "instance", **frames: pd.DataFrame
    ) -> Instance:
        """Build an instance from DataFrames named like the tables of fields.csv."""
        chosen = policy if isinstance(policy, Policy) else Policy(**dict(policy or {}))
        typed = {table: typed_table(table, frames.get(table)) for table in tables()}
        return cls(MappingProxyType(typed), chosen, name)

    def replace(self, *, policy: Policy | None = None, name: str | None = None, **frames: pd.DataFrame) -> Instance:
        """Return a copy with some tables, the policy or the name changed."""
        changed = dict(self.tables) | {table: typed_table(table, frame) for table, frame in frames.items()}
        return Instance(MappingProxyType(changed), policy or self.policy, name or self.name, self.notes)

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]
