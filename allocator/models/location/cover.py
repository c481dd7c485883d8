"""The plain cover: sites so that every customer is within reach of one (row family `cover`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.ordered import Budget
from allocator.engine.program import Floats, Ints, Program
from allocator.engine.session import Session
from allocator.models.location.data import Bools


@dataclass(frozen=True)
class Cover:
    """Sites that cover everyone; None when there are none, or none were found."""

    sites: Ints | None
    bound: float | None
    termination: str


def cover(
    within: Bools, price: Floats, budget: Budget, seed: int = 0, most: int | None = None
) -> Cover:
    """Return sites of least total price that cover everyone.

    Args:
        within: (I, J) whether a site reaches a customer.
        price: (I,) of opening a site.
        budget: Deadline and gap.
        seed: Seed of the solver.
        most: Number of sites at most.
    """
    sites, customers = undominated(within, price)
    program = cover_program(within[np.ix_(sites, customers)], most)
    outcome = Session(program, seed=seed).minimise(
        price[sites], budget.seconds(), budget.work, budget.gap
    )
    chosen = None if outcome.solution is None else sites[outcome.solution > 0.5]
    return Cover(chosen, outcome.bound, outcome.termination)


def cover_program(within: Bools, most: int | None = None) -> Program:
    """State the cover: columns `open` (I,), rows `cover` (J,) and, with a limit, `sites`."""
    program = Program()
    opening = program.add_columns("open", len(within), 1.0, integer=True)
    rows = program.add_rows("cover", within.shape[1], lower=1.0)
    site, customer = np.nonzero(within)
    program.add_entries(rows[customer], opening[site], 1.0)
    if most is not None:
        program.add_entries(program.add_rows("sites", 1, upper=most), opening, 1.0)
    return program


def least_sites(within: Bools) -> int:
    """Return a number of sites no cover is below, by the linear relaxation; I + 1 without cover."""
    if not within.any(axis=0).all():
        return len(within) + 1
    program = cover_program(within)
    session = Session(program)
    session.relax()
    outcome = session.minimise(np.ones(program.column_count), relaxed=True)
    return int(np.ceil((outcome.bound or 0.0) - 1e-6))


def greedy_cover(within: Bools) -> Ints | None:
    """Return sites that cover everyone, the one that covers most of the rest first."""
    waiting, sites = np.ones(within.shape[1], bool), []
    while waiting.any():
        reached = (within & waiting).sum(axis=1)
        best = int(reached.argmax())
        if reached[best] == 0:
            return None
        sites.append(best)
        waiting &= ~within[best]
    return np.array(sites, dtype=np.int64)


def undominated(within: Bools, price: Floats) -> tuple[Ints, Ints]:
    """Return sites and customers that suffice: some least cover of them is one of everybody.

    A site is needless beside one that reaches all it reaches and costs no more; a customer beside
    one that is reached only from where it is reached too (Beasley 1987).
    """
    sites, customers = np.arange(len(within)), np.arange(within.shape[1])
    while True:
        part = within[np.ix_(sites, customers)]
        few = sites[~_dominated(part, price[sites])]
        part = within[np.ix_(few, customers)]
        fewer = customers[~_dominated(~part.T, np.zeros(len(customers)))]
        if len(few) == len(sites) and len(fewer) == len(customers):
            return sites, customers
        sites, customers = few, fewer


def _dominated(reach: Bools, price: Floats) -> Bools:
    """Return whether a row lies within another that costs no more; the first of equals stays."""
    known = reach.astype(np.float32)
    common, size = known @ known.T, known.sum(axis=1)
    inside = (common >= size[:, None]) & (price[:, None] >= price)
    equal = inside & inside.T
    first = np.tri(len(reach), k=-1, dtype=bool)  # row later than column
    beaten: Bools = (inside & (~equal | first) & ~np.eye(len(reach), dtype=bool)).any(axis=1)
    return beaten
