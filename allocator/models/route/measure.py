"""What an insertion costs, roughly, in the units of the goal that it matters to most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.route_case import RouteCase
from allocator.models.route.goals import REQUIRED, goals_of

TIE = 1e-3  # weight of cost beside another goal: it decides between equals
ARRIVAL = ("arrivals", "latest_arrival", "tardiness")
LONGEST = ("longest_work", "work_spread")


@dataclass(frozen=True)
class Measure:
    """Prices of one unit by vehicle type (V,), of a minute of arrival, of one of a route's work."""

    km: Floats
    minute: Floats
    trip: Floats
    vehicle: Floats
    contact: Floats
    arrival: float = 0.0
    work: float = 0.0


def measure(case: RouteCase, number: int = 0) -> Measure:
    """Return the prices of a goal, counted from 0 among those beyond what is left unserved."""
    skipped = {REQUIRED, "unserved"}
    left = [{n: w for w, n in goal.terms if n not in skipped} for goal in goals_of(case)]
    counted = [terms for terms in left if terms] or [{"cost": 1.0}]
    terms = counted[number % len(counted)]
    fleet, one = case.vehicles, np.ones(len(case.vehicles))
    money = terms.get("cost", TIE)
    return Measure(
        km=money * fleet.per_km + terms.get("distance", 0.0) * one,
        minute=money * fleet.per_hour / 60 + terms.get("duration", 0.0) * one,
        trip=money * fleet.per_trip,
        vehicle=money * fleet.fixed + terms.get("vehicles", 0.0) * one,
        contact=terms.get("exposure", 0.0) * fleet.exposure,
        arrival=sum(terms.get(name, 0.0) for name in ARRIVAL),
        work=sum(terms.get(name, 0.0) for name in LONGEST),
    )
