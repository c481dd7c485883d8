"""Published problems as cases of routing: whole numbers where the convention rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase, Stops, Vehicles

ALWAYS = ((0.0, np.inf),)


@dataclass(frozen=True)
class Fleet:
    """Vehicles that are alike: so many at a place, what each can carry, costs and limits."""

    count: int
    capacity: float
    home: int = 0
    fixed: float = 0.0
    per_km: float = 1.0
    late: float = np.inf
    longest: float = np.inf
    trips: int = 1


@dataclass(frozen=True)
class Problem:
    """A published problem.

    Attributes:
        name: Its name.
        case: The problem; place 0 is a depot.
        goal: cost or arrivals.
        unit: What 1 of the goal of the case is in the published figure.
        best: The best value known, as published.
    """

    name: str
    case: RouteCase
    goal: str = "cost"
    unit: float = 1.0
    best: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def rounded(points: np.ndarray) -> np.ndarray:
    """Return euclidean distances to the nearest whole number (TSPLIB)."""
    return np.floor(straight(points) + 0.5)


def tenths(points: np.ndarray) -> np.ndarray:
    """Return euclidean distances cut to one decimal, in tenths (DIMACS)."""
    return np.floor(10.0 * straight(points))


def straight(points: np.ndarray) -> np.ndarray:
    """Return euclidean distances."""
    return np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1).astype(float))


def case_of(
    distance: np.ndarray,
    load: np.ndarray,
    fleets: Sequence[Fleet],
    *,
    place: np.ndarray | None = None,
    minutes: np.ndarray | None = None,
    service: np.ndarray | float = 0.0,
    windows: np.ndarray | None = None,
    release: np.ndarray | float = 0.0,
    permitted: np.ndarray | None = None,
    exact: bool = True,
    **more: Any,
) -> RouteCase:
    """Return a case; without `minutes` nothing takes time, without `place` stop k is place k + 1.

    Args:
        distance: (P, P) between places.
        load: (n,) of the stops.
        fleets: The vehicle types.
        place: (n,) place of each stop.
        minutes: (P, P) between places.
        service: (n,) at the stops.
        windows: (n, 2) of the stops.
        release: (n,) when the goods are ready.
        permitted: (n, V).
        exact: Whether all numbers are whole.
        more: Other parts of the case.
    """
    count, places = len(load), len(distance)
    full = lambda value: np.broadcast_to(np.asarray(value, float), count).copy()  # noqa: E731
    homes = np.array([fleet.home for fleet in fleets])
    stops = Stops(
        ids=tuple(f"s{k + 1}" for k in range(count)),
        place=np.arange(1, count + 1) if place is None else place,
        load=np.asarray(load, float)[:, None],
        service=full(service),
        windows=tuple(
            ALWAYS if windows is None else ((float(windows[k, 0]), float(windows[k, 1])),)
            for k in range(count)
        ),
        due=full(np.inf),
        weight=full(1.0),
        prize=full(np.inf),
        access=np.zeros(count, dtype=np.int64),
        permitted=np.ones((count, len(fleets)), bool) if permitted is None else permitted,
        origins=np.broadcast_to(np.isin(np.arange(places), homes), (count, places)).copy(),
        contacts=full(0.0),
        divisible=np.full(count, more.get("split") == "always"),
        release=full(release),
    )
    return RouteCase(
        places=tuple(f"p{k}" for k in range(places)),
        lat=np.full(places, np.nan),
        lon=np.full(places, np.nan),
        minutes=(np.zeros_like(distance) if minutes is None else minutes)[None],
        km=distance[None],
        dimensions=("kg",),
        stops=stops,
        vehicles=_vehicles(fleets),
        goods=_goods(stops),
        exact=exact,
        **{"split": "never", "clean_order": False, **more},
    )


def _vehicles(fleets: Sequence[Fleet]) -> Vehicles:
    def all_of(name: str) -> np.ndarray:
        return np.array([getattr(fleet, name) for fleet in fleets])

    none = np.zeros(len(fleets))
    return Vehicles(
        ids=tuple(f"v{k}" for k in range(len(fleets))),
        home=all_of("home"),
        end=all_of("home"),
        count=all_of("count"),
        capacity=all_of("capacity").astype(float)[:, None],
        fixed=all_of("fixed").astype(float),
        per_km=all_of("per_km").astype(float),
        per_hour=none,
        per_trip=none,
        early=none,
        late=all_of("late").astype(float),
        longest=all_of("longest").astype(float),
        farthest=np.full(len(fleets), np.inf),
        trips=all_of("trips"),
        loading=none,
        unloading=none,
        decontaminate=np.zeros((len(fleets), 3)),
        profile=np.zeros(len(fleets), dtype=np.int64),
        exposure=np.ones(len(fleets)),
        line=np.arange(len(fleets)),
    )


def _goods(stops: Stops) -> pd.DataFrame:
    rows = np.arange(len(stops))
    size = stops.load[:, 0]
    return pd.DataFrame(
        {"stop": rows, "item_id": "goods", "quantity": size, "kg": size, "from_id": ""}
    )


ARRIVALS = (
    GoalSpec("unserved", ((1.0, "unserved"),)),
    GoalSpec("arrivals", ((1.0, "arrivals"),)),
)
