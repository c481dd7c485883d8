"""The routing model of formulation.md as readable CP-SAT code, every rule, for small cases.

    python models/route/route_reference.py INSTANCE [--period 1] [--seconds 60]

The second form that the fast search is tested against. Its parts follow the page: route_parts.py
(section 1: data), route_columns.py (2), route_rows.py (3: rules), and the goals of section 5 here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from ortools.sat.python import cp_model
from route_columns import SHARES, Rows, add_columns
from route_parts import Parts
from route_rows import FAMILIES

from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase
from allocator.models.route.goals import goals_of
from allocator.models.route.ortools_data import FINE, whole
from allocator.models.route.routes import Routes

UNIT = 600  # steps of one unit of a goal: an hour's rate is a sixtieth of one a minute
Terms = dict[str, Callable[[Rows], Any]]


def build(case: RouteCase) -> Rows:
    """Return the program with all its rules."""
    m = Rows(Parts(case), 1 if whole(case) else FINE)
    add_columns(m)
    for family in FAMILIES:
        family(m)
    return m


# --- section 5: goals, in steps of 1 / UNIT -----------------------------------------------------


def required_unserved(m: Rows) -> Any:
    return sum(scaled(m, 1 / SHARES) * m.left[i] for i in range(m.p.n) if required(m, i))


def unserved(m: Rows) -> Any:
    prize = m.p.stops.prize
    return sum(scaled(m, prize[i] / SHARES) * m.left[i] for i in range(m.p.n) if not required(m, i))


def required(m: Rows, i: int) -> bool:
    return bool(np.isinf(m.p.stops.prize[i]))


def cost(m: Rows) -> Any:
    fleet, found = m.p.fleet, []
    for k, one in enumerate(m.p.vehicles):
        v, out = one.type, one.under_way is not None
        found += [scaled(m, fleet.fixed[v]) * m.trip[k, 0]] if not out else []
        found += [scaled(m, fleet.per_trip[v]) * m.trip[k, r] for r in range(int(out), one.trips)]
        found.append(scaled(m, fleet.per_km[v] / m.step) * m.far[k])
        found.append(scaled(m, fleet.per_hour[v] / 60 / m.step) * m.work[k])
    return sum(found)


def distance(m: Rows) -> Any:
    return sum(scaled(m, 1 / m.step) * km for km in m.far.values())


def duration(m: Rows) -> Any:
    return sum(scaled(m, 1 / m.step) * work for work in m.work.values())


def vehicles(m: Rows) -> Any:
    used = [m.trip[k, 0] for k, one in enumerate(m.p.vehicles) if one.under_way is None]
    return scaled(m, 1) * sum(used)


def latest_arrival(m: Rows) -> Any:
    last = m.minute("latest")
    for key, visit in m.visit.items():
        m.model.add(last >= m.begin[key]).only_enforce_if(visit)
    return scaled(m, 1 / m.step) * last


def arrivals(m: Rows) -> Any:
    return weighted(m, lambda key: m.begin[key])


def tardiness(m: Rows) -> Any:
    def late(key: tuple[int, int, int]) -> Any:
        due = m.p.stops.due[key[2]]
        return m.begin[key] - m.down(due) if np.isfinite(due) else 0

    return weighted(m, late)


def weighted(m: Rows, minutes: Callable[[tuple[int, int, int]], Any]) -> Any:
    """Sum of weight . share . minutes; the shares of divided goods make it a product."""
    found = []
    for key, visit in m.visit.items():
        own = m.minute("minutes")
        m.model.add(own >= minutes(key)).only_enforce_if(visit)
        each = scaled(m, m.p.stops.weight[key[2]] / m.step / SHARES)
        product = m.model.new_int_var(0, m.last * SHARES, "share x minutes")
        if m.p.divisible[key[2]]:
            m.model.add_multiplication_equality(product, [own, m.share[key]])
        else:
            m.model.add(product == SHARES * own)
        found.append(each * product)
    return sum(found)


def longest_work(m: Rows) -> Any:
    most = m.minute("longest")
    for work in m.work.values():
        m.model.add(most >= work)
    return scaled(m, 1 / m.step) * most


def work_spread(m: Rows) -> Any:
    most, least = m.minute("longest"), m.minute("shortest")
    for k, work in m.work.items():
        m.model.add(most >= work)
        used = m.trip[k, 0] if m.p.vehicles[k].fixed is None else True
        m.model.add(least <= work).only_enforce_if(used)
    any_used = m.model.new_bool_var("any used")
    m.model.add_max_equality(any_used, [m.trip[k, 0] for k in m.work])
    m.model.add(least == 0).only_enforce_if(~any_used)
    return scaled(m, 1 / m.step) * (most - least)


def exposure(m: Rows) -> Any:
    factor, contacts = m.p.fleet.exposure, m.p.stops.contacts
    return sum(
        scaled(m, contacts[i] * factor[m.p.vehicles[k].type]) * visit
        for (k, _, i), visit in m.visit.items()
    )


COUNTED = (required_unserved, unserved, cost, distance, duration, vehicles, latest_arrival)
COUNTED += (arrivals, tardiness, longest_work, work_spread, exposure)
TERMS: Terms = {term.__name__: term for term in COUNTED}


def scaled(m: Rows, value: float) -> int:
    """Return a factor of a goal in whole steps; cases of the tests lose nothing by it."""
    return round(float(value) * UNIT * m.step * SHARES)


def reached(m: Rows, goal: GoalSpec) -> Any:
    """Return the value of a goal, in steps."""
    return sum(int(weight * 10) * TERMS[name](m) for weight, name in goal.terms)


# --- solving --------------------------------------------------------------------------------------


def solve(case: RouteCase, seconds: float = 60.0) -> tuple[dict[str, float], Routes]:
    """Return the least value of each goal, given those before it, and routes that have them.

    Raises:
        TimeoutError: A goal was not proven within its time.
    """
    m, found = build(case), {}
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    for goal in goals_of(case):
        value = reached(m, goal)
        m.model.minimize(value)
        solver.parameters.max_time_in_seconds = seconds
        status = solver.solve(m.model)
        if status == cp_model.INFEASIBLE:
            raise ValueError("the rules contradict each other")
        if status != cp_model.OPTIMAL:
            raise TimeoutError(f"{goal.name} is not proven within {seconds} s")
        least = round(solver.objective_value)
        found[goal.name] = least / (10 * UNIT * m.step * SHARES)
        m.model.add(value <= least)
        hint(m, solver)
    return found, routes(m, solver)


def hint(m: Rows, solver: cp_model.CpSolver) -> None:
    """Let the next goal begin where this one ended."""
    m.model.clear_hints()
    for column in (*m.arc.values(), *m.out.values(), *m.home.values(), *m.share.values()):
        m.model.add_hint(column, solver.value(column))


def routes(m: Rows, solver: cp_model.CpSolver) -> Routes:
    """Return the routes of a solution."""
    found: dict[int, list[tuple[int, list[tuple[int, float]], int]]] = {}
    for k, r in m.trips:
        one = m.p.vehicles[k]
        leaves = {d: j for (a, b, d, j), x in m.out.items() if (a, b) == (k, r) and solver.value(x)}
        if not leaves:
            if one.under_way is not None and r == 0:
                found.setdefault(k, []).append((one.place, [], int(m.p.fleet.end[one.type])))
            continue
        (depot, stop), visits, back = next(iter(leaves.items())), [], -1
        while back < 0:
            visits.append((stop, solver.value(m.share[k, r, stop]) / SHARES))
            home = [
                p
                for (a, b, i, p), x in m.home.items()
                if (a, b, i) == (k, r, stop) and solver.value(x)
            ]
            back = home[0] if home else -1
            if back < 0:
                stop = next(
                    j
                    for (a, b, i, j), x in m.arc.items()
                    if (a, b, i) == (k, r, stop) and solver.value(x)
                )
        found.setdefault(k, []).append((depot, visits, back))
    return m.p.routes(found)


def main() -> None:
    """Solve a period of an instance from the shell and print its goals and routes."""
    import allocator.instance
    from allocator.instance.route_build import route_case

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("instance")
    parser.add_argument("--period", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    case = route_case(allocator.instance.load(arguments.instance), period=arguments.period)
    goals, found = solve(case, arguments.seconds)
    for name, value in goals.items():
        print(f"{name}: {value:g}")
    for route in found:
        for trip in route.trips:
            stops = " - ".join(case.stops.ids[stop] for stop in trip.stops)
            print(f"{case.vehicles.ids[route.vehicle]} {route.number + 1}: {stops}")


if __name__ == "__main__":
    main()
