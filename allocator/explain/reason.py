"""One reason of a shortage: its code, the family of rules behind it and the planner's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

import pandas as pd

CODES: Mapping[str, str] = {
    "EXCLUDED_BY_RULE": "a rule in the planner's own tables keeps all goods away",
    "IMPOSSIBLE_ALONE": "short even if nobody else needed anything",
    "CROWDED_OUT": "possible alone, but others have what it would take",
    "TIE": "a plan as good leaves others short instead",
    "NOT_PROVEN": "the shortage, or a part of it, may be avoidable",
    "UNEXPLAINED": "no single family of rules explains it within the budget",
}

# Families of the dispatch program that can bind a shortage, and the unit of their right-hand side.
# Of two that bind alike the first is told.
FAMILIES: Mapping[str, str] = {
    "one_shift": "people",
    "hours_max": "minutes of work",
    "gate": "minutes",
    "fleet": "vehicle minutes",
    "trip_count": "trips",
    "throughput": "kg",
    "ship_max": "units",
    "stock_floor": "units",
    "budget": "money",
    "balance": "units",
    "pin": "units",
    "need": "units",
}

# What keeps goods away, beside the families: in the column family of EXCLUDED_BY_RULE.
RULES: Mapping[str, str] = {
    "W3201": "permit",
    "W3202": "earmark",
    "W3203": "owner",
    "W3204": "opening",
    "W3205": "closed_site",
    "W3206": "expiry",
    "W3207": "lead",
    "W3208": "lane",
    "W3209": "several",
    "W3102": "supply",
}

COLUMNS = (
    "community_id",
    "item_id",
    "period_from",
    "period_to",
    "code",
    "family",
    "quantity",
    "text",
    "detail",
)


@dataclass(frozen=True)
class Reason:
    """One row of reasons.csv; quantity is in units of the item.

    Quantity sums the units short over the periods; of a need that waits and of a level in use it
    is the sum over the periods as well (unit-periods).
    """

    community_id: str
    item_id: str
    period_from: int
    period_to: int
    code: str
    family: str
    quantity: float
    text: str
    detail: str


def as_table(found: Iterable[Reason]) -> pd.DataFrame:
    """Return reasons as the table of the plan."""
    return pd.DataFrame([astuple(one) for one in found], columns=list(COLUMNS))
