"""The judge: recompute a plan from its instance alone and list every rule it breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from allocator.check.access import Access, Permits, access_of, permits_of
from allocator.check.admit import check_admit
from allocator.check.changes import change_from
from allocator.check.distances import check_distances
from allocator.check.fairness import fairness_of, tiers_of
from allocator.check.fleet import check_derived, check_fleet, check_loads, trips_cost
from allocator.check.gate_staff import with_gate_staff
from allocator.check.goals import Value, check_goals, money_goals, needs_goals
from allocator.check.ground import Ground, ground_of
from allocator.check.lanes import Lanes, lanes_of
from allocator.check.limits import check_limits
from allocator.check.lots import Earmarks, Lots, earmarks_of, lots_of
from allocator.check.moves import Moves, check_moves, moves_of
from allocator.check.needs import Needs, needs_of, stated_short
from allocator.check.pins import check_pins
from allocator.check.preposition import check_preposition
from allocator.check.purchases import Bought, purchases_of
from allocator.check.resolve import resolve
from allocator.check.route import check_route
from allocator.check.runs import check_permits, runs_of
from allocator.check.service import Service, service_of
from allocator.check.staff import check_staff
from allocator.check.stock import stock_of
from allocator.check.trips import derived_trips, stated_trips
from allocator.check.verdict import Findings, Verdict
from allocator.instance import Instance, instance_hash
from allocator.plan import Plan, plan_table
from allocator.plan.precision import WRITTEN_DECIMALS, rounded

_OTHERS: Mapping[str, Callable[[Findings, Instance, Plan], Verdict]] = {
    "preposition": check_preposition,
    "route": check_route,
    "admit": check_admit,
}


def check(instance: Instance, plan: Plan, *, start: Plan | None = None) -> Verdict:
    """Judge `plan` from `instance` alone; `start` is the plan it was changed from, if any.

    A plan without a shortages table is taken to serve as much as possible in every period; one
    without trips to make the trips its shipments need. A plan of reserves (decision preposition)
    is judged over all scenarios, one without recourse on its first stage only. `stats["notes"]`
    says what could only be approximated.

    Raises:
        PlanMissingError: when there is no plan to judge.
    """
    if plan.decision == "staff":
        found = Findings("staff")
        _check_hash(found, instance, plan)
        return check_staff(found, instance, plan, None if start is None else start["roster"])
    if plan.decision in _OTHERS:
        found = Findings(plan.decision)
        _check_hash(found, instance, plan)
        return _OTHERS[plan.decision](found, instance, plan)
    shipments, found = plan["shipments"], Findings()
    _check_hash(found, instance, plan)
    case = _case(with_gate_staff(found, instance, plan))
    check_distances(found, case.ground)
    bought = purchases_of(found, case.ground, plan_table("purchases", plan["purchases"]))
    table = plan_table("shipments", shipments)
    moves = moves_of(found, case.ground, case.lanes, case.earmarks, table)
    check_moves(found, case.ground, case.lanes, case.earmarks, moves)
    if not plan.instance:
        moves = _resolved(case, bought, moves)
    service = _check_stock(found, case, plan, bought, moves)
    trips_paid = _check_trips(found, case, plan, moves)
    check_pins(found, case.ground, moves)
    goals = _goals(
        found, case, plan, service, money_goals(case.lanes, moves, trips_paid, bought.cost)
    )
    if start is not None:
        change = change_from(found, case.ground, moves, start)
        goals["change"] = Value(change, float(moves.quantity.sum()))
    unsure = _unsure(goals) if not plan.states("attainable") else frozenset()
    check_goals(found, goals, plan.goals, unsure)
    stats = _stats(found, case, moves, service)
    values = {name: goal.value for name, goal in goals.items()}
    return Verdict(found.table(), values, stats, _shortages(case, service))


@dataclass(frozen=True)
class Case:
    """All the judge reads off the instance."""

    ground: Ground
    lanes: Lanes
    access: Access
    permits: Permits
    earmarks: Earmarks
    lots: Lots
    needs: Needs


def _case(instance: Instance) -> Case:
    ground = ground_of(instance)
    earmarks = earmarks_of(ground)
    return Case(
        ground=ground,
        lanes=lanes_of(ground),
        access=access_of(ground),
        permits=permits_of(ground),
        earmarks=earmarks,
        lots=lots_of(ground, earmarks),
        needs=needs_of(ground),
    )


def _check_hash(found: Findings, instance: Instance, plan: Plan) -> None:
    stated = plan.instance.get("hash", "")
    if stated and stated != instance_hash(instance):
        message = "the plan was made for another instance, or the instance was changed since"
        found.add_one("instance_hash", "plan:instance.hash", 1.0, message)


def _check_stock(found: Findings, case: Case, plan: Plan, bought: Bought, moves: Moves) -> Service:
    ground, needs = case.ground, case.needs
    stock = stock_of(found, ground, case.lots, bought, moves, case.earmarks)
    stated = None
    if plan.states("shortages"):
        table = plan_table("shortages", plan["shortages"])
        stated = stated_short(found, ground, needs, table)
    service = service_of(found, ground, needs, stock, stated)
    check_limits(found, ground, case.access, case.lots, moves, stock, service.left)
    return service


def _resolved(case: Case, bought: Bought, moves: Moves) -> Moves:
    """Read blank batches as any batch, unless only the reading "keeps, free" holds."""
    read = resolve(case.ground, case.lots, bought, case.earmarks, moves)
    if read is moves or not _lacks(case, bought, read) or _lacks(case, bought, moves):
        return read
    return moves


def _lacks(case: Case, bought: Bought, moves: Moves) -> bool:
    """Return whether some place ships what it does not have."""
    trial = Findings()
    stock_of(trial, case.ground, case.lots, bought, moves, case.earmarks)
    return bool(trial.parts)


def _check_trips(found: Findings, case: Case, plan: Plan, moves: Moves) -> float:
    """Check permits, trips and loads; return what the trips cost."""
    ground, lanes, access, permits = case.ground, case.lanes, case.access, case.permits
    if not permits.binds:
        return 0.0
    runs = runs_of(ground, lanes, access, permits, moves)
    check_permits(found, ground, moves, runs)
    if plan.states("trips"):
        table = plan_table("trips", plan["trips"])
        trips = stated_trips(found, ground, lanes, access, permits, table)
        check_loads(found, ground, permits, runs, moves, trips)
        check_fleet(found, ground, lanes, permits, trips)
    else:
        derived = derived_trips(found, ground, lanes, permits, runs)
        check_derived(found, ground, lanes, permits, derived)
        trips = derived.trips
    return trips_cost(ground, lanes, permits, trips)


def _goals(
    found: Findings, case: Case, plan: Plan, service: Service, money: dict[str, Value]
) -> dict[str, Value]:
    tiers = tiers_of(case.ground, case.needs, service.short)
    stated = plan_table("attainable", plan["attainable"]) if plan.states("attainable") else None
    shares = fairness_of(found, case.ground, tiers, stated)
    fair = {name: Value(value, 1.0) for name, value in shares.items()}
    return needs_goals(case.ground, case.needs, service, tiers) | fair | money


def _shortages(case: Case, service: Service) -> pd.DataFrame:
    """Return what is short, one row a place, item and period."""
    needs, ground = case.needs, case.ground
    group, period = np.nonzero(service.short > 0.5 * 10.0**-WRITTEN_DECIMALS)
    short = service.short[group, period]
    frame = pd.DataFrame(
        {
            "community_id": ground.place_names(needs.place[group]),
            "item_id": ground.item_names(needs.item[group]),
            "period": period + 1,
            "need": needs.quantity[group, period],
            "short": rounded(short),
            "people": needs.people[group, period],
            "person_days": rounded(ground.days[period] * needs.rate[group, period] * short),
        }
    )
    return plan_table("shortages", frame)


def _unsure(goals: dict[str, Value]) -> frozenset[str]:
    return frozenset(name for name in goals if name.startswith("fairness."))


def _stats(found: Findings, case: Case, moves: Moves, service: Service) -> dict[str, Any]:
    needed = float(case.needs.quantity.sum())
    return {
        "shipments": int(np.count_nonzero(np.bincount(moves.row, minlength=1))),
        "units_shipped": float(moves.quantity.sum()),
        "units_needed": needed,
        "units_served": float(service.served.sum()),
        "lanes": len(case.lanes.key),
        "notes": list(dict.fromkeys(found.notes)),
    }
