"""A roster for a terminal: what stays uncovered, how work is shared, who is inside, the gates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance import Instance
from allocator.plan import Plan
from allocator.report.layout import Column, table, wrap
from allocator.report.words import count, label, number, percent

MOST = 10
WORST = 5


def head_sentence(plan: Plan) -> str:
    """Return how many people work how long."""
    roster, work = plan["roster"], plan["workload"]
    busy = int((work["minutes"] > 0).sum())
    hours = float(work["minutes"].sum()) / 60
    shifts = count(float(roster["number"].sum()), "shift")
    who = f"{count(busy, 'worker')} of {number(len(work))}"
    return f"{who} at work: {shifts}, {number(hours)} hours."


def sections(plan: Plan, instance: Instance | None, width: int) -> list[list[str]]:
    """Return what is told of a roster beside its head and goals."""
    return [
        uncovered_lines(plan, width),
        _reason_lines(plan, width),
        workload_lines(plan, instance, width),
        period_lines(plan, width),
        _inside_lines(plan, width),
        _compared_lines(plan, width),
    ]


def uncovered_lines(plan: Plan, width: int) -> list[str]:
    """Return the posts that lack most people, then those that lack qualified ones."""
    rows = plan["uncovered"].sort_values(["short", "unqualified"], ascending=False, kind="stable")
    if rows.empty:
        return ["Every post has the people wanted."]
    missing, lack = float(rows["short"].sum()), float(rows["unqualified"].sum())
    parts = [f"{count(missing, 'person is', 'people are')} missing"] if missing else []
    parts += [f"{count(lack, 'qualified person is', 'qualified people are')} missing"] * (lack > 0)
    columns = (
        Column("Uncovered post"),
        Column("period", right=True),
        Column("shift"),
        Column("wanted", right=True),
        Column("missing", right=True),
        Column("qualified missing", right=True),
    )
    cells = [
        (
            str(row["post_id"]),
            number(row["period"]),
            str(row["shift_id"]),
            number(row["wanted"]),
            number(row["short"]),
            number(row["unqualified"]),
        )
        for row in rows.head(MOST).to_dict("records")
    ]
    lines = [*wrap(f"{', '.join(parts).capitalize()}.", width), *table(columns, cells, width)]
    if len(rows) > MOST:
        lines += wrap(f"and {number(len(rows) - MOST)} more: see uncovered.csv", width)
    return lines


def _reason_lines(plan: Plan, width: int) -> list[str]:
    if not plan.states("reasons") or plan.reasons.empty:
        return []
    lines = wrap("Why (more: allocator explain PLAN)", width)
    for row in plan.reasons.head(WORST).to_dict("records"):
        lines += wrap(f"{row['code']} {row['text']}", width, "  ")
    return lines


def workload_lines(plan: Plan, instance: Instance | None, width: int) -> list[str]:
    """Return how the work is shared: the busiest, the middle and the least busy."""
    rows = plan["workload"].dropna(subset="load")
    rows = rows.sort_values("load", ascending=False, kind="stable")
    if rows.empty:
        return []
    names = {}
    if instance is not None:
        workers = instance["workers"]
        names = dict(zip(workers["worker_id"], workers["name"], strict=True))
    picks = {"busiest": 0, "middle": len(rows) // 2, "least busy": len(rows) - 1}
    columns = (
        Column("Workload"),
        Column("who"),
        Column("shifts", right=True),
        Column("hours", right=True),
        Column("of the most possible", right=True),
    )
    cells = []
    for title, place in picks.items():
        row = rows.iloc[place]
        who = label(str(row["worker_id"]), str(names.get(row["worker_id"], "")))
        share = percent(float(row["load"]))
        hours = number(float(row["minutes"]) / 60)
        cells.append((title, who, number(float(row["shifts"])), hours, share))
    return table(columns, cells, width)


def period_lines(plan: Plan, width: int) -> list[str]:
    """Return, period by period, who is at work and who is missing."""
    there = plan["roster"].groupby("period")["number"].sum()
    short = plan["uncovered"].groupby("period")[["short", "unqualified"]].sum()
    every = pd.DataFrame({"there": there}).join(short, how="outer").fillna(0.0)
    if len(every) > 2 * MOST or every.empty:
        return []
    columns = (
        Column("Period", right=True),
        Column("at work", right=True),
        Column("missing", right=True),
        Column("qualified missing", right=True),
    )
    cells = [
        (number(period), *(number(float(value)) for value in row))
        for period, row in zip(every.index, every.to_numpy(float), strict=True)
    ]
    return table(columns, cells, width)


def _inside_lines(plan: Plan, width: int) -> list[str]:
    lodged, trained = plan["lodged"], plan["trained"]
    lines = []
    if len(lodged):
        most = lodged.groupby(["place_id", "period"])["number"].sum().groupby("place_id").max()
        told = ", ".join(f"{place}: {number(float(value))}" for place, value in most.items())
        lines += wrap(f"Most people staying in sealed places: {told}.", width)
    if len(trained):
        total = trained.groupby("skill")["number"].sum()
        told = ", ".join(f"{number(float(value))} learn {skill}" for skill, value in total.items())
        lines += wrap(f"Training: {told}.", width)
    gates = plan["gates"]
    if len(gates):
        hours = float(np.sum(gates["handling_minutes"])) / 60
        lines += wrap(f"Gates: {number(hours)} hours of hand-over, see gates.csv.", width)
    return lines


def _compared_lines(plan: Plan, width: int) -> list[str]:
    """Return what the roster made by rule comes to."""
    other = plan.summary.get("by_rule") or {}
    if not other or str(plan.summary.get("made")) != "solver":
        return []
    columns = (
        Column("Compared with"),
        Column("this roster", right=True),
        Column("the least busy first", right=True),
    )
    cells = [
        (goal.name, number(goal.value), number(other.get(goal.name)))
        for goal in plan.goals
        if goal.name in other
    ]
    return table(columns, cells, width)
