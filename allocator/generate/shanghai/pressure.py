"""How closed a community is, how many are ill, and who is there to hand goods over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.generate.figures import Figures
from allocator.generate.shanghai.case import PERIODS, Case
from allocator.generate.shapes import Floats, Names, long_table

ZONES_DAY = 12  # period of the first counts of people by zone (12 April)


@dataclass(frozen=True)
class Pressure:
    """Communities x periods."""

    sealed: Floats  # share of households
    free: Floats  # share of households that may leave (open)
    ill: Floats  # people with a case in the last seven days
    need_share: Floats  # part of a person's need that falls on dispatch
    workers: Floats
    volunteers: Floats


def pressure_of(case: Case) -> Pressure:
    """Return the daily state of every community."""
    figures = case.figures
    sealed, free = _zones(case)
    workers = case.households * workers_per_household(figures)
    first, last = figures("staff", "volunteers_first"), figures("staff", "volunteers_last")
    share = np.linspace(first, last, PERIODS)
    return Pressure(
        sealed=sealed,
        free=free,
        ill=_ill(case),
        need_share=_need_share(case, free),
        workers=np.repeat(workers[:, None], PERIODS, axis=1),
        volunteers=workers[:, None] * share[None, :],
    )


def workers_per_household(figures: Figures) -> float:
    """Return the workers per household of the two recorded communities."""
    workers = figures("staff", "workers_of_two_communities")
    return workers / figures("staff", "households_of_two_communities")


def _zones(case: Case) -> tuple[Floats, Floats]:
    """Return the sealed and open shares.

    Addresses listed over 14 days, per person, hit compounds at random: the share of compounds hit
    is 1 - exp(-strength x rate), with the strength that gives the city its share of 12 April.
    """
    figures = case.figures
    people = {name: figures("city", f"{name}_people") for name in ("sealed", "controlled", "open")}
    target = people["sealed"] / sum(people.values())
    listed = case.by_district("addresses_14_days")[:, -PERIODS:]
    per_person = listed / case.districts["population"].to_numpy()[:, None]
    rate = per_person[case.home] * case.units["weight"].to_numpy()[:, None]
    strength = _strength(rate[:, ZONES_DAY - 1], case.people / case.people.sum(), target)
    sealed = np.round(1 - np.exp(-strength * rate), 3)
    free = (1 - sealed) * people["open"] / (people["open"] + people["controlled"])
    free[:, : int(figures("city", "zones_from")) - 1] = 0
    return sealed, np.round(free, 3)


def _strength(rate: Floats, share: Floats, target: float) -> float:
    low, high = 0.0, 1e6
    for _ in range(80):
        middle = (low + high) / 2
        if float(share @ (1 - np.exp(-middle * rate))) < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _ill(case: Case) -> Floats:
    """Return the cases of the last seven days, spread by people and concentration."""
    cases = case.by_district("new_cases")
    days = int(case.figures("city", "seven_days"))
    total = np.cumsum(cases, axis=1)
    first = cases.shape[1] - PERIODS
    before = np.concatenate([np.zeros((len(total), 1)), total], axis=1)
    week = total[:, first:] - before[:, first + 1 - days : first + 1 - days + PERIODS]
    share = case.people / case.districts["population"].to_numpy()[case.home]
    weight = case.units["weight"].to_numpy()
    return np.asarray(week[case.home] * (share * weight)[:, None])


def _need_share(case: Case, free: Floats) -> Floats:
    figures = case.figures
    locked = pd.to_datetime(case.districts["locked_from"]).to_numpy()[case.home]
    days = (case.dates.to_numpy()[None, :] - locked[:, None]) / np.timedelta64(1, "D") + 1
    grown = np.clip(days / figures("city", "home_days"), 0, 1)
    shops = 1 - free * figures("city", "open_self_share")
    return np.asarray(figures("city", "dispatch_share") * grown * shops)


def access_table(case: Case, pressure: Pressure) -> pd.DataFrame:
    """Return the access table: shares of households sealed, controlled and open."""
    controlled = np.round(1 - pressure.sealed - pressure.free, 3)
    share = np.stack([pressure.sealed, controlled, pressure.free], axis=2)
    names: Names = {
        "place_id": case.units["community_id"].tolist(),
        "period": np.arange(1, PERIODS + 1),
        "access": ["sealed", "controlled", "open"],
    }
    table = long_table(names, share=share)
    return table[table["share"] > 0].reset_index(drop=True)


def gates_table(case: Case, pressure: Pressure) -> pd.DataFrame:
    """Return the person-minutes for handing over: workers and volunteers, fewer where sealed."""
    figures = case.figures
    minutes = pressure.workers * figures("staff", "worker_minutes")
    minutes = minutes + pressure.volunteers * figures("staff", "volunteer_minutes")
    effective = minutes / (1 + figures("staff", "sealed_extra") * pressure.sealed)
    names: Names = {
        "community_id": case.units["community_id"].tolist(),
        "period": np.arange(1, PERIODS + 1),
    }
    return long_table(names, handling_minutes=np.round(effective, 1))
