"""What a plan does in every scenario, row by row, and the rules of single rows (section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check import rows
from allocator.check.ground import Floats, Ints, lookup
from allocator.check.preposition_ground import Stage
from allocator.check.preposition_scenarios import Scenarios
from allocator.check.preposition_stage import Chosen
from allocator.check.rows import known, words
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance

KINDS = ("ship", "exercise", "short", "surplus")


@dataclass(frozen=True)
class Moved:
    """Units sent to a place in a scenario, from stock (agreement -1) or of an agreement."""

    row: Ints
    scenario: Ints
    site: Ints  # number of the place
    target: Ints
    item: Ints
    agreement: Ints
    quantity: Floats
    price: Floats  # money a unit

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Stated:
    """What a plan says of one kind besides: exercise, short or surplus, in rows."""

    row: Ints
    scenario: Ints
    place: Ints
    item: Ints
    agreement: Ints
    quantity: Floats

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Answer:
    """The recourse of a plan: what is moved, and what is stated about the rest."""

    moved: Moved
    exercise: Stated
    short: Stated
    surplus: Stated


def answer_of(
    found: Findings, stage: Stage, scenarios: Scenarios, chosen: Chosen, table: pd.DataFrame
) -> Answer:
    """Read the recourse; what cannot be read is recorded and left out."""
    ground = stage.ground
    scenario = lookup(scenarios.index, table["scenario_id"])
    item = ground.item(table["item_id"])
    kind = np.asarray(pd.Index(KINDS).get_indexer(pd.Index(table["kind"])), dtype=np.int64)
    amount, ok = rows.amounts(found, "recourse", table, "quantity")
    ok &= known(found, "recourse", table, "scenario_id", scenario)
    ok &= known(found, "recourse", table, "kind", kind)
    agreement = lookup(stage.agreements.index, table["agreement_id"])
    ends = [lookup(ground.places.index, table[name]) for name in ("from_id", "to_id")]
    needed = np.array([[True, True], [False, False], [False, True], [True, False]])[kind]
    with_item = np.where(
        (kind == 1) & (item < 0), np.append(stage.agreements.item, -1)[agreement], item
    )
    missing = {
        "item_id": with_item < 0,
        "agreement_id": (agreement < 0) & ((table["agreement_id"] != "").to_numpy() | (kind == 1)),
        "from_id": needed[:, 0] & (ends[0] < 0),
        "to_id": needed[:, 1] & (ends[1] < 0),
    }
    for column, bad in missing.items():
        ok &= known(found, "recourse", table, column, np.where(ok & bad, -1, 0))
    everything = (scenario, *ends, with_item, agreement, amount)

    def of(number: int, end: int) -> Stated:
        line = np.flatnonzero(ok & (kind == number))
        parts = [part[line] for part in everything]
        return Stated(line, parts[0], parts[1 + end], parts[3], parts[4], parts[5])

    line = np.flatnonzero(ok & (kind == 0))
    moved = _moved(found, stage, scenarios, chosen, line, [part[line] for part in everything])
    return Answer(moved, of(1, 0), of(2, 1), of(3, 0))


def _moved(
    found: Findings,
    stage: Stage,
    scenarios: Scenarios,
    chosen: Chosen,
    line: Ints,
    parts: list[np.ndarray],
) -> Moved:
    """Check origin, lane and opening of every row that ships; keep what has a lane."""
    scenario, site, target, item, agreement, amount = parts
    figures, open_ = scenarios.ways.of(scenario, site, target)
    ground = stage.ground
    real = amount > tolerance(0.0)
    for family, bad, why in (
        ("lane", real & ~chosen.open[site], "{} is no open site, so nothing can leave it for {}"),
        ("lane", real & chosen.open[site] & ~figures.there, "no lane joins {} and {}"),
        (
            "lane_open",
            real & figures.there & ~open_,
            "the lane from {} to {} is closed or too long",
        ),
    ):
        lines = words(why, ground.place_names(site[bad]), ground.place_names(target[bad]))
        found.add(family, "recourse", line[bad], amount[bad], lines)
    _check_source(found, stage, line, site, item, agreement, amount)
    price = figures.cost + figures.cost_m3 * ground.items.m3[item]
    return Moved(line, scenario, site, target, item, agreement, amount, price)


def _check_source(
    found: Findings,
    stage: Stage,
    line: Ints,
    site: Ints,
    item: Ints,
    agreement: Ints,
    amount: Floats,
) -> None:
    """Check that goods of an agreement come from its site and are its item."""
    mine = np.flatnonzero(agreement >= 0)
    number = agreement[mine]
    off = (stage.agreements.site[number] != site[mine]) | (
        stage.agreements.item[number] != item[mine]
    )
    bad = mine[off]
    lines = words(
        "agreement {} does not deliver {} at {}",
        stage.agreements.index.to_numpy(object)[agreement[bad]],
        stage.ground.item_names(item[bad]),
        stage.ground.place_names(site[bad]),
    )
    found.add("agreement", "recourse", line[bad], amount[bad], lines)
