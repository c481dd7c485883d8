"""Warehouse location of the OR-Library (cap71..cap134): every optimum, proven.

Source: Beasley 1990, OR-Library: distributing test problems by electronic mail, JORS 41:1069-1072.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from allocator.bench import Case, Meter, Row, Settings, Suite, need_folder
from allocator.models.location.data import Location

TOLERANCE = 1e-6  # of the optimum: the published figures have three decimals


def folder(settings: Settings) -> Path:
    return need_folder(settings, "location/orlib_cap")


def optima(path: Path) -> dict[str, float]:
    """Return name -> optimum; lines that are not a name and a figure are left out."""
    text = (path / "optimal-solutions.txt").read_text(encoding="utf-8", errors="replace")
    pairs = [line.split() for line in text.splitlines()]
    return {pair[0]: float(pair[1]) for pair in pairs if len(pair) == 2 and pair[0].isalnum()}


def read_cap(path: Path) -> Location:
    """Read sites and customers, capacity and fixed cost of a site, need and costs of a customer.

    A cost is that of the whole need. A capacity that is a word stands for none.
    """
    words = path.read_text(encoding="utf-8").split()
    sites, customers = int(words[0]), int(words[1])
    pairs = np.array(words[2 : 2 + 2 * sites]).reshape(sites, 2)
    table = np.array(words[2 + 2 * sites :], float).reshape(customers, 1 + sites)
    capacity = [float(word) if word[0].isdigit() else np.inf for word in pairs[:, 0]]
    return Location.of(
        table[:, 1:].T, need=table[:, 0], capacity=capacity, fixed_cost=pairs[:, 1].astype(float)
    )


def cases(settings: Settings) -> Sequence[Case]:
    path = folder(settings)
    known = optima(path)
    names = sorted((file.stem for file in path.glob("cap*.txt")), key=lambda name: int(name[3:]))
    return [Case(name, ("facility",), {"optimum": known[name]}) for name in names]


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    from allocator.engine.ordered import Budget
    from allocator.models.location.facility import facility

    with meter.phase("load"):
        location = read_cap(folder(settings) / f"{case.name}.txt")
    limit = settings.time_limit
    with meter.phase("solve"):
        deadline = None if limit is None else time.monotonic() + limit
        found = facility(location, Budget(deadline, gap=0.0), settings.seed)
    optimum = case.parameters["optimum"]
    near = TOLERANCE * optimum
    proven = found.gap is not None and found.gap <= TOLERANCE
    within = proven and found.value is not None and abs(found.value - optimum) <= near
    detail = {"open": 0 if found.open is None else int(found.open.sum()), **found.detail}
    return [
        Row(
            case.name,
            method,
            value=found.value,
            bound=found.bound,
            gap=found.gap,
            expected=optimum,
            within=within,
            detail=detail,
        )
    ]


SUITE = Suite(
    name="orlib-cap",
    purpose="OR-Library warehouse location, 16 to 50 sites: every optimum proven (8 files)",
    cases=cases,
    run=run,
    notes=(
        "Within: value and bound meet, and the value is the published optimum to 1e-6 of it.",
        "Capacities are as in the files (58,268 = the whole need): they do not bind, so the "
        "capacitated and the uncapacitated optimum are one. A cost is that of the whole need.",
    ),
)
