"""A plan of reserves for a terminal: what opens, what it costs, what happens, who goes without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from allocator.instance import Instance
from allocator.instance.futures import ReserveCase, reserve_case
from allocator.plan import Plan
from allocator.report.layout import Column, table, wrap
from allocator.report.words import TOLD, count, goal_amount, goal_words, label, number, percent

MOST = 10
WORST = 5
STOCKS = 3  # items named at a site
OTHERS = {
    "present": "present reserves",
    "in_proportion": "by people",
    "present_by_rule": "present, by rule",
    "in_proportion_by_rule": "by people, by rule",
}
BY_RULE = (
    "By rule: there was no time to answer the scenarios as well as these reserves allow; over the"
    " cheapest lanes first they come to this."
)
COSTS = {
    "sites": "sites",
    "stock": "stock",
    "agreements": "agreements",
    "transport": "transport",
    "called": "goods called",
    "shortage": "shortage",
    "surplus": "surplus",
}


def head_sentence(plan: Plan, instance: Instance | None) -> str:
    """Return how much is decided and against how many scenarios."""
    open_, stock = plan.sites, plan.reserves
    parts = [f"{count(len(open_), 'site')} open"]
    if instance is not None:
        status = instance["sites"].set_index("site_id")["status"]
        fresh = int((status.reindex(open_["site_id"]) == "candidate").sum())
        parts[0] += f" ({number(fresh)} new)" if fresh else ""
    parts.append(f"{count(stock['item_id'].nunique(), 'item')} in reserve")
    agreements = int((plan["agreements"]["quantity"] > 0).sum())
    if agreements:
        parts.append(count(agreements, "agreement"))
    if plan.states("outcomes"):
        parts.append(f"answered in {count(len(plan.outcomes), 'scenario')}")
    return f"{', '.join(parts)}."


def compared_lines(plan: Plan, width: int) -> list[str]:
    """Return what the present reserves and stock by people come to in the same scenarios."""
    others = {name: plan.summary.get(name) or {} for name in OTHERS}
    shown = {OTHERS[name]: found for name, found in others.items() if found}
    if not shown:
        return []
    columns = [
        Column("Compared with"),
        Column("this plan", right=True),
        *(Column(title, right=True) for title in shown),
    ]
    rows = [
        (
            goal_words(goal.name),
            goal_amount(goal.name, goal.value),
            *(goal_amount(goal.name, found.get(goal.name)) for found in shown.values()),
        )
        for goal in plan.goals
    ]
    lines = table(columns, rows, width)
    for title, found in shown.items():
        if not title.endswith("by rule"):
            lines += wrap(_gain(plan, title, found), width)
    if any(others[name] for name in others if name.endswith("_by_rule")):
        lines += wrap(BY_RULE, width)
    return lines


def _gain(plan: Plan, title: str, other: Mapping[str, float]) -> str:
    """Say how this plan differs from another in the same scenarios."""
    parts = []
    for goal in plan.goals:
        more = (goal.value or 0.0) - other.get(goal.name, np.nan)
        if np.isfinite(more) and abs(more) > 1e-5 * abs(goal.value or 0.0) + TOLD:
            share = f" ({percent(abs(more / other[goal.name]))})" if other[goal.name] else ""
            word = "more" if more > 0 else "less"
            parts.append(f"{number(abs(more))} {goal.unit} {word} {goal_words(goal.name)}{share}")
    by_people = "the same stock spread by the people near each site"
    what = by_people if title == "by people" else f"the {title}"
    return f"Against {what}: {'; '.join(parts) or 'no difference'}."


def cost_lines(plan: Plan, instance: Instance | None, width: int) -> list[str]:
    """Return what the money goes to: before, and on average in a scenario."""
    first, mean = plan.summary.get("first_stage") or {}, plan.summary.get("mean_cost") or {}
    if not first:
        return []
    columns = (Column("Money"), Column("before", right=True), Column("in a scenario", right=True))
    rows = [
        (words, number(first[name]) if name in first else "", _paid(mean, name))
        for name, words in COSTS.items()
        if abs(first.get(name, 0.0)) > TOLD or abs(mean.get(name, 0.0)) > TOLD
    ]
    rows.append(("together", number(sum(first.values())), number(sum(mean.values()))))
    lines = table(columns, rows, width)
    for sentence in _about_money(instance) if mean else ():
        lines += wrap(sentence, width)
    return lines


def _about_money(instance: Instance | None) -> Iterator[str]:
    yield (
        "In a scenario: the mean over the scenarios, by probability; shortage and surplus are the"
        " prices put on them."
    )
    policy = None if instance is None else instance.policy
    if policy is not None and policy.risk != "expected":
        part = percent(policy.risk_weight)
        worst = percent(1 - policy.risk_level)
        measure = "the worst scenario" if policy.risk == "worst" else f"the worst {worst}"
        yield f"The goal cost counts {measure} with weight {part}, and the mean with the rest."


def _paid(mean: Mapping[str, float], name: str) -> str:
    return number(mean[name]) if name in mean else ""


def site_lines(plan: Plan, instance: Instance | None, width: int) -> list[str]:
    """Return the open sites with size, room and stock, the fullest first."""
    sites = sites_table(plan, instance)
    if sites.empty:
        return ["No site is open."]
    columns = [Column("Site"), Column("size"), Column("fixed cost", right=True)]
    known = instance is not None
    columns += [Column("m3", right=True), Column("of room", right=True)] if known else []
    rows = []
    for row in sites.head(MOST).to_dict("records"):
        room = [number(row["m3"]), percent(row["used"])] if known else []
        name = f"{label(str(row['site_id']), str(row['name']))}{' +' if row['new'] else ''}"
        size = f"{row['size_id']}" or "-"
        rows.append((name, size, number(row["fixed_cost"]), *room, row["stock"]))
    lines = table([*columns, Column("stock")], rows, width)
    if len(sites) > MOST:
        lines += wrap(f"and {count(len(sites) - MOST, 'site')} more: see sites.csv", width)
    if sites["new"].any():
        lines += wrap("+ newly opened.", width)
    return lines


def sites_table(plan: Plan, instance: Instance | None) -> pd.DataFrame:
    """Return one row an open site: site_id, name, new, size_id, fixed_cost, m3, used, stock."""
    sites, stock = plan.sites, plan.reserves
    found = sites[["site_id", "size_id", "fixed_cost"]].reset_index(drop=True)
    mine = stock.sort_values("quantity", ascending=False, kind="stable")
    told = {str(site): _stock_words(rows) for site, rows in mine.groupby("site_id", sort=False)}
    found["stock"] = [told.get(site, "nothing") for site in found["site_id"]]
    if instance is None:
        return found.assign(name="", new=False, m3=np.nan, used=np.nan)
    table_ = instance["sites"].set_index("site_id").reindex(found["site_id"])
    m3 = stock["quantity"] * stock["item_id"].map(instance["items"].set_index("item_id")["m3"])
    load = m3.groupby(stock["site_id"]).sum().reindex(found["site_id"]).fillna(0.0).to_numpy()
    sizes = instance["sizes"].set_index(["site_id", "size_id"])["volume_m3"]
    room = sizes.reindex(pd.MultiIndex.from_frame(found[["site_id", "size_id"]])).to_numpy(float)
    found = found.assign(
        name=table_["name"].to_numpy(object),
        new=(table_["status"] == "candidate").to_numpy(),
        m3=load,
        used=load / np.where(room > 0, room, np.nan),
    )
    return found.sort_values("m3", ascending=False, kind="stable", ignore_index=True)


def _stock_words(rows: pd.DataFrame) -> str:
    """Name the largest stocks of a site."""
    head = rows.head(STOCKS)
    parts = [f"{number(q)} {i}" for i, q in zip(head["item_id"], head["quantity"], strict=True)]
    rest = len(rows) - len(head)
    return ", ".join(parts) + (f" and {count(rest, 'more item')}" if rest else "")


def item_lines(plan: Plan, instance: Instance, case: ReserveCase, width: int) -> list[str]:
    """Return what is held of every item, against the need of the mean and the largest scenario."""
    futures, items = case.futures, case.reserve.items
    total = plan.reserves.groupby("item_id")["quantity"].sum().reindex(items.ids).fillna(0.0)
    need = futures.need.sum(axis=1)
    short = _mean_short(plan).groupby("item_id")["mean"].sum().reindex(items.ids).fillna(0.0)
    mean = futures.probability @ need
    columns = (
        Column("Item"),
        Column("in reserve", right=True),
        Column("mean need", right=True),
        Column("largest need", right=True),
        Column("unmet on average", right=True),
    )
    names = instance["items"].set_index("item_id")["name"]
    rows = [
        (
            label(item, str(names[item])),
            number(round(total[item], 2)),
            number(round(mean[k], 2)),
            number(round(float(need[:, k].max()), 2)),
            percent(short[item] / mean[k]) if mean[k] > 0 else "-",
        )
        for k, item in enumerate(items.ids.tolist())
        if mean[k] > 0 or total[item] > 0
    ]
    rest = len(rows) - 2 * MOST
    more = wrap(f"and {count(rest, 'item')} more", width) if rest > 0 else []
    return [*table(columns, rows[: 2 * MOST], width), *more]


def worst_lines(plan: Plan, instance: Instance | None, width: int) -> list[str]:
    """Return the scenarios with most life-critical shortage, then with most cost."""
    outcomes = plan.outcomes.sort_values(["critical", "cost"], ascending=False, kind="stable").head(
        WORST
    )
    names = {}
    if instance is not None:
        table_ = instance["scenarios"]
        names = dict(zip(table_["scenario_id"], table_["name"], strict=True))
    columns = (
        Column("Worst scenarios"),
        Column("probability", right=True),
        Column("people short", right=True),
        Column("units short", right=True),
        Column("cost", right=True),
    )
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
    columns = (
        Column("Goes without"),
        Column("people short", right=True),
        Column("in scenarios", right=True),
        Column("of need", right=True),
        Column("most short of"),
    )
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
    lines = [*table(columns, rows, width), *wrap(note, width)]
    if len(places) > MOST:
        rest = count(len(places) - MOST, "place")
        lines += wrap(f"and {rest} more: see recourse.csv.gz, kind short", width)
    return lines


def uncovered(plan: Plan, case: ReserveCase) -> pd.DataFrame:
    """Return one row a place short of anything, life-critical first.

    Columns: community_id, people (short of life-critical goods, mean over the scenarios, the
    largest item counts), probability (of any shortage), share (of its units needed), item_id.
    """
    futures, reserve = case.futures, case.reserve
    short = _mean_short(plan)
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


def _mean_short(plan: Plan) -> pd.DataFrame:
    """Return the rows of recourse about shortages with probability and mean units."""
    rows = plan["recourse"]
    rows = rows[(rows["kind"] == "short") & (rows["quantity"] > 1e-4)].reset_index(drop=True)
    chance = plan.outcomes.set_index("scenario_id")["probability"]
    probability = rows["scenario_id"].map(chance).astype(float)
    return rows.assign(probability=probability, mean=probability * rows["quantity"])


def sections(plan: Plan, instance: Instance | None, width: int) -> list[list[str]]:
    """Return what is told of a plan of reserves beside its head and goals."""
    found = [
        compared_lines(plan, width),
        site_lines(plan, instance, width),
        cost_lines(plan, instance, width),
    ]
    if not plan.states("recourse"):
        note = "The plan does not say what it does in the scenarios; see: allocator assess"
        return [*found, wrap(f"{note}.", width)]
    found.append(worst_lines(plan, instance, width))
    if instance is not None:
        case = reserve_case(instance)
        found.insert(2, item_lines(plan, instance, case, width))
        found.append(uncovered_lines(plan, case, width))
    if plan.states("reasons") and len(plan.reasons):
        found.append(_reason_lines(plan, width))
    return found


def _reason_lines(plan: Plan, width: int) -> list[str]:
    lines = wrap("Why (more, and why sites are open: allocator explain PLAN)", width)
    for text in plan.reasons["text"].head(WORST):
        lines += wrap(str(text), width, "  ")
    return lines
