"""Supply against need, item by item and period by period, over all places at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.doctor.finding import Finding
from allocator.doctor.ledger import Ledger
from allocator.doctor.reach import use_periods
from allocator.doctor.words import number, periods
from allocator.instance.lanes import Floats
from allocator.instance.network import Network


def supply_need(ledger: Ledger) -> pd.DataFrame:
    """Return item_id, period, need, entering, usable, served_at_most, missing.

    One row an item and period. entering = goods that enter the network; usable = goods that can be
    used from this period on, lead times and expiry counted; served_at_most = the most of the need
    that goods could meet if they stood wherever they are wanted, earliest expiry first;
    missing = need - served_at_most.
    """
    net = ledger.net
    items = np.unique(net.needs.item)
    need = np.zeros((len(items), net.periods))
    waits = np.zeros_like(need)
    usable = np.zeros((len(items), net.periods, net.periods + 1))
    entering = np.zeros_like(need)
    for at, item in enumerate(items):
        need[at], waits[at] = _needed(ledger, int(item))
        entering[at] = ledger.own(int(item)).sum(axis=0)
        usable[at] = _usable(ledger, int(item))
    served = _serve(need, waits, usable, net.items.reusable[items])
    shape = (len(items), net.periods)
    return pd.DataFrame(
        {
            "item_id": np.repeat(net.items.ids[items], net.periods),
            "period": np.broadcast_to(np.arange(1, net.periods + 1), shape).ravel(),
            "need": (need + waits).ravel(),
            "entering": entering.ravel(),
            "usable": usable.sum(axis=2).ravel(),
            "served_at_most": served.ravel(),
            "missing": np.maximum(0.0, need + waits - served).ravel(),
        }
    )


def _needed(ledger: Ledger, item: int) -> tuple[Floats, Floats]:
    """Return what is lost when unmet, and what waits, a period."""
    rows, needs = ledger.rows(item), ledger.net.needs
    waits = needs.waits[rows]
    parts = (rows[~waits], rows[waits])
    lost, kept = (
        np.bincount(needs.period[p], ledger.quantity[p], ledger.net.periods).astype(float)
        for p in parts
    )
    return lost, kept


def _usable(ledger: Ledger, item: int) -> Floats:
    """Return periods x last usable periods of goods, in the first period they can serve anyone."""
    net = ledger.net
    rows = np.flatnonzero(net.batches.item[net.lots.batch] == item)
    wanted = ledger.need(item) > 0
    late = net.needs.waits[ledger.rows(item)]
    if late.any():
        wanted = np.logical_or.accumulate(wanted, axis=1)
    earliest = use_periods(net, item, wanted)[net.lots.place[rows], net.lots.period[rows]]
    expiry = net.batches.expiry[net.lots.batch[rows]]
    keep = (earliest < net.periods) & (earliest <= expiry)
    table = np.zeros((net.periods, net.periods + 1))
    np.add.at(table, (earliest[keep], expiry[keep]), net.lots.quantity[rows][keep])
    return table


def _serve(lost: Floats, waits: Floats, usable: Floats, reusable: np.ndarray) -> Floats:
    """Return items x periods served at most; what expires first goes first, waiting need last."""
    periods = lost.shape[1]
    held = np.zeros((len(lost), periods + 1))
    waiting = np.zeros(len(lost))
    served = np.zeros_like(lost)
    for period in range(periods):
        held += usable[:, period]
        waiting += waits[:, period]
        done = np.minimum(lost[:, period] + waiting, held.sum(axis=1))
        waiting -= np.maximum(0.0, done - lost[:, period])
        served[:, period] = done
        taken = np.minimum(held, np.maximum(0.0, done[:, None] - (held.cumsum(axis=1) - held)))
        held -= np.where(reusable[:, None], 0.0, taken)
        held[:, period] = 0.0
    return served


def supply_findings(net: Network, table: pd.DataFrame) -> list[Finding]:
    """Return one finding an item whose need cannot be met by all goods together."""
    left_out = _left_out(net)
    found = []
    for item, rows in table.groupby("item_id", sort=False):
        missing = _missing(rows, bool(net.items.reusable[net.items.ids == item][0]))
        if missing > 1e-6 * max(1.0, rows["need"].sum()):
            found.append(_finding(str(item), rows, missing, left_out.get(str(item), 0.0), net))
    return found


def _missing(rows: pd.DataFrame, reusable: bool) -> float:
    """Units short over the horizon; of a level the worst period, of waiting need what is left."""
    if reusable:
        return float(rows["missing"].max())
    return float(max(0.0, rows["need"].sum() - rows["served_at_most"].sum()))


def _finding(
    item: str, rows: pd.DataFrame, missing: float, left_out: float, net: Network
) -> Finding:
    unit = net.instance["items"].set_index("item_id")["unit"].get(item, "unit")
    lacking = rows.loc[rows["missing"] > 1e-6, "period"].to_numpy(int) - 1
    first = int(lacking.min()) + 1
    need, usable = float(rows["need"].sum()), float(rows["usable"].sum())
    if net.items.reusable[net.items.ids == item][0]:
        need = float(rows["need"].max())
    numbers: dict[str, Any] = {
        "item_id": item,
        "need": need,
        "usable": usable,
        "missing": missing,
        "from_period": first,
        "entering": float(rows["entering"].sum()),
        "left_out": left_out,
    }
    if usable <= 0:
        what = f"{item}: {number(need)} {unit} needed and no usable supply anywhere."
    else:
        what = (
            f"{item}: of {number(need)} {unit} needed at least {number(missing)} are missing, in "
            f"{periods(lacking.tolist())} ({number(usable)} usable of "
            f"{number(numbers['entering'])} that enter)."
        )
    repair = f"{number(missing)} {unit} more, the first of them usable in period {first}"
    if left_out > 0:
        repair = f"vet the owners of {number(left_out)} {unit} now left out; else {repair}"
    return Finding("W3102" if usable <= 0 else "W3101", what, numbers, repair)


def _left_out(net: Network) -> dict[str, float]:
    """Return per item the goods of owners not vetted."""
    if net.instance.policy.use_unvetted:
        return {}
    owners = net.instance["owners"]
    barred = owners.loc[~owners["vetted"], "owner_id"]
    parts = [
        net.instance[name][["item_id", "quantity", "owner_id"]]
        for name in ("stocks", "arrivals", "in_transit")
    ]
    lots = pd.concat(parts)
    lots = lots[lots["owner_id"].isin(barred)]
    return {str(k): float(v) for k, v in lots.groupby("item_id")["quantity"].sum().items()}
