"""How far two scenarios are from each other: a metric on what they do to a reserve."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from allocator.generate.shapes import Floats
from allocator.instance.futures import ReserveCase


def distances(case: ReserveCase) -> Floats:
    """Return the distance of every two scenarios (S, S).

    The sum of four parts, each a share between scenarios that are alike (0) and ones that have
    nothing in common: needs (the absolute difference over the mean need of the item, the mean of
    the items), reserves lost, lanes closed or dearer, agreements that fail (mean absolute
    differences of what remains). A sum of absolute differences obeys the triangle inequality.
    """
    features = np.hstack(_features(case))
    return np.asarray(cdist(features, features, metric="cityblock"), dtype=np.float64)


def _features(case: ReserveCase) -> list[Floats]:
    futures, count = case.futures, len(case.futures)
    mean = np.tensordot(futures.probability, futures.need, axes=1).sum(axis=0)
    used = mean > 0
    need = futures.need[:, :, used] / mean[used] / max(1, int(used.sum()))
    parts = [
        futures.survival,
        np.where(futures.lane_closed, 0.0, 1.0),
        np.log(np.where(futures.lane_closed, 1.0, np.maximum(futures.lane_factor, 1e-3))),
        futures.available,
    ]
    flat = [part.reshape(count, -1) for part in parts]
    return [_varying(need.reshape(count, -1)), *(_mean_of(part) for part in flat)]


def _mean_of(part: Floats) -> Floats:
    return np.asarray(_varying(part) / max(1, part.shape[1]))


def _varying(part: Floats) -> Floats:
    """Leave out what is the same in every scenario: it adds nothing to a distance."""
    return np.asarray(part[:, (part != part[:1]).any(axis=0)])
