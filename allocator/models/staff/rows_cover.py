"""Rows of the posts: cover, minimum, qualified, team (formulation section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from allocator.models.staff.model import StaffModel


def add(model: StaffModel) -> None:
    """Add the rows of the posts."""
    _cover(model)
    _minimum(model)
    _qualified(model)


def _labels(model: StaffModel, posts: np.ndarray) -> list[str]:
    case = model.case
    return [
        f"{case.posts.ids[p]},{case.posts.period[p] + 1},{case.shifts.ids[case.posts.shift[p]]}"
        for p in posts.tolist()
    ]


def _cover(model: StaffModel) -> None:
    """Who is assigned to a slot = wanted - short + surplus, summed over its posts."""
    program, slots, posts = model.program, model.slots, model.case.posts
    wanted = np.bincount(slots.of, posts.wanted, len(slots))
    rows = program.add_rows(
        "cover", len(slots), wanted, wanted, lambda: _labels(model, slots.first)
    )
    program.add_entries(rows[model.slot], model.assign, 1.0)
    program.add_entries(rows[slots.of], model.short, 1.0)
    over = model.surplus >= 0
    program.add_entries(rows[slots.of[over]], model.surplus[over], -1.0)


def _minimum(model: StaffModel) -> None:
    program, posts = model.program, model.case.posts
    some = np.flatnonzero(posts.minimum > 0)
    most = (posts.wanted - posts.minimum)[some]
    rows = program.add_rows("minimum", len(some), upper=most, labels=lambda: _labels(model, some))
    program.add_entries(rows, model.short[some], 1.0)
    program.add_known(np.where(model.surplus[some] >= 0, rows, -1), model.surplus[some], -1.0)


def _qualified(model: StaffModel) -> None:
    """Qualified people of a slot cover what its posts need; a post has no more than it holds."""
    program, slots, posts, case = model.program, model.slots, model.case.posts, model.case
    need = np.bincount(slots.of, posts.qualified, len(slots))
    wanted = np.flatnonzero(need > 0)
    at = np.full(len(slots), -1, dtype=np.int64)
    at[wanted] = program.add_rows(
        "qualified", len(wanted), need[wanted], labels=lambda: _labels(model, slots.first[wanted])
    )
    able = case.people.qualified[model.worker]
    program.add_known(at[model.slot[able]], model.assign[able], 1.0)
    some = np.flatnonzero(posts.qualified > 0)
    program.add_entries(at[slots.of[some]], model.lack[some], 1.0)
    room = (posts.wanted - posts.qualified)[some]
    rows = program.add_rows("team", len(some), upper=room, labels=lambda: _labels(model, some))
    program.add_entries(rows, model.short[some], 1.0)
    program.add_entries(rows, model.lack[some], -1.0)
    program.add_known(np.where(model.surplus[some] >= 0, rows, -1), model.surplus[some], -1.0)
