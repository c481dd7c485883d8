"""The gates of an instance as a roster staffs them, and the posts it already fills."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.staff_case import StaffCase, staff_case

KEYS = ["community_id", "period"]
POST = ["post_id", "period", "shift_id"]
STAFF_TABLES = ("workers", "shifts", "posts")


def staffs_gates(instance: Instance) -> bool:
    """Return whether dispatch is to staff gates itself, and has the people and posts for it."""
    asked = instance.policy.gate_staff == "joint"
    there = asked and all(len(instance[table]) for table in STAFF_TABLES)
    return there and bool(instance["posts"]["gate"].any())


def with_minutes(gates: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """Return gates with the minutes a roster gives; gates it does not know stay, new ones join."""
    minutes = given.set_index(KEYS)["handling_minutes"]
    known = pd.MultiIndex.from_frame(gates[KEYS])
    found = minutes.reindex(known).to_numpy(float)
    kept = gates.assign(handling_minutes=gates["handling_minutes"].where(pd.isna(found), found))
    fresh = given[~pd.MultiIndex.from_frame(given[KEYS]).isin(known)]
    columns = [*KEYS, "handling_minutes"]
    return pd.concat([kept, fresh[columns]], ignore_index=True) if len(fresh) else kept


def staffed_instance(instance: Instance, gates: pd.DataFrame) -> Instance:
    """Return the instance with the minutes `gates` of a roster at its gates."""
    if gates.empty:
        return instance
    return instance.replace(gates=with_minutes(instance["gates"], gates), validate=False)


def roster_gates(instance: Instance, roster: pd.DataFrame) -> pd.DataFrame:
    """Return the minutes a roster gives every gate with posts, one row a gate and period."""
    return _minutes(staff_case(instance), people_at(instance, roster)[0])


def most_staffed(instance: Instance) -> Instance:
    """Return the instance with all who may stand at its gates there, where they are to be staffed.

    No roster can do more: it is what arithmetic may count on.
    """
    if not staffs_gates(instance):
        return instance
    case = staff_case(instance)
    able = case.people.number @ case.fits
    wanted = np.where(np.isnan(case.posts.over_weight), case.posts.wanted, able)
    return staffed_instance(instance, _minutes(case, np.minimum(wanted, able)))


def _minutes(case: StaffCase, there: np.ndarray) -> pd.DataFrame:
    posts = case.posts
    some = posts.gate
    frame = pd.DataFrame(
        {
            "community_id": posts.places[posts.place[some]],
            "period": posts.period[some] + 1,
            "handling_minutes": (there * case.gate_minutes)[some],
        }
    )
    return frame.groupby(KEYS)["handling_minutes"].sum().reset_index()


def joint_instance(instance: Instance, roster: pd.DataFrame) -> Instance:
    """Return the instance of the joint program: gates as staffed, other posts as filled."""
    gates = roster_gates(instance, roster)
    return keeping_posts(staffed_instance(instance, gates), roster)


def as_staffed(instance: Instance, roster: pd.DataFrame | None) -> Instance:
    """Return the instance with gates as the roster of a plan staffs them, where one does."""
    if roster is None or not staffs_gates(instance):
        return instance
    return staffed_instance(instance, roster_gates(instance, roster))


def keeping_posts(instance: Instance, roster: pd.DataFrame) -> Instance:
    """Return the instance in which posts that are no gates keep the people of a roster.

    Every post gets a row a period; `minimum` is who is there, and `qualified_share` no more than
    what the roster gives. Posts at gates keep what they ask for, except that a share of qualified
    people the roster does not reach is lowered to what it reaches.
    """
    case = staff_case(instance)
    posts = case.posts
    there, able = people_at(instance, roster)
    table = instance["posts"].iloc[posts.row].reset_index(drop=True)
    table["period"] = posts.period + 1.0
    other = ~posts.gate
    table.loc[other, "minimum"] = there[other]
    reached = able / np.maximum(posts.wanted, 1)
    table["qualified_share"] = np.minimum(table["qualified_share"].to_numpy(float), reached)
    return instance.replace(posts=table, validate=False)


def people_at(instance: Instance, roster: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return people, and qualified people, that a roster has at every post of the case."""
    case = staff_case(instance)
    posts = case.posts
    keys = pd.MultiIndex.from_arrays([posts.ids, posts.period + 1, case.shifts.ids[posts.shift]])
    at = keys.get_indexer(pd.MultiIndex.from_frame(roster[POST]))
    known = at >= 0
    number = roster["number"].to_numpy(float)
    workers = instance["workers"].set_index("worker_id")["qualified"]
    able = workers.reindex(roster["worker_id"]).fillna(False).to_numpy(bool)
    size = len(posts)
    both = np.bincount(at[known], number[known], size)
    return both, np.bincount(at[known & able], number[known & able], size)
