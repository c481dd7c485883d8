"""Row families of what may leave, must stay, may be spent and is pinned (formulation section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.instance.network import item_positions

if TYPE_CHECKING:
    from allocator.models.dispatch.model import DispatchModel


def add_throughput(model: DispatchModel) -> None:
    """Kg that leave a site in a period <= its throughput."""
    net, ship = model.net, model.sets.ship
    sites = net.instance["sites"]
    limit = np.full(len(net.places.ids), np.nan)
    position = net.places.find(sites["site_id"])
    limit[position[position >= 0]] = sites["throughput_kg"].to_numpy(float)[position >= 0]
    place = np.flatnonzero(~np.isnan(limit))
    period = np.tile(np.arange(net.periods), len(place))
    upper = np.repeat(limit[place], net.periods)
    labels = model.label.at(np.repeat(place, net.periods), period)
    rows = model.program.add_rows("throughput", len(upper), upper=upper, labels=labels)
    at = np.full((len(net.places.ids), net.periods), -1, dtype=np.int64)
    at[place] = rows.reshape(-1, net.periods)
    mass = net.items.kg[net.batches.item[ship.batch]] * model.pack
    model.program.add_known(at[net.lanes.origin[ship.lane], ship.period], model.ship, mass)


def add_ship_max(model: DispatchModel) -> None:
    """Units of an item that leave a place in a period <= ship_max."""
    net, ship = model.net, model.sets.ship
    limits = net.instance["limits"]
    limits = limits[limits["ship_max"].notna()]
    place = net.places.find(limits["place_id"])
    item = item_positions(net.instance, limits["item_id"])
    keep = place >= 0
    place, item = place[keep], item[keep]
    upper = np.repeat(limits["ship_max"].to_numpy(float)[keep], net.periods)
    labels = model.label.goods(place, item)
    rows = model.program.add_rows("ship_max", len(upper), upper=upper, labels=labels)
    at = np.full((len(net.places.ids), len(net.items.ids), net.periods), -1, dtype=np.int64)
    at[place, item] = rows.reshape(-1, net.periods)
    leaving = at[net.lanes.origin[ship.lane], net.batches.item[ship.batch], ship.period]
    model.program.add_known(leaving, model.ship, model.pack)


def add_stock_floor(model: DispatchModel) -> None:
    """Units of an item held at the end of every period >= what must stay."""
    net, floors, stock = model.net, model.sets.floors, model.sets.stock
    lower = np.repeat(floors.quantity, net.periods)
    labels = model.label.goods(floors.place, floors.item)
    rows = model.program.add_rows("stock_floor", len(lower), lower, labels=labels)
    at = np.full((len(net.places.ids), len(net.items.ids), net.periods), -1, dtype=np.int64)
    at[floors.place, floors.item] = rows.reshape(-1, net.periods)
    kept = at[stock.place, net.batches.item[stock.batch], stock.period]
    model.program.add_known(kept, model.stock, 1.0)


def add_budget(model: DispatchModel) -> None:
    """Money spent on purchases <= budget."""
    budget = model.net.instance.policy.budget
    if budget is not None and len(model.buy):
        row = model.program.add_rows("budget", 1, upper=budget)
        model.program.add_entries(row, model.buy, model.net.lots.price[model.purchases])


def add_pins(model: DispatchModel) -> None:
    """Sum of the shipments a pin matches =, >= or <= its quantity; a blank matches all."""
    net, ship, pins = model.net, model.sets.ship, model.net.instance["pins"]
    quantity = pins["quantity"].to_numpy(float)
    rule = pins["rule"].to_numpy(object)
    lower = np.where(rule == "at_most", -np.inf, quantity)
    upper = np.where(rule == "at_least", np.inf, quantity)
    rows = model.program.add_rows(
        "pin", len(pins), lower, upper, labels=lambda: list(pins["pin_id"])
    )
    sides = (
        (pins["from_id"] == "", net.places.find(pins["from_id"]), net.lanes.origin[ship.lane]),
        (pins["to_id"] == "", net.places.find(pins["to_id"]), net.lanes.target[ship.lane]),
        (
            pins["item_id"] == "",
            item_positions(net.instance, pins["item_id"]),
            net.batches.item[ship.batch],
        ),
        (pins["period"].isna(), pins["period"].to_numpy(float) - 1, ship.period),
    )
    for number, row in enumerate(rows):
        match = np.ones(len(ship), dtype=bool)
        for blank, wanted, has in sides:
            match &= blank.iloc[number] | (has == wanted[number])
        model.program.add_entries(row, model.ship[match], model.pack[match])
