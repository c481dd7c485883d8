"""The dispatch program, family by family in the order of models/dispatch/formulation.md."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints, Labels, Program
from allocator.instance.network import Network, item_positions
from allocator.models.dispatch.boxes import Boxes
from allocator.models.dispatch.change import add_change
from allocator.models.dispatch.need import late_keys, need_rows, waiting_most
from allocator.models.dispatch.sets import Held, Sets, index_sets


class DispatchModel:
    """Builds the program; the calls of `build` are its table of contents."""

    def __init__(self, net: Network, start: pd.DataFrame | None = None) -> None:
        """Build the program; `start` is the shipments table of an earlier plan for goal and cap of change."""
        self.net = net
        self.start = start
        self.sets: Sets = index_sets(net)
        self.program = Program()
        self.shorts = need_rows(net)
        self.late_keys = late_keys(net, self.shorts)
        self.purchases = net.lots.of("purchases")
        self.trip_pair, self.trip_period = np.nonzero(net.fleet.pair_open)
        self.build()

    def build(self) -> None:
        """Add every block and family of the page."""
        self.add_flow_columns()
        self.add_need_columns()
        self.add_balance()
        self.add_level()
        self.add_need()
        self.add_backlog()
        self.add_tier()
        self.add_floor()
        self.add_gate()
        self.add_load("load_kg", self.net.items.kg, self.net.fleet.kg)
        self.add_load("load_m3", self.net.items.m3, self.net.fleet.m3)
        self.add_fleet()
        self.add_throughput()
        self.add_ship_max()
        self.add_stock_floor()
        self.add_budget()
        self.add_pins()
        self.change = add_change(self, self.start) if self.start is not None else None

    # -- columns -------------------------------------------------------------------------------

    def add_flow_columns(self) -> None:
        net, ship, stock, use = self.net, self.sets.ship, self.sets.stock, self.sets.use
        item = net.batches.item[ship.batch]
        whole = net.items.whole[item]
        self.pack = np.where(whole, net.items.pack[item], 1.0)
        boxes, program = Boxes(net, self.sets, self.shorts), self.program
        most = boxes.ship() / self.pack
        # A box that cuts a pack short would forbid the pack that covers the rest.
        most = np.where(whole, np.ceil(most), most)
        self.ship = program.add_columns(
            "ship", len(ship), most, integer=whole, labels=self._label_ship
        )
        self.stock = program.add_columns(
            "stock", len(stock), boxes.stock(), labels=self._label(stock)
        )
        self.use = program.add_columns("use", len(use), boxes.use(), labels=self._label(use))
        bought = net.lots.quantity[self.purchases]
        self.buy = program.add_columns("buy", len(bought), bought)
        pair, period = self.trip_pair, self.trip_period
        vehicle = net.fleet.pair_vehicle[pair]
        most_trips = np.minimum(
            net.fleet.hours[vehicle] / net.fleet.pair_minutes[pair], net.fleet.trips[vehicle]
        )
        whole_trips = net.instance.policy.trips == "integer"
        self.trips = program.add_columns(
            "trips",
            len(pair),
            np.floor(most_trips + 1e-9) if whole_trips else most_trips,
            integer=whole_trips,
        )
        self.trip_lane = net.fleet.pair_lane[pair]
        self.trip_vehicle = vehicle

    def add_need_columns(self) -> None:
        shorts, program, net = self.shorts, self.program, self.net
        reusable = net.items.reusable[shorts.item]
        self.level_rows = np.flatnonzero(reusable)
        self.level = program.add_columns(
            "level_in_use", len(self.level_rows), shorts.quantity[self.level_rows]
        )
        self.waiting_rows = np.flatnonzero(shorts.waits)
        self.waiting = program.add_columns(
            "waiting", len(self.waiting_rows), waiting_most(shorts)[self.waiting_rows]
        )
        self.floor_rows = np.flatnonzero(self._floor_quantity() > 0)
        self.below_floor = program.add_columns(
            "below_floor",
            len(self.floor_rows),
            self._floor_quantity()[self.floor_rows],
            labels=self._label_floor,
        )
        self.late = program.add_columns(
            "late", len(self.late_keys.place), self.late_keys.most, labels=self._label_late
        )

    def _floor_quantity(self) -> Floats:
        return self._need_floor() * self.shorts.quantity

    def _need_floor(self) -> Floats:
        floors = np.zeros(len(self.shorts.place))
        floors[: len(self.net.needs)] = self.net.needs.floor
        return floors

    # -- rows ----------------------------------------------------------------------------------

    def add_balance(self) -> None:
        net, sets, program = self.net, self.sets, self.program
        shape = (len(net.batches), len(net.places.ids), net.periods)
        ship, stock, use = sets.ship, sets.stock, sets.use
        target, origin = net.lanes.target[ship.lane], net.lanes.origin[ship.lane]
        outflow = (ship.batch, origin, ship.period)
        marks = np.zeros(shape, dtype=bool)
        for place, batch, period in (
            (origin, ship.batch, ship.period),
            (stock.place, stock.batch, stock.period),
            (use.place, use.batch, use.period),
        ):
            marks[batch, place, period] = True
        self.balance_at = np.full(shape, -1, dtype=np.int64)
        keys = np.nonzero(marks)
        outside = np.zeros(shape)
        given = np.setdiff1d(np.arange(len(net.lots.batch)), self.purchases)
        lots = net.lots
        np.add.at(
            outside,
            (lots.batch[given], lots.place[given], lots.period[given]),
            lots.quantity[given],
        )
        self.balance_keys = Held(place=keys[1], batch=keys[0], period=keys[2])
        rows = program.add_rows(
            "balance", len(keys[0]), -outside[keys], labels=self._label(self.balance_keys)
        )
        at = self.balance_at
        at[keys] = rows
        self._enter(at[ship.batch, target, ship.arrives], self.ship, self.pack)
        program.add_entries(at[outflow], self.ship, -self.pack)
        program.add_entries(at[use.batch, use.place, use.period], self.use, -1.0)
        program.add_entries(at[stock.batch, stock.place, stock.period], self.stock, -1.0)
        later = stock.period + 1 < net.periods
        after = np.where(
            later, at[stock.batch, stock.place, np.minimum(stock.period + 1, net.periods - 1)], -1
        )
        self._enter(after, self.stock, 1.0)
        bought = self.purchases
        self._enter(at[lots.batch[bought], lots.place[bought], lots.period[bought]], self.buy, 1.0)

    def _enter(self, rows: Ints, columns: Ints, values: Floats | float) -> None:
        """Add entries where the row exists (nothing can follow from a place, batch and period without one)."""
        keep = rows >= 0
        self.program.add_entries(
            rows[keep], columns[keep], np.broadcast_to(values, rows.shape)[keep]
        )

    def add_level(self) -> None:
        rows = self.program.add_rows(
            "level", len(self.level_rows), 0.0, labels=self._label_need(self.level_rows)
        )
        at = self._need_table(self.level_rows, rows)
        stock = self.sets.stock
        item = self.net.batches.item[stock.batch]
        self._enter(at[item, stock.place, stock.period], self.stock, 1.0)
        self.program.add_entries(rows, self.level, -1.0)

    def add_need(self) -> None:
        lost = np.flatnonzero(~self.shorts.waits & ~self.net.items.reusable[self.shorts.item])
        self.use_row = self._use_rows()
        counted = np.bincount(self.use_row[self.use_row >= 0], minlength=len(self.shorts.place))
        needed = lost[counted[lost] > 0]
        rows = self.program.add_rows(
            "need", len(needed), upper=self.shorts.quantity[needed], labels=self._label_need(needed)
        )
        at = np.full(len(self.shorts.place), -1, dtype=np.int64)
        at[needed] = rows
        self._enter(np.where(self.use_row >= 0, at[self.use_row], -1), self.use, 1.0)

    def _use_rows(self) -> Ints:
        """Return for each use column the need row it serves."""
        at = self._need_table(np.arange(len(self.shorts.place)), np.arange(len(self.shorts.place)))
        use = self.sets.use
        return at[self.net.batches.item[use.batch], use.place, use.period]

    def _need_table(self, chosen: Ints, rows: Ints) -> Ints:
        table = np.full(
            (len(self.net.items.ids), len(self.net.places.ids), self.net.periods),
            -1,
            dtype=np.int64,
        )
        shorts = self.shorts
        table[shorts.item[chosen], shorts.place[chosen], shorts.period[chosen]] = rows
        return table

    def add_backlog(self) -> None:
        shorts, waits = self.shorts, self.waiting_rows
        rows = self.program.add_rows(
            "backlog",
            len(waits),
            shorts.quantity[waits],
            shorts.quantity[waits],
            labels=self._label_need(waits),
        )
        self.program.add_entries(rows, self.waiting, 1.0)
        row_of = np.full(len(shorts.place), -1, dtype=np.int64)
        row_of[waits] = rows
        table = self._need_table(waits, self.waiting)
        before = np.where(
            shorts.period[waits] > 0,
            table[shorts.item[waits], shorts.place[waits], np.maximum(shorts.period[waits] - 1, 0)],
            -1,
        )
        keep = before >= 0
        self.program.add_entries(rows[keep], before[keep], -1.0)
        self._enter(np.where(self.use_row >= 0, row_of[self.use_row], -1), self.use, 1.0)

    def add_tier(self) -> None:
        shorts, keys = self.shorts, self.late_keys
        rows = self.program.add_rows(
            "tier",
            len(shorts.place),
            self._short_constant() * shorts.rate,
            labels=self._label_need(),
        )
        self.tier_rows = rows
        self.program.add_entries(rows, self.late[keys.of_need], 1.0)
        self.add_short_entries(rows, shorts.rate)

    def _short_constant(self) -> Floats:
        return np.where(self.shorts.waits, 0.0, self.shorts.quantity)

    def add_short_entries(self, rows: Ints, factor: Floats) -> None:
        """Put -factor x (what varies of short) of every need into its row, so that row >= constant."""
        used = self.use_row >= 0
        lost = used & ~self.shorts.waits[np.maximum(self.use_row, 0)]
        need = self.use_row[lost]
        self.program.add_entries(rows[need], self.use[lost], factor[need])
        self.program.add_entries(rows[self.level_rows], self.level, factor[self.level_rows])
        self.program.add_entries(rows[self.waiting_rows], self.waiting, -factor[self.waiting_rows])

    def add_floor(self) -> None:
        chosen = self.floor_rows
        rows = self.program.add_rows(
            "floor", len(chosen), self._floor_quantity()[chosen], labels=self._label_need(chosen)
        )
        self.program.add_entries(rows, self.below_floor, 1.0)
        at = np.full(len(self.shorts.place), -1, dtype=np.int64)
        at[chosen] = rows
        self._enter(np.where(self.use_row >= 0, at[self.use_row], -1), self.use, 1.0)
        self._enter(at[self.level_rows], self.level, 1.0)

    def add_gate(self) -> None:
        net, ship, gates = self.net, self.sets.ship, self.net.gates
        binding = np.flatnonzero(gates.share > 0)
        rows = self.program.add_rows(
            "gate",
            len(binding),
            upper=gates.minutes[binding],
            labels=lambda: [
                self._where(p, t)
                for p, t in zip(gates.place[binding], gates.period[binding], strict=True)
            ],
        )
        at = np.full((len(net.places.ids), net.periods), -1, dtype=np.int64)
        at[gates.place[binding], gates.period[binding]] = rows
        share = np.zeros(at.shape)
        share[gates.place, gates.period] = gates.share
        target = net.lanes.target[ship.lane]
        minutes = (
            share[target, ship.arrives]
            * net.items.handling[net.batches.item[ship.batch]]
            * self.pack
        )
        handled = np.where(minutes > 0, at[target, ship.arrives], -1)
        self._enter(handled, self.ship, minutes)

    def add_load(self, name: str, size: Floats, capacity: Floats) -> None:
        """Add load_kg or load_m3: what leaves on a lane fits the trips of its vehicles."""
        net, ship = self.net, self.sets.ship
        shape = (len(net.lanes), net.periods)
        bound = np.zeros(shape, dtype=bool)
        bound[self.trip_lane, self.trip_period] = True
        free = np.isinf(capacity[self.trip_vehicle])
        bound[self.trip_lane[free], self.trip_period[free]] = False
        load = size[net.batches.item[ship.batch]] * self.pack
        loaded = np.zeros(shape, dtype=bool)
        loaded[ship.lane[load > 0], ship.period[load > 0]] = True
        keys = np.nonzero(bound & loaded)
        at = np.full(shape, -1, dtype=np.int64)
        at[keys] = self.program.add_rows(
            name, len(keys[0]), upper=0.0, labels=self._label_lane(*keys)
        )
        self._enter(np.where(load > 0, at[ship.lane, ship.period], -1), self.ship, load)
        self._enter(at[self.trip_lane, self.trip_period], self.trips, -capacity[self.trip_vehicle])

    def add_fleet(self) -> None:
        fleet, periods = self.net.fleet, self.net.periods
        vehicles = len(fleet.hours)
        upper = np.repeat(fleet.hours, periods)
        rows = self.program.add_rows(
            "fleet", vehicles * periods, upper=upper, labels=self._label_fleet
        )
        at = rows.reshape(vehicles, periods)
        minutes = fleet.pair_minutes[self.trip_pair]
        self.program.add_entries(at[self.trip_vehicle, self.trip_period], self.trips, minutes)
        counted = np.flatnonzero(np.isfinite(fleet.trips))
        rows = self.program.add_rows(
            "trip_count", len(counted) * periods, upper=np.repeat(fleet.trips[counted], periods)
        )
        table = np.full((vehicles, periods), -1, dtype=np.int64)
        table[counted] = rows.reshape(len(counted), periods)
        self._enter(table[self.trip_vehicle, self.trip_period], self.trips, 1.0)

    def add_throughput(self) -> None:
        net, ship = self.net, self.sets.ship
        sites = net.instance["sites"]
        limit = np.full(len(net.places.ids), np.nan)
        position = net.places.find(sites["site_id"])
        limit[position[position >= 0]] = sites["throughput_kg"].to_numpy(float)[position >= 0]
        place = np.flatnonzero(~np.isnan(limit))
        at = np.full((len(net.places.ids), net.periods), -1, dtype=np.int64)
        upper = np.repeat(limit[place], net.periods)
        at[place] = self.program.add_rows("throughput", len(upper), upper=upper).reshape(
            -1, net.periods
        )
        mass = net.items.kg[net.batches.item[ship.batch]] * self.pack
        self._enter(at[net.lanes.origin[ship.lane], ship.period], self.ship, mass)

    def add_ship_max(self) -> None:
        net, ship = self.net, self.sets.ship
        limits = net.instance["limits"]
        limits = limits[limits["ship_max"].notna()]
        place = net.places.find(limits["place_id"])
        item = item_positions(net.instance, limits["item_id"])
        keep = place >= 0
        upper = np.repeat(limits["ship_max"].to_numpy(float)[keep], net.periods)
        at = np.full((len(net.places.ids), len(net.items.ids), net.periods), -1, dtype=np.int64)
        rows = self.program.add_rows("ship_max", len(upper), upper=upper)
        at[place[keep], item[keep]] = rows.reshape(-1, net.periods)
        self._enter(
            at[net.lanes.origin[ship.lane], net.batches.item[ship.batch], ship.period],
            self.ship,
            self.pack,
        )

    def add_stock_floor(self) -> None:
        net, floors, stock = self.net, self.sets.floors, self.sets.stock
        lower = np.repeat(floors.quantity, net.periods)
        at = np.full((len(net.places.ids), len(net.items.ids), net.periods), -1, dtype=np.int64)
        at[floors.place, floors.item] = self.program.add_rows(
            "stock_floor", len(lower), lower
        ).reshape(-1, net.periods)
        self._enter(at[stock.place, net.batches.item[stock.batch], stock.period], self.stock, 1.0)

    def add_budget(self) -> None:
        budget = self.net.instance.policy.budget
        if budget is not None and len(self.buy):
            rows = self.program.add_rows("budget", 1, upper=budget)
            self.program.add_entries(rows, self.buy, self.net.lots.price[self.purchases])

    def add_pins(self) -> None:
        net, ship, pins = self.net, self.sets.ship, self.net.instance["pins"]
        quantity = pins["quantity"].to_numpy(float)
        rule = pins["rule"].to_numpy(object)
        lower = np.where(rule == "at_most", -np.inf, quantity)
        upper = np.where(rule == "at_least", np.inf, quantity)
        rows = self.program.add_rows(
            "pin", len(pins), lower, upper, labels=lambda: list(pins["pin_id"])
        )
        origin, target = net.places.find(pins["from_id"]), net.places.find(pins["to_id"])
        item = item_positions(net.instance, pins["item_id"])
        for number, row in enumerate(rows):
            match = np.ones(len(ship), dtype=bool)
            for blank, wanted, has in (
                (pins["from_id"].iloc[number] == "", origin[number], net.lanes.origin[ship.lane]),
                (pins["to_id"].iloc[number] == "", target[number], net.lanes.target[ship.lane]),
                (pins["item_id"].iloc[number] == "", item[number], net.batches.item[ship.batch]),
                (
                    np.isnan(pins["period"].iloc[number]),
                    pins["period"].iloc[number] - 1,
                    ship.period,
                ),
            ):
                match &= blank | (has == wanted)
            self.program.add_entries(row, self.ship[match], self.pack[match])

    # -- labels --------------------------------------------------------------------------------

    def _where(self, place: int, period: int) -> str:
        return f"{self.net.places.ids[place]},{period + 1}"

    def batch_name(self, batch: int) -> str:
        """Return item/expiry/earmark of a batch, the parts that are set."""
        expiry, earmark = self.net.batches.expiry[batch], self.net.batches.earmark[batch]
        parts = [self.net.items.ids[self.net.batches.item[batch]]]
        parts += [f"e{expiry + 1}"] if expiry < self.net.periods else []
        return "/".join([*parts, earmark] if earmark else parts)

    def _label(self, held: Held) -> Labels:
        ids = self.net.places.ids
        return lambda: [
            f"{ids[p]},{self.batch_name(k)},{t + 1}"
            for p, k, t in zip(held.place, held.batch, held.period, strict=True)
        ]

    def _label_ship(self) -> list[str]:
        ids, ship, lanes = self.net.places.ids, self.sets.ship, self.net.lanes
        return [
            f"{ids[lanes.origin[lane]]},{ids[lanes.target[lane]]},{self.batch_name(k)},{t + 1}"
            for lane, k, t in zip(ship.lane, ship.batch, ship.period, strict=True)
        ]

    def _label_need(self, chosen: Ints | None = None) -> Labels:
        shorts, ids, items = self.shorts, self.net.places.ids, self.net.items.ids
        rows = np.arange(len(shorts.place)) if chosen is None else chosen
        return lambda: [
            f"{ids[shorts.place[r]]},{items[shorts.item[r]]},{shorts.period[r] + 1}" for r in rows
        ]

    def _label_floor(self) -> list[str]:
        return list(self._label_need(self.floor_rows)())

    def _label_late(self) -> list[str]:
        keys, ids = self.late_keys, self.net.places.ids
        return [
            f"{ids[p]},{c},{t + 1}"
            for p, c, t in zip(keys.place, keys.tier, keys.period, strict=True)
        ]

    def _label_lane(self, lane: Ints, period: Ints) -> Labels:
        ids, lanes = self.net.places.ids, self.net.lanes
        return lambda: [
            f"{ids[lanes.origin[one]]},{ids[lanes.target[one]]},{t + 1}"
            for one, t in zip(lane, period, strict=True)
        ]

    def _label_fleet(self) -> list[str]:
        table = self.net.instance["vehicles"]
        names = [
            f"{kind},{site or 'pool'}"
            for kind, site in zip(table["type"], table["site_id"], strict=True)
        ]
        return [f"{name},{t + 1}" for name in names for t in range(self.net.periods)]
