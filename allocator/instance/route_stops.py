"""The stops of a routing case: when each is served, how long it takes, what it is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance.clock import at_clock, minutes_column, period_clock
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.network import Network, item_positions
from allocator.instance.route_case import Stops, Vehicles
from allocator.instance.route_drops import Drops
from allocator.instance.route_hours import begin_windows, row_of_period
from allocator.instance.route_orders import ANY
from allocator.instance.route_parts import longest_visit
from allocator.instance.route_permits import permits


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
    stay = longest_visit(net, drops, vehicles, service, period)
    prize, weight = _worth(net, drops, said, period)
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
        weight=weight,
        prize=prize,
        access=access,
        permitted=permitted,
        origins=_origins(net, drops, position, homes, others),
        contacts=np.where(said["contacts"].isna(), met[access], said["contacts"]).astype(float),
        divisible=np.full(len(drops.ids), policy.split != "never"),
        release=_clock_of(said["ready"], clock, 0.0),
    )


def _worth(net: Network, drops: Drops, said: pd.DataFrame, period: int) -> tuple[Floats, Floats]:
    """Return (n,) prizes and weights of arrival: by the people waiting, or as the table says."""
    people = people_of(net, drops)
    found = []
    for values, name in ((people * net.days[period - 1], "prize"), (people, "weight")):
        stated = said[name].to_numpy(float) * drops.share
        found.append(np.where(np.isnan(stated), values, stated))
    required = said["required"].fillna(False).to_numpy(bool)
    return np.where(required, np.inf, found[0]), found[1]


def _clock_of(column: pd.Series, clock: float, blank: float) -> Floats:
    minutes = at_clock(minutes_column(column.fillna("").astype(str)), clock)
    return np.where(np.isnan(minutes), blank, minutes)


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
