"""Needs of the scenarios: units over all periods, people behind them, the part after a delay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.futures_tables import Variants
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.reserve import Reserve, position


@dataclass(frozen=True)
class NeedArrays:
    """Need, people and need after each delay, for scenarios x communities x items."""

    need: Floats
    people: Floats
    after: Floats

    @property
    def rate(self) -> Floats:
        """People without their whole need for each unit short."""
        return np.divide(self.people, self.need, out=np.zeros_like(self.need), where=self.need > 0)


def scenario_needs(variants: Variants, reserve: Reserve, delays: Ints) -> tuple[Floats, NeedArrays]:
    """Return the need of `needs` (J, K), and the needs of every scenario."""
    instance, count = variants.instance, len(variants)
    base = _arrays(
        instance["needs"], np.zeros(len(instance["needs"]), np.int64), 1, reserve, delays
    )
    found = NeedArrays(
        *(np.repeat(array, count, axis=0) for array in (base.need, base.people, base.after))
    )
    for scenario, changed in variants.changing("needs"):
        rows = np.zeros(len(changed["needs"]), np.int64)
        _put(found, np.array([scenario]), _arrays(changed["needs"], rows, 1, reserve, delays))
    table, at = variants.bulk("scenario_needs")
    if len(table):
        own, rows = np.unique(at, return_inverse=True)
        filled = _with_people(table, base, reserve)
        _put(found, own, _arrays(filled, rows, len(own), reserve, delays))
    return base.need[0], found


def _put(found: NeedArrays, scenarios: Ints, new: NeedArrays) -> None:
    found.need[scenarios] = new.need
    found.people[scenarios] = new.people
    found.after[scenarios] = new.after


def _with_people(table: pd.DataFrame, base: NeedArrays, reserve: Reserve) -> pd.DataFrame:
    """Fill in blank people: those of `needs`, else the population, else (a site) the quantity."""
    people = table["people"].to_numpy(float)
    blank = np.flatnonzero(np.isnan(people))
    if not len(blank):
        return table
    place = position(reserve.communities.ids, table["community_id"].iloc[blank])
    item = position(reserve.items.ids, table["item_id"].iloc[blank])
    known, living = base.people[0][place, item], reserve.communities.population[place]
    quantity = table["quantity"].to_numpy(float)[blank]
    other = np.where(reserve.communities.is_site[place], quantity, living)
    people = people.copy()
    people[blank] = np.where(known > 0, known, other)
    return table.assign(people=people)


def _arrays(
    table: pd.DataFrame, scenario: Ints, scenarios: int, reserve: Reserve, delays: Ints
) -> NeedArrays:
    """Return the needs of a table whose rows belong to scenarios numbered from 0."""
    shape = (scenarios, len(reserve.communities), len(reserve.items))
    place = position(reserve.communities.ids, table["community_id"])
    item = position(reserve.items.ids, table["item_id"])
    quantity = table["quantity"].to_numpy(float)
    keep = (place >= 0) & (quantity > 0)
    cell = np.ravel_multi_index((scenario[keep], place[keep], item[keep]), shape)
    quantity, held = quantity[keep], reserve.items.reusable[item[keep]]
    # A bulk need without a period counts as after any delay.
    period = table["period"].fillna(np.inf).to_numpy(float)[keep]
    people = np.zeros(int(np.prod(shape)))
    np.maximum.at(people, cell, table["people"].to_numpy(float)[keep])
    after = [_total(cell, quantity, held, period > delay, people.size) for delay in delays]
    stacked = np.stack(after, axis=1) if after else np.zeros((people.size, 0))
    total = _total(cell, quantity, held, np.ones(len(cell), dtype=bool), people.size)
    return NeedArrays(
        total.reshape(shape), people.reshape(shape), stacked.reshape(*shape, len(delays))
    )


def _total(cell: Ints, quantity: Floats, held: Bools, rows: Bools, size: int) -> Floats:
    """Add up the flows of the rows chosen; of levels in use take the largest."""
    flow, level = rows & ~held, rows & held
    total = np.bincount(cell[flow], quantity[flow], minlength=size).astype(np.float64)
    np.maximum.at(total, cell[level], quantity[level])
    return total
