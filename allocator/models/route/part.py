"""A part of a case: some of its routes with the stops they serve, as a case of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.instance.route_case import RouteCase, Stops
from allocator.models.route.routes import Route, Routes, Trip, Visit


@dataclass(frozen=True)
class Part:
    """A part and the way back.

    Attributes:
        case: The part, its stops with the share of the goods that it is to bring.
        stop: Row in the whole case of each of its stops.
        share: Share of the whole stop that is its own.
        place: Row in the whole case of each of its places.
        start: The routes it begins with, as routes of the part.
    """

    case: RouteCase
    stop: Ints
    share: Floats
    place: Ints
    start: Routes

    def whole(self, routes: Routes) -> Routes:
        """Return routes of the part as routes of the whole case."""
        return tuple(
            replace(
                route,
                trips=tuple(
                    Trip(
                        int(self.place[trip.depot]),
                        tuple(
                            Visit(int(self.stop[v.stop]), v.share * float(self.share[v.stop]))
                            for v in trip.visits
                        ),
                        int(self.place[trip.back]),
                    )
                    for trip in route.trips
                ),
            )
            for route in routes
        )


def part_of(case: RouteCase, routes: Routes, left: Sequence[tuple[int, float]], idle: Ints) -> Part:
    """Return the part with these routes, the stops left by all, and idle vehicles (V,)."""
    share = np.zeros(len(case.stops))
    for visit in (visit for route in routes for visit in route.visits):
        share[visit.stop] += visit.share
    for unserved, rest in left:
        share[unserved] += rest
    stop = np.flatnonzero(share > 1e-9)
    own = np.minimum(share[stop], 1.0)
    fleet = case.vehicles
    stations = np.full(len(case.places), np.inf) if case.stations is None else case.stations
    kept = (case.depots, fleet.end, np.flatnonzero(np.isfinite(stations)), case.stops.place[stop])
    place = np.unique(np.concatenate(kept)).astype(np.int64)
    row = np.full(len(case.places), -1)
    row[place] = np.arange(len(place))
    used = np.bincount([route.vehicle for route in routes], minlength=len(fleet))
    part = case.replace(
        places=tuple(case.places[p] for p in place.tolist()),
        lat=case.lat[place],
        lon=case.lon[place],
        minutes=case.minutes[:, place][:, :, place],
        km=case.km[:, place][:, :, place],
        stops=_stops(case.stops, stop, own, place, row),
        vehicles=replace(
            fleet,
            home=row[fleet.home],
            end=row[fleet.end],
            count=used + idle,
            line=np.arange(len(fleet)),
        ),
        goods=case.goods.iloc[:0],
        fixed=(),
        gates=None,
        docks=0,
        stations=None if case.stations is None else stations[place],
    )
    rank = np.full(len(case.stops), -1)
    rank[stop] = np.arange(len(stop))
    start = tuple(_inside(route, rank, share, row) for route in routes)
    return Part(part, stop, own, place, start)


def _stops(stops: Stops, chosen: Ints, share: Floats, place: Ints, row: Ints) -> Stops:
    return Stops(
        ids=tuple(stops.ids[s] for s in chosen.tolist()),
        place=row[stops.place[chosen]],
        load=stops.load[chosen] * share[:, None],
        service=stops.service[chosen] * share,
        windows=tuple(stops.windows[s] for s in chosen.tolist()),
        due=stops.due[chosen],
        weight=stops.weight[chosen],
        prize=stops.prize[chosen] * share,
        access=stops.access[chosen],
        permitted=stops.permitted[chosen],
        origins=stops.origins[chosen][:, place],
        contacts=stops.contacts[chosen],
        divisible=stops.divisible[chosen],
        release=stops.release[chosen],
    )


def _inside(route: Route, rank: Ints, share: Floats, row: Ints) -> Route:
    trips = tuple(
        Trip(
            int(row[trip.depot]),
            tuple(Visit(int(rank[v.stop]), min(1.0, v.share / share[v.stop])) for v in trip.visits),
            int(row[trip.back]),
        )
        for trip in route.trips
    )
    return replace(route, trips=trips)
