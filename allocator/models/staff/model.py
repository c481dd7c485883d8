"""The roster as one program: columns, then the rows of models/staff/formulation.md in order."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from allocator.engine.program import Ints, Program
from allocator.instance.staff_case import StaffCase
from allocator.models.staff import rows_cover, rows_days, rows_fit, rows_loop, rows_runs
from allocator.models.staff.slots import Slots, fitting, slots_of


class StaffModel:
    """Columns and rows of a case; the goals come separately (goals.py).

    Attributes:
        program: The program.
        worker: Worker of every assignment column (A,).
        slot: Slot of every assignment column (A,).
        assign: Positions of the assignment columns.
        works: Positions of the columns works, workers x periods.
        short, surplus, lack: Positions by post; -1 where there is none.
        inside, enter: Workers x sealed places x periods; -1 where there is none.
        train: Workers x trainings x periods of the start; -1 where there is none.
        weekend: Workers x weekends (of `weekend_kinds`); -1 where there is none.
    """

    def __init__(
        self,
        case: StaffCase,
        apart: bool = False,
        loose: bool = False,
        part_of: Program | None = None,
    ) -> None:
        """Build the program.

        `apart` keeps posts apart that are alike; `loose` has columns for what no worker may do
        and rows that forbid it, so that these rules can be told apart from others. As `part_of`
        another program people are added to it as fractions.
        """
        self.case = case
        self.program, self.whole = part_of or Program(), part_of is None
        self.slots: Slots = slots_of(case, apart)
        fits = fitting(case, self.slots)
        self.worker, self.slot = np.nonzero(fits | loose)
        self.weekend = np.zeros((0, 0), dtype=np.int64)
        self.weekend_kinds = np.zeros(0, dtype=np.int64)
        self._owners: list[tuple[Ints, Ints, Ints]] = []
        self._columns(loose)
        rows_cover.add(self)
        rows_days.add(self)
        rows_runs.add(self, loose)
        rows_loop.add(self)
        if loose:
            rows_fit.add(self)

    def _columns(self, loose: bool) -> None:
        case, program, posts = self.case, self.program, self.case.posts
        count = case.people.number
        periods = len(case.times)
        self.assign = program.add_columns(
            "assign",
            len(self.worker),
            count[self.worker],
            integer=self.whole,
            labels=self._assigned,
        )
        self.works = program.add_columns(
            "works", len(count) * periods, np.repeat(count, periods), integer=self.whole
        ).reshape(len(count), periods)
        self.own(self.assign, self.worker, self.period)
        at = np.indices(self.works.shape)
        self.own(self.works, at[0], at[1])
        self.short = program.add_columns("short", len(posts), posts.wanted, integer=self.whole)
        self.surplus = self._some("surplus", ~np.isnan(posts.over_weight) | loose, count.sum())
        self.lack = self._some("lack", posts.qualified > 0, posts.qualified)
        self._loop_columns()

    def _loop_columns(self) -> None:
        case, slots, people = self.case, self.slots, self.case.people
        workers, places, periods = len(people), len(case.lodging), len(case.times)
        when = np.arange(periods)
        here = (when >= people.first[:, None]) & (when <= people.last[:, None])
        goes = np.zeros((workers, places), dtype=bool)
        sealed = slots.sealed[self.slot]
        goes[self.worker[sealed >= 0], sealed[sealed >= 0]] = True
        stays = goes[:, :, None] & here[:, None, :]
        most = np.broadcast_to(people.number[:, None, None], stays.shape)
        self.inside = self._some("inside", stays, most)
        at = np.indices(self.inside.shape)
        self.own(self.inside, at[0], at[2])
        end = np.minimum(when + case.policy.closed_loop_days, periods)
        self.enter = self._some(
            "enter", stays & (end <= people.last[:, None] + 1)[:, None, :], most
        )
        training = case.training
        ready = here[:, None, :] & case.learns[:, training.skill][:, :, None]
        done = when[None, None, :] + training.periods[None, :, None] - 1
        ready &= done <= people.last[:, None, None]
        most = np.broadcast_to(people.number[:, None, None], ready.shape)
        self.train = self._some("train", ready, most)
        at = np.indices(self.train.shape)
        self.own(self.train, at[0], at[2])

    def own(self, columns: Ints, worker: Ints, period: Ints) -> None:
        """Record whose columns these are, and in which period; positions of -1 are none."""
        there = columns >= 0
        self._owners.append((columns[there], worker[there], period[there]))

    def owners(self) -> tuple[Ints, Ints]:
        """Return worker and period of every column, -1 for those nobody owns.

        A period of -2 is any: whoever frees a period frees the column.
        """
        worker, period = np.full((2, self.program.column_count), -1, dtype=np.int64)
        for columns, who, when in self._owners:
            worker[columns], period[columns] = who, when
        return worker, period

    def _some(self, name: str, there: np.ndarray, upper: np.ndarray | float) -> Ints:
        """Add whole columns where `there`; return positions in its shape, -1 elsewhere."""
        found = np.full(there.shape, -1, dtype=np.int64)
        most = np.broadcast_to(np.asarray(upper, float), there.shape)[there]
        found[there] = self.program.add_columns(name, int(there.sum()), most, integer=self.whole)
        return found

    def _assigned(self) -> list[str]:
        case, slots = self.case, self.slots
        post = slots.first[self.slot]
        return [
            f"{case.people.ids[w]},{case.posts.ids[p]},{case.posts.period[p] + 1},"
            f"{case.shifts.ids[case.posts.shift[p]]}"
            for w, p in zip(self.worker, post, strict=True)
        ]

    @cached_property
    def period(self) -> Ints:
        """Period of every assignment column."""
        return self.slots.period[self.slot]

    @cached_property
    def shift(self) -> Ints:
        """Shift of every assignment column."""
        return self.slots.shift[self.slot]

    def names(self, *keys: np.ndarray) -> list[str]:
        """Return labels from worker and period (or other) positions."""
        ids = self.case.people.ids
        columns = [ids[keys[0]], *(np.asarray(key) + 1 for key in keys[1:])]
        return [",".join(str(cell) for cell in row) for row in zip(*columns, strict=True)]
