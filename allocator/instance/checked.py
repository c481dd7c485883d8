"""The typed tables while they are checked: text as categories, each looked up once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from allocator.instance.faultlog import FaultLog
from allocator.instance.schema import tables
from allocator.instance.source import Source
from allocator.instance.text import as_categories


class CheckedTables:
    """Every table in its types, its source for addresses, and the log.

    Attributes:
        frames: The typed tables; a table that is not there is empty.
        sources: Where each table that is there came from.
        log: The faults.
        untrusted: Tables that could not be read or are missing: nothing is concluded from them.
    """

    def __init__(
        self,
        frames: dict[str, pd.DataFrame],
        sources: Mapping[str, Source],
        log: FaultLog,
        untrusted: Iterable[str] = (),
    ) -> None:
        """Take the tables as they are."""
        self.frames = frames
        self.sources = sources
        self.log = log
        self.untrusted = set(untrusted)
        self._texts: dict[tuple[str, str], pd.Categorical] = {}

    def text(self, table: str, field: str) -> pd.Categorical:
        """Return a column of text as categories."""
        key = (table, field)
        if key not in self._texts:
            self._texts[key] = as_categories(self.frames[table][field])
        return self._texts[key]

    def strings(self, table: str, field: str) -> np.ndarray:
        """Return a column of text, one str a row."""
        column = self.text(table, field)
        words = np.asarray(column.categories, dtype=object)
        return np.asarray(words[column.codes], dtype=object)

    def numbers(self, table: str, field: str) -> np.ndarray:
        """Return a column of numbers as float64."""
        return self.frames[table][field].to_numpy(dtype=np.float64)

    def words(self, table: str, field: str) -> set[str]:
        """Return the different texts of a column without the blank."""
        column = self.text(table, field)
        used = np.bincount(column.codes, minlength=len(column.categories)) > 0
        return set(np.asarray(column.categories, dtype=object)[used]) - {""}

    def places(self) -> set[str]:
        """Return the ids of communities and sites."""
        return self.words("communities", "community_id") | self.words("sites", "site_id")

    def known(self, target: str) -> set[str] | None:
        """Return the words a reference may use; None when a table behind it is not to be read."""
        if self.untrusted & set(_BEHIND.get(target, (target,))):
            return None
        if target == "places":
            return self.places()
        if target == "zones":
            return self.words("communities", "zone_id") | self.words("sites", "zone_id")
        if target == "places_districts_zones":
            districts = self.words("communities", "district") | self.words("sites", "district")
            return self.places() | districts | (self.known("zones") or set())
        return self.words(target, tables()[target][0].name)

    def has(self, *names: str) -> bool:
        """Say whether all the tables can be read and have a row."""
        return all(name not in self.untrusted and len(self.frames[name]) for name in names)


_BEHIND = dict.fromkeys(("places", "zones", "places_districts_zones"), ("communities", "sites"))
