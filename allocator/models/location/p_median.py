"""p-median: open p sites so that the cost of serving everyone from the nearest one is least.

A Lagrangian bound leaves few sites and pairs that could belong to a better plan than the best one
known; branch and cut settles those.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from allocator.engine.ordered import Budget
from allocator.engine.program import Floats, Ints
from allocator.models.location.data import (
    Located,
    Location,
    finite,
    nearest,
    opened,
    value_of,
)
from allocator.models.location.interchange import interchange, spread
from allocator.models.location.program import add_sites, minimise, service
from allocator.models.location.subgradient import Raised, raise_bound

EXACT = Budget(gap=0.0)
ROUNDS = 1500
EVERY = 25  # rounds of the bound between two searches by interchange
ROUNDING = 1e-4  # of a step: whole values this near are equal


@dataclass
class Best:
    """The best set of sites so far."""

    cost: Floats
    sites: Ints
    value: float

    def offer(self, sites: Ints) -> None:
        """Improve a set by interchange and keep it if it is better."""
        found = interchange(self.cost, sites) if len(sites) < len(self.cost) else sites
        value = float(self.cost[found].min(axis=0).sum())
        if value < self.value:
            self.sites, self.value = found, value


def p_median(location: Location, budget: Budget = EXACT, seed: int = 0) -> Located:
    """Open exactly p sites and serve every customer from the nearest; least total service cost.

    Args:
        location: cost (I, J), p; need counts with `per_unit`; capacity and fixed cost do not.
        budget: Deadline and gap; the gap is 0 without it.
        seed: Seed of the solver.

    Returns:
        The plan; `bound` is proven whatever the end.

    Source: Cornuejols, Fisher and Nemhauser 1977 (relaxation of `served`); Beasley 1993 (fixing).
    """
    plain = _plain(location)
    number, cost = plain.needed_sites(), finite(plain.service)
    best = Best(cost, np.arange(0), np.inf)
    best.offer(spread(cost, number))
    step = max(plain.step * (1 - ROUNDING), budget.gap * best.value, ROUNDING)
    raised = _raise(cost, number, best, step, budget)
    if raised.bound > best.value - step:
        return _settled(plain, best, raised.bound, "completed", _told(raised))
    if budget.spent():
        return _settled(plain, best, raised.bound, "time_limit", _told(raised))
    return _core(plain, best, raised, step, budget, seed)


def _plain(location: Location) -> Location:
    free, endless = np.zeros(location.sites), np.full(location.sites, np.inf)
    return replace(location, fixed_cost=free, capacity=endless)


def _raise(cost: Floats, number: int, best: Best, step: float, budget: Budget) -> Raised[Floats]:
    """Relax `served` with prices; the state is what each open site would save, (I,) <= 0.

    With prices on being served, a site serves whom it can serve below the price, and the p sites
    that save most are opened.
    """
    heard = 0

    def dual(prices: Floats) -> tuple[float, Floats, Floats]:
        below = np.minimum(cost - prices, 0.0)
        saved = below.sum(axis=1)
        sites = np.argpartition(saved, number - 1)[:number]
        slope = 1.0 - (below[sites] < 0).sum(axis=0)
        return float(prices.sum() + saved[sites].sum()), slope, saved

    def hear(bound: float, saved: Floats) -> None:
        nonlocal heard
        heard += 1
        if heard % EVERY == 1:
            best.offer(np.argpartition(saved, number - 1)[:number])

    prices = cost[best.sites].min(axis=0)
    return raise_bound(dual, prices, lambda: best.value, ROUNDS, hear, step, stop=budget.spent)


def _core(
    plain: Location, best: Best, raised: Raised[Floats], step: float, budget: Budget, seed: int
) -> Located:
    """Settle by branch and cut what a plan better than the best one could still use.

    A site or pair is left out when the bound with it is not below the best value less a step; a
    site is kept open when the bound without it is not.
    """
    number, saved = plain.needed_sites(), raised.state
    order = np.argsort(saved, kind="stable")
    chosen = opened(plain, order[:number])
    last, following = saved[order[number - 1]], saved[order[min(number, len(order) - 1)]]
    limit = best.value - step
    with_it = raised.bound + np.where(chosen, 0.0, saved - last)
    without = raised.bound + np.where(chosen, following - saved, 0.0)
    closed = with_it > limit
    kept = chosen & (without > limit) & (len(order) > number)
    pairs = with_it[:, None] + np.maximum(plain.service - raised.prices, 0.0) <= limit
    made = service(plain, pairs=pairs, closed=closed, kept=kept)
    add_sites(made, number)
    found = minimise(made, plain, budget, seed=seed)
    if found.open is not None and found.value is not None and found.value < best.value:
        best.sites, best.value = np.flatnonzero(found.open), found.value
    inside = limit if found.termination == "infeasible" else found.bound or -np.inf
    bound = max(raised.bound, min(inside, limit))
    detail = dict(found.detail) | {"unsure": float((~closed & ~kept).sum())}
    ended = "completed" if found.termination == "infeasible" else found.termination
    return _settled(plain, best, bound, ended, detail | _told(raised))


def _told(raised: Raised[Floats]) -> dict[str, float]:
    return {"rounds": float(raised.rounds), "lagrangian": raised.bound}


def _settled(
    plain: Location, best: Best, bound: float, termination: str, detail: dict[str, float]
) -> Located:
    chosen = opened(plain, best.sites)
    share = nearest(plain, chosen)
    if not share.any(axis=0).all():
        kind = "infeasible" if termination == "completed" else termination
        return Located(None, None, None, None, kind, detail)
    value = value_of(plain, chosen, share)
    return Located(chosen, share, value, min(value, plain.rounded(bound)), termination, detail)
