"""Values of the goals of a plan that was made without the program (formulation section 5)."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.goals import parse_goals
from allocator.models.dispatch.need import late_keys
from allocator.models.dispatch.split import SplitPlan


def goal_values(plan: SplitPlan) -> dict[str, float]:
    """Return every linear goal term of a plan, and the goals made of them."""
    replayed = plan.replayed
    net, needs, short = replayed.net, replayed.needs, replayed.short
    weight = net.places.weight[needs.place] * net.days[needs.period]
    floor = np.zeros(len(needs.place))
    floor[: len(net.needs)] = net.needs.floor
    below = np.maximum(0.0, floor * needs.quantity - replayed.served)
    bought = plan.tables["purchases"]["cost"].to_numpy(float).sum()
    moves = replayed.moves
    transport = float((net.lanes.cost[moves.lane] * moves.units).sum())
    values = {
        "floors": float((weight * needs.rate * below).sum()),
        "item_days": float((weight * needs.rate * short).sum()),
        "units_short": float(short.sum()),
        "transport": transport,
        "cost": transport + plan.trips_cost + float(bought),
    }
    values |= _late(plan)
    for spec in parse_goals(net.instance.policy.goals):
        if all(term in values for _, term in spec.terms):
            values[spec.name] = sum(factor * values[term] for factor, term in spec.terms)
    return values


def _late(plan: SplitPlan) -> dict[str, float]:
    """Return person-days short by tier: over the items of a tier the largest."""
    replayed, net = plan.replayed, plan.replayed.net
    keys = late_keys(net, replayed.needs)
    late: Floats = np.zeros(len(keys.place))
    np.maximum.at(late, keys.of_need, replayed.needs.rate * replayed.short)
    days = net.places.weight[keys.place] * net.days[keys.period] * late
    totals = {int(tier): float(days[keys.tier == tier].sum()) for tier in np.unique(keys.tier)}
    rest = {f"remaining.{tier}": total for tier, total in totals.items() if tier > 1}
    return rest | ({"critical": totals[1]} if 1 in totals else {})
