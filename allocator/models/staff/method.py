"""Which solver suits a roster: a transport program at heart, or one of much logic."""

from __future__ import annotations

from allocator.models.staff.model import StaffModel

LOGIC = ("rest", "succession", "run_min", "off_min", "weekend")
MOST_COLUMNS = 60_000  # above this CP-SAT takes too long to read and to relax the program


def chosen_method(model: StaffModel) -> str:
    """Return cpsat for a small program in which rows of sequence outnumber posts, else mip."""
    sizes: dict[str, int] = {}
    for block in model.program.rows:
        sizes[block.name] = sizes.get(block.name, 0) + block.size
    logic = sum(sizes.get(name, 0) for name in LOGIC)
    if model.program.column_count > MOST_COLUMNS:
        return "mip"
    return "cpsat" if logic > len(model.slots) else "mip"
