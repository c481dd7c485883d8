"""From a point of the program to what the plan does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.engine.program import Floats
from allocator.models.dispatch.done import DUST, Done, Moves
from allocator.models.dispatch.model import DispatchModel


def plan_tables(model: DispatchModel, solution: Floats) -> Mapping[str, pd.DataFrame]:
    """Return shipments, trips, purchases and shortages of a point of the program."""
    return read(model, solution).tables()


def read(model: DispatchModel, solution: Floats) -> Done:
    """Return what a point of the program does."""
    net, ship, use, shorts = model.net, model.sets.ship, model.sets.use, model.shorts
    shape = (len(net.batches), len(net.places.ids), net.periods)
    consumed, trips = np.zeros(shape), np.zeros(net.fleet.pair_open.shape)
    consumed[use.batch, use.place, use.period] = solution[model.use]
    trips[model.trip_pair, model.trip_period] = solution[model.trips]
    short = np.zeros((len(net.items.ids), *shape[1:]))
    short[shorts.item, shorts.place, shorts.period] = short_of(model, solution)
    sent = solution[model.ship] * model.pack
    kept = np.flatnonzero(sent > DUST)
    keys = (ship.lane[kept], ship.batch[kept], ship.period[kept], ship.arrives[kept])
    return Done(net, Moves(*keys, sent[kept]), consumed, bought(model, solution), trips, short)


def bought(model: DispatchModel, solution: Floats) -> Floats:
    """Return units bought of every lot (0 for lots that are given)."""
    units = np.zeros(len(model.net.lots.quantity))
    units[model.purchases] = solution[model.buy]
    return units


def short_of(model: DispatchModel, solution: Floats) -> Floats:
    """Return units short of every need row (units waiting where need waits)."""
    shorts = model.shorts
    used = np.zeros(len(shorts.place))
    served = model.use_row >= 0
    np.add.at(used, model.use_row[served], solution[model.use[served]])
    used[model.level_rows] = solution[model.level]
    short = shorts.quantity - used
    short[model.waiting_rows] = solution[model.waiting]
    return np.maximum(short, 0.0)
