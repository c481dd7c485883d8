"""Day plans of Shanghai's jiedao, April 2022: what each rule of lockdown costs in km, and exposure.

The needs of a day are routed as they stand, from the nearest stocks: those from one large store,
or all of the city. Plain distance knows loads, shifts, reloading and where goods come from; each
method adds one rule of lockdown, or all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from allocator.bench import Case, Meter, Row, Settings, Suite
from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase
from allocator.models.route.prices import LOCKDOWN, in_force, without

CITY = "city"
# Goods of these stores are small beside a truck, so that routes have many stops.
PLANS = (
    (1, "medical_reserve"),
    (5, "medical_reserve"),
    (10, "medical_reserve"),
    (1, "food_reserve"),
)
SECONDS = 60.0
WORKERS = 2
PLAIN, ALL_RULES, EXPOSURE = "plain", "all-rules", "exposure"
PUBLISHED = -0.6755  # transmission risk against distance only: Zhao et al. 2021, IEEE T-ITS 23(7)
OTHER_DATA = "published: other data, 935 vehicles and 3,154 neighbourhoods (Zhao et al. 2021)"
POINTS = 7  # searches for the curve, in the time of one method together


def case_of(day: int, store: str) -> RouteCase:
    """Return the routing of a day from one store, or of the city; unserved first, then km."""
    from allocator.generate.shanghai import shanghai_2022
    from allocator.instance.route_build import route_case

    case = route_case(shanghai_2022("jiedao", routes=True), None, day)
    if store != CITY:
        case = of_store(case, case.places.index(store))
    return case.replace(goals=goals("distance", ((1.0, "distance"),)))


def of_store(case: RouteCase, store: int) -> RouteCase:
    """Return the part of a case with the goods and the vehicles of one store: it stands alone."""
    from allocator.models.route.part import part_of

    stops = np.flatnonzero(case.stops.origins[:, store])
    idle = np.where(case.vehicles.home == store, case.vehicles.count, 0)
    part = part_of(case, (), [(stop, 1.0) for stop in stops.tolist()], idle)
    gates = None if case.gates is None else case.gates[part.place]
    goods = case.goods[case.goods["stop"].isin(part.stop)].reset_index(drop=True)
    goods = goods.assign(stop=np.searchsorted(part.stop, goods["stop"]))
    return part.case.replace(gates=gates, docks=case.docks, goods=goods)


def goals(name: str, terms: tuple[tuple[float, str], ...]) -> tuple[GoalSpec, ...]:
    return GoalSpec("unserved", ((1.0, "unserved"),)), GoalSpec(name, terms)


def dropped(method: str) -> list[str]:
    """Return the rules a method does without; the curve of exposure is drawn under all."""
    if method in (ALL_RULES, EXPOSURE):
        return []
    return [rule for rule in LOCKDOWN if method != f"plain+{rule}"]


def cases(settings: Settings) -> Sequence[Case]:
    methods = (PLAIN, *(f"plain+{rule}" for rule in LOCKDOWN), ALL_RULES, EXPOSURE)
    made = [
        Case(f"day-{day}-{store}", methods, {"day": day, "store": store}) for day, store in PLANS
    ]
    whole = Case(f"day-5-{CITY}", (PLAIN, ALL_RULES), {"day": 5, "store": CITY})
    return [*made, whole]


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    limit = settings.time_limit or SECONDS
    with meter.phase("load"):
        routing = case_of(case.parameters["day"], case.parameters["store"])
    rule = method.removeprefix("plain+")
    if rule in LOCKDOWN and rule not in in_force(routing):
        return [Row(case.name, method, note="left out: the rule is idle on this day")]
    routing = without(routing, *dropped(method))
    if method == EXPOSURE:
        return curve_rows(case.name, routing, limit, settings.seed, meter)
    return [solved(case.name, method, routing, limit, settings.seed, meter)]


def solved(
    name: str, method: str, routing: RouteCase, limit: float, seed: int, meter: Meter
) -> Row:
    """Return one plan as the judge sees it; the value is its km."""
    from allocator.models.route.solve import solve

    with meter.phase("solve"):
        answer = solve(routing, limit, seed, WORKERS)
    return row_of(name, method, routing, answer.routes, meter, {"router": answer.router})


def row_of(
    name: str, method: str, routing: RouteCase, routes: Any, meter: Meter, facts: dict[str, Any]
) -> Row:
    """Return routes as the judge counts them."""
    from allocator.runs.route_judged import judged

    with meter.phase("check"):
        plan = judged(routing, routes, "solver")
    values = plan.summary["values"]
    terms = {key: values[key] for key in ("unserved", "exposure", "duration", "cost")}
    wrong = "; ".join(plan.summary.get("violations", []))
    return Row(
        name,
        method,
        value=values["distance"],
        within=plan.status.plan == "valid",
        detail={"stops": len(routing.stops), "routes": len(routes), **facts, **terms},
        note=f"failed: {wrong}" if wrong else "",
    )


def curve_rows(name: str, routing: RouteCase, limit: float, seed: int, meter: Meter) -> list[Row]:
    """Return the plans that none beats in both km and people met, from the fewest km on."""
    from allocator.models.route.exposure import Limits, curve

    with meter.phase("solve"):
        points = curve(routing, Limits(limit, seed, WORKERS), points=POINTS)
    return [
        row_of(f"{name}/curve-{k}", EXPOSURE, routing, point.routes, meter, {})
        for k, point in enumerate(points)
    ]


def compare(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the price of each rule: km more than those of plain distance, a share of these."""
    plain = next((row for row in rows if row.method == PLAIN), None)
    if plain is None or not plain.value:
        return ()
    made = []
    for row in rows:
        if row.method in (PLAIN, EXPOSURE) or row.value is None:
            continue
        detail: dict[str, Any] = {"km": row.value - plain.value}
        detail["unserved_more"] = row.detail["unserved"] - plain.detail["unserved"]
        price = row.value / plain.value - 1.0
        made.append(Row(f"{row.case}/price", row.method, value=price, detail=detail))
    curve = [row for row in rows if row.method == EXPOSURE and row.value]
    return [*made, *least_exposure(curve)]


def least_exposure(curve: Sequence[Row]) -> list[Row]:
    """Return how many people fewer are met than by the fewest km, beside the published share."""
    if not curve or not curve[0].detail["exposure"]:
        return []
    first, last = curve[0], curve[-1]
    change = last.detail["exposure"] / first.detail["exposure"] - 1.0
    detail = {"km": (last.value or 0.0) / (first.value or 1.0) - 1.0, "published": PUBLISHED}
    name = first.case.partition("/")[0]
    return [Row(f"{name}/people-met", EXPOSURE, value=change, detail=detail, note=OTHER_DATA)]


SUITE = Suite(
    name="lockdown-routes",
    purpose="Shanghai's jiedao by day: km that each rule of lockdown costs; exposure and distance",
    cases=cases,
    run=run,
    compare=compare,
    notes=(
        f"Value: km of all routes as the judge counts them, {SECONDS:g} s a method on {WORKERS} "
        "cores, unserved first. Within: the judge finds no violation.",
        "Price: km more than plain distance, as a share; both plans are heuristic, so a small "
        "price can come out below 0. A price counts for the stops served: see unserved more.",
        f"Exposure: the plans that none beats in km and in people met, {POINTS} searches in the "
        "time of one method together.",
    ),
)
