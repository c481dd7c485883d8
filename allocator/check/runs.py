"""Departures of a site along a lane in a period, and the vehicles that may make them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.check.access import Access, Permits
from allocator.check.ground import Bools, Floats, Ground, Ints, summed
from allocator.check.lanes import Lanes
from allocator.check.moves import Moves
from allocator.check.rows import words
from allocator.check.verdict import Findings


@dataclass(frozen=True)
class Runs:
    """One run a lane and period with shipments or trips; pairs join runs and permitted vehicles.

    `m3` is 0 where a permitted vehicle has no limit of volume. `of_move` is the run of every move
    (-1 where no vehicle is needed).
    """

    lane: Ints
    period: Ints
    kg: Floats
    m3: Floats
    of_move: Ints
    pair_run: Ints
    pair_vehicle: Ints

    def __len__(self) -> int:
        return len(self.lane)

    def find(self, lane: Ints, period: Ints, periods: int) -> Ints:
        """Return the run of each lane and period; -1 where nothing is shipped."""
        keys, wanted = self.lane * periods + self.period, lane * periods + period
        if not len(keys):
            return np.full(len(wanted), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where((keys[at] == wanted) & (lane >= 0), at, -1)


def runs_of(ground: Ground, lanes: Lanes, access: Access, permits: Permits, moves: Moves) -> Runs:
    """Add up what is shipped on every lane that leaves a site, period by period."""
    counted = np.flatnonzero((moves.lane >= 0) & ground.places.is_site[moves.origin])
    key = moves.lane[counted] * ground.periods + moves.period[counted]
    runs, code = np.unique(key, return_inverse=True)
    of_move = np.full(len(moves), -1, dtype=np.int64)
    of_move[counted] = code
    lane, period = runs // ground.periods, runs % ground.periods
    quantity, item = moves.quantity[counted], moves.item[counted]
    pair_run, pair_vehicle = _pairs(ground, lanes, access, permits, lane, period)
    endless = permits.table["m3"].isna().to_numpy()[pair_vehicle]
    bulky = ~np.isin(np.arange(len(runs)), pair_run[endless])
    return Runs(
        lane=lane,
        period=period,
        kg=summed(code, quantity * ground.items.kg[item], len(runs)),
        m3=summed(code, quantity * ground.items.m3[item], len(runs)) * bulky,
        of_move=of_move,
        pair_run=pair_run,
        pair_vehicle=pair_vehicle,
    )


def permitted(
    ground: Ground,
    lanes: Lanes,
    access: Access,
    permits: Permits,
    vehicle: Ints,
    lane: Ints,
    period: Ints,
) -> Bools:
    """Return whether vehicles may leave along lanes in periods (access on arrival decides)."""
    arrival = period + lanes.leads(lane, period, ground.minutes)
    target = lanes.target[lane]
    level = access.level[target, np.minimum(arrival, ground.periods - 1)]
    return permits.allow(vehicle, lanes.origin[lane], target, level)


def _pairs(
    ground: Ground, lanes: Lanes, access: Access, permits: Permits, lane: Ints, period: Ints
) -> tuple[Ints, Ints]:
    origin = lanes.origin[lane]
    found: list[tuple[Ints, Ints]] = []
    for vehicle, home in enumerate(permits.home.tolist()):
        run = np.arange(len(lane)) if home == -1 else np.flatnonzero(origin == home)
        number = np.full(len(run), vehicle)
        ok = permitted(ground, lanes, access, permits, number, lane[run], period[run])
        found.append((run[ok], number[ok]))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    run, number = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((number, run))
    return run[order], number[order]


def check_permits(found: Findings, ground: Ground, moves: Moves, runs: Runs) -> None:
    """Record shipments that leave a site where no vehicle has a permit."""
    served = np.zeros(len(runs) + 1, dtype=bool)
    served[runs.pair_run] = True
    served[-1] = True  # moves without a run need no vehicle
    none = moves.take(~served[runs.of_move])
    lines = words(
        "{} to {}, period {}: no vehicle has a permit for this lane",
        ground.place_names(none.origin),
        ground.place_names(none.target),
        (none.period + 1).tolist(),
    )
    found.add("permit", "shipments", none.row, none.quantity, lines)
