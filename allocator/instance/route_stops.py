"""The stops of a routing case: what each gets, when, how long it takes, what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.clock import Spans, at_clock, minutes_column, period_clock
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.network import Network, item_positions
from allocator.instance.route_case import Stops, Vehicles
from allocator.instance.route_hours import begin_windows, hours, row_of_period
from allocator.instance.route_orders import ANY
from allocator.instance.route_permits import permits

OWN = ["place_id", "from_id", "route"]
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
    """Gather the orders (with a column `route`, "" = free) into stops, in the order of places."""
    places = net.places
    orders = orders.assign(place=places.find(orders["place_id"]), at=places.find(orders["from_id"]))
    orders = orders.sort_values(["place", "at", "route"], kind="stable", ignore_index=True)
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
    """Return the id of each stop: that of its place, with origin and route where several are."""
    alone = ~heads["place_id"].duplicated(keep=False).to_numpy(bool)
    routes = ("" if not route else f"#{route}" for route in heads["route"])
    rows = zip(heads["place_id"], heads["from_id"], routes, alone, strict=True)
    return tuple(
        str(place) if one else f"{place}@{start}{route}" for place, start, route, one in rows
    )


def _shares(place: Ints, kg: Floats) -> Floats:
    """Return the share of the goods of its place that each stop has; equal where none weighs."""
    total = np.bincount(place, kg)[place]
    number = np.bincount(place)[place]
    return np.where(total > 0, kg / np.where(total > 0, total, 1.0), 1.0 / number)


def stops_of(
    net: Network,
    drops: Drops,
    vehicles: Vehicles,
    position: Ints,
    homes: Ints,
    service: Floats,
    others: dict[tuple[str, str], list[str]],
    period: int,
) -> Stops:
    """Return the stops.

    Args:
        net: The instance.
        drops: What is brought where.
        vehicles: The vehicles of the case.
        position: Row of the case of each place, -1 = none.
        homes: Depots of the case, positions of all places.
        service: (n,) minutes, from `route_gates`.
        others: Further origins by (place_id, from_id).
        period: The period, from 1.
    """
    said = row_of_period(net.instance["stops"], period).reindex(net.places.ids[drops.place])
    access = net.access[drops.place, period - 1]
    permitted = permits(net, drops.place, period)[:, vehicles.line]
    clock, length = period_clock(net.instance["periods"], period)
    stay = _longest_visit(net, drops, vehicles, permitted, service)
    people = people_of(net, drops)
    prize = people * net.days[period - 1]
    for values, name in ((prize, "prize"), (people, "weight")):
        stated = said[name].to_numpy(float) * drops.share
        values[:] = np.where(np.isnan(stated), values, stated)
    prize[said["required"].to_numpy(object) == True] = np.inf  # noqa: E712
    policy = net.instance.policy
    met = np.array([policy.contacts_open, policy.contacts_controlled, policy.contacts_sealed])
    return Stops(
        ids=drops.ids,
        place=position[drops.place],
        load=drops.load,
        service=service,
        windows=tuple(
            begin_windows(spans, length, one) for spans, one in zip(drops.open, stay, strict=True)
        ),
        due=_clock_of(said["due"], clock, np.inf),
        weight=people,
        prize=prize,
        access=access,
        permitted=permitted,
        origins=_origins(net, drops, position, homes, others),
        contacts=np.where(said["contacts"].isna(), met[access], said["contacts"]).astype(float),
        divisible=np.full(len(drops.ids), policy.split != "never"),
        release=_clock_of(said["ready"], clock, 0.0),
    )


def _clock_of(column: pd.Series, clock: float, blank: float) -> Floats:
    minutes = at_clock(minutes_column(column.fillna("").astype(str)), clock)
    return np.where(np.isnan(minutes), blank, minutes)


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


def _longest_visit(
    net: Network, drops: Drops, vehicles: Vehicles, permitted: Bools, service: Floats
) -> Floats:
    """Return the minutes of the longest visit a stop may have: what one vehicle can bring."""
    share = np.ones(len(service))
    if net.instance.policy.split != "never":
        share = largest_share(drops.load, vehicles.capacity, permitted)
    slowest = np.where(permitted, vehicles.unloading[None, :], 0.0).max(axis=1, initial=0.0)
    return np.asarray(service * share + slowest)


def people_of(net: Network, drops: Drops) -> Floats:
    """Return (n,) people waiting for the goods of each stop, urgent tiers first.

    In a tier the item with most people counts, never the sum; people of a tier weigh
    `prize_ratio` times those of the next one, and by the vulnerability of the place.
    """
    goods, needs = drops.goods, net.needs
    item = item_positions(net.instance, goods["item_id"])
    stop = goods["stop"].to_numpy(np.int64)
    width = len(net.items.ids)
    size = len(net.places.ids) * width
    key = needs.place * width + needs.item
    quantity, people = np.bincount(key, needs.quantity, size), np.bincount(key, needs.people, size)
    whole = (
        np.bincount(needs.item, needs.quantity, width),
        np.bincount(needs.item, needs.people, width),
    )
    usual = np.divide(whole[1], whole[0], out=np.ones(width), where=whole[0] > 0)
    at = drops.place[stop] * width + item
    each = np.divide(people[at], quantity[at], out=usual[item], where=quantity[at] > 0)
    tier = net.items.tier
    ratio = net.instance.policy.prize_ratio ** (tier.max() - tier).astype(float)
    waiting = pd.DataFrame(
        {"stop": stop, "tier": tier[item], "people": each * goods["quantity"] * ratio[item]}
    )
    most = waiting.groupby(["stop", "tier"])["people"].max().groupby("stop").sum()
    return (
        most.reindex(range(len(drops.ids)), fill_value=0.0).to_numpy(float)
        * net.places.weight[drops.place]
    )


def _origins(
    net: Network,
    drops: Drops,
    position: Ints,
    homes: Ints,
    others: dict[tuple[str, str], list[str]],
) -> Bools:
    """Return (n, P): where the goods of each stop may be loaded."""
    found = np.zeros((len(drops.ids), int((position >= 0).sum())), dtype=bool)
    anywhere = drops.from_id == ANY
    found[np.ix_(anywhere, position[homes])] = True
    row = np.flatnonzero(~anywhere)
    found[row, position[net.places.find(pd.Series(drops.from_id[row], dtype="str"))]] = True
    names, at = net.places.ids[drops.place], dict(zip(net.places.ids, position, strict=True))
    for stop in row[drops.route[row] == ""].tolist():
        further = others.get((str(names[stop]), str(drops.from_id[stop])), [])
        found[stop, [at[site] for site in further if at[site] >= 0]] = True
    return found
