"""Small routing cases as arrays, by hand or at random, for the tests of the model."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from math import inf
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase, Stops, Vehicles
from allocator.models.route.routes import Route, Routes, Trip, Visit, linked, numbered

FOLDER = Path(__file__).resolve().parents[1] / "models" / "route"
ANY = ((0.0, inf),)


def goals(*texts: str) -> tuple[GoalSpec, ...]:
    """Goals of one term each; "2*a + b" for sums."""
    specs = []
    for text in texts:
        parts = [part.strip().rpartition("*") for part in text.split("+")]
        terms = tuple((float(weight or 1), name) for weight, _, name in parts)
        specs.append(GoalSpec(text, terms))
    return tuple(specs)


def stops_of(n: int, types: int, places: int, first: int = 1, **given: Any) -> Stops:
    """n open required stops at the places from `first` on, one unit of load each."""
    origins = np.zeros((n, places), dtype=bool)
    origins[:, :first] = True
    values: dict[str, Any] = {
        "ids": tuple(f"stop{k}" for k in range(n)),
        "place": np.arange(first, first + n),
        "load": np.ones((n, 1)),
        "service": np.zeros(n),
        "windows": (ANY,) * n,
        "due": np.full(n, inf),
        "weight": np.ones(n),
        "prize": np.full(n, inf),
        "access": np.zeros(n, dtype=np.int64),
        "permitted": np.ones((n, types), dtype=bool),
        "origins": origins,
        "contacts": np.ones(n),
        "divisible": np.ones(n, dtype=bool),
        "release": np.zeros(n),
    }
    return Stops(**(values | given))


def vehicles_of(types: int = 1, **given: Any) -> Vehicles:
    """Types of ten units and one kilometre's cost at place 0, without any limit."""
    whole, zero = np.zeros(types, dtype=np.int64), np.zeros(types)
    values: dict[str, Any] = {
        "ids": tuple(f"type{v}" for v in range(types)),
        "home": whole,
        "end": whole,
        "count": np.full(types, 9),
        "capacity": np.full((types, 1), 10.0),
        "fixed": zero,
        "per_km": np.ones(types),
        "per_hour": zero,
        "per_trip": zero,
        "early": zero,
        "late": np.full(types, inf),
        "longest": np.full(types, inf),
        "farthest": np.full(types, inf),
        "trips": np.ones(types, dtype=np.int64),
        "loading": zero,
        "unloading": zero,
        "decontaminate": np.zeros((types, 3)),
        "profile": whole,
        "exposure": np.ones(types),
        "line": np.arange(types),
    }
    return Vehicles(**(values | given))


def case_of(
    km: Any, stops: Stops, vehicles: Vehicles, minutes: Any = None, **given: Any
) -> RouteCase:
    """A case over a square table of km; a kilometre takes a minute unless told otherwise."""
    km = np.asarray(km, dtype=float)
    km = km[None] if km.ndim == 2 else km
    minutes = km if minutes is None else np.asarray(minutes, dtype=float).reshape(km.shape)
    places = tuple(f"p{k}" for k in range(km.shape[1]))
    unknown = np.full(len(places), np.nan)
    goods = pd.DataFrame({"stop": range(len(stops)), "item_id": "i", "quantity": 1.0})
    values: dict[str, Any] = {
        "places": places,
        "lat": unknown,
        "lon": unknown,
        "minutes": minutes,
        "km": km,
        "dimensions": ("kg",),
        "stops": stops,
        "vehicles": vehicles,
        "goods": goods,
        "goals": goals("unserved", "cost"),
    }
    return RouteCase(**(values | given))


def line_case(at: list[float], **given: Any) -> RouteCase:
    """A case on a line: place 0 at kilometre 0, a stop at every other place."""
    point = np.array([0.0, *at])
    km = np.abs(point[:, None] - point)
    stops = stops_of(len(at), 1, len(point), **given.pop("stops", {}))
    return case_of(km, stops, vehicles_of(1, **given.pop("vehicles", {})), **given)


def plane(dice: random.Random, places: int, size: int = 40) -> np.ndarray:
    """Whole kilometres between points of a square."""
    point = np.array([[dice.randint(0, size), dice.randint(0, size)] for _ in range(places)])
    distance = np.sqrt(((point[:, None] - point) ** 2).sum(axis=-1))
    return np.ceil(distance)


def random_case(seed: int, n: int = 5, depots: int = 1) -> RouteCase:
    """A case that differs with the seed in every rule; whole numbers."""
    dice = random.Random(seed)
    types = dice.randint(1, 2)
    places = depots + n
    homes = np.array([dice.randrange(depots) for _ in range(types)])
    capacity = np.array([[dice.choice([3.0, 6.0, 9.0])] for _ in range(types)])
    fleet = vehicles_of(
        types,
        home=homes,
        end=homes,
        count=np.array([dice.randint(1, 3) for _ in range(types)]),
        capacity=capacity,
        fixed=np.array([dice.choice([0.0, 15.0]) for _ in range(types)]),
        per_hour=np.array([dice.choice([0.0, 6.0]) for _ in range(types)]),
        per_trip=np.array([dice.choice([0.0, 4.0]) for _ in range(types)]),
        late=np.full(types, 480.0),
        longest=np.array([dice.choice([inf, 240.0]) for _ in range(types)]),
        farthest=np.array([dice.choice([inf, 150.0]) for _ in range(types)]),
        trips=np.array([dice.choice([1, 2]) for _ in range(types)]),
        loading=np.array([dice.choice([0.0, 10.0]) for _ in range(types)]),
        unloading=np.array([dice.choice([0.0, 2.0]) for _ in range(types)]),
        decontaminate=np.array([[0.0, 5.0, 15.0]] * types),
        exposure=np.array([dice.choice([0.5, 1.0]) for _ in range(types)]),
    )
    stops = stops_of(
        n,
        types,
        places,
        depots,
        load=np.array([[float(dice.randint(1, 3))] for _ in range(n)]),
        service=np.array([float(dice.randint(0, 6)) for _ in range(n)]),
        windows=tuple(_windows(dice) for _ in range(n)),
        due=np.array([dice.choice([inf, 60.0, 120.0]) for _ in range(n)]),
        weight=np.array([float(dice.randint(1, 3)) for _ in range(n)]),
        prize=np.array([dice.choice([inf, 20.0, 60.0]) for _ in range(n)]),
        access=np.array([dice.randint(0, 2) for _ in range(n)]),
        permitted=np.array([[dice.random() < 0.9 for _ in range(types)] for _ in range(n)]),
        contacts=np.array([float(dice.randint(1, 9)) for _ in range(n)]),
        release=np.array([dice.choice([0.0, 0.0, 30.0]) for _ in range(n)]),
    )
    return case_of(plane(dice, places), stops, fleet, clean_order=dice.random() < 0.7)


def _windows(dice: random.Random) -> tuple[tuple[float, float], ...]:
    kind = dice.randrange(4)
    if kind < 2:
        return ANY
    start = float(dice.randint(20, 150))
    first = (start, start + dice.randint(20, 60))
    return (first,) if kind == 2 else (first, (first[1] + 60, first[1] + 120))


def undivided(case: RouteCase) -> RouteCase:
    """The case with goods that come at once."""
    whole = np.zeros(len(case.stops), dtype=bool)
    return case.replace(stops=replace(case.stops, divisible=whole))


def readable(name: str) -> ModuleType:
    """A readable program of the folder of the model."""
    if str(FOLDER) not in sys.path:
        sys.path.insert(0, str(FOLDER))
    return importlib.import_module(name)


def all_routes(case: RouteCase) -> Iterator[Routes]:
    """Every plan with whole visits: each stop left out or put anywhere."""
    plans: list[Routes] = [()]
    for stop in range(len(case.stops)):
        plans += [longer for plan in plans for longer in _with(case, plan, stop)]
    yield from (numbered(plan) for plan in plans)


def _with(case: RouteCase, plan: Routes, stop: int) -> Iterator[Routes]:
    visit = Visit(stop)
    for at, route in enumerate(plan):
        for longer in _longer(case, route, visit):
            yield (*plan[:at], longer, *plan[at + 1 :])
    for vehicle, home in enumerate(case.vehicles.home.tolist()):
        trip = Trip(home, (visit,), int(case.vehicles.end[vehicle]))
        yield (*plan, Route(vehicle, 0, (trip,)))


def _longer(case: RouteCase, route: Route, visit: Visit) -> Iterator[Route]:
    for number, trip in enumerate(route.trips):
        for place in range(len(trip.visits) + 1):
            visits = (*trip.visits[:place], visit, *trip.visits[place:])
            trips = [*route.trips]
            trips[number] = replace(trip, visits=visits)
            yield replace(route, trips=tuple(trips))
    home = int(case.vehicles.home[route.vehicle])
    for number in range(len(route.trips) + 1):
        more = Trip(home, (visit,), home)
        trips = [*route.trips[:number], more, *route.trips[number:]]
        yield linked(replace(route, trips=tuple(trips)))
