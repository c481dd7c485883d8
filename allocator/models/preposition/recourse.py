"""The second stage: what is shipped, delivered and short in one scenario (sections 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from allocator.engine.program import Floats, Ints, Program
from allocator.engine.two_stage import Recourse
from allocator.models.preposition.columns import Columns
from allocator.models.preposition.first import FirstStage
from allocator.models.preposition.services import Services


class ScenarioProgram:
    """The recourse program of one scenario; the calls of `build` are its table of contents.

    The columns of the first stage come first in the program, so that rows hold both stages.
    """

    def __init__(self, first: FirstStage, services: Services, scenario: int) -> None:
        """Build every block and family for the scenario."""
        self.first, self.services, self.scenario = first, services, scenario
        self.case, self.label = first.case, first.label
        self.reserve, self.futures = first.case.reserve, first.case.futures
        self.need = self.futures.need[scenario]
        self.count = first.program.column_count
        self.program = Program()
        self.program.add_columns("first", self.count)
        self.build()

    def build(self) -> None:
        """Add every block and family of the page, in its order."""
        self._add_ship()
        self._add_deliver()
        self._add_short()
        self._add_surplus()
        self._add_late()
        self._add_available()
        self._add_agreement()
        self._add_need()
        self._add_delay()
        self._add_throughput()
        self._add_linked()
        self._add_assigned()
        self._add_tier()
        self._add_floor()

    # -- columns -------------------------------------------------------------------------------

    def _add_ship(self) -> None:
        lanes, first = self.reserve.lanes, self.first
        opened = np.flatnonzero(~self.futures.lane_closed[self.scenario])
        site, town = lanes.site[opened], lanes.community[opened]
        useful = (first.stock_at[site] >= 0) & (self.futures.survival[self.scenario][site] > 0)
        lane, self.ship_item = np.nonzero(useful & (self.need[town] > 0))
        self.ship_lane = opened[lane]
        self.ship_town = lanes.community[self.ship_lane]
        most = self.need[self.ship_town, self.ship_item]
        labels = self.label.move(self.ship_lane, self.ship_item)
        self.ship = self.program.add_columns("ship", len(lane), most, labels=labels)

    def _add_deliver(self) -> None:
        lanes, agreements = self.reserve.lanes, self.reserve.agreements
        opened = np.flatnonzero(~self.futures.lane_closed[self.scenario])
        from_here = agreements.site[:, None] == lanes.site[opened][None, :]
        wanted = self.need[lanes.community[opened]][:, agreements.item].T > 0
        there = self.futures.available[self.scenario] > 0
        self.supplier, lane = np.nonzero(from_here & wanted & there[:, None])
        self.deliver_lane = opened[lane]
        self.deliver_town = lanes.community[self.deliver_lane]
        self.deliver_item = agreements.item[self.supplier]
        most = self.need[self.deliver_town, self.deliver_item]
        labels = self.label.delivery(self.supplier, self.deliver_lane)
        self.deliver = self.program.add_columns("deliver", len(lane), most, labels=labels)

    def _add_short(self) -> None:
        self.town, self.item = np.nonzero(self.need > 0)
        self.quantity = self.need[self.town, self.item]
        labels = self.label.need(self.town, self.item)
        self.short = self.program.add_columns("short", len(self.town), self.quantity, labels=labels)
        self.need_at = np.full(self.need.shape, -1, dtype=np.int64)
        self.need_at[self.town, self.item] = np.arange(len(self.town))

    def _add_surplus(self) -> None:
        first = self.first
        share = self.futures.survival[self.scenario][first.site, first.item]
        most = share * first.program.upper[first.stock] * first.pack
        labels = self.label.stock(first.site, first.item)
        self.surplus = self.program.add_columns("surplus", len(most), most, labels=labels)

    def _add_late(self) -> None:
        goals = self.case.people_goals
        goal = np.full(len(self.reserve.items), -1, dtype=np.int64)
        for number, name in enumerate(goals):
            goal[self.case.counted(name)] = number
        self.counted = np.flatnonzero(goal[self.item] >= 0)
        town, item = self.town[self.counted], self.item[self.counted]
        keys, self.late_of = np.unique(town * len(goals) + goal[item], return_inverse=True)
        self.late_town, self.late_goal = keys // len(goals), keys % len(goals)
        self.rate = self.futures.rate[self.scenario][town, item]
        most = np.zeros(len(keys))
        np.maximum.at(most, self.late_of, self.rate * self.quantity[self.counted])
        labels = self.label.late(self.late_town, self.late_goal, goals)
        self.late = self.program.add_columns("late", len(most), most, labels=labels)

    # -- rows ----------------------------------------------------------------------------------

    def _add_available(self) -> None:
        first, lanes = self.first, self.reserve.lanes
        labels = self.label.stock(first.site, first.item)
        rows = self.program.add_rows("available", len(first.site), 0.0, 0.0, labels)
        at = first.stock_at[lanes.site[self.ship_lane], self.ship_item]
        self.program.add_entries(rows[at], self.ship, 1.0)
        self.program.add_entries(rows, self.surplus, 1.0)
        share = self.futures.survival[self.scenario][first.site, first.item]
        self.program.add_entries(rows, first.stock, -share * first.pack)

    def _add_agreement(self) -> None:
        suppliers, row = np.unique(self.supplier, return_inverse=True)
        labels = self.label.supplier(suppliers)
        rows = self.program.add_rows("agreement", len(suppliers), upper=0.0, labels=labels)
        self.program.add_entries(rows[row], self.deliver, 1.0)
        share = self.futures.available[self.scenario][suppliers]
        lot = self.first.lot[suppliers]
        self.program.add_entries(rows, self.first.agree[suppliers], -share * lot)

    def _add_need(self) -> None:
        labels = self.label.need(self.town, self.item)
        rows = self.program.add_rows("need", len(self.town), self.quantity, self.quantity, labels)
        self.program.add_entries(rows, self.short, 1.0)
        self._add_served(rows, 1.0)

    def _add_served(self, rows: Ints, value: float) -> None:
        """Add what reaches each need to its row; -1 for a need without a row."""
        self.program.add_known(rows[self.need_at[self.ship_town, self.ship_item]], self.ship, value)
        need = self.need_at[self.deliver_town, self.deliver_item]
        self.program.add_known(rows[need], self.deliver, value)

    def _add_delay(self) -> None:
        delay = self.reserve.agreements.delay[self.supplier]
        need = self.need_at[self.deliver_town, self.deliver_item]
        for number, periods in enumerate(self.futures.delays):
            late = np.flatnonzero(delay >= periods)
            cells, row = np.unique(need[late], return_inverse=True)
            upper = self.futures.need_after[self.scenario][..., number]
            upper = upper[self.town[cells], self.item[cells]]
            labels = self.label.need(self.town[cells], self.item[cells])
            rows = self.program.add_rows("delay", len(cells), upper=upper, labels=labels)
            self.program.add_entries(rows[row], self.deliver[late], 1.0)

    def _add_throughput(self) -> None:
        lanes, sizes, m3 = self.reserve.lanes, self.reserve.sizes, self.reserve.items.m3
        limit = self.futures.throughput_m3[self.scenario]
        enough = float((self.need * m3).sum())
        limited = np.zeros(len(self.reserve.sites), dtype=bool)
        limited[sizes.site[limit < enough]] = True
        sites = np.flatnonzero(limited)
        at = np.full(len(limited), -1, dtype=np.int64)
        labels = self.label.site(sites)
        at[sites] = self.program.add_rows("throughput", len(sites), upper=0.0, labels=labels)
        self.program.add_known(at[lanes.site[self.ship_lane]], self.ship, m3[self.ship_item])
        from_site = at[lanes.site[self.deliver_lane]]
        self.program.add_known(from_site, self.deliver, m3[self.deliver_item])
        self.program.add_known(at[sizes.site], self.first.open, -np.minimum(limit, enough))

    def _add_linked(self) -> None:
        """Goods leave open sites only: said once more for each lane, for a stronger bound."""
        lanes, sizes, m3 = self.reserve.lanes, self.reserve.sizes, self.reserve.items.m3
        wanted = (self.need * m3).sum(axis=1)
        lane = np.r_[self.ship_lane, self.deliver_lane]
        volume = np.r_[m3[self.ship_item], m3[self.deliver_item]]
        moved = np.r_[self.ship, self.deliver]
        chosen = volume > 0
        keys, row = np.unique(lane[chosen], return_inverse=True)
        labels = self.label.lane(keys)
        self.linked = rows = self.program.add_rows("linked", len(keys), upper=0.0, labels=labels)
        self.program.add_entries(rows[row], moved[chosen], volume[chosen])
        which, size = np.nonzero(lanes.site[keys][:, None] == sizes.site[None, :])
        most = wanted[lanes.community[keys]][which]
        self.program.add_entries(rows[which], self.first.open[size], -most)

    def _add_assigned(self) -> None:
        if not len(self.services.assign):
            return
        items = len(self.reserve.items)
        ship = self.ship_lane * items + self.ship_item
        deliver = self.deliver_lane * items + self.deliver_item
        keys, row = np.unique(np.r_[ship, deliver], return_inverse=True)
        lane, item = keys // items, keys % items
        labels = self.label.move(lane, item)
        rows = self.program.add_rows("assigned", len(keys), upper=0.0, labels=labels)
        self.program.add_entries(rows[row], np.r_[self.ship, self.deliver], 1.0)
        most = self.need[self.reserve.lanes.community[lane], item]
        self.program.add_entries(rows, self.services.assign[lane], -most)

    def _add_tier(self) -> None:
        chosen = self.counted
        labels = self.label.need(self.town[chosen], self.item[chosen])
        rows = self.program.add_rows("tier", len(chosen), 0.0, labels=labels)
        self.program.add_entries(rows, self.late[self.late_of], 1.0)
        self.program.add_entries(rows, self.short[chosen], -self.rate)

    def _add_floor(self) -> None:
        share = self.first.policy.reserve_floor
        self.floors = np.zeros(0, dtype=np.int64)
        if share <= 0:
            return
        chosen = np.flatnonzero(self.reserve.items.tier[self.item] == 1)
        quantity = self.quantity[chosen]
        labels = self.label.need(self.town[chosen], self.item[chosen])
        upper = (1.0 - share) * quantity
        self.floors = rows = self.program.add_rows("floor", len(chosen), upper=upper, labels=labels)
        self.program.add_entries(rows, self.short[chosen], 1.0)
        if len(self.services.missed):
            given_up = self.services.missed[self.scenario]
            self.program.add_entries(rows, given_up, -share * quantity)

    # -- what it costs, and its arrays ---------------------------------------------------------

    def cost(self) -> Floats:
        """Return the money each column of the scenario costs."""
        reserve, futures = self.reserve, self.futures
        unit = reserve.lanes.unit_cost(reserve.items.m3)
        factor = futures.lane_factor[self.scenario]
        cost = np.zeros(self.program.column_count)
        cost[self.ship] = unit[self.ship_lane, self.ship_item] * factor[self.ship_lane]
        moved = unit[self.deliver_lane, self.deliver_item] * factor[self.deliver_lane]
        cost[self.deliver] = moved + futures.price[self.scenario, self.supplier]
        cost[self.short] = futures.shortage_cost[self.scenario, self.item]
        cost[self.surplus] = futures.surplus_cost[self.scenario, self.first.item]
        return cost[self.count :]

    def people(self) -> Mapping[str, Floats]:
        """Return how each column counts in every goal of people: pi of the late."""
        weight = self.reserve.communities.weight[self.late_town]
        found = {}
        for number, goal in enumerate(self.case.people_goals):
            counts = np.zeros(self.program.column_count)
            counts[self.late] = np.where(self.late_goal == number, weight, 0.0)
            found[goal] = counts[self.count :]
        return found

    def recourse(self) -> Recourse:
        """Return the arrays of both stages apart, with the money as cost."""
        matrix = sparse.csc_matrix(self.program.matrix())
        return Recourse(
            cost=self.cost(),
            lower=self.program.lower[self.count :],
            upper=self.program.upper[self.count :],
            matrix=matrix[:, self.count :].tocsr(),
            link=matrix[:, : self.count].tocsr(),
            row_lower=self.program.row_lower,
            row_upper=self.program.row_upper,
        )

    def columns(self) -> Columns:
        """Return what the columns stand for."""
        return Columns(
            ship=np.stack([self.ship_lane, self.ship_item]),
            deliver=np.stack([self.supplier, self.deliver_lane]),
            short=np.stack([self.town, self.item]),
            surplus=np.stack([self.first.site, self.first.item]),
            late=np.stack([self.late_town, self.late_goal]),
            counted=self.counted,
            rate=self.rate,
            late_of=self.late_of,
        )
