"""A given plan as a first-stage point: what a planner states, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.errors import UsageError
from allocator.instance.futures import ReserveCase
from allocator.instance.reserve import position
from allocator.models.preposition.model import PrepositionModel

Tables = Mapping[str, pd.DataFrame]
NEAR = 1e-9


def model_of_plan(case: ReserveCase, tables: Tables) -> tuple[PrepositionModel, Floats]:
    """Return a model that has columns for everything the plan holds, and the plan as its point.

    Only `reserves` is needed: without `sites` the kept sites and those with stock are open, each
    at its cheapest size that holds the stock; without `agreements` there are none; without
    `assignments` a single source is the nearest open site.

    Raises:
        UsageError: E2301 when the plan names what the instance does not have.
    """
    stock = stock_of_plan(case, tables)
    model = PrepositionModel(case, stock)
    point = np.zeros(model.first.program.column_count)
    first = model.first
    point[first.one] = 1.0
    point[first.open] = _sizes(case, tables, stock)
    point[first.stock] = stock[first.site, first.item] / first.pack
    agreed = _amounts(case.reserve.agreements.ids, tables, "agreements", "agreement_id")
    point[first.agree] = agreed / first.lot
    if case.policy.single_sourcing:
        point[model.services.assign] = _assigned(case, tables, point[first.open])
    return model, point


def stock_of_plan(case: ReserveCase, tables: Tables) -> Floats:
    """Return the stock of a plan, sites x items."""
    table = tables["reserves"]
    site = _known(case.reserve.sites.ids, table["site_id"], "reserves")
    item = _known(case.reserve.items.ids, table["item_id"], "reserves")
    stock = np.zeros(case.reserve.stock.minimum.shape)
    np.add.at(stock, (site, item), table["quantity"].to_numpy(float))
    return stock


def _known(names: np.ndarray, ids: pd.Series, table: str) -> Ints:
    found = position(names, ids)
    if (found < 0).any():
        raise UsageError.because(
            "the plan names what the instance does not have or has closed",
            where=table,
            value=str(ids.to_numpy()[found < 0][0]),
            action="use the ids of the instance",
            code="E2301",
        )
    return found


def _amounts(names: np.ndarray, tables: Tables, table: str, column: str) -> Floats:
    amounts = np.zeros(len(names))
    if table in tables and len(tables[table]):
        rows = tables[table]
        np.add.at(amounts, _known(names, rows[column], table), rows["quantity"].to_numpy(float))
    return amounts


def _sizes(case: ReserveCase, tables: Tables, stock: Floats) -> Floats:
    """Return 1 for each size of `sites`, or for the sizes that the stock calls for."""
    sizes, kept = case.reserve.sizes, case.reserve.sites.kept & (not case.policy.close_existing)
    smallest = _smallest(case, stock)
    opened = np.zeros(len(sizes))
    if "sites" not in tables or not len(tables["sites"]):
        opened[smallest[kept | (stock > 0).any(axis=1)]] = 1.0
        return opened
    table = tables["sites"]
    site = _known(case.reserve.sites.ids, table["site_id"], "sites")
    named = table["size_id"].fillna("").to_numpy(object) if "size_id" in table else None
    for row, where in enumerate(site):
        name = "" if named is None else named[row]
        mine = np.flatnonzero((sizes.site == where) & (sizes.ids == name))
        chosen = int(mine[0]) if len(mine) else int(smallest[where])
        opened[chosen] = 1.0
    return opened


def _smallest(case: ReserveCase, stock: Floats) -> Ints:
    """Return for each site the cheapest size that holds its stock, else the largest; -1 = none."""
    sizes = case.reserve.sizes
    used = (stock @ case.reserve.items.m3)[sizes.site]
    fits = sizes.volume_m3 >= used * (1 - NEAR)
    order = np.lexsort((sizes.fixed_cost, -np.minimum(sizes.volume_m3, used), ~fits, sizes.site))
    first = np.r_[True, np.diff(sizes.site[order]) != 0][: len(order)]
    found = np.full(len(case.reserve.sites), -1, dtype=np.int64)
    found[sizes.site[order[first]]] = order[first]
    if (found[(stock > 0).any(axis=1)] < 0).any():
        _known(np.zeros(0, object), pd.Series(case.reserve.sites.ids[found < 0]), "reserves")
    return found


def _assigned(case: ReserveCase, tables: Tables, opened: Floats) -> Floats:
    """Return 1 for the lane of each community to its one site."""
    lanes, reserve = case.reserve.lanes, case.reserve
    chosen = np.zeros(len(lanes))
    if "assignments" in tables and len(tables["assignments"]):
        table = tables["assignments"]
        site = _known(reserve.sites.ids, table["site_id"], "assignments")
        town = _known(reserve.communities.ids, table["community_id"], "assignments")
        width = len(reserve.communities)
        mine = np.isin(lanes.site * width + lanes.community, site * width + town)
        chosen[mine] = 1.0
        return chosen
    there = np.zeros(len(reserve.sites), dtype=bool)
    there[reserve.sizes.site[opened > 0.5]] = True
    order = np.lexsort((lanes.site, lanes.minutes, ~there[lanes.site], lanes.community))
    first = np.r_[True, np.diff(lanes.community[order]) != 0][: len(order)]
    chosen[order[first]] = there[lanes.site[order[first]]]
    return chosen
