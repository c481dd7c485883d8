"""Who of a slot stands at which of its posts: what the program decided, by number and by name."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.models.staff.model import StaffModel


def shared_out(model: StaffModel, number: Ints, point: Floats) -> tuple[Ints, Ints, Ints]:
    """Return worker, post and number of every assignment.

    Args:
        model: The program.
        number: People of every worker in every slot.
        point: The point: how many are missing at a post, and how many qualified ones.

    The qualified go where they are needed first; among people who serve alike, those who live
    nearest go first.
    """
    posts = model.case.posts
    filled = posts.wanted - np.round(point[model.short]).astype(np.int64)
    filled[model.surplus >= 0] += np.round(point[model.surplus[model.surplus >= 0]]).astype(int)
    need = posts.qualified.copy()
    need[model.lack >= 0] -= np.round(point[model.lack[model.lack >= 0]]).astype(np.int64)
    need = np.minimum(need, filled)
    left, parts = number.copy(), []
    order = np.argsort(model.slots.of, kind="stable")
    for qualified, wanted in ((True, need), (False, filled - need)):
        for post in order.tolist():
            if wanted[post]:
                parts += _filled(model, left, post, int(wanted[post]), qualified)
    if not parts:
        return (np.zeros(0, np.int64),) * 3
    frame = np.array(parts, dtype=np.int64)
    keys, which = np.unique(frame[:, :2], axis=0, return_inverse=True)
    count = np.bincount(np.asarray(which).ravel(), frame[:, 2]).astype(np.int64)
    return keys[:, 0], keys[:, 1], count


def _filled(
    model: StaffModel, left: Ints, post: int, wanted: int, qualified: bool
) -> list[tuple[int, int, int]]:
    """Take people for a post from those left in its slot; the qualified are spared if not asked."""
    case, slot = model.case, model.slots.of[post]
    there = np.flatnonzero(left[:, slot])
    able = case.people.qualified[there]
    if qualified:
        there = there[able]
    far = np.nan_to_num(case.travel[there, case.posts.place[post]])
    spared = np.zeros(len(there)) if qualified else case.people.qualified[there]
    found = []
    for worker in there[np.lexsort((far, spared))].tolist():
        taken = min(wanted, int(left[worker, slot]))
        if not taken:
            break
        left[worker, slot] -= taken
        wanted -= taken
        found.append((worker, post, taken))
    return found
