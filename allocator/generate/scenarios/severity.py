"""How hard an outbreak hits each place: one standard normal figure a place and scenario."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from allocator.generate.lockdown.draw import Draw
from allocator.generate.marginals import Marginals
from allocator.generate.shapes import Floats, Ints
from allocator.instance.lanes import great_circle_km

_EDGE = 1e-12  # keeps normal figures finite
_BLOCK = 2_000_000  # distances in memory at once
_SAME_KM = 6  # decimals


@dataclass(frozen=True)
class Points:
    """Places by latitude and longitude, NaN where unknown; `people` weigh them as centres."""

    lat: Floats
    lon: Floats
    people: Floats

    def __len__(self) -> int:
        return len(self.lat)


@dataclass(frozen=True)
class Severity:
    """Centre (N,), size (N,) and severity at each place (N, P); standard normal each."""

    centre: Ints
    size: Floats
    at: Floats


def normal(draw: Draw, subject: str, *shape: int) -> Floats:
    """Return standard normal figures."""
    return as_normal(draw.uniform(subject, 0.0, 1.0, *shape))


def as_normal(uniform: Floats) -> Floats:
    """Return the standard normal quantiles of figures between 0 and 1."""
    return np.asarray(ndtri(np.clip(uniform, _EDGE, 1 - _EDGE)), dtype=np.float64)


def tied(draw: Draw, subject: str, to: Floats, tie: float) -> Floats:
    """Return standard normal figures that correlate by `tie` with others of the same shape."""
    own = normal(draw, subject, *to.shape)
    return np.asarray(tie * to + np.sqrt(1 - tie * tie) * own)


def rare(probability: float) -> float:
    """Return the level a standard normal figure exceeds with a probability."""
    return float(-ndtri(probability)) if probability > 0 else np.inf


def severity_of(draw: Draw, places: Points, number: int, marginals: Marginals) -> Severity:
    """Draw the outbreaks; every entry of `at` is N(0, 1), near places have like figures."""
    possible = np.where(np.isnan(places.lat + places.lon), 0.0, places.people)
    size = normal(draw, "size", number)
    noise = normal(draw, "noise", number, len(places))
    nearness = normal(draw, "nowhere", number, len(places))
    centre = np.full(number, -1, dtype=np.int64)
    if possible.sum() > 0:
        share = np.cumsum(possible) / possible.sum()
        centre = np.searchsorted(share, draw.uniform("centre", 0, 1, number), side="right")
        centre = np.minimum(centre, len(places) - 1)
        known = ~np.isnan(places.lat + places.lon)
        within = draw.uniform("within", 0, 1, number)
        nearness[:, known] = as_normal(_nearer(places, possible, centre, within))[:, known]
    rest = max(0.0, 1 - marginals.size - marginals.place)
    severity = np.sqrt(marginals.size) * size[:, None] + np.sqrt(marginals.place) * nearness
    return Severity(centre, size, severity + np.sqrt(rest) * noise)


def _nearer(places: Points, weight: Floats, centre: Ints, within: Floats) -> Floats:
    """Return the chance that another centre is farther from a place than this one, (N, P).

    Ties are split by `within`. This is the probability integral transform of the distance to
    the centre, so each column is uniform over the scenarios.
    """
    found = np.empty((len(centre), len(places)))
    source = np.flatnonzero(weight > 0)
    share = weight[source] / weight[source].sum()
    at = np.searchsorted(source, centre)
    block = max(1, _BLOCK // len(source))
    for first in range(0, len(places), block):
        rows = slice(first, first + block)
        km = np.round(
            great_circle_km(
                places.lat[source][:, None],
                places.lon[source][:, None],
                places.lat[rows][None, :],
                places.lon[rows][None, :],
            ),
            _SAME_KM,
        )
        farther, equal = _chances(km, share)
        found[:, rows] = farther[at] + within[:, None] * equal[at]
    return found


def _chances(km: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Return for each entry the share of its column that is farther, and that is as far."""
    order, first, last = _runs(km)
    total = np.vstack([np.zeros((1, km.shape[1])), np.cumsum(share[order], axis=0)])
    upto = np.take_along_axis(total, last + 1, axis=0)
    before = np.take_along_axis(total, first, axis=0)
    return _back(1.0 - upto, order), _back(upto - before, order)


def _runs(km: Floats) -> tuple[Ints, Ints, Ints]:
    """Return the order of each column, and the first and last position of equal values."""
    order = np.argsort(km, axis=0, kind="stable")
    ranked = np.take_along_axis(km, order, axis=0)
    rank = np.arange(len(km))[:, None] * np.ones((1, km.shape[1]), dtype=np.int64)
    fresh = np.vstack([np.ones((1, km.shape[1]), dtype=bool), ranked[1:] != ranked[:-1]])
    first = np.maximum.accumulate(np.where(fresh, rank, 0), axis=0)
    ends = np.vstack([fresh[1:], np.ones((1, km.shape[1]), dtype=bool)])
    last = np.minimum.accumulate(np.where(ends, rank, len(km))[::-1], axis=0)[::-1]
    return order, first, last


def _back(values: Floats, order: Ints) -> Floats:
    result = np.empty_like(values)
    np.put_along_axis(result, order, values, axis=0)
    return result
