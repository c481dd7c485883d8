"""Why stops are left behind: each alone, then beside the routes there are, rules lifted in turn."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from allocator.doctor.words import number
from allocator.engine.program import Floats
from allocator.explain.route_lifts import LIFTS, lifted
from allocator.explain.route_near import near
from allocator.explain.route_trials import LEFT, less, possible_alone, with_stop
from allocator.instance import Instance
from allocator.instance.route_build import route_case
from allocator.instance.route_case import RouteCase
from allocator.models.route.goals import better, ordered, values
from allocator.models.route.pieces import parts_needed
from allocator.models.route.routes import Routes, shares
from allocator.models.route.rules import broken
from allocator.models.route.take import taken
from allocator.plan import Plan

ROUTE_CODES = {
    "IMPOSSIBLE_ALONE": "no vehicle could serve the stop even if it had no other",
    "CROWDED_OUT": "possible alone, but the routes there are leave no room for it",
    "NOT_WORTH": "there is room, but the goals put what it costs above what it is worth",
    "NOT_PROVEN": "there is room: a longer search would serve it",
    "UNEXPLAINED": "no single rule explains it, or it was not looked at within the time",
}
COLUMNS = ("community_id", "item_id", "code", "family", "quantity", "text", "detail", "from_id")
NEAREST = 6  # stops near by that might be left out instead
ALONE = ("permit", "window", "gate", "shift", "load", "split", "farthest", "origin", "release")
BESIDE = ("fleet", "trip_count", "shift", "window", "gate", "class_order", "split", "permit")


@dataclass(frozen=True)
class RouteReason:
    """Why one stop is left: `quantity` is the share of its goods that is."""

    community_id: str
    item_id: str
    code: str
    family: str
    quantity: float
    text: str
    detail: str
    from_id: str


def route_reasons(
    case: RouteCase, plan: Plan, budget_seconds: float, most: int | None = None, only: str = ""
) -> pd.DataFrame:
    """Explain the stops left behind, those worth most first.

    Args:
        case: The case of the plan.
        plan: A plan of routes.
        budget_seconds: Wall-clock seconds; what is left then is UNEXPLAINED.
        most: Most stops to look at; None = all.
        only: Id of the one place to explain.

    Returns:
        The table reasons, with a column from_id (the origin of the goods).
    """
    deadline = time.monotonic() + budget_seconds
    routes, _ = taken(case, plan.tables)
    found = list(_reasons(case, routes, deadline, most, only))
    frame = pd.DataFrame([one.__dict__ for one in found], columns=list(COLUMNS))
    return frame.assign(period_from=float(case.period), period_to=float(case.period))


def _reasons(
    case: RouteCase, routes: Routes, deadline: float, most: int | None, only: str
) -> Iterator[RouteReason]:
    left = 1.0 - shares(routes, len(case.stops))
    worth = np.where(np.isinf(case.stops.prize), np.finfo(float).max, case.stops.prize) * left
    rows = np.flatnonzero(left > LEFT)
    rows = rows[np.argsort(-worth[rows], kind="stable")]
    if only:
        rows = rows[[case.places[case.stops.place[row]] == only for row in rows]]
    if not len(rows):
        return
    sound = not broken(case, routes)
    for stop in rows[: most or None].tolist():
        if time.monotonic() > deadline or not sound:
            why = "not looked at within the time" if sound else "the routes break rules"
            yield _reason(case, stop, left, "UNEXPLAINED", "", f"{why.capitalize()}.", "")
        else:
            yield _one(*near(case, routes, stop, left), deadline)


def _one(case: RouteCase, routes: Routes, stop: int, left: Floats, deadline: float) -> RouteReason:
    if not possible_alone(case, stop):
        return _alone(case, stop, left)
    fresh = with_stop(case, routes, stop)
    if fresh is not None:
        return _has_room(case, routes, fresh, stop, left)
    helps = list(_helpful(case, routes, stop, deadline))
    instead = _instead(case, routes, stop, deadline)
    if not helps and not instead and time.monotonic() > deadline:
        text = "Possible alone, and there is no room beside the routes; time ran out to say why."
        return _reason(case, stop, left, "UNEXPLAINED", "", text, "")
    return _crowded(case, stop, left, helps, instead)


def _helpful(
    case: RouteCase, routes: Routes, stop: int, deadline: float
) -> Iterator[tuple[str, ...]]:
    """Return what makes room when it is lifted: single rules, else the first pair that does."""
    alone = False
    for family in BESIDE:
        if time.monotonic() > deadline:
            return
        if with_stop(lifted(case, family, stop), routes, stop) is not None:
            alone = True
            yield (family,)
    for one, other in combinations(BESIDE, 2) if not alone else ():
        if time.monotonic() > deadline:
            return
        both = lifted(lifted(case, one, stop), other, stop)
        if with_stop(both, routes, stop) is not None:
            yield (one, other)
            return


def _has_room(
    case: RouteCase, routes: Routes, fresh: Routes, stop: int, left: Floats
) -> RouteReason:
    before, after = values(case, routes), values(case, fresh)
    name = case.stops.ids[stop]
    cost = f"it adds {number(after['cost'] - before['cost'])} to the cost"
    if better(ordered(case, after), ordered(case, before)):
        text = f"{name} fits into the routes as they are ({cost}): search longer."
        return _reason(case, stop, left, "NOT_PROVEN", "", text, "inserted into the routes")
    prize = number(float(case.stops.prize[stop]))
    text = f"{name} fits, but {cost} and the goals value it at {prize} only."
    return _reason(case, stop, left, "NOT_WORTH", "", text, "inserted into the routes")


def _instead(case: RouteCase, routes: Routes, stop: int, deadline: float) -> list[int]:
    """Return stops near by of which one could be left out instead."""
    served = np.flatnonzero(shares(routes, len(case.stops)) > 1.0 - LEFT)
    fixed = {row for one in case.fixed for row in one.visits}
    served = served[[row not in fixed for row in served.tolist()]] if len(served) else served
    place = case.stops.place
    away = case.minutes[0, place[stop], place[served]]
    found = []
    for other in served[np.argsort(away, kind="stable")[:NEAREST]].tolist():
        if time.monotonic() > deadline:
            break
        fewer = less(routes, other)
        trial = with_stop(case, fewer, stop)
        if trial is not None:
            found.append(other)
    return found


def _alone(case: RouteCase, stop: int, left: Floats) -> RouteReason:
    helps = [(name,) for name in ALONE if possible_alone(lifted(case, name, stop), stop)]
    name = case.stops.ids[stop]
    if not len(case.vehicles):
        text = f"{name} cannot be served: there is no vehicle in the period."
    elif helps:
        text = f"{name} cannot be served even alone. It could with {_told(helps)}."
        text += _figures(case, stop, {family for (family,) in helps})
    else:
        text = f"{name} cannot be served even alone, and no single rule lifted would change that."
    detail = "every type from every depot on a route of its own"
    family = _families(helps)
    return _reason(case, stop, left, "IMPOSSIBLE_ALONE", family, text, detail)


def _figures(case: RouteCase, stop: int, helps: set[str]) -> str:
    """Say how far off the rules are that keep a stop from being served alone."""
    told, stops, fleet = [], case.stops, case.vehicles
    load = stops.load[stop]
    able = np.flatnonzero(stops.permitted[stop])
    if ("load" in helps or "split" in helps) and len(able):
        room = fleet.capacity[able].max(axis=0)
        told += [
            f"it weighs {number(load[d])} {dimension}, the largest vehicle takes {number(room[d])}"
            for d, dimension in enumerate(case.dimensions)
            if load[d] > room[d]
        ]
    if "permit" in helps and not len(able):
        told.append("no type has a permit for it")
    if "window" in helps and not stops.windows[stop]:
        told.append("it takes nobody in at any time of the period")
    return f" {'; '.join(told).capitalize()}." if told else ""


def _crowded(
    case: RouteCase, stop: int, left: Floats, helps: Sequence[tuple[str, ...]], instead: list[int]
) -> RouteReason:
    name, detail = case.stops.ids[stop], "insertion into the routes, rules lifted one at a time"
    if not helps and not instead:
        text = f"{name} could be served alone, but no one or two rules lifted make room for it."
        return _reason(case, stop, left, "UNEXPLAINED", "", text, detail)
    some = left[stop] < 1.0 - LEFT
    what = f"the rest of {name}, {left[stop]:.3g} of all its goods" if some else name
    text = f"The routes leave no room for {what}."
    if helps:
        more = "More of it" if some or parts_needed(case, stop) > 1 else "It"
        text += f" {more} would be served with {_told(helps)}."
    if instead:
        named = ", ".join(
            f"{case.stops.ids[row]} (worth {number(float(case.stops.prize[row]))})"
            for row in instead[:3]
        )
        own = number(float(case.stops.prize[stop]))
        text += f" Or instead of one of {named}; it is worth {own}."
    return _reason(case, stop, left, "CROWDED_OUT", _families(helps), text, detail)


def _told(helps: Sequence[tuple[str, ...]]) -> str:
    return ", or ".join(" and ".join(LIFTS[family][1] for family in one) for one in helps)


def _families(helps: Sequence[tuple[str, ...]]) -> str:
    """Return families of rules, those that help only together joined by `&`."""
    return "|".join("&".join(one) for one in helps)


def _reason(
    case: RouteCase, stop: int, left: Floats, code: str, family: str, text: str, detail: str
) -> RouteReason:
    place = case.places[case.stops.place[stop]]
    mine = case.goods[case.goods["stop"] == stop] if len(case.goods) else case.goods
    items = sorted(set(mine["item_id"].astype("str")))
    origins = sorted(set(mine["from_id"].astype("str"))) or [""]
    item = items[0] if len(items) == 1 else ""
    return RouteReason(place, item, code, family, float(left[stop]), text, detail, origins[0])


def route_plan_reasons(
    instance: Instance, plan: Plan, budget_seconds: float, most: int | None = 20, only: str = ""
) -> pd.DataFrame:
    """Explain a plan of routes from its instance and the orders it states."""
    period = int(plan.instance.get("period") or 1)
    orders = plan["orders"] if plan.states("orders") else None
    case = route_case(instance, None, period, orders=orders, check=False)
    return route_reasons(case, plan, budget_seconds, most, only)
