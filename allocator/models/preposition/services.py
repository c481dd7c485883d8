"""What the first stage promises communities: cover, days of need, one source (section 3)."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Ints
from allocator.models.preposition.first import FirstStage
from allocator.models.preposition.reach import lanes_within

NOTHING = np.zeros(0, dtype=np.int64)


class Services:
    """Adds the columns and rows of services to a first stage.

    `assign` is one column a lane (positions of columns), `missed` one a scenario; both are empty
    where the policy does not ask for them.
    """

    def __init__(self, first: FirstStage) -> None:
        """Build the families the policy asks for."""
        self.first, self.case, self.policy = first, first.case, first.policy
        self.program, self.label = first.program, first.label
        self.assign, self.missed = NOTHING, NOTHING
        if self.policy.coverage_minutes is not None:
            self._add_cover()
        if self.policy.reserve_days > 0:
            self._add_days()
        if self.policy.single_sourcing:
            self._add_assign()
        if self.policy.reserve_floor > 0 and self.policy.reserve_floor_probability < 1:
            self._add_missed()

    def _open_at(self, rows: Ints, sites: Ints, value: float) -> None:
        """Add value times O(site) to each row."""
        row, size = np.nonzero(sites[:, None] == self.first.reserve.sizes.site[None, :])
        self.program.add_entries(rows[row], self.first.open[size], value)

    # -- cover ---------------------------------------------------------------------------------

    def _add_cover(self) -> None:
        case, policy = self.case, self.policy
        towns = np.flatnonzero(~case.reserve.communities.is_site)
        item = -1
        if policy.coverage_item:
            item = int(np.flatnonzero(case.reserve.items.ids == policy.coverage_item)[0])
            towns = towns[case.base[towns, item] > 0]
        labels = self.label.town(towns)
        covered = self.program.add_columns("covered", len(towns), 1.0, labels=labels)
        rows = self.program.add_rows("cover", len(towns), lower=0.0, labels=labels)
        lanes = lanes_within(case, policy.coverage_minutes)
        at = np.full(len(case.reserve.communities), -1, dtype=np.int64)
        at[towns] = rows
        lanes = lanes[at[case.reserve.lanes.community[lanes]] >= 0]
        reached = at[case.reserve.lanes.community[lanes]]
        if item < 0:
            self.program.add_entries(rows, covered, -1.0)
            self._open_at(reached, case.reserve.lanes.site[lanes], 1.0)
        else:
            self.program.add_entries(rows, covered, -case.base[towns, item])
            self._add_cover_stock(lanes, reached, item)
        self._add_coverage(covered, towns)

    def _add_cover_stock(self, lanes: Ints, reached: Ints, item: int) -> None:
        where = self.label.lane(lanes)
        columns = self.program.add_columns("cover_from", len(lanes), labels=where)
        self.program.add_entries(reached, columns, 1.0)
        self._within_stock("cover_stock", lanes, np.full(len(lanes), item), columns)

    def _within_stock(self, name: str, lanes: Ints, item: Ints, columns: Ints) -> None:
        """Add rows: what is set apart at a site of an item is in stock there."""
        items = len(self.case.reserve.items)
        keys, row = np.unique(
            self.case.reserve.lanes.site[lanes] * items + item, return_inverse=True
        )
        site, what = keys // items, keys % items
        labels = self.label.stock(site, what)
        rows = self.program.add_rows(name, len(keys), upper=0.0, labels=labels)
        self.program.add_entries(rows[row], columns, 1.0)
        at = self.first.stock_at[site, what]
        there = at >= 0
        self.program.add_entries(
            rows[there], self.first.stock[at[there]], -self.first.pack[at[there]]
        )

    def _add_coverage(self, covered: Ints, towns: Ints) -> None:
        share = self.policy.coverage_share
        if self.policy.coverage_each:
            labels = self.label.town(towns)
            rows = self.program.add_rows("coverage", len(towns), lower=share, labels=labels)
            self.program.add_entries(rows, covered, 1.0)
        elif len(towns):
            people = self.case.reserve.communities.population[towns]
            row = self.program.add_rows("coverage", 1, lower=share * people.sum())
            self.program.add_entries(row, covered, people)

    # -- days ----------------------------------------------------------------------------------

    def _add_days(self) -> None:
        case = self.case
        town, item = np.nonzero(case.base > 0)
        wanted = self.policy.reserve_days * case.base[town, item] / case.days
        labels = self.label.need(town, item)
        rows = self.program.add_rows("days", len(town), lower=wanted, labels=labels)
        at = np.full(case.base.shape, -1, dtype=np.int64)
        at[town, item] = rows
        lanes = lanes_within(case)
        lane, which = np.nonzero(at[case.reserve.lanes.community[lanes]] >= 0)
        lane = lanes[lane]
        columns = self.program.add_columns("allot", len(lane), labels=self.label.move(lane, which))
        self.program.add_entries(at[case.reserve.lanes.community[lane], which], columns, 1.0)
        self._within_stock("allotted", lane, which, columns)

    # -- one source, floors given up -----------------------------------------------------------

    def _add_assign(self) -> None:
        lanes = self.case.reserve.lanes
        everyone = np.arange(len(lanes))
        labels = self.label.lane(everyone)
        self.assign = self.program.add_columns(
            "assign", len(lanes), 1.0, integer=True, labels=labels
        )
        towns, row = np.unique(lanes.community, return_inverse=True)
        rows = self.program.add_rows("assign", len(towns), upper=1.0, labels=self.label.town(towns))
        self.program.add_entries(rows[row], self.assign, 1.0)
        rows = self.program.add_rows("assign_open", len(lanes), upper=0.0, labels=labels)
        self.program.add_entries(rows, self.assign, 1.0)
        self._open_at(rows, lanes.site, -1.0)

    def _add_missed(self) -> None:
        futures = self.case.futures
        ids = futures.ids
        self.missed = self.program.add_columns(
            "missed", len(futures), 1.0, integer=True, labels=lambda: list(ids)
        )
        most = 1.0 - self.policy.reserve_floor_probability
        row = self.program.add_rows("missed", 1, upper=most)
        self.program.add_entries(row, self.missed, futures.probability)
