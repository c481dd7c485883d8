"""Which solver suits a roster: a transport program at heart, or one of much logic."""

from __future__ import annotations

import numpy as np

from allocator.instance.staff_case import StaffCase
from allocator.models.staff.model import StaffModel

LOGIC = ("rest", "succession", "run_min", "off_min", "weekend")
# Measured on nurse rosters: lines prove 774 to 2,552 columns in one to two seconds, HiGHS in 15 to
# 30, CP-SAT with one worker not in 50; below some hundred columns CP-SAT is done at once.
MOST_COLUMNS = 500


def chosen_method(model: StaffModel) -> str:
    """Return cpsat for a small program in which rows of sequence outnumber posts.

    Else lines where most workers are persons with least runs, breaks or hours, else mip.
    """
    sizes: dict[str, int] = {}
    for block in model.program.rows:
        sizes[block.name] = sizes.get(block.name, 0) + block.size
    logic = sum(sizes.get(name, 0) for name in LOGIC)
    if model.program.column_count > MOST_COLUMNS:
        return "lines" if _long_lines(model.case) else "mip"
    return "cpsat" if logic > len(model.slots) else "mip"


def has_lines(case: StaffCase) -> bool:
    """Whether anybody is planned as a person."""
    return bool(((case.people.number == 1) & case.fits.any(axis=1)).any())


def _long_lines(case: StaffCase) -> bool:
    """Whether most workers are persons with least runs, breaks or hours."""
    people = case.people
    least = (np.maximum(people.shortest_run, people.shortest_off) > 1) | (people.minimum > 0)
    return bool((least & (people.number == 1)).mean() > 0.5)
