"""Which solver suits a roster: a transport program at heart, or one of much logic."""

from __future__ import annotations

from allocator.models.staff.model import StaffModel

LOGIC = ("rest", "succession", "run_min", "off_min", "weekend")
# Measured on nurse rosters: HiGHS proves 774 columns in 15 s, where CP-SAT with one worker has no
# proof after 50; below some hundred columns CP-SAT is done at once.
MOST_COLUMNS = 500


def chosen_method(model: StaffModel) -> str:
    """Return cpsat for a small program in which rows of sequence outnumber posts, else mip."""
    sizes: dict[str, int] = {}
    for block in model.program.rows:
        sizes[block.name] = sizes.get(block.name, 0) + block.size
    logic = sum(sizes.get(name, 0) for name in LOGIC)
    if model.program.column_count > MOST_COLUMNS:
        return "mip"
    return "cpsat" if logic > len(model.slots) else "mip"
