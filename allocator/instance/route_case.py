"""What routing decides about, as arrays: places, stops, vehicles, travel and fixed routes.

Minutes count from the start of the period; distances are km, costs money. n stops, V vehicle
types, P places, D dimensions of load, M travel profiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.errors import Fault
from allocator.instance.goals import GoalSpec
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.route_detours import Detours, detours

Windows = tuple[tuple[float, float], ...]
"""Minutes within which service may begin: from, to (both may be used), in order, disjoint."""


@dataclass(frozen=True, eq=False)
class Stops:
    """Stops (n,): a place to visit with goods of one origin, or of any of several origins.

    `service` is for all the goods, without the fixed minutes of the vehicle; a visit that brings
    a share of the goods takes that share of it. `windows` are empty where no time is allowed and
    ((0, inf),) where any is: service begins within one of them, and they are short enough for
    all the goods of the stop to be handed over before the gate closes.
    """

    ids: tuple[str, ...]
    place: Ints
    load: Floats  # (n, D)
    service: Floats
    windows: tuple[Windows, ...]
    due: Floats  # soft latest arrival, inf = none
    weight: Floats  # priority of its arrival
    prize: Floats  # worth of the visit, inf = required
    access: Ints  # 0 open, 1 controlled, 2 sealed
    permitted: Bools  # (n, V): the type may go there
    origins: Bools  # (n, P): the place may load the goods
    contacts: Floats  # people met at the stop
    divisible: Bools  # the goods may come in several visits
    release: Floats  # the goods are ready at the depot

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Vehicles:
    """Vehicle types at a home depot (V,).

    Entries of one `line` of the table share its count: a pool (a line without a site) has one at
    every depot, each with the whole count.
    """

    ids: tuple[str, ...]
    home: Ints
    end: Ints
    count: Ints
    capacity: Floats  # (V, D), inf = no limit
    fixed: Floats  # cost of using one
    per_km: Floats
    per_hour: Floats  # of duty
    per_trip: Floats
    early: Floats  # shift
    late: Floats
    longest: Floats  # minutes of duty, inf = no limit
    farthest: Floats  # km of a route, inf = no limit
    trips: Ints  # most trips of a route; 1 = no reload
    loading: Floats  # minutes before each trip
    unloading: Floats  # fixed minutes of a visit
    decontaminate: Floats  # (V, 3) minutes at the end of a trip by its highest class
    profile: Ints
    exposure: Floats  # factor on the contacts of a stop
    line: Ints  # row of the vehicles table; of a pool there is one entry a depot

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class FixedRoute:
    """A route the planner has fixed, or one under way.

    `visits` are stops one vehicle of the type visits in this order on one trip. Planned: other
    stops may come before, between and after them. Started: they are all that is on board, so
    nothing is added to the trip (later trips may follow); the vehicle stands at `place` from the
    minute `ready` on, has met places of access up to `highest` on this trip, and has `minutes`
    of duty, `km` and `trips` (this one included) behind it. What was done costs nothing any more.
    """

    name: str
    vehicle: int
    started: bool
    visits: tuple[int, ...]
    done: tuple[int, ...] = ()  # places visited on this trip before
    place: int = -1  # -1 = at home, not yet loaded
    ready: float = 0.0
    highest: int = 0
    minutes: float = 0.0
    km: float = 0.0
    trips: int = 0


@dataclass(frozen=True, eq=False)
class RouteCase:
    """One routing problem.

    `minutes` and `km` are (M, P, P), inf where there is no way; their diagonals are 0. `goods`
    has the lines of every stop: stop (row), item_id, quantity, one column a dimension (its load),
    from_id ("" = any of the origins). `gates` (P,) are the minutes of service a place can give
    in the period over all vehicles, and `docks` the vehicles it can take at once (0 = any).
    `stations` (P,) are the minutes in which a place decontaminates a vehicle between two stops,
    inf where it cannot; None = nowhere.
    `exact` cases hold whole numbers that must not be rounded (published benchmarks).
    """

    places: tuple[str, ...]
    lat: Floats  # NaN = unknown
    lon: Floats
    minutes: Floats
    km: Floats
    dimensions: tuple[str, ...]
    stops: Stops
    vehicles: Vehicles
    goods: pd.DataFrame
    clean_order: bool = True
    split: str = "needed"  # never | needed | always
    goals: tuple[GoalSpec, ...] = ()
    fixed: tuple[FixedRoute, ...] = ()
    period: int = 1
    exact: bool = False
    gates: Floats | None = None  # None = no limit anywhere
    docks: int = 0
    stations: Floats | None = None
    reload_anywhere: bool = False
    router: str = "auto"
    notes: tuple[Fault, ...] = ()  # what building it found, warnings among them

    def replace(self, **changes: Any) -> RouteCase:
        """Return a copy with some parts changed."""
        return dataclass_replace(self, **changes)

    def able(self, stop: int) -> Bools:
        """Return (V,) the types that may go to a stop and load its goods at home or elsewhere."""
        loads = self.stops.origins[stop, self.vehicles.home]
        return np.asarray(self.stops.permitted[stop] & (loads | self.reload_anywhere))

    @cached_property
    def detours(self) -> Detours | None:
        """Ways on which the class of access may fall; None where it may nowhere, or anywhere."""
        if self.stations is None or not self.clean_order:
            return None
        return detours(self.minutes, self.km, self.stations)

    @property
    def depots(self) -> NDArray[np.int64]:
        """Places where a vehicle is at home or goods may be loaded, in order."""
        loads = np.flatnonzero(self.stops.origins.any(axis=0))
        return np.union1d(loads, self.vehicles.home)
