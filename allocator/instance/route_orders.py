"""What is to be brought where in a period: from the shipments of a plan, or from the needs."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

from allocator.errors import InstanceError
from allocator.instance.faultlog import FaultLog, nearest
from allocator.instance.lanes import Floats, Ints
from allocator.instance.network import Network, item_positions
from allocator.instance.route_permits import permits

ANY = ""
"""Origin of goods that every open site may send."""
COLUMNS = ["place_id", "item_id", "quantity", "from_id"]


class Shipped(Protocol):
    """A plan of dispatch, or whatever else has shipments."""

    @property
    def shipments(self) -> pd.DataFrame:
        """Rows of from_id, to_id, item_id, period, quantity."""


def of_shipments(net: Network, plan: Shipped, period: int, log: FaultLog) -> pd.DataFrame:
    """Return the orders of a period (COLUMNS): what leaves a site then, by place and item.

    Goods that leave a community are returns, which routes do not fetch: they are told.

    Raises:
        InstanceError: E1606 with every row that names what the instance does not have.
    """
    table = plan.shipments
    numbers = pd.to_numeric(table["period"]).to_numpy(float)
    here = table[numbers == period].rename(columns={"to_id": "place_id"})
    refuse_unknown(net, here, "shipments", log)
    amount = pd.to_numeric(here["quantity"]).to_numpy(float)
    start = net.places.find(here["from_id"])
    back = ~net.places.is_site[start] & (amount > 0)
    if back.any():
        rule = f"{int(back.sum())} shipments leave a community: routes bring goods and fetch none"
        log.add("W1604", f"shipments of period {period}", rule, "fetch them by other means")
    kept = here[~back & (amount > 0)]
    return summed(kept[COLUMNS])


def summed(orders: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each place, item and origin, in the order they first come in."""
    keys = ["place_id", "item_id", "from_id"]
    plain = orders.astype(dict.fromkeys(keys, "str") | {"quantity": float})
    return plain.groupby(keys, sort=False)["quantity"].sum().reset_index()[COLUMNS]


def refuse_unknown(net: Network, table: pd.DataFrame, name: str, log: FaultLog) -> None:
    """Tell ids the instance does not have and quantities that are none, all at once; raise."""
    before = len(log.errors)
    known = {"place_id": set(net.places.ids), "item_id": set(net.items.ids)}
    for column, ids in (
        ("place_id", known["place_id"]),
        ("from_id", known["place_id"] | {ANY}),
        ("item_id", known["item_id"]),
    ):
        for word in sorted(set(table[column].astype("str")) - ids):
            rule = f"the {name} name what the instance does not have, or a site that is not open"
            action = "route a plan of this instance"
            log.add("E1606", f"{name}:{column}", rule, action, word, nearest(word, ids))
    amount = pd.to_numeric(table["quantity"]).to_numpy(float)
    for row in np.flatnonzero(~np.isfinite(amount) | (amount < 0))[:20]:
        rule = "a quantity must be a number from 0 on"
        log.add("E1606", f"{name}[{row}].quantity", rule, "correct it", amount[row])
    if len(log.errors) > before:
        raise InstanceError(*log.faults)


def of_needs(net: Network, minutes: Floats, period: int, log: FaultLog) -> pd.DataFrame:
    """Return the orders that serve the needs of a period in full (COLUMNS).

    Each need is met from the nearest site that has something left and a vehicle with a permit
    for the place, urgent items first. Where no table says what sites hold, every open site may
    send. What a gate has no minutes for is left out (W1606), and what no stock covers (W1603).

    Args:
        net: The instance.
        minutes: (places, places) travel time.
        period: The period, from 1.
        log: Where it is told what is left out.
    """
    needs = net.needs
    rows = np.flatnonzero(needs.period == period - 1)
    kept = net.items.reusable[needs.item[rows]]
    if kept.any():
        rule = f"{int(kept.sum())} needs of reusable items are levels in use, and are left out"
        action = "plan the dispatch first, and route its shipments"
        log.add("W1605", f"needs of period {period}", rule, action)
    rows = rows[~kept]
    rows = rows[np.lexsort((needs.place[rows], net.items.tier[needs.item[rows]]))]
    place, item = needs.place[rows], needs.item[rows]
    quantity = _handed_over(net, place, item, needs.quantity[rows], period, log)
    sites = np.flatnonzero(net.places.is_site)
    if not len(net.lots.place):
        return _orders(net, place, item, quantity, np.full(len(rows), -1))
    stock = spare_stock(net, period)[sites]
    near = reachable(net, minutes, period)[np.ix_(sites, place)]
    order = np.argsort(near, axis=0, kind="stable")
    cut_off = np.isinf(near).all(axis=0)  # Ordered all the same: the case tells what is wrong.
    found, left = [], quantity.copy()
    for rank in range(len(sites)):
        may = np.isfinite(near[order[rank], np.arange(len(rows))]) | cut_off
        given = _taken(stock, order[rank], item, np.where(may, left, 0.0))
        found.append(_orders(net, place, item, given, sites[order[rank]]))
        left = left - given
    _tell_uncovered(net, place, left, period, log)
    return summed(pd.concat(found, ignore_index=True))


def _handed_over(
    net: Network, place: Ints, item: Ints, quantity: Floats, period: int, log: FaultLog
) -> Floats:
    """Return what the gates have minutes for, those first that come first; tell the rest."""
    gates, room = net.gates, np.full(len(net.places.ids), np.inf)
    rows = (gates.period == period - 1) & (gates.share > 0)
    room[gates.place[rows]] = gates.minutes[rows] / gates.share[rows]
    each = net.items.handling[item]
    asked = each * quantity
    order = np.argsort(place, kind="stable")
    before = np.empty(len(place))
    before[order] = (
        pd.Series(asked[order]).groupby(place[order]).cumsum() - asked[order]
    ).to_numpy()
    left = np.maximum(0.0, room[place] - before)
    most = np.divide(left, each, out=np.full(len(place), np.inf), where=each > 0)
    given = np.minimum(quantity, most)
    short = quantity - given > 1e-9 * (1 + quantity)
    if short.any():
        places = len(np.unique(place[short]))
        rule = f"the gates of {places} places have no minutes for {int(short.sum())} needs in full"
        action = "plan the dispatch first, or give the gates more handling_minutes"
        told = f"{(quantity - given).sum():g} units"
        log.add("W1606", f"needs of period {period}", rule, action, told)
    return np.asarray(given)


def reachable(net: Network, minutes: Floats, period: int) -> Floats:
    """Return the minutes (places, places), inf from where no vehicle has a permit for a place."""
    may = permits(net, np.arange(len(net.places.ids)), period).T
    home = net.places.find(net.instance["vehicles"]["site_id"])
    everywhere = (home < 0) | net.instance.policy.reload_anywhere
    found = np.broadcast_to(may[everywhere].any(axis=0), minutes.shape).copy()
    np.logical_or.at(found, home[home >= 0], may[home >= 0])
    return np.where(found, minutes, np.inf)


def _taken(stock: Floats, site: Ints, item: Ints, wanted: Floats) -> Floats:
    """Return what each need gets of its site, first come first served; lower the stock."""
    key = site * stock.shape[1] + item
    order = np.argsort(key, kind="stable")
    total = pd.Series(wanted[order]).groupby(key[order]).cumsum().to_numpy()
    before = total - wanted[order]
    given = np.empty(len(wanted))
    given[order] = np.clip(stock[site, item][order] - before, 0.0, wanted[order])
    np.subtract.at(stock, (site, item), given)
    return given


def _orders(net: Network, place: Ints, item: Ints, quantity: Floats, site: Ints) -> pd.DataFrame:
    """Return orders with something in them; site -1 = any."""
    keep = quantity > 0
    names = np.append(net.places.ids, ANY)
    frame = {
        "place_id": net.places.ids[place[keep]],
        "item_id": net.items.ids[item[keep]],
        "quantity": quantity[keep],
        "from_id": names[site[keep]],
    }
    return pd.DataFrame(frame).astype({"place_id": "str", "item_id": "str", "from_id": "str"})


def _tell_uncovered(net: Network, place: Ints, left: Floats, period: int, log: FaultLog) -> None:
    short = left > 1e-9
    if short.any():
        places = len(np.unique(place[short]))
        rule = f"the stocks do not cover {int(short.sum())} needs of {places} places"
        action = "plan the dispatch first, and route its shipments"
        log.add("W1603", f"needs of period {period}", rule, action, f"{left.sum():g} units")


def spare_stock(net: Network, period: int) -> Floats:
    """Return (places, items) what sites hold in a period of goods free for everybody.

    What has come in by then and has not expired; nothing is taken off for other periods.
    """
    lots, batches = net.lots, net.batches
    usable = (lots.period <= period - 1) & (lots.source != "purchases")
    usable &= (batches.expiry[lots.batch] >= period - 1) & (batches.earmark[lots.batch] == "")
    stock = np.zeros((len(net.places.ids), len(net.items.ids)))
    rows = np.flatnonzero(usable)
    where = (lots.place[rows], batches.item[lots.batch[rows]])
    np.add.at(stock, where, lots.quantity[rows])
    return stock


def other_origins(
    net: Network, orders: pd.DataFrame, shipped: pd.DataFrame, minutes: Floats, period: int
) -> dict[tuple[str, str], list[str]]:
    """Return (place_id, from_id) -> further sites whose stock covers all that is ordered so.

    What is left of a site's stock, after everything that is shipped from it in any period, is
    promised to the nearest places first, so that all of them may use it at once.
    """
    spare = spare_stock(net, period)
    start = net.places.find(shipped["from_id"])
    item = item_positions(net.instance, shipped["item_id"])
    amount, known = pd.to_numeric(shipped["quantity"]).to_numpy(float), (start >= 0) & (item >= 0)
    np.subtract.at(spare, (start[known], item[known]), amount[known])
    spare = np.maximum(0.0, spare)
    groups = list(orders[orders["from_id"] != ANY].groupby(["place_id", "from_id"], sort=False))
    keys = [(str(key[0]), str(key[1])) for key, _ in groups]
    found: dict[tuple[str, str], list[str]] = {key: [] for key in keys}
    minutes = reachable(net, minutes, period)
    lines = [
        (item_positions(net.instance, rows["item_id"]), rows["quantity"].to_numpy(float))
        for _, rows in groups
    ]
    at = net.places.find(pd.Series([key[0] for key in keys], dtype="str"))
    for site in np.flatnonzero(net.places.is_site & (spare.sum(axis=1) > 0)).tolist():
        name = str(net.places.ids[site])
        for group in np.argsort(minutes[site, at], kind="stable").tolist():
            key, (items, amounts) = keys[group], lines[group]
            near = key[1] != name and np.isfinite(minutes[site, at[group]])
            if near and (spare[site, items] >= amounts).all():
                spare[site, items] -= amounts
                found[key].append(name)
    return found
