"""A staffing case as arrays: the only thing the model and the judge of rosters read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints, great_circle_km
from allocator.instance.policy import Policy
from allocator.instance.staff_people import People, Training, people_of, training_of
from allocator.instance.staff_posts import Posts, Shifts, posts_of, shifts_of, skills_of

WEEK = 7  # periods of a week of suits
SATURDAY = 5


@dataclass(frozen=True)
class Times:
    """Periods (T,): begin in minutes from the first, and the weekend each belongs to, -1 none."""

    begin: Floats
    weekend: Ints

    def __len__(self) -> int:
        return len(self.begin)


@dataclass(frozen=True)
class Lodging:
    """Sealed places (Z,) in the order they first occur in posts, and their beds."""

    ids: np.ndarray
    beds: Ints

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class StaffCase:
    """Workers, shifts and posts of an instance; positions and periods count from 0.

    Attributes:
        policy: The policy.
        times: The periods.
        shifts: The shifts (S,).
        people: The workers (W,).
        posts: What is wanted (P,): a post in a period and shift.
        lodging: The sealed places (Z,).
        training: What can be learned (K,).
        skills: Names of the skills.
        has_skill: Workers x skills.
        near: Workers x places of posts: no longer from home than the policy allows, and inside
            the district they work in.
        travel: The same in minutes; NaN where unknown.
        can: Workers x periods x shifts: available, and the shift no longer than they may work.
    """

    policy: Policy
    times: Times
    shifts: Shifts
    people: People
    posts: Posts
    lodging: Lodging
    training: Training
    skills: np.ndarray
    has_skill: Bools
    near: Bools
    travel: Floats
    can: Bools

    @cached_property
    def begins(self) -> Floats:
        """Begin of every shift in every period (T, S), minutes."""
        return np.asarray(self.times.begin[:, None] + self.shifts.start[None, :])

    @cached_property
    def teaches(self) -> Bools:
        """Skills for which there is a training."""
        return np.isin(np.arange(len(self.skills)), self.training.skill)

    @cached_property
    def learns(self) -> Bools:
        """Workers x skills: can learn the skill and does not have it."""
        found = np.zeros_like(self.has_skill)
        for skill, before in zip(self.training.skill, self.training.from_skill, strict=True):
            found[:, skill] = True if before < 0 else self.has_skill[:, before]
        return found & ~self.has_skill

    @cached_property
    def fits(self) -> Bools:
        """Workers x posts: skill (or the training for it), time and way from home all allow it."""
        posts = self.posts
        skilled = (self.has_skill | self.learns)[:, posts.skill]
        return np.asarray(skilled & self.can[:, posts.period, posts.shift] & self.reach)

    @cached_property
    def reach(self) -> Bools:
        """Workers x posts: near enough to home."""
        return np.asarray(self.near[:, self.posts.place])

    @cached_property
    def capacity(self) -> Floats:
        """Minutes a worker can work at most over the horizon; 0 for who fits no post."""
        longest = (self.can * self.shifts.minutes[None, None, :]).max(axis=2, initial=0.0)
        most = np.minimum(longest.sum(axis=1), self.people.maximum) * self.people.number
        return np.asarray(np.where(self.fits.any(axis=1), most, 0.0))

    @cached_property
    def gate_minutes(self) -> Floats:
        """Minutes (P,) a person at the post hands goods over; breaks out of suits do not count."""
        shifts, posts = self.shifts, self.posts
        useful = np.where(shifts.suit, shifts.suit_minutes, shifts.minutes)[posts.shift]
        return np.asarray(np.where(posts.gate, useful * posts.hand_over, 0.0))

    def gap(self, lag: int) -> Floats:
        """Minutes from the end of shift s to the begin of s', `lag` periods on: (T - lag, S, S)."""
        end = self.begins + self.shifts.minutes[None, :]
        count = len(self.times)
        return np.asarray(self.begins[lag:, None, :] - end[: count - lag, :, None])

    @cached_property
    def longest_lag(self) -> int:
        """Most periods between two shifts that can be too near to each other."""
        rest = float(self.people.rest.max(initial=0.0))
        lag = 0
        while lag + 1 < len(self.times) and bool((self.gap(lag + 1) < rest).any()):
            lag += 1
        return lag


def staff_case(instance: Instance) -> StaffCase:
    """Turn the staffing tables of a valid instance into arrays."""
    policy = instance.policy
    times = times_of(instance)
    shifts = shifts_of(instance)
    names = skills_of(instance)
    posts, sealed = posts_of(instance, names, shifts, len(times))
    people, has_skill = people_of(instance, names, len(times))
    travel = _travel(instance, people, posts)
    limit = np.inf if policy.home_minutes is None else policy.home_minutes
    return StaffCase(
        policy=policy,
        times=times,
        shifts=shifts,
        people=people,
        posts=posts,
        lodging=Lodging(sealed, _beds(instance, sealed)),
        training=training_of(instance, names),
        skills=names,
        has_skill=has_skill,
        near=~(travel > limit) & _inside_district(instance, posts),
        travel=travel,
        can=_can(instance, people, shifts, len(times), policy),
    )


def times_of(instance: Instance) -> Times:
    """Return the periods; those with a date know their weekend, Saturday and Sunday."""
    table = instance["periods"].sort_values("period")
    minutes = table["minutes"].to_numpy(float)
    days = np.array([_day(text) for text in table["start"]], dtype=float)
    weekend = np.where(days % 7 >= SATURDAY, days // 7, -1)
    return Times(np.r_[0.0, np.cumsum(minutes)[:-1]], np.nan_to_num(weekend, nan=-1).astype(int))


def _day(start: str) -> float:
    """Return the days from a Monday to a date; NaN for a blank."""
    return float(datetime.fromisoformat(start).toordinal() - 1) if start else np.nan


def _beds(instance: Instance, sealed: np.ndarray) -> Ints:
    beds = instance["lodging"].set_index("place_id")["beds"]
    return np.asarray(beds.reindex(sealed).fillna(0).to_numpy(float).astype(np.int64))


def _can(instance: Instance, people: People, shifts: Shifts, periods: int, policy: Policy) -> Bools:
    """Return workers x periods x shifts: who can work when, by dates, days off and lengths."""
    when = np.arange(periods)
    here = (when >= people.first[:, None]) & (when <= people.last[:, None])
    short = shifts.minutes <= np.minimum(people.longest_shift, people.maximum)[:, None]
    if policy.suit_minutes_day is not None:
        short = short & (shifts.suit_minutes <= policy.suit_minutes_day)
    can = here[:, :, None] & short[:, None, :]
    table = instance["availability"]
    table = table[table["can"] == "no"]
    worker = np.asarray(pd.Index(people.ids).get_indexer(pd.Index(table["worker_id"])))
    shift = np.asarray(pd.Index(shifts.ids).get_indexer(pd.Index(table["shift_id"])))
    period = table["period"].to_numpy(np.int64) - 1
    whole = shift < 0
    can[worker[whole], period[whole]] = False
    can[worker[~whole], period[~whole], shift[~whole]] = False
    return np.asarray(can)


def _inside_district(instance: Instance, posts: Posts) -> Bools:
    """Return workers x places: the worker is bound to no district, or the place lies in it."""
    tables = (("communities", "community_id"), ("sites", "site_id"))
    of = pd.concat([instance[name].set_index(key)["district"] for name, key in tables])
    there = of.reindex(posts.places).fillna("").to_numpy(object)
    mine = instance["workers"]["district"].to_numpy(object)[:, None]
    return np.asarray((mine == "") | (there[None, :] == mine) | (posts.places == "")[None, :])


def _travel(instance: Instance, people: People, posts: Posts) -> Floats:
    """Return workers x places in minutes, by great circle, detour and speed of the policy."""
    where = pd.concat(
        [
            instance["communities"].set_index("community_id")[["lat", "lon"]],
            instance["sites"].set_index("site_id")[["lat", "lon"]],
        ]
    )
    home = where.reindex(people.home)
    lat = np.where(np.isnan(people.lat), home["lat"].to_numpy(float), people.lat)
    lon = np.where(np.isnan(people.lon), home["lon"].to_numpy(float), people.lon)
    place = where.reindex(posts.places)
    far = great_circle_km(
        lat[:, None],
        lon[:, None],
        place["lat"].to_numpy(float)[None, :],
        place["lon"].to_numpy(float)[None, :],
    )
    minutes = far * instance.policy.detour / instance.policy.speed_kmh * 60
    same = people.home[:, None] == posts.places[None, :]
    return np.asarray(np.where(same & (posts.places != "")[None, :], 0.0, minutes))
