"""Facility location: open sites and serve everyone at least total cost, shares free."""

from __future__ import annotations

from allocator.engine.ordered import Budget
from allocator.models.location.data import Located, Location
from allocator.models.location.program import (
    add_capacity,
    add_enough,
    add_sites,
    minimise,
    service,
)

EXACT = Budget(gap=0.0)


def facility(location: Location, budget: Budget = EXACT, seed: int = 0) -> Located:
    """Open sites and serve all need, from several sites where that helps, at least total cost.

    Args:
        location: cost (I, J), need (J,), capacity (I,) (inf = none: the uncapacitated problem),
            fixed_cost (I,); p, when given, is the number of sites.
        budget: Deadline and gap.
        seed: Seed of the solver.

    Returns:
        The plan; `bound` is proven whatever the end.

    Source: Balinski 1965; the strong rows as in Cornuejols, Sridharan and Thizy 1991.
    """
    made = service(location)
    add_capacity(made, location)
    add_enough(made, location)
    if location.p is not None:
        add_sites(made, location.p)
    return minimise(made, location, budget, seed=seed)
