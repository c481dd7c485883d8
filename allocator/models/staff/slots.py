"""Posts that are alike to every worker are one slot: the program assigns people to slots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Ints
from allocator.instance.lanes import Bools
from allocator.instance.staff_case import StaffCase


@dataclass(frozen=True)
class Slots:
    """Slots (C,) of posts with the same period, shift, skill, sealed place and near workers.

    `of` is the slot of every post; `first` a post of every slot.
    """

    of: Ints
    first: Ints
    period: Ints
    shift: Ints
    skill: Ints
    sealed: Ints

    def __len__(self) -> int:
        return len(self.first)


def slots_of(case: StaffCase, apart: bool = False) -> Slots:
    """Group the posts; `apart` keeps every post by itself (an earlier roster names posts)."""
    posts = case.posts
    _, near = np.unique(case.near, axis=1, return_inverse=True)
    kind = near.ravel()[posts.place] if case.near.size else np.zeros(len(posts), np.int64)
    alike = [posts.period, posts.shift, posts.skill, posts.sealed, kind]
    if apart:
        alike.append(np.arange(len(posts)))
    _, first, of = np.unique(np.stack(alike), axis=1, return_index=True, return_inverse=True)
    return Slots(
        of=np.asarray(of).ravel(),
        first=first,
        period=posts.period[first],
        shift=posts.shift[first],
        skill=posts.skill[first],
        sealed=posts.sealed[first],
    )


def fitting(case: StaffCase, slots: Slots) -> Bools:
    """Return workers x slots: who may be assigned."""
    return np.asarray(case.fits[:, slots.first])
