"""A chain of plans for a terminal: what is sent, what is driven, what arrives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from allocator.plan import Plan
from allocator.report.layout import Column, table, wrap
from allocator.report.status import status_sentences
from allocator.report.words import goal_amount, goal_words, number, percent

MOST = 14


def chain_text(
    plans: Mapping[str, Plan],
    periods: pd.DataFrame,
    arrives: Mapping[str, float],
    notes: Sequence[str],
    width: int,
) -> str:
    """Return what a planner wants to know of a chain, the paths of its plans last.

    Args:
        plans: The plans by name, dispatch among them.
        periods: One row a period, as `Chained.table` has them.
        arrives: Goals of dispatch when only what the routes deliver arrives.
        notes: Why there was, or was no, second dispatch.
        width: Cells of the terminal.
    """
    sent = plans["dispatch"]
    head = [f"Plan of {len(plans)} parts for {sent.instance.get('name', '')}"]
    head += [line for one in status_sentences(sent)[:3] for line in wrap(f"Dispatch: {one}", width)]
    sections = [
        head,
        _goals(sent, arrives, width),
        _periods(periods, width),
        [line for note in notes for line in wrap(f"{note[:1].upper()}{note[1:]}.", width)],
        [f"{name}: {plan.path}" for name, plan in plans.items() if plan.path is not None],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _goals(sent: Plan, arrives: Mapping[str, float], width: int) -> list[str]:
    """Return the goals of dispatch as planned, and when only what is delivered arrives."""
    columns = (Column("Goal"), Column("sent", right=True), Column("arrives", right=True))
    rows = [
        (
            goal_words(goal.name),
            goal_amount(goal.name, goal.value, goal.unit),
            goal_amount(goal.name, arrives.get(goal.name)),
        )
        for goal in sent.goals
    ]
    return table(columns, rows, width) if rows else []


def _periods(periods: pd.DataFrame, width: int) -> list[str]:
    if periods.empty:
        return ["No period was routed."]
    names = ("Period", "routes", "visits", "km", "hours", "delivered", "units left")
    columns = [Column(name, right=True) for name in names]
    rows = [
        (
            number(one["period"]), number(one["routes"]), number(one["visits"]), number(one["km"]),
            number(one["hours"]), percent(one["delivered"]), number(one["left"]),
        )
        for one in periods.head(MOST).to_dict("records")
    ]  # fmt: skip
    lines = table(columns, rows, width)
    if len(periods) > MOST:
        lines += wrap(f"and {len(periods) - MOST} periods more", width)
    return lines
