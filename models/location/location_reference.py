"""The location problems of formulation.md as readable PuLP code.

    python models/location/location_reference.py models/location/example/data.json p-median

It is the second form that the fast ones are tested against. p-center and maximal covering are
stated in another way than there (a largest distance, a covered share), so the test says more.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pulp

from allocator.models.location.data import Location

Sum = pulp.lpSum
FORMS = (
    "p-median",
    "p-center",
    "set-covering",
    "maximal-covering",
    "facility",
    "single-source",
)


def build(location: Location, form: str, radius: float | None = None) -> pulp.LpProblem:
    """Return the problem; `whole` assignments in single-source only."""
    return {
        "p-median": p_median,
        "p-center": p_center,
        "set-covering": set_covering,
        "maximal-covering": maximal_covering,
        "facility": facility,
        "single-source": single_source,
    }[form](location, radius)


class Model:
    """The problem with its variables: open (i,), serve (i, j)."""

    def __init__(self, location: Location, sense: int = pulp.LpMinimize) -> None:
        self.location, self.problem = location, pulp.LpProblem("location", sense)
        self.sites, self.customers = range(location.sites), range(location.customers)
        self.open = [self.column(f"open[{i}]", whole=True) for i in self.sites]
        self.serve: dict[tuple[int, int], Any] = {}

    def column(self, name: str, most: float | None = 1.0, whole: bool = False) -> Any:
        kind = "Integer" if whole else "Continuous"
        return self.problem.add_variable(name, 0, most, cat=kind)

    def row(self, name: str, key: object, constraint: Any) -> None:
        self.problem += constraint, f"{name}[{key}]"

    def add_serve(self, within: float = np.inf, whole: bool = False, everyone: bool = True) -> None:
        """Serve from open sites, along finite costs of at most `within`: served, strong."""
        for i in self.sites:
            for j in self.customers:
                cost = self.location.cost[i, j]
                if np.isfinite(cost) and cost <= within:
                    self.serve[i, j] = self.column(f"serve[{i},{j}]", whole=whole)
                    self.row("strong", (i, j), self.serve[i, j] <= self.open[i])
        for j in self.customers:
            total = Sum(self.serve[i, j] for i in self.sites if (i, j) in self.serve)
            self.row("served", j, total == 1 if everyone else total <= 1)

    def add_capacity(self) -> None:
        for i in self.sites:
            room = self.location.capacity[i]
            if np.isfinite(room):
                units = Sum(
                    self.location.need[j] * self.serve[i, j]
                    for j in self.customers
                    if (i, j) in self.serve
                )
                self.row("capacity", i, units <= room * self.open[i])

    def add_sites(self, exactly: bool) -> None:
        number = Sum(self.open)
        p = self.location.p
        self.row("sites", "all", number == p if exactly else number <= p)

    def service(self) -> Any:
        service = self.location.service
        return Sum(service[i, j] * x for (i, j), x in self.serve.items())

    def fixed(self) -> Any:
        return Sum(self.location.fixed_cost[i] * self.open[i] for i in self.sites)


def p_median(location: Location, radius: float | None) -> pulp.LpProblem:
    m = Model(location)
    m.add_serve()
    m.add_sites(exactly=True)
    m.problem.setObjective(m.service())
    return m.problem


def p_center(location: Location, radius: float | None) -> pulp.LpProblem:
    """Minimise the largest distance of a customer to the site that serves it."""
    m = Model(location)
    m.add_serve(whole=True)
    m.add_sites(exactly=False)
    largest = m.column("largest", most=None)
    for j in m.customers:
        distance = Sum(location.cost[i, k] * x for (i, k), x in m.serve.items() if k == j)
        m.row("largest", j, largest >= distance)
    m.problem.setObjective(largest)
    return m.problem


def set_covering(location: Location, radius: float | None) -> pulp.LpProblem:
    m = Model(location)
    if np.isfinite(location.capacity).any():
        m.add_serve(within=radius)
        m.add_capacity()
    else:
        for j in m.customers:
            near = Sum(m.open[i] for i in m.sites if location.cost[i, j] <= radius)
            m.row("cover", j, near >= 1)
    m.problem.setObjective(m.fixed() if location.fixed_cost.any() else Sum(m.open))
    return m.problem


def maximal_covering(location: Location, radius: float | None) -> pulp.LpProblem:
    m = Model(location, pulp.LpMaximize)
    m.add_sites(exactly=False)
    if np.isfinite(location.capacity).any():
        m.add_serve(within=radius, everyone=False)
        m.add_capacity()
        m.problem.setObjective(Sum(location.need[j] * x for (_, j), x in m.serve.items()))
        return m.problem
    covered = [m.column(f"covered[{j}]") for j in m.customers]
    for j in m.customers:
        near = Sum(m.open[i] for i in m.sites if location.cost[i, j] <= radius)
        m.row("cover", j, near >= covered[j])
    m.problem.setObjective(Sum(location.need[j] * covered[j] for j in m.customers))
    return m.problem


def facility(location: Location, radius: float | None, whole: bool = False) -> pulp.LpProblem:
    m = Model(location)
    m.add_serve(whole=whole)
    m.add_capacity()
    if location.p is not None:
        m.add_sites(exactly=True)
    m.problem.setObjective(m.fixed() + m.service())
    return m.problem


def single_source(location: Location, radius: float | None) -> pulp.LpProblem:
    return facility(location, radius, whole=True)


def solve(location: Location, form: str, radius: float | None = None) -> float | None:
    """Return the optimum, or None when there is no plan."""
    problem = build(location, form, radius)
    problem.solve(pulp.HiGHS(msg=False, gapRel=0.0))
    if pulp.LpStatus[problem.status] != "Optimal":
        return None
    return float(pulp.value(problem.objective) or 0.0)


def read(path: Path) -> Location:
    """Read cost, need, capacity, fixed_cost, p from JSON."""
    given = json.loads(path.read_text(encoding="utf-8"))
    return Location.of(given.pop("cost"), **given)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("form", choices=FORMS)
    parser.add_argument("--radius", type=float)
    arguments = parser.parse_args()
    value = solve(read(arguments.file), arguments.form, arguments.radius)
    print("no plan" if value is None else f"{value:.6f}")


if __name__ == "__main__":
    main()
