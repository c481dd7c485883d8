"""Vehicles, listed links and pins of a random instance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.generate.lockdown.plot import Plot, no_rows
from allocator.generate.shapes import Floats

COLUMNS = ["type", "site_id", "count", "kg", "m3", "speed_kmh", "shift_minutes", "max_trips",
           "cost_per_trip", "cost_per_km", "cost_per_hour", "zones", "access"]  # fmt: skip
TRIP_MINUTES = 90  # about what a round trip with loading takes in a town of this size


def vehicles_table(plot: Plot, kg_per_period: float, zone: str) -> pd.DataFrame:
    """Return a pool with every permit, and types with a home, a zone or a class of access.

    Args:
        plot: What is asked for.
        kg_per_period: Mean mass of all needs of a period: together the fleet carries about that.
        zone: The zone bikes may enter.
    """
    if not plot.has("vehicles"):
        return no_rows("type", "count", "kg")
    part = plot.draw.uniform("fleet", 0.15, 0.6, 3 + plot.sites) * kg_per_period
    volume = 1.0 if plot.has("volumes") else np.nan
    zones, classes = (zone, "open|controlled") if plot.has("permits") else ("", "")
    rows = [
        (
            "truck",
            "",
            _count(part[0], 1000),
            1000,
            3.0 * volume,
            np.nan,
            480,
            np.nan,
            50,
            1,
            30,
            "",
            "",
        ),
        ("van", "", _count(part[1], 300), 300, 1.0 * volume, 25, 480, 5, 20, 0.5, 20, "", classes),
        ("bike", "", _count(part[2] / 2, 40), 40, np.nan, 15, 360, np.nan, 5, 0, 10, zones, ""),
    ]
    for site, mass in zip(plot.site_ids, part[3:] / plot.sites, strict=True):
        rows.append(
            ("cart", site, _count(mass, 60), 60, 0.3 * volume, 10, 300, np.nan, 2, 0, 8, "", "")
        )
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table if plot.has("costs") else table.drop(columns=table.filter(like="cost").columns)


def _count(mass: float, kg: float) -> int:
    trips = 480 / TRIP_MINUTES
    return max(1, round(mass / (kg * trips)))


def links_table(plot: Plot) -> pd.DataFrame:
    """Return listed lanes beside the computed ones: with leads, openings, costs, some by hand."""
    if not plot.has("links"):
        return no_rows("from_id", "to_id")
    draw, count = plot.draw, max(2, plot.communities // 3)
    sites, towns = np.array(plot.site_ids, dtype=object), np.array(plot.community_ids, dtype=object)
    origin = sites[draw.whole("link site", 0, plot.sites - 1, count)]
    origin = np.where(
        draw.chance("by hand", 0.2, count),
        towns[draw.whole("hand", 0, len(towns) - 1, count)],
        origin,
    )
    table = pd.DataFrame(
        {
            "from_id": origin,
            "to_id": towns[draw.whole("link town", 0, len(towns) - 1, count)],
            "minutes": draw.whole("link minutes", 10, 90, count).astype(float),
            "km": np.where(
                draw.chance("km blank", 0.5, count), np.nan, draw.whole("link km", 2, 30, count)
            ),
            "lead_periods": draw.one_of("lead", (np.nan, 0, 1), count),
            "cost": draw.one_of("link cost", (0, 0.1, 0.5), count) if plot.has("costs") else 0.0,
            "open_from": np.where(draw.chance("opens later", 0.2, count), min(2, plot.periods), 1),
            "open_to": np.where(
                draw.chance("closes", 0.2, count), max(2, plot.periods - 1), np.nan
            ),
        }
    )
    table = table[table["from_id"] != table["to_id"]]
    return table.drop_duplicates(["from_id", "to_id"]).reset_index(drop=True)


def pins_table(plot: Plot, items: pd.DataFrame, stocks: pd.DataFrame) -> pd.DataFrame:
    """Return a cap, a few packs that must leave, and a shipment forbidden; never contradictory."""
    if not plot.has("pins"):
        return no_rows("pin_id", "quantity")
    first, last = plot.item_ids[0], plot.item_ids[-1]
    pack = float(items["pack_size"].iloc[0])
    # The first lot is the first item at the first site: lasting, free and vetted.
    packs = min(3, int(0.3 * stocks["quantity"].iloc[0] / pack))
    rows = [
        ("cap", plot.site_ids[0], "", first, 1, "at_most", 20 * pack),
        ("some", plot.site_ids[0], "", first, None, "at_least", packs * pack),
        ("none", "", plot.community_ids[-1], last, plot.periods, "exactly", 0.0),
    ]
    columns = ["pin_id", "from_id", "to_id", "item_id", "period", "rule", "quantity"]
    table = pd.DataFrame(rows[: 2 if plot.items == 1 else 3], columns=columns)
    return table.assign(by="planner", why="example")


def mass_per_period(quantity: Floats, kg: Floats) -> float:
    """Return the mean mass of a period's needs in kg, from communities x items x periods."""
    return float((quantity.sum(axis=0).mean(axis=1) * kg).sum())
