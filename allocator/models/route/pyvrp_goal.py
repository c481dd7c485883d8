"""The goals of a case as one linear goal, the form PyVRP can search for.

A vehicle type pays for each km, minute, trip, vehicle and person met; what is left behind costs
its prize. Goals before the first continuous one are made to outweigh what follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase

CONTINUOUS = ("cost", "distance", "duration", "exposure")
SMALLEST = 1e-6  # share of all prizes a stop counts for at least: whole numbers hold no more
LINEAR = (*CONTINUOUS, "vehicles", "unserved", "required_unserved")


@dataclass(frozen=True)
class LinearGoal:
    """What one unit costs: (V,) a type, in units of the goal; `lost` for the prizes left.

    A prize counts as `least` at least, where the planner does not weigh it against anything.
    """

    per_km: Floats
    per_minute: Floats
    per_trip: Floats
    per_vehicle: Floats
    per_contact: Floats
    lost: float  # of one unit of prize
    required: float  # of a required stop left behind, where that is allowed
    least: float = 0.0


def other_terms(case: RouteCase) -> list[str]:
    """Return the terms of the goals that are not linear in what PyVRP counts, in their order."""
    terms = [name for goal in case.goals for _, name in goal.terms]
    return [name for name in dict.fromkeys(terms) if name not in LINEAR]


def linear_goal(case: RouteCase) -> LinearGoal:
    """Return the goals up to the first continuous one as one linear goal; cost where none is."""
    weights: dict[str, float] = {}
    for goal in case.goals:
        terms = {name: weight for weight, name in goal.terms if name in LINEAR}
        if not set(terms) <= {"unserved", "required_unserved"}:
            weights |= terms
        if set(terms) & set(CONTINUOUS):
            break
    else:
        weights["cost"] = 1.0
    if "vehicles" in weights and not any(_mixed(goal) for goal in case.goals):
        without = {**weights, "vehicles": 0.0}
        weights["vehicles"] *= 1.0 + float(alone(case, _summed(case, without)).sum())
    return _priced(case, _summed(case, weights))


def _mixed(goal: GoalSpec) -> bool:
    return len(goal.terms) > 1 and "vehicles" in {name for _, name in goal.terms}


def _summed(case: RouteCase, weights: dict[str, float]) -> LinearGoal:
    fleet, cost = case.vehicles, weights.get("cost", 0.0)
    one = np.ones(len(fleet))
    return LinearGoal(
        per_km=cost * fleet.per_km + weights.get("distance", 0.0) * one,
        per_minute=cost * fleet.per_hour / 60 + weights.get("duration", 0.0) * one,
        per_trip=cost * fleet.per_trip,
        per_vehicle=cost * fleet.fixed + weights.get("vehicles", 0.0) * one,
        per_contact=weights.get("exposure", 0.0) * fleet.exposure,
        lost=weights.get("unserved", 0.0),
        required=0.0,
    )


def alone(case: RouteCase, goal: LinearGoal) -> Floats:
    """Return (n,) the dearest finite way to bring each stop its goods on a route of its own."""
    fleet, dearest = case.vehicles, np.zeros(len(case.stops))
    place, service = case.stops.place, case.stops.service
    for v in range(len(fleet)):
        profile, home, end = int(fleet.profile[v]), int(fleet.home[v]), int(fleet.end[v])
        km = case.km[profile][home, place] + case.km[profile][place, end]
        travel = case.minutes[profile][home, place] + case.minutes[profile][place, end]
        longest = fleet.loading[v] + fleet.unloading[v] + fleet.decontaminate[v].max()
        way = np.isfinite(km) & np.isfinite(travel)
        km, travel = np.where(way, km, 0.0), np.where(way, travel, 0.0)
        value = goal.per_km[v] * km + goal.per_minute[v] * (travel + service + longest)
        value = value + goal.per_trip[v] + goal.per_vehicle[v]
        value = value + goal.per_contact[v] * case.stops.contacts
        dearest = np.maximum(dearest, np.where(way, value, 0.0))
    return dearest


def _priced(case: RouteCase, goal: LinearGoal) -> LinearGoal:
    """Set what is lost so that no stop is left to save cost, unless the planner weighs the two."""
    prizes = case.stops.prize[np.isfinite(case.stops.prize)]
    worth = prizes[prizes > 0]
    dearest = 1.0 + 2.0 * float(alone(case, goal).max(initial=0.0))
    lost, least = goal.lost, 0.0
    if lost == 0.0 and len(worth):
        least = max(float(worth.min()), SMALLEST * float(worth.sum()))
        lost = dearest / least
    required = 2.0 * (dearest + lost * float(prizes.sum()))
    return LinearGoal(**{**vars(goal), "lost": lost, "required": required, "least": least})
