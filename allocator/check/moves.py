"""Shipments by number, and the checks that look at one shipment at a time."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from allocator.check import rows
from allocator.check.ground import Bools, Floats, Ground, Ints, lookup
from allocator.check.lanes import Lanes
from allocator.check.lots import Earmarks, keeps_from
from allocator.check.rows import words
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance


@dataclass(frozen=True)
class Moves:
    """Shipments that can be followed: periods from 0, `row` their row in the table.

    `lane` is -1 off the lanes, `arrives` the period after the true lead. `any_expiry` and
    `any_earmark` mark cells left blank.
    """

    row: Ints
    origin: Ints
    target: Ints
    item: Ints
    period: Ints
    quantity: Floats
    expiry: Ints
    earmark: Ints
    lane: Ints
    arrives: Ints
    stated: Floats
    any_expiry: Bools
    any_earmark: Bools

    def __len__(self) -> int:
        return len(self.row)

    def take(self, chosen: Ints | Bools) -> Moves:
        """Return some of the moves, in the order of `chosen`."""
        return Moves(*(getattr(self, field.name)[chosen] for field in fields(self)))


def moves_of(
    found: Findings, ground: Ground, lanes: Lanes, earmarks: Earmarks, table: pd.DataFrame
) -> Moves:
    """Read the shipments; rows with unknown ids or unusable numbers are recorded and left out."""
    name = "shipments"
    origin, ok_origin = rows.places(found, ground, name, table, "from_id")
    target, ok_target = rows.places(found, ground, name, table, "to_id")
    item = ground.item(table["item_id"])
    earmark = lookup(earmarks.names, table["earmark"])
    quantity, ok_quantity = rows.amounts(found, name, table, "quantity")
    period, ok_period = rows.periods(found, ground, name, table)
    ok = ok_origin & ok_target & ok_quantity & ok_period
    ok &= rows.known(found, name, table, "item_id", item)
    ok &= rows.known(found, name, table, "earmark", earmark)
    expiry, stated = table["expiry"].to_numpy(float), table["arrives"].to_numpy(float)
    lane = lanes.find(origin, target)
    lead = _lead(ground, lanes, lane, item, period, stated)
    everything = Moves(
        row=np.arange(len(table)),
        origin=origin,
        target=target,
        item=item,
        period=period,
        quantity=np.maximum(quantity, 0.0),
        expiry=keeps_from(ground, expiry),
        earmark=earmark,
        lane=lane,
        arrives=period + lead,
        stated=stated,
        any_expiry=np.isnan(expiry),
        any_earmark=(table["earmark"] == "").to_numpy(),
    )
    return everything.take(ok)


def _lead(
    ground: Ground, lanes: Lanes, lane: Ints, item: Ints, period: Ints, stated: Floats
) -> Ints:
    """Return the true lead; off the lanes what the plan says, so that the rest can be judged."""
    said = np.where(np.isfinite(stated), np.clip(stated - 1 - period, 0, ground.periods), 0)
    if not len(lanes.key):
        return said.astype(np.int64)
    base = lanes.leads(np.maximum(lane, 0), period, ground.minutes)
    from_town = ~ground.places.is_site[lanes.origin[np.maximum(lane, 0)]]
    cleaning = np.where(ground.items.reusable, ground.items.cleaning, 0)[item]
    return np.where(lane >= 0, base + from_town * cleaning, said).astype(np.int64)


def check_moves(
    found: Findings, ground: Ground, lanes: Lanes, earmarks: Earmarks, moves: Moves
) -> None:
    """Check every shipment by itself: lane, opening, arrival, horizon, expiry, earmark, packs."""
    _check_lanes(found, ground, lanes, moves)
    _check_arrival(found, ground, moves)
    _check_expiry(found, ground, moves)
    _check_earmark(found, ground, earmarks, moves)
    _check_packs(found, ground, moves)


def _record(
    found: Findings, family: str, ground: Ground, moves: Moves, sizes: Floats, rule: str
) -> None:
    """Record moves with the message "S1 to C1, rice, period 3: <rule>"."""
    lines = words(
        "{} to {}, {}, period {}: " + rule.replace("{", "{{").replace("}", "}}"),
        ground.place_names(moves.origin),
        ground.place_names(moves.target),
        ground.item_names(moves.item),
        (moves.period + 1).tolist(),
    )
    found.add(family, "shipments", moves.row, sizes, lines)


def _check_lanes(found: Findings, ground: Ground, lanes: Lanes, moves: Moves) -> None:
    off = moves.take(moves.lane < 0)
    _record(found, "lane", ground, off, off.quantity, "there is no lane between these places")
    moves = moves.take(moves.lane >= 0)
    wrong = moves.take(lanes.back[moves.lane] & ~ground.items.reusable[moves.item])
    rule = "only reusables go back along this lane"
    _record(found, "lane", ground, wrong, wrong.quantity, rule)
    day = moves.period + 1
    closed = (day < lanes.open_from[moves.lane]) | (day > lanes.open_to[moves.lane])
    shut = moves.take(closed)
    _record(found, "lane_closed", ground, shut, shut.quantity, "the lane is closed in this period")


def _check_arrival(found: Findings, ground: Ground, moves: Moves) -> None:
    on_lane = moves.take(moves.lane >= 0)
    off_by = np.abs(on_lane.stated - 1 - on_lane.arrives)
    wrong = off_by > 0  # blank arrivals compare as False
    late = on_lane.take(wrong)
    lines = words(
        "{} to {}, period {}: arrives in period {}, the plan says {:g}",
        ground.place_names(late.origin),
        ground.place_names(late.target),
        (late.period + 1).tolist(),
        (late.arrives + 1).tolist(),
        late.stated.tolist(),
    )
    found.add("arrival", "shipments", late.row, off_by[wrong], lines)
    beyond = moves.take(moves.arrives >= ground.periods)
    sizes = (beyond.arrives - ground.periods + 1).astype(float)
    _record(found, "horizon", ground, beyond, sizes, "it would arrive after the last period")


def _check_expiry(found: Findings, ground: Ground, moves: Moves) -> None:
    ends = moves.expiry < ground.periods
    gone = moves.take(ends & (moves.period > moves.expiry))
    _record(found, "expired", ground, gone, gone.quantity, "it leaves after its last usable period")
    useless = moves.take(ends & (moves.period <= moves.expiry) & (moves.arrives > moves.expiry))
    rule = "it arrives after its last usable period"
    _record(found, "expired", ground, useless, useless.quantity, rule)


def _check_earmark(found: Findings, ground: Ground, earmarks: Earmarks, moves: Moves) -> None:
    outside = moves.take(~earmarks.enters[moves.earmark, moves.target])
    for number in np.unique(outside.earmark):
        part = outside.take(outside.earmark == number)
        rule = f"the goods are reserved for {earmarks.names[number]}"
        _record(found, "earmark", ground, part, part.quantity, rule)


def _check_packs(found: Findings, ground: Ground, moves: Moves) -> None:
    packed = moves.take(ground.items.whole[moves.item])
    pack = ground.items.pack[packed.item]
    off_by = np.abs(packed.quantity - np.round(packed.quantity / pack) * pack)
    broken = off_by > tolerance(packed.quantity)
    part = packed.take(broken)
    lines = words(
        "{} units of {} are not whole packs of {:g}",
        [f"{quantity:g}" for quantity in part.quantity.tolist()],
        ground.item_names(part.item),
        pack[broken].tolist(),
    )
    found.add("whole_packs", "shipments", part.row, off_by[broken], lines)
