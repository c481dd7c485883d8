"""The first stage of a plan: sites and sizes, stock, agreements and assignments, by number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check import rows
from allocator.check.ground import Bools, Floats, Ints, lookup
from allocator.check.preposition_ground import Stage
from allocator.check.rows import known, words
from allocator.check.verdict import Findings
from allocator.plan import Plan, plan_table


@dataclass(frozen=True)
class Chosen:
    """What a plan decides before any scenario; `line` arrays point at rows of its tables."""

    size: Ints  # over places: row of Sizes, -1 = not open
    stock: Floats  # places x items
    stock_line: Ints  # places x items, -1 = none
    agreed: Floats  # over agreements
    agreed_line: Ints
    assigned: Ints  # over places: the site, -1 = none
    assigned_line: Ints
    site_line: Ints  # over places, -1 = none

    @property
    def open(self) -> Bools:
        """Return which places are open sites."""
        return np.asarray(self.size >= 0)


def chosen_of(found: Findings, stage: Stage, plan: Plan) -> Chosen:
    """Read the tables of the first stage; what cannot be read is recorded and left out."""
    stock, stock_line = _stock(found, stage, plan_table("reserves", plan["reserves"]))
    if plan.states("sites"):
        size, site_line = _sizes(found, stage, stock, plan_table("sites", plan["sites"]))
    else:
        found.approximate("the plan states no sites: existing ones and those with stock are open")
        size = _implied(stage, stock)
        site_line = np.full(len(size), -1, dtype=np.int64)
    assigned, line = _assigned(found, stage, plan_table("assignments", plan["assignments"]))
    agreed, agreed_line = _agreed(found, stage, plan_table("agreements", plan["agreements"]))
    return Chosen(
        size=size,
        stock=stock,
        stock_line=stock_line,
        agreed=agreed,
        agreed_line=agreed_line,
        assigned=assigned,
        assigned_line=line,
        site_line=site_line,
    )


def _stock(found: Findings, stage: Stage, table: pd.DataFrame) -> tuple[Floats, Ints]:
    ground = stage.ground
    site, ok = _sites(found, stage, "reserves", table)
    item = ground.item(table["item_id"])
    amount, ok_amount = rows.amounts(found, "reserves", table, "quantity")
    ok = ok & known(found, "reserves", table, "item_id", item) & ok_amount
    line = np.flatnonzero(ok)
    shape = (len(ground.places), len(ground.items))
    stock, at = np.zeros(shape), np.full(shape, -1, dtype=np.int64)
    np.add.at(stock, (site[line], item[line]), amount[line])
    at[site[line], item[line]] = line
    return stock, at


def _sites(found: Findings, stage: Stage, name: str, table: pd.DataFrame) -> tuple[Ints, Bools]:
    """Return the place of column site_id and whether it is a site that takes part."""
    places = stage.ground.places
    site = lookup(places.index, table["site_id"])
    ok = known(found, name, table, "site_id", np.where(places.is_site[site], site, -1))
    out = np.flatnonzero(ok & ~places.active[site])
    lines = (f"{one} is closed" for one in table["site_id"].to_numpy(object)[out])
    found.add("size", name, out, np.ones(len(out)), lines)
    return site, ok & places.active[site]


def _sizes(found: Findings, stage: Stage, stock: Floats, table: pd.DataFrame) -> tuple[Ints, Ints]:
    """Read the sites table; a blank size is the only one, else the smallest that has room."""
    site, ok = _sites(found, stage, "sites", table)
    count = len(stage.ground.places)
    size, at = np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    implied = _smallest(stage, stock)
    named = pd.MultiIndex.from_arrays([stage.sizes.site, stage.sizes.name])
    wanted = pd.MultiIndex.from_arrays([site, table["size_id"].to_numpy(object)])
    number = np.asarray(named.get_indexer(wanted), dtype=np.int64)
    blank = (table["size_id"] == "").to_numpy() & (number < 0)
    number = np.where(blank, implied[site], number)
    wrong = np.flatnonzero(ok & (number < 0))
    lines = words(
        "{} cannot be opened at size {!r}: it has no such size",
        table["site_id"].iloc[wrong],
        table["size_id"].iloc[wrong],
    )
    found.add("size", "sites", wrong, np.ones(len(wrong)), lines)
    line = np.flatnonzero(ok & (number >= 0))
    twice = line[pd.Series(site[line]).duplicated().to_numpy()]
    lines = [f"{one} has a size already" for one in table["site_id"].iloc[twice]]
    found.add("size", "sites", twice, np.ones(len(twice)), lines)
    line = np.setdiff1d(line, twice)
    size[site[line]], at[site[line]] = number[line], line
    return size, at


def _implied(stage: Stage, stock: Floats) -> Ints:
    """Return the sizes of a plan that names no sites: existing ones, and those with stock."""
    wanted = stage.existing | (stock > 0).any(axis=1)
    return np.where(wanted, _smallest(stage, stock), -1)


def _smallest(stage: Stage, stock: Floats) -> Ints:
    """Return for every place the smallest size with room for its stock, else the largest; or -1."""
    sizes = stage.sizes
    load = stock @ stage.ground.items.m3
    fits = sizes.volume >= load[sizes.site] - 1e-9
    # Those that fit by room, then the others from the largest down; ties by cost.
    order = np.lexsort((sizes.cost, np.where(fits, sizes.volume, -sizes.volume), ~fits))
    result = np.full(len(load), -1, dtype=np.int64)
    result[sizes.site[order[::-1]]] = order[::-1]
    return result


def _agreed(found: Findings, stage: Stage, table: pd.DataFrame) -> tuple[Floats, Ints]:
    number = lookup(stage.agreements.index, table["agreement_id"])
    amount, ok = rows.amounts(found, "agreements", table, "quantity")
    ok = ok & known(found, "agreements", table, "agreement_id", number)
    line = np.flatnonzero(ok)
    agreed = np.zeros(len(stage.agreements))
    at = np.full(len(stage.agreements), -1, dtype=np.int64)
    np.add.at(agreed, number[line], amount[line])
    at[number[line]] = line
    return agreed, at


def _assigned(found: Findings, stage: Stage, table: pd.DataFrame) -> tuple[Ints, Ints]:
    """Read the assignments; a second site for the same place is recorded."""
    ground = stage.ground
    place = lookup(ground.places.index, table["community_id"])
    site, ok = _sites(found, stage, "assignments", table)
    ok = ok & known(found, "assignments", table, "community_id", place)
    line = np.flatnonzero(ok)
    twice = line[pd.Series(place[line]).duplicated().to_numpy()]
    lines = [f"{one} is assigned already" for one in table["community_id"].iloc[twice]]
    found.add("assign", "assignments", twice, np.ones(len(twice)), lines)
    line = np.setdiff1d(line, twice)
    assigned, at = np.full((2, len(ground.places)), -1, dtype=np.int64)
    assigned[place[line]], at[place[line]] = site[line], line
    return assigned, at
