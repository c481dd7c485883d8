"""Ways by a place that decontaminates a vehicle: what lets the class of access fall on a trip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.instance.lanes import Floats, Ints

SAME = 1e-9  # minutes that make no difference


@dataclass(frozen=True, eq=False)
class Detours:
    """From each place to each other by the place of decontamination that is through soonest.

    Attributes:
        minutes: (M, P, P) with those of decontamination, inf where there is no such way.
        km: (M, P, P), inf likewise.
        by: (M, P, P) row of the place of decontamination, -1 = none.
    """

    minutes: Floats
    km: Floats
    by: Ints


def detours(minutes: Floats, km: Floats, stations: Floats) -> Detours:
    """Return the ways by a place that decontaminates; of equally quick ones the shortest.

    Args:
        minutes: (M, P, P) of travel, inf = no way.
        km: (M, P, P).
        stations: (P,) minutes of decontamination at a place, inf = none there.
    """
    best, far = np.full(minutes.shape, np.inf), np.full(minutes.shape, np.inf)
    by = np.full(minutes.shape, -1, dtype=np.int64)
    for station in np.flatnonzero(np.isfinite(stations)).tolist():
        time = minutes[:, :, station, None] + stations[station] + minutes[:, None, station, :]
        way = km[:, :, station, None] + km[:, None, station, :]
        sooner = np.isfinite(time + way) & (
            (time < best - SAME) | ((time <= best + SAME) & (way < far))
        )
        best, far = np.where(sooner, time, best), np.where(sooner, way, far)
        by = np.where(sooner, station, by)
    return Detours(best, far, by)
