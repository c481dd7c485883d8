"""A plan of beds for a terminal: who waits, which hospital takes whose patients, beds in use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance import Instance
from allocator.instance.admit_case import AdmitCase, admit_case
from allocator.plan import Plan, plan_table
from allocator.report.admit_sites import chance_of, site_lines
from allocator.report.layout import Column, table, wrap
from allocator.report.words import TOLD, count, goal_amount, goal_words, label, number

MOST = 20
WORST = 5
SITES = 3  # named for a community


def head_sentence(plan: Plan) -> str:
    """Return how many are admitted, how many outside their district, how many wait at most."""
    told = plan.summary
    if "patients" not in told:
        return f"{number(float(plan['admissions']['number'].sum()))} patients admitted."
    parts = [
        f"{number(round(told['admitted'], 1))} of {number(round(told['patients'], 1))} patients"
        " enter a ward (changes of class counted again)"
        if told["admitted"] > told["patients"] + TOLD
        else f"{number(round(told['admitted'], 1))} of {number(round(told['patients'], 1))}"
        " patients admitted"
    ]
    parts.append(f"{number(round(told['outside'], 1))} outside their district")
    parts.append(f"{number(round(told['waiting_most'], 1))} wait on the worst day")
    parts.append(f"{number(round(told['waiting_end'], 1))} at the end")
    return f"{'; '.join(parts)}."


def sections(plan: Plan, instance: Instance | None, width: int) -> list[list[str]]:
    """Return what is told of a plan of beds beside its head and goals."""
    found = [_compared_lines(plan, width)]
    if instance is not None:
        case = admit_case(instance)
        found += [
            waiting_lines(plan, case, width),
            community_lines(plan, case, width),
            site_lines(plan, case, width),
        ]
    return [*found, opening_lines(plan, width), _reason_lines(plan, width)]


def _compared_lines(plan: Plan, width: int) -> list[str]:
    """Return what the plan by rule comes to: each patient to the nearest bed free today."""
    other = plan.summary.get("by_rule") or {}
    if not other:
        return []
    columns = (
        Column("Compared with"),
        Column("this plan", right=True),
        Column("nearest free bed today", right=True),
    )
    rows = [
        (
            goal_words(goal.name),
            goal_amount(goal.name, goal.value),
            goal_amount(goal.name, other.get(goal.name)),
        )
        for goal in plan.goals
    ]
    return table(columns, rows, width)


# -- who waits ---------------------------------------------------------------------------------


def _mean_waiting(plan: Plan, case: AdmitCase) -> pd.DataFrame:
    """Return the rows of waiting with the mean number and patient-days over the scenarios."""
    rows = plan["waiting"]
    mean = rows["number"].to_numpy(float) * chance_of(case, rows)
    days = mean * case.days[rows["period"].to_numpy(np.int64) - 1]
    return rows.assign(mean=mean, days=days)


def waiting_table(plan: Plan, case: AdmitCase) -> pd.DataFrame:
    """Return one row a class: severity, patients, patient_days, most, worst_period, end.

    Those held in a bed of another class wait for the class they now belong to.
    """
    rows = _mean_waiting(plan, case)
    patients = np.tensordot(case.probability, case.arrivals.sum(axis=(1, 3)), axes=1)
    by_day = rows.pivot_table(
        index="severity", columns="period", values="mean", aggfunc="sum", fill_value=0.0
    ).reindex(index=case.classes.ids, columns=range(1, case.periods + 1), fill_value=0.0)
    days = rows.groupby("severity")["days"].sum().reindex(case.classes.ids).fillna(0.0)
    most = by_day.max(axis=1).to_numpy(float)
    return pd.DataFrame(
        {
            "severity": case.classes.ids,
            "name": case.classes.names,
            "patients": patients,
            "patient_days": days.to_numpy(float),
            "most": most,
            "worst_period": np.where(most > 0, by_day.to_numpy(float).argmax(axis=1) + 1, 0),
            "end": by_day[case.periods].to_numpy(float),
        }
    )


def waiting_lines(plan: Plan, case: AdmitCase, width: int) -> list[str]:
    """Return who waits by class."""
    columns = (
        Column("Class"),
        Column("patients", right=True),
        Column("patient-days waiting", right=True),
        Column("most wait", right=True),
        Column("in period", right=True),
        Column("at the end", right=True),
    )
    rows = [
        (
            label(str(row["severity"]), str(row["name"])),
            number(round(row["patients"], 1)),
            number(round(row["patient_days"], 1)),
            number(round(row["most"], 1)),
            str(row["worst_period"]) if row["worst_period"] else "-",
            number(round(row["end"], 1)),
        )
        for row in waiting_table(plan, case).to_dict("records")
    ]
    return table(columns, rows, width)


# -- which hospital takes our patients ---------------------------------------------------------


def notices(plan: Plan) -> pd.DataFrame:
    """Return which site takes the patients of a place and when: the plan table of that name.

    One row for consecutive periods of a place, class and site.
    """
    keys = ["scenario_id", "community_id", "severity", "site_id"]
    sums = plan_table("admissions", plan["admissions"]).groupby([*keys, "period"])["number"].sum()
    rows = sums.reset_index().sort_values([*keys, "period"], kind="stable", ignore_index=True)
    new = (rows[keys] != rows[keys].shift()).any(axis=1) | (rows["period"].diff() != 1)
    run = new.cumsum()
    runs = rows.groupby(run)
    found = runs[keys].first()
    found["number"] = runs["number"].sum()
    found["period_from"], found["period_to"] = runs["period"].min(), runs["period"].max()
    order = ["scenario_id", "community_id", "period_from", "severity", "site_id"]
    return plan_table("notices", found.sort_values(order, kind="stable", ignore_index=True))


def community_table(plan: Plan, case: AdmitCase) -> pd.DataFrame:
    """Return one row a place: community_id, name, patients, outside, days, mean_days, sites.

    `days` are patient-days of waiting, `mean_days` the same a patient, `sites` names where they go
    and when, most patients first; means over the scenarios.
    """
    waiting = _mean_waiting(plan, case)
    outside = waiting[waiting["from_severity"] == ""]
    days = outside.groupby("community_id")["days"].sum().reindex(case.origins.ids).fillna(0.0)
    patients = np.tensordot(case.probability, case.arrivals.sum(axis=(2, 3)), axes=1)
    rows = plan["admissions"]
    rows = rows.assign(mean=rows["number"].to_numpy(float) * chance_of(case, rows))
    totals = rows.groupby(["community_id", "site_id"], as_index=False).agg(
        mean=("mean", "sum"), first=("period", "min"), last=("period", "max")
    )
    totals = totals.sort_values("mean", ascending=False, kind="stable")
    told = {str(place): _sites_words(part) for place, part in totals.groupby("community_id")}
    return pd.DataFrame(
        {
            "community_id": case.origins.ids,
            "name": case.origins.names,
            "patients": patients,
            "days": days.to_numpy(float),
            "mean_days": days.to_numpy(float) / np.where(patients > 0, patients, np.nan),
            "sites": [told.get(str(place), "no site") for place in case.origins.ids],
        }
    )


def _sites_words(rows: pd.DataFrame) -> str:
    head = rows.head(SITES)
    columns = (head[name] for name in ("site_id", "mean", "first", "last"))
    parts = [
        f"{site} {number(round(mean, 1))} ({first}-{last})"
        for site, mean, first, last in zip(*columns, strict=True)
    ]
    rest = len(rows) - len(head)
    return ", ".join(parts) + (f" and {count(rest, 'more site')}" if rest else "")


def community_lines(plan: Plan, case: AdmitCase, width: int) -> list[str]:
    """Return where the patients of each place go, the longest mean wait first."""
    found = community_table(plan, case)
    found = found.sort_values("mean_days", ascending=False, kind="stable", na_position="last")
    columns = (
        Column("Place"),
        Column("patients", right=True),
        Column("days waited each", right=True),
        Column("goes to (patients, periods)"),
    )
    rows = [
        (
            label(str(row["community_id"]), str(row["name"])),
            number(round(row["patients"], 1)),
            number(row["mean_days"]),
            row["sites"],
        )
        for row in found.head(MOST).to_dict("records")
    ]
    lines = table(columns, rows, width)
    rest = len(found) - MOST
    more = f"and {count(rest, 'place')} more; " if rest > 0 else ""
    return lines + wrap(
        f"{more}notices.csv says for every place which site, which class, when.", width
    )


def opening_lines(plan: Plan, width: int) -> list[str]:
    """Return the surge wards the plan opens."""
    opened = plan["openings"].sort_values("period", kind="stable")
    if opened.empty:
        return []
    columns = (
        Column("Opened"),
        Column("site"),
        Column("class"),
        Column("decided in", right=True),
        Column("beds", right=True),
        Column("cost", right=True),
    )
    rows = [
        (
            row["ward_id"],
            row["site_id"],
            row["severity"],
            str(row["period"]),
            number(row["beds"]),
            number(row["cost"]),
        )
        for row in opened.head(MOST).to_dict("records")
    ]
    return table(columns, rows, width)


def _reason_lines(plan: Plan, width: int) -> list[str]:
    if not plan.states("reasons") or plan.reasons.empty:
        return []
    lines = wrap("Why they wait (more: allocator explain PLAN)", width)
    for row in plan.reasons.head(WORST).to_dict("records"):
        lines += wrap(f"{row['code']} {row['text']}", width, "  ")
    return lines
