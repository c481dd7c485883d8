"""Small random instances in which dispatch decides who stands at the gates."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pandas as pd

from allocator.instance import Instance
from allocator.instance.staff_case import staff_case
from tests.reference_cases import Rows, random_instance


def joint_instance(seed: int, **policy: Any) -> Instance:
    """A random dispatch with workers, shifts and posts; nothing of a roster is fixed yet."""
    dice = random.Random(seed)
    town = random_instance(seed, **policy)
    places = town["communities"]["community_id"].tolist()
    periods = len(town["periods"])
    rules = {
        "gate_staff": "joint",
        "closed_loop_days": 2,
        "suit_minutes_week": dice.choice([None, 700]),
        "home_minutes": dice.choice([None, 60]),
    }
    frames = {
        "shifts": _shifts(dice),
        "workers": _workers(dice, places, periods),
        "posts": _posts(dice, places, periods),
        "lodging": [{"place_id": places[0], "beds": dice.randint(0, 3)}],
        "successions": [{"shift_id": "late", "next_shift_id": "early"}],
    }
    if dice.random() < 0.4:
        row = {"skill": "medic", "periods": 1, "seats": dice.choice([None, 1])}
        frames["training"] = [row]
    items = town["items"]
    items["handling_minutes"] = items["handling_minutes"] * 5
    tables = {name: pd.DataFrame(rows) for name, rows in frames.items()}
    tables["posts"]["period"] = tables["posts"]["period"].astype(float)
    return town.replace(policy=town.policy.replace(**rules), items=items, **tables)


def _shifts(dice: random.Random) -> Rows:
    suit = dice.random() < 0.5
    return [
        {"shift_id": "early", "start": "06:00", "minutes": dice.choice([120, 240]), "suit": suit,
         "suit_minutes_max": 90 if suit else None, "break_minutes": 30},
        {"shift_id": "late", "start": "15:00", "minutes": 180, "suit": False,
         "suit_minutes_max": None, "break_minutes": 0},
    ]  # fmt: skip


def _workers(dice: random.Random, places: list[str], periods: int) -> Rows:
    rows: Rows = []
    for number in range(dice.randint(3, 5)):
        count = dice.choice([1, 1, 2, 4])
        rows.append(
            {
                "worker_id": f"w{number}",
                "number": count,
                "home_id": dice.choice([*places, ""]),
                "district": dice.choice(["", "", "east"]),
                "skills": dice.choice(["", "", "medic"]),
                "qualified": dice.random() < 0.4,
                "maximum_minutes": dice.choice([None, 360, 600]),
                "longest_run": dice.choice([None, 1, 2]),
                "weekends_max": None,
                "rest_minutes": dice.choice([0, 660]),
                "available_from": dice.choice([1, 1, 2]),
            }
        )
    # Two groups that are alike, for the pools.
    rows.append({**rows[0], "worker_id": "twin", "number": 1})
    return rows


def _posts(dice: random.Random, places: list[str], periods: int) -> Rows:
    rows: Rows = []
    for place in places:
        for shift in ("early", "late"):
            if dice.random() < 0.7 or not rows:
                row = {"post_id": f"{place}-{shift}", "place_id": place, "shift_id": shift}
                row |= {"wanted": dice.randint(1, 3), "gate": True, "period": None}
                row |= {"qualified_share": dice.choice([0, 0, 0.5]), "skill": ""}
                row |= {"hand_over": dice.choice([1, 0.5]), "sealed": dice.random() < 0.2}
                rows.append(row | {"over_weight": dice.choice([None, None, 1])})
    rows.append(
        {"post_id": "test", "place_id": places[0], "shift_id": "early", "wanted": 1}
        | {"gate": False, "skill": dice.choice(["", "medic"]), "critical": True, "period": None}
    )
    return rows


def pools_apart(instance: Instance) -> int:
    """How many workers there are."""
    return int(np.sum(staff_case(instance).people.number))
