"""The data of a location problem as arrays, and what solving it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from allocator.engine.program import Floats, Ints

ROUNDING = 1e-6
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Location:
    """Sites i that may be opened for customers j.

    Attributes:
        cost: (I, J) cost, minutes or distance from i to j: of the whole need of j, or with
            `per_unit` of one unit of it.
        need: (J,) need of a customer in units; also what a covered customer counts for.
        capacity: (I,) units a site can give; inf = no limit.
        fixed_cost: (I,) cost of opening a site.
        p: Number of sites to open, for the forms that have one.
        per_unit: Whether `cost` is that of one unit.
    """

    cost: Floats
    need: Floats
    capacity: Floats
    fixed_cost: Floats
    p: int | None = None
    per_unit: bool = False

    def __post_init__(self) -> None:
        """Refuse shapes and figures that make no sense.

        Raises:
            ValueError: Shapes differ, a figure is negative or not a number, or p is out of range.
        """
        sites, customers = self.cost.shape
        shapes = (self.need.shape, self.capacity.shape, self.fixed_cost.shape)
        if shapes != ((customers,), (sites,), (sites,)):
            raise ValueError(f"need, capacity, fixed_cost {shapes} do not fit {self.cost.shape}")
        for name in ("cost", "need", "capacity", "fixed_cost"):
            if not (getattr(self, name) >= 0).all():
                raise ValueError(f"{name} must be numbers of 0 or more")
        if self.p is not None and not 1 <= self.p <= sites:
            raise ValueError(f"p must be 1 to {sites}, not {self.p}")

    @classmethod
    def of(
        cls,
        cost: ArrayLike,
        *,
        need: ArrayLike = 1.0,
        capacity: ArrayLike = np.inf,
        fixed_cost: ArrayLike = 0.0,
        p: int | None = None,
        per_unit: bool = False,
    ) -> Location:
        """Return a location problem; a single figure stands for every site or customer."""
        matrix = np.asarray(cost, float)
        sites, customers = matrix.shape
        return cls(
            matrix,
            np.broadcast_to(np.asarray(need, float), (customers,)),
            np.broadcast_to(np.asarray(capacity, float), (sites,)),
            np.broadcast_to(np.asarray(fixed_cost, float), (sites,)),
            p,
            per_unit,
        )

    @property
    def sites(self) -> int:
        """Number of sites."""
        return len(self.cost)

    @property
    def customers(self) -> int:
        """Number of customers."""
        return len(self.need)

    @property
    def service(self) -> Floats:
        """(I, J) cost of serving the whole need of j from i."""
        if not self.per_unit:
            return self.cost
        able = np.isfinite(self.cost)
        return np.where(able, np.where(able, self.cost, 0.0) * self.need, np.inf)

    @property
    def step(self) -> float:
        """Values of plans with whole assignments are multiples of this; 0 when nothing is known."""
        whole = all((part == np.round(part)).all() for part in (self.service, self.fixed_cost))
        return 1.0 if whole else 0.0

    def rounded(self, bound: float) -> float:
        """Return the least value of a plan with whole assignments that is not below a bound."""
        return float(np.ceil(bound - ROUNDING)) if self.step else bound

    def needed_sites(self) -> int:
        """Return p.

        Raises:
            ValueError: It is absent.
        """
        if self.p is None:
            raise ValueError("this form needs p, the number of sites to open")
        return self.p


@dataclass(frozen=True)
class Located:
    """Which sites to open and who is served from where.

    Attributes:
        open: (I,) sites to open; None when no plan was found.
        share: (I, J) share of the need of j served from i.
        value: What the form minimises or maximises.
        bound: No plan is better; true however the search ended.
        termination: completed | time_limit | work_limit | infeasible | error.
        detail: Figures of the search.
    """

    open: Bools | None
    share: Floats | None
    value: float | None
    bound: float | None
    termination: str
    detail: Mapping[str, float] = field(default_factory=dict)

    @property
    def gap(self) -> float | None:
        """Distance of value and bound as a share of the value; absolute at value 0."""
        if self.value is None or self.bound is None:
            return None
        return abs(self.value - self.bound) / (abs(self.value) or 1.0)


def opened(location: Location, sites: Ints) -> Bools:
    """Return (I,) whether each site is among those opened."""
    chosen = np.zeros(location.sites, bool)
    chosen[sites] = True
    return chosen


def nearest(location: Location, chosen: Bools, within: Bools | None = None) -> Floats:
    """Return (I, J) shares that serve every customer from the open site of least cost.

    Customers whom no open site can serve (within reach, where that is given) have none.
    """
    able = chosen[:, None] if within is None else chosen[:, None] & within
    cost = np.where(able, location.cost, np.inf)
    share = np.zeros(cost.shape)
    share[cost.argmin(axis=0), np.arange(location.customers)] = 1.0
    share[:, ~np.isfinite(cost.min(axis=0))] = 0.0
    return share


def value_of(location: Location, chosen: Bools, share: Floats) -> float:
    """Return the cost of a plan: fixed costs and service."""
    paid = np.where(share > 0, location.service, 0.0)  # inf stands where nothing goes
    return float(location.fixed_cost[chosen].sum() + (paid * share).sum())


def finite(cost: Floats) -> Floats:
    """Return the cost with a large figure where there is no lane."""
    able = np.isfinite(cost)
    return cost if able.all() else np.where(able, cost, 10.0 * cost[able].sum(initial=1.0))
