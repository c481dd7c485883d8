"""From a point of the program to the tables of a roster, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.staff_case import StaffCase
from allocator.models.staff.model import StaffModel
from allocator.models.staff.share import shared_out
from allocator.plan import plan_table


def roster_tables(model: StaffModel, point: Floats) -> dict[str, pd.DataFrame]:
    """Return the tables of a plan: roster, trained, lodged; the judge derives the others."""
    case = model.case
    number = np.zeros((len(case.people), len(model.slots)), dtype=np.int64)
    number[model.worker, model.slot] = np.round(point[model.assign]).astype(np.int64)
    worker, post, count = shared_out(model, number, point)
    return {
        "roster": roster_frame(case, worker, post, count),
        "trained": _trained(model, point),
        "lodged": _lodged(model, point),
    }


def roster_frame(case: StaffCase, worker: Ints, post: Ints, number: Ints) -> pd.DataFrame:
    """Return the table roster of assignments given by position."""
    posts = case.posts
    order = np.lexsort((worker, post))
    worker, post, number = worker[order], post[order], number[order]
    frame = pd.DataFrame(
        {
            "worker_id": case.people.ids[worker],
            "post_id": posts.ids[post],
            "period": posts.period[post] + 1,
            "shift_id": case.shifts.ids[posts.shift[post]],
            "number": number,
            "minutes": number * case.shifts.minutes[posts.shift[post]],
        }
    )
    return plan_table("roster", frame)


def last_roster(case: StaffCase, roster: pd.DataFrame) -> Ints:
    """Return people of a roster, workers x posts; rows the case does not know are left out."""
    table = plan_table("roster", roster)
    posts = case.posts
    keys = pd.MultiIndex.from_arrays([posts.ids, posts.period + 1, case.shifts.ids[posts.shift]])
    wanted = pd.MultiIndex.from_frame(table[["post_id", "period", "shift_id"]])
    post = np.asarray(keys.get_indexer(wanted))
    worker = np.asarray(pd.Index(case.people.ids).get_indexer(pd.Index(table["worker_id"])))
    known = (post >= 0) & (worker >= 0)
    number = np.zeros((len(case.people), len(posts)), dtype=np.int64)
    counts = table["number"].to_numpy(np.int64)
    np.add.at(number, (worker[known], post[known]), counts[known])
    return number


def _trained(model: StaffModel, point: Floats) -> pd.DataFrame:
    case = model.case
    worker, number, start = np.nonzero(model.train >= 0)
    count = np.round(point[model.train[worker, number, start]])
    some = np.flatnonzero(count > 0)
    columns: Mapping[str, object] = {
        "worker_id": case.people.ids[worker[some]],
        "skill": case.skills[case.training.skill[number[some]]],
        "period": start[some] + 1,
        "number": count[some],
    }
    return plan_table("trained", pd.DataFrame(columns))


def _lodged(model: StaffModel, point: Floats) -> pd.DataFrame:
    case = model.case
    worker, place, period = np.nonzero(model.inside >= 0)
    here = np.round(point[model.inside[worker, place, period]])
    column = model.enter[worker, place, period]
    came = np.where(column >= 0, np.round(point[column]), 0.0)
    some = np.flatnonzero((here > 0) | (came > 0))
    columns: Mapping[str, object] = {
        "worker_id": case.people.ids[worker[some]],
        "place_id": case.lodging.ids[place[some]],
        "period": period[some] + 1,
        "number": here[some],
        "entered": came[some],
    }
    return plan_table("lodged", pd.DataFrame(columns))
