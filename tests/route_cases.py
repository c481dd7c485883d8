"""Small routing cases made by hand or at random, and routes that obey every rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase, Stops, Vehicles
from allocator.models.route.goals import best
from allocator.models.route.read import tables
from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered
from allocator.models.route.rules import broken
from allocator.plan import Plan, Status

INF = np.inf


def stops_of(place: list[int], places: int, types: int = 1, **changes: Any) -> Stops:
    """Return stops without any rule but those given, loaded at place 0."""
    n = len(place)
    origins = np.zeros((n, places), dtype=bool)
    origins[:, 0] = True
    plain = Stops(
        ids=tuple(f"s{one}" for one in range(n)),
        place=np.array(place, dtype=np.int64),
        load=np.ones((n, 1)),
        service=np.zeros(n),
        windows=(((0.0, INF),),) * n,
        due=np.full(n, INF),
        weight=np.ones(n),
        prize=np.full(n, 100.0),
        access=np.zeros(n, dtype=np.int64),
        permitted=np.ones((n, types), dtype=bool),
        origins=origins,
        contacts=np.ones(n),
        divisible=np.zeros(n, dtype=bool),
        release=np.zeros(n),
    )
    return replace(plain, **changes)


def vehicles_of(types: int = 1, **changes: Any) -> Vehicles:
    """Return vehicle types without any rule but those given, at home at place 0."""
    zeros, ones, endless = np.zeros(types), np.ones(types), np.full(types, INF)
    plain = Vehicles(
        ids=tuple(f"v{one}" for one in range(types)),
        home=np.zeros(types, dtype=np.int64),
        end=np.zeros(types, dtype=np.int64),
        count=np.full(types, 10, dtype=np.int64),
        capacity=np.full((types, 1), 10.0),
        fixed=zeros,
        per_km=ones,
        per_hour=zeros,
        per_trip=zeros,
        early=zeros,
        late=endless,
        longest=endless,
        farthest=endless,
        trips=np.full(types, 3, dtype=np.int64),
        loading=zeros,
        unloading=zeros,
        decontaminate=np.zeros((types, 3)),
        profile=np.zeros(types, dtype=np.int64),
        exposure=ones,
        line=np.arange(types),
    )
    return replace(plain, **changes)


def case_of(
    points: np.ndarray,
    stops: Stops,
    vehicles: Vehicles,
    goods: pd.DataFrame | None = None,
    **changes: Any,
) -> RouteCase:
    """Return a case on a plane where a km takes a minute."""
    away = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))[None]
    none = pd.DataFrame({"stop": [], "item_id": [], "quantity": [], "from_id": [], "kg": []})
    plain = RouteCase(
        places=tuple(f"p{one}" for one in range(len(points))),
        lat=31 + points[:, 1] / 111,
        lon=121 + points[:, 0] / 111,
        minutes=away,
        km=away.copy(),
        dimensions=("kg",),
        stops=stops,
        vehicles=vehicles,
        goods=none if goods is None else goods,
    )
    return plain.replace(**changes)


def random_case(seed: int, n: int = 8) -> RouteCase:
    """Return a case with every rule in force somewhere."""
    draw = np.random.default_rng(seed)
    places = n + 2  # two depots first
    access = draw.integers(0, 3, n)
    opens = draw.integers(0, 3, n) * 60.0
    stops = stops_of(
        list(range(2, places)),
        places,
        2,
        load=draw.uniform(1, 4, (n, 1)).round(2),
        service=draw.uniform(1, 6, n).round(2),
        windows=tuple(
            ((start, start + 90.0), (start + 200.0, start + 500.0)) for start in opens.tolist()
        ),
        due=np.where(draw.random(n) < 0.5, 60.0, INF),
        weight=draw.uniform(0.5, 2, n).round(2),
        access=access,
        permitted=np.stack([np.ones(n, dtype=bool), draw.random(n) < 0.7], axis=1),
        contacts=draw.uniform(0, 5, n).round(2),
        release=np.where(draw.random(n) < 0.3, 20.0, 0.0),
    )
    stops.origins[:, 1] = draw.random(n) < 0.5
    vehicles = vehicles_of(
        2,
        home=np.array([0, 1]),
        end=np.array([0, 1]),
        capacity=np.array([[9.0], [6.0]]),
        fixed=np.array([10.0, 5.0]),
        per_hour=np.array([6.0, 3.0]),
        per_trip=np.array([1.0, 2.0]),
        late=np.full(2, 900.0),
        loading=np.array([5.0, 10.0]),
        unloading=np.array([2.0, 1.0]),
        decontaminate=np.array([[0.0, 10.0, 20.0], [0.0, 5.0, 9.0]]),
        exposure=np.array([1.0, 0.5]),
    )
    goals = (GoalSpec("unserved", ((1.0, "unserved"),)), GoalSpec("cost", ((1.0, "cost"),)))
    return case_of(draw.uniform(0, 20, (places, 2)).round(2), stops, vehicles, goals=goals)


def cheapest_insertion(case: RouteCase) -> Routes:
    """Return routes that break no rule: every stop where it costs least, or left out."""
    routes: Routes = ()
    for stop in range(len(case.stops)):
        tried = [one for one in _with(case, routes, stop) if not broken(case, one)]
        routes = best(case, [routes, *tried])
    return routes


def _with(case: RouteCase, routes: Routes, stop: int) -> list[Routes]:
    """Return routes with one more stop, at every place of every trip and on trips of its own."""
    found = []
    for at, route in enumerate(routes):
        for number, trip in enumerate(route.trips):
            for place in range(len(trip.visits) + 1):
                visits = (*trip.visits[:place], Visit(stop), *trip.visits[place:])
                trips = [*route.trips]
                trips[number] = replace(trip, visits=visits)
                found.append((*routes[:at], replace(route, trips=tuple(trips)), *routes[at + 1 :]))
        home = int(case.vehicles.home[route.vehicle])
        more = replace(route, trips=(*route.trips, Trip(home, (Visit(stop),), home)))
        found.append((*routes[:at], more, *routes[at + 1 :]))
    for vehicle, home in enumerate(case.vehicles.home.tolist()):
        fresh = Route(vehicle, 0, (Trip(home, (Visit(stop),), home),))
        found.append(numbered((*routes, fresh)))
    return found


def plan_of(case: RouteCase, routes: Routes) -> Plan:
    """Return routes as a plan nobody has judged."""
    return Plan("route", tables(case, routes), Status("completed", "invalid"))
