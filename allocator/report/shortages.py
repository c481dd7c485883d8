"""What is short, by item and by community."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.instance import Instance
from allocator.plan import Plan
from allocator.report.layout import Column, table, wrap
from allocator.report.words import count, label, number, percent

MOST = 10
NOISE, NOISE_UNITS = 1e-5, 1e-3


def noticeable(plan: Plan) -> pd.DataFrame:
    """Return the shortages that are more than numerical noise."""
    short = plan.shortages
    return short[short["short"] > (NOISE * short["need"]).clip(lower=NOISE_UNITS)]


def by_item(plan: Plan, instance: Instance | None = None) -> pd.DataFrame:
    """Return one row an item that is short, the most person-days first.

    Columns: item_id, quantity (units; of waiting need those still waiting at the end; of a level
    in use unit-periods), share (of the need; NaN without the instance), person_days, people (in
    the worst period), worst_community, worst_period.
    """
    short = noticeable(plan).reset_index(drop=True)
    short["quantity"] = short["short"].where(_counts(short, instance), 0.0)
    grouped = short.groupby("item_id", sort=False)
    found = grouped[["quantity", "person_days"]].sum()
    found["share"] = found["quantity"] / _needed(instance, found.index)
    short["people_short"] = short["person_days"] / _days(short["period"], instance)
    in_period = short.groupby(["item_id", "period"])["people_short"].sum()
    found["people"] = in_period.groupby("item_id").max()
    worst = short.loc[grouped["person_days"].idxmax()].set_index("item_id")
    found["worst_community"], found["worst_period"] = worst["community_id"], worst["period"]
    return _largest(found, "item_id")


def by_community(plan: Plan, instance: Instance | None = None) -> pd.DataFrame:
    """Return one row a community that is short, life-critical person-days first.

    Columns: community_id, critical and other (person-days; over the items of a tier the largest,
    never the sum), share_critical (of its life-critical need), worst_item. Without the instance
    tiers are not known: all person-days are under other.
    """
    short = noticeable(plan)
    short = short.assign(tier=_tiers(short["item_id"], instance))
    keys = ["community_id", "tier", "period"]
    largest = short.groupby(keys)["person_days"].max().groupby(["community_id", "tier"]).sum()
    totals = largest.unstack("tier", fill_value=0)
    critical = totals[1] if 1 in totals else pd.Series(0.0, index=totals.index)
    found = pd.DataFrame({"critical": critical, "other": totals.sum(axis=1) - critical})
    found["share_critical"] = found["critical"] / _critical_need(instance, found.index)
    items = short.groupby(["community_id", "item_id"])["person_days"].sum()
    found["worst_item"] = items.groupby("community_id").idxmax().str[1]
    return found.sort_values(["critical", "other"], ascending=False, kind="stable").reset_index(
        names="community_id"
    )


def shortage_lines(plan: Plan, instance: Instance | None, width: int) -> list[str]:
    """Return both tables for people, at most ten rows each."""
    if not plan.states("shortages"):
        return wrap("Shortages: the plan does not state them.", width)
    if noticeable(plan).empty:
        return ["No need is left unmet."]
    items, places = by_item(plan, instance), by_community(plan, instance)
    return [
        *_item_table(items, instance, width),
        *_rest(len(items), "item", width),
        "",
        *_place_table(places, instance, width),
        *_rest(len(places), "community", width, "communities"),
    ]


def _item_table(items: pd.DataFrame, instance: Instance | None, width: int) -> list[str]:
    columns = (
        Column("Short by item"),
        Column("quantity", right=True),
        Column("of need", right=True),
        Column("people", right=True),
        Column("worst at"),
    )
    names, units = _names(instance, "items"), _units(instance)
    towns = _names(instance, "communities") | _names(instance, "sites")
    rows = []
    for row in _records(items.head(MOST)):
        item, place = row["item_id"], row["worst_community"]
        quantity = f"{number(row['quantity'])} {units.get(item, '')}".rstrip()
        where = f"{label(place, towns.get(place, ''))}, period {row['worst_period']}"
        name, people = label(item, names.get(item, "")), number(round(row["people"]))
        rows.append((name, quantity, percent(row["share"]), people, where))
    return table(columns, rows, width)


def _place_table(places: pd.DataFrame, instance: Instance | None, width: int) -> list[str]:
    known = instance is not None
    columns = [Column("Short by community")]
    if known:
        columns += [Column("life-critical", right=True), Column("of need", right=True)]
    columns += [Column("other" if known else "person-days", right=True), Column("most short of")]
    towns = _names(instance, "communities") | _names(instance, "sites")
    names = _names(instance, "items")
    rows = []
    for row in _records(places.head(MOST)):
        place, item = row["community_id"], row["worst_item"]
        tiers = [number(row["critical"]), percent(row["share_critical"])] if known else []
        ends = (number(row["other"]), label(item, names.get(item, "")))
        rows.append((label(place, towns.get(place, "")), *tiers, *ends))
    note = "Person-days; over the items of a tier the largest counts, not the sum." if known else ""
    return [*table(columns, rows, width), *(wrap(note, width) if note else [])]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _rest(rows: int, one: str, width: int, many: str = "") -> list[str]:
    return wrap(f"and {count(rows - MOST, one, many)} more: see shortages.csv", width) * (
        rows > MOST
    )


def _counts(short: pd.DataFrame, instance: Instance | None) -> pd.Series:
    """Return which rows add to the quantity: of waiting need only what waits at the end."""
    if instance is None:
        return pd.Series(True, index=short.index)
    needs = instance["needs"]
    waits = needs.loc[needs["backlog"] == "waits", ["community_id", "item_id"]]
    pairs = pd.MultiIndex.from_frame(short[["community_id", "item_id"]])
    waiting = pairs.isin(pd.MultiIndex.from_frame(waits))
    last = instance["periods"]["period"].max()
    return pd.Series(~waiting | (short["period"] == last).to_numpy(), index=short.index)


def _needed(instance: Instance | None, items: pd.Index) -> pd.Series:
    if instance is None:
        return pd.Series(np.nan, index=items)
    return instance["needs"].groupby("item_id")["quantity"].sum().reindex(items)


def _critical_need(instance: Instance | None, places: pd.Index) -> pd.Series:
    """Return the person-days of life-critical need of each place: the largest item counts."""
    if instance is None:
        return pd.Series(np.nan, index=places)
    needs = instance["needs"]
    needs = needs[(_tiers(needs["item_id"], instance) == 1) & (needs["quantity"] > 0)]
    people = needs.groupby(["community_id", "period"])["people"].max().reset_index()
    days = people["people"] * _days(people["period"], instance)
    return days.groupby(people["community_id"]).sum().reindex(places)


def _days(periods: pd.Series, instance: Instance | None) -> pd.Series:
    if instance is None:
        return pd.Series(1.0, index=periods.index)
    minutes = instance["periods"].set_index("period")["minutes"]
    return periods.map(minutes / 1440.0)


def _tiers(items: pd.Series, instance: Instance | None) -> pd.Series:
    if instance is None:
        return pd.Series(2, index=items.index)
    return items.map(instance["items"].set_index("item_id")["tier"])


def _names(instance: Instance | None, name: str) -> dict[str, str]:
    if instance is None:
        return {}
    frame = instance[name]
    key = {"items": "item_id", "communities": "community_id", "sites": "site_id"}[name]
    return dict(zip(frame[key], frame["name"], strict=True))


def _units(instance: Instance | None) -> dict[str, str]:
    """Return the unit of each item; a level in use is counted in unit-periods."""
    if instance is None:
        return {}
    items = instance["items"]
    units = items["unit"].where(~items["reusable"], items["unit"] + "-periods")
    return dict(zip(items["item_id"], units, strict=True))


def _largest(found: pd.DataFrame, key: str) -> pd.DataFrame:
    order = found.sort_values("person_days", ascending=False, kind="stable")
    return order.reset_index(names=key)
