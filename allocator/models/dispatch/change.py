"""Change from an earlier plan: how much is moved differently, and how many shipments may differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints, Labels
from allocator.instance.network import item_positions

if TYPE_CHECKING:
    from allocator.models.dispatch.model import DispatchModel


@dataclass(frozen=True)
class Change:
    """Columns e(l, i, t) of units moved differently; units of moves no lane carries any more."""

    columns: Ints
    lost: float


def add_change(model: DispatchModel, start: pd.DataFrame) -> Change:
    """Add the families change_up, change_down and, with `max_changes`, changed_up and changes."""
    net, ship, program = model.net, model.sets.ship, model.program
    shape = (len(net.lanes), len(net.items.ids), net.periods)
    of_ship = np.ravel_multi_index((ship.lane, net.batches.item[ship.batch], ship.period), shape)
    before, lost = _start_by_key(model, start, shape)
    keys, of_key = np.unique(of_ship, return_inverse=True)
    known = before.reindex(keys).fillna(0.0).to_numpy(float)
    dropped = before[~before.index.isin(keys)]
    most = np.zeros(len(keys))
    np.add.at(most, of_key, program.upper[model.ship] * model.pack)
    most = np.maximum(most, known)
    labels = model.label.moves(*np.unravel_index(keys, shape))
    columns = program.add_columns("changed_units", len(keys), most, labels=labels)
    up = program.add_rows("change_up", len(keys), -known, labels=labels)
    down = program.add_rows("change_down", len(keys), known, labels=labels)
    for rows, sign in ((up, -1.0), (down, 1.0)):
        program.add_entries(rows, columns, 1.0)
        program.add_entries(rows[of_key], model.ship, sign * model.pack)
    if net.instance.policy.max_changes is not None:
        _add_cap(model, columns, most, len(dropped) + len(lost), labels)
    return Change(columns, float(dropped.sum() + lost.sum()))


def _add_cap(model: DispatchModel, columns: Ints, most: Floats, given: int, labels: Labels) -> None:
    program = model.program
    switch = program.add_columns("changed", len(columns), 1.0, integer=True, labels=labels)
    rows = program.add_rows("changed_up", len(columns), upper=0.0, labels=labels)
    program.add_entries(rows, columns, 1.0)
    program.add_entries(rows, switch, -most)
    allowed = float(model.net.instance.policy.max_changes or 0) - given
    cap = program.add_rows("changes", 1, upper=allowed)
    program.add_entries(cap, switch, 1.0)


def _start_by_key(
    model: DispatchModel, start: pd.DataFrame, shape: tuple[int, int, int]
) -> tuple[pd.Series, pd.Series]:
    """Return the units of the start plan by lane, item and period, and those on no lane here."""
    net = model.net
    ends = pd.MultiIndex.from_arrays([net.lanes.origin, net.lanes.target])
    origin, target = net.places.find(start["from_id"]), net.places.find(start["to_id"])
    lane = ends.get_indexer(pd.MultiIndex.from_arrays([origin, target]))
    item = item_positions(net.instance, start["item_id"])
    period = start["period"].to_numpy(np.int64) - 1
    fits = (lane >= 0) & (item >= 0) & (period >= 0) & (period < net.periods)
    units = start["quantity"].to_numpy(float)
    key = np.ravel_multi_index((lane[fits], item[fits], period[fits]), shape)
    names = [
        start[column].to_numpy()[~fits] for column in ("from_id", "to_id", "item_id", "period")
    ]
    return pd.Series(units[fits]).groupby(key).sum(), pd.Series(units[~fits]).groupby(names).sum()
