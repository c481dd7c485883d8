"""Tight upper limits of the stock: the M of the rows `stock_max` (formulation section 5)."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.futures import ReserveCase
from allocator.models.preposition.reach import lanes_within

TINY = 1e-9


def stock_most(case: ReserveCase) -> Floats:
    """Return M(i, k, l) as sizes x items, in units; whole packs where the item says so."""
    reserve, policy = case.reserve, case.policy
    site, m3 = reserve.sizes.site, reserve.items.m3
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(m3 > 0, reserve.sizes.volume_m3[:, None] / m3, np.inf)
    allowed = np.minimum(reserve.stock.maximum[site], room)
    wanted = _useful(case) if policy.total_stock == "free" else _total(case)
    pack = np.where(reserve.items.whole, reserve.items.pack, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        down = np.floor(allowed / pack + TINY) * pack
        up = np.ceil(wanted / pack - TINY) * pack
    whole = reserve.items.whole
    allowed = np.where(whole & np.isfinite(allowed), down, allowed)
    return np.asarray(np.minimum(allowed, np.where(whole, up, wanted)[site]))


def _total(case: ReserveCase) -> Floats:
    """Return all there is of an item, sites x items: it may all have to lie at one site."""
    total = case.reserve.stock.present.sum(axis=0)
    return np.broadcast_to(total, case.reserve.stock.present.shape)


def _useful(case: ReserveCase) -> Floats:
    """Return the most that any scenario, floor, service or pin can want, sites x items."""
    futures, reserve = case.futures, case.reserve
    most = np.maximum(reserve.stock.minimum, _set_apart(case))
    for scenario in range(len(futures)):
        lanes = np.flatnonzero(~futures.lane_closed[scenario])
        reached = np.zeros(most.shape)
        need = futures.need[scenario][reserve.lanes.community[lanes]]
        np.add.at(reached, reserve.lanes.site[lanes], need)
        share = futures.survival[scenario]
        survives = share > 0
        most = np.where(survives, np.maximum(most, reached / np.where(survives, share, 1)), most)
    return most + _pinned(case)


def _set_apart(case: ReserveCase) -> Floats:
    """Return the most that `days` or `cover` can set apart at a site, sites x items."""
    reserve, policy = case.reserve, case.policy
    most = np.zeros(reserve.stock.minimum.shape)
    if policy.reserve_days > 0:
        lanes = lanes_within(case)
        wanted = policy.reserve_days * case.base / case.days
        np.add.at(most, reserve.lanes.site[lanes], wanted[reserve.lanes.community[lanes]])
    if policy.coverage_minutes is not None and policy.coverage_item:
        item = int(np.flatnonzero(reserve.items.ids == policy.coverage_item)[0])
        lanes = lanes_within(case, policy.coverage_minutes)
        covers = np.zeros(len(most))
        np.add.at(
            covers, reserve.lanes.site[lanes], case.base[reserve.lanes.community[lanes], item]
        )
        most[:, item] = np.maximum(most[:, item], covers)
    return most


def _pinned(case: ReserveCase) -> Floats:
    """Return the quantities of the pins that may want stock for its own sake, sites x items."""
    pins, most = case.reserve.pins, np.zeros(case.reserve.stock.minimum.shape)
    wanted = ~np.isnan(pins.quantity) & (pins.rule != "at_most")
    for pin in np.flatnonzero(wanted):
        sites = slice(None) if pins.site[pin] < 0 else pins.site[pin]
        items = slice(None) if pins.item[pin] < 0 else pins.item[pin]
        most[sites, items] += pins.quantity[pin]
    return most
