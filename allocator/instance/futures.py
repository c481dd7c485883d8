"""The case of pre-positioning as arrays: what is decided before, and every scenario that may come.

`reserve_case` is the one way in; overlays and bulk tables of scenarios end up in the same arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from allocator.instance.futures_lanes import lanes_and_states
from allocator.instance.futures_needs import scenario_needs
from allocator.instance.futures_overlays import refuse_overlays
from allocator.instance.futures_prices import prices_of
from allocator.instance.futures_sites import site_states
from allocator.instance.futures_tables import variants_of
from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.policy import Policy
from allocator.instance.reserve import Reserve, items_of, needy_of, sites_of, sizes_of
from allocator.instance.reserve_rows import agreements_of, pins_of, stock_of


@dataclass(frozen=True)
class Futures:
    """Scenarios (S) as arrays over sites I, sizes N, items K, communities J, lanes L, agreements A.

    Attributes:
        ids: (S,) scenario ids; one blank id when the instance has no scenarios.
        probability: (S,) adds up to 1.
        need: (S, J, K) units, summed over the periods (reusable items: the largest period).
        rate: (S, J, K) people without their whole need for each unit short; 0 without need. The
            people are those of the period with most.
        survival: (S, I, K) share of the stock that survives and can be reached.
        throughput_m3: (S, N) m3 that can leave a site of this size; inf = no limit.
        lane_factor: (S, L) times the cost of the lane.
        lane_closed: (S, L) no lane in the scenario: closed, or longer than the time standard.
        available: (S, A) share of an agreement that can be delivered.
        delays: (D,) the different delays of the agreements above 0, rising.
        need_after: (S, J, K, D) the part of `need` in periods after the delay.
        shortage_cost: (S, K) money for a unit short.
        surplus_cost: (S, K) money for a unit left over.
        price: (S, A) money for a unit of an agreement that is called.
    """

    ids: np.ndarray
    probability: Floats
    need: Floats
    rate: Floats
    survival: Floats
    throughput_m3: Floats
    lane_factor: Floats
    lane_closed: Bools
    available: Floats
    delays: Ints
    need_after: Floats
    shortage_cost: Floats
    surplus_cost: Floats
    price: Floats

    def __len__(self) -> int:
        return len(self.ids)

    def open(self, scenario: int) -> Bools:
        """Return which lanes (L,) there are in a scenario."""
        return np.asarray(~self.lane_closed[scenario])

    def take(self, rows: Ints | Sequence[int], probability: Floats | None = None) -> Futures:
        """Return some of the scenarios; their probabilities are scaled to add up to 1."""
        at = np.asarray(rows, dtype=np.int64)
        given = self.probability[at] if probability is None else probability
        rest = {name: getattr(self, name)[at] for name in _BY_SCENARIO}
        return replace(self, **rest, probability=given / given.sum())


CRITICAL, REMAINING = "critical", "remaining"
_BY_SCENARIO = (
    "ids",
    "need",
    "rate",
    "survival",
    "throughput_m3",
    "lane_factor",
    "lane_closed",
    "available",
    "need_after",
    "shortage_cost",
    "surplus_cost",
    "price",
)


@dataclass(frozen=True)
class ReserveCase:
    """All arrays of pre-positioning.

    Attributes:
        instance: Where they come from.
        reserve: The first stage.
        futures: The scenarios.
        base: (J, K) reference need: that of `needs` over the periods, or the mean over the
            scenarios where `needs` is empty.
        days: Length of the periods in days.
        unpriced: (K,) items below tier 1 that are needed and cost nothing when short, in any
            scenario: their shortage is no part of the cost but the goal `remaining`.
    """

    instance: Instance
    reserve: Reserve
    futures: Futures
    base: Floats
    days: float
    unpriced: Bools

    @property
    def policy(self) -> Policy:
        """The planner's choices."""
        return self.instance.policy

    @property
    def goals(self) -> tuple[str, ...]:
        """The goals in order; `remaining` is one for each tier with unpriced items."""
        tiers = np.unique(self.reserve.items.tier[self.unpriced]).tolist()
        found: list[str] = []
        for name in self.policy.reserve_goals:
            found += [f"{REMAINING}.{tier}" for tier in tiers] if name == REMAINING else [name]
        return tuple(found)

    @property
    def people_goals(self) -> tuple[str, ...]:
        """The goals that count people: critical, asked for or not, and those remaining."""
        return (CRITICAL, *(goal for goal in self.goals if goal.startswith(REMAINING)))

    def counted(self, goal: str) -> Bools:
        """Return the items (K,) whose shortage a goal counts in people."""
        tier = self.reserve.items.tier
        if goal == CRITICAL:
            return np.asarray(tier == 1)
        name, _, number = goal.partition(".")
        return np.asarray(self.unpriced & (tier == (int(number) if name == REMAINING else 0)))

    def with_scenarios(
        self, rows: Ints | Sequence[int], probability: Floats | None = None
    ) -> ReserveCase:
        """Return the case with some of its scenarios only."""
        return replace(self, futures=self.futures.take(rows, probability))


def reserve_case(instance: Instance) -> ReserveCase:
    """Turn a valid instance into the arrays of pre-positioning.

    Raises:
        InstanceError: An overlay changes the costs of a link in a way that is no factor (E1329), or
            what is decided before a scenario is known (E1331).
    """
    refuse_overlays(instance)
    sites, items = sites_of(instance), items_of(instance)
    communities = needy_of(instance, sites)
    variants = variants_of(instance)
    sizes, agreements = sizes_of(instance, sites), agreements_of(instance, sites, items)
    delays = np.unique(agreements.delay[agreements.delay > 0])
    lanes, lane_states = lanes_and_states(variants, sites, communities)
    reserve = Reserve(
        sites=sites,
        sizes=sizes,
        items=items,
        communities=communities,
        lanes=lanes,
        agreements=agreements,
        stock=stock_of(instance, sites, items),
        pins=pins_of(instance, sites, items),
    )
    base, needs = scenario_needs(variants, reserve, delays)
    states, prices = site_states(variants, reserve), prices_of(variants, reserve)
    futures = Futures(
        ids=variants.ids,
        probability=variants.probability,
        need=needs.need,
        rate=needs.rate,
        survival=states.survival,
        throughput_m3=states.throughput_m3,
        lane_factor=lane_states.factor,
        lane_closed=lane_states.closed,
        available=states.available,
        delays=delays,
        need_after=needs.after,
        shortage_cost=prices.shortage,
        surplus_cost=prices.surplus,
        price=prices.called,
    )
    if not len(instance["needs"]):
        base = np.tensordot(futures.probability, futures.need, axes=1)
    days = float(instance["periods"]["minutes"].sum()) / 1440.0
    needed = (futures.need > 0).any(axis=(0, 1))
    unpriced = (items.tier > 1) & needed & (futures.shortage_cost <= 0).all(axis=0)
    return ReserveCase(instance, reserve, futures, base, days, unpriced)
