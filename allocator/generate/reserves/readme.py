"""The README of the case of reserves: how to read it, which figures are real."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from allocator.generate.figures import STATUSES, Figures, read_figures
from allocator.generate.reserves.supplies import ITEMS
from allocator.generate.shanghai.readme import MEANING, single_figures, whole_tables
from allocator.instance import Instance

_SHARED = ("city", "staff", "roads", "van", *ITEMS)
_UNUSED = (
    "arrival_share", "arrival_from", "reserve_days", "floor_share", "purchase_limit",
    "worker_minutes", "volunteer_minutes", "sealed_extra", "minutes_per_kg", "minutes_per_unit",
    "kg", "shift_minutes", "loading_minutes", "unloading_minutes", "count", "local_lanes",
    "reserve_lead", "vulnerability",
)  # fmt: skip


def reserves_readme(instance: Instance) -> str:
    """Return the text of README.md."""
    figures = Figures("shanghai_2022_reserves")
    shared = read_figures("shanghai_2022")
    shared = shared[shared["subject"].isin(_SHARED) & ~shared["figure"].isin(_UNUSED)]
    status = instance["sites"]["status"]
    template = files(__package__).joinpath("readme.md").read_text(encoding="utf-8")
    return template.format(
        communities=len(instance["communities"]),
        candidates=int((status == "candidate").sum()),
        depots=int((status == "open").sum()),
        items=len(instance["items"]),
        agreements=len(instance["agreements"]),
        scenarios=len(instance["scenarios"]),
        near=int(figures("lanes", "jiedao")),
        far=int(figures("lanes", "depots")),
        standard=instance.policy.time_standard,
        budget=instance.policy.reserve_budget,
        used=len(shared),
        shared=_by_status(shared, read_figures("shanghai_2022_tables")),
        own=_by_status(figures.table),
    )


def _by_status(figures: pd.DataFrame, tables: pd.DataFrame | None = None) -> str:
    parts = []
    for status in STATUSES:
        rows = figures[figures["status"] == status]
        parts.append(f"### {status.capitalize()}: {MEANING[status]}\n")
        if tables is not None:
            parts.append(whole_tables(tables[tables["status"] == status]))
        if len(rows):
            parts.append(single_figures(rows))
    return "\n".join(parts)
