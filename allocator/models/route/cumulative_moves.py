"""Moves between routes: runs of 0 to 3 stops exchanged, either way round, and tails swapped.

Every function gives the change of the goal, penalties of overload and of late return included,
for all pairs of slots at once; it splits into what happens in the one route and in the other.
Exchange of runs: Osman 1993, Taillard et al. 1997 (CROSS); tails: Potvin and Rousseau 1995.
Prefix sums for arrivals: Silva et al. 2012, EJOR 221:513-520.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats
from allocator.models.route.cumulative_data import Cumulative, Order
from allocator.models.route.cumulative_slots import (
    AHEAD,
    AT_ANCHOR,
    AT_NEXT,
    BACK_AHEAD,
    BACK_LASTS,
    END,
    LASTS,
    LATEST,
    OWN,
    TAIL,
    WEIGHT,
    Slots,
)


@dataclass(frozen=True)
class Price:
    """What a unit of overload (of a full vehicle) and a minute of late return cost."""

    load: float
    late: float


def penalty(problem: Cumulative, kind: int, order: Order, price: Price) -> float:
    """Return what a route pays for overload and late return."""
    over = problem.load[list(order)].sum(axis=0) - problem.capacity[kind]
    late = 0.0
    if np.isfinite(problem.latest[kind]):
        late = max(0.0, float(problem.arrivals(kind, order)[-1] - problem.latest[kind]))
    return price.load * float(np.maximum(over, 0.0).sum()) + price.late * late


def exchange(problem: Cumulative, one: Slots, other: Slots, price: Price) -> Floats:
    """Return (S, S') the change when the runs of two slots change places."""
    change: Floats = _put(problem, one, other, price) + _put(problem, other, one, price).T
    return change


def tails(problem: Cumulative, one: Slots, other: Slots, price: Price) -> Floats:
    """Return (C, C') the change when two routes swap what comes behind an anchor."""
    change: Floats = _tail(problem, one, other, price) + _tail(problem, other, one, price).T
    return change


def _put(problem: Cumulative, slots: Slots, runs: Slots, price: Price) -> Floats:
    """Return (S, S') what it changes in the routes of the slots to put the runs there."""
    anchor, _, _, after = slots.nodes
    _, first, last, _ = runs.nodes
    leave = problem.travel.take(anchor, axis=0)
    reach = problem.reach.take(after, axis=0)
    here, there = slots.figures[:, :, None], runs.figures
    limited = bool(np.isfinite(slots.figures[LATEST]).any())

    def laid(begin: Floats, end: Floats, ahead: Floats, lasts: Floats) -> Floats:
        arrive: Floats = begin + here[AT_ANCHOR]
        shift = end + (lasts - here[AT_NEXT])
        shift += arrive
        arrive *= there[WEIGHT]
        arrive += ahead
        arrive += here[TAIL] * shift
        if limited:
            arrive += price.late * np.maximum(shift + (here[END] - here[LATEST]), 0.0)
        return arrive

    begin, end = leave.take(first, axis=1), reach.take(last, axis=1)
    change = laid(begin, end, there[AHEAD], there[LASTS])
    turned = laid(
        leave.take(last, axis=1), reach.take(first, axis=1), there[BACK_AHEAD], there[BACK_LASTS]
    )
    np.minimum(change, turned, out=change)
    direct = problem.travel[anchor, after] + slots.figures[AT_ANCHOR] - slots.figures[AT_NEXT]
    closed = slots.figures[TAIL] * direct
    if limited:
        closed += price.late * np.maximum(direct + slots.figures[END] - slots.figures[LATEST], 0.0)
    change[:, runs.cuts] = closed[:, None]
    change -= (slots.figures[OWN] + _late(slots, price))[:, None]
    _add_overload(change, slots, runs, price)
    return change


def _late(slots: Slots, price: Price) -> Floats:
    late: Floats = price.late * np.maximum(slots.figures[END] - slots.figures[LATEST], 0.0)
    return late


def _add_overload(change: Floats, slots: Slots, runs: Slots, price: Price) -> None:
    run, _, total, most = slots.load_rows()
    coming = runs.load_rows()[0]
    before = np.maximum(total - most, 0.0)
    room = most - total + run
    for size, left, over in zip(coming, room, before, strict=True):
        excess = size - left[:, None]
        np.maximum(excess, 0.0, out=excess)
        excess -= over[:, None]
        excess *= price.load
        change += excess


def _tail(problem: Cumulative, heads: Slots, ends: Slots, price: Price) -> Floats:
    """Return (C, C') what it changes when the tails at the cuts of `ends` follow the heads."""
    head, tail = heads.cuts, ends.cuts
    here, there = heads.figures[:, head, None], ends.figures[:, tail]
    way = problem.travel.take(heads.nodes[0, head], axis=0).take(ends.nodes[3, tail], axis=1)
    shift = way + here[AT_ANCHOR] - there[AT_NEXT]
    change: Floats = there[TAIL] * shift
    if np.isfinite(heads.figures[LATEST]).any():
        change += price.late * np.maximum(there[END] + shift - here[LATEST], 0.0)
        change -= _late(heads, price)[head, None]
    _, up_to, total, most = (rows[:, head, None] for rows in heads.load_rows())
    _, passed, whole, _ = (rows[:, tail] for rows in ends.load_rows())
    for k in range(len(total)):
        over = np.maximum(up_to[k] + (whole[k] - passed[k]) - most[k], 0.0)
        change += price.load * (over - np.maximum(total[k] - most[k], 0.0))
    return change
