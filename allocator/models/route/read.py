"""From routes to the tables of a plan; places and items have their ids again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from allocator.engine.program import Floats
from allocator.instance.route_case import RouteCase
from allocator.instance.route_lines import lines_of
from allocator.instance.schema import ACCESS_CLASSES
from allocator.models.route.chain import Chain, chain, forward
from allocator.models.route.routes import Route, Routes, shares
from allocator.models.route.schedule import timetable
from allocator.plan import plan_table
from allocator.plan.precision import rounded

DONE = 1e-9  # share of a stop that counts as nothing left
VOLUMES = {"kg": "load_kg", "m3": "load_m3"}


class Step(NamedTuple):
    """One row of the table routes before it has its names."""

    kind: str
    trip: int
    place: int
    arrive: float
    begin: float
    leave: float
    km: float
    stop: int
    share: float


def tables(case: RouteCase, routes: Routes) -> dict[str, pd.DataFrame]:
    """Return routes, deliveries, unserved and orders of `routes` as tables of a plan."""
    lines, names = lines_of(case), route_names(case, routes)
    found: list[dict[str, Any]] = []
    given: list[tuple[str, int, int, int, float]] = []
    for name, route in zip(names, routes, strict=True):
        steps = list(route_steps(case, route))
        loads = _loads(case, steps)
        found += _rows(case, name, route, steps, loads)
        given += [
            (name, step.trip, at + 1, step.stop, step.share)
            for at, step in enumerate(steps)
            if step.stop >= 0
        ]
    return {
        "routes": plan_table("routes", pd.DataFrame(found)),
        "deliveries": _deliveries(lines, given),
        "unserved": unserved(case, lines, 1.0 - shares(routes, len(case.stops))),
        "orders": orders(lines),
    }


def orders(lines: pd.DataFrame) -> pd.DataFrame:
    """Return what was ordered."""
    found = lines[["place_id", "item_id", "quantity", "from_id"]]
    return plan_table("orders", found.assign(quantity=rounded(found["quantity"])))


def route_names(case: RouteCase, routes: Routes) -> list[str]:
    """Return an id a route: a started one keeps its own, the others count R1, R2, ..."""
    own = [None if one.begun is None else case.fixed[one.begun].name for one in routes]
    taken, digits = {name for name in own if name}, len(str(max(1, len(routes))))
    fresh = (f"R{number:0{digits}d}" for number in range(1, 2 * len(routes) + 2))
    free = (name for name in fresh if name not in taken)
    return [name or next(free) for name in own]


def route_steps(case: RouteCase, route: Route) -> Iterator[Step]:
    """Return the rows of a route: departure, stops, decontamination, reloads, return."""
    steps = chain(case, route)
    begins = forward(steps, timetable(case, route).start)
    leaves = [begin + stay for begin, stay in zip(begins, steps.stay, strict=True)]
    shares_, km = [visit.share for visit in route.visits], 0.0
    for at, begin in enumerate(begins):
        km += steps.km[at] if at else 0.0
        if _passes(steps, at):
            continue  # the next step, at the same place, tells of both
        first = at
        while first and _passes(steps, first - 1):
            first -= 1
        arrive = leaves[first - 1] + steps.travel[first] if first else begins[0]
        trip = min(bisect_left(steps.returns, at) + 1, len(route.trips))
        kind = _kind(steps, at, first)
        share = shares_.pop(0) if kind == "stop" else 0.0
        yield Step(
            kind, trip, steps.place[at], arrive, begin, leaves[at], km, steps.visit[at], share
        )
        km = 0.0


def _passes(steps: Chain, at: int) -> bool:
    """Return whether a step takes no time and the next, at the same place, is no visit."""
    if at + 1 >= len(steps.place) or steps.visit[at] >= 0 or steps.stay[at] > 0:
        return False
    own = {at, at + 1} & set(steps.cleanings)
    return not own and steps.place[at + 1] == steps.place[at] and steps.visit[at + 1] < 0


def _kind(steps: Chain, at: int, first: int) -> str:
    """Return the kind of a row that tells of the steps from `first` to `at`."""
    if steps.visit[at] >= 0:
        return "stop"
    if at in steps.cleanings or (at in steps.returns and steps.stay[at] > 0):
        return "decontaminate"
    if at == len(steps.place) - 1 or at in steps.returns:
        return "return"
    return "depart" if first == 0 else "reload"


def _loads(case: RouteCase, steps: list[Step]) -> Floats:
    """Return rows x dimensions of what is on board on leaving."""
    stop = np.array([step.stop for step in steps])
    share = np.array([step.share for step in steps])
    trip = np.array([step.trip for step in steps])
    brought = np.where((stop >= 0)[:, None], case.stops.load[stop] * share[:, None], 0.0)
    left = np.zeros_like(brought)
    for one in np.unique(trip):
        mine = trip == one
        left[mine] = np.cumsum(brought[mine][::-1], axis=0)[::-1] - brought[mine]
    return np.maximum(left, 0.0)


def _rows(
    case: RouteCase, name: str, route: Route, steps: list[Step], loads: Floats
) -> Iterator[dict[str, Any]]:
    fleet, v = case.vehicles, route.vehicle
    for at, step in enumerate(steps):
        times = rounded([step.arrive, step.begin, step.leave, step.begin - step.arrive, step.km])
        yield {
            "route": name,
            "vehicle_type": fleet.ids[v],
            "site_id": case.places[fleet.home[v]],
            "number": route.number + 1,
            "trip": step.trip,
            "sequence": at + 1,
            "place_id": case.places[step.place],
            "kind": step.kind,
            **dict(zip(("arrive", "begin", "leave", "wait", "km"), times.tolist(), strict=True)),
            **{
                VOLUMES[dimension]: float(rounded(loads[at, d]))
                for d, dimension in enumerate(case.dimensions)
                if dimension in VOLUMES
            },
            "access": ACCESS_CLASSES[case.stops.access[step.stop]] if step.stop >= 0 else "",
            "stop_id": case.stops.ids[step.stop] if step.stop >= 0 else "",
        }


def _deliveries(lines: pd.DataFrame, given: list[tuple[str, int, int, int, float]]) -> pd.DataFrame:
    visits = pd.DataFrame(given, columns=["route", "trip", "sequence", "stop", "share"])
    found = visits.merge(lines, on="stop", how="left", sort=False)
    found["quantity"] = _written(found)
    keep = [column for column in plan_table("deliveries").columns if column in found]
    return plan_table("deliveries", found[keep])


def _written(found: pd.DataFrame) -> Floats:
    """Return the quantity of each delivery, rounded so that those of an order add up to it."""
    keys = ["stop", "item_id", "from_id"]
    done = found.assign(share=found["share"].astype(float)).groupby(keys, sort=False)["share"]
    after = rounded(found["quantity"] * done.cumsum())
    before = found.assign(after=after).groupby(keys, sort=False)["after"].shift().fillna(0.0)
    return rounded(after - before.to_numpy(float))


def unserved(case: RouteCase, lines: pd.DataFrame, left: Floats) -> pd.DataFrame:
    """Return what is left of the orders, `left` being the share of every stop."""
    share = left[lines["stop"].to_numpy(np.int64)]
    found = lines.assign(quantity=rounded(lines["quantity"] * share))[share > DONE]
    prize = case.stops.prize[found["stop"].to_numpy(np.int64)] * share[share > DONE]
    prize = np.where(np.isfinite(prize), rounded(prize), np.nan)
    return plan_table("unserved", found[["place_id", "item_id", "quantity", "from_id"]]).assign(
        prize=prize
    )
