"""The routing model of formulation.md as a readable PuLP program, for tiny cases.

    python models/route/route_exact.py INSTANCE [--period 1] [--solver highs|cbc]

A column for every arc of every trip and big-M rows for the times (page, section 8). It leaves out
docks, pins, started routes and loading away from home. Goals (section 5): route_exact_goals.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import product
from math import inf
from typing import Any

import numpy as np
import pulp
from route_exact_goals import terms
from route_parts import Parts

from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase
from allocator.models.route.goals import goals_of, slack
from allocator.models.route.routes import Routes

Sum = pulp.lpSum


class Exact:
    """The program: columns and rows by their names on the page."""

    def __init__(self, case: RouteCase) -> None:
        """Refuse what this form leaves out."""
        if case.docks or case.fixed or case.reload_anywhere:
            raise ValueError("docks, fixed routes and reload_anywhere are left out here")
        self.p = Parts(case)
        self.problem = pulp.LpProblem("routes", pulp.LpMinimize)
        self.big = self.p.horizon()
        self.trips = [(k, r) for k, one in enumerate(self.p.vehicles) for r in range(one.trips)]
        self.stops = range(self.p.n)
        self._columns()
        for family in ROWS:
            for number, row in enumerate(family(self)):
                self.problem.addConstraint(row[1], f"{row[0]}_{family.__name__}_{number}")

    def column(self, name: str, *key: int, binary: bool = False, most: float | None = None) -> Any:
        label = f"{name}_{'_'.join(map(str, key))}"
        kind = "Binary" if binary else "Continuous"
        return self.problem.add_variable(label, 0, 1 if binary else most, kind)

    def _columns(self) -> None:
        p, keys = self.p, list(product(self.trips, self.stops))
        self.trip = {t: self.column("trip", *t, binary=True) for t in self.trips}
        self.load_at = {t: self.column("load_at", *t) for t in self.trips}
        self.back = {t: self.column("back", *t) for t in self.trips}
        self.clean = {t: self.column("clean", *t) for t in self.trips}
        self.visit = {(t, i): self.column("visit", *t, i, binary=True) for t, i in keys}
        self.share = {(t, i): self.column("share", *t, i, most=1) for t, i in keys}
        self.begin = {(t, i): self.column("begin", *t, i) for t, i in keys}
        self.within = {
            (t, i, w): self.column("within", *t, i, w, binary=True)
            for t, i in keys
            for w in range(len(p.stops.windows[i]))
        }
        self.left = {i: self.column("left", i, most=1) for i in self.stops}
        self.arc = {
            (t, i, j): self.column("arc", *t, i + 1, j + 1, binary=True)
            for t in self.trips
            for i, j in product(range(-1, p.n), repeat=2)  # -1 = the depot
            if i != j and self.possible(t, i, j)
        }

    def type(self, t: tuple[int, int]) -> int:
        return self.p.vehicles[t[0]].type

    def place(self, v: int, i: int, leaving: bool = True) -> int:
        """Place of a stop, of the home (-1) or, for a way back, of the end."""
        if i >= 0:
            return int(self.p.stops.place[i])
        return int((self.p.fleet.home if leaving else self.p.fleet.end)[v])

    def way(self, t: tuple[int, int], i: int, j: int) -> tuple[float, float]:
        """Return minutes and km of an arc; only the last trip goes to the end."""
        v = self.type(t)
        if min(i, j) >= 0:
            return self.p.leg(v, i, j)
        ends = self.place(v, i), self.place(v, j, leaving=False)
        return self.p.minutes(v, *ends), self.p.km(v, *ends)

    def possible(self, t: tuple[int, int], i: int, j: int) -> bool:
        """permit, origin, class_order, on_way, road: arcs that are no columns at all."""
        v, home = self.type(t), int(self.p.fleet.home[self.type(t)])
        if any(stop >= 0 and not self.p.able(v, stop, home) for stop in (i, j)):
            return False
        return self.way(t, i, j)[0] < inf

    def stay(self, t: tuple[int, int], i: int) -> Any:
        """service: minutes of a visit."""
        whole, fixed = self.p.stops.service[i], self.p.fleet.unloading[self.type(t)]
        return float(whole) * self.share[t, i] + float(fixed) * self.visit[t, i]

    def out(self, t: tuple[int, int], i: int) -> Any:
        return Sum(x for (u, a, _), x in self.arc.items() if (u, a) == (t, i))

    def into(self, t: tuple[int, int], j: int) -> Any:
        return Sum(x for (u, _, b), x in self.arc.items() if (u, b) == (t, j))

    def km(self, k: int) -> Any:
        return Sum(self.way(t, i, j)[1] * x for (t, i, j), x in self.arc.items() if t[0] == k)

    def end(self, k: int) -> Any:
        return self.endings[k]

    def work(self, k: int) -> Any:
        return self.endings[k] - self.load_at[k, 0]

    endings: dict[int, Any]


Row = tuple[str, Any]


def legs(m: Exact) -> Iterator[Row]:
    for t, i in product(m.trips, m.stops):
        yield "leave", m.out(t, i) == m.visit[t, i]
        yield "enter", m.into(t, i) == m.visit[t, i]
        yield "depart", m.visit[t, i] <= m.trip[t]
    for t in m.trips:
        yield "depart", m.out(t, -1) == m.trip[t]
        yield "depart", m.into(t, -1) == m.trip[t]
        if (t[0], t[1] + 1) in m.trip:
            yield "in_order", m.trip[t[0], t[1] + 1] <= m.trip[t]


def served(m: Exact) -> Iterator[Row]:
    for i in m.stops:
        yield "ordered", Sum(m.share[t, i] for t in m.trips) + m.left[i] == 1
        for t in m.trips:
            yield "split", m.share[t, i] <= m.visit[t, i]
            if not m.p.divisible[i]:
                yield "split", m.share[t, i] >= m.visit[t, i]


def loads(m: Exact) -> Iterator[Row]:
    for t in m.trips:
        for d, room in enumerate(m.p.fleet.capacity[m.type(t)]):
            if np.isfinite(room):
                brought = Sum(float(m.p.stops.load[i, d]) * m.share[t, i] for i in m.stops)
                yield "load", brought <= float(room)


def times(m: Exact) -> Iterator[Row]:
    for (t, i, j), x in m.arc.items():
        minutes = m.way(t, i, j)[0]
        if i < 0:
            leave = m.load_at[t] + float(m.p.fleet.loading[m.type(t)])
        else:
            leave = m.begin[t, i] + m.stay(t, i)
        then = m.back[t] if j < 0 else m.begin[t, j]
        yield "travel", then >= leave + minutes - 2 * m.big * (1 - x)
    for t, i in product(m.trips, m.stops):
        ready = float(m.p.stops.release[i])
        yield "loading", m.load_at[t] >= ready * m.visit[t, i]
        own = [(w, m.within[t, i, w]) for w in range(len(m.p.stops.windows[i]))]
        yield "window", Sum(x for _, x in own) == m.visit[t, i]
        for w, x in own:
            opens, closes = m.p.stops.windows[i][w]
            yield "window", m.begin[t, i] >= opens * x
            if closes < inf:
                yield "window", m.begin[t, i] <= closes + m.big * (1 - x)


def duties(m: Exact) -> Iterator[Row]:
    m.endings = {k: m.column("end", k) for k in range(len(m.p.vehicles))}
    for t, i in product(m.trips, m.stops):
        minutes = float(m.p.fleet.decontaminate[m.type(t), m.p.stops.access[i]])
        last = m.arc.get((t, i, -1), 0) if m.p.case.clean_order else m.visit[t, i]
        yield "decontamination", m.clean[t] >= minutes * last
    for k, one in enumerate(m.p.vehicles):
        v = one.type
        yield "loading", m.load_at[k, 0] >= one.early
        for r in range(one.trips):
            idle = 2 * m.big * (1 - m.trip[k, r])
            yield "duty", m.end(k) >= m.back[k, r] + m.clean[k, r] - idle
            if r + 1 < one.trips:
                free = m.back[k, r] + m.clean[k, r]
                yield "decontamination", m.load_at[k, r + 1] >= free
        yield "duty", m.end(k) >= m.load_at[k, 0]
        yield "shift", m.end(k) <= min(m.big, float(m.p.fleet.late[v]))
        if np.isfinite(m.p.fleet.longest[v]):
            yield "duty", m.work(k) <= float(m.p.fleet.longest[v])
        if np.isfinite(m.p.fleet.farthest[v]):
            yield "farthest", m.km(k) <= float(m.p.fleet.farthest[v])


def shared(m: Exact) -> Iterator[Row]:
    for line in np.unique(m.p.fleet.line).tolist():
        own = [k for k, one in enumerate(m.p.vehicles) if m.p.fleet.line[one.type] == line]
        most = int(m.p.fleet.count[m.p.fleet.line == line].max())
        yield "fleet", Sum(m.trip[k, 0] for k in own) <= most
    for place in np.unique(m.p.stops.place).tolist() if m.p.case.gates is not None else ():
        rows = np.flatnonzero(m.p.stops.place == place).tolist()
        if np.isfinite(m.p.case.gates[place]):
            handed = ((t, i, float(m.p.stops.service[i])) for t, i in product(m.trips, rows))
            spent = Sum(minutes * m.share[t, i] for t, i, minutes in handed)
            yield "gate", spent <= float(m.p.case.gates[place])


ROWS = (legs, served, loads, times, duties, shared)


def build(case: RouteCase) -> tuple[Exact, list[tuple[GoalSpec, Any]]]:
    """Return the program and its goals in order."""
    m = Exact(case)
    return m, [
        (goal, Sum(weight * terms(m, name) for weight, name in goal.terms))
        for goal in goals_of(case)
    ]


def solve(case: RouteCase, solver: str = "highs") -> tuple[dict[str, float], Routes]:
    """Return the least value of each goal, given those before it, and routes that have them."""
    m, goals = build(case)
    found = {}
    for goal, value in goals:
        m.problem.setObjective(value)
        chosen = pulp.HiGHS(msg=False) if solver == "highs" else pulp.PULP_CBC_CMD(msg=False)
        if m.problem.solve(chosen) != pulp.LpStatusOptimal:
            raise ValueError(f"{goal.name}: {pulp.LpStatus[m.problem.status]}")
        found[goal.name] = float(pulp.value(value) or 0.0)
        m.problem += value <= found[goal.name] + slack(found[goal.name])
    return found, routes(m)


def routes(m: Exact) -> Routes:
    """Return the routes of the solution."""
    found: dict[int, list[tuple[int, list[tuple[int, float]], int]]] = {}
    after = {(t, i): j for (t, i, j), x in m.arc.items() if (x.value() or 0.0) > 0.5}
    for t in m.trips:
        visits, stop = [], after.get((t, -1), -1)
        while stop >= 0:
            visits.append((stop, float(m.share[t, stop].value())))
            stop = after[t, stop]
        if visits:
            home, end = int(m.p.fleet.home[m.type(t)]), int(m.p.fleet.end[m.type(t)])
            found.setdefault(t[0], []).append((home, visits, end))
    return m.p.routes(found)


def main() -> None:
    """Solve a period of an instance from the shell and print its goals."""
    import allocator.instance
    from allocator.instance.route_build import route_case

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("instance")
    parser.add_argument("--period", type=int, default=1)
    parser.add_argument("--solver", default="highs", choices=["highs", "cbc"])
    arguments = parser.parse_args()
    case = route_case(allocator.instance.load(arguments.instance), period=arguments.period)
    for name, value in solve(case, arguments.solver)[0].items():
        print(f"{name}: {value:g}")


if __name__ == "__main__":
    main()
