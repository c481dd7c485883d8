"""Goods that must come in parts because no place is open long enough to take them at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.network import Network
from allocator.instance.route_case import Vehicles
from allocator.instance.route_drops import Drops
from allocator.instance.route_fleet import divided
from allocator.instance.route_permits import permits


def largest_share(load: Floats, capacity: Floats, permitted: Bools) -> Floats:
    """Return (n,) the largest share of each stop one permitted vehicle can carry; 0 = none."""
    ratio = np.full((len(load), len(capacity)), np.inf)
    for d in range(load.shape[1]):
        need = load[:, d][:, None]
        part = np.divide(
            capacity[:, d][None, :], need, where=need > 0, out=np.full_like(ratio, np.inf)
        )
        ratio = np.minimum(ratio, part)
    best = np.where(permitted, ratio, 0.0).max(axis=1, initial=0.0)
    return np.asarray(np.minimum(1.0, best))


def longest_visit(
    net: Network, drops: Drops, vehicles: Vehicles, service: Floats, period: int
) -> Floats:
    """Return the minutes of the longest visit a stop may have: what one vehicle can bring."""
    permitted = permits(net, drops.place, period)[:, vehicles.line]
    share = np.ones(len(service))
    if net.instance.policy.split != "never":
        share = largest_share(drops.load, vehicles.capacity, permitted)
    return np.asarray(service * share + _unloading(vehicles, permitted))


def _unloading(vehicles: Vehicles, permitted: Bools) -> Floats:
    """Return (n,) the most minutes of unloading of a type that may go to the stop."""
    each = np.where(permitted, vehicles.unloading[None, :], 0.0)
    return np.asarray(each.max(axis=1, initial=0.0))


def parts_needed(
    net: Network, drops: Drops, vehicles: Vehicles, service: Floats, period: int
) -> Ints:
    """Return (n,) in how many parts the goods of a stop must come to be handed over in time.

    More than one where a visit lasts longer than the longest time the place is open; 1 where
    nothing may be split, where goods are on board already, or where no part would do.
    """
    longest = np.array([max((b - a for a, b in spans), default=0.0) for spans in drops.open])
    permitted = permits(net, drops.place, period)[:, vehicles.line]
    room = longest - _unloading(vehicles, permitted)
    late = longest_visit(net, drops, vehicles, service, period) > longest
    may = late & (room >= 1.0) & (drops.route == "") & (net.instance.policy.split != "never")
    parts = np.ones(len(service), dtype=np.int64)
    parts[may] = np.ceil(service[may] / room[may] * (1 + 1e-9)).astype(np.int64)
    packed = drops.goods.groupby("stop")["pack"].max().to_numpy(float) > 0
    return np.asarray(parts + (may & packed))  # Whole packs make parts uneven.


def in_parts(net: Network, orders: pd.DataFrame, drops: Drops, parts: Ints) -> pd.DataFrame:
    """Return the orders with those of some stops in equal parts, whole packs kept whole."""
    wanted = {
        (str(place), str(start)): int(number)
        for place, start, number in zip(
            net.places.ids[drops.place], drops.from_id, parts, strict=True
        )
        if number > 1
    }
    packs = dict(zip(net.items.ids, np.where(net.items.whole, net.items.pack, 0.0), strict=True))
    found = []
    for order in orders.to_dict("records"):
        number = wanted.get((order["place_id"], order["from_id"]), 1) if not order["route"] else 1
        amounts = _equal(float(order["quantity"]), number, float(packs[order["item_id"]]))
        numbered = enumerate(amounts, start=1) if number > 1 else [(0, order["quantity"])]
        found += [order | {"part": part, "quantity": amount} for part, amount in numbered if amount]
    return pd.DataFrame(found, columns=[*orders.columns, "part"]).astype(dict(orders.dtypes))


def _equal(quantity: float, number: int, pack: float) -> list[float]:
    """Return a quantity in equal parts, of whole packs where there is a pack."""
    if not pack:
        return [quantity / number] * number
    packs = divided(round(quantity / pack), np.ones(number))
    return [float(count * pack) for count in packs]
