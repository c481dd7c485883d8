"""p-median and p-center on the graphs pmed1..pmed20 of the OR-Library: every optimum, proven.

Source: Beasley 1985, A note on solving large p-median problems, EJOR 21:270-273; the optima of
p-center as collected with the files.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from allocator.bench import Case, Meter, Row, Settings, Suite, need_folder
from allocator.models.location.data import Location

FILES = range(1, 21)
MEDIAN = (
    *(5819, 4093, 4250, 3034, 1355, 7824, 5631, 4445, 2734, 1255),
    *(7696, 6634, 4374, 2968, 1729, 8162, 6999, 4809, 2845, 1789),
)
SECONDS_IN_ALL = 1800.0


def folder(settings: Settings) -> Path:
    return need_folder(settings, "location/orlib_pmed")


def center_optima(path: Path) -> dict[str, float]:
    lines = (path / "kcenteropt.txt").read_text(encoding="utf-8").split("\n")
    return {name: float(radius) for name, radius in (line.split() for line in lines if line)}


def read_pmed(path: Path) -> Location:
    """Read vertices, edges and p, then the edges; a later edge of a pair replaces an earlier one.

    Every vertex is a customer and a site; the distance is that of the shortest path.
    """
    from scipy.sparse.csgraph import shortest_path

    figures = np.array(path.read_text(encoding="utf-8").split(), int)
    vertices, _, p = figures[:3].tolist()
    length = np.full((vertices, vertices), np.inf)
    for one, other, miles in figures[3:].reshape(-1, 3).tolist():
        length[one - 1, other - 1] = length[other - 1, one - 1] = miles
    return Location.of(shortest_path(length, method="FW", directed=False), p=p)


def cases(settings: Settings) -> Sequence[Case]:
    radius = center_optima(folder(settings))
    return [
        Case(
            f"pmed{number}",
            ("p-median", "p-center"),
            {"p-median": float(MEDIAN[number - 1]), "p-center": radius[f"pmed{number}"]},
        )
        for number in FILES
    ]


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    from allocator.engine.ordered import Budget
    from allocator.models.location.p_center import p_center
    from allocator.models.location.p_median import p_median

    with meter.phase("load"):
        location = read_pmed(folder(settings) / f"{case.name}.txt")
    limit = settings.time_limit or SECONDS_IN_ALL / 2
    solve = {"p-median": p_median, "p-center": p_center}[method]
    with meter.phase("solve"):
        found = solve(location, Budget(time.monotonic() + limit, gap=0.0), settings.seed)
    optimum = case.parameters[method]
    return [
        Row(
            case.name,
            method,
            value=found.value,
            bound=found.bound,
            gap=found.gap,
            expected=optimum,
            within=found.value == optimum == found.bound,
            detail={"sites": location.sites, "p": location.p, **found.detail},
        )
    ]


SUITE = Suite(
    name="pmed",
    purpose="p-median and p-center on pmed1..20 of the OR-Library: every optimum proven",
    cases=cases,
    run=run,
    notes=(
        "Within: value, bound and published optimum are equal. Distances are whole, so a bound is "
        "rounded up. All rows together may take 30 minutes: add up the seconds.",
        "p-center opens at most p sites.",
    ),
)
