"""Values of the goals of a plan that was made without the program (formulation section 5)."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.goals import parse_goals
from allocator.models.dispatch.done import Done
from allocator.models.dispatch.need import late_keys


def goal_values(plan: Done) -> dict[str, float]:
    """Return every linear goal term of a plan, and the goals made of them."""
    net, needs, short = plan.net, plan.needs, plan.lacking
    weight = net.places.weight[needs.place] * net.days[needs.period]
    floor = np.zeros(len(needs.place))
    floor[: len(net.needs)] = net.needs.floor
    below = np.maximum(0.0, floor * needs.quantity - plan.served)
    moves = plan.moves
    transport = float((net.lanes.cost[moves.lane] * moves.units).sum())
    values = {
        "floors": float((weight * needs.rate * below).sum()),
        "item_days": float((weight * needs.rate * short).sum()),
        "units_short": float(short.sum()),
        "transport": transport,
        "cost": transport + _trips_cost(plan) + _spent(plan),
    }
    values |= _late(plan)
    for spec in parse_goals(net.instance.policy.goals):
        if all(term in values for _, term in spec.terms):
            values[spec.name] = sum(factor * values[term] for factor, term in spec.terms)
    return values


def _trips_cost(plan: Done) -> float:
    return float((plan.net.fleet.pair_cost[:, None] * plan.trips).sum())


def _spent(plan: Done) -> float:
    lots = plan.net.lots
    buys = lots.source == "purchases"
    return float((lots.price[buys] * plan.bought[buys]).sum())


def _late(plan: Done) -> dict[str, float]:
    """Return person-days short by tier: over the items of a tier the largest."""
    net = plan.net
    keys = late_keys(net, plan.needs)
    late: Floats = np.zeros(len(keys.place))
    np.maximum.at(late, keys.of_need, plan.needs.rate * plan.lacking)
    days = net.places.weight[keys.place] * net.days[keys.period] * late
    totals = {int(tier): float(days[keys.tier == tier].sum()) for tier in np.unique(keys.tier)}
    rest = {f"remaining.{tier}": total for tier, total in totals.items() if tier > 1}
    return rest | ({"critical": totals[1]} if 1 in totals else {})
