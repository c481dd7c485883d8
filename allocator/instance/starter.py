"""The instance `allocator init` begins with: small, commented, ready to be solved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from allocator.instance.describe import allowed
from allocator.instance.instance import Instance
from allocator.instance.save import save
from allocator.instance.schema import Setting, settings

_README = """# {name}

A starter instance: three compounds under lockdown, a warehouse, a market and a hospital, three
days. All figures are invented; replace them with yours. Leave out what you do not decide.

| file | what it says |
|---|---|
| periods.csv | the days to plan |
| communities.csv | who lives where |
| access.csv | which compounds are sealed or controlled, and when |
| gates.csv | minutes of handling at the gates |
| items.csv | what is needed, how heavy, how urgent |
| needs.csv | how much of it, where and when |
| sites.csv, stocks.csv, arrivals.csv | where goods are and come in |
| vehicles.csv, links.csv | what carries them, along which roads |
| workers.csv, shifts.csv, posts.csv | who can work, when, and where people are wanted |
| patients.csv, care.csv, stays.csv, beds.csv | who needs a bed, for how long, and where beds are |
| scenarios/ | what may come: a closed road |
| policy.toml | your choices: goals, fairness, limits |

    allocator validate .
    allocator dispatch . --out plan
    allocator dispatch . --scenario road-closed --out plan-closed
    allocator route . --plan plan --period 1 --out routes
    allocator staff . --out roster
    allocator admit . --out beds

Every field, unit and default: `allocator schema TABLE`.
"""

_FRAMES: dict[str, dict[str, list[object]]] = {
    "periods": {"period": [1, 2, 3], "start": ["2030-04-01", "2030-04-02", "2030-04-03"]},
    "communities": {
        "community_id": ["C1", "C2", "C3"],
        "name": ["Riverside", "Old Town", "Station North"],
        "lat": [31.2010, 31.2150, 31.2300],
        "lon": [121.4300, 121.4450, 121.4600],
        "district": ["West", "West", "East"],
        "population": [1500, 2400, 900],
        "vulnerability": [1.0, 1.3, 0.9],
    },
    "access": {
        "place_id": ["C1", "C1", "C1", "C2", "C2", "C3"],
        "period": [1, 2, 3, 1, 2, 1],
        "access": ["sealed", "sealed", "controlled", "sealed", "controlled", "controlled"],
    },
    "gates": {
        "community_id": ["C1", "C1", "C1", "C2", "C2", "C2"],
        "period": [1, 2, 3, 1, 2, 3],
        "handling_minutes": [1200, 1200, 1200, 1500, 1800, 1800],
        "opens": ["07:00"] * 6,
        "closes": ["19:00"] * 6,
    },
    "items": {
        "item_id": ["food_box", "insulin", "mask"],
        "name": ["Food for a household and a day", "Insulin, day's dose", "Mask"],
        "kind": ["living", "medical", "medical"],
        "unit": ["box", "dose", "piece"],
        "kg": [5, 0.02, 0.005],
        "shelf_life_periods": [2, None, None],
        "tier": [2, 1, 2],
        "handling_minutes": [1.5, 0.2, 0.01],
    },
    "sites": {
        "site_id": ["W1", "M1", "H1"],
        "name": ["City warehouse", "West market", "East hospital"],
        "kind": ["warehouse", "market", "hospital"],
        "lat": [31.2500, 31.1950, 31.2350],
        "lon": [121.4900, 121.4200, 121.4700],
        "district": ["East", "West", "East"],
    },
    "stocks": {
        "place_id": ["W1", "W1", "W1", "M1"],
        "item_id": ["food_box", "insulin", "mask", "food_box"],
        "quantity": [2400, 200, 12000, 900],
    },
    "arrivals": {
        "place_id": ["M1", "W1", "W1"],
        "item_id": ["food_box", "food_box", "insulin"],
        "period": [2, 3, 2],
        "quantity": [900, 1000, 60],
        "reliability": [0.9, 0.8, 1.0],
    },
    "vehicles": {
        "type": ["van", "truck"],
        "site_id": [None, "W1"],
        "count": [2, 1],
        "kg": [800, 4000],
        "cost_per_km": [1.2, 2.5],
        "starts": ["06:00", "06:00"],
        "ends": ["20:00", "20:00"],
    },
    "links": {
        "from_id": ["W1", "W1", "W1", "M1", "M1", "M1", "W1"],
        "to_id": ["C1", "C2", "C3", "C1", "C2", "C3", "M1"],
        "minutes": [35, 28, 20, 10, 15, 30, 40],
        "km": [12, 9, 6, 2.5, 4, 9, 13],
    },
    "shifts": {
        "shift_id": ["early", "late"],
        "start": ["07:00", "13:00"],
        "minutes": [360, 360],
    },
    "workers": {
        "worker_id": ["chen", "li", "volunteers"],
        "number": [1, 1, 8],
        "home_id": ["C1", "C2", "C2"],
        "skills": ["nurse", "nurse", None],
        "qualified": [True, True, False],
        "maximum_minutes": [720, 720, 1080],
        "rest_minutes": [660, 660, 660],
    },
    "posts": {
        "post_id": ["gate-C1", "gate-C2", "testing"],
        "place_id": ["C1", "C2", "C2"],
        "shift_id": ["early", "early", "late"],
        "skill": [None, None, "nurse"],
        "wanted": [3, 4, 1],
        "qualified_share": [0.25, 0.25, 0],
        "critical": [False, False, True],
        "gate": [True, True, False],
    },
    "patients": {
        "community_id": ["C1", "C2", "C2", "C3"],
        "severity": ["mild", "mild", "severe", "mild"],
        "period": [1, 1, 2, 3],
        "number": [6, 9, 2, 4],
    },
    "care": {
        "severity": ["mild", "severe"],
        "kind": ["other", "severe"],
        "hours": [1, 18.2],
    },
    "stays": {"severity": ["mild", "severe"], "periods": [7, 14]},
    "beds": {
        "ward_id": ["ward", "intensive"],
        "site_id": ["H1", "H1"],
        "severity": ["mild", "severe"],
        "beds": [15, 2],
    },
    "scenarios": {"scenario_id": ["usual", "road-closed"], "probability": [0.8, 0.2]},
    "overlays": {
        "scenario_id": ["road-closed"],
        "table": ["links"],
        "selector": ["from_id=W1|to_id=C2"],
        "field": ["closed"],
        "op": ["set"],
        "value": ["true"],
    },
}
_DAILY = {"food_box": 0.4, "insulin": 0.015, "mask": 1.0}
_FLOORS = {"food_box": 0.5, "insulin": 1.0, "mask": 0.0}


def starter_instance(name: str) -> Instance:
    """Return the starter instance."""
    frames = {table: pd.DataFrame(columns) for table, columns in _FRAMES.items()}
    return Instance.from_frames(policy=None, name=name, validate=True, **frames, needs=_needs())


def write_starter(folder: Path) -> Instance:
    """Write the starter instance with its comments; the folder must not hold anything yet."""
    instance = starter_instance(folder.resolve().name)
    save(instance, folder)
    (folder / "policy.toml").write_text(commented_policy(), encoding="utf-8", newline="\n")
    readme = _README.format(name=instance.name)
    (folder / "README.md").write_text(readme, encoding="utf-8", newline="\n")
    return instance


def commented_policy() -> str:
    """Return a policy.toml of defaults, every key with its meaning, all commented out."""
    head = "# Your choices. What is commented out stands at its default; remove the # to change it."
    keys = (line for spec in settings().values() for line in _setting_lines(spec))
    return "\n".join([head, *keys]) + "\n"


def _setting_lines(spec: Setting) -> Iterator[str]:
    choice = f" ({allowed(spec)})" if allowed(spec) else ""
    yield ""
    yield f"# {spec.meaning}{choice}"
    if spec.type == "table":
        yield f"# {spec.name} = {{ critical = 0.01 }}"
    else:
        yield f"# {spec.name} = {_toml(spec)}"


def _toml(spec: Setting) -> str:
    if spec.type == "list":
        return "[" + ", ".join(f'"{part}"' for part in spec.default.split("|")) + "]"
    if spec.type == "string":
        return f'"{spec.default}"'
    return spec.default or "1000"


def _needs() -> pd.DataFrame:
    towns = pd.DataFrame(_FRAMES["communities"])[["community_id", "population"]]
    days = pd.DataFrame({"period": _FRAMES["periods"]["period"]})
    daily = pd.DataFrame({"item_id": list(_DAILY), "each": list(_DAILY.values())})
    rows = towns.merge(days, how="cross").merge(daily, how="cross")
    return pd.DataFrame(
        {
            "community_id": rows["community_id"],
            "item_id": rows["item_id"],
            "period": rows["period"],
            "quantity": (rows["population"] * rows["each"]).round(),
            "people": (rows["population"] * rows["each"].where(rows["each"] < 0.1, 1)).round(),
            "floor_share": rows["item_id"].map(_FLOORS),
        }
    )
