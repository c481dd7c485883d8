"""What the plan buys: offers, limits, cost and budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check import rows
from allocator.check.ground import Floats, Ground, Ints, summed
from allocator.check.rows import words
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance


@dataclass(frozen=True)
class Bought:
    """Purchases that can be followed, periods from 0, and what they cost in all."""

    place: Ints
    item: Ints
    period: Ints
    quantity: Floats
    cost: float


def purchases_of(found: Findings, ground: Ground, table: pd.DataFrame) -> Bought:
    """Read the purchases and hold them to offers, limits and the budget."""
    name = "purchases"
    place, ok_place = rows.places(found, ground, name, table, "site_id")
    item = ground.item(table["item_id"])
    quantity, ok_quantity = rows.amounts(found, name, table, "quantity")
    period, ok_period = rows.periods(found, ground, name, table)
    ok = ok_place & ok_quantity & ok_period & rows.known(found, name, table, "item_id", item)
    kept = np.flatnonzero(ok)
    offer = _offers(ground, place[kept], item[kept], period[kept])
    price = _price(ground, offer)
    _check_offers(found, ground, table, kept, offer, quantity[kept])
    _check_cost(found, table, kept, price * quantity[kept])
    cost = float((price * quantity[kept]).sum())
    _check_budget(found, ground, cost)
    counted = kept[offer >= 0]
    return Bought(place[counted], item[counted], period[counted], quantity[counted], cost)


def _offers(ground: Ground, place: Ints, item: Ints, period: Ints) -> Ints:
    """Return the row of the instance's purchases that makes each offer; -1 for none."""
    offers = ground.instance["purchases"]
    keys = [ground.place(offers["site_id"]), ground.item(offers["item_id"])]
    index = pd.MultiIndex.from_arrays([*keys, offers["period"].to_numpy(np.int64) - 1])
    index = index[~index.duplicated()]
    return np.asarray(index.get_indexer(pd.MultiIndex.from_arrays([place, item, period])))


def _price(ground: Ground, offer: Ints) -> Floats:
    price = np.append(ground.instance["purchases"]["price"].to_numpy(float), 0.0)
    return np.asarray(price[offer], dtype=np.float64)  # -1 takes the zero at the end


def _check_offers(
    found: Findings, ground: Ground, table: pd.DataFrame, kept: Ints, offer: Ints, quantity: Floats
) -> None:
    none = offer < 0
    at = table.iloc[kept[none]]
    lines = words(
        "{} in period {} is not offered at {}", at["item_id"], at["period"], at["site_id"]
    )
    found.add("purchase", "purchases", kept[none], quantity[none], lines)
    limit = ground.instance["purchases"]["limit"].to_numpy(float)
    total = summed(offer[~none], quantity[~none], len(limit))
    over = np.flatnonzero(total - limit > tolerance(limit))
    line = rows.first_rows(offer, kept, over)
    said = words(
        "{:g} units are bought, {:g} are offered", total[over].tolist(), limit[over].tolist()
    )
    found.add("purchase", "purchases", line, (total - limit)[over], said)


def _check_cost(found: Findings, table: pd.DataFrame, kept: Ints, cost: Floats) -> None:
    stated = table["cost"].to_numpy(float)[kept]
    off_by = np.abs(stated - cost)
    wrong = off_by > tolerance(cost)  # a blank cost compares as False
    lines = words("costs {:g}, the plan says {:g}", cost[wrong].tolist(), stated[wrong].tolist())
    found.add("purchase_cost", "purchases", kept[wrong], off_by[wrong], lines)


def _check_budget(found: Findings, ground: Ground, cost: float) -> None:
    budget = ground.instance.policy.budget
    if budget is not None and cost - budget > tolerance(budget):
        message = f"purchases cost {cost:g}, the budget is {budget:g}"
        found.add_one("budget", "policy:budget", cost - budget, message)
