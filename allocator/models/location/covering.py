"""Covering within a radius: the cheapest sites that reach everyone, the p sites that reach most."""

from __future__ import annotations

import numpy as np

from allocator.engine.ordered import Budget
from allocator.engine.program import Floats
from allocator.models.location.cover import cover
from allocator.models.location.data import Located, Location, nearest, opened
from allocator.models.location.program import Service, add_capacity, add_sites, service, solve

EXACT = Budget(gap=0.0)


def set_covering(
    location: Location, radius: float, budget: Budget = EXACT, seed: int = 0, whole: bool = False
) -> Located:
    """Open sites of least cost so that everyone is served within a radius.

    Args:
        location: cost (I, J) is the distance or the minutes, as given; fixed_cost (I,), or 1 a
            site where it is 0 everywhere; with a finite capacity the need served must fit.
        radius: Greatest distance at which a site serves.
        budget: Deadline and gap.
        seed: Seed of the solver.
        whole: With capacity, whether a customer is served from one site.

    Returns:
        The plan; `value` is the cost of the sites.

    Source: Toregas, Swain, ReVelle and Bergman 1971; Current and Storbeck 1988 (capacity).
    """
    within = location.cost <= radius
    price = location.fixed_cost if location.fixed_cost.any() else np.ones(location.sites)
    if np.isfinite(location.capacity).any():
        made = service(location, pairs=within, whole=whole)
        add_capacity(made, location)
        return solve(made, _columns(made, price, 0.0), location, budget, seed=seed)
    found = cover(within, price, budget, seed)
    if found.sites is None:
        return Located(None, None, None, found.bound, found.termination)
    chosen = opened(location, found.sites)
    share = nearest(location, chosen, within)
    value = float(price[chosen].sum())
    return Located(chosen, share, value, found.bound, found.termination)


def maximal_covering(
    location: Location, radius: float, budget: Budget = EXACT, seed: int = 0, whole: bool = False
) -> Located:
    """Open at most p sites so that the need served within a radius is greatest.

    Args:
        location: cost (I, J) is the distance or the minutes, as given; need (J,) is what counts,
            such as people; p; with a finite capacity the need served must fit.
        radius: Greatest distance at which a site serves.
        budget: Deadline and gap.
        seed: Seed of the solver.
        whole: With capacity, whether a customer is served from one site or not at all.

    Returns:
        The plan; `value` is the need served, `bound` is not below any.

    Source: Church and ReVelle 1974; Current and Storbeck 1988 (capacity).
    """
    number, within = location.needed_sites(), location.cost <= radius
    limited = bool(np.isfinite(location.capacity).any())
    made = service(location, pairs=within, whole=whole and limited, everyone=False)
    add_sites(made, number, exactly=False)
    if limited:
        add_capacity(made, location)
    cost = _columns(made, np.zeros(location.sites), -location.need[made.customer])
    found = solve(made, cost, location, budget, seed=seed)
    share = found.share
    if share is not None and found.open is not None and not limited:
        share = nearest(location, found.open, within)
    value = None if found.value is None else -found.value
    bound = None if found.bound is None else min(-found.bound, float(location.need.sum()))
    return Located(found.open, share, value, bound, found.termination, found.detail)


def _columns(made: Service, sites: Floats, pairs: Floats | float) -> Floats:
    cost = np.zeros(made.program.column_count)
    cost[made.open] = sites
    cost[made.serve] = pairs
    return cost
