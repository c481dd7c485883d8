"""Single-source capacitated location: the problems of Holmberg and of Yang.

Sources: Holmberg, Ronnqvist and Yuan 1999, An exact algorithm for the capacitated facility location
problems with single sourcing, EJOR 113:544-559; Yang, Chu and Chen 2012, A cut-and-solve based
algorithm for the single-source capacitated facility location problem, EJOR 221:521-532.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from allocator.bench import Case, Meter, Row, Settings, Suite, need_folder
from allocator.models.location.data import Location

# stop: gap at which the search ends. gap: largest that is allowed, of bound and known optimum.
REQUIRED: Mapping[str, dict[str, Any]] = {
    "holmberg": {"files": 40, "seconds": 600.0, "stop": 0.0, "gap": 0.0},
    "yang": {"files": 8, "seconds": 300.0, "stop": 0.001, "gap": 0.01},
}
GRACE_SECONDS = 5.0
ROUNDING = 1e-9


def folder(settings: Settings) -> Path:
    return need_folder(settings, "location/sscflp")


def read_sscflp(path: Path) -> Location:
    """Read sites and customers, capacities, fixed costs, needs, then a row of costs a customer.

    A cost is that of the whole need. (One figure a site in a row of costs: the optima are reached
    this way, and missed with the matrix turned round.)
    """
    figures = np.array(path.read_text(encoding="utf-8").split(), float)
    sites, customers = int(figures[0]), int(figures[1])
    capacity, fixed, need, costs = np.split(
        figures[2:], np.cumsum([sites, sites, customers]).tolist()
    )
    cost = costs.reshape(customers, sites).T
    return Location.of(cost, need=need, capacity=capacity, fixed_cost=fixed)


def cases(settings: Settings) -> Sequence[Case]:
    made = []
    for family, required in REQUIRED.items():
        words = (folder(settings) / family / "os").read_text(encoding="utf-8").split()
        for number, optimum in enumerate(words[: required["files"]], start=1):  # more are listed
            given = {"file": f"{family}/p{number}", "optimum": float(optimum), **required}
            made.append(Case(f"{family}-p{number}", ("single-source",), given))
    return made


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    from allocator.engine.ordered import Budget
    from allocator.models.location.single_source import single_source

    given = case.parameters
    with meter.phase("load"):
        location = read_sscflp(folder(settings) / given["file"])
    limit, began = settings.time_limit or given["seconds"], time.monotonic()
    with meter.phase("solve"):
        budget = Budget(began + limit, gap=given["stop"])
        found = single_source(location, budget, settings.seed)
    in_time = time.monotonic() - began <= limit + GRACE_SECONDS
    optimum, most = given["optimum"], given["gap"] + ROUNDING
    near = found.value is not None and abs(found.value - optimum) <= most * optimum
    return [
        Row(
            case.name,
            method,
            value=found.value,
            bound=found.bound,
            gap=found.gap,
            expected=optimum,
            within=near and found.gap is not None and found.gap <= most and in_time,
            detail={"sites": location.sites, "customers": location.customers, **found.detail},
        )
    ]


SUITE = Suite(
    name="sscflp",
    purpose="Single-source location: Holmberg p1..40 proven, Yang p1..8 within 1 % in 5 minutes",
    cases=cases,
    run=run,
    notes=(
        "Within: Holmberg: value, bound and published optimum are equal; Yang: bound and published "
        "optimum are each at most 1 % from the value, within the time limit.",
        "Yang stops at a gap of 0.1 %. sets: sets of sites whose best assignment was looked for.",
    ),
)
