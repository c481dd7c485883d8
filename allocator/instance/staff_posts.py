"""Shifts and posts of a staffing case as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints


@dataclass(frozen=True)
class Shifts:
    """Shifts (S,), in the order of the table; `suit_minutes` are those in the suit itself.

    `follows` (S, S) says which shift must not follow which in the next period.
    """

    ids: np.ndarray
    start: Floats
    minutes: Floats
    suit: Bools
    suit_minutes: Floats
    follows: Bools

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Posts:
    """What is wanted (P,): one entry a post, period and shift, in this order.

    `places` are the places of posts ("" = anywhere), `place` the position in it; `sealed` is the
    sealed place, -1 = outside; `row` the line of the posts table.
    """

    ids: np.ndarray
    places: np.ndarray
    place: Ints
    period: Ints
    shift: Ints
    skill: Ints
    wanted: Ints
    minimum: Ints
    qualified: Ints
    critical: Bools
    weight: Floats
    over_weight: Floats  # NaN = never more than wanted
    sealed: Ints
    gate: Bools
    hand_over: Floats
    row: Ints

    def __len__(self) -> int:
        return len(self.ids)


def skills_of(instance: Instance) -> np.ndarray:
    """Return the names of the skills that posts or training speak of, "" for none first."""
    training = instance["training"]
    found = pd.concat([instance["posts"]["skill"], training["skill"], training["from_skill"]])
    return np.array(["", *sorted(set(found) - {""})], dtype=object)


def shifts_of(instance: Instance) -> Shifts:
    """Return the shifts."""
    table = instance["shifts"]
    clock = table["start"].str.extract(r"^(\d+):(\d+)$").astype(float)
    minutes = table["minutes"].to_numpy(float)
    pause = table["break_minutes"].to_numpy(float)
    spell = table["suit_minutes_max"].fillna(np.inf).to_numpy(float)
    pauses = np.ceil((minutes + pause) / (spell + pause) - 1e-9) - 1
    suit = table["suit"].to_numpy(bool)
    index = pd.Index(table["shift_id"])
    follows = np.zeros((len(table), len(table)), dtype=bool)
    pairs = instance["successions"]
    first = index.get_indexer(pd.Index(pairs["shift_id"]))
    follows[first, index.get_indexer(pd.Index(pairs["next_shift_id"]))] = True
    return Shifts(
        ids=table["shift_id"].to_numpy(object),
        start=np.asarray(clock[0] * 60 + clock[1], dtype=float),
        minutes=minutes,
        suit=suit,
        suit_minutes=np.where(suit, minutes - np.maximum(pauses, 0) * pause, 0.0),
        follows=follows,
    )


def posts_of(
    instance: Instance, skills: np.ndarray, shifts: Shifts, periods: int
) -> tuple[Posts, np.ndarray]:
    """Return the posts, one entry a period, and the ids of the sealed places."""
    table = _every_period(instance["posts"], periods)
    places, place = np.unique(table["place_id"].to_numpy(object), return_inverse=True)
    inside = table["sealed"].to_numpy(bool)
    sealed = pd.unique(table["place_id"][inside])
    wanted = table["wanted"].to_numpy(np.int64)
    share = table["qualified_share"].to_numpy(float)
    which = np.asarray(pd.Index(sealed).get_indexer(pd.Index(table["place_id"])))
    posts = Posts(
        ids=table["post_id"].to_numpy(object),
        places=places,
        place=np.asarray(place, dtype=np.int64),
        period=table["period"].to_numpy(np.int64) - 1,
        shift=np.asarray(pd.Index(shifts.ids).get_indexer(pd.Index(table["shift_id"]))),
        skill=np.asarray(pd.Index(skills).get_indexer(pd.Index(table["skill"]))),
        wanted=wanted,
        minimum=table["minimum"].to_numpy(np.int64),
        qualified=np.ceil(share * wanted - 1e-9).astype(np.int64),
        critical=table["critical"].to_numpy(bool),
        weight=table["weight"].to_numpy(float),
        over_weight=table["over_weight"].to_numpy(float),
        sealed=np.where(inside, which, -1),
        gate=table["gate"].to_numpy(bool),
        hand_over=table["hand_over"].to_numpy(float),
        row=table["row"].to_numpy(np.int64),
    )
    return posts, np.asarray(sealed, dtype=object)


def _every_period(table: pd.DataFrame, periods: int) -> pd.DataFrame:
    """Return the posts with blank periods written out: a row of its own goes first."""
    table = table.assign(row=np.arange(len(table)))
    blank = table["period"].isna()
    spread = (
        table[blank]
        .drop(columns="period")
        .merge(pd.DataFrame({"period": np.arange(1.0, periods + 1)}), how="cross")
    )
    both = pd.concat([table[~blank], spread], ignore_index=True)
    both = both.drop_duplicates(["post_id", "period", "shift_id"], keep="first")
    return both.sort_values(["row", "period"], kind="stable", ignore_index=True)
