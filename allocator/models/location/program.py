"""The common program of location: sites are opened, needs are served from open sites.

Row families as on models/location/formulation.md, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.ordered import Budget
from allocator.engine.program import Floats, Ints, Program
from allocator.engine.session import Session
from allocator.models.location.data import Bools, Located, Location


@dataclass(frozen=True)
class Service:
    """The program and where its columns are.

    Attributes:
        program: Columns `open` and `serve`, and the rows.
        open: (I,) columns.
        serve: (pairs,) columns, one a pair of site and customer.
        site: (pairs,) the site of each.
        customer: (pairs,) the customer of each.
    """

    program: Program
    open: Ints
    serve: Ints
    site: Ints
    customer: Ints

    def shares(self, solution: Floats, shape: tuple[int, int]) -> Floats:
        """Return (I, J) shares of a point."""
        share = np.zeros(shape)
        share[self.site, self.customer] = solution[self.serve]
        return share

    def cost(self, location: Location) -> Floats:
        """Return (columns,) the cost of sites and service."""
        cost = np.zeros(self.program.column_count)
        cost[self.open] = location.fixed_cost
        cost[self.serve] = location.service[self.site, self.customer]
        return cost


def service(
    location: Location,
    *,
    pairs: Bools | None = None,
    closed: Bools | None = None,
    kept: Bools | None = None,
    whole: bool = False,
    everyone: bool = True,
) -> Service:
    """State that needs are served from open sites.

    Args:
        location: The data.
        pairs: (I, J) pairs that may be used; all of finite cost without it.
        closed: (I,) sites known to stay closed.
        kept: (I,) sites known to be open.
        whole: Whether a customer is served from one site.
        everyone: Whether all need is served; otherwise at most all.
    """
    able = np.isfinite(location.service) if pairs is None else pairs & np.isfinite(location.service)
    able = able if closed is None else able & ~closed[:, None]
    site, customer = np.nonzero(able)
    program = Program()
    low = np.zeros(location.sites) if kept is None else kept.astype(float)
    high = np.ones(location.sites) if closed is None else 1.0 - closed
    opening = program.add_columns("open", location.sites, high, low, integer=True)
    serving = program.add_columns("serve", len(site), 1.0, integer=whole)
    made = Service(program, opening, serving, site, customer)
    rows = program.add_rows("served", location.customers, 1.0 if everyone else -np.inf, 1.0)
    program.add_entries(rows[customer], serving, 1.0)
    _add_strong(made, None if kept is None else ~kept)
    return made


def _add_strong(made: Service, unsure: Bools | None) -> None:
    """Serve <= open, for every pair: the strong form; needless where a site is open anyhow."""
    counted = np.arange(len(made.site)) if unsure is None else np.flatnonzero(unsure[made.site])
    rows = made.program.add_rows("strong", len(counted), upper=0.0)
    made.program.add_entries(rows, made.serve[counted], 1.0)
    made.program.add_entries(rows, made.open[made.site[counted]], -1.0)


def add_capacity(made: Service, location: Location) -> None:
    """Units served from a site <= its capacity, if open (family `capacity`)."""
    limited = np.flatnonzero(np.isfinite(location.capacity))
    row_of = np.full(location.sites, -1)
    row_of[limited] = made.program.add_rows("capacity", len(limited), upper=0.0)
    made.program.add_known(row_of[made.site], made.serve, location.need[made.customer])
    made.program.add_entries(row_of[limited], made.open[limited], -location.capacity[limited])


def add_enough(made: Service, location: Location) -> None:
    """Open sites can hold all need (family `enough`); implied, and good for cover cuts."""
    if np.isfinite(location.capacity).all():
        row = made.program.add_rows("enough", 1, lower=float(location.need.sum()))
        made.program.add_entries(row, made.open, location.capacity)


def add_sites(made: Service, number: int, exactly: bool = True) -> None:
    """Open p sites, or at most p (family `sites`)."""
    row = made.program.add_rows("sites", 1, number if exactly else -np.inf, number)
    made.program.add_entries(row, made.open, 1.0)


def minimise(made: Service, location: Location, budget: Budget, seed: int = 0) -> Located:
    """Minimise the cost of sites and service."""
    return solve(made, made.cost(location), location, budget, seed)


def solve(
    made: Service, cost: Floats, location: Location, budget: Budget, seed: int = 0
) -> Located:
    """Minimise a cost of the columns."""
    session = Session(made.program, seed=seed)
    outcome = session.minimise(cost, budget.seconds(), budget.work, budget.gap)
    detail = {"columns": float(session.columns), "rows": float(session.rows)}
    if outcome.solution is None:
        return Located(None, None, None, outcome.bound, outcome.termination, detail)
    chosen = outcome.solution[made.open] > 0.5
    share = made.shares(outcome.solution, location.cost.shape)
    return Located(chosen, share, outcome.value, outcome.bound, outcome.termination, detail)


@dataclass(frozen=True)
class Priced:
    """The linear relaxation: its bound, its point, and what a column costs beyond its price.

    Attributes:
        bound: No plan is below it.
        point: (columns,) of the relaxation.
        extra: (columns,) reduced costs: a plan with the column off its bound by 1 costs at least
            the bound and this.
        feasible: Whether there is any point.
    """

    bound: float
    point: Floats
    extra: Floats
    feasible: bool = True


def relax(made: Service, location: Location, budget: Budget) -> Priced:
    """Solve the linear relaxation; cut short its bound is still true."""
    session, cost = Session(made.program), made.cost(location)
    session.relax()
    outcome = session.minimise(cost, budget.seconds(), budget.work, relaxed=True)
    nothing = np.zeros(len(cost))
    if outcome.termination == "infeasible":
        return Priced(np.inf, nothing, nothing, feasible=False)
    if outcome.solution is None or outcome.duals is None or outcome.bound is None:
        return Priced(-np.inf, nothing, nothing)
    extra = cost - made.program.matrix().T @ outcome.duals
    return Priced(outcome.bound, outcome.solution, extra)
