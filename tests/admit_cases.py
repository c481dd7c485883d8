"""Small instances of beds: one worked by hand, and random ones with every feature."""

from __future__ import annotations

import random
from pathlib import Path
from types import ModuleType
from typing import Any

from allocator.instance import Instance
from allocator.models.own import load_model
from tests.reference_cases import Rows, instance_of

FOLDER = Path(__file__).resolve().parents[1] / "models" / "admit"
PAGE = FOLDER / "formulation.md"


def reference() -> ModuleType:
    """The readable form of the model."""
    return load_model(FOLDER / "admit_reference.py")


def hand_tables() -> dict[str, Rows]:
    """Two districts with a hospital of two beds each; 5 come in the east, then 1 in the west."""
    spots = [("east", "E", 114.0), ("west", "W", 114.1)]
    return {
        "periods": [{"period": t} for t in (1, 2, 3, 4)],
        "communities": [
            {"community_id": name, "population": 1000, "district": d, "lat": 30.0, "lon": lon}
            for name, d, lon in spots
        ],
        "sites": [
            {"site_id": f"H{d}", "kind": "hospital", "district": d, "lat": 30.0, "lon": lon}
            for _, d, lon in spots
        ],
        "care": [{"severity": "severe", "kind": "severe", "hours": 18.2}],
        "stays": [{"severity": "severe", "periods": 2}],
        "beds": [{"ward_id": d, "site_id": f"H{d}", "severity": "severe", "beds": 2} for d in "EW"],
        "patients": [
            {"community_id": "east", "severity": "severe", "period": 1, "number": 5},
            {"community_id": "west", "severity": "severe", "period": 2, "number": 1},
        ],
    }


def hand_case(policy: dict[str, Any] | None = None, **tables: Rows) -> Instance:
    """The case worked by hand with some tables changed."""
    return instance_of(policy or {}, **(hand_tables() | tables))


def random_case(seed: int, **policy: Any) -> Instance:
    """A small instance that differs with the seed in every feature."""
    dice = random.Random(seed)
    kinds = ["other", "severe", "critical"][: dice.randint(1, 3)]
    sites = [f"h{n}" for n in range(dice.randint(1, 3))]
    towns = [f"c{n}" for n in range(dice.randint(1, 2))]
    periods = dice.randint(3, 5)
    tables: dict[str, Rows] = {
        "periods": [
            {"period": t, "minutes": dice.choice([720, 1440])} for t in range(1, periods + 1)
        ],
        "communities": [_spot(dice, "community_id", name) | {"population": 100} for name in towns],
        "sites": [_spot(dice, "site_id", name) for name in sites],
        "care": [_care(dice, kind, kinds) for kind in kinds],
        "stays": [row for kind in kinds for row in _stays(dice, kind, kinds)],
        "beds": [ward for name in sites for ward in _beds(dice, name, kinds)],
        "patients": [
            {"community_id": c, "period": t, "number": dice.randint(0, 6)}
            | {"severity": dice.choice([*kinds, ""])}
            for c in [*towns, *(sites[:1] if dice.random() < 0.4 else [])]
            for t in range(1, periods + 1)
        ],
        "entry_rules": _rules(dice, towns, sites, kinds),
    }
    tables["staff_hours"] = [
        {"site_id": sites[0], "period": t, "hours": dice.choice([20, 60])}
        for t in range(1, periods + 1)
        if dice.random() < 0.5
    ]
    tables |= _items(dice, sites, kinds) | _scenarios(dice, tables["patients"])
    return instance_of(_policy(dice) | policy, **tables)


def _policy(dice: random.Random) -> dict[str, Any]:
    policy: dict[str, Any] = {
        "information_delay": dice.choice([0, 0, 1, 2]),
        "transfers": dice.random() < 0.7,
        "risk": dice.choice(["expected", "cvar", "worst"]),
        "risk_weight": dice.choice([1, 0.5]),
        "risk_level": 0.5,
        "slack_relative": 0.0,
        "slack_absolute": 1e-6,
    }
    if dice.random() < 0.3:
        policy["admit_minutes"] = 30
    if dice.random() < 0.3:
        policy["surge_budget"] = 8
    return policy


def _spot(dice: random.Random, key: str, name: str) -> dict[str, Any]:
    point = {"lat": 30.0, "lon": 114 + dice.choice([0.0, 0.05, 0.2])}
    first = name in ("c0", "h0")
    return {key: name, "district": "E" if first else dice.choice(["E", "W"])} | point


def _care(dice: random.Random, kind: str, kinds: list[str]) -> dict[str, Any]:
    worse = kinds[kinds.index(kind) + 1] if kind != kinds[-1] else ""
    return {
        "severity": kind,
        "kind": kind,
        "hours": {"other": 1, "severe": 18.2, "critical": 32.7}[kind],
        "mix": {1: 1.0, 2: 0.5, 3: 1 / 3}[len(kinds)],
        "leaves": dice.choice([0, 0.1]),
        "worsens": 0.2 if worse else 0,
        "worsens_to": worse,
    }


def _stays(dice: random.Random, kind: str, kinds: list[str]) -> Rows:
    if dice.random() < 0.15:
        return []
    found: Rows = [{"severity": kind, "periods": dice.randint(1, 3), "steps_to": "", "share": 0.6}]
    other = dice.choice(["", *(one for one in kinds if one != kind)])
    longer = {"severity": kind, "periods": 4 if not other else dice.randint(1, 2)}
    return [*found, longer | {"steps_to": other, "share": 0.4}]


def _beds(dice: random.Random, site: str, kinds: list[str]) -> Rows:
    found: Rows = []
    for kind in kinds:
        if dice.random() < 0.75:
            also = "|".join(one for one in kinds if one != kind and dice.random() < 0.3)
            ward = {"ward_id": f"{site}-{kind}", "site_id": site, "severity": kind, "also": also}
            found.append(ward | {"beds": dice.randint(1, 5), "opens": dice.choice([1, 1, 2])})
            found[-1] |= {"surge": False, "opening_cost": 0, "lead_periods": 0}
    if found and dice.random() < 0.5:
        ward = {"ward_id": f"{site}-surge", "site_id": site, "severity": dice.choice(kinds)}
        ward |= {"beds": dice.randint(1, 3), "surge": True, "opening_cost": dice.choice([2, 5])}
        given = dice.choice(["", found[0]["ward_id"]])
        if given and (found[0]["beds"] < ward["beds"] or found[0]["opens"] > 1):
            given = ""
        found.append(ward | {"lead_periods": dice.choice([0, 1]), "converts_from": given})
    return found or [
        {"ward_id": f"{site}-any", "site_id": site, "severity": kinds[0], "beds": 1, "also": ""}
    ]


def _rules(dice: random.Random, towns: list[str], sites: list[str], kinds: list[str]) -> Rows:
    return [
        {"rule_id": f"r{n}", "from_id": dice.choice(["", towns[0], "E"])}
        | {"site_id": dice.choice(["", sites[-1]]), "severity": dice.choice(["", kinds[0]])}
        | {"allowed": dice.random() < 0.4, "period_from": dice.choice([1, 2])}
        for n in range(dice.choice([0, 0, 1, 2]))
    ]


def _items(dice: random.Random, sites: list[str], kinds: list[str]) -> dict[str, Rows]:
    if dice.random() < 0.6:
        return {}
    return {
        "items": [
            {"item_id": "ventilator", "kg": 1, "reusable": True},
            {"item_id": "oxygen", "kg": 1, "reusable": False},
        ],
        "care_items": [
            {"severity": kinds[-1], "item_id": "ventilator", "quantity": 0.5},
            {"severity": kinds[-1], "item_id": "oxygen", "quantity": 2},
        ],
        "stocks": [
            {"place_id": name, "item_id": item, "quantity": dice.choice([1, 9])}
            for name in sites
            for item in ("ventilator", "oxygen")
        ],
    }


def _scenarios(dice: random.Random, patients: Rows) -> dict[str, Rows]:
    if dice.random() < 0.6:
        return {}
    return {
        "scenarios": [
            {"scenario_id": "low", "probability": 0.7},
            {"scenario_id": "high", "probability": 0.3},
        ],
        "scenario_patients": [
            {"scenario_id": "high"} | row | {"number": 2 * row["number"]} for row in patients
        ],
    }
