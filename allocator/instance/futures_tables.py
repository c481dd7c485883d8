"""Scenarios as changed tables: which overlays and bulk rows belong to which scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.lanes import Floats, Ints
from allocator.instance.overlays import changes
from allocator.instance.reserve import position


@dataclass(frozen=True)
class Variants:
    """The scenarios of an instance: ids and probabilities (S,), and their overlaid tables."""

    instance: Instance
    ids: np.ndarray
    probability: Floats
    overlaid: dict[int, dict[str, pd.DataFrame]]  # scenario -> changed tables

    def __len__(self) -> int:
        return len(self.ids)

    def bulk(self, table: str) -> tuple[pd.DataFrame, Ints]:
        """Return a bulk table and the scenario of each of its rows."""
        frame = self.instance[table]
        return frame, position(self.ids, frame["scenario_id"])

    def changing(self, *names: str) -> Iterator[tuple[int, Instance]]:
        """Give each scenario whose overlays change one of the tables, as an instance."""
        for scenario, frames in self.overlaid.items():
            if any(name in frames for name in names):
                changed = {name: frame for name, frame in frames.items() if name in names}
                yield (
                    scenario,
                    self.instance.replace(policy=None, name=None, validate=False, **changed),
                )


def variants_of(instance: Instance) -> Variants:
    """Return the scenarios; without any, the instance as it stands is the only one."""
    table = instance["scenarios"]
    if not len(table):
        return Variants(instance, np.array([""], dtype=object), np.ones(1), {})
    ids = table["scenario_id"].to_numpy(object)
    overlays = instance["overlays"]
    at = position(ids, overlays["scenario_id"])
    overlaid = {
        int(scenario): changes(instance.tables, overlays[at == scenario])
        for scenario in np.unique(at)
    }
    return Variants(instance, ids, _probability(table), overlaid)


def _probability(table: pd.DataFrame) -> Floats:
    """Return the probabilities; blank ones share evenly what is left."""
    given = table["probability"].to_numpy(float)
    blank = np.isnan(given)
    if blank.any():
        left = max(0.0, 1.0 - float(np.nansum(given)))
        given = np.where(blank, left / blank.sum(), given)
    return np.asarray(given)
