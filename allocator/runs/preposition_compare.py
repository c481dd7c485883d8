"""What a plan of reserves is compared with, all on the same scenarios."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import pandas as pd

from allocator.engine.child import Child
from allocator.engine.program import Floats, Ints
from allocator.errors import InternalError
from allocator.instance import Instance
from allocator.instance.futures import ReserveCase
from allocator.limits import Limits
from allocator.models.preposition.given import stock_of_plan
from allocator.models.preposition.yardsticks import in_proportion, present, sizes_for
from allocator.plan import Plan, plan_table
from allocator.plan.status import Termination
from allocator.runs.preposition_judged import judged

EVALUATE = "allocator.models.preposition.worth_work:evaluate_plans"
PRESENT, PROPORTION = "present", "in_proportion"
Progress = Callable[[Mapping[str, Any]], None]


def yardsticks(case: ReserveCase, plan: Plan) -> dict[str, dict[str, Any]]:
    """Return what a plan is compared with: the reserves there are, its stock by people.

    The latter has the totals of the plan, over its open sites, and no agreements.
    """
    found = {}
    if case.reserve.stock.present.any():
        found[PRESENT] = dict(present(case).tables(case))
    size, stock = stage_of(case, plan.tables)
    found[PROPORTION] = dict(in_proportion(case, size, stock.sum(axis=0)).tables(case))
    found[PROPORTION]["agreements"] = plan["agreements"]
    return found


def stage_of(case: ReserveCase, tables: Mapping[str, pd.DataFrame]) -> tuple[Ints, Floats]:
    """Return the size of every site of a plan, -1 = closed, and its stock, sites x items."""
    reserve, stock = case.reserve, stock_of_plan(case, tables)
    sites = plan_table("sites", tables.get("sites"))
    opened = np.isin(reserve.sites.ids, sites["site_id"].to_numpy(object))
    if "sites" not in tables:
        opened = reserve.sites.kept | (stock > 0).any(axis=1)
    size = sizes_for(case, stock, opened)
    named = set(zip(sites["site_id"], sites["size_id"], strict=True))
    keys = zip(reserve.sites.ids[reserve.sizes.site], reserve.sizes.ids, strict=True)
    stated = np.array([key in named for key in keys], dtype=bool)
    size[reserve.sizes.site[stated]] = np.flatnonzero(stated)
    return size, stock


def evaluated(
    instance: Instance,
    plans: Mapping[str, Mapping[str, Any]],
    limits: Limits,
    left: float | None,
    progress: Progress,
) -> tuple[dict[str, Plan], Termination]:
    """Solve the recourse of given first stages in a child process; return those done in time."""
    job = {"plans": plans, "threads": limits.workers or 1, "seed": limits.seed}
    deadline = None if left is None else time.monotonic() + left
    with Child(EVALUATE, instance=instance, **job) as child:
        try:
            end = cast(Termination, child.wait(deadline, progress))
        except KeyboardInterrupt:
            end = "interrupted"
        error, found = child.error(), child.best() or {}
        complaint = child.complaint()
    if end == "error":
        raise error or InternalError.because("the scenarios cannot be solved", value=complaint)
    done = {
        name: judged(instance, {**plans[name], "recourse": one.recourse}, "recourse re-solved")
        for name, one in found.items()
    }
    return done, end
