"""Handing goods over: how long it takes with the hands at a gate, and how much a gate can take."""

from __future__ import annotations

import numpy as np

from allocator.instance.lanes import Floats, Ints
from allocator.instance.network import Network, item_positions
from allocator.instance.route_drops import Drops
from allocator.instance.route_hours import row_of_period


def hands_at(net: Network, drops: Drops, period: int) -> Floats:
    """Return (n,) people who hand goods over at the place of each stop; NaN without a gate.

    Where the table does not say, its minutes of handling over the minutes in which they work
    together (policy `gate_minutes`, or what the gate is open where that is less); at least one.
    """
    gates = row_of_period(net.instance["gates"], period)
    here = gates.reindex(net.places.ids[drops.place])
    most = net.instance.policy.gate_minutes
    opened = np.array([sum(b - a for a, b in spans) or most for spans in drops.open])
    together = np.clip(opened, 1.0, most)
    usual = np.maximum(1.0, here["handling_minutes"].to_numpy(float) / together)
    stated = here["hands"].to_numpy(float)
    return np.where(np.isnan(stated), usual, stated)


def service_minutes(net: Network, drops: Drops, period: int) -> Floats:
    """Return (n,) minutes to hand all the goods of a stop over; 0 where there is no gate.

    Person-minutes of the items, of the share of goods that need the gate, over the hands there;
    `stops.service_minutes` where it is given, shared among the stops of the place by load.
    """
    goods = drops.goods
    each = net.items.handling[item_positions(net.instance, goods["item_id"])]
    spent = np.bincount(
        goods["stop"].to_numpy(np.int64),
        each * goods["quantity"].to_numpy(float),
        minlength=len(drops.ids),
    )
    part = np.ones((len(net.places.ids), net.periods))
    part[net.gates.place, net.gates.period] = net.gates.share
    hands = hands_at(net, drops, period)
    found = np.nan_to_num(spent * part[drops.place, period - 1] / hands)
    said = row_of_period(net.instance["stops"], period).reindex(net.places.ids[drops.place])
    stated = said["service_minutes"].to_numpy(float) * drops.share
    return np.where(np.isnan(stated), found, stated)


def gate_minutes(net: Network, drops: Drops, period: int, places: Ints) -> Floats | None:
    """Return (P,) minutes of service the gate of each place can give; None = enough everywhere.

    Goods on their way already have taken theirs. A gate that has time for all that is ordered
    limits nothing.

    Args:
        net: The instance.
        drops: What is brought where.
        period: The period, from 1.
        places: Places of the case, positions of all places.
    """
    gates = net.gates
    rows = gates.period == period - 1
    left = np.full(len(net.places.ids), np.inf)
    left[gates.place[rows]] = gates.minutes[rows]
    hands = np.full(len(left), np.nan)
    hands[drops.place] = hands_at(net, drops, period)
    wanted = np.bincount(drops.place, service_minutes(net, drops, period), minlength=len(left))
    limit = left / hands
    limit = np.where(np.isnan(limit) | (wanted <= limit * (1 + 1e-9)), np.inf, limit)[places]
    return limit if np.isfinite(limit).any() else None
