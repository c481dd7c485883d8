"""Workers of a staffing case as arrays, their wishes and what they can learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints


@dataclass(frozen=True)
class Wishes:
    """Wishes (N,): a positive weight asks to work then, a negative one to have it off."""

    worker: Ints
    period: Ints
    shift: Ints  # -1 = any
    weight: Floats

    def __len__(self) -> int:
        return len(self.worker)


@dataclass(frozen=True)
class People:
    """Workers (W,), in the order of the table; limits that are not set are inf."""

    ids: np.ndarray
    names: np.ndarray
    number: Ints
    home: np.ndarray
    lat: Floats
    lon: Floats
    qualified: Bools
    minimum: Floats
    maximum: Floats
    longest_run: Floats
    shortest_run: Ints
    shortest_off: Ints
    weekends: Floats
    longest_shift: Floats
    rest: Floats
    cost: Floats
    first: Ints
    last: Ints
    shift_max: Floats  # workers x shifts
    wishes: Wishes

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Training:
    """What can be learned (K,): the skill, the one it takes (-1 none), how long, seats."""

    skill: Ints
    from_skill: Ints
    periods: Ints
    seats: Floats

    def __len__(self) -> int:
        return len(self.skill)


def people_of(instance: Instance, skills: np.ndarray, periods: int) -> tuple[People, Bools]:
    """Return the workers and workers x skills; everybody has the skill without a name."""
    table = instance["workers"]

    def limit(name: str) -> Floats:
        return np.asarray(table[name].to_numpy(float))

    def most(name: str) -> Floats:
        return np.asarray(table[name].fillna(np.inf).to_numpy(float))

    people = People(
        ids=table["worker_id"].to_numpy(object),
        names=table["name"].to_numpy(object),
        number=table["number"].to_numpy(np.int64),
        home=table["home_id"].to_numpy(object),
        lat=limit("lat"),
        lon=limit("lon"),
        qualified=table["qualified"].to_numpy(bool),
        minimum=limit("minimum_minutes"),
        maximum=most("maximum_minutes"),
        longest_run=most("longest_run"),
        shortest_run=table["shortest_run"].to_numpy(np.int64),
        shortest_off=table["shortest_off"].to_numpy(np.int64),
        weekends=most("weekends_max"),
        longest_shift=most("longest_shift"),
        rest=limit("rest_minutes"),
        cost=limit("cost_per_hour"),
        first=table["available_from"].to_numpy(np.int64) - 1,
        last=table["available_to"].fillna(periods).to_numpy(np.int64) - 1,
        shift_max=_shift_max(instance),
        wishes=_wishes(instance),
    )
    words = table["skills"].str.split("|")
    owned = [{word.strip() for word in one} | {""} for one in words]
    has = np.array([[name in one for name in skills] for one in owned], dtype=bool)
    return people, has.reshape(len(table), len(skills))


def _positions(instance: Instance, table: pd.DataFrame) -> tuple[Ints, Ints]:
    workers = pd.Index(instance["workers"]["worker_id"]).get_indexer(pd.Index(table["worker_id"]))
    shifts = pd.Index(instance["shifts"]["shift_id"]).get_indexer(pd.Index(table["shift_id"]))
    return np.asarray(workers), np.asarray(shifts)


def _shift_max(instance: Instance) -> Floats:
    table = instance["shift_limits"]
    worker, shift = _positions(instance, table)
    most = np.full((len(instance["workers"]), len(instance["shifts"])), np.inf)
    most[worker, shift] = table["maximum"].to_numpy(float)
    return most


def _wishes(instance: Instance) -> Wishes:
    table = instance["availability"]
    table = table[table["wish"] != 0]
    worker, shift = _positions(instance, table)
    period = table["period"].to_numpy(np.int64) - 1
    return Wishes(worker, period, shift, table["wish"].to_numpy(float))


def training_of(instance: Instance, skills: np.ndarray) -> Training:
    """Return what can be learned."""
    table = instance["training"]
    index = pd.Index(skills)
    before = np.asarray(index.get_indexer(pd.Index(table["from_skill"])))
    return Training(
        skill=np.asarray(index.get_indexer(pd.Index(table["skill"]))),
        from_skill=np.where(table["from_skill"].to_numpy(object) == "", -1, before),
        periods=table["periods"].to_numpy(np.int64),
        seats=table["seats"].fillna(np.inf).to_numpy(float),
    )
