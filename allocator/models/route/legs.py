"""Ways between two stops of a trip, by a place of decontamination where the class falls."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.lanes import Bools
from allocator.instance.route_case import RouteCase


def legs(
    case: RouteCase, profile: int, here: Ints, there: Ints, falls: Bools
) -> tuple[Floats, Floats]:
    """Return minutes and km between places, arrays that broadcast; inf = no way.

    Where the class of access `falls` and may not, the way leads by the place of decontamination
    that is through soonest, its minutes included; without one there is no way.
    """
    minutes, km = case.minutes[profile][here, there], case.km[profile][here, there]
    if not case.clean_order or not falls.any():
        return minutes, km
    ways = case.detours
    if ways is None:
        return np.where(falls, np.inf, minutes), np.where(falls, np.inf, km)
    around, further = ways.minutes[profile][here, there], ways.km[profile][here, there]
    return np.where(falls, around, minutes), np.where(falls, further, km)
