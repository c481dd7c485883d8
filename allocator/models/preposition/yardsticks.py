"""Plans of reserves without a solver: those there are, and stock in proportion to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.futures import ReserveCase
from allocator.instance.lanes import Bools
from allocator.models.preposition.by_rule import nearest_lanes

Tables = Mapping[str, pd.DataFrame]
NEAR = 1e-9


@dataclass(frozen=True)
class Given:
    """A first stage by hand: size of every site (-1 = closed) and stock, sites x items."""

    size: Ints
    stock: Floats

    def sites(self, case: ReserveCase) -> pd.DataFrame:
        """Return the open sites as the table of a plan."""
        reserve, site = case.reserve, np.flatnonzero(self.size >= 0)
        chosen = self.size[site]
        return pd.DataFrame(
            {
                "site_id": reserve.sites.ids[site],
                "size_id": reserve.sizes.ids[chosen],
                "fixed_cost": reserve.sizes.fixed_cost[chosen],
            }
        )

    def tables(self, case: ReserveCase) -> Tables:
        """Return sites, reserves, agreements and, if asked for, assignments of a plan."""
        reserve = case.reserve
        where, item = np.nonzero(self.stock > NEAR)
        units = self.stock[where, item]
        stock = {
            "site_id": reserve.sites.ids[where],
            "item_id": reserve.items.ids[item],
            "quantity": units,
            "cost": units * reserve.stock.unit_cost[where, item],
        }
        none = {"agreement_id": np.zeros(0, object), "quantity": np.zeros(0), "cost": np.zeros(0)}
        tables = {
            "sites": self.sites(case),
            "reserves": pd.DataFrame(stock),
            "agreements": pd.DataFrame(none),
        }
        if case.policy.single_sourcing:
            tables["assignments"] = self._assignments(case)
        return tables

    def _assignments(self, case: ReserveCase) -> pd.DataFrame:
        """Return the nearest open site of every place as the table of a plan."""
        lanes, reserve = case.reserve.lanes, case.reserve
        lane = nearest_lanes(case, self.size >= 0)
        columns = {
            "community_id": reserve.communities.ids[lanes.community[lane]],
            "site_id": reserve.sites.ids[lanes.site[lane]],
        }
        return pd.DataFrame(columns)


def present(case: ReserveCase) -> Given:
    """Return the reserves as they stand: existing sites, each at a size with room for them."""
    held = np.where(case.reserve.sites.kept[:, None], case.reserve.stock.present, 0.0)
    return Given(sizes_for(case, held, case.reserve.sites.kept), held)


def in_proportion(case: ReserveCase, opened: Ints, totals: Floats) -> Given:
    """Return totals spread over open sites by the people who have that site as their nearest.

    Args:
        case: The case.
        opened: (I,) size of every site, -1 = closed.
        totals: (K,) units of every item; what fits nowhere is left out.
    """
    reserve = case.reserve
    share = people_nearest(case, opened >= 0)
    room = np.where(opened >= 0, reserve.sizes.volume_m3[opened], 0.0)
    stock = np.zeros(reserve.stock.minimum.shape)
    for item in np.argsort(reserve.items.tier, kind="stable").tolist():
        m3 = float(reserve.items.m3[item])
        most = np.where(opened >= 0, reserve.stock.maximum[:, item], 0.0)
        if m3 > 0:
            most = np.minimum(most, np.maximum(0.0, room) / m3)
        pack = float(reserve.items.pack[item]) if reserve.items.whole[item] else 0.0
        low = np.minimum(least_stock(case, opened >= 0)[:, item], most)
        rest = max(0.0, float(totals[item] - low.sum()))
        stock[:, item] = low + _spread(rest, share, most - low, pack)
        room = room - m3 * stock[:, item]
    return Given(opened, stock)


def least_stock(case: ReserveCase, opened: Bools) -> Floats:
    """Return the minimum of every open site and item, in whole packs where there are packs."""
    reserve = case.reserve
    low = np.where(opened[:, None], reserve.stock.minimum, 0.0)
    packs = np.ceil(low / reserve.items.pack - NEAR) * reserve.items.pack
    return np.where(reserve.items.whole[None], packs, low)


def people_nearest(case: ReserveCase, opened: Bools) -> Floats:
    """Return the people who have each open site as their nearest, before any scenario."""
    lanes, communities = case.reserve.lanes, case.reserve.communities
    first = nearest_lanes(case, opened)
    people = np.zeros(len(opened))
    np.add.at(people, lanes.site[first], communities.population[lanes.community[first]])
    if not people.any():
        people[opened] = 1.0
    return people


def _spread(total: float, share: Floats, most: Floats, pack: float) -> Floats:
    """Spread a total by shares within limits; packs stay whole, what fits nowhere is left out."""
    units = np.zeros(len(share))
    if pack:
        most = np.where(np.isfinite(most), np.floor(most / pack + NEAR) * pack, most)
    weight = share.astype(float)
    for _ in range(len(share)):
        left, room = total - units.sum(), most - units > NEAR
        weight = np.where(room, weight, 0.0)
        if left <= NEAR * max(1.0, total) or not room.any():
            break
        by = weight if weight.any() else room.astype(float)
        units = np.minimum(most, units + left * by / by.sum())
    return _whole(units, most, total, pack) if pack else units


def _whole(units: Floats, most: Floats, total: float, pack: float) -> Floats:
    """Round down to whole packs and give the packs left to the largest remainders."""
    down = np.floor(units / pack + NEAR) * pack
    left = int((min(total, float(units.sum())) - down.sum()) / pack + NEAR)
    order = np.argsort(-(units - down), kind="stable")
    more = order[down[order] + pack <= most[order] + NEAR][:left]
    down[more] += pack
    return np.asarray(down)


def sizes_for(case: ReserveCase, stock: Floats, opened: Bools) -> Ints:
    """Return for each open site the cheapest size with room for its stock, else the largest."""
    sizes = case.reserve.sizes
    load = (stock @ case.reserve.items.m3)[sizes.site]
    fits = sizes.volume_m3 >= load * (1 - NEAR)
    order = np.lexsort((sizes.fixed_cost, np.where(fits, 0.0, -sizes.volume_m3), ~fits, sizes.site))
    first = order[np.diff(sizes.site[order], prepend=-1) != 0]
    found = np.full(len(opened), -1, dtype=np.int64)
    found[sizes.site[first]] = first
    return np.where(opened, found, -1)


def first_guesses(case: ReserveCase) -> dict[str, Given]:
    """Return plans to start from: the least reserve, the present one, mean need by people."""
    least = case.reserve.sites.kept | _pinned(case)
    low = least_stock(case, least)
    found = {"the least reserve": Given(sizes_for(case, low, least), low)}
    if case.reserve.stock.present.any():
        found["present reserves"] = present(case)
    if least.any():
        found["mean need at the sites there are"] = _guess(case, least)
    more = _opened(case, least)
    if (more & ~least).any():
        found["mean need at these and new sites"] = _guess(case, more)
    return found


def _pinned(case: ReserveCase) -> np.ndarray:
    """Return the sites a pin wants open."""
    pins, pinned = case.reserve.pins, np.zeros(len(case.reserve.sites), dtype=bool)
    pinned[pins.site[(pins.open == "yes") & (pins.site >= 0)]] = True
    return pinned


def _guess(case: ReserveCase, opened: Bools) -> Given:
    """Return the mean need spread over the sites, as far as the budget goes, urgent items first."""
    totals = np.einsum("s,sjk->k", case.futures.probability, case.futures.need)
    if case.policy.total_stock == "fixed":
        totals = case.reserve.stock.present.sum(axis=0)
    share = people_nearest(case, opened)
    wanted = totals[None, :] * (share / max(1.0, share.sum()))[:, None]
    size = sizes_for(case, wanted, opened)
    given = in_proportion(case, size, _affordable(case, size, totals))
    return Given(sizes_for(case, given.stock, opened), given.stock)


def _affordable(case: ReserveCase, size: Ints, totals: Floats) -> Floats:
    """Return the totals the budget allows, urgent items first, at the dearest open site's price."""
    budget = case.policy.reserve_budget
    if budget is None:
        return totals
    left = budget - float(case.reserve.sizes.fixed_cost[size[size >= 0]].sum())
    price = case.reserve.stock.unit_cost[size >= 0].max(axis=0, initial=0.0)
    found = totals.copy()
    for item in np.argsort(case.reserve.items.tier, kind="stable").tolist():
        if price[item] > 0:
            found[item] = min(totals[item], max(0.0, left) / price[item])
        left -= found[item] * price[item]
    return found


def _opened(case: ReserveCase, kept: np.ndarray) -> np.ndarray:
    """Open candidates one by one: always the one that most people gain, while rules allow."""
    reserve, policy = case.reserve, case.policy
    cheapest = sizes_for(case, np.zeros_like(reserve.stock.minimum), np.ones(len(kept), dtype=bool))
    opened, reach = kept.copy(), _reach(case)
    most = len(kept) if policy.open_sites is None else policy.open_sites
    exactly = policy.open_rule == "exactly" and policy.open_sites is not None
    while opened.sum() < most:
        missing = reserve.communities.population * ~reach[opened].any(axis=0)
        gain = np.where(opened | (cheapest < 0), -1.0, reach @ missing)
        best = int(np.argmax(gain))
        if gain[best] < 0 or (gain[best] <= 0 and not exactly):
            break
        opened[best] = True
        cost = float(reserve.sizes.fixed_cost[cheapest[opened]].sum())
        if policy.reserve_budget is not None and cost > policy.reserve_budget:
            opened[best] = False
            break
    return opened


def _reach(case: ReserveCase) -> np.ndarray:
    """Return sites x communities joined by a lane."""
    reach = np.zeros((len(case.reserve.sites), len(case.reserve.communities)), dtype=bool)
    reach[case.reserve.lanes.site, case.reserve.lanes.community] = True
    return reach
