"""Bindings in the planner's words: which gate, vehicles or goods, how full, who has them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from allocator.doctor.words import count, number, periods, some
from allocator.engine.program import Floats, Ints
from allocator.explain.binding import Binding
from allocator.explain.corner import Everything
from allocator.explain.reason import FAMILIES
from allocator.explain.shortage import Shortage


class Wording:
    """Words for the rows of one model; `point` is the plan, or nothing."""

    def __init__(self, all_of: Everything, point: Floats | None) -> None:
        """Take the model and the plan."""
        self.all_of, self.model, self.net, self.point = (
            all_of,
            all_of.model,
            all_of.model.net,
            point,
        )

    def binding(self, short: Shortage, *bindings: Binding) -> str:
        """Say what binds, how full it is, and what its repair would bring; several bind jointly."""
        what = ". ".join(getattr(self, f"_{one.family}")(one) for one in bindings)
        more = " and ".join(self.more(one) for one in bindings)
        jointly = " together" if len(bindings) > 1 else ""
        return f"{what}; {more}{jointly} would bring {self.amount(short, bindings[0].gain)}"

    def amount(self, short: Shortage, units: float) -> str:
        """Write `380 kg of rice`."""
        item = self.net.instance["items"].iloc[short.item]
        return f"{number(units)} {item['unit']} of {item['item_id']}"

    def more(self, binding: Binding) -> str:
        """Write `120 more minutes`."""
        return f"{number(binding.repair)} more {FAMILIES[binding.family]}"

    def others(self, short: Shortage, binding: Binding) -> str:
        """Name who has what the rows allow, the largest first; blank when nobody else has any."""
        if self.point is None:
            return ""
        part = self._part(short, binding)
        amount = np.abs(part.data * self.point[part.col]) * self._not_own(short)[part.col]
        who = pd.Series(amount).groupby(self._who(part.col, short)).sum()
        who = who[(who > 1e-6) & (who.index != "")].sort_values(ascending=False, kind="stable")
        return some([f"{name} ({number(value)})" for name, value in who.items()], 3)

    def _part(self, short: Shortage, binding: Binding) -> sparse.coo_matrix:
        """Return the entries of the rows; for goods, the units of the item that any place sends."""
        if binding.family != "balance":
            return self.all_of.by_row[binding.rows].tocoo()
        ship, net = self.model.sets.ship, self.net
        mine = net.batches.item[ship.batch] == short.item
        mine &= ~net.places.is_site[net.lanes.target[ship.lane]]
        columns = self.model.ship[mine]
        cells = (self.model.pack[mine], (np.zeros(len(columns), dtype=np.int64), columns))
        return sparse.coo_matrix(cells, shape=(1, self.model.program.column_count))

    def _not_own(self, short: Shortage) -> Floats:
        """Return a share a column: of trips, the share of their load that is other items."""
        model, net, point = self.model, self.net, self.point
        share = np.ones(model.program.column_count)
        if point is None:
            return share
        ship = model.sets.ship
        item = net.batches.item[ship.batch]
        kg = point[model.ship] * model.pack * net.items.kg[item]
        key = ship.lane * net.periods + ship.period
        size = len(net.lanes) * net.periods
        whole, own = (np.bincount(key, kg * part, size) for part in (1.0, item == short.item))
        other = np.where(whole > 0, 1.0 - own / np.where(whole > 0, whole, 1.0), 1.0)
        mine = net.lanes.target[model.trip_lane] == short.place
        at = model.trip_lane * net.periods + model.trip_period
        share[model.trips] = np.where(mine, other[at], 1.0)
        return share

    def _who(self, columns: Ints, short: Shortage) -> np.ndarray:
        """Name the place each column serves; the item where that is the place itself."""
        model, net = self.model, self.net
        place = np.full(model.program.column_count, -1, dtype=np.int64)
        place[model.ship] = net.lanes.target[model.sets.ship.lane]
        place[model.trips] = net.lanes.target[model.trip_lane]
        item = np.full(model.program.column_count, -1, dtype=np.int64)
        item[model.ship] = net.batches.item[model.sets.ship.batch]
        names = np.where(place[columns] >= 0, net.places.ids[place[columns]], "")
        mine = place[columns] == short.place
        other = f"other items of {net.places.ids[short.place]}"
        own = np.where(item[columns] >= 0, net.items.ids[item[columns]], other)
        return np.where(mine, np.where(item[columns] == short.item, "", own), names)

    # -- one sentence a family -----------------------------------------------------------------

    def _at(self, binding: Binding) -> Ints:
        return binding.rows - self.model.program.family(binding.family).start

    def _used(self, binding: Binding) -> str:
        """Write `540 of 540`: what the plan uses of the rows."""
        high = self.model.program.row_upper[binding.rows].sum()
        if self.point is None:
            return number(high)
        used = float((self.all_of.by_row[binding.rows] @ self.point).sum())
        return f"{number(used)} of {number(high)}"

    def _gate(self, binding: Binding) -> str:
        gates = self.net.gates
        binds = np.flatnonzero(gates.share > 0)[self._at(binding)]
        place = self.net.places.ids[gates.place[binds][0]]
        when = periods(gates.period[binds].tolist())
        used = self._used(binding) if self.model.gate_staff is None else self._handed_over(binding)
        state = (
            f"is full in {when}: {used} minutes used"
            if self.point is not None
            else f"has {used} minutes in {when}"
        )
        return f"Gate of {place} {state}"

    def _handed_over(self, binding: Binding) -> str:
        """Write what goods take of the minutes of the gates as they are staffed."""
        gates = self.net.gates
        binds = np.flatnonzero(gates.share > 0)[self._at(binding)]
        has = number(float(gates.minutes[binds].sum()))
        if self.point is None:
            return has
        goods = self.all_of.by_row[binding.rows][:, self.model.ship]
        return f"{number(float((goods @ self.point[self.model.ship]).sum()))} of {has}"

    def _pool(self, binding: Binding) -> tuple[str, str]:
        """Return the pools of workers behind rows of a worker and period, and when."""
        assert self.model.gate_staff is not None
        case = self.model.gate_staff.staff.case
        at, days = self._at(binding), len(case.times)
        names = case.people.ids[np.unique(at // days)]
        return some([str(name) for name in names], 3), periods((at % days).tolist())

    def _one_shift(self, binding: Binding) -> str:
        who, when = self._pool(binding)
        return (
            f"Gate staff: everybody of {who} (and others alike) who can stand at this gate in"
            f" {when} is at work, or has to rest"
        )

    def _hours_max(self, binding: Binding) -> str:
        assert self.model.gate_staff is not None
        people = self.model.gate_staff.staff.case.people
        limited = np.flatnonzero(np.isfinite(people.maximum))
        names = [str(name) for name in people.ids[limited[self._at(binding)]]]
        return f"Gate staff: {some(names, 3)} (and others alike) work all the minutes they may"

    def _vehicles(self, binding: Binding, vehicles: Ints) -> str:
        table = self.net.instance["vehicles"].iloc[np.unique(vehicles)]
        names = [
            f"{kind} of {site}" if site else f"{kind} (pool)"
            for kind, site in zip(table["type"], table["site_id"], strict=True)
        ]
        return some(names, 3)

    def _fleet(self, binding: Binding) -> str:
        at = self._at(binding)
        who = self._vehicles(binding, at // self.net.periods)
        when = periods((at % self.net.periods).tolist())
        left = " are used" if self.point is not None else " are all there are"
        return f"Vehicles: {who}, in {when}: {self._used(binding)} vehicle minutes{left}"

    def _trip_count(self, binding: Binding) -> str:
        counted = np.flatnonzero(np.isfinite(self.net.fleet.trips))
        at = self._at(binding)
        who = self._vehicles(binding, counted[at // self.net.periods])
        when = periods((at % self.net.periods).tolist())
        return f"Trips of {who} in {when}: {self._used(binding)} allowed"

    def _throughput(self, binding: Binding) -> str:
        when = periods((self._at(binding) % self.net.periods).tolist())
        sites = self.net.instance["sites"]
        position = self.net.places.find(sites["site_id"])
        limited = np.flatnonzero((position >= 0) & sites["throughput_kg"].notna().to_numpy(bool))
        order = np.sort(position[limited])
        names = self.net.places.ids[order[np.unique(self._at(binding) // self.net.periods)]]
        return f"{some(names, 3)} may send out no more in {when}: {self._used(binding)} kg"

    def _ship_max(self, binding: Binding) -> str:
        limits = self.net.instance["limits"]
        limits = limits[limits["ship_max"].notna()]
        limits = limits[self.net.places.find(limits["place_id"]) >= 0]
        at = self._at(binding)
        names = limits["place_id"].to_numpy(object)[np.unique(at // self.net.periods)]
        when = periods((at % self.net.periods).tolist())
        return f"Shipping cap of {some(names, 3)} in {when}: {self._used(binding)} units"

    def _stock_floor(self, binding: Binding) -> str:
        floors = self.model.sets.floors
        names = self.net.places.ids[np.unique(floors.place[self._at(binding) // self.net.periods])]
        return f"Stock that must stay at {some(names, 3)} (stock_min_share in limits)"

    def _budget(self, binding: Binding) -> str:
        return f"The budget is spent: {self._used(binding)}"

    def _balance(self, binding: Binding) -> str:
        keys, at = self.model.balance_keys, self._at(binding)
        names = self.net.places.ids[np.unique(keys.place[at])]
        by = int(keys.period[at].min()) + 1
        taken = (
            "All goods that could come are taken"
            if self.point is not None
            else "There are no more goods"
        )
        return f"{taken}; more at {some(names, 3)} from period {by} on"

    def _pin(self, binding: Binding) -> str:
        names = self.net.instance["pins"]["pin_id"].to_numpy(object)[np.unique(self._at(binding))]
        return f"Pins hold the goods elsewhere: {some(names, 3)}"

    def _need(self, binding: Binding) -> str:
        at = self.all_of.need_row
        rows = np.flatnonzero(np.isin(at, binding.rows))
        shorts = self.model.shorts
        names = self.net.places.ids[np.unique(shorts.place[rows])]
        return f"The goods serve {count(len(rows), 'other need')} at {some(names, 3)}"
