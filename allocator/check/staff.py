"""Judge a roster: who is where, whether they may, and what it comes to."""

from __future__ import annotations

import pandas as pd

from allocator.check.goals import check_goals
from allocator.check.staff_fit import check_fit
from allocator.check.staff_goals import check_stated, derived, staff_values
from allocator.check.staff_loop import check_loop
from allocator.check.staff_roster import roster_of
from allocator.check.staff_time import check_time
from allocator.check.verdict import Findings, Verdict
from allocator.instance import Instance
from allocator.instance.staff_case import StaffCase, staff_case
from allocator.plan import Plan, plan_table


def check_staff(
    found: Findings,
    instance: Instance,
    plan: Plan,
    earlier: pd.DataFrame | None = None,
    case: StaffCase | None = None,
) -> Verdict:
    """Judge `plan` from `instance` alone.

    Args:
        found: Where violations go.
        instance: The instance.
        plan: A roster; of its tables only roster, lodged and trained decide anything.
        earlier: The last roster, for the goal change.
        case: The arrays of the instance where the caller has them.

    Raises:
        PlanMissingError: when there is no plan to judge.
    """
    roster = roster_of(found, case or staff_case(instance), plan)
    check_fit(found, roster)
    check_time(found, roster)
    check_loop(found, roster)
    tables = derived(roster)
    check_stated(found, plan, tables)
    goals = staff_values(roster, earlier)
    check_goals(found, goals, plan.goals, frozenset())
    posts = roster.case.posts
    stats = {
        "people_wanted": int(posts.wanted.sum()),
        "people_assigned": int(roster.there.sum()),
        "people_missing": int(tables["uncovered"]["short"].sum()),
        "qualified_wanted": int(posts.qualified.sum()),
        "minutes": float(roster.minutes.sum()),
        "notes": list(dict.fromkeys(found.notes)),
    }
    values = {name: goal.value for name, goal in goals.items()}
    return Verdict(found.table(), values, stats, plan_table("shortages"), tables=tables)
