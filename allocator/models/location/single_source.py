"""Capacitated location where every customer has one site, set of sites by set of sites.

With the sites decided by branch and cut and shares free, the optimum is a bound, and little below
the optimum with whole assignments. So: find the best set of sites with free shares; settle the
whole assignments to sites of this set; forbid the set; go on until no set is left whose bound is
below the best plan. Kin: the cut-and-solve of Yang, Chu and Chen 2012.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from allocator.engine.ordered import Budget
from allocator.engine.program import Floats, Ints
from allocator.models.location.assignment import assign
from allocator.models.location.data import ROUNDING, Bools, Located, Location, finite, opened
from allocator.models.location.program import (
    Priced,
    Service,
    add_capacity,
    add_enough,
    add_sites,
    minimise,
    relax,
    service,
)

EXACT = Budget(gap=0.0)
WIDTHS = (0.002, 0.01, np.inf)  # of the bound: how much dearer a pair may be, narrow first
NEAR = 1e-4  # of a step: whole values this near are equal
FREE_GAP = 1e-4  # at which the search for a set of sites stops
SHARE = 1 / 3  # of the time left that one set of sites may take


@dataclass
class Search:
    """The best plan so far and what is proven of the rest.

    Attributes:
        location: The data.
        budget: Deadline and gap.
        seed: Seed of the solver.
        value: Cost of the best plan.
        site: (J,) its assignment.
        open: (I,) its open sites.
        settled: Sets of sites whose best assignment was looked for.
        floors: No plan within such a set is both below its floor and better than the best plan.
        rest: No plan of another set is below it.
    """

    location: Location
    budget: Budget
    seed: int
    value: float = np.inf
    site: Ints | None = None
    open: Bools | None = None
    settled: list[Bools] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    rest: float = -np.inf

    def offer(self, site: Ints | None, chosen: Bools) -> None:
        """Keep (J,) an assignment to sites of a set if it is better.

        With p every site of the set is opened, else only those used.
        """
        if site is None:
            return
        used = opened(self.location, site) if self.location.p is None else chosen
        service = self.location.service[site, np.arange(len(site))].sum()
        value = float(self.location.fixed_cost[used].sum() + service)
        if value < self.value:
            self.value, self.site, self.open = value, site, used

    def limit(self) -> float:
        """Return the value a plan must not exceed to be worth finding."""
        step = self.location.step * (1 - NEAR)
        if self.site is None:
            return np.inf
        return self.value - max(step, self.budget.gap * self.value, ROUNDING)

    def worthless(self, bound: float) -> bool:
        """Return whether plans not below a bound need not be looked for."""
        return bound >= self.limit() - ROUNDING

    def try_set(self, chosen: Bools, share: Floats) -> None:
        """Assign everyone to the sites of a set by tabu search from (I, J) free shares."""
        sites = np.flatnonzero(chosen)
        cost = finite(self.location.service[sites])
        room = np.minimum(self.location.capacity[sites], self.location.need.sum())
        start = share[sites].argmax(axis=0)
        found = assign(cost, self.location.need, room, start, self.seed, self.budget.spent)
        self.offer(None if found is None else sites[found], chosen)

    def unsure(self) -> int | None:
        """Return the number of the set of lowest floor, where it may hide a better plan."""
        least = min(self.floors, default=np.inf)
        return None if self.worthless(least) else self.floors.index(least)

    def share_of_time(self, again: bool) -> Budget:
        """Return the budget of one set of sites: a part of the time left, or all of it."""
        left = self.budget.seconds()
        if left is None or again:
            return self.budget
        return replace(self.budget, deadline=time.monotonic() + SHARE * left)

    def result(self) -> Located:
        """Return the plan with what is proven: of the sets settled, and of all others."""
        detail = {"sets": float(len(self.settled))}
        least = min([self.rest, *self.floors])
        cut = "work_limit" if self.budget.deadline is None else "time_limit"
        kind = "completed" if self.worthless(least) else cut
        if self.site is None:
            kind = "infeasible" if kind == "completed" else kind
            return Located(None, None, None, None, kind, detail)
        share = np.zeros(self.location.cost.shape)
        share[self.site, np.arange(len(self.site))] = 1.0
        least = min(self.value, self.location.rounded(least))
        return Located(self.open, share, self.value, least, kind, detail)


def single_source(location: Location, budget: Budget = EXACT, seed: int = 0) -> Located:
    """Open sites and give every customer one of them, within capacity, at least total cost.

    Args:
        location: cost (I, J), need, capacity, fixed_cost; p, when given, is the number of sites.
        budget: Deadline, and the relative gap at which to stop (0 without it).
        seed: Seed of the solver.

    Returns:
        The plan; `bound` is proven whatever the end.
    """
    search = Search(location, budget, seed)
    while not budget.spent():
        chosen = _next_set(search)
        if chosen is not None:
            _add(search, chosen)
        elif not _look_again(search):
            break
    return search.result()


def _add(search: Search, chosen: Bools) -> None:
    floor = _settle(search, chosen, search.share_of_time(again=False))
    search.settled.append(chosen)
    search.floors.append(floor)


def _look_again(search: Search) -> bool:
    """Give the set of lowest floor all the time left; return whether that helped."""
    number = search.unsure()
    if number is None or not search.worthless(search.rest):
        return False
    before = search.floors[number]
    floor = _settle(search, search.settled[number], search.share_of_time(again=True))
    search.floors[number] = max(before, floor)
    return floor > before


def free_shares(search: Search, **fixed: Any) -> Service:
    """State the problem with free shares, the settled sets forbidden (family `other_set`)."""
    made = service(search.location, **fixed)
    _limit(made, search.location)
    rows = made.program.add_rows("other_set", len(search.settled), lower=1.0)
    for row, chosen in zip(rows, search.settled, strict=True):
        made.program.add_entries(row, made.open[~chosen], 1.0)
    return made


def _limit(made: Service, location: Location) -> None:
    add_capacity(made, location)
    add_enough(made, location)
    if location.p is not None:
        add_sites(made, location.p)


def _next_set(search: Search) -> Bools | None:
    """Return the set of least cost with free shares among those not settled; raise `rest` to it.

    None when no other set can be better, or none was found.
    """
    location, limit = search.location, search.limit()
    if search.worthless(search.rest):
        return None
    wide = free_shares(search)
    priced = relax(wide, location, search.budget)
    search.rest = max(search.rest, priced.bound)
    if search.worthless(search.rest):
        return None
    core = free_shares(search, **_left(wide, priced, limit, location))
    gap = min(FREE_GAP, search.budget.gap or FREE_GAP)
    found = minimise(core, location, replace(search.budget, gap=gap), seed=search.seed)
    inside = limit if found.termination == "infeasible" else found.bound or 0.0
    search.rest = max(search.rest, min(limit, inside))
    return None if found.open is None else _with_free_sites(location, found.open)


def _left(made: Service, priced: Priced, limit: float, location: Location) -> dict[str, Any]:
    """Return what a plan of whole assignments below the limit can use; it uses pairs fully."""
    undecided = made.program.lower < made.program.upper
    dear = undecided & (priced.bound + np.abs(priced.extra) > limit)
    above, below = dear & (priced.extra > 0), dear & (priced.extra < 0)
    pairs = np.zeros(location.cost.shape, bool)
    pairs[made.site, made.customer] = ~above[made.serve]
    return {"pairs": pairs, "closed": above[made.open], "kept": below[made.open]}


def _with_free_sites(location: Location, chosen: Bools) -> Bools:
    """Add sites that cost nothing: a set that holds them leaves fewer sets to look at."""
    return chosen if location.p is not None else chosen | (location.fixed_cost == 0)


def _settle(search: Search, chosen: Bools, budget: Budget) -> float:
    """Look for the best whole assignment to sites of a set, among cheap pairs first.

    Return a value below which the set has no plan better than the best.
    """
    location = search.location
    floor = -np.inf
    wide = service(location, closed=~chosen, whole=True)
    _limit(wide, location)
    priced = relax(wide, location, budget)
    if priced.feasible:
        search.try_set(chosen, wide.shares(priced.point, location.cost.shape))
    for width in WIDTHS:
        limit = min(_wider(priced.bound, width), search.limit())
        if search.worthless(priced.bound) or not priced.feasible:
            return max(floor, limit)
        made = service(location, whole=True, **_within(chosen, wide, priced, limit, location))
        _limit(made, location)
        found = minimise(made, location, budget, seed=search.seed)
        if found.share is not None:
            search.offer(found.share.argmax(axis=0), chosen)
        inside = limit if found.termination == "infeasible" else found.bound or -np.inf
        floor = max(floor, priced.bound, min(inside, limit))
        over = found.termination not in ("completed", "infeasible")
        if over or search.value <= limit or limit >= search.limit():
            break
    return floor


def _wider(bound: float, width: float) -> float:
    return bound * (1.0 + width) if np.isfinite(width) else np.inf


def _within(
    chosen: Bools, made: Service, priced: Priced, limit: float, location: Location
) -> dict[str, Any]:
    left = _left(made, priced, limit, location)
    return left | {"closed": left["closed"] | ~chosen}
