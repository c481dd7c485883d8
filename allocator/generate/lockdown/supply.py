"""Owners, stocks, arrivals, goods on the way, limits and purchases of a random instance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.generate.lockdown.plot import Plot, no_rows
from allocator.generate.shapes import Floats, Ints, Names, long_table

MARKED_LOTS = 6  # more earmarks make more batches without making the case richer


def owners_table(plot: Plot, communities: pd.DataFrame) -> pd.DataFrame:
    """Return four owners: one is not vetted, one gives to its own district only."""
    if not plot.has("owners"):
        return no_rows("owner_id")
    rows = [
        ("city", "government", True, "any", ""),
        ("firm", "firm", True, "any", ""),
        ("strangers", "social", False, "any", ""),
        ("neighbours", "residents", True, "own_district", str(communities["district"].iloc[0])),
    ]
    return pd.DataFrame(rows, columns=["owner_id", "kind", "vetted", "terms", "district"])


def stocks_table(
    plot: Plot, items: pd.DataFrame, communities: pd.DataFrame, per_period: Floats
) -> pd.DataFrame:
    """Return stock at every site, and at some communities."""
    draw = plot.draw
    part = draw.uniform("stock", 0.2, 1.5, plot.sites, plot.items) * plot.periods * 0.4 / plot.sites
    names: Names = {"place_id": plot.site_ids, "item_id": plot.item_ids}
    table = long_table(names, quantity=np.ceil(part * per_period[None, :]))
    perishable = np.tile(items["shelf_life_periods"].notna().to_numpy(), plot.sites)
    dated = perishable & draw.chance("dated", 0.4, len(table))
    table["expiry"] = np.where(dated, draw.whole("expiry", 1, plot.periods, len(table)), np.nan)
    table = _marked(plot, "stock", table, communities)
    if plot.has("community_stocks"):
        table = pd.concat([table, _held_by_communities(plot, per_period)], ignore_index=True)
    return table


def _held_by_communities(plot: Plot, per_period: Floats) -> pd.DataFrame:
    shape = (plot.communities, plot.items)
    part = plot.draw.uniform("home stock", 0.1, 0.6, *shape) * plot.draw.chance("home", 0.2, *shape)
    names: Names = {"place_id": plot.community_ids, "item_id": plot.item_ids}
    table = long_table(names, quantity=np.floor(part * per_period[None, :] / plot.communities))
    return table[table["quantity"] > 0]


def arrivals_table(plot: Plot, communities: pd.DataFrame, per_period: Floats) -> pd.DataFrame:
    """Return what comes to a site each period, about half of the need."""
    if not plot.has("arrivals"):
        return no_rows("place_id", "item_id", "period", "quantity")
    names: Names = {"item_id": plot.item_ids, "period": plot.period_numbers}
    share = plot.draw.uniform("arrival", 0.1, 0.9, plot.items, plot.periods)
    table = long_table(names, quantity=np.ceil(share * per_period[:, None]))
    table["place_id"] = plot.draw.label("arrival site", plot.site_ids, len(table))
    sure = plot.draw.one_of("sure", (1, 1, 0.9, 0.5), len(table))
    table["reliability"] = sure if plot.has("reliability") else 1.0
    return _marked(plot, "arrival", table, communities)


def in_transit_table(plot: Plot, per_period: Floats) -> pd.DataFrame:
    """Return a little already on its way, to sites and to communities."""
    if not plot.has("in_transit"):
        return no_rows("place_id", "item_id", "period", "quantity")
    count = max(2, plot.communities // 20)
    item = plot.draw.whole("road item", 0, plot.items - 1, count)
    places = plot.site_ids + plot.community_ids
    return pd.DataFrame(
        {
            "place_id": plot.draw.label("road place", places, count),
            "item_id": np.array(plot.item_ids, dtype=object)[item],
            "period": plot.draw.whole("road period", 1, min(2, plot.periods), count),
            "quantity": np.ceil(per_period[item] * 0.3 / plot.communities),
        }
    )


def _marked(
    plot: Plot, subject: str, table: pd.DataFrame, communities: pd.DataFrame
) -> pd.DataFrame:
    """Give lots owners, and a few of them earmarks: a community, a district or a zone."""
    table = table.assign(owner_id="", earmark="")
    if plot.has("owners"):
        table["owner_id"] = plot.draw.label(
            f"{subject} owner", ("city", "city", "firm"), len(table)
        )
    chosen = _few(plot, subject, len(table))
    owner, earmark = table["owner_id"].to_numpy(object), table["earmark"].to_numpy(object)
    for turn, row in enumerate(chosen.tolist()):
        chance = plot.draw.whole(f"{subject} town", 0, plot.communities - 1)
        town = communities.iloc[int(chance)]
        if turn % 3 == 2 and plot.has("owners"):
            owner[row] = ("strangers", "neighbours")[turn // 3 % 2]
        elif plot.has("earmarks"):
            earmark[row] = str(town[("district", "community_id", "zone_id")[turn % 3]])
    return table.assign(owner_id=owner, earmark=earmark)


def _few(plot: Plot, subject: str, count: int) -> Ints:
    """Return some lots, never the first one: a pin may count on it."""
    order = np.argsort(plot.draw.uniform(f"{subject} marked", 0, 1, count), kind="stable")
    return order[order > 0][: min(MARKED_LOTS, count // 3)]


def limits_table(plot: Plot, items: pd.DataFrame, stocks: pd.DataFrame) -> pd.DataFrame:
    """Return caps on what leaves a site, and shares of lasting stock that must stay."""
    if not plot.has("limits"):
        return no_rows("place_id", "item_id")
    table = stocks[stocks["place_id"].isin(plot.site_ids)].reset_index(drop=True)
    table = table[["place_id", "item_id", "quantity"]]
    lasting = set(items.loc[items["shelf_life_periods"].isna(), "item_id"])
    keep = plot.draw.one_of("keep", (0, 0, 0.1, 0.25), len(table)) * table["item_id"].isin(lasting)
    cap = np.ceil(table["quantity"] * plot.draw.uniform("cap", 0.3, 0.9, len(table)))
    capped = plot.draw.chance("capped", 0.2, len(table))
    table = table.assign(ship_max=np.where(capped, cap, np.nan), stock_min_share=keep)
    return table[capped | (keep > 0)].drop(columns="quantity")


def purchases_table(plot: Plot, per_period: Floats) -> pd.DataFrame:
    """Return what can be bought here and there."""
    if not plot.has("purchases"):
        return no_rows("site_id", "item_id", "period", "limit")
    names: Names = {
        "site_id": plot.site_ids, "item_id": plot.item_ids, "period": plot.period_numbers,
    }  # fmt: skip
    shape = (plot.sites, plot.items, plot.periods)
    limit = np.ceil(plot.draw.uniform("buy limit", 0.05, 0.2, *shape) * per_period[None, :, None])
    price = plot.draw.whole("price", 1, 20, plot.items)[None, :, None]
    table = long_table(names, limit=limit, price=np.broadcast_to(price, shape).astype(np.float64))
    return table[plot.draw.chance("for sale", 0.15, len(table))]
