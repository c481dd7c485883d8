"""Limits at a place: stock floors, shipping caps, throughput of sites, minutes at gates."""

from __future__ import annotations

import numpy as np

from allocator.check.access import Access
from allocator.check.ground import Floats, Ground, Ints, summed
from allocator.check.lots import Lots
from allocator.check.moves import Moves
from allocator.check.rows import words
from allocator.check.stock import Stock
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance


def check_limits(
    found: Findings,
    ground: Ground,
    access: Access,
    lots: Lots,
    moves: Moves,
    stock: Stock,
    left: Floats,
) -> None:
    """Check what the tables limits, sites and gates say."""
    _check_ship_max(found, ground, moves)
    _check_stock_floor(found, ground, stock, left)
    _check_throughput(found, ground, moves)
    _check_gates(found, ground, access, lots, moves)


def _limit_keys(ground: Ground) -> tuple[Ints, Ints]:
    limits = ground.instance["limits"]
    place, item = ground.place(limits["place_id"]), ground.item(limits["item_id"])
    return np.flatnonzero((place >= 0) & (item >= 0)), place * len(ground.items) + item


def _sum(keys: Ints, wanted: Ints, period: Ints, amount: Floats, periods: int) -> Floats:
    """Sum `amount` into wanted keys x periods; other keys are left out."""
    order = np.argsort(wanted, kind="stable")
    total = np.zeros((len(wanted), periods))
    if not len(wanted):
        return total
    at = np.minimum(np.searchsorted(wanted[order], keys), len(wanted) - 1)
    hit = wanted[order][at] == keys
    flat = order[at[hit]] * periods + period[hit]
    return summed(flat, amount[hit], total.size).reshape(total.shape)


def _check_ship_max(found: Findings, ground: Ground, moves: Moves) -> None:
    line, keys = _limit_keys(ground)
    most = ground.instance["limits"]["ship_max"].to_numpy(float)[line]
    line, most = line[~np.isnan(most)], most[~np.isnan(most)]
    here = moves.origin * len(ground.items) + moves.item
    out = _sum(here, keys[line], moves.period, moves.quantity, ground.periods)
    terms = _sum(here, keys[line], moves.period, np.ones(len(moves)), ground.periods)
    over = out - most[:, None]
    at, period = np.nonzero(over > tolerance(most[:, None], terms))
    table = ground.instance["limits"].iloc[line[at]]
    lines = words(
        "{}, {}, period {}: {:g} leave, {:g} may",
        table["place_id"],
        table["item_id"],
        (period + 1).tolist(),
        out[at, period].tolist(),
        most[at].tolist(),
    )
    found.add("ship_max", "limits", line[at], over[at, period], lines)


def _check_stock_floor(found: Findings, ground: Ground, stock: Stock, left: Floats) -> None:
    line, keys = _limit_keys(ground)
    share = ground.instance["limits"]["stock_min_share"].to_numpy(float)[line]
    line, share = line[share > 0], share[share > 0]
    floor = share * stock.initial(keys[line], len(ground.items))
    group = stock.group(len(ground.items))
    total, terms = np.zeros((2, len(line), ground.periods))
    for number, key in enumerate(keys[line]):
        first, last = np.searchsorted(group, [key, key + 1])
        total[number] = left[first:last].sum(axis=0)
        terms[number] = stock.terms[first:last].sum(axis=0)
    lack = floor[:, None] - total
    at, period = np.nonzero(lack > tolerance(floor[:, None], terms))
    table = ground.instance["limits"].iloc[line[at]]
    lines = words(
        "{}, {}: {:g} are left after period {}, {:g} must stay",
        table["place_id"],
        table["item_id"],
        total[at, period].tolist(),
        (period + 1).tolist(),
        floor[at].tolist(),
    )
    found.add("stock_floor", "limits", line[at], lack[at, period], lines)


def _check_throughput(found: Findings, ground: Ground, moves: Moves) -> None:
    sites = ground.instance["sites"]
    place, most = ground.place(sites["site_id"]), sites["throughput_kg"].to_numpy(float)
    line = np.flatnonzero((place >= 0) & ~np.isnan(most))
    mass = moves.quantity * ground.items.kg[moves.item]
    out = _sum(moves.origin, place[line], moves.period, mass, ground.periods)
    one = ground.items.kg[moves.item]
    terms = _sum(moves.origin, place[line], moves.period, one, ground.periods)
    over = out - most[line][:, None]
    at, period = np.nonzero(over > tolerance(most[line][:, None], terms))
    lines = words(
        "{}, period {}: {:g} kg leave, {:g} kg may",
        ground.place_names(place[line[at]]),
        (period + 1).tolist(),
        out[at, period].tolist(),
        most[line[at]].tolist(),
    )
    found.add("throughput", "sites", line[at], over[at, period], lines)


def _check_gates(found: Findings, ground: Ground, access: Access, lots: Lots, moves: Moves) -> None:
    table = ground.instance["gates"]
    place, period = ground.place(table["community_id"]), table["period"].to_numpy(np.int64) - 1
    line = np.flatnonzero(place >= 0)
    place, period = place[line], period[line]
    given = table["handling_minutes"].to_numpy(float)[line]
    came = moves.take(moves.arrives < ground.periods)
    one = ground.items.handling[came.item]
    work = _work(ground, came.target, came.arrives, one * came.quantity)
    terms = _work(ground, came.target, came.arrives, one)[place, period]
    outside = np.flatnonzero(lots.usable & ~lots.stock)
    brought = lots.quantity[outside] * ground.items.handling[lots.item[outside]]
    other = _work(ground, lots.place[outside], lots.period[outside], brought)
    share = access.gate_share[place, period]
    most = np.maximum(0.0, given - share * other[place, period])
    takes = share * work[place, period]
    bad = takes - most > tolerance(given, terms)
    lines = words(
        "{}, period {}: handing over what is shipped takes {:g} minutes, {:g} are there",
        ground.place_names(place[bad]),
        (period[bad] + 1).tolist(),
        takes[bad].tolist(),
        most[bad].tolist(),
    )
    found.add("gate", "gates", line[bad], (takes - most)[bad], lines)


def _work(ground: Ground, place: Ints, period: Ints, minutes: Floats) -> Floats:
    shape = (len(ground.places), ground.periods)
    return summed(place * shape[1] + period, minutes, shape[0] * shape[1]).reshape(shape)
