"""The instance as arrays, shared by all that plan or examine (formulation sections 1, 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.batches import Batches, Lots, batches_of, usable_lots
from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints, Lanes, Places, lanes, places
from allocator.instance.schema import ACCESS_CLASSES
from allocator.instance.vehicles import Fleet, fleet_of


@dataclass(frozen=True)
class Items:
    """Item figures, one entry an item, in the order of the items table."""

    ids: np.ndarray
    kg: Floats
    m3: Floats
    pack: Floats
    whole: Bools
    reusable: Bools
    extra_lead: Ints
    tier: Ints
    handling: Floats


@dataclass(frozen=True)
class Needs:
    """Needs above zero of places that take part; periods count from 0.

    `rate` is people per unit short (formulation r); `row` the line of the needs table.
    """

    place: Ints
    item: Ints
    period: Ints
    quantity: Floats
    people: Floats
    rate: Floats
    floor: Floats
    waits: Bools
    row: Ints

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True)
class Gates:
    """Minutes left for our shipments at a gate, and the share of goods that need the gate."""

    place: Ints
    period: Ints
    minutes: Floats
    share: Floats


@dataclass(frozen=True)
class Network:
    """Everything dispatch is about, as arrays; periods count from 0."""

    instance: Instance
    periods: int
    minutes: Floats
    days: Floats
    places: Places
    lanes: Lanes
    lead: Ints  # lanes x periods, without the extra lead of reusables
    open: Bools  # lanes x periods: open and some vehicle permitted
    items: Items
    needs: Needs
    batches: Batches
    lots: Lots
    gates: Gates
    fleet: Fleet
    access: Ints  # places x periods, position in ACCESS_CLASSES

    def leads(self, item: int) -> Ints:
        """Return lanes x periods of lead for one item; reusables leave a community later."""
        from_town = ~self.places.is_site[self.lanes.origin]
        extra = self.items.extra_lead[item] if self.items.reusable[item] else 0
        return self.lead + (from_town * extra)[:, None]


def network(instance: Instance) -> Network:
    """Turn a valid instance into arrays."""
    where = places(instance)
    joined = lanes(instance, where)
    minutes = instance["periods"].sort_values("period")["minutes"].to_numpy(float)
    periods = len(minutes)
    items = _items(instance)
    access, share = _access(instance, where, periods)
    lead = _leads(joined, minutes)
    fleet = fleet_of(instance, where, joined, lead, access)
    opened = _opened(joined, periods) & fleet.lane_permitted
    batches, lots = batches_of(instance, where, usable_lots(instance, where, periods))
    return Network(
        instance=instance,
        periods=periods,
        minutes=minutes,
        days=minutes / 1440.0,
        places=where,
        lanes=joined,
        lead=lead,
        open=opened,
        items=items,
        needs=_needs(instance, where),
        batches=batches,
        lots=lots,
        gates=_gates(instance, where, items, lots, batches, share),
        fleet=fleet,
        access=access,
    )


def item_positions(instance: Instance, ids: pd.Series) -> Ints:
    """Return the position of each item id in the items table."""
    return np.asarray(
        pd.Index(instance["items"]["item_id"]).get_indexer(pd.Index(ids)), dtype=np.int64
    )


def _items(instance: Instance) -> Items:
    table = instance["items"]
    return Items(
        ids=table["item_id"].to_numpy(object),
        kg=table["kg"].to_numpy(float),
        m3=table["m3"].to_numpy(float),
        pack=table["pack_size"].to_numpy(float),
        whole=table["whole_packs"].to_numpy(bool),
        reusable=table["reusable"].to_numpy(bool),
        extra_lead=table["return_periods"].to_numpy(np.int64),
        tier=table["tier"].to_numpy(np.int64),
        handling=table["handling_minutes"].to_numpy(float),
    )


def _needs(instance: Instance, where: Places) -> Needs:
    table = instance["needs"]
    place = where.find(table["community_id"])
    quantity = table["quantity"].to_numpy(float)
    rows = np.flatnonzero((place >= 0) & (quantity > 0))
    place, quantity = place[rows], quantity[rows]
    people = table["people"].to_numpy(float)[rows]
    blank = np.isnan(people)
    people[blank] = np.where(where.is_site[place], quantity, where.people[place])[blank]
    return Needs(
        place=place,
        item=item_positions(instance, table["item_id"])[rows],
        period=table["period"].to_numpy(np.int64)[rows] - 1,
        quantity=quantity,
        people=people,
        rate=people / quantity,
        floor=table["floor_share"].to_numpy(float)[rows],
        waits=(table["backlog"] == "waits").to_numpy(bool)[rows],
        row=rows,
    )


def _leads(joined: Lanes, minutes: Floats) -> Ints:
    by_minutes = np.floor(joined.minutes[:, None] / minutes[None, :] + 1e-9)
    lead = np.where(np.isnan(joined.lead)[:, None], by_minutes, joined.lead[:, None])
    return lead.astype(np.int64)


def _opened(joined: Lanes, periods: int) -> Bools:
    period = np.arange(1, periods + 1)[None, :]
    return np.asarray((period >= joined.open_from[:, None]) & (period <= joined.open_to[:, None]))


def _access(instance: Instance, where: Places, periods: int) -> tuple[Ints, Floats]:
    """Return the class of access and the gate share, places x periods (1 without a row)."""
    table = instance["access"]
    place = where.find(table["place_id"])
    known = place >= 0
    shares = np.zeros((len(where.ids), periods, len(ACCESS_CLASSES)))
    level = pd.Index(ACCESS_CLASSES).get_indexer(pd.Index(table["access"]))[known]
    period = table["period"].to_numpy(np.int64)[known] - 1
    np.add.at(shares, (place[known], period, level), table["share"].to_numpy(float)[known])
    given = np.zeros(shares.shape[:2], dtype=bool)
    given[place[known], period] = True
    strictest_last = shares[:, :, ::-1].argmax(axis=2)
    access = np.where(shares.sum(axis=2) > 0, len(ACCESS_CLASSES) - 1 - strictest_last, 0)
    share = np.where(given, np.minimum(1.0, shares[:, :, 1:].sum(axis=2)), 1.0)
    return access, share


def _gates(
    instance: Instance, where: Places, items: Items, lots: Lots, batches: Batches, share: Floats
) -> Gates:
    table = instance["gates"]
    place = where.find(table["community_id"])
    period = table["period"].to_numpy(np.int64) - 1
    entering = np.zeros(share.shape)
    moved = lots.source != "stocks"
    minutes = lots.quantity * items.handling[batches.item[lots.batch]]
    np.add.at(entering, (lots.place[moved], lots.period[moved]), minutes[moved])
    part = share[place, period]
    left = table["handling_minutes"].to_numpy(float) - part * entering[place, period]
    return Gates(place=place, period=period, minutes=np.maximum(0.0, left), share=part)
