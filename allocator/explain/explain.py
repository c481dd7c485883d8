"""Reasons of the largest shortages of any plan, within a budget of seconds, and their text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import pandas as pd

from allocator.errors import UsageError
from allocator.explain.admit import admit_reasons
from allocator.explain.dispatch import dispatch_reasons
from allocator.explain.preposition import reserve_reasons
from allocator.explain.route import route_plan_reasons
from allocator.explain.staff import staff_reasons
from allocator.instance import Instance
from allocator.plan import Plan

_BY_DECISION: Mapping[str, Callable[[Instance, Plan, float, int | None, str], pd.DataFrame]] = {
    "dispatch": dispatch_reasons,
    "preposition": reserve_reasons,
    "route": route_plan_reasons,
    "staff": staff_reasons,
    "admit": admit_reasons,
}


def reasons(
    instance: Instance,
    plan: Plan,
    budget_seconds: float = 10.0,
    most: int | None = 20,
    community: str = "",
) -> pd.DataFrame:
    """Explain the shortages with most person-days.

    Args:
        instance: The instance of the plan.
        plan: Any plan: of this program, or a planner's own shipments.
        budget_seconds: Wall-clock seconds for solves; what is left then is UNEXPLAINED.
        most: Most shortages to look at (an item at a place, consecutive periods); None = all.
        community: Only the shortages of this place.

    Returns:
        The table reasons of the plan (see docs/reasons.md), the largest shortage first; empty when
        the case is too large to be read within the budget.

    Raises:
        UsageError: E2132, when nothing has the id given.
    """
    if community:
        _refuse_unknown(instance, community)
    explain = _BY_DECISION[plan.decision]
    return explain(instance, plan, budget_seconds, most, community)


def _refuse_unknown(instance: Instance, place: str) -> None:
    columns = {"communities": "community_id", "sites": "site_id", "posts": "post_id"}
    known = {str(one) for table, name in columns.items() for one in instance[table][name]}
    if place not in known:
        raise UsageError.because(
            "no community, site or post has this id",
            value=place,
            action="see the tables communities, sites and posts",
            suggestion=next(iter(get_close_matches(place, sorted(known), n=1)), ""),
            code="E2132",
        )


def explain_text(table: pd.DataFrame) -> str:
    """Return reasons for people, one paragraph a shortage."""
    if table.empty:
        return "No shortage to explain."
    rows = table.to_dict("records")
    return "\n".join(
        f"{row['code']} {_about(row)}{row['text']}"
        + (f"\n    {row['detail']}" if row["detail"] else "")
        for row in rows
    )


def _about(row: Mapping[Any, Any]) -> str:
    """Name what is short, where and when, where the text does not begin with the place itself."""
    place, item = str(row["community_id"] or ""), str(row["item_id"] or "")
    if not item or pd.isna(row["period_from"]) or str(row["text"]).startswith(place):
        return ""
    first, last = int(row["period_from"]), int(row["period_to"])
    when = f"period {first}" if first == last else f"periods {first} to {last}"
    return f"{item} at {place}, {when}: "
