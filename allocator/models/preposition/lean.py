"""No more is held than some scenario takes: the least stock and agreements (section 4)."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats
from allocator.engine.session import Session
from allocator.models.preposition.evaluation import Evaluation, measured
from allocator.models.preposition.model import PrepositionModel

NEAR = 1e-7  # of a pack: what a solver would let pass


def lean(model: PrepositionModel, found: Evaluation) -> Evaluation:
    """Return the plan with its sites and recourse, and as little held as these let it be.

    A linear program over the first stage, so that days, cover and pins are kept; packs are rounded
    up, to no more than there is now.
    """
    program, now = model.first.program, found.first
    held = np.r_[model.first.stock, model.first.agree]
    share, taken = _taken(model, found)
    least, most = program.lower.copy(), program.upper.copy()
    least[program.integer] = most[program.integer] = now[program.integer]
    wanted = np.divide(taken, share, out=np.zeros(taken.shape), where=share > 0).max(axis=0)
    least[held], most[held] = np.minimum(wanted, now[held]), now[held]
    cost = np.zeros(len(now))
    cost[held] = 1.0 / np.maximum(1.0, program.upper[held])
    session = Session(program)
    session.relax()
    session.set_bounds(np.arange(len(now)), least, most)
    lowest = session.minimise(cost, relaxed=True).solution
    if lowest is None:
        return found
    whole = np.where(program.integer, np.ceil(lowest - NEAR), lowest)
    first = now.copy()
    first[held] = np.clip(whole[held], least[held], most[held])
    left = np.maximum(0.0, share * first[held] - taken)[:, : len(model.first.stock)]
    return measured(model, first, _with_surplus(model, found, left))


def _taken(model: PrepositionModel, found: Evaluation) -> tuple[Floats, Floats]:
    """Return of stock and agreements what is there and what is taken, scenarios x columns.

    There in units for each unit of the column, taken in units.
    """
    first, futures = model.first, model.case.futures
    stock = futures.survival[:, first.site, first.item] * first.pack
    share = np.concatenate([stock, futures.available * first.lot], axis=1)
    taken, stocked = np.zeros(share.shape), len(first.stock)
    site = model.case.reserve.lanes.site
    for number, point in enumerate(found.recourse):
        columns = model.scenario(number).columns
        deliver, short, *_ = columns.starts()
        lane, item = columns.ship
        np.add.at(taken[number], first.stock_at[site[lane], item], point[:deliver])
        np.add.at(taken[number], stocked + columns.deliver[0], point[deliver:short])
    return share, taken


def _with_surplus(model: PrepositionModel, found: Evaluation, left: Floats) -> list[Floats]:
    """Return the recourse with what is left over, scenarios x stocked pairs, in units."""
    recourse = []
    for number, point in enumerate(found.recourse):
        _, _, surplus, late = model.scenario(number).columns.starts()
        recourse.append(np.r_[point[:surplus], left[number], point[late:]])
    return recourse
