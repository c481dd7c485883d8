"""Ways to move goods: a lane with one of its vehicles, the quickest into a place first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.network import Network


@dataclass(frozen=True)
class Ways:
    """One entry a way. `vehicle` is the row of the fleet, or the number of rows for none needed."""

    lane: Ints
    origin: Ints
    target: Ints
    vehicle: Ints
    pair: Ints  # position in the fleet's pairs, -1 without a vehicle
    trips_per_kg: Floats
    trips_per_m3: Floats
    minutes: Floats  # of a trip
    open: Bools  # ways x periods
    rank: Ints  # 0 = quickest into the target


def ways_of(net: Network) -> Ways:
    """Return every way; a target's ways are ranked by lead, then minutes of driving per kg."""
    fleet, lanes = net.fleet, net.lanes
    by_hand = np.ones(len(lanes), dtype=bool)
    if fleet.limited:
        by_hand = ~net.places.is_site[lanes.origin]
    hand = np.flatnonzero(by_hand)
    rows = len(fleet.hours)
    lane = np.r_[fleet.pair_lane, hand].astype(np.int64)
    pair = np.r_[np.arange(len(fleet.pair_lane)), np.full(len(hand), -1)].astype(np.int64)
    vehicle = np.r_[fleet.pair_vehicle, np.full(len(hand), rows)].astype(np.int64)
    kg, m3 = np.r_[fleet.kg, np.inf], np.r_[fleet.m3, np.inf]
    minutes = np.r_[fleet.pair_minutes, np.zeros(len(hand))]
    opened = np.concatenate([fleet.pair_open & net.open[fleet.pair_lane], net.open[hand]])
    effort = np.where(pair >= 0, minutes / kg[vehicle], lanes.minutes[lane] * 1e-6)
    # What comes later than need be is the last choice: a lead outweighs every effort of a day.
    late = net.lead[lane].min(axis=1)
    order = np.lexsort((lane, effort, late, lanes.target[lane]))
    target = lanes.target[lane][order]
    starts = np.r_[True, target[1:] != target[:-1]] if len(target) else np.zeros(0, bool)
    first = np.maximum.accumulate(np.where(starts, np.arange(len(target)), 0))
    chosen = order
    return Ways(
        lane=lane[chosen],
        origin=lanes.origin[lane][chosen],
        target=target,
        vehicle=vehicle[chosen],
        pair=pair[chosen],
        trips_per_kg=1.0 / kg[vehicle][chosen],
        trips_per_m3=1.0 / m3[vehicle][chosen],
        minutes=minutes[chosen],
        open=opened[chosen],
        rank=np.arange(len(target)) - first,
    )
