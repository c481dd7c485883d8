"""The part of the dispatch program around one shortage, with everything else held as planned.

Free are the shipments of the item among the places that can send it and into the place that is
short, their stocks and their trips; where dispatch decides on gate staff, who stands at the gates.
Held are all other shipments and trips: their use of gates, vehicles, goods and limits is taken off
the right-hand sides. Other needs of the item are served no worse than planned. Alone, nothing is
held but the other periods of the same need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats, Ints, Program
from allocator.engine.session import Session
from allocator.explain.reason import FAMILIES
from allocator.explain.shortage import Shortage
from allocator.instance.lanes import Bools
from allocator.models.dispatch.model import DispatchModel
from allocator.plan.precision import tolerance

_LEFT_OUT = (
    "tier",
    "floor",
    "level_share",
    "changes",
    "changed_up",
    "changed_down",
    "change_up",
    "change_down",
)
# Which way a row is lifted: +1 its lower side, -1 its upper one (all families not named here).
_SIGNS: Mapping[str, tuple[float, ...]] = {
    "balance": (1.0,),
    "stock_floor": (1.0,),
    "need": (1.0,),
    "pin": (1.0, -1.0),
}


@dataclass(frozen=True)
class Planned:
    """What is held: the point of the plan, and units short of every need row."""

    point: Floats
    short: Floats
    trips_stated: bool


class Everything:
    """A model with its matrix by columns and by rows, shared by all corners."""

    def __init__(self, model: DispatchModel) -> None:
        """Take the model."""
        self.model = model
        self.by_column = model.program.matrix()
        self.family = np.zeros(model.program.row_count, dtype=np.int64)
        self.names = [block.name for block in model.program.rows]
        for number, block in enumerate(model.program.rows):
            self.family[block.start : block.start + block.size] = number

    @cached_property
    def by_row(self) -> sparse.csr_matrix:
        """The matrix, rows first."""
        return self.by_column.tocsr()

    @cached_property
    def need_row(self) -> Ints:
        """Row of the family `need` of every need row of the model; -1 = none."""
        model = self.model
        shorts = model.shorts
        lost = np.flatnonzero(~shorts.waits & ~model.net.items.reusable[shorts.item])
        counted = np.bincount(model.use_row[model.use_row >= 0], minlength=len(shorts.place))
        needed = lost[counted[lost] > 0]
        rows = np.full(len(shorts.place), -1, dtype=np.int64)
        block = model.program.family("need")
        rows[needed] = block.start + np.arange(block.size)
        return rows


class Corner:
    """The small program of one shortage."""

    def __init__(
        self, all_of: Everything, short: Shortage, planned: Planned, alone: bool = False
    ) -> None:
        """Cut the corner out and pass it to the solver."""
        self.all_of, self.model, self.short = all_of, all_of.model, short
        self.planned, self.alone = planned, alone
        self.places = self._places()
        self.columns = self._free()
        part = all_of.by_column[:, self.columns]
        rows = np.unique(part.indices)
        left_out = [n for n, name in enumerate(all_of.names) if name in _LEFT_OUT]
        if alone:
            left_out += [n for n, name in enumerate(all_of.names) if name == "pin"]
        self.rows = rows[~np.isin(all_of.family[rows], left_out)].astype(np.int64)
        self.slack: dict[str, Ints] = {}
        self.slack_row: dict[str, Ints] = {}
        self.session = Session(self._program(part.tocsr()[self.rows]))

    def _places(self) -> Bools:
        """Places that can send the item on, and the place itself."""
        lanes, item = self.model.net.lanes, self.short.item
        usable = ~lanes.reusable_only | self.model.net.items.reusable[item]
        inside = np.zeros(len(self.model.net.places.ids), dtype=bool)
        inside[lanes.origin[usable]] = True
        self.senders = inside.copy()
        inside[self.short.place] = True
        return inside

    def _free(self) -> Ints:
        model, inside, item = self.model, self.places, self.short.item
        net, ship, shorts = model.net, model.sets.ship, model.shorts
        of_item = net.batches.item == item
        between = inside[net.lanes.origin] & inside[net.lanes.target]
        mine = inside[shorts.place] & (shorts.item == item)
        free_trips = between[model.trip_lane]
        if not self.alone and not self.planned.trips_stated:
            free_trips = np.ones_like(free_trips)
        return np.concatenate(
            [
                model.ship[of_item[ship.batch] & between[ship.lane]],
                model.stock[of_item[model.sets.stock.batch] & inside[model.sets.stock.place]],
                model.use[of_item[model.sets.use.batch] & inside[model.sets.use.place]],
                model.level[mine[model.level_rows]],
                model.waiting[mine[model.waiting_rows]],
                model.buy[of_item[net.lots.batch[model.purchases]]],
                model.trips[free_trips],
                *([] if model.gate_staff is None else [model.gate_staff.columns]),
            ]
        )

    def _program(self, matrix: sparse.csr_matrix) -> Program:
        program, source = Program(), self.model.program
        lower, upper = self._column_bounds()
        program.add_columns("free", len(self.columns), upper, lower, source.integer[self.columns])
        low, high = self._row_bounds()
        program.add_rows("held", len(self.rows), low, high)
        cells = matrix.tocoo()
        program.add_entries(cells.row, cells.col, cells.data)
        self._add_short(program)
        for name in FAMILIES:
            self._add_slack(program, name, low, high)
        return program

    def _column_bounds(self) -> tuple[Floats, Floats]:
        """Goods and hours are bounded by rows alone, so that lifting a row lifts the bound."""
        model = self.model
        lower, upper = model.program.lower.copy(), model.program.upper.copy()
        for block in (model.ship, model.stock, model.use, model.trips):
            upper[block] = np.inf
        if model.gate_staff is not None:
            upper[model.gate_staff.staff.assign] = np.inf
        held = self.planned.short + self.loose
        level = np.isin(model.level_rows, self.held_rows)
        served = model.shorts.quantity[model.level_rows] - held[model.level_rows]
        lower[model.level[level]] = np.maximum(0.0, served[level])
        waits = np.isin(model.waiting_rows, self.held_rows)
        upper[model.waiting[waits]] = held[model.waiting_rows][waits]
        return lower[self.columns], upper[self.columns]

    def _row_bounds(self) -> tuple[Floats, Floats]:
        program = self.model.program
        low, high = program.row_lower[self.rows].copy(), program.row_upper[self.rows].copy()
        if not self.alone:
            held = self.planned.point.copy()
            held[self.columns] = 0.0
            used = self.all_of.by_row[self.rows] @ held
            loose = tolerance(abs(self.all_of.by_row[self.rows]) @ np.abs(self.planned.point))
            low, high = low - used - loose, high - used + loose
        at = self.all_of.need_row[self.held_rows]
        where = np.minimum(np.searchsorted(self.rows, at), len(self.rows) - 1)
        inside = (at >= 0) & (self.rows[where] == at)
        served = self.model.shorts.quantity - self.planned.short - self.loose
        low[where[inside]] = np.maximum(0.0, served[self.held_rows])[inside]
        return low, high

    @cached_property
    def loose(self) -> Floats:
        """What rounding and the solver may take from a need row: as much as the judge lets pass."""
        return np.asarray(tolerance(self.model.shorts.quantity))

    @cached_property
    def held_rows(self) -> Ints:
        """Need rows of the model served no worse than planned: of the same need only, alone."""
        shorts, short = self.model.shorts, self.short
        held = shorts.item == short.item
        if self.alone:
            held &= shorts.place == short.place
        held[self.short_rows] = False
        return np.flatnonzero(held)

    @cached_property
    def short_rows(self) -> Ints:
        """Need rows of the model that make up the shortage."""
        shorts, short = self.model.shorts, self.short
        mine = (shorts.place == short.place) & (shorts.item == short.item)
        return np.flatnonzero(mine & np.isin(shorts.period, short.periods))

    def _add_short(self, program: Program) -> None:
        """Add the column `short` and the row that says what it is."""
        model, rows = self.model, self.short_rows
        self.short_column = program.add_columns("short", 1)
        lost = ~model.shorts.waits[rows]
        quantity = float(model.shorts.quantity[rows][lost].sum())
        row = program.add_rows("short", 1, quantity, quantity)
        program.add_entries(row, self.short_column, 1.0)
        at = np.full(self.model.program.column_count, -1, dtype=np.int64)
        at[self.columns] = np.arange(len(self.columns))
        used = np.isin(model.use_row, rows[lost]) & (model.use_row >= 0)
        program.add_entries(row, at[model.use[used]], 1.0)
        program.add_entries(row, at[model.level[np.isin(model.level_rows, rows)]], 1.0)
        program.add_entries(row, at[model.waiting[np.isin(model.waiting_rows, rows)]], -1.0)

    def _add_slack(self, program: Program, family: str, low: Floats, high: Floats) -> None:
        """Add closed columns that can lift the rows of a family, one a row."""
        if family not in self.all_of.names:
            return
        mine = self.all_of.family[self.rows] == self.all_of.names.index(family)
        if family == "balance":
            mine &= self._elsewhere()
        for sign, side in ((1.0, np.isfinite(low)), (-1.0, np.isfinite(high))):
            if sign not in _SIGNS.get(family, (-1.0,)):
                continue
            rows = np.flatnonzero(mine & side)
            if len(rows):
                added = program.add_columns(f"more_{family}", len(rows), 0.0)
                program.add_entries(rows, added, sign)
                self.slack[family] = np.r_[self.slack.get(family, np.zeros(0, np.int64)), added]
                self.slack_row[family] = np.r_[
                    self.slack_row.get(family, np.zeros(0, np.int64)), rows
                ]

    def _elsewhere(self) -> Bools:
        """Rows that balance goods at places that can send them (not where they are short)."""
        block = self.model.program.family("balance")
        keys = self.model.balance_keys
        inside = (self.rows >= block.start) & (self.rows < block.start + block.size)
        place = keys.place[np.where(inside, self.rows - block.start, 0)]
        others = self.senders & (np.arange(len(self.senders)) != self.short.place)
        chosen = others if others.any() else self.senders
        return np.asarray(inside & chosen[place])

    # -- solves ----------------------------------------------------------------------------------

    def least(self, seconds: float, relaxed: bool = False) -> Outcome:
        """Make the shortage as small as the rows allow."""
        cost = np.zeros(self.session.columns)
        cost[self.short_column] = 1.0
        return self.session.minimise(cost, max(0.1, seconds), gap=1e-6, relaxed=relaxed)

    def lift(self, family: str, lifted: bool = True) -> None:
        """Open or close the slack of a family."""
        columns = self.slack[family]
        self.session.set_bounds(
            columns, np.zeros(len(columns)), np.full(len(columns), np.inf if lifted else 0.0)
        )

    def hold(self, most: float) -> None:
        """Keep the shortage at or below `most`."""
        self.session.set_bounds(self.short_column, np.zeros(1), np.array([most]))

    def least_slack(self, families: tuple[str, ...], seconds: float) -> dict[str, Floats]:
        """Return the least slack of lifted families, one a row of `slack_row`; empty = unsolved."""
        cost = np.zeros(self.session.columns)
        for name in families:
            # Among equal repairs the earliest rows: they are in the order of the periods.
            cost[self.slack[name]] = np.linspace(1.0, 1.0 + 1e-5, len(self.slack[name]))
        outcome = self.session.minimise(cost, max(0.1, seconds), gap=1e-6)
        if outcome.solution is None:
            return {}
        return {name: outcome.solution[self.slack[name]] for name in families}
