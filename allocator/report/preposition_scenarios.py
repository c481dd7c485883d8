"""What the scenarios make of a plan of reserves: the worst of them, and who goes without."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance import Instance
from allocator.instance.futures import ReserveCase
from allocator.plan import Plan
from allocator.report.layout import Column, headed, rest_lines, table, wrap
from allocator.report.words import label, number, percent

MOST = 10
WORST = 5


def worst_lines(plan: Plan, instance: Instance | None, width: int) -> list[str]:
    """Return the scenarios with most life-critical shortage, then with most cost."""
    outcomes = plan.outcomes.sort_values(["critical", "cost"], ascending=False, kind="stable").head(
        WORST
    )
    names = {}
    if instance is not None:
        table_ = instance["scenarios"]
        names = dict(zip(table_["scenario_id"], table_["name"], strict=True))
    columns = headed("Worst scenarios", "probability", "people short", "units short", "cost")
    rows = [
        (
            label(row["scenario_id"], names.get(row["scenario_id"], "")) or "(the one there is)",
            percent(row["probability"]),
            number(round(row["critical"], 2)),
            number(round(row["short_units"], 2)),
            number(round(row["cost"], 2)),
        )
        for row in outcomes.to_dict("records")
    ]
    return table(columns, rows, width)


def uncovered_lines(plan: Plan, case: ReserveCase, width: int) -> list[str]:
    """Return the places that go without most, on average over the scenarios."""
    places = uncovered(plan, case)
    if places.empty:
        return ["No need is left unmet in any scenario."]
    names = dict(zip(case.reserve.communities.ids, case.reserve.communities.names, strict=True))
    numbers = headed("Goes without", "people short", "in scenarios", "of need")
    columns = (*numbers, Column("most short of"))
    rows = [
        (
            label(str(row["community_id"]), str(names.get(row["community_id"], ""))),
            number(round(row["people"], 2)),
            percent(row["probability"]),
            percent(row["share"]),
            str(row["item_id"]),
        )
        for row in places.head(MOST).to_dict("records")
    ]
    note = "People short of life-critical goods on average; share of all units needed."
    more = rest_lines(len(places), MOST, width, "place", "recourse.csv.gz, kind short")
    return [*table(columns, rows, width), *wrap(note, width), *more]


def uncovered(plan: Plan, case: ReserveCase) -> pd.DataFrame:
    """Return one row a place short of anything, life-critical first.

    Columns: community_id, people (short of life-critical goods, mean over the scenarios, the
    largest item counts), probability (of any shortage), share (of its units needed), item_id.
    """
    futures, reserve = case.futures, case.reserve
    short = mean_short(plan)
    if short.empty:
        return pd.DataFrame(columns=["community_id", "people", "probability", "share", "item_id"])
    scenario = pd.Index(futures.ids).get_indexer(pd.Index(short["scenario_id"]))
    place = pd.Index(reserve.communities.ids).get_indexer(pd.Index(short["to_id"]))
    item = pd.Index(reserve.items.ids).get_indexer(pd.Index(short["item_id"]))
    vital = reserve.items.tier[item] == 1
    late = np.where(vital, futures.rate[scenario, place, item] * short["quantity"], 0.0)
    short = short.assign(people=late * short["probability"])
    worst = short.groupby(["to_id", "scenario_id"])
    per = pd.DataFrame({"people": worst["people"].max(), "probability": worst["probability"].max()})
    found = per.groupby("to_id").sum()
    mean = pd.Series(
        np.einsum("s,sjk->j", futures.probability, futures.need), index=reserve.communities.ids
    )
    units = short.groupby("to_id")["mean"].sum()
    found["share"] = units / mean.reindex(units.index)
    by_item = short.groupby(["to_id", "item_id"])["mean"].sum()
    found["item_id"] = by_item.groupby("to_id").idxmax().str[1]
    found = found.sort_values(["people", "share"], ascending=False, kind="stable")
    return found.reset_index(names="community_id")


def mean_short(plan: Plan) -> pd.DataFrame:
    """Return the rows of recourse about shortages with probability and mean units."""
    rows = plan["recourse"]
    rows = rows[(rows["kind"] == "short") & (rows["quantity"] > 1e-4)].reset_index(drop=True)
    chance = plan.outcomes.set_index("scenario_id")["probability"]
    probability = rows["scenario_id"].map(chance).astype(float)
    return rows.assign(probability=probability, mean=probability * rows["quantity"])
