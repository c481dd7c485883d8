"""Who stands at the gates of Shanghai: workers and volunteers of a district, and their posts.

A district's people may stand at any gate of it. A gate wants as many as it would take to hand
over all that is needed there; until then the table gates has everybody at home every day.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.generate.figures import Figures
from allocator.generate.shanghai.case import PERIODS, Case
from allocator.generate.shanghai.pressure import Pressure
from allocator.generate.shapes import Floats
from allocator.instance import Instance

DAY, HOURS = "day", "hours"  # shifts: a worker's day, a volunteer's hours
KINDS = {"workers": (DAY, "worker"), "volunteers": (HOURS, "volunteer")}


def with_people(instance: Instance, case: Case, pressure: Pressure) -> Instance:
    """Return the instance with workers, shifts and posts at the gates; nothing else changes."""
    rules = Figures("staff_rules")
    return instance.replace(
        workers=_workers(case, pressure, rules),
        shifts=_shifts(case, rules),
        posts=_posts(instance, case, pressure),
    )


def _workers(case: Case, pressure: Pressure, rules: Figures) -> pd.DataFrame:
    """Return the people of every district; volunteers come in as they were counted by day."""
    names = case.districts["district"].to_numpy(object)
    slug = np.array([_slug(name) for name in names], dtype=object)
    own = _by_district(case, pressure.workers)[:, 0]
    able = np.round(own * rules("people", "qualified"))
    coming = np.diff(_by_district(case, pressure.volunteers), prepend=0.0, axis=1)
    parts = [
        _group(names, slug + "-qualified", able, 1, "worker", True),
        _group(names, slug + "-workers", own - able, 1, "worker", False),
    ]
    parts += [
        _group(
            names, slug + f"-volunteers-{day + 1:02}", coming[:, day], day + 1, "volunteer", False
        )
        for day in range(PERIODS)
    ]
    table = pd.concat(parts, ignore_index=True)
    worker = table["skills"] == "worker"
    table["longest_run"] = np.where(worker, rules("people", "longest_run"), np.nan)
    table["rest_minutes"] = np.where(worker, 60 * rules("people", "rest"), 0.0)
    return table[table["number"] > 0].sort_values("worker_id", ignore_index=True)


def _slug(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalpha())


def _by_district(case: Case, people: Floats) -> Floats:
    """Return whole people, districts x periods."""
    total = np.zeros((len(case.districts), PERIODS))
    np.add.at(total, case.home, people)
    return np.round(total)


def _group(
    names: np.ndarray, ids: np.ndarray, number: Floats, first: int, skill: str, able: bool
) -> pd.DataFrame:
    columns = {"worker_id": ids, "number": number.astype(np.int64), "district": names}
    rest = {"skills": skill, "qualified": able, "available_from": first}
    return pd.DataFrame(columns | rest)


def _shifts(case: Case, rules: Figures) -> pd.DataFrame:
    minutes = [rules("shift", "minutes"), case.figures("staff", "volunteer_minutes")]
    return pd.DataFrame({"shift_id": [DAY, HOURS], "start": ["09:00", "09:00"], "minutes": minutes})


def _posts(instance: Instance, case: Case, pressure: Pressure) -> pd.DataFrame:
    """Return a post of workers and one of volunteers at every gate and day."""
    figures, rules = case.figures, Figures("staff_rules")
    slower = 1 + figures("staff", "sealed_extra") * pressure.sealed
    given = instance["gates"]["handling_minutes"].to_numpy(float).reshape(-1, PERIODS)
    wanted = _needed(instance, case) / np.maximum(given, 1e-9)
    part = figures("staff", "worker_minutes") / rules("shift", "minutes")
    people = {"workers": (pressure.workers, part), "volunteers": (pressure.volunteers, 1.0)}
    ids = case.units["community_id"].to_numpy(object)
    frames = []
    for kind, (there, share) in people.items():
        shift, skill = KINDS[kind]
        columns = {
            "post_id": np.repeat(ids + f"-{kind}", PERIODS),
            "place_id": np.repeat(ids, PERIODS),
            "period": np.tile(np.arange(1, PERIODS + 1), len(ids)),
            "shift_id": shift,
            "skill": skill,
            "wanted": np.ceil(there * wanted - 1e-9).astype(np.int64).ravel(),
            "gate": True,
            "hand_over": np.round(share / slower, 4).ravel(),
        }
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def _needed(instance: Instance, case: Case) -> Floats:
    """Return minutes to hand over all that is needed, communities x periods."""
    needs, items = instance["needs"], instance["items"].set_index("item_id")
    minutes = needs["item_id"].map(items["handling_minutes"]) * needs["quantity"]
    minutes = minutes.where(~needs["item_id"].map(items["reusable"]), 0.0)
    total = minutes.groupby([needs["community_id"], needs["period"]]).sum().unstack()
    ids = case.units["community_id"].to_numpy(object)
    share = _gate_share(instance).reindex(index=ids, columns=total.columns).to_numpy(float)
    return np.asarray(total.reindex(ids).to_numpy(float) * share)


def _gate_share(instance: Instance) -> pd.DataFrame:
    """Return the share of goods that needs the gate, communities x periods."""
    access = instance["access"]
    closed = access[access["access"] != "open"]
    return closed.groupby(["place_id", "period"])["share"].sum().unstack()
