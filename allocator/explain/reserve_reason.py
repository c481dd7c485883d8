"""One reason about a plan of reserves: of a site, a scenario or a place that goes without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

import numpy as np
import pandas as pd

RESERVE_CODES: Mapping[str, str] = {
    "KEPT": "the site exists and the policy keeps it",
    "PINNED": "a pin of the planner's own decides it",
    "CANNOT_OPEN": "the candidate has no size, so that it cannot be opened",
    "WORTH_OPENING": "without the site the best plan is worse",
    "NOT_WORTH_OPENING": "with the site open the best plan is worse",
    "NO_DIFFERENCE": "the best plan without the choice is as good",
    "NOT_PROVEN": "the other choice may be better: neither is solved to the end",
    "DRIVES": "without the scenario another reserve would be best",
    "OUT_OF_REACH": "no lane is open in time in the scenario",
    "NO_OPEN_SITE": "no site in reach is open",
    "THROUGHPUT": "every open site in reach hands out all it can",
    "NOTHING_HELD": "no open site in reach holds the item",
    "LOST": "what is in reach does not survive or cannot be reached",
    "HELD_BACK": "goods are left over in reach: throughput or an assignment holds them back",
    "USED_UP": "everything that survives in reach is used",
    "UNEXPLAINED": "not settled within the time",
}

COLUMNS = ("community_id", "item_id", "code", "family", "quantity", "text", "detail")


@dataclass(frozen=True)
class ReserveReason:
    """One row of reasons.csv of a plan of reserves.

    `community_id` is the place or site it is about, `family` the scenario of DRIVES; `quantity`
    is in units for places, in the unit of the first goal that differs for sites.
    """

    community_id: str
    item_id: str
    code: str
    family: str
    quantity: float
    text: str
    detail: str


def as_reason_table(found: Iterable[ReserveReason]) -> pd.DataFrame:
    """Return reasons as the table of the plan."""
    frame = pd.DataFrame([astuple(one) for one in found], columns=list(COLUMNS))
    return frame.assign(period_from=np.nan, period_to=np.nan)
