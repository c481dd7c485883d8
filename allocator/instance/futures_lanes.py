"""Lanes in every scenario: dearer, longer, closed."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from allocator.errors import InstanceError
from allocator.instance.futures_tables import Variants
from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.reserve import Needy, ReserveLanes, ReserveSites, position
from allocator.instance.reserve_rows import lanes_of

_EQUAL = 1e-9


@dataclass(frozen=True)
class LaneStates:
    """Factor on the cost (S, L) and whether there is no lane (S, L)."""

    factor: Floats
    closed: Bools


@dataclass(frozen=True)
class _Changed:
    """Lanes of one overlaid scenario: minutes (inf = none) and factor on the cost."""

    minutes: Floats
    factor: Floats


def lanes_and_states(
    variants: Variants, sites: ReserveSites, communities: Needy
) -> tuple[ReserveLanes, LaneStates]:
    """Return the lanes within the time standard now or in some scenario, and their states.

    Raises:
        InstanceError: An overlay changes the costs of a link in a way that is no factor (E1329).
    """
    longest = variants.instance.policy.time_standard
    standard = np.inf if longest is None else longest * (1 + _EQUAL)
    lanes = lanes_of(variants.instance, sites, communities)
    changed = {
        scenario: _changed(lanes, other, sites, communities)
        for scenario, other in variants.changing("links", "sites", "communities")
    }
    lanes, changed = _near(variants, lanes, changed, standard)
    states = _states(variants, lanes, changed, sites, communities, standard)
    used = np.flatnonzero((lanes.minutes <= standard) | ~states.closed.all(axis=0))
    if len(used) == len(lanes):
        return lanes, states
    return _subset(lanes, used), LaneStates(states.factor[:, used], states.closed[:, used])


def _near(
    variants: Variants, lanes: ReserveLanes, changed: dict[int, _Changed], standard: float
) -> tuple[ReserveLanes, dict[int, _Changed]]:
    """Leave out lanes that are too long whatever happens, before they are repeated."""
    table, _ = variants.bulk("scenario_links")
    least = min(1.0, float(table["factor"].min())) if len(table) else 1.0
    lowest = lanes.minutes
    for other in changed.values():
        lowest = np.minimum(lowest, other.minutes)
    near = np.flatnonzero(lowest * least <= standard)
    rest = {
        scenario: _Changed(other.minutes[near], other.factor[near])
        for scenario, other in changed.items()
    }
    return _subset(lanes, near), rest


def _subset(lanes: ReserveLanes, rows: Ints) -> ReserveLanes:
    return ReserveLanes(*(getattr(lanes, field.name)[rows] for field in fields(lanes)))


def _states(
    variants: Variants,
    lanes: ReserveLanes,
    changed: dict[int, _Changed],
    sites: ReserveSites,
    communities: Needy,
    standard: float,
) -> LaneStates:
    shape = (len(variants), len(lanes))
    table, _ = variants.bulk("scenario_links")
    if not changed and not len(table):
        # Nothing differs between scenarios: no memory for it.
        return LaneStates(np.broadcast_to(1.0, shape), np.broadcast_to(False, shape))
    factor, closed = _bulk(variants, lanes, sites, communities)
    own = sites.ids[lanes.site] == communities.ids[lanes.community]
    factor[:, own], closed[:, own] = 1.0, False
    usual = np.setdiff1d(np.arange(len(variants)), list(changed))
    closed[usual] |= lanes.minutes * factor[usual] > standard
    for scenario, other in changed.items():
        longer = other.minutes * factor[scenario] > standard
        closed[scenario] |= longer | np.isinf(other.minutes)
        factor[scenario] *= other.factor
    return LaneStates(factor, closed)


def _bulk(
    variants: Variants, lanes: ReserveLanes, sites: ReserveSites, communities: Needy
) -> tuple[Floats, Bools]:
    """Return factors and closures of `scenario_links`; blank ends match every lane."""
    table, at = variants.bulk("scenario_links")
    factor, closed = (
        np.ones((len(variants), len(lanes))),
        np.zeros((len(variants), len(lanes)), bool),
    )
    times, shut = table["factor"].to_numpy(float), table["closed"].to_numpy(bool)
    any_from = (table["from_id"] == "").to_numpy(bool)
    any_to = (table["to_id"] == "").to_numpy(bool)
    site, place = position(sites.ids, table["from_id"]), position(communities.ids, table["to_id"])
    width = len(communities)
    groups = (
        (any_from & any_to, np.zeros(len(table), np.int64), np.zeros(len(lanes), np.int64)),
        (~any_from & any_to & (site >= 0), site, lanes.site),
        (any_from & ~any_to & (place >= 0), place, lanes.community),
        (
            ~any_from & ~any_to & (site >= 0) & (place >= 0),
            site * width + place,
            lanes.site * width + lanes.community,
        ),
    )
    for rows, wanted, key in groups:
        row, lane = _matches(np.flatnonzero(rows), wanted, key)
        np.multiply.at(factor, (at[row], lane), times[row])
        np.logical_or.at(closed, (at[row], lane), shut[row])
    return factor, closed


def _matches(rows: Ints, wanted: Ints, key: Ints) -> tuple[Ints, Ints]:
    """Return each pair of a row and a lane whose key is the one the row wants."""
    order = np.argsort(key, kind="stable")
    first = np.searchsorted(key[order], wanted[rows], side="left")
    count = np.searchsorted(key[order], wanted[rows], side="right") - first
    ends = np.cumsum(count)
    step = np.arange(int(count.sum())) - np.repeat(ends - count, count)
    return np.repeat(rows, count), order[np.repeat(first, count) + step]


def _changed(
    lanes: ReserveLanes, other: Instance, sites: ReserveSites, communities: Needy
) -> _Changed:
    """Compare the lanes of an overlaid instance with those of the instance as it stands."""
    found = lanes_of(other, sites, communities)
    width = len(communities)
    key, there = lanes.site * width + lanes.community, found.site * width + found.community
    order = np.argsort(there, kind="stable")
    spot = np.minimum(np.searchsorted(there[order], key), max(len(there) - 1, 0))
    if not len(there):
        return _Changed(np.full(len(key), np.inf), np.ones(len(key)))
    at = order[spot]
    same = there[at] == key
    factor = np.where(same, _ratio(lanes, _subset(found, at)), 1.0)
    if np.isnan(factor).any():
        _refuse_costs(other, sites, communities, lanes, int(np.flatnonzero(np.isnan(factor))[0]))
    return _Changed(np.where(same, found.minutes[at], np.inf), factor)


def _ratio(lanes: ReserveLanes, other: ReserveLanes) -> Floats:
    """Return the one factor that turns the costs of lanes into those of others; NaN for none."""
    main = np.where(lanes.cost > 0, lanes.cost, lanes.cost_m3)
    new = np.where(lanes.cost > 0, other.cost, other.cost_m3)
    ratio = np.divide(new, main, out=np.ones_like(main), where=main > 0)
    fits = np.isclose(lanes.cost * ratio, other.cost, rtol=_EQUAL, atol=0)
    fits &= np.isclose(lanes.cost_m3 * ratio, other.cost_m3, rtol=_EQUAL, atol=0)
    return np.where(fits, ratio, np.nan)


def _refuse_costs(
    other: Instance, sites: ReserveSites, communities: Needy, lanes: ReserveLanes, lane: int
) -> None:
    raise InstanceError.because(
        "an overlay must scale cost and cost_m3 of a link by one factor for pre-positioning",
        where="overlays",
        value=f"{sites.ids[lanes.site[lane]]} -> {communities.ids[lanes.community[lane]]}",
        action="scale both alike, or use scenario_links.factor",
        code="E1329",
    )
