"""The shortages of a plan, joined over consecutive periods, the largest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check import check
from allocator.instance import Instance
from allocator.instance.lanes import Ints
from allocator.instance.network import Network
from allocator.plan import Plan


@dataclass(frozen=True)
class Shortage:
    """One item short at one place over consecutive periods; positions count from 0."""

    place: int
    item: int
    periods: Ints
    units: np.ndarray  # short, one entry a period
    weight: float  # person-days
    rule: str  # code of the rule that keeps all goods away, "" when goods can be there

    @property
    def quantity(self) -> float:
        """Units short, summed over the periods."""
        return float(self.units.sum())


def stated_shortages(instance: Instance, plan: Plan) -> pd.DataFrame:
    """Return the shortages the plan states, or the judge's when it states none."""
    return plan.shortages if plan.states("shortages") else check(instance, plan).shortages


def shortages_of(
    net: Network, table: pd.DataFrame, rule_of: dict[tuple[int, int, int], str]
) -> list[Shortage]:
    """Join rows of one place, item and rule over consecutive periods; most person-days first."""
    frame = pd.DataFrame(
        {
            "place": net.places.find(table["community_id"]),
            "item": pd.Index(net.items.ids).get_indexer(pd.Index(table["item_id"])),
            "period": table["period"].to_numpy(np.int64) - 1,
            "short": table["short"].to_numpy(float),
            "weight": table["person_days"].fillna(0.0).to_numpy(float),
        }
    )
    frame = frame[(frame["place"] >= 0) & (frame["item"] >= 0)]
    keys = zip(frame["place"], frame["item"], frame["period"], strict=True)
    frame["rule"] = [rule_of.get((int(p), int(i), int(t)), "") for p, i, t in keys]
    frame = frame.sort_values(["place", "item", "period"]).reset_index(drop=True)
    return sorted(
        _joined(frame), key=lambda one: (-one.weight, one.place, one.item, one.periods[0])
    )


def _joined(frame: pd.DataFrame) -> Iterator[Shortage]:
    same = (frame[["place", "item", "rule"]] == frame[["place", "item", "rule"]].shift()).all(
        axis=1
    )
    goes_on = same & (frame["period"].diff() == 1)
    for _, rows in frame.groupby((~goes_on).cumsum(), sort=False):
        yield Shortage(
            place=int(rows["place"].iloc[0]),
            item=int(rows["item"].iloc[0]),
            periods=rows["period"].to_numpy(np.int64),
            units=rows["short"].to_numpy(float),
            weight=float(rows["weight"].sum()),
            rule=str(rows["rule"].iloc[0]),
        )
