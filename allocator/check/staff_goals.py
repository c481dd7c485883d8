"""Goals of a roster, and the tables that follow from who is where (formulation section 4)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.check.goals import Value
from allocator.check.staff_roster import Roster
from allocator.check.verdict import Findings
from allocator.instance.lanes import Floats, Ints
from allocator.plan import Plan, plan_table
from allocator.plan.precision import rounded, tolerance

STATED = {
    "uncovered": (["post_id", "period", "shift_id"], ["short", "unqualified"]),
    "workload": (["worker_id"], ["minutes", "shifts", "load"]),
    "gates": (["community_id", "period"], ["handling_minutes"]),
}


def short_of(roster: Roster) -> Ints:
    """Return people missing at every post."""
    return np.asarray(np.maximum(0, roster.case.posts.wanted - roster.there))


def lack_of(roster: Roster) -> Ints:
    """Return qualified people missing at every post."""
    return np.asarray(np.maximum(0, roster.case.posts.qualified - roster.qualified))


def load_of(roster: Roster) -> Floats:
    """Return the minutes of a worker over the most possible; NaN for who fits no post."""
    capacity = roster.case.capacity
    possible = np.where(capacity > 0, capacity, np.nan)
    return np.asarray(roster.minutes / possible)


def staff_values(roster: Roster, earlier: pd.DataFrame | None = None) -> dict[str, Value]:
    """Return every goal; `earlier` is the last roster, for the goal change."""
    case, posts = roster.case, roster.case.posts
    short = posts.weight * short_of(roster)
    over = np.maximum(0, roster.there - posts.wanted) * np.nan_to_num(posts.over_weight)
    hours = roster.minutes / 60
    found = {
        "critical_uncovered": float(short[posts.critical].sum()),
        "uncovered": float(short[~posts.critical].sum()),
        "surplus": float(over.sum()),
        "qualified": float(lack_of(roster).sum()),
        "requests": _requests(roster),
        "cost": float((case.people.cost * hours).sum()),
    }
    if earlier is not None:
        found["change"] = _change(roster, earlier)
    values = {name: Value(value, abs(value)) for name, value in found.items()}
    return values | {name: Value(value, 1.0) for name, value in _workload(roster).items()}


def _workload(roster: Roster) -> dict[str, float]:
    load = np.sort(load_of(roster))[::-1]
    load = load[~np.isnan(load)]
    policy = roster.case.policy
    if policy.workload == "none" or not len(load):
        return {}
    if policy.workload == "spread":
        return {"workload": float(load[0] - load[-1])}
    sums = np.cumsum(load)[: policy.leximin_rounds]
    return {f"workload.{count}": float(value) for count, value in enumerate(sums, start=1)}


def _requests(roster: Roster) -> float:
    """Return the weight of wishes not kept, a person each."""
    case, wishes = roster.case, roster.case.people.wishes
    one = roster.shifts[wishes.worker, wishes.period, wishes.shift]
    there = np.where(wishes.shift < 0, roster.works[wishes.worker, wishes.period], one)
    number = case.people.number[wishes.worker]
    against = np.where(wishes.weight > 0, number - there, there)
    return float((np.abs(wishes.weight) * against).sum())


def _change(roster: Roster, earlier: pd.DataFrame) -> float:
    """Return how many people stand where the last roster does not have them, or the reverse."""
    case, posts = roster.case, roster.case.posts
    keys = ["worker_id", "post_id", "period", "shift_id"]
    now = pd.DataFrame(
        {
            "worker_id": case.people.ids[roster.worker],
            "post_id": posts.ids[roster.post],
            "period": posts.period[roster.post] + 1,
            "shift_id": case.shifts.ids[posts.shift[roster.post]],
            "number": roster.number,
        }
    )
    table = plan_table("roster", earlier)
    known = pd.MultiIndex.from_arrays([posts.ids, posts.period + 1, case.shifts.ids[posts.shift]])
    asked = pd.MultiIndex.from_frame(table[keys[1:]])
    table = table[asked.isin(known) & table["worker_id"].isin(set(case.people.ids))]
    both = pd.concat([now, table[[*keys, "number"]].assign(number=-table["number"])])
    return float(both.groupby(keys)["number"].sum().abs().sum())


def derived(roster: Roster) -> dict[str, pd.DataFrame]:
    """Return the tables uncovered, workload and gates as they follow from the roster."""
    case, posts = roster.case, roster.case.posts
    short, lack = short_of(roster), lack_of(roster)
    some = np.flatnonzero((short > 0) | (lack > 0))
    uncovered = {
        "post_id": posts.ids[some],
        "period": posts.period[some] + 1,
        "shift_id": case.shifts.ids[posts.shift[some]],
        "wanted": posts.wanted[some],
        "short": short[some],
        "unqualified": lack[some],
    }
    workload = {
        "worker_id": case.people.ids,
        "minutes": roster.minutes,
        "shifts": roster.works.sum(axis=1),
        "load": rounded(load_of(roster)),
    }
    return {
        "uncovered": plan_table("uncovered", pd.DataFrame(uncovered)),
        "workload": plan_table("workload", pd.DataFrame(workload)),
        "gates": plan_table("gates", _gates(roster)),
    }


def _gates(roster: Roster) -> pd.DataFrame:
    """Return the minutes of every gate that has posts."""
    case, posts = roster.case, roster.case.posts
    some = np.flatnonzero(posts.gate)
    frame = pd.DataFrame(
        {
            "community_id": posts.places[posts.place[some]],
            "period": posts.period[some] + 1,
            "handling_minutes": roster.there[some] * case.gate_minutes[some],
        }
    )
    total = frame.groupby(["community_id", "period"])["handling_minutes"].sum()
    return total.reset_index()


def check_stated(found: Findings, plan: Plan, true: dict[str, pd.DataFrame]) -> None:
    """Compare the derived tables a plan states with what follows from its roster."""
    for table, (keys, columns) in STATED.items():
        if not plan.states(table):
            continue
        stated = plan_table(table, plan[table]).groupby(keys, as_index=False)[columns].sum()
        both = stated.merge(true[table][[*keys, *columns]], how="outer", on=keys).fillna(0.0)
        for column in columns:
            off_by = (both[f"{column}_x"] - both[f"{column}_y"]).abs().to_numpy(float)
            for row in np.flatnonzero(off_by > tolerance(both[f"{column}_y"].to_numpy(float))):
                key = " ".join(str(both[name].iloc[row]) for name in keys)
                words = f"{column} of {key} is {both[f'{column}_y'].iloc[row]:g}, the plan says "
                words += f"{both[f'{column}_x'].iloc[row]:g}"
                found.add_one("stated", f"{table}:{key}", float(off_by[row]), words)
