"""Small random instances with every feature of staffing, written as plain frames."""

from __future__ import annotations

import random
from pathlib import Path
from types import ModuleType
from typing import Any

from allocator.bench.files import load_file
from allocator.instance import Instance
from tests.reference_cases import Rows, instance_of

FOLDER = Path(__file__).resolve().parents[1] / "models" / "staff"
PAGE = FOLDER / "formulation.md"


def reference() -> ModuleType:
    """The readable form of the model."""
    return load_file(FOLDER / "staff_reference.py")


def random_tables(seed: int) -> dict[str, Rows]:
    """Tables that differ with the seed in every feature."""
    dice = random.Random(seed)
    periods = dice.randint(3, 6)
    people = [f"w{n}" for n in range(dice.randint(3, 5))]
    shifts = ["early", "late", "night"][: dice.randint(2, 3)]
    tables: dict[str, Rows] = {
        "periods": [
            {"period": t, "start": f"2022-04-{t:02}", "minutes": 1440}
            for t in range(1, periods + 1)
        ],
        "communities": [
            {"community_id": name, "population": 100, "lat": 31.0 + far, "lon": 121.0}
            for name, far in (("north", 0.0), ("south", 0.2))
        ],
        "shifts": [_shift(dice, name) for name in shifts],
        "workers": [_worker(dice, name, periods) for name in people],
        "successions": [
            {"shift_id": one, "next_shift_id": other}
            for one in shifts
            for other in shifts
            if dice.random() < 0.2
        ],
    }
    tables["posts"] = _posts(dice, shifts, periods)
    tables["availability"] = _availability(dice, people, shifts, periods)
    tables["shift_limits"] = [
        {"worker_id": name, "shift_id": shifts[-1], "maximum": dice.randint(0, 2)}
        for name in people
        if dice.random() < 0.3
    ]
    tables["lodging"] = [{"place_id": "south", "beds": dice.randint(0, 2)}]
    if dice.random() < 0.4:
        tables["training"] = [
            {"skill": "medic", "from_skill": dice.choice(["", "helper"])}
            | {"periods": dice.randint(1, 2), "seats": dice.choice([None, 1])}
        ]
    return tables


def _shift(dice: random.Random, name: str) -> dict[str, Any]:
    start = {"early": "06:00", "late": "14:00", "night": "22:00"}[name]
    suit = dice.random() < 0.4
    return {"shift_id": name, "start": start, "minutes": dice.choice([360, 480])} | {
        "suit": suit,
        "suit_minutes_max": 240 if suit else None,
        "break_minutes": 60,
    }


def _worker(dice: random.Random, name: str, periods: int) -> dict[str, Any]:
    number = dice.choice([1, 1, 1, 3])
    alone = number == 1
    return {
        "worker_id": name,
        "number": number,
        "home_id": dice.choice(["north", "south", ""]),
        "skills": dice.choice(["", "helper", "helper|medic", "medic"]),
        "qualified": dice.random() < 0.4,
        "minimum_minutes": dice.choice([0] * 8 + [360]),
        "maximum_minutes": dice.choice([None, 960, 1500]),
        "longest_run": dice.choice([None, 2, 3]),
        "shortest_run": dice.choice([1, 2]) if alone else 1,
        "shortest_off": dice.choice([1, 2]) if alone else 1,
        "weekends_max": dice.choice([None, None, 0, 1]),
        "longest_shift": dice.choice([None, None, 400]),
        "rest_minutes": dice.choice([0, 0, 480, 660, 2000]),
        "cost_per_hour": dice.choice([0, 10, 15]),
        "available_from": dice.choice([1, 1, 2]),
        "available_to": dice.choice([None, None, periods - 1]),
    }


def _posts(dice: random.Random, shifts: list[str], periods: int) -> Rows:
    rows: Rows = []
    for number in range(dice.randint(2, 4)):
        sealed = dice.random() < 0.25
        for period in [None] if dice.random() < 0.5 else range(1, periods + 1, 2):
            wanted = dice.randint(1, 3)
            rows.append(
                {
                    "post_id": f"p{number}",
                    "place_id": "south" if sealed else dice.choice(["north", "south", ""]),
                    "period": period,
                    "shift_id": dice.choice(shifts),
                    "skill": dice.choice(["", "", "helper", "medic"]),
                    "wanted": wanted,
                    "minimum": dice.choice([0] * 12 + [1]),
                    "qualified_share": dice.choice([0, 0.3, 1]),
                    "critical": dice.random() < 0.4,
                    "weight": dice.choice([1, 1, 2.5]),
                    "over_weight": dice.choice([None, None, 1]),
                    "sealed": sealed,
                }
            )
    return rows


def _availability(dice: random.Random, people: list[str], shifts: list[str], periods: int) -> Rows:
    rows: Rows = []
    for name in people:
        for period in range(1, periods + 1):
            if dice.random() < 0.3:
                can = dice.choice(["yes", "yes", "no"])
                wish = 0 if can == "no" else dice.choice([-2, -1, 1, 2.5])
                shift = dice.choice(["", *shifts])
                rows.append({"worker_id": name, "period": period, "shift_id": shift})
                rows[-1] |= {"can": can, "wish": wish}
    return rows


def random_policy(seed: int) -> dict[str, Any]:
    """A policy that differs with the seed."""
    dice = random.Random(seed)
    last = dice.choice([["workload", "requests", "cost"], ["requests", "workload"], ["cost"]])
    return {
        "staff_goals": ["critical_uncovered", "uncovered", "surplus", "qualified", *last],
        "workload": dice.choice(["none", "spread", "leximin"]),
        "leximin_rounds": 2,
        "closed_loop_days": dice.choice([1, 2, 3]),
        "home_minutes": dice.choice([None, 30]),
        "suit_minutes_week": dice.choice([None, 900]),
        "suit_minutes_day": dice.choice([None, None, 330]),
    } | {"slack_relative": 0.0, "slack_absolute": 1e-6}


def random_case(seed: int, **policy: Any) -> Instance:
    """A small instance; `policy` overrides what the seed chose."""
    chosen = {k: v for k, v in (random_policy(seed) | policy).items() if v is not None}
    return instance_of(chosen, **random_tables(seed))
