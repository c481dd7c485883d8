"""The vehicles of a routing case: at which depot, when, for how long, what they carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.clock import DAY, daily, minutes_column, period_clock
from allocator.instance.instance import Instance
from allocator.instance.lanes import Floats, Ints, Places
from allocator.instance.route_case import Vehicles

NO_LIMIT = 10_000  # trips of a vehicle where neither table nor shift limits them


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry of the fleet: a line of the vehicles table at a home (position of all places)."""

    line: int
    home: int
    count: int
    early: float
    late: float


def entries(instance: Instance, where: Places, period: int, sent: Floats) -> list[Entry]:
    """Return the vehicles that can take part: at home where goods are loaded, on duty then.

    A pool has an entry with its whole count at every place that sends something (`sent`, kg a
    place): the entries of a line share its vehicles.
    """
    table = instance["vehicles"]
    home = where.find(table["site_id"])
    pool = (table["site_id"] == "").to_numpy(bool)
    early, late = _shifts(instance, period)
    idle = (table["max_trips"] == 0).to_numpy(bool) | (late <= early)
    depots = np.flatnonzero(sent > 0)
    found = []
    for line, count in enumerate(np.floor(table["count"].to_numpy(float) + 1e-9).astype(int)):
        homes, counts = [int(home[line])], [int(count)]
        if pool[line]:
            homes, counts = depots.tolist(), [int(count)] * len(depots)
        for place, number in zip(homes, counts, strict=True):
            loads = instance.policy.reload_anywhere or (place >= 0 and sent[place] > 0)
            if place >= 0 and number > 0 and loads and not idle[line]:
                entry = Entry(line, place, number, float(early[line]), float(late[line]))
                found.append(entry)
    return found


def divided(count: int, parts: Floats) -> Ints:
    """Return whole numbers in proportion to the parts that add up to `count`."""
    if not len(parts):
        return np.zeros(0, dtype=np.int64)
    exact = count * parts / parts.sum()
    whole = np.floor(exact).astype(np.int64)
    rest = np.argsort(whole - exact, kind="stable")[: count - int(whole.sum())]
    whole[rest] += 1
    return np.asarray(whole, dtype=np.int64)


def _shifts(instance: Instance, period: int) -> tuple[Floats, Floats]:
    """Return (lines,) the first and last minute on duty; last <= first = not in this period."""
    table = instance["vehicles"]
    clock, length = period_clock(instance["periods"], period)
    starts, ends = minutes_column(table["starts"]), minutes_column(table["ends"])
    early, late = np.zeros(len(table)), np.full(len(table), length)
    for line in np.flatnonzero(~np.isnan(starts) | ~np.isnan(ends)):
        if np.isnan(starts[line]):
            late[line] = min(length, (ends[line] - clock) % DAY or DAY)
        elif np.isnan(ends[line]):
            early[line] = (starts[line] - clock) % DAY
        else:
            spans = daily(starts[line], ends[line], clock, length)
            early[line], late[line] = spans[0] if spans else (0.0, 0.0)
    return early, late


def fleet(
    instance: Instance,
    found: list[Entry],
    where: Places,
    position: Ints,
    dimensions: tuple[str, ...],
    most: int,
) -> tuple[Vehicles, Floats]:
    """Return the vehicles of a case, and the speeds of their profiles (M,), NaN = of the link.

    Args:
        instance: The instance.
        found: The entries.
        where: All places.
        position: Row of the case of each place.
        dimensions: What loads are measured in.
        most: Vehicles of each entry where the policy says that the fleet is free.
    """
    table = instance["vehicles"]
    line = np.array([entry.line for entry in found], dtype=np.int64)
    home = np.array([entry.home for entry in found], dtype=np.int64)
    rows = table.iloc[line]
    speeds, profile = np.unique(rows["speed_kmh"].to_numpy(float), return_inverse=True)
    free = instance.policy.fleet == "free"
    number = np.array([most if free else entry.count for entry in found], dtype=np.int64)
    policy = instance.policy
    wash = np.array([0.0, policy.decontamination_controlled, policy.decontamination_sealed])
    longest = rows["longest_minutes"].fillna(rows["shift_minutes"]).to_numpy(float)

    def figures(name: str) -> Floats:
        return rows[name].to_numpy(float)

    return Vehicles(
        ids=tuple(rows["type"]),
        home=position[home],
        end=position[home],
        count=number,
        capacity=_capacity(instance, rows, where.ids[home], dimensions),
        fixed=figures("fixed_cost"),
        per_km=figures("cost_per_km"),
        per_hour=figures("cost_per_hour"),
        per_trip=figures("cost_per_trip"),
        early=np.array([entry.early for entry in found], dtype=float),
        late=np.array([entry.late for entry in found], dtype=float),
        longest=longest,
        farthest=rows["farthest_km"].fillna(np.inf).to_numpy(float),
        trips=_trips(rows, longest),
        loading=figures("loading_minutes"),
        unloading=figures("unloading_minutes"),
        decontaminate=np.tile(wash, (len(rows), 1)),
        profile=profile.astype(np.int64),
        exposure=figures("exposure"),
        line=line,
    ), speeds


def _trips(rows: pd.DataFrame, longest: Floats) -> Ints:
    """Return the most trips: those of the table, and no more than the duty has room for."""
    each = (rows["loading_minutes"] + rows["unloading_minutes"]).to_numpy(float)
    room = np.full(len(rows), float(NO_LIMIT))
    np.divide(longest, each, out=room, where=each > 0)
    stated = rows["max_trips"].fillna(NO_LIMIT).to_numpy(float)
    most = np.maximum(1, np.floor(np.minimum(room, stated)))
    return np.asarray(most, dtype=np.int64)


def _capacity(
    instance: Instance, rows: pd.DataFrame, homes: np.ndarray, dimensions: tuple[str, ...]
) -> Floats:
    """Return (V, D): kg and m3 of the vehicles table, the rest of `capacities`."""
    found = np.zeros((len(rows), len(dimensions)))
    table, types = instance["capacities"], rows["type"].to_numpy(object)
    for column, name in enumerate(dimensions):
        if name in ("kg", "m3"):
            found[:, column] = rows[name].fillna(np.inf).to_numpy(float)
            continue
        here = table[table["dimension"] == name]
        stated = dict(
            zip(zip(here["type"], here["site_id"], strict=True), here["capacity"], strict=True)
        )
        found[:, column] = [
            stated.get((kind, home), stated.get((kind, ""), 0.0))
            for kind, home in zip(types, homes, strict=True)
        ]
    return found
