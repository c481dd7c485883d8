"""The roster before dispatch: what it gives the gates is what dispatch and routes may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from allocator.instance import Instance
from allocator.limits import Limits
from allocator.plan import Plan
from allocator.runs.staff import Staff

Progress = Callable[[Mapping[str, Any]], None]
KEYS = ["community_id", "period"]


def staffed(instance: Instance, limits: Limits, progress: Progress) -> tuple[Instance, Plan | None]:
    """Return the instance with the minutes of gates its roster gives, and the roster.

    An instance without workers or posts stays as it is.
    """
    if not len(instance["workers"]) or not len(instance["posts"]):
        return instance, None
    plan = Staff(instance, limits, progress).run()
    if plan.status.plan != "valid" or plan["gates"].empty:
        return instance, plan
    return instance.replace(gates=with_minutes(instance["gates"], plan["gates"])), plan


def with_minutes(gates: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """Return gates with the minutes a roster gives; gates it does not know stay, new ones join."""
    minutes = given.set_index(KEYS)["handling_minutes"]
    known = pd.MultiIndex.from_frame(gates[KEYS])
    found = minutes.reindex(known).to_numpy(float)
    kept = gates.assign(handling_minutes=gates["handling_minutes"].where(pd.isna(found), found))
    fresh = given[~pd.MultiIndex.from_frame(given[KEYS]).isin(known)]
    columns = [*KEYS, "handling_minutes"]
    return pd.concat([kept, fresh[columns]], ignore_index=True) if len(fresh) else kept
