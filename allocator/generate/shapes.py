"""Small shapes that repeat in generators: points in a disc, whole shares, long tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Names = dict[str, list[str] | Ints]
GOLDEN = (np.sqrt(5.0) - 1) / 2
KM_PER_DEGREE = 111.195  # of latitude, mean Earth radius


def spread_points(
    lat: Floats, lon: Floats, radius_km: Floats, rank: Ints, size: Ints
) -> tuple[Floats, Floats]:
    """Return points spread evenly in a disc (sunflower spiral), five decimals.

    Args:
        lat: Centre of each point's disc, degrees.
        lon: Centre of each point's disc, degrees.
        radius_km: Radius of the disc.
        rank: Position of the point in its disc, from 0.
        size: Number of points in the disc.
    """
    distance = radius_km * np.sqrt((rank + 0.5) / size)
    angle = 2 * np.pi * rank * GOLDEN
    north = distance * np.sin(angle) / KM_PER_DEGREE
    east = distance * np.cos(angle) / (KM_PER_DEGREE * np.cos(np.radians(lat)))
    return np.round(lat + north, 5), np.round(lon + east, 5)


def whole_shares(total: Ints, weight: Floats, group: Ints) -> Ints:
    """Split the total of each group over its members by weight, in whole numbers."""
    # Largest remainder.
    weights = np.bincount(group, weight, minlength=len(total))
    exact = total[group] * weight / weights[group]
    whole = np.floor(exact).astype(np.int64)
    left = total - np.bincount(group, whole, minlength=len(total)).astype(np.int64)
    frame = pd.DataFrame({"group": group, "rest": np.round(exact - whole, 9)})
    order = frame.sort_values(["group", "rest"], ascending=[True, False], kind="stable")
    place = order.groupby("group").cumcount().sort_index().to_numpy()
    return whole + (place < left[group])


def long_table(names: Names, **values: Floats) -> pd.DataFrame:
    """Return one row per combination of `names` (last one fastest) with the arrays of `values`.

    Each array has one axis per name.
    """
    sizes = [len(labels) for labels in names.values()]
    rows = np.indices(sizes, dtype=np.int32).reshape(len(sizes), -1)
    columns = {
        name: _labels(labels, rows[axis]) for axis, (name, labels) in enumerate(names.items())
    }
    return pd.DataFrame(columns | {name: array.reshape(-1) for name, array in values.items()})


def _labels(labels: list[str] | Ints, at: NDArray[np.int32]) -> pd.Series:
    if isinstance(labels, list):
        return pd.Series(pd.array(labels, dtype="str").take(at))
    return pd.Series(labels[at])
