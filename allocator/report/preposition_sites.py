"""The open sites of a plan of reserves and what they hold, for a terminal."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance import Instance
from allocator.instance.futures import ReserveCase
from allocator.plan import Plan
from allocator.report.layout import Column, headed, rest_lines, table, wrap
from allocator.report.preposition_scenarios import mean_short
from allocator.report.words import count, label, number, percent

MOST = 10
STOCKS = 3  # items named at a site


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
    lines += rest_lines(len(sites), MOST, width, "site", "sites.csv")
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
    short = mean_short(plan).groupby("item_id")["mean"].sum().reindex(items.ids).fillna(0.0)
    mean = futures.probability @ need
    columns = headed("Item", "in reserve", "mean need", "largest need", "unmet on average")
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
    more = rest_lines(len(rows), 2 * MOST, width, "item")
    return [*table(columns, rows[: 2 * MOST], width), *more]
