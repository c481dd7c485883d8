"""The program of beds: blocks and row families of the page (formulation sections 2 and 3)."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from allocator.engine.program import Floats, Ints, Program
from allocator.instance.admit_case import AdmitCase
from allocator.models.admit.keys import keys_of
from allocator.models.admit.labels import Labeller


class AdmitProgram:
    """Builds the program; the calls of `build` are its table of contents.

    Positions of columns have the scenario first: `admit` (Z, N), `wait` (Z, Q, A, T) with A lists
    by the periods known, `enter` and `inside` (Z, E, T), `held` (Z, D, T), `move` (Z, M), `lie`
    (Z, L, T); `open` (O,) is the same in all scenarios.
    """

    def __init__(self, case: AdmitCase) -> None:
        """Build the blocks and rows."""
        self.case, self.keys = case, keys_of(case)
        self.program = Program()
        self.label = Labeller(case, self.keys)
        self.build()

    def build(self) -> None:
        """Add every block and family of the page, in its order."""
        self._add_columns()
        self._add_queue()
        self._add_entry()
        self._add_inside()
        self._add_step()
        self._add_place()
        self._add_beds()
        self._add_open_once()
        self._add_hours()
        self._add_items()
        self._add_surge_budget()

    @property
    def scenarios(self) -> int:
        """Number of scenarios."""
        return len(self.case.scenarios)

    def _block(self, name: str, most: Floats) -> Ints:
        """Add columns for every scenario and return their positions; `most` has their shape.

        Every column has an upper bound, so that any duals give a finite bound of a goal.
        """
        at = self.program.add_columns(name, most.size, most.ravel(), labels=self.label.of(name))
        return at.reshape(most.shape)

    def _rows(self, name: str, lower: ArrayLike, upper: ArrayLike) -> Ints:
        """Add rows with a scenario axis first and return their positions in the same shape."""
        low, high = np.broadcast_arrays(np.asarray(lower, float), np.asarray(upper, float))
        at = self.program.add_rows(name, low.size, low.ravel(), high.ravel(), self.label.of(name))
        return at.reshape(low.shape)

    def _add_columns(self) -> None:
        case, keys = self.case, self.keys
        come = np.cumsum(case.arrivals.sum(axis=2), axis=-1)
        beds = self._most_beds()
        way, kind, period, _ = keys.admit
        origin, site = case.ways.origin[way], case.ways.site[way]
        self.admit = self._block("admit", np.minimum(come[:, origin, period], beds[site, kind]))
        lists = np.repeat(come[:, keys.origin, None], case.delay + 1, axis=2)
        self.wait = self._block("wait", lists)
        cells = self._over_time(beds[keys.site, keys.severity])
        self.enter = self._block("enter", cells)
        self.inside = self._block("inside", cells)
        source = case.stays.step_from[keys.change]
        self.held = self._block("held", self._over_time(beds[keys.change_site, source]))
        way, change, _ = keys.move
        target = beds[case.transfers.site[way], case.stays.step_to[change]]
        self.move = self._block("move", np.broadcast_to(target, (self.scenarios, len(target))))
        self.lie = self._block("lie", self._over_time(beds[case.pools.site[keys.pool], keys.lies]))
        self.open = self.program.add_columns(
            "open", keys.opening.shape[1], 1.0, integer=True, labels=self.label.of("open")
        )

    def _most_beds(self) -> Floats:
        """Return the most patients of a class that can ever lie at a site (H, S)."""
        case = self.case
        most = case.pools.beds.max(axis=1)
        np.add.at(most, case.surge.pool, case.surge.beds)
        beds = np.zeros((len(case.sites), len(case.classes)))
        np.add.at(beds, case.pools.site, most[:, None] * case.pools.uses)
        return beds

    def _over_time(self, most: Floats) -> Floats:
        """Return (N,) as (Z, N, T)."""
        return np.broadcast_to(most[:, None], (self.scenarios, len(most), self.case.periods))

    # -- those who wait ------------------------------------------------------------------------

    def _add_queue(self) -> None:
        """Lists by the periods known: the rest of the list before, the new, less the admitted."""
        keys, wait = self.keys, self.wait
        new = np.zeros(wait.shape)
        new[:, :, 0] = self.case.arrivals[:, keys.origin, keys.waits_for]
        rows = self._rows("queue", new, new)
        self.program.add_entries(rows, wait, 1.0)
        last = wait.shape[2] - 1
        for source, target in np.argwhere(self._passes > 0).tolist():
            share = -self._passes[source, target]
            for age in range(last + 1):
                later = min(age + 1, last)
                self.program.add_entries(
                    rows[:, target, later, 1:], wait[:, source, age, :-1], share
                )
        way, kind, period, age = keys.admit
        cell = keys.queue[self.case.ways.origin[way], kind]
        self.program.add_entries(rows[:, cell, age, period], self.admit, 1.0)

    @cached_property
    def _passes(self) -> Floats:
        """Share (Q, Q) of a waiting cell that waits in another in the next period."""
        keys = self.keys
        same = keys.origin[:, None] == keys.origin[None, :]
        return np.asarray(same * self.case.classes.waits[keys.waits_for][:, keys.waits_for])

    # -- those in beds -------------------------------------------------------------------------

    def _add_entry(self) -> None:
        keys, case = self.keys, self.case
        rows = self._rows("entry", np.zeros(self.enter.shape), 0.0)
        self.program.add_entries(rows, self.enter, 1.0)
        way, kind, period, _ = keys.admit
        cell = keys.cell[case.ways.site[way], kind]
        self.program.add_entries(rows[:, cell, period], self.admit, -1.0)
        way, change, period = keys.move
        cell = keys.cell[case.transfers.site[way], case.stays.step_to[change]]
        self.program.add_entries(rows[:, cell, period], self.move, -1.0)

    def _add_inside(self) -> None:
        """Who is inside: those of the period before and those who enter, less whose stay ends."""
        rows = self._rows("inside", np.zeros(self.inside.shape), 0.0)
        self.program.add_entries(rows, self.inside, 1.0)
        self.program.add_entries(rows[:, :, 1:], self.inside[:, :, :-1], -1.0)
        self.program.add_entries(rows, self.enter, -1.0)
        for kind in range(len(self.case.classes)):
            cells = np.flatnonzero(self.keys.severity == kind)
            self._ended(rows[:, cells], self.enter[:, cells], self.case.stays.out[kind])

    def _ended(self, rows: Ints, enter: Ints, share: Floats) -> None:
        """Add those who entered so many periods ago, times the share that goes then."""
        for age in np.flatnonzero(share).tolist():
            if age < self.case.periods:
                early = enter[:, :, : self.case.periods - age]
                self.program.add_entries(rows[:, :, age:], early, share[age])

    def _add_step(self) -> None:
        """Class changers: they are held in their bed until they move to one of the new class."""
        keys, case = self.keys, self.case
        coming = case.before.step[keys.change_site, keys.change]
        both = np.broadcast_to(coming, self.held.shape)
        rows = self._rows("step", both, both)
        self.program.add_entries(rows, self.held, 1.0)
        self.program.add_entries(rows[:, :, 1:], self.held[:, :, :-1], -1.0)
        for change in range(len(case.stays.step_from)):
            cells = np.flatnonzero(keys.change == change)
            source = keys.cell[keys.change_site[cells], case.stays.step_from[change]]
            self._ended(rows[:, cells], self.enter[:, source], -case.stays.step[change])
        way, change, period = keys.move
        cell = keys.changing[case.transfers.origin[way], change]
        self.program.add_entries(rows[:, cell, period], self.move, 1.0)

    def _add_place(self) -> None:
        """Everybody inside or held lies in a bed that takes the class."""
        keys, case = self.keys, self.case
        there = case.before.inside[keys.site, keys.severity]
        both = np.broadcast_to(there, self.inside.shape)
        rows = self._rows("place", both, both)
        cell = keys.cell[case.pools.site[keys.pool], keys.lies]
        self.program.add_entries(rows[:, cell], self.lie, 1.0)
        self.program.add_entries(rows, self.inside, -1.0)
        cell = keys.cell[keys.change_site, case.stays.step_from[keys.change]]
        self.program.add_entries(rows[:, cell], self.held, -1.0)

    # -- what limits them ----------------------------------------------------------------------

    def _add_beds(self) -> None:
        beds = self.case.pools.beds
        rows = self._rows(
            "beds",
            np.full((self.scenarios, *beds.shape), -np.inf),
            np.broadcast_to(beds, (self.scenarios, *beds.shape)),
        )
        self.program.add_entries(rows[:, self.keys.pool], self.lie, 1.0)
        for column, ward, period in zip(self.open, *self.keys.opening, strict=True):
            self._opened(rows, int(column), int(ward), int(period))

    def _opened(self, rows: Ints, column: int, ward: int, period: int) -> None:
        surge = self.case.surge
        first, last = period + int(surge.lead[ward]), int(surge.closes[ward])
        usable = rows[:, surge.pool[ward], first : last + 1]
        self.program.add_entries(usable, column, -surge.beds[ward])
        if surge.taken_from[ward] >= 0:
            given = rows[:, surge.taken_from[ward], period : last + 1]
            self.program.add_entries(given, column, surge.beds[ward])

    def _add_open_once(self) -> None:
        wards = len(self.case.surge)
        rows = self.program.add_rows(
            "open_once", wards, upper=1.0, labels=self.label.of("open_once")
        )
        self.program.add_entries(rows[self.keys.opening[0]], self.open, 1.0)

    def _add_hours(self) -> None:
        case, keys = self.case, self.keys
        limited = np.asarray(np.isfinite(case.sites.hours).all(axis=1))
        self.label.hours_sites = np.flatnonzero(limited)
        at = np.cumsum(limited) - 1
        most = np.broadcast_to(
            case.sites.hours[limited], (self.scenarios, int(limited.sum()), case.periods)
        )
        rows = self._rows("care_hours", np.full(most.shape, -np.inf), most)
        site = case.pools.site[keys.pool]
        cells = np.flatnonzero(limited[site])
        hours = case.classes.hours[keys.lies[cells], None] * case.days[None, :]
        self.program.add_entries(rows[:, at[site[cells]]], self.lie[:, cells], hours)

    def _add_items(self) -> None:
        """Reusable items: a level in use. Others: what is left, period after period."""
        case, items = self.case, self.case.items
        shape = (self.scenarios, len(case.sites), len(items), case.periods)
        level = np.where(
            items.reusable[:, None], items.level, np.diff(items.level, axis=2, prepend=0.0)
        )
        lower = np.where(items.reusable[:, None], -np.inf, level)
        rows = self._rows(
            "care_items", np.broadcast_to(lower, shape), np.broadcast_to(level, shape)
        )
        flows = np.flatnonzero(~items.reusable)
        at_hand = np.broadcast_to(
            items.level[:, flows], (self.scenarios, *items.level[:, flows].shape)
        )
        self.left = self._block("left", at_hand)
        self.program.add_entries(rows[:, :, flows], self.left, 1.0)
        self.program.add_entries(rows[:, :, flows, 1:], self.left[:, :, :, :-1], -1.0)
        cell, site = np.arange(len(self.keys.pool)), case.pools.site[self.keys.pool]
        for item in range(len(items)):
            use = items.use[item, self.keys.lies]
            each = np.ones(case.periods) if items.reusable[item] else case.days
            some = np.flatnonzero(use > 0)
            self.program.add_entries(
                rows[:, site[some], item], self.lie[:, cell[some]], use[some, None] * each
            )

    def _add_surge_budget(self) -> None:
        if self.case.policy.surge_budget is not None:
            row = self.program.add_rows("surge_budget", 1, upper=self.case.policy.surge_budget)
            self.program.add_entries(row, self.open, self.case.surge.cost[self.keys.opening[0]])
