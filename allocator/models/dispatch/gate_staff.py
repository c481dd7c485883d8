"""Who stands at the gates, decided with what is sent: the joint form (formulation section 8).

The rows are those of models/staff over pools of alike workers, with people as fractions. The
table gates says what a gate has as a roster made beforehand staffs it; people may be moved.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.gate_staff import staffs_gates
from allocator.instance.staff_case import StaffCase, staff_case
from allocator.instance.staff_people import People, Wishes
from allocator.models.staff.model import StaffModel

if TYPE_CHECKING:
    from allocator.models.dispatch.model import DispatchModel

PERSONAL = ("ids", "names", "number", "home", "lat", "lon", "cost", "wishes")
"""Figures of workers that do not tell pools apart; `shortest_*` are left to the roster too."""
ROUNDING = 1e-6


@dataclass(frozen=True)
class GateStaff:
    """People in the program.

    Attributes:
        staff: The rows of rosters over pools.
        columns: All their columns.
        post, row, minutes: Of every gate post that has a row `gate`.
    """

    staff: StaffModel
    columns: Ints
    post: Ints
    row: Ints
    minutes: Floats


def add_gate_staff(model: DispatchModel) -> GateStaff | None:
    """Add people at posts, and what they give the gates beyond what the table says."""
    net = model.net
    if not staffs_gates(net.instance):
        return None
    case = pooled(staff_case(net.instance))
    first = model.program.column_count
    staff = StaffModel(case, part_of=model.program)
    _add_team_share(staff)
    posts = case.posts
    where = net.places.find(pd.Series(posts.places))[posts.place]
    some = np.flatnonzero(posts.gate & (where >= 0))
    row = model.gate_rows[where[some], posts.period[some]]
    some, row = some[row >= 0], row[row >= 0]
    minutes = case.gate_minutes[some]
    _move(model, staff, row, some, minutes)
    columns = np.arange(first, model.program.column_count)
    return GateStaff(staff, columns, some, row, minutes)


def _move(model: DispatchModel, staff: StaffModel, row: Ints, post: Ints, minutes: Floats) -> None:
    """Let minutes of people there, less those the table has already, add to the rows `gate`."""
    program, net, posts = model.program, model.net, staff.case.posts
    program.add_entries(row, staff.short[post], minutes)
    over = staff.surplus[post]
    program.add_known(np.where(over >= 0, row, -1), over, -minutes)
    everybody = np.bincount(row, minutes * posts.wanted[post], program.row_count)
    block = program.family("gate")
    binding = np.flatnonzero(net.gates.share > 0)
    given = net.instance["gates"]["handling_minutes"].to_numpy(float)[binding]
    rows = block.start + np.arange(block.size)
    staffed = np.isin(rows, row)
    more = np.where(staffed, everybody[rows] - given, 0.0)
    program.raise_upper(block, more)


def _add_team_share(staff: StaffModel) -> None:
    """Qualified people are missing at a post at most in proportion to who is missing at all."""
    program, posts = staff.program, staff.case.posts
    some = np.flatnonzero(staff.lack >= 0)
    rows = program.add_rows(
        "team_share", len(some), upper=0.0, labels=lambda: [str(posts.ids[p]) for p in some]
    )
    program.add_entries(rows, staff.lack[some], 1.0)
    share = posts.qualified[some] / np.maximum(posts.wanted[some], 1)
    program.add_entries(rows, staff.short[some], -share)


def pooled(case: StaffCase) -> StaffCase:
    """Return the case with workers of the same skills, times, limits and reach as one group.

    Pools are named by their first worker. Rules of persons that no group has (shortest runs and
    breaks) are left out, and so are wishes.
    """
    people, count = case.people, len(case.people)
    told = [one.name for one in fields(People) if one.name not in PERSONAL]
    told = [name for name in told if not name.startswith("shortest")]
    parts = [np.asarray(getattr(people, name), float).reshape(count, -1) for name in told]
    parts += [case.near, case.has_skill, case.can.reshape(count, -1)]
    code = pd.factorize(pd.Series([np.hstack(row).tobytes() for row in zip(*parts, strict=True)]))[
        0
    ]
    _, first, of = np.unique(code, return_index=True, return_inverse=True)
    chosen = {
        one.name: getattr(people, one.name)[first]
        for one in fields(People)
        if one.name not in ("number", "wishes")
    }
    number = np.bincount(np.asarray(of).ravel(), people.number, len(first)).astype(np.int64)
    ones, none = np.ones(len(first), dtype=np.int64), np.zeros(0, dtype=np.int64)
    chosen |= {"shortest_run": ones, "shortest_off": ones, "number": number}
    wishes = Wishes(none, none, none, np.zeros(0))
    return replace(
        case,
        people=People(**chosen, wishes=wishes),
        has_skill=case.has_skill[first],
        near=case.near[first],
        travel=case.travel[first],
        can=case.can[first],
    )


def people_wanted(model: DispatchModel, point: Floats) -> pd.DataFrame:
    """Return the people a point wants at every gate post: post_id, period, shift_id, number.

    What its goods take is rounded up to people once a gate and period, in the mix of shifts the
    point has; nobody is asked to stand at a gate where nothing is handed over.
    """
    gates = model.gate_staff
    assert gates is not None
    posts = gates.staff.case.posts
    point = point[: model.program.column_count]  # goals may have columns of their own
    there = _there(gates, point)
    has = np.bincount(gates.row, there * gates.minutes, model.program.row_count)
    room = model.program.row_upper[gates.row]
    left = room - model.program.matrix().tocsr()[gates.row] @ point
    used = np.maximum(0.0, has[gates.row] - left) / np.maximum(has[gates.row], ROUNDING)
    exact = np.minimum(1.0, used) * there
    number = np.floor(exact + ROUNDING)
    number = _rounded_up(gates, exact, number)
    number = np.maximum(number, posts.minimum[gates.post]).astype(np.int64)
    return pd.DataFrame(
        {
            "post_id": posts.ids[gates.post],
            "period": posts.period[gates.post] + 1,
            "shift_id": gates.staff.case.shifts.ids[posts.shift[gates.post]],
            "number": number,
        }
    )


def _there(gates: GateStaff, point: Floats) -> Floats:
    """Return the people a point has at every gate post."""
    posts, staff = gates.staff.case.posts, gates.staff
    over = staff.surplus[gates.post]
    more = np.where(over >= 0, point[np.maximum(over, 0)], 0.0)
    return np.asarray(posts.wanted[gates.post] - point[staff.short[gates.post]] + more)


def _rounded_up(gates: GateStaff, exact: Floats, number: Floats) -> Floats:
    """Add whole people, largest remainder first, until each gate has the minutes it takes."""
    frame = pd.DataFrame({"row": gates.row, "part": exact - number, "minutes": gates.minutes})
    frame["lacks"] = (frame["part"] * frame["minutes"]).groupby(frame["row"]).transform("sum")
    order = frame.sort_values(["row", "part"], ascending=[True, False], kind="stable")
    before = order.groupby("row")["minutes"].cumsum() - order["minutes"]
    adds = (before < order["lacks"] - ROUNDING * order["minutes"]) & (order["part"] > ROUNDING)
    more = np.zeros(len(number))
    more[order.index[adds.to_numpy(bool)]] = 1.0
    return np.asarray(number + more)
