"""A goal by its relaxation: whom it makes whole is kept, the others are decided exactly.

Relax and fix; a roster is a transport program at heart, so that few workers are split by a corner
of the relaxation, and a bound as strong as that of branch and cut costs one linear program.
"""

from __future__ import annotations

import time

import numpy as np

from allocator.engine.neighbourhood import Bools, Whole
from allocator.engine.ordered import Budget
from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats, Ints
from allocator.engine.session import Session
from allocator.models.staff.steps import next_value, room_of, step_of

SPLIT = 1e-6  # a column as far from a whole number is split
SHARE = 0.5  # of the seconds left, for the others
MOST = 0.5  # of the columns: more are as hard as all


def by_relaxation(
    session: Session,
    whole: Whole,
    owner: Ints,
    budget: Budget,
    seconds: float | None,
    constant: float = 0.0,
    seed: int = 0,
) -> Outcome | None:
    """Return a point with the bound of the relaxation; None where there is no point in time.

    Args:
        session: The program inside HiGHS, earlier goals held.
        whole: The same with its goal and the earlier goals.
        owner: Worker of every column, -1 for those nobody owns.
        budget: What the solves may spend; `completed` means within its gap.
        seconds: What they may take in all.
        constant: Of the goal.
        seed: Seed of the solver.
    """
    began = time.monotonic()
    session.relax()
    relaxed = session.minimise(whole.cost, seconds, budget.work, relaxed=True)
    session.relax(False)
    if relaxed.termination != "completed" or relaxed.solution is None or relaxed.bound is None:
        return None
    bound = next_value(relaxed.bound, step_of(whole.cost, whole.integer))
    left = None if seconds is None else SHARE * (seconds - (time.monotonic() - began))
    point = _decided(whole, relaxed.solution, owner, budget, left, seed)
    if point is None:
        return None
    value = float(whole.cost @ point)
    near = value - bound <= room_of(value, budget.gap, constant)
    limit = "time_limit" if budget.work is None else "work_limit"
    took = time.monotonic() - began
    method = "relaxation, then branch and cut"
    return Outcome("completed" if near else limit, point, None, value, bound, method, took)


def _decided(
    whole: Whole, relaxed: Floats, owner: Ints, budget: Budget, seconds: float | None, seed: int
) -> Floats | None:
    """Return the best point that keeps what the relaxation says of whole workers."""
    free = split_by(whole, relaxed, owner)
    point = np.where(free | ~whole.integer, relaxed, np.round(relaxed))
    program, cost = whole.part(point, free)
    outcome = Session(program, seed).minimise(cost, seconds, budget.work, budget.gap)
    if outcome.solution is None:
        return None
    point[free] = outcome.solution
    point = np.where(whole.integer, np.round(point), point)
    return point if whole.keeps(point) else None


def split_by(whole: Whole, relaxed: Floats, owner: Ints) -> Bools:
    """Return the columns nobody owns, and those of workers of whom some column is split.

    Where these are most of all (groups, as a rule), of such workers only what is split.
    """
    off = whole.integer & (np.abs(relaxed - np.round(relaxed)) > SPLIT)
    alone = off | (owner < 0)
    free = alone | np.isin(owner, owner[off & (owner >= 0)])
    return np.asarray(alone if free.mean() > MOST else free)
