"""Hurricanes on the Gulf Coast: sites of three sizes at 30 nodes, three items, 51 scenarios.

Source: Rawls and Turnquist 2010, Transportation Research Part B 44:521-534; with risk: Noyan 2012,
Computers & Operations Research 39:541-559. The length of links and the split of a storm's need over
nodes are not published: without geography the figures are exact and below the published optimum;
with the distances of the file and a split of our own they are approximate.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gulf_coast.instance import as_instance
from gulf_coast.published import Published, read_published

from allocator.bench import Case, Meter, Row, Settings, Suite, need_folder

SECONDS = 180.0
TOLERANCE = 5_000.0  # money: the publications give 0.01 M$
TOLERANCE_STOCK = 0.5  # units of the publication
CHOSEN = ("penalty", "risk", "level")

# A figure of the reference data, not of the article: cost and stock without sites and distances.
RELAXED = {"expected": 87_900_000.0, "stock": (9000, 3609, 19_633)}


def file(settings: Settings) -> Path:
    return need_folder(settings, "published/rawls_turnquist_2010") / "rawls_turnquist_2010.json"


def cases(settings: Settings) -> Sequence[Case]:
    given = json.loads(file(settings).read_text(encoding="utf-8"))["published_results"]
    best = given["CPLEX_extensive_form"]
    told = {"expected": best["objective"], "published stock": _slashed(best["stock"].values())}
    both = ("extensive", "benders")
    noyan = [
        Case(f"noyan-k{one['penalty']:g}-r{one['risk']:g}-a{one['level']:g}", both[:1], one)
        for one in with_risk(given["Noyan2012"])
    ]
    return [Case("relaxed", both, RELAXED), Case("gulf", both, told), *noyan]


def _slashed(stock: Iterable[float]) -> str:
    return "/".join(f"{units:.0f}" for units in stock)


def with_risk(noyan: Mapping[str, Any]) -> list[dict[str, float]]:
    """Return penalty, weight and level of the risk, and the published optimum, one row each."""
    rows = []
    for penalty, risks in noyan["mean_risk"].items():
        known = {"lam0_a0": noyan[penalty]["RP"], **risks}
        for name, money in known.items():
            risk, level = name.removeprefix("lam").split("_a")
            chosen = (float(penalty.removeprefix("kappa")), float(risk), float(level))
            rows.append(dict(zip(CHOSEN, chosen, strict=True)) | {"expected": money})
    return rows


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    import allocator
    from allocator.check import check

    given = case.parameters
    chosen = {key: given[key] for key in CHOSEN if key in given}
    with meter.phase("load"):
        published = read_published(file(settings))
        instance = as_instance(published, case.name == "gulf", **chosen)
    seconds = settings.time_limit or SECONDS
    limits = allocator.Limits(seconds=seconds, seed=settings.seed)
    began = time.monotonic()
    plan = allocator.preposition(instance, limits=limits, method=method)
    wall = time.monotonic() - began
    meter.add("solve", plan.run.get("seconds", {}).get("solve", wall))
    with meter.phase("check"):
        verdict = check(instance, plan)
    return [row(case, method, published, plan, verdict, wall)]


def row(case: Case, method: str, published: Published, plan: Any, verdict: Any, wall: float) -> Row:
    """Return value and bound in the money of the publication, beside the published figure."""
    given = case.parameters
    # Noyan adds weight x risk to a mean of weight 1; ours are weights that add up to 1.
    scale = 1.0 + given.get("risk", 0.0)
    value, known = scale * verdict.goals["cost"], plan.goals[0].bound
    bound = None if known is None else scale * known
    held = stocked(published, plan)
    return Row(
        case.name,
        method,
        value=value,
        bound=bound,
        gap=None if bound is None else (value - bound) / value,
        expected=given["expected"],
        within=within(case, value, bound, held, len(verdict.table)),
        detail={
            "violations": len(verdict.table),
            "stock": _slashed(held),
            **{key: given[key] for key in given if key == "published stock"},
            "sites": len(plan.sites),
            "termination": plan.status.termination,
            "wall seconds": round(wall, 2),
        },
        note=f"failed: {complaint}" if (complaint := plan.summary.get("complaint")) else "",
    )


def stocked(published: Published, plan: Any) -> np.ndarray:
    """Return the stock of every item, in units of the publication."""
    total = plan.reserves.groupby("item_id")["quantity"].sum()
    return np.asarray(
        total.reindex(published.items["name"]).fillna(0.0).to_numpy(float) * published.units
    )


def within(
    case: Case, value: float, bound: float | None, held: np.ndarray, violations: int
) -> bool | None:
    """Return whether the publication is met: equalled, or not below what its relaxation must cost.

    With distances of our own nothing is required.
    """
    given = case.parameters
    if case.name == "gulf":
        return None
    if "stock" in given:
        close = abs(value - given["expected"]) <= TOLERANCE
        off = np.abs(held - np.array(given["stock"])).max()
        return bool(violations == 0 and close and off <= TOLERANCE_STOCK)
    return violations == 0 and bound is not None and bound <= given["expected"] + TOLERANCE


SUITE = Suite(
    name="rawls-turnquist",
    purpose="Gulf Coast: 30 nodes, 51 scenarios of hurricanes, mean and mean-risk",
    cases=cases,
    run=run,
    notes=(
        "relaxed, noyan-*: one safe, free place for all. These programs are exact, and the "
        "published optima, with sites and distances, cannot be below them; relaxed is itself a "
        "figure of the reference data, within when cost and stock are the same.",
        "gulf: with sites, great-circle miles and a split of needs that is ours; expected is the "
        "published optimum, approximate, nothing is required.",
        "noyan-kK-rR-aA: shortage costs K prices; mean + R x CVaR at level A.",
    ),
)
