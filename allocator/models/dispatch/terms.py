"""Goal terms of dispatch as linear expressions over the program (formulation section 5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.lanes import Bools
from allocator.models.dispatch.model import DispatchModel


@dataclass(frozen=True)
class Expression:
    """constant + sum of cost x column."""

    cost: Floats
    constant: float = 0.0

    def __add__(self, other: Expression) -> Expression:
        return Expression(self.cost + other.cost, self.constant + other.constant)

    def scaled(self, factor: float) -> Expression:
        """Return factor x this."""
        return Expression(factor * self.cost, factor * self.constant)

    def value(self, solution: Floats) -> float:
        """Return the value at a solution."""
        return float(self.cost @ solution) + self.constant


UNITS = {
    "floors": "person-days",
    "critical": "person-days",
    "remaining": "person-days",
    "item_days": "person-days",
    "fairness": "share short",
    "units_short": "units",
    "change": "units",
    "transport": "money",
    "cost": "money",
}


def expression(model: DispatchModel, term: str) -> Expression:
    """Return a term (`remaining.2` carries its tier) over all columns of the program."""
    name, _, tier = term.partition(".")
    if name == "floors":
        return _floors(model)
    if name == "critical":
        return _late(model, model.late_keys.tier == 1)
    if name == "remaining":
        tiers = model.late_keys.tier
        # In a weighted sum it stands for all its tiers.
        return _late(model, tiers == int(tier) if tier else tiers > 1)
    if name == "item_days":
        shorts, net = model.shorts, model.net
        return _short(
            model, net.places.weight[shorts.place] * net.days[shorts.period] * shorts.rate
        )
    if name == "units_short":
        return _short(model, np.ones(len(model.shorts.place)))
    if name == "change":
        return _change(model)
    if name == "transport":
        return _transport(model)
    if name == "cost":
        return _transport(model) + _running(model)
    raise ValueError(f"unknown goal term {term}")


def _zeros(model: DispatchModel) -> Floats:
    return np.zeros(model.program.column_count)


def _floors(model: DispatchModel) -> Expression:
    shorts, net, rows = model.shorts, model.net, model.floor_rows
    place, period = shorts.place[rows], shorts.period[rows]
    cost = _zeros(model)
    cost[model.below_floor] = net.places.weight[place] * net.days[period] * shorts.rate[rows]
    return Expression(cost)


def _late(model: DispatchModel, counted: Bools) -> Expression:
    keys, net = model.late_keys, model.net
    cost = _zeros(model)
    weight = net.places.weight[keys.place] * net.days[keys.period]
    cost[model.late] = np.where(counted, weight, 0.0)
    return Expression(cost)


def _short(model: DispatchModel, factor: Floats) -> Expression:
    shorts, cost = model.shorts, _zeros(model)
    used = model.use_row >= 0
    lost = used & ~shorts.waits[np.maximum(model.use_row, 0)]
    cost[model.use[lost]] = -factor[model.use_row[lost]]
    cost[model.level] = -factor[model.level_rows]
    cost[model.waiting] = factor[model.waiting_rows]
    return Expression(cost, float((factor * np.where(shorts.waits, 0.0, shorts.quantity)).sum()))


def _change(model: DispatchModel) -> Expression:
    cost = _zeros(model)
    if model.change is None:  # nothing to differ from
        return Expression(cost)
    cost[model.change.columns] = 1.0
    return Expression(cost, model.change.lost)


def _transport(model: DispatchModel) -> Expression:
    cost = _zeros(model)
    cost[model.ship] = model.net.lanes.cost[model.sets.ship.lane] * model.pack
    return Expression(cost)


def _running(model: DispatchModel) -> Expression:
    cost = _zeros(model)
    cost[model.trips] = model.net.fleet.pair_cost[model.trip_pair]
    cost[model.buy] = model.net.lots.price[model.purchases]
    return Expression(cost)
