"""The dispatch program, family by family in the order of models/dispatch/formulation.md."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints, Program
from allocator.instance.network import Network
from allocator.models.dispatch.boxes import Boxes
from allocator.models.dispatch.caps import (
    add_budget,
    add_pins,
    add_ship_max,
    add_stock_floor,
    add_throughput,
)
from allocator.models.dispatch.change import add_change
from allocator.models.dispatch.gate_staff import GateStaff, add_gate_staff
from allocator.models.dispatch.labels import Labeller
from allocator.models.dispatch.need import late_keys, need_rows, waiting_most
from allocator.models.dispatch.sets import Held, Sets, index_sets
from allocator.models.dispatch.transport import add_fleet, add_gate, add_load, add_trip_count


class DispatchModel:
    """Builds the program; the calls of `build` are its table of contents."""

    def __init__(self, net: Network, start: pd.DataFrame | None = None) -> None:
        """Build the program; `start` is the shipments table of an earlier plan, for change."""
        self.net = net
        self.start = start
        self.sets: Sets = index_sets(net)
        self.program = Program()
        self.label = Labeller(net)
        self.shorts = need_rows(net)
        self.late_keys = late_keys(net, self.shorts)
        self.purchases = net.lots.of("purchases")
        self.gate_rows: Ints  # places x periods, -1 = none
        self.gate_staff: GateStaff | None
        self.build()

    def build(self) -> None:
        """Add every block and family of the page."""
        self._add_flow_columns()
        self._add_trip_columns()
        self._add_need_columns()
        self._add_balance()
        self._add_level()
        self._add_need()
        self._add_backlog()
        self._add_tier()
        self._add_floor()
        add_gate(self)
        add_load(self, "load_kg", self.net.items.kg, self.net.fleet.kg)
        add_load(self, "load_m3", self.net.items.m3, self.net.fleet.m3)
        add_fleet(self)
        add_trip_count(self)
        add_throughput(self)
        add_ship_max(self)
        add_stock_floor(self)
        add_budget(self)
        add_pins(self)
        self.gate_staff = add_gate_staff(self)
        self.change = add_change(self, self.start) if self.start is not None else None

    # -- columns -------------------------------------------------------------------------------

    def _add_flow_columns(self) -> None:
        net, ship, stock, use = self.net, self.sets.ship, self.sets.stock, self.sets.use
        item = net.batches.item[ship.batch]
        whole = net.items.whole[item]
        self.pack = np.where(whole, net.items.pack[item], 1.0)
        boxes, add, label = Boxes(net, self.sets, self.shorts), self.program.add_columns, self.label
        most = boxes.ship() / self.pack
        # A box that cuts a pack short would forbid the pack that covers the rest.
        most = np.where(whole, np.ceil(most), most)
        self.ship = add("ship", len(ship), most, integer=whole, labels=label.ship(ship))
        self.stock = add("stock", len(stock), boxes.stock(), labels=label.held(stock))
        self.use = add("use", len(use), boxes.use(), labels=label.held(use))
        rows = net.lots.row[self.purchases]
        most = net.lots.quantity[self.purchases]
        self.buy = add("buy", len(rows), most, labels=label.purchases(rows))

    def _add_trip_columns(self) -> None:
        fleet = self.net.fleet
        self.trip_pair, self.trip_period = np.nonzero(fleet.pair_open)
        self.trip_lane = fleet.pair_lane[self.trip_pair]
        self.trip_vehicle = vehicle = fleet.pair_vehicle[self.trip_pair]
        by_hours = fleet.hours[vehicle] / fleet.pair_minutes[self.trip_pair]
        most = np.minimum(by_hours, fleet.trips[vehicle])
        whole = self.net.instance.policy.trips == "integer"
        self.trips = self.program.add_columns(
            "trips",
            len(vehicle),
            np.floor(most + 1e-9) if whole else most,
            integer=whole,
            labels=self.label.trips(self.trip_lane, vehicle, self.trip_period),
        )

    def _add_need_columns(self) -> None:
        shorts, keys = self.shorts, self.late_keys
        self.use_row = self._use_rows()
        self.level_rows = np.flatnonzero(self.net.items.reusable[shorts.item])
        self.level = self._add_short_columns("level_in_use", self.level_rows, shorts.quantity)
        self.waiting_rows = np.flatnonzero(shorts.waits)
        self.waiting = self._add_short_columns("waiting", self.waiting_rows, waiting_most(shorts))
        floors = self._floor_quantity()
        self.floor_rows = np.flatnonzero(floors > 0)
        self.below_floor = self._add_short_columns("below_floor", self.floor_rows, floors)
        self.late = self.program.add_columns(
            "late", len(keys.place), keys.most, labels=self.label.late(keys)
        )

    def _add_short_columns(self, name: str, chosen: Ints, most: Floats) -> Ints:
        """Add one column for each chosen need; `most` has one entry a need."""
        labels = self.label.need(self.shorts, chosen)
        return self.program.add_columns(name, len(chosen), most[chosen], labels=labels)

    def _floor_quantity(self) -> Floats:
        floors = np.zeros(len(self.shorts.place))
        floors[: len(self.net.needs)] = self.net.needs.floor
        return floors * self.shorts.quantity

    def _use_rows(self) -> Ints:
        """Return for each use column the need it serves, -1 for none."""
        everyone = np.arange(len(self.shorts.place))
        at, use = self._need_table(everyone, everyone), self.sets.use
        return at[self.net.batches.item[use.batch], use.place, use.period]

    # -- rows of goods -------------------------------------------------------------------------

    def _add_balance(self) -> None:
        net, program, lots = self.net, self.program, self.net.lots
        ship, stock, use = self.sets.ship, self.sets.stock, self.sets.use
        origin, target = net.lanes.origin[ship.lane], net.lanes.target[ship.lane]
        leaves = (ship.batch, origin, ship.period)
        kept = (stock.batch, stock.place, stock.period)
        used = (use.batch, use.place, use.period)
        outside = self._from_outside()
        marks = np.zeros(outside.shape, dtype=bool)
        for keys in (leaves, kept, used):
            marks[keys] = True
        batch, place, period = np.nonzero(marks)
        self.balance_keys = Held(place=place, batch=batch, period=period)
        rows = program.add_rows(
            "balance",
            len(batch),
            -outside[batch, place, period],
            labels=self.label.held(self.balance_keys),
        )
        # A period beyond the last has no row: what is left then goes nowhere.
        at = np.full((*outside.shape[:2], net.periods + 1), -1, dtype=np.int64)
        at[batch, place, period] = rows
        program.add_known(at[ship.batch, target, ship.arrives], self.ship, self.pack)
        program.add_entries(at[leaves], self.ship, -self.pack)
        program.add_entries(at[used], self.use, -1.0)
        program.add_entries(at[kept], self.stock, -1.0)
        program.add_known(at[stock.batch, stock.place, stock.period + 1], self.stock, 1.0)
        buy = self.purchases
        program.add_known(at[lots.batch[buy], lots.place[buy], lots.period[buy]], self.buy, 1.0)

    def _from_outside(self) -> Floats:
        """Return a(p, k, t) as batches x places x periods."""
        net, lots = self.net, self.net.lots
        total = np.zeros((len(net.batches), len(net.places.ids), net.periods))
        given = np.setdiff1d(np.arange(len(lots.batch)), self.purchases)
        keys = (lots.batch[given], lots.place[given], lots.period[given])
        np.add.at(total, keys, lots.quantity[given])
        return total

    def _add_level(self) -> None:
        labels = self.label.need(self.shorts, self.level_rows)
        rows = self.program.add_rows("level", len(self.level_rows), 0.0, labels=labels)
        at, stock = self._need_table(self.level_rows, rows), self.sets.stock
        item = self.net.batches.item[stock.batch]
        self.program.add_known(at[item, stock.place, stock.period], self.stock, 1.0)
        self.program.add_entries(rows, self.level, -1.0)

    # -- rows of need --------------------------------------------------------------------------

    def _need_table(self, chosen: Ints, values: Ints) -> Ints:
        """Return items x places x periods with one value for each chosen need, -1 elsewhere."""
        net, shorts = self.net, self.shorts
        shape = (len(net.items.ids), len(net.places.ids), net.periods)
        table = np.full(shape, -1, dtype=np.int64)
        table[shorts.item[chosen], shorts.place[chosen], shorts.period[chosen]] = values
        return table

    def _add_use(self, chosen: Ints, rows: Ints) -> None:
        """Put the sum of use of each chosen need into its row."""
        at = np.full(len(self.shorts.place) + 1, -1, dtype=np.int64)  # the last: use without need
        at[chosen] = rows
        self.program.add_known(at[self.use_row], self.use, 1.0)

    def _add_need(self) -> None:
        shorts = self.shorts
        lost = np.flatnonzero(~shorts.waits & ~self.net.items.reusable[shorts.item])
        counted = np.bincount(self.use_row[self.use_row >= 0], minlength=len(shorts.place))
        chosen = lost[counted[lost] > 0]
        labels = self.label.need(shorts, chosen)
        upper = shorts.quantity[chosen]
        rows = self.program.add_rows("need", len(chosen), upper=upper, labels=labels)
        self._add_use(chosen, rows)

    def _add_backlog(self) -> None:
        shorts, waits = self.shorts, self.waiting_rows
        new, labels = shorts.quantity[waits], self.label.need(shorts, waits)
        rows = self.program.add_rows("backlog", len(waits), new, new, labels=labels)
        self.program.add_entries(rows, self.waiting, 1.0)
        table = self._need_table(waits, rows)
        later = shorts.period[waits] + 1
        there = later < self.net.periods
        following = table[shorts.item[waits][there], shorts.place[waits][there], later[there]]
        self.program.add_known(following, self.waiting[there], -1.0)
        self._add_use(waits, rows)

    def _add_tier(self) -> None:
        shorts, program = self.shorts, self.program
        everyone = np.arange(len(shorts.place))
        constant = np.where(shorts.waits, 0.0, shorts.quantity)
        labels = self.label.need(shorts, everyone)
        rows = program.add_rows("tier", len(everyone), constant * shorts.rate, labels=labels)
        self.tier_rows = rows
        program.add_entries(rows, self.late[self.late_keys.of_need], 1.0)
        lost = (self.use_row >= 0) & ~shorts.waits[self.use_row]
        need = self.use_row[lost]
        program.add_entries(rows[need], self.use[lost], shorts.rate[need])
        level, waits = self.level_rows, self.waiting_rows
        program.add_entries(rows[level], self.level, shorts.rate[level])
        program.add_entries(rows[waits], self.waiting, -shorts.rate[waits])

    def _add_floor(self) -> None:
        chosen = self.floor_rows
        lower, labels = self._floor_quantity()[chosen], self.label.need(self.shorts, chosen)
        rows = self.program.add_rows("floor", len(chosen), lower, labels=labels)
        self.program.add_entries(rows, self.below_floor, 1.0)
        self._add_use(chosen, rows)
        at = np.full(len(self.shorts.place), -1, dtype=np.int64)
        at[chosen] = rows
        self.program.add_known(at[self.level_rows], self.level, 1.0)
