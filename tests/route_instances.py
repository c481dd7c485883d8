"""A small town for the tests of routing cases: two depots, three compounds, a day and a night."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from allocator.instance import Instance

FRAMES: dict[str, dict[str, list[object]]] = {
    "periods": {"period": [1, 2], "start": ["2022-04-01", "2022-04-02"]},
    "communities": {
        "community_id": ["A", "B", "C"],
        "lat": [31.20, 31.22, 31.24],
        "lon": [121.40, 121.42, 121.44],
        "zone_id": ["inner", "inner", "outer"],
        "population": [100, 200, 400],
        "vulnerability": [1, 2, 1],
    },
    "access": {"place_id": ["A", "B"], "period": [1, 1], "access": ["sealed", "controlled"]},
    "gates": {
        "community_id": ["A", "B"],
        "period": [1, 1],
        "handling_minutes": [1200, 300],
        "opens": ["08:00", ""],
        "closes": ["18:00", ""],
        "hands": [2, 1],
    },
    "items": {
        "item_id": ["box", "pill"],
        "kg": [5, 0.1],
        "tier": [2, 1],
        "handling_minutes": [1, 0],
    },
    "needs": {
        "community_id": ["A", "B", "C", "A"],
        "item_id": ["box", "box", "box", "pill"],
        "period": [1, 1, 1, 1],
        "quantity": [100, 200, 40, 10],
        "people": [100, 200, 400, 10],
    },
    "sites": {"site_id": ["W", "M"], "lat": [31.20, 31.25], "lon": [121.39, 121.45]},
    "stocks": {
        "place_id": ["W", "M", "W"],
        "item_id": ["box", "box", "pill"],
        "quantity": [250, 400, 50],
    },
    "vehicles": {
        "type": ["van", "truck", "van"],
        "site_id": ["W", "W", "M"],
        "count": [2, 1, 3],
        "kg": [600, 2000, 800],
        "speed_kmh": [None, 60, None],
        "shift_minutes": [480, 600, 480],
        "loading_minutes": [20, 30, 20],
        "unloading_minutes": [10, 15, 10],
        "zones": ["", "inner", ""],
        "access": ["", "", "open|controlled"],
        "starts": ["07:00", "", ""],
        "ends": ["19:00", "", "20:00"],
    },
}

SHIPPED = pd.DataFrame(
    {
        "from_id": ["W", "W", "M", "M", "W", "W"],
        "to_id": ["A", "B", "B", "C", "A", "C"],
        "item_id": ["box", "box", "box", "box", "pill", "box"],
        "period": [1, 1, 1, 1, 1, 2],
        "quantity": [100.0, 120.0, 80.0, 40.0, 10.0, 5.0],
    }
)


def town(policy: dict[str, Any] | None = None, **changed: dict[str, list[object]]) -> Instance:
    """The town, some of its tables replaced or added."""
    tables = {name: pd.DataFrame(columns) for name, columns in (FRAMES | changed).items()}
    return Instance.from_frames(policy=policy, **tables)


def with_columns(table: str, **columns: list[object]) -> dict[str, dict[str, list[object]]]:
    """A table of the town with some columns changed or added."""
    return {table: FRAMES[table] | columns}


def dispatch(shipments: pd.DataFrame = SHIPPED) -> SimpleNamespace:
    """A plan that ships this."""
    return SimpleNamespace(shipments=shipments)
