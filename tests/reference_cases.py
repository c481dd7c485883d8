"""Small random instances with every feature of the dispatch model, written as plain frames."""

from __future__ import annotations

import random
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from allocator.instance import Instance
from allocator.models.own import load_model

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "models" / "dispatch" / "formulation.md"
Rows = list[dict[str, Any]]


def reference() -> ModuleType:
    """The readable form of the dispatch model."""
    return load_model(ROOT / "models" / "dispatch" / "dispatch_reference.py")


def instance_of(policy: dict[str, Any], **tables: Rows) -> Instance:
    """An instance from rows."""
    frames = {name: pd.DataFrame(rows) for name, rows in tables.items() if rows}
    return Instance.from_frames(policy=policy, **frames)


def random_instance(seed: int, whole: bool = False, **policy: Any) -> Instance:
    """A small instance that differs with the seed in every feature; hard rules never contradict.

    `policy` overrides what the seed chose.
    """
    dice = random.Random(seed)
    periods = dice.randint(2, 4)
    communities = [f"c{n}" for n in range(dice.randint(2, 3))]
    sites = [f"s{n}" for n in range(dice.randint(1, 2))]
    items = [f"i{n}" for n in range(dice.randint(1, 3))]
    tables = {
        "periods": _periods(dice, periods),
        "communities": [_community(dice, name) for name in communities],
        "sites": [_site(dice, name) for name in sites],
        "items": [_item(dice, name, whole) for name in items],
        "owners": [
            {"owner_id": "firm", "vetted": dice.random() < 0.7, "terms": "any"},
            {"owner_id": "local", "vetted": True, "terms": "own_district", "district": "east"},
        ],
        "vehicles": _vehicles(dice, sites) if dice.random() < 0.7 else [],
    }
    reusable = {row["item_id"] for row in tables["items"] if row["reusable"]}
    tables["needs"] = _needs(dice, communities, items, periods, reusable)
    tables |= _supply(dice, communities, sites, items, periods)
    tables |= _rules(dice, communities, sites, items, periods)
    return instance_of(_policy(dice, whole) | policy, **tables)


def _periods(dice: random.Random, periods: int) -> Rows:
    return [{"period": t, "minutes": dice.choice([720, 1440])} for t in range(1, periods + 1)]


def _place(dice: random.Random) -> dict[str, Any]:
    return {
        "lat": 31 + dice.random() / 3,
        "lon": 121 + dice.random() / 3,
        "district": dice.choice(["east", "west"]),
        "zone_id": dice.choice(["", "z1", "z2"]),
    }


def _community(dice: random.Random, name: str) -> dict[str, Any]:
    # Every district and zone that earmarks and permits name is there.
    named = {"c0": {"district": "east", "zone_id": "z1"}, "c1": {"zone_id": "z2"}}
    row = {"community_id": name, "population": dice.randint(20, 200)}
    row["vulnerability"] = dice.choice([0.1, 1, 1.5, 5])
    return row | _place(dice) | named.get(name, {})


def _site(dice: random.Random, name: str) -> dict[str, Any]:
    limit = dice.choice([None, 100, 400])
    return {"site_id": name, "throughput_kg": limit} | _place(dice)


def _item(dice: random.Random, name: str, whole: bool) -> dict[str, Any]:
    reusable = dice.random() < 0.25
    return {
        "item_id": name,
        "kg": dice.choice([0.5, 1, 2]),
        "m3": dice.choice([0, 0.01]),
        "pack_size": dice.choice([1, 5, 12]),
        "whole_packs": whole and dice.random() < 0.7,
        "shelf_life_periods": None if reusable else dice.choice([None, 1, 2]),
        "reusable": reusable,
        "return_periods": dice.choice([0, 1]),
        "tier": dice.choice([1, 2, 3]),
        "handling_minutes": dice.choice([0, 0.5, 2]),
    }


def _needs(
    dice: random.Random, places: list[str], items: list[str], periods: int, reusable: set[str]
) -> Rows:
    rows = []
    for place in places:
        for item in items:
            backlog = "waits" if item not in reusable and dice.random() < 0.3 else "lost"
            for t in range(1, periods + 1):
                if dice.random() < 0.8 or not rows:
                    row = {"community_id": place, "item_id": item, "period": t, "backlog": backlog}
                    row |= {"quantity": dice.randint(0, 100), "people": dice.randint(0, 90)}
                    rows.append(row | {"floor_share": dice.choice([0, 0, 0.3, 0.5])})
    return rows


def _lot(dice: random.Random, place: str, item: str) -> dict[str, Any]:
    mark = dice.choice(["", "", "", "c0", "east", "z1"])
    owner = dice.choice(["", "", "firm", "local"])
    mark = "" if owner == "local" else mark
    return {"place_id": place, "item_id": item, "owner_id": owner, "earmark": mark} | {
        "quantity": dice.randint(0, 150),
        "expiry": dice.choice([None, None, 1, 2, 3, 9]),
    }


def _supply(
    dice: random.Random, communities: list[str], sites: list[str], items: list[str], periods: int
) -> dict[str, Rows]:
    stocks = [_lot(dice, site, item) for site in sites for item in items if dice.random() < 0.8]
    stocks += [_lot(dice, dice.choice(communities), dice.choice(items)) for _ in range(2)]
    coming: dict[str, Rows] = {"arrivals": [], "in_transit": []}
    for rows in coming.values():
        for _ in range(dice.randint(0, 2)):
            lot = _lot(dice, dice.choice(sites + communities), dice.choice(items))
            rows.append(
                lot | {"period": dice.randint(1, periods), "reliability": dice.choice([1, 0.5])}
            )
    bought = {
        (dice.choice(sites), dice.choice(items), dice.randint(1, periods))
        for _ in range(dice.randint(0, 2))
    }
    purchases = [
        {
            "site_id": s,
            "item_id": i,
            "period": t,
            "price": dice.choice([0, 2, 3]),
            "limit": dice.randint(5, 60),
        }
        for s, i, t in sorted(bought)
    ]
    return {"stocks": stocks, "purchases": purchases} | coming


def _vehicles(dice: random.Random, sites: list[str]) -> Rows:
    rows = []
    for number, home in enumerate([dice.choice(sites), ""]):
        rows.append(
            {
                "type": f"v{number}",
                "site_id": home,
                "count": dice.randint(1, 2),
                "kg": dice.choice([30, 60]),
                "m3": dice.choice([None, 0.5]),
                "speed_kmh": dice.choice([None, 20]),
                "shift_minutes": dice.choice([240, 480]),
                "max_trips": dice.choice([None, 2]),
                "cost_per_trip": 5,
                "cost_per_km": 0.5,
                "cost_per_hour": 3,
                "zones": dice.choice(["", "z1", "z1|z2"]),
                "access": dice.choice(["", "open|controlled"]),
            }
        )
    return rows


def _rules(
    dice: random.Random, communities: list[str], sites: list[str], items: list[str], periods: int
) -> dict[str, Rows]:
    classes = ["open", "controlled", "sealed"]
    access = [
        {"place_id": p, "period": t, "access": dice.choice(classes), "share": dice.choice([1, 0.6])}
        for p in communities + sites[:1]
        for t in range(1, periods + 1)
        if dice.random() < 0.4
    ]
    gates = [
        {"community_id": p, "period": t, "handling_minutes": dice.randint(0, 120)}
        for p in communities
        for t in range(1, periods + 1)
        if dice.random() < 0.4
    ]
    limits = [
        {"place_id": s, "item_id": i, "ship_max": dice.choice([None, 40])}
        for s in sites
        for i in items
        if dice.random() < 0.3
    ]
    links = [
        {
            "from_id": s,
            "to_id": c,
            "minutes": dice.choice([None, 20, 800]),
            "lead_periods": dice.choice([None, None, 0, 1]),
            "cost": dice.choice([0, 0.5]),
            "open_from": dice.choice([1, 2]),
            "open_to": dice.choice([None, 3]),
        }
        for s in sites
        for c in [*communities, *sites]
        if s != c and dice.random() < 0.7
    ]
    return {"access": access, "gates": gates, "limits": limits, "links": links}


def _policy(dice: random.Random, whole: bool) -> dict[str, Any]:
    order = ("floors", "critical", "fairness", "remaining", "item_days", "cost")
    swapped = (
        "floors",
        "critical",
        "remaining",
        "fairness",
        "1*units_short + 0.1*transport",
        "cost",
    )
    return {
        "lanes": dice.choice(["auto", "listed", "within_minutes", "nearest_k"]),
        "lanes_minutes": dice.choice([30, 60]),
        "lanes_k": dice.choice([1, 2]),
        "transfers": dice.random() < 0.6,
        "returns": dice.random() < 0.6,
        "zone_factor": dice.choice([1, 1.5]),
        "fleet": dice.choice(["limited", "limited", "free"]),
        "trips": dice.choice(["continuous", "integer"]) if whole else "continuous",
        "reliability": dice.choice(["discount", "ignore"]),
        "use_unvetted": dice.random() < 0.3,
        "budget": dice.choice([None, 0, 60]),
        "fairness": dice.choice(["none", "floors", "max-min", "max-min"]),
        "fairness_window": dice.choice([1, 2, 3]),
        "goals": dice.choice([order, swapped]),
    }
