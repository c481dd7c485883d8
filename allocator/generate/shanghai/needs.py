"""Items and needs of the Shanghai case."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.generate.figures import read_figures
from allocator.generate.shanghai.case import PERIODS, Case
from allocator.generate.shanghai.pressure import Pressure
from allocator.generate.shapes import Floats, Names, long_table

FOOD = ("rice", "noodles", "oil", "vegetables", "meat", "eggs")
EQUIPMENT = ("gloves", "masks", "respirators", "gowns", "face_shields", "hand_rub")
LOOSE = ("vegetables", "meat", "concentrators")  # never counted in packs


def items_table(case: Case, whole_packs: bool) -> pd.DataFrame:
    """Return the items; with `whole_packs` packed goods move in whole packs only."""
    items = read_figures("shanghai_2022_items")
    names = items["item_id"].tolist()
    figure = {
        name: case.figures.column(names, name)
        for name in ("kg", "m3", "pack_size", "tier", "return_periods", "minutes_per_unit")
    }
    minutes = figure.pop("minutes_per_unit")
    by_mass = figure["kg"] * case.figures("staff", "minutes_per_kg")
    minutes = np.where(minutes > 0, minutes, by_mass)
    minutes[items["item_id"].isin(EQUIPMENT)] = 0  # staff fetch their own
    return items.assign(
        **figure,
        shelf_life_periods=case.figures.column(names, "shelf_life_periods", np.nan),
        reusable=items["item_id"] == "concentrators",
        whole_packs=whole_packs & ~items["item_id"].isin(LOOSE),
        handling_minutes=np.round(minutes, 4),
    )


def need_arrays(case: Case, pressure: Pressure) -> dict[str, tuple[Floats, Floats]]:
    """Return (quantity, people) per item, each communities x periods."""
    figures = case.figures
    residents = case.people[:, None] * np.ones(PERIODS)
    eating = residents * pressure.need_share
    found = {item: (eating * figures(item, "per_person"), eating) for item in FOOD}
    infants = eating * figures("city", "infant_share")
    found["formula"] = (infants * figures("formula", "per_person"), infants)
    thirsty = eating * figures("city", "no_tap_share")
    found["water"] = (thirsty * figures("water", "per_person"), thirsty)
    found |= _equipment(case, pressure)
    found["antigen_tests"] = (residents * figures("antigen_tests", "per_person"),) * 2
    patients = residents * figures("city", "home_oxygen_share")
    patients = patients + pressure.ill * figures("city", "severe_share")
    found["concentrators"] = (patients, patients)
    return found


def _equipment(case: Case, pressure: Pressure) -> dict[str, tuple[Floats, Floats]]:
    figures = case.figures
    screeners = pressure.workers * figures("staff", "screener_share")
    carers = pressure.workers - screeners + pressure.volunteers
    found = {}
    for item in EQUIPMENT:
        screener, carer = figures(item, "per_screener"), figures.find(item, "per_carer")
        patient = figures.find(item, "per_patient")
        people = screeners + (carers if carer else 0) + (pressure.ill if patient else 0)
        found[item] = (screeners * screener + carers * carer + pressure.ill * patient, people)
    return found


def needs_table(case: Case, needs: dict[str, tuple[Floats, Floats]]) -> pd.DataFrame:
    """Return the needs, ordered by community, item and period; three decimals."""
    items = list(needs)
    quantity = np.stack([needs[item][0] for item in items], axis=1)
    people = np.stack([needs[item][1] for item in items], axis=1)
    names: Names = {
        "community_id": case.units["community_id"].tolist(),
        "item_id": items,
        "period": np.arange(1, PERIODS + 1),
    }
    table = long_table(names, quantity=np.round(quantity, 3), people=np.round(people, 3))
    item = np.tile(np.repeat(np.arange(len(items)), PERIODS), len(case.units))
    floor = case.figures.column(items, "floor_share")
    return table.assign(floor_share=floor[item])
