"""A small instance that uses every table, for the tests of instances."""

from __future__ import annotations

import pandas as pd

from allocator.instance import Instance

FRAMES: dict[str, dict[str, list[object]]] = {
    "periods": {"period": [1, 2, 3], "start": ["2022-04-01", "2022-04-02", "2022-04-03"]},
    "communities": {
        "community_id": ["C1", "C2", "C3", "C4"],
        "name": ["Linping", "Meilong, north", "田林", "Gubei"],
        "lat": [31.20, 31.21, 31.22, 31.23],
        "lon": [121.40, 121.41, 121.42, 121.43],
        "district": ["Xuhui", "Xuhui", "Minhang", "Minhang"],
        "zone_id": ["Z1", "Z1", "Z2", "Z2"],
        "population": [1200, 800, 950.5, 2000],
        "vulnerability": [1, 1.2, 0.8, 1],
    },
    "access": {
        "place_id": ["C1", "C2"],
        "period": [1, 2],
        "access": ["sealed", "controlled"],
        "share": [0.8, 1],
    },
    "gates": {
        "community_id": ["C1", "C1"],
        "period": [1, 2],
        "handling_minutes": [480, 240],
        "opens": ["08:00", "08:30"],
        "closes": ["20:00", "18:00"],
    },
    "items": {
        "item_id": ["rice", "insulin", "bed"],
        "kind": ["living", "medical", "medical"],
        "kg": [5, 0.05, 20],
        "pack_size": [1, 10, 1],
        "whole_packs": [False, True, False],
        "shelf_life_periods": [None, 2, None],
        "reusable": [False, False, True],
        "tier": [2, 1, 1],
    },
    "needs": {
        "community_id": ["C1", "C2", "C3", "C4", "C1", "C2", "H1"],
        "item_id": ["rice", "rice", "rice", "rice", "insulin", "bed", "bed"],
        "period": [1, 1, 2, 3, 2, 3, 1],
        "quantity": [600, 400, 475.25, 1000, 12, 5, 30],
        "people": [1200, 800, 900, 2000, 12, 5, 30],
        "floor_share": [0.5, 0.5, 0.5, 0.5, 1, 0, 0],
        "backlog": ["lost", "lost", "waits", "lost", "waits", "lost", "lost"],
    },
    "sites": {
        "site_id": ["W1", "H1"],
        "kind": ["warehouse", "hospital"],
        "lat": [31.25, 31.19],
        "lon": [121.45, 121.39],
        "district": ["Xuhui", "Minhang"],
        "zone_id": ["Z1", "Z2"],
        "throughput_kg": [20000, None],
    },
    "stocks": {
        "place_id": ["W1", "W1", "H1", "C1"],
        "item_id": ["rice", "insulin", "bed", "rice"],
        "quantity": [3000, 40, 50, 10],
        "expiry": [None, 2, None, 3],
        "owner_id": ["O1", "", "O2", ""],
        "earmark": ["", "", "Xuhui", "C1"],
    },
    "arrivals": {
        "place_id": ["W1"],
        "item_id": ["rice"],
        "period": [2],
        "quantity": [500],
        "reliability": [0.9],
    },
    "in_transit": {"place_id": ["W1"], "item_id": ["rice"], "period": [1], "quantity": [100]},
    "limits": {"place_id": ["W1"], "item_id": ["rice"], "ship_max": [2500]},
    "purchases": {
        "site_id": ["W1"],
        "item_id": ["rice"],
        "period": [2],
        "price": [12.5],
        "limit": [1000],
    },
    "owners": {
        "owner_id": ["O1", "O2"],
        "kind": ["government", "firm"],
        "vetted": [True, True],
        "terms": ["any", "own_district"],
        "district": ["", "Xuhui"],
    },
    "vehicles": {
        "type": ["van", "truck"],
        "site_id": ["", "W1"],
        "count": [3, 1],
        "kg": [800, 5000],
        "zones": ["Z1|Z2", ""],
        "access": ["", "open|controlled"],
    },
    "links": {
        "from_id": ["W1", "W1", "H1", "W1"],
        "to_id": ["C1", "C2", "C3", "C4"],
        "minutes": [25, 30, None, None],
        "km": [8, None, 12, None],
        "open_from": [1, 1, 2, 1],
        "open_to": [None, 3, 3, None],
    },
    "pins": {
        "pin_id": ["P1"],
        "from_id": ["W1"],
        "to_id": ["C1"],
        "item_id": ["rice"],
        "period": [1],
        "rule": ["at_least"],
        "quantity": [50],
        "why": ["agreed by telephone"],
    },
    "scenarios": {"scenario_id": ["calm", "wave"], "probability": [0.75, 0.25]},
    "overlays": {
        "scenario_id": ["wave", "wave"],
        "table": ["needs", "links"],
        "selector": ["district=Xuhui|item_id=rice", "to_id=C1"],
        "field": ["quantity", "minutes"],
        "op": ["scale", "set"],
        "value": ["1.5", "60"],
    },
}

POLICY = {
    "budget": 10000.0,
    "goals": ["floors", "critical", "fairness", "1*units_short + 0.1*transport"],
    "give_up": {"critical": 0.01},
}


def frames(**changed: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of the instance, some of them replaced."""
    return {table: pd.DataFrame(columns) for table, columns in FRAMES.items()} | changed


def good_instance() -> Instance:
    """The instance itself."""
    return Instance.from_frames(policy=POLICY, name="small town 小镇", **frames())
