"""Day plans of Shanghai's jiedao, April 2022: what each rule of lockdown costs in km, and exposure.

The needs of a day are routed as they stand, from the nearest stocks. Plain distance knows loads,
shifts, reloading and where goods come from; each method adds one rule of lockdown, or all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from allocator.bench import Case, Meter, Row, Settings, Suite
from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase

DAYS = (1, 5, 10)
SECONDS = 60.0
WORKERS = 2
PLAIN, ALL_RULES, EXPOSURE = "plain", "all-rules", "exposure"
CURVE = (0.0, 0.25, 0.5, 0.75, 1.0)  # weight of exposure beside distance

Change = Callable[[RouteCase], RouteCase]


def without_order(case: RouteCase) -> RouteCase:
    return case.replace(clean_order=False)


def without_decontamination(case: RouteCase) -> RouteCase:
    fleet = case.vehicles
    return case.replace(vehicles=replace(fleet, decontaminate=np.zeros_like(fleet.decontaminate)))


def without_permits(case: RouteCase) -> RouteCase:
    stops = case.stops
    return case.replace(stops=replace(stops, permitted=np.ones_like(stops.permitted)))


def without_gates(case: RouteCase) -> RouteCase:
    return case.replace(gates=None, docks=0)


def without_hours(case: RouteCase) -> RouteCase:
    """Drop curfews and the hours of gates."""
    stops = case.stops
    return case.replace(stops=replace(stops, windows=(((0.0, np.inf),),) * len(stops)))


RULES: Mapping[str, Change] = {
    "order": without_order,
    "decontamination": without_decontamination,
    "permits": without_permits,
    "gates": without_gates,
    "hours": without_hours,
}


def case_of(day: int, kept: Sequence[str]) -> RouteCase:
    """Return the routing of a day under some of the rules, unserved first, then km."""
    from allocator.generate.shanghai import shanghai_2022
    from allocator.instance.route_build import route_case

    case = route_case(shanghai_2022("jiedao", routes=True), None, day)
    for name, drop in RULES.items():
        if name not in kept:
            case = drop(case)
    return case.replace(goals=goals("distance", ((1.0, "distance"),)))


def goals(name: str, terms: tuple[tuple[float, str], ...]) -> tuple[GoalSpec, ...]:
    return GoalSpec("unserved", ((1.0, "unserved"),)), GoalSpec(name, terms)


def kept(method: str) -> tuple[str, ...]:
    """Return the rules of a method; the curve of exposure is drawn under all of them."""
    if method in (ALL_RULES, EXPOSURE):
        return tuple(RULES)
    return () if method == PLAIN else (method.removeprefix("plain+"),)


def cases(settings: Settings) -> Sequence[Case]:
    methods = (PLAIN, *(f"plain+{name}" for name in RULES), ALL_RULES, EXPOSURE)
    return [Case(f"day-{day}", methods, {"day": day}) for day in DAYS]


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    limit = settings.time_limit or SECONDS
    with meter.phase("load"):
        routing = case_of(case.parameters["day"], kept(method))
    if method == EXPOSURE:
        return curve(case.name, routing, limit, settings.seed, meter)
    return [solved(case.name, method, routing, limit, settings.seed, meter)]


def solved(
    name: str, method: str, routing: RouteCase, limit: float, seed: int, meter: Meter
) -> Row:
    """Return one plan as the judge sees it; the value is its km."""
    from allocator.models.route.solve import solve
    from allocator.runs.route_judged import judged

    with meter.phase("solve"):
        answer = solve(routing, limit, seed, WORKERS)
    with meter.phase("check"):
        plan = judged(routing, answer.routes, "solver")
    values = plan.summary["values"]
    detail = {
        "stops": len(routing.stops),
        "routes": len(answer.routes),
        "router": answer.router,
        **{key: values[key] for key in ("unserved", "exposure", "duration", "cost")},
    }
    wrong = "; ".join(plan.summary.get("violations", []))
    return Row(
        name,
        method,
        value=values["distance"],
        within=plan.status.plan == "valid",
        detail=detail,
        note=f"failed: {wrong}" if wrong else "",
    )


def curve(name: str, routing: RouteCase, limit: float, seed: int, meter: Meter) -> list[Row]:
    """Return plans for weights of exposure beside distance, each counted in its own range.

    The ends give the ranges; a plan that another one beats in both is told as such.
    """
    share, found = limit / len(CURVE), dict[float, Row]()
    for weight, term in ((0.0, "distance"), (1.0, "exposure")):
        part = routing.replace(goals=goals(term, ((1.0, term),)))
        found[weight] = solved(f"{name}/w{weight:g}", EXPOSURE, part, share, seed, meter)
    km = _range([row.value or 0.0 for row in found.values()])
    people = _range([row.detail["exposure"] for row in found.values()])
    for weight in CURVE[1:-1]:
        terms = (((1 - weight) / km, "distance"), (weight / people, "exposure"))
        part = routing.replace(goals=goals("trade_off", terms))
        found[weight] = solved(f"{name}/w{weight:g}", EXPOSURE, part, share, seed, meter)
    rows = [found[weight] for weight in CURVE]
    return [replace(row, detail={**row.detail, "beaten": _beaten(row, rows)}) for row in rows]


def _range(values: list[float]) -> float:
    return max(max(values) - min(values), 1e-6 * max(values), 1e-6)


def _point(row: Row) -> tuple[float, float]:
    return row.value or 0.0, row.detail["exposure"]


def _beaten(row: Row, rows: Sequence[Row]) -> bool:
    mine = _point(row)
    points = [_point(one) for one in rows]
    return any(one != mine and one[0] <= mine[0] and one[1] <= mine[1] for one in points)


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
    return made


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
        "price can come out below 0.",
        "Exposure: plans for weights of exposure beside distance, a fifth of the time each; "
        "detail beaten: another plan of the curve is no worse in both.",
    ),
)
