"""The first few reasons of what is short."""

from __future__ import annotations

from typing import Any

from allocator.plan import Plan
from allocator.report.layout import wrap
from allocator.report.shortages import noticeable

MOST = 5


def reason_lines(plan: Plan, width: int) -> list[str]:
    """Return the reasons written with the plan, the largest shortages first."""
    if noticeable(plan).empty:
        return []
    reasons = plan.reasons
    if reasons.empty:
        return wrap("Why: no reason was looked for; allocator explain PLAN does it.", width)
    title = f"Why (the {min(MOST, len(reasons))} largest; more: allocator explain PLAN)"
    lines = wrap(title, width)
    for row in reasons.head(MOST).itertuples():
        lines += wrap(_heading(row), width, "  ")
        lines += wrap(str(row.text), width, "    ")
    return lines


def _heading(row: Any) -> str:
    code = str(row.code).replace("_", " ").lower()
    return f"{row.item_id} at {row.community_id}, {_periods(row)}: {code}"


def _periods(row: Any) -> str:
    first, last = int(row.period_from), int(row.period_to)
    return f"period {first}" if first == last else f"periods {first} to {last}"
