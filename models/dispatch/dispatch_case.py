"""Section 3 of formulation.md: the instance looked up by key, and every variable of the model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import dispatch_terms as terms
import pandas as pd
import pulp
from dispatch_lanes import lanes_of
from dispatch_terms import KEEPS, Batch, Lane

from allocator.instance import Instance

Sum = pulp.lpSum
# Place, tier, first period of the window, N, A, and the expression of the person-days short.
Share = tuple[str, int, int, float, float, Any]


class Case:
    """The instance in the words of sections 1 and 2, looked up by place, item, batch and period."""

    def __init__(self, instance: Instance, start: pd.DataFrame | None = None) -> None:
        """Read the instance; `start` holds the shipments of a start plan."""
        self.instance, self.policy = instance, instance.policy
        self.minutes = terms.minutes_of(instance)
        self.T = len(self.minutes)
        self.periods = range(1, self.T + 1)
        self.days = {t: minutes / 1440 for t, minutes in self.minutes.items()}
        self.places = terms.places_of(instance)
        self.items = terms.items_of(instance)
        self.lanes = lanes_of(instance, self.places)
        self.access = terms.access_classes(instance)
        self.gate_share = terms.gate_shares(instance)
        self.vehicles = terms.rows(instance, "vehicles")
        self.fleet_binds = self.policy.fleet == "limited" and bool(self.vehicles)
        self.lots = terms.lots_of(instance, self.places)
        self.purchases = [
            row for row in terms.rows(instance, "purchases") if row["site_id"] in self.places
        ]
        self.needs = terms.needs_of(instance, self.places)
        self.waits = terms.waiting_needs(instance)
        self.tiers = sorted({self.items[i]["tier"] for _, i, _ in self.needs})
        self.start = start
        marks = {lot.batch.earmark for lot in self.lots} | {""}
        self.open_to = {mark: terms.places_open_to(mark, self.places) for mark in marks}
        self.first = earliest(self)
        self.batches: dict[tuple[str, str], list[Batch]] = {}
        for p, k in self.first:
            self.batches.setdefault((p, k.item), []).append(k)

    def lead(self, lane: Lane, item: str, t: int) -> int:
        """Periods between departure in t and arrival; what leaves a community is cleaned first."""
        periods = lane.lead_periods
        if periods is None:
            periods = math.floor(lane.minutes / self.minutes[t])
        cleaned = self.items[item]["reusable"] and not self.places[lane.origin].is_site
        return periods + (self.items[item]["return_periods"] if cleaned else 0)

    def permitted(self, lane: Lane, t: int) -> list[int]:
        """Rows of `vehicles` that may run the lane in t."""
        arrival = t + (
            math.floor(lane.minutes / self.minutes[t])
            if lane.lead_periods is None
            else lane.lead_periods
        )
        access, target = self.access.get((lane.target, arrival), "open"), self.places[lane.target]
        return [
            v
            for v, vehicle in enumerate(self.vehicles)
            if terms.has_permit(vehicle, lane, target, access)
        ]

    def departs(self, lane: Lane, k: Batch, t: int) -> bool:
        """Say whether batch k may leave on the lane in t, to arrive while it is still of use."""
        return (
            lane.first <= t <= lane.last
            and lane.target in self.open_to[k.earmark]
            and t + self.lead(lane, k.item, t) <= min(self.T, k.expiry)
            and (not lane.reusable_only or self.items[k.item]["reusable"])
            and (
                not self.fleet_binds
                or not self.places[lane.origin].is_site
                or bool(self.permitted(lane, t))
            )
        )

    def purchase_batch(self, row: terms.Row) -> Batch:
        """The batch a purchase enters."""
        return terms.batch_of(row, row["period"], self.items[row["item_id"]], None, self.T)


def earliest(case: Case) -> dict[tuple[str, Batch], int]:
    """Return when each batch can first be at each place; before that it has no variables."""
    first: dict[tuple[str, Batch], int] = {}
    found = [(lot.place, lot.batch, lot.period) for lot in case.lots if lot.quantity > 0]
    found += [(row["site_id"], case.purchase_batch(row), row["period"]) for row in case.purchases]
    leaving: dict[str, list[Lane]] = {}
    for lane in case.lanes:
        leaving.setdefault(lane.origin, []).append(lane)
    while found:
        p, k, t = found.pop()
        if t >= first.get((p, k), case.T + 1):
            continue
        first[p, k] = t
        for lane in leaving.get(p, []):
            days = [d for d in range(t, case.T + 1) if case.departs(lane, k, d)]
            if days:
                found.append((lane.target, k, min(d + case.lead(lane, k.item, d) for d in days)))
    return first


class Model:
    """The PuLP problem and its variables, in dictionaries keyed as on the page."""

    def __init__(self, case: Case) -> None:
        """Start from an empty problem."""
        self.case = case
        self.problem = pulp.LpProblem("dispatch")
        self.ship: dict[tuple[Lane, Batch, int], Any] = {}
        self.stock: dict[tuple[str, Batch, int], Any] = {}
        self.use: dict[tuple[str, Batch, int], Any] = {}
        self.in_use: dict[tuple[str, str, int], Any] = {}
        self.buy: dict[int, Any] = {}
        self.trips: dict[tuple[Lane, int, int], Any] = {}
        self.waiting: dict[tuple[str, str, int], Any] = {}
        self.late: dict[tuple[str, int, int], Any] = {}
        self.below_floor: dict[tuple[str, str, int], Any] = {}
        self.change: dict[tuple[str, str, str, int], Any] = {}
        self.leaving: dict[tuple[str, str, int], list[tuple[Batch, Any]]] = {}
        self.arriving: dict[tuple[str, str, int], list[tuple[Batch, Any]]] = {}
        self.on_lane: dict[tuple[Lane, int], list[tuple[str, Any]]] = {}
        self.levels = 0
        self.shares: dict[int, list[Share]] = {}
        self.taken: set[str] = set()

    def variable(
        self, name: str, *keys: Any, upper: float | None = None, whole: bool = False
    ) -> Any:
        """Return a new variable >= 0 named name(keys)."""
        return self.problem.add_variable(
            self.label(name, keys), 0, upper, "Integer" if whole else "Continuous"
        )

    def row(self, family: str, keys: tuple[Any, ...], constraint: Any) -> None:
        """Add a row named family(keys)."""
        self.problem += constraint, self.label(family, keys)

    def label(self, name: str, keys: Iterable[Any]) -> str:
        """Return name(key,key,...) as PuLP writes it, numbered when two ids read alike there."""
        plain = f"{name}({','.join(str(key) for key in keys)})".translate(pulp.LpVariable.trans)
        text, number = plain, 2
        while text in self.taken:
            text, number = f"{plain}#{number}", number + 1
        self.taken.add(text)
        return text

    def served(self, p: str, i: str, t: int) -> Any:
        """sum_k u(p,k,t), or u(p,i,t) of a reusable."""
        if self.case.items[i]["reusable"]:
            return Sum([self.in_use[p, i, t]])
        return Sum(
            self.use[p, k, t] for k in self.case.batches.get((p, i), []) if (p, k, t) in self.use
        )

    def short(self, p: str, i: str, t: int) -> Any:
        """short(p,i,t): what waits at the end of t, or what was needed in t and not served."""
        if (p, i) in self.case.waits:
            return Sum([self.waiting[p, i, t]])
        return self.case.needs[p, i, t].quantity - self.served(p, i, t)


def of_batch(k: Batch) -> tuple[Any, ...]:
    """Return the keys of a batch for names."""
    return k.item, "keeps" if k.expiry == KEEPS else int(k.expiry), k.earmark


# --- section 3: variables ---------------------------------------------------


def add_variables(m: Model) -> None:
    """Every variable of the page, where it can be other than 0."""
    add_shipments(m)
    add_stock_and_use(m)
    add_shortages(m)
    for j, row in enumerate(m.case.purchases):
        m.buy[j] = m.variable(
            "buy", row["site_id"], row["item_id"], row["period"], upper=row["limit"]
        )
    whole = m.case.policy.trips == "integer"
    for lane, t in m.on_lane if m.case.fleet_binds else ():
        if m.case.places[lane.origin].is_site:
            for v in m.case.permitted(lane, t):
                m.trips[lane, v, t] = m.variable(
                    "trips", lane.origin, lane.target, v, t, whole=whole
                )


def add_shipments(m: Model) -> None:
    """x(l,k,t): whole packs when the item says so."""
    case = m.case
    at: dict[str, list[Batch]] = {}
    for p, k in case.first:
        at.setdefault(p, []).append(k)
    for lane in case.lanes:
        for k in at.get(lane.origin, []):
            if (lane.target, k) not in case.first:
                continue
            for t in range(case.first[lane.origin, k], case.T + 1):
                if case.departs(lane, k, t):
                    item, keys = case.items[k.item], (lane.origin, lane.target, *of_batch(k), t)
                    if item["whole_packs"]:
                        x = item["pack_size"] * m.variable("packs", *keys, whole=True)
                    else:
                        x = Sum([m.variable("ship", *keys)])
                    m.ship[lane, k, t] = x
                    m.leaving.setdefault((lane.origin, k.item, t), []).append((k, x))
                    arrival = t + case.lead(lane, k.item, t)
                    m.arriving.setdefault((lane.target, k.item, arrival), []).append((k, x))
                    m.on_lane.setdefault((lane, t), []).append((k.item, x))


def add_stock_and_use(m: Model) -> None:
    """s(p,k,t) for t < expiry and u(p,k,t); one u(p,i,t) for reusables."""
    case = m.case
    for (p, k), first in case.first.items():
        for t in range(first, int(min(case.T, k.expiry)) + 1):
            if t < k.expiry:
                m.stock[p, k, t] = m.variable("stock", p, *of_batch(k), t)
            wanted = (p, k.item, t) in case.needs or waits_by(case, p, k.item, t)
            if wanted and not case.items[k.item]["reusable"]:
                m.use[p, k, t] = m.variable("use", p, *of_batch(k), t)
    for p, i, t in case.needs:
        if case.items[i]["reusable"]:
            m.in_use[p, i, t] = m.variable("level_in_use", p, i, t)


def waits_by(case: Case, p: str, i: str, t: int) -> bool:
    """Say whether need of item i has begun to wait at p by period t."""
    return (p, i) in case.waits and any(
        (p, i, earlier) in case.needs for earlier in range(1, t + 1)
    )


def add_shortages(m: Model) -> None:
    """b(p,i,t), z(p,c,t) and f(p,i,t)."""
    case = m.case
    for p, i, t in short_keys(case):
        tier = case.items[i]["tier"]
        if (p, i) in case.waits:
            m.waiting[p, i, t] = m.variable("waiting", p, i, t)
        if (p, tier, t) not in m.late:
            m.late[p, tier, t] = m.variable("late", p, tier, t)
    for (p, i, t), need in case.needs.items():
        if need.floor_share > 0:
            m.below_floor[p, i, t] = m.variable("below_floor", p, i, t)


def short_keys(case: Case) -> Iterator[tuple[str, str, int]]:
    """Yield p, i, t where a shortage can be: with need, and later too when need waits."""
    for p, i in dict.fromkeys((p, i) for p, i, _ in case.needs):
        for t in case.periods:
            if (p, i, t) in case.needs or waits_by(case, p, i, t):
                yield p, i, t


def last_need(case: Case, p: str, i: str, t: int) -> terms.Need:
    """Return the need of t, or of the last period before with need when it waits."""
    return case.needs[p, i, max(s for s in range(1, t + 1) if (p, i, s) in case.needs)]


def people_a_unit(case: Case, p: str, i: str, t: int) -> float:
    """r(p,i,t); of the last period with need when the need waits."""
    need = last_need(case, p, i, t)
    return need.people / need.quantity
