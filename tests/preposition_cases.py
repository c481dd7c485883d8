"""Small random instances with every feature of pre-positioning, written as plain frames."""

from __future__ import annotations

import random
from pathlib import Path
from types import ModuleType
from typing import Any

from allocator.instance import Instance
from allocator.models.own import load_model
from tests.reference_cases import Rows, instance_of

FOLDER = Path(__file__).resolve().parents[1] / "models" / "preposition"
PAGE = FOLDER / "formulation.md"
EXACT = {"slack_relative": 0.0, "slack_absolute": 1e-6}


def reference() -> ModuleType:
    """The readable form of the model."""
    return load_model(FOLDER / "preposition_reference.py")


def random_tables(seed: int) -> dict[str, Rows]:
    """Tables that differ with the seed in every feature."""
    dice = random.Random(seed)
    sites = [f"s{n}" for n in range(dice.randint(2, 3))]
    towns = [f"c{n}" for n in range(dice.randint(2, 3))]
    items = [f"i{n}" for n in range(dice.randint(1, 2))]
    scenarios = [f"w{n}" for n in range(dice.randint(1, 3))]
    tables: dict[str, Rows] = {
        "periods": [{"period": t, "minutes": 1440} for t in (1, 2)],
        "communities": [
            {"community_id": name, "population": dice.randint(20, 200)}
            | {"vulnerability": dice.choice([0.1, 1, 1.5])}
            for name in towns
        ],
        "items": [_item(dice, name, n) for n, name in enumerate(items)],
        "sites": [_site(dice, name, n) for n, name in enumerate(sites)],
        "sizes": [size for name in sites for size in _sizes(dice, name)],
        "scenarios": [
            {"scenario_id": name, "probability": 1 / len(scenarios)} for name in scenarios
        ],
    }
    tables["needs"] = [_need(dice, j, k, t) for j in towns for k in items for t in (1, 2)]
    tables["links"] = [
        {"from_id": i, "to_id": j, "minutes": dice.choice([10, 25, 50])}
        | {"cost": dice.choice([0, 0.5, 1]), "cost_m3": dice.choice([0, 0.5])}
        | {"closed": dice.random() < 0.1}
        for i in sites
        for j in towns
        if dice.random() < 0.85
    ]
    tables["reserves"] = _reserves(dice, sites, items)
    tables["stocks"] = [
        {"place_id": i, "item_id": k, "quantity": dice.randint(5, 30)}
        | {"earmark": dice.choice(["", "", towns[0]])}
        for i in sites
        for k in items
        if dice.random() < 0.4
    ]
    tables["agreements"] = _agreements(dice, sites, items)
    return tables | _scenario_tables(dice, tables, scenarios)


def _item(dice: random.Random, name: str, number: int) -> dict[str, Any]:
    return {
        "item_id": name,
        "kg": 1,
        "m3": dice.choice([0.1, 0.25]),
        "tier": 1 if number == 0 else dice.choice([1, 2]),
        "pack_size": dice.choice([1, 5]),
        "whole_packs": dice.random() < 0.4,
        "reusable": dice.random() < 0.3,
        "unit_cost": dice.choice([1, 2, 3]),
        "shortage_cost": dice.choice([0, 5, 20]),
        "surplus_cost": dice.choice([0, 0.3]),
    }


def _site(dice: random.Random, name: str, number: int) -> dict[str, Any]:
    return {
        "site_id": name,
        "status": "candidate" if number else "open",
        "survival": dice.choice([1, 0.8]),
        "throughput_m3": dice.choice([None, None, 8]),
    }


def _sizes(dice: random.Random, name: str) -> Rows:
    if name == "s0" and dice.random() < 0.4:
        return []
    rows = [
        {"site_id": name, "size_id": "small", "fixed_cost": dice.randint(5, 15), "volume_m3": 4},
        {"site_id": name, "size_id": "large", "fixed_cost": dice.randint(15, 40)}
        | {"volume_m3": dice.choice([12, None]), "throughput_m3": dice.choice([None, 6])},
    ]
    return rows[: dice.randint(1, 2)]


def _need(dice: random.Random, place: str, item: str, period: int) -> dict[str, Any]:
    return {
        "community_id": place,
        "item_id": item,
        "period": period,
        "quantity": dice.choice([0, 4, 10]),
        "people": dice.choice([None, 8, 30]),
    }


def _reserves(dice: random.Random, sites: list[str], items: list[str]) -> Rows:
    rows: Rows = []
    if dice.random() < 0.4:
        rows.append({"site_id": "", "item_id": items[0], "maximum": dice.choice([None, 30])})
        rows.append({"site_id": sites[0], "item_id": items[0], "minimum": dice.choice([0, 5])})
        rows[-1] |= {"unit_cost": dice.choice([None, 1.5])}
    return rows


def _agreements(dice: random.Random, sites: list[str], items: list[str]) -> Rows:
    return [
        {
            "agreement_id": f"a{n}",
            "site_id": dice.choice(sites),
            "item_id": dice.choice(items),
            "maximum": dice.choice([5, 20]),
            "option_price": dice.choice([0.1, 0.5]),
            "price": dice.choice([1, 3]),
            "delay_periods": dice.choice([0, 1]),
            "available": dice.choice([1, 0.7]),
        }
        for n in range(dice.randint(0, 2))
    ]


def _scenario_tables(
    dice: random.Random, tables: dict[str, Rows], scenarios: list[str]
) -> dict[str, Rows]:
    found: dict[str, Rows] = {
        "overlays": [
            {"scenario_id": scenarios[-1], "table": "needs", "field": "quantity"}
            | {"op": "scale", "value": dice.choice(["0.5", "2"])},
            *_prices(scenarios[-1], bool(tables["agreements"])),
        ]
    }
    found["scenario_needs"] = [
        {"scenario_id": scenarios[0], "community_id": row["community_id"]}
        | {"item_id": row["item_id"], "quantity": dice.randint(1, 30)}
        | {"period": dice.choice([None, row["period"]])}
        for row in tables["needs"]
        if row["period"] == 2 and len(scenarios) > 1
    ]
    found["scenario_sites"] = [
        {"scenario_id": name, "site_id": site["site_id"]}
        | {"survival": dice.choice([0, 0.5, None]), "throughput_m3": dice.choice([None, 5])}
        for name in scenarios
        for site in tables["sites"]
        if dice.random() < 0.3
    ]
    found["scenario_links"] = [
        {"scenario_id": name, "from_id": dice.choice(["", site["site_id"]])}
        | {"to_id": dice.choice(["", "c0"]), "factor": dice.choice([1, 2])}
        | {"closed": dice.random() < 0.2}
        for name in scenarios
        for site in tables["sites"]
        if dice.random() < 0.3
    ]
    found["scenario_links"] = _first_of_each(found["scenario_links"], "from_id", "to_id")
    found["scenario_agreements"] = [
        {"scenario_id": name, "agreement_id": row["agreement_id"]}
        | {"available": dice.choice([0, 0.5])}
        for name in scenarios
        for row in tables["agreements"]
        if dice.random() < 0.3
    ]
    return found


def _prices(scenario: str, agreements: bool) -> Rows:
    """Overlays on the prices of a scenario."""
    fields = [("items", "shortage_cost"), ("items", "surplus_cost"), ("agreements", "price")]
    return [
        {"scenario_id": scenario, "table": table, "field": field, "op": "scale", "value": "1.5"}
        for table, field in fields[: 2 + agreements]
    ]


def _first_of_each(rows: Rows, *keys: str) -> Rows:
    names = ("scenario_id", *keys)
    return list({tuple(row[name] for name in names): row for row in reversed(rows)}.values())


def random_policy(seed: int) -> dict[str, Any]:
    """A policy that differs with the seed; hard rules seldom contradict each other."""
    dice = random.Random(seed)
    policy: dict[str, Any] = {
        "lanes": "listed",
        "transfers": False,
        "returns": False,
        "reserve_goals": dice.choice(
            [["critical", "remaining", "cost"], ["critical", "cost"], ["cost"]]
        ),
        "risk": dice.choice(["expected", "cvar", "worst"]),
        "risk_weight": dice.choice([1, 0.4]),
        "risk_level": dice.choice([0.5, 0.9]),
        "time_standard": dice.choice([None, 30, 60]),
    }
    extras: list[dict[str, Any]] = [
        {"reserve_budget": 80},
        {"open_sites": 1},
        {"open_sites": 2, "open_rule": "exactly", "close_existing": True},
        {"close_existing": True},
        {"single_sourcing": True},
        {"reserve_days": 0.5, "time_standard": None},
        {"coverage_minutes": 25, "coverage_share": 0.5},
        {"coverage_minutes": 25, "coverage_share": 0.4, "coverage_item": "i0"},
        {"coverage_minutes": 50, "coverage_share": 0.3, "coverage_each": True},
        {"coverage_minutes": 50, "coverage_item": "i0", "coverage_each": True}
        | {"coverage_share": 0.2},
        {"total_stock": "fixed"},
        {"reserve_floor": 0.3, "reserve_floor_probability": 0.6},
        {"reserve_floor": 0.2},
        {"shortage_budget": 20},
        {},
    ]
    for extra in dice.sample(extras, 2):
        policy |= extra
    return {key: value for key, value in policy.items() if value is not None}


def random_pins(seed: int) -> Rows:
    """Pins for some seeds."""
    dice = random.Random(seed)
    pins: Rows = [
        {"pin_id": "p0", "site_id": "s1", "open": dice.choice(["yes", "no"])},
        {"pin_id": "p1", "site_id": "s0", "item_id": "i0", "rule": "at_least", "quantity": 5},
        {"pin_id": "p2", "item_id": "i0", "rule": "at_most", "quantity": 40},
        {"pin_id": "p3", "site_id": "s0", "rule": "exactly", "quantity": 5},
    ]
    return dice.sample(pins, 1) if dice.random() < 0.4 else []


def random_case(seed: int, **policy: Any) -> Instance:
    """A small instance; `policy` overrides what the seed chose."""
    tables = random_tables(seed) | {"reserve_pins": random_pins(seed)}
    return instance_of(random_policy(seed) | EXACT | policy, **tables)
