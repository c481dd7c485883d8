"""A small case of pre-positioning that uses every table of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from allocator.instance import Instance

POLICY: dict[str, Any] = {"time_standard": 60.0}
TABLES: dict[str, dict[str, list[Any]]] = {
    "periods": {"period": [1, 2, 3]},
    "communities": {
        "community_id": ["C1", "C2", "C3"],
        "population": [1000, 500, 200],
        "vulnerability": [1.0, 3.0, 0.8],
        "district": ["N", "N", "S"],
    },
    "items": {
        "item_id": ["rice", "mask", "bed"],
        "kg": [1.0, 0.1, 20.0],
        "m3": [0.01, 0.001, 1.0],
        "tier": [1, 2, 1],
        "reusable": [False, False, True],
        "unit_cost": [4.0, 1.0, 100.0],
        "shortage_cost": [40.0, 10.0, 500.0],
        "surplus_cost": [0.5, 0.0, 0.0],
    },
    "needs": {
        "community_id": ["C1", "C1", "C2", "C3", "C3", "W1"],
        "item_id": ["rice", "rice", "rice", "bed", "bed", "mask"],
        "period": [1, 3, 2, 1, 2, 1],
        "quantity": [100.0, 60.0, 80.0, 4.0, 6.0, 30.0],
        "people": [200.0, 120.0, 160.0, 4.0, 6.0, 30.0],
    },
    "sites": {
        "site_id": ["W1", "W2", "W3", "W4"],
        "status": ["open", "candidate", "candidate", "closed"],
        "survival": [1.0, 0.9, None, None],
        "throughput_m3": [50.0, None, 20.0, None],
        "district": ["N", "S", "S", "S"],
    },
    "sizes": {
        "site_id": ["W1", "W1", "W2", "W3"],
        "size_id": ["small", "large", "only", "only"],
        "fixed_cost": [500.0, 900.0, 300.0, 200.0],
        "volume_m3": [10.0, 40.0, 15.0, None],
        "throughput_m3": [None, 80.0, None, None],
    },
    "reserves": {
        "site_id": ["", "W1", "W2"],
        "item_id": ["rice", "mask", "bed"],
        "minimum": [100.0, 60.0, 0.0],
        "maximum": [2000.0, 500.0, None],
        "unit_cost": [None, 2.0, 90.0],
    },
    "stocks": {
        "place_id": ["W1", "W1", "W2", "C1"],
        "item_id": ["rice", "rice", "mask", "rice"],
        "quantity": [300.0, 50.0, 20.0, 5.0],
        "earmark": ["", "C1", "", ""],
    },
    "agreements": {
        "agreement_id": ["A1", "A2"],
        "site_id": ["W1", "W2"],
        "item_id": ["rice", "mask"],
        "maximum": [1000.0, 400.0],
        "option_price": [0.5, 0.1],
        "price": [5.0, 1.5],
        "delay_periods": [1, 2],
        "available": [1.0, 0.8],
    },
    "links": {
        "from_id": ["W1", "W1", "W2", "W2", "W3", "W3", "W1", "C1"],
        "to_id": ["C1", "C2", "C2", "C3", "C3", "C1", "C3", "W1"],
        "minutes": [20.0, 30.0, 25.0, 15.0, 10.0, 90.0, 40.0, 20.0],
        "cost": [0.2, 0.3, 0.25, 0.15, 0.1, 0.9, 0.4, 0.2],
        "cost_m3": [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        "closed": [False, False, False, False, False, False, True, False],
    },
    "scenarios": {
        "scenario_id": ["calm", "wave", "flood", "same-wave"],
        "probability": [0.4, 0.3, 0.2, 0.1],
    },
    "overlays": {
        "scenario_id": ["same-wave", "same-wave", "same-wave", "same-wave", "same-wave"],
        "table": ["needs", "sites", "links", "links", "agreements"],
        "selector": ["", "site_id=W1", "from_id=W1|to_id=C2", "from_id=W2", "agreement_id=A1"],
        "field": ["quantity", "survival", "closed", "minutes", "available"],
        "op": ["scale", "set", "set", "scale", "set"],
        "value": ["2", "0.5", "true", "3", "0.25"],
    },
    "scenario_needs": {
        "scenario_id": ["wave"] * 6 + ["flood"] * 2,
        "community_id": ["C1", "C1", "C2", "C3", "C3", "W1", "C2", "C3"],
        "item_id": ["rice", "rice", "rice", "bed", "bed", "mask", "mask", "rice"],
        "period": [1, 3, 2, 1, 2, 1, None, None],
        "quantity": [200.0, 120.0, 160.0, 8.0, 12.0, 60.0, 300.0, 90.0],
        "people": [None, None, None, None, None, None, 150.0, None],
    },
    "scenario_sites": {
        "scenario_id": ["wave", "flood", "flood"],
        "site_id": ["W1", "W1", "W2"],
        "item_id": ["", "rice", ""],
        "survival": [0.5, 0.2, 0.0],
        "throughput_m3": [None, None, 5.0],
    },
    "scenario_links": {
        "scenario_id": ["wave", "wave", "flood", "flood", "flood"],
        "from_id": ["W1", "W2", "", "W3", ""],
        "to_id": ["C2", "", "C2", "", ""],
        "factor": [1.0, 3.0, 1.5, 2.0, 1.1],
        "closed": [True, False, False, True, False],
    },
    "scenario_agreements": {
        "scenario_id": ["wave", "flood"],
        "agreement_id": ["A1", "A2"],
        "available": [0.25, 0.0],
    },
    "reserve_pins": {
        "pin_id": ["P1", "P2"],
        "site_id": ["", "W2"],
        "size_id": ["", "only"],
        "item_id": ["rice", ""],
        "rule": ["at_least", "exactly"],
        "quantity": [200.0, None],
        "open": ["", "no"],
    },
}


def reserve_tables(**changed: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of the case, some of them replaced."""
    return {table: pd.DataFrame(columns) for table, columns in TABLES.items()} | changed


def reserve_instance(**policy: Any) -> Instance:
    """The case itself."""
    return Instance.from_frames(policy=POLICY | policy, name="reserves", **reserve_tables())
