"""What is brought where, gathered into stops: goods, loads, hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.clock import Spans
from allocator.instance.lanes import Floats, Ints
from allocator.instance.network import Network, item_positions
from allocator.instance.route_hours import hours

OWN = ["place_id", "from_id", "route", "part"]
"""Goods that are alike in these are one stop."""


@dataclass(frozen=True, eq=False)
class Drops:
    """The stops before their vehicles are known (n,): place (position of all), goods, loads."""

    ids: tuple[str, ...]
    place: Ints
    from_id: np.ndarray
    route: np.ndarray
    goods: pd.DataFrame
    load: Floats  # (n, D)
    share: Floats  # of the goods of its place, by load
    open: list[Spans]


def dimensions_of(net: Network) -> tuple[str, ...]:
    """Return what loads are measured in: kg, m3 where an item has any, then `loads`."""
    volume = ("m3",) if (net.items.m3 > 0).any() else ()
    return ("kg", *volume, *sorted(set(net.instance["loads"]["dimension"].astype("str"))))


def unit_loads(net: Network, dimensions: tuple[str, ...]) -> Floats:
    """Return (items, D) what one unit takes of each dimension."""
    table = net.instance["loads"]
    found = np.zeros((len(net.items.ids), len(dimensions)))
    for column, name in enumerate(dimensions):
        if name in ("kg", "m3"):
            found[:, column] = net.items.kg if name == "kg" else net.items.m3
            continue
        here = table[table["dimension"] == name]
        found[item_positions(net.instance, here["item_id"]), column] = here["amount"]
    return found


def drops_of(net: Network, orders: pd.DataFrame, period: int) -> Drops:
    """Gather the orders into stops, in the order of places.

    Their column `route` names the fixed route that brings them, "" = none; `part` (optional)
    numbers what must come in visits of its own.
    """
    places = net.places
    orders = orders if "part" in orders else orders.assign(part=0)
    orders = orders.assign(place=places.find(orders["place_id"]), at=places.find(orders["from_id"]))
    orders = orders.sort_values(["place", "at", "route", "part"], kind="stable", ignore_index=True)
    stop = orders.groupby(OWN, sort=False).ngroup().to_numpy(np.int64)
    first = np.unique(stop, return_index=True)[1]
    dimensions = dimensions_of(net)
    item = item_positions(net.instance, orders["item_id"])
    amount = orders["quantity"].to_numpy(float)
    loads = unit_loads(net, dimensions)[item] * amount[:, None]
    load = np.zeros((len(first), len(dimensions)))
    np.add.at(load, stop, loads)
    goods = orders[["item_id", "quantity", "from_id"]].assign(stop=stop)
    goods[list(dimensions)] = loads
    goods["pack"] = np.where(net.items.whole[item], net.items.pack[item], 0.0)
    place = orders["place"].to_numpy(np.int64)[first]
    heads = orders.iloc[first]
    return Drops(
        ids=_names(heads),
        place=place,
        from_id=heads["from_id"].to_numpy(object),
        route=heads["route"].to_numpy(object),
        goods=goods,
        load=load,
        share=_shares(place, load[:, 0]),
        open=hours(net.instance, places, place, period),
    )


def _names(heads: pd.DataFrame) -> tuple[str, ...]:
    """Return the id of each stop: its place, with what tells it from others at that place."""
    alone = ~heads["place_id"].duplicated(keep=False).to_numpy(bool)
    origins = heads.groupby("place_id")["from_id"].transform("nunique").to_numpy(np.int64)
    columns = (heads[name] for name in ("place_id", "from_id", "route", "part"))
    found = []
    for place, start, route, part, one, several in zip(*columns, alone, origins > 1, strict=True):
        origin = f"@{start}" if several else ""
        rest = f"#{route}" * bool(route) + f"/{part}" * bool(part)
        found.append(str(place) if one else f"{place}{origin}{rest}")
    return tuple(found)


def _shares(place: Ints, kg: Floats) -> Floats:
    """Return the share of the goods of its place that each stop has; equal where none weighs."""
    total = np.bincount(place, kg)[place]
    number = np.bincount(place)[place]
    return np.where(total > 0, kg / np.where(total > 0, total, 1.0), 1.0 / number)
