"""Items, usual needs, present stocks and suppliers of the case of reserves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.generate.figures import Figures
from allocator.generate.shanghai import needs, pressure
from allocator.generate.shanghai.case import Case
from allocator.generate.shanghai.supply import MEDICAL, daily_need, depot_ids
from allocator.generate.shapes import Floats, Names, long_table

ITEMS = (
    "rice", "noodles", "formula", "water", "masks", "gowns", "antigen_tests", "concentrators",
)  # fmt: skip


def prices(case: Case, figures: Figures) -> Floats:
    """Return the price of each item: that of the dispatch case where it has one."""
    return np.array(
        [figures.find(item, "price", case.figures.find(item, "price")) for item in ITEMS]
    )


def items_table(case: Case, figures: Figures) -> pd.DataFrame:
    """Return the items that can be kept for long, with the costs of holding and lacking them."""
    table = needs.items_table(case, whole_packs=False).set_index("item_id").loc[list(ITEMS)]
    price = prices(case, figures)
    tier = table["tier"].to_numpy(int)
    lack = np.where(
        tier == 1, figures("costs", "shortage_tier_1"), figures("costs", "shortage_tier_2")
    )
    return table.reset_index().assign(
        unit_cost=price,
        shortage_cost=np.round(price * lack, 2),
        surplus_cost=np.round(price * figures("costs", "surplus"), 4),
    )


def needs_table(case: Case, figures: Figures) -> pd.DataFrame:
    """Return the needs of the first week of April 2022: the flows of days added up by period."""
    arrays = needs.need_arrays(case, pressure.pressure_of(case))
    first, days = int(figures("horizon", "first_days")), int(figures("horizon", "days"))
    parts = [slice(0, first), slice(first, days)]
    quantity = np.stack([_by_period(item, arrays[item][0], parts) for item in ITEMS], axis=1)
    people = np.stack(
        [
            np.stack([arrays[item][1][:, part].max(axis=1) for part in parts], axis=1)
            for item in ITEMS
        ],
        axis=1,
    )
    names: Names = {
        "community_id": case.units["community_id"].tolist(),
        "item_id": list(ITEMS),
        "period": np.arange(1, len(parts) + 1),
    }
    return long_table(names, quantity=np.round(quantity, 1), people=np.round(people, 1))


def _by_period(item: str, daily: Floats, parts: list[slice]) -> Floats:
    """Return communities x periods; of a reusable (a level in use) the largest of the days."""
    if item == "concentrators":
        return np.stack([daily[:, part].max(axis=1) for part in parts], axis=1)
    return np.stack([daily[:, part].sum(axis=1) for part in parts], axis=1)


def stocks_table(case: Case) -> pd.DataFrame:
    """Return what the warehouses hold now, as in the dispatch case."""
    share = case.districts["population"].to_numpy() / case.districts["population"].sum()
    daily = daily_need(case)
    held = case.figures.column(ITEMS, "depot_days") * np.array([daily[item] for item in ITEMS])
    names: Names = {"place_id": depot_ids(case).tolist(), "item_id": list(ITEMS)}
    return long_table(names, quantity=np.round(share[:, None] * held[None, :], 1))


def agreements_table(case: Case, figures: Figures) -> pd.DataFrame:
    """Return what a supplier of food and one of medical goods promise each district."""
    share = case.districts["population"].to_numpy() / case.districts["population"].sum()
    daily = np.array([daily_need(case)[item] for item in ITEMS])
    most = share[:, None] * daily[None, :] * figures("supplier", "days")
    names: Names = {"site_id": depot_ids(case).tolist(), "item_id": list(ITEMS)}
    price = np.tile(prices(case, figures), len(share))
    table = long_table(names, maximum=np.round(most, 1)).assign(
        option_price=np.round(price * figures("supplier", "option_share"), 4),
        price=np.round(price * figures("supplier", "price_share"), 4),
        delay_periods=1,
    )
    table = table[table["item_id"] != "concentrators"].reset_index(drop=True)
    trade = np.where(table["item_id"].isin(MEDICAL), "medical", "food")
    table.insert(0, "agreement_id", trade + ":" + table["site_id"] + ":" + table["item_id"])
    return table
