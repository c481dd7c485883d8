"""The size and the features asked for: what every part of a random instance is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.generate.lockdown.draw import Draw
from allocator.generate.shapes import Ints


@dataclass(frozen=True)
class Plot:
    """What is asked for."""

    communities: int
    sites: int
    items: int
    periods: int
    features: frozenset[str]
    draw: Draw

    def has(self, feature: str) -> bool:
        """Return whether a feature is asked for."""
        return feature in self.features

    @property
    def community_ids(self) -> list[str]:
        """Ids of the communities."""
        return numbered("c", self.communities)

    @property
    def site_ids(self) -> list[str]:
        """Ids of the sites."""
        return numbered("s", self.sites)

    @property
    def item_ids(self) -> list[str]:
        """Ids of the items."""
        return numbered("i", self.items)

    @property
    def period_numbers(self) -> Ints:
        """Numbers of the periods, from 1."""
        return np.arange(1, self.periods + 1)


def numbered(letter: str, count: int) -> list[str]:
    """Return ids such as c01 to c12, as wide as the last one."""
    width = max(2, len(str(count)))
    return [f"{letter}{number:0{width}d}" for number in range(1, count + 1)]


def no_rows(*columns: str) -> pd.DataFrame:
    """Return a table without rows."""
    return pd.DataFrame(columns=list(columns))
