"""Stock floors that no plan can keep: hard rows, so a proof that there is no plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.doctor.finding import Finding
from allocator.doctor.words import line, number
from allocator.instance.lanes import Floats, Ints
from allocator.instance.network import Network


def hold_findings(net: Network, first: Ints) -> list[Finding]:
    """Return one error a row of limits whose floor is above all that could be held there."""
    limits = net.instance["limits"]
    place = net.places.find(limits["place_id"])
    item = np.asarray(pd.Index(net.items.ids).get_indexer(pd.Index(limits["item_id"])))
    share = limits["stock_min_share"].to_numpy(float)
    found = []
    for row in np.flatnonzero((place >= 0) & (share > 0)):
        floor = share[row] * _stock(net, int(place[row]), int(item[row]))
        held = _most_held(net, first, int(place[row]), int(item[row]))
        worst = int(np.argmin(held))
        if floor > held[worst] * (1 + 1e-9) + 1e-6:
            found.append(_finding(net, int(row), floor, float(held[worst]), worst + 1))
    return found


def _stock(net: Network, place: int, item: int) -> float:
    lots = net.lots
    here = (
        (lots.source == "stocks") & (lots.place == place) & (net.batches.item[lots.batch] == item)
    )
    return float(lots.quantity[here].sum())


def _most_held(net: Network, first: Ints, place: int, item: int) -> Floats:
    """Return a period each: all goods of the item, anywhere, that could lie here at its end."""
    lots, period = net.lots, np.arange(net.periods)
    most = np.zeros(net.periods)
    for batch in np.flatnonzero(net.batches.item == item):
        mine = lots.batch == batch
        entered = np.bincount(lots.period[mine], lots.quantity[mine], net.periods).cumsum()
        could = (period >= first[batch, place]) & (period < net.batches.expiry[batch])
        most += np.where(could, entered, 0.0)
    return most


def _finding(net: Network, row: int, floor: float, held: float, period: int) -> Finding:
    limit = net.instance["limits"].iloc[row]
    who = f"{limit['item_id']} at {limit['place_id']}"
    what = (
        f"{who}: {number(floor)} must stay at the end of every period, but at the end "
        f"of period {period} at most "
        f"{number(held)} can be held (the rest expires or cannot be there)."
    )
    share = float(limit["stock_min_share"]) * held / floor
    numbers = {"floor": floor, "held_at_most": held, "period": period}
    repair = (
        f"lower stock_min_share from {limit['stock_min_share']:g} to "
        f"{np.floor(share * 1e4) / 1e4:g}"
    )
    return Finding("E3605", what, numbers, repair, line("limits", row))
