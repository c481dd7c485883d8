"""Rules of the day for routes: hours of gates and shifts, curfews, costs, wishes of communities.

Every figure is assumed and stands in figures/route_rules.csv.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.generate.figures import Figures
from allocator.instance import Instance
from allocator.instance.lanes import Bools

FIGURES = "route_rules"
GOLDEN = 0.6180339887498949  # Its multiples spread evenly: no community is chosen by chance.


def with_route_rules(instance: Instance) -> Instance:
    """Return the instance with hours, curfews and costs; needs, goods and lanes stay as they are.

    The same instance always gives the same rules. What it says already is kept.
    """
    figures = Figures(FIGURES)
    changed: dict[str, pd.DataFrame] = {
        "vehicles": _vehicles(instance["vehicles"], figures),
        "curfews": _curfews(instance, figures),
        "stops": _stops(instance, figures),
    }
    if len(instance["gates"]):
        together = instance.policy.gate_minutes
        changed["gates"] = _gates(instance["gates"], figures, together)
    filled = {name: table for name, table in changed.items() if len(table)}
    return instance.replace(policy=None, name=None, validate=True, **filled)


def clock(hours: float) -> str:
    """Return hours from midnight as HH:MM."""
    minutes = round(hours * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _filled(table: pd.DataFrame, texts: dict[str, str]) -> pd.DataFrame:
    """Return the table with the blanks of some columns filled in."""
    columns = {name: table[name].where(table[name] != "", text) for name, text in texts.items()}
    return table.assign(**columns)


def _gates(table: pd.DataFrame, figures: Figures, together: float) -> pd.DataFrame:
    hours = {name: clock(figures("gate", name)) for name in ("opens", "closes")}
    hands = np.maximum(figures("gate", "hands"), table["handling_minutes"] / together).round(1)
    given = table["hands"]
    return _filled(table, hours).assign(hands=np.where(given.isna(), hands, given))


def _vehicles(table: pd.DataFrame, figures: Figures) -> pd.DataFrame:
    fixed = figures("vehicle", "fixed_cost") + figures("vehicle", "fixed_cost_per_kg") * table["kg"]
    hourly = figures("vehicle", "cost_per_hour")
    shifts = {name: clock(figures("vehicle", name)) for name in ("starts", "ends")}
    return _filled(table, shifts).assign(
        fixed_cost=table["fixed_cost"].where(table["fixed_cost"] > 0, fixed.round()),
        cost_per_hour=table["cost_per_hour"].where(table["cost_per_hour"] > 0, hourly),
    )


def _curfews(instance: Instance, figures: Figures) -> pd.DataFrame:
    """Return the night everywhere, and the disinfection of each zone's gates at noon."""
    begins, minutes = figures("disinfection", "from"), figures("disinfection", "minutes")
    zones = sorted({str(zone) for zone in instance["communities"]["zone_id"] if zone})
    night = ("", clock(figures("curfew", "from")), clock(figures("curfew", "to")))
    noon = [
        (zone, clock(begins + turn % 4 / 2), clock(begins + turn % 4 / 2 + minutes / 60))
        for turn, zone in enumerate(zones)
    ]
    return pd.DataFrame([night, *noon], columns=["zone_id", "from", "to"])


def _stops(instance: Instance, figures: Figures) -> pd.DataFrame:
    """Return the communities that ask for a time: by noon, in the morning or in the afternoon."""
    names = instance["communities"]["community_id"]
    count, noon = len(names), clock(figures("stop", "noon"))
    due = _chosen(count, 1, figures("stop", "due_share"))
    own = _chosen(count, 2, figures("stop", "window_share"))
    morning = _chosen(count, 3, 0.5)
    columns: dict[str, Any] = {
        "community_id": names,
        "opens": np.where(own & ~morning, noon, ""),
        "closes": np.where(own & morning, noon, ""),
        "due": np.where(due & (morning | ~own), clock(figures("stop", "due")), ""),
    }
    table = pd.DataFrame(columns)
    return table[own | (table["due"] != "")].reset_index(drop=True)


def _chosen(count: int, turn: int, share: float) -> Bools:
    """Return a share of the rows, spread evenly; another turn chooses others."""
    return np.asarray((np.arange(count) * GOLDEN + turn * np.sqrt(2)) % 1 < share)
