"""Whole numbers for PyVRP: how minutes, money and loads are scaled so that nothing is lost.

PyVRP counts in 64-bit integers. A scale is the least power of ten that makes every number whole;
where none does, numbers are rounded to the safe side, a ten-millionth of the largest at most.
What would overflow is refused with a code, everything at once, before any search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from allocator.engine.program import Floats, Ints
from allocator.errors import Fault, InstanceError
from allocator.instance.route_case import RouteCase

WHOLE = 1e-7  # how near a scaled number must be to a whole one to count as it
MOST = 1 << 30  # of a single number in its own unit
FINE = 1e7  # of a single scaled number: finer steps change nothing that matters
MOST_TOTAL = 1 << 60  # of all costs together, what missing arcs are charged included
ANY = (1 << 62) - 1  # no limit


@dataclass(frozen=True)
class Scale:
    """Steps of a minute, of a unit of the goal and of each dimension of load."""

    time: float
    goal: float
    load: Floats


def steps_of(values: ArrayLike) -> float:
    """Return the least power of ten that makes the finite values whole, else the finest usable."""
    array = np.asarray(values, float)
    array = np.abs(array[np.isfinite(array)])
    top = float(array.max(initial=0.0))
    for steps in (1.0, 10.0, 100.0, 1000.0):
        if top * steps > FINE:
            break
        if np.all(np.abs(array * steps - np.rint(array * steps)) <= WHOLE):
            return steps
    return float(min(1000.0, 10.0 ** np.floor(np.log10(FINE / max(top, 1.0)))))


def up(values: ArrayLike, steps: float | Floats) -> Ints:
    """Return scaled values rounded up, whole ones kept; infinite ones become ANY."""
    return _rounded(values, steps, np.ceil)


def down(values: ArrayLike, steps: float | Floats) -> Ints:
    """Return scaled values rounded down, whole ones kept; infinite ones become ANY."""
    return _rounded(values, steps, np.floor)


def near(values: ArrayLike, steps: float) -> Ints:
    """Return scaled values rounded to the nearest; infinite ones become ANY."""
    return _rounded(values, steps, np.rint)


def _rounded(values: ArrayLike, steps: float | Floats, to: np.ufunc) -> Ints:
    array = np.asarray(values, float)
    scaled = np.where(np.isfinite(array), array, 0.0) * steps
    whole = np.rint(scaled)
    kept = np.abs(scaled - whole) <= WHOLE * np.maximum(1.0, np.abs(whole))
    result = np.minimum(np.where(kept, whole, to(scaled)), ANY)
    return np.where(np.isfinite(array), result, ANY).astype(np.int64)


def time_steps(case: RouteCase) -> float:
    """Return the steps of a minute."""
    stops, fleet = case.stops, case.vehicles
    windows = [bound for row in stops.windows for window in row for bound in window]
    shift = (fleet.early, fleet.late, fleet.longest, fleet.loading, fleet.unloading)
    stations = () if case.stations is None else case.stations[np.isfinite(case.stations)]
    clean = (fleet.decontaminate, stations)
    parts = (case.minutes, stops.service, stops.release, windows, *clean, *shift)
    return steps_of(np.concatenate([np.ravel(np.asarray(part, float)) for part in parts]))


def require_fitting(case: RouteCase) -> None:
    """Refuse numbers no scale can hold.

    Raises:
        InstanceError: E1330 for every kind of number too large to be kept to a unit.
    """
    stops, fleet = case.stops, case.vehicles
    kinds = {
        "minutes of travel": case.minutes,
        "km of travel": case.km,
        "minutes of service": stops.service,
        "loads": stops.load,
        "costs of a vehicle": np.array([fleet.fixed, fleet.per_km, fleet.per_hour, fleet.per_trip]),
    }
    faults = [
        Fault(
            "E1330",
            "error",
            "",
            f"{top:g}",
            f"{name} too large for whole-number search",
            f"use a larger unit: at most {MOST:,} of one",
        )
        for name, values in kinds.items()
        if (top := float(np.max(values, where=np.isfinite(values), initial=0.0))) > MOST
    ]
    if faults:
        raise InstanceError(*faults)
