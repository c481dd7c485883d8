"""The shortages of a plan, joined over consecutive periods, the largest first."""

from __future__ import annotations

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
    net: Network, table: pd.DataFrame, rules: np.ndarray, most: int | None = None
) -> list[Shortage]:
    """Join rows of one place, item and rule over consecutive periods; most person-days first.

    `rules` has one code a row of the table ("" = goods can be there).
    """
    frame = pd.DataFrame(
        {
            "place": net.places.find(table["community_id"]),
            "item": pd.Index(net.items.ids).get_indexer(pd.Index(table["item_id"])),
            "period": table["period"].to_numpy(np.int64) - 1,
            "short": table["short"].to_numpy(float),
            "weight": table["person_days"].fillna(0.0).to_numpy(float),
            "rule": pd.Categorical(rules).codes,
            "name": rules,
        }
    )
    frame = frame[(frame["place"] >= 0) & (frame["item"] >= 0)]
    frame = frame.sort_values(["place", "item", "period"]).reset_index(drop=True)
    same = (frame[["place", "item", "rule"]].diff() == 0).all(axis=1)
    group = (~(same & (frame["period"].diff() == 1))).cumsum() - 1
    weight = np.bincount(group, frame["weight"]) if len(frame) else np.zeros(0)
    chosen = np.argsort(-weight, kind="stable")[:most]
    starts = np.searchsorted(group, np.r_[chosen, chosen + 1]).reshape(2, -1).T
    return [
        _shortage(frame.iloc[first:end], float(weight[at]))
        for at, (first, end) in zip(chosen, starts, strict=True)
    ]


def _shortage(rows: pd.DataFrame, weight: float) -> Shortage:
    return Shortage(
        place=int(rows["place"].iloc[0]),
        item=int(rows["item"].iloc[0]),
        periods=rows["period"].to_numpy(np.int64),
        units=rows["short"].to_numpy(float),
        weight=weight,
        rule=str(rows["name"].iloc[0]),
    )
