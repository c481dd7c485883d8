"""What every scenario brings: need, survival, suppliers and room to hand out (section 1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

from allocator.check.ground import Floats, Ground, Ints, lookup
from allocator.check.preposition_ground import Stage
from allocator.check.preposition_lanes import Ways, ways_of
from allocator.instance import Instance
from allocator.instance.overlays import overlaid

ALONE = ""  # the one scenario of an instance without any


@dataclass(frozen=True)
class Need:
    """Need by scenario and group (place x items + item, ascending); matrices scenarios x groups.

    `rate` is people per unit; `later(h)` the part of the need after the first h periods.
    """

    group: Ints
    place: Ints
    item: Ints
    quantity: Floats
    rate: Floats
    later: Callable[[int], Floats]

    def find(self, group: Ints) -> Ints:
        """Return the position of each group; -1 where nothing is ever needed."""
        return lookup(pd.Index(self.group), pd.Series(group))


@dataclass(frozen=True)
class Scenarios:
    """All scenarios by number."""

    index: pd.Index
    probability: Floats
    need: Need
    base: Floats  # reference need over groups
    sites: Ints  # the places that are sites
    survive: Floats  # scenarios x sites x items
    through: Floats  # scenarios x sizes, infinite = without limit
    available: Floats  # scenarios x agreements
    lack: Floats  # money for a unit short, scenarios x items
    over: Floats  # money for a unit left over, scenarios x items
    called: Floats  # money for a unit called, scenarios x agreements
    ways: Ways

    def __len__(self) -> int:
        return len(self.index)


def scenarios_of(stage: Stage) -> Scenarios:
    """Read every scenario of the instance: overlays first, then the bulk tables."""
    instance = stage.ground.instance
    table = instance["scenarios"]
    names = list(table["scenario_id"]) or [ALONE]
    cases = _cases(instance, names)
    index = pd.Index(np.array(names, dtype=object))
    survive, through = _sites(stage, index, cases)
    need, base = _needs(stage, index, cases)
    return Scenarios(
        index=index,
        probability=_probability(table),
        need=need,
        base=base,
        sites=np.flatnonzero(stage.ground.places.is_site),
        survive=survive,
        through=through,
        available=_available(stage, index, cases),
        lack=_stacked(cases, partial(_column, "items", "shortage_cost")),
        over=_stacked(cases, partial(_column, "items", "surplus_cost")),
        called=_stacked(cases, partial(_column, "agreements", "price")),
        ways=ways_of(stage.ground, index, cases),
    )


def _cases(instance: Instance, names: list[str]) -> list[Instance]:
    """Return the instance of each scenario with its overlays; the same object where none."""
    touched = set(instance["overlays"]["scenario_id"])
    return [_overlaid(instance, name) if name in touched else instance for name in names]


def _overlaid(instance: Instance, name: str) -> Instance:
    changed: dict[str, Any] = dict(overlaid(instance.tables, name))
    return instance.replace(validate=False, **changed)


def _probability(table: pd.DataFrame) -> Floats:
    """Return the probabilities; blank ones share what the others leave."""
    if table.empty:
        return np.ones(1)
    given = table["probability"].to_numpy(float)
    blank = np.isnan(given)
    rest = max(0.0, 1.0 - float(np.nansum(given)))
    filled = np.where(blank, rest / max(1, int(blank.sum())), given)
    return np.asarray(filled / filled.sum(), dtype=np.float64)


def _sites(stage: Stage, index: pd.Index, cases: list[Instance]) -> tuple[Floats, Floats]:
    """Return survival of stock and throughput of sizes; an item's own row goes before all items."""
    ground = stage.ground
    names = pd.Index(ground.instance["sites"]["site_id"])
    survive = _stacked(cases, _survival)
    survive = np.repeat(survive[:, :, None], len(ground.items), axis=2)
    through = _stacked(cases, partial(_throughput, stage))
    rows = ground.instance["scenario_sites"]
    which, site = lookup(index, rows["scenario_id"]), lookup(names, rows["site_id"])
    item = ground.item(rows["item_id"])
    share, most = rows["survival"].to_numpy(float), rows["throughput_m3"].to_numpy(float)
    every = (rows["item_id"] == "").to_numpy() & ~np.isnan(share)
    survive[which[every], site[every]] = share[every, None]
    some = (item >= 0) & ~np.isnan(share)
    survive[which[some], site[some], item[some]] = share[some]
    cap = np.full((len(index), len(names)), np.inf)
    some = ~np.isnan(most)
    np.minimum.at(cap, (which[some], site[some]), most[some])
    position = stage.sizes.site - (len(ground.places) - len(names))
    return survive, np.minimum(through, cap[:, position])


def _stacked(cases: list[Instance], read: Callable[[Instance], Floats]) -> Floats:
    """Read every case, the same one once, and stack what was read."""
    known = {id(case): case for case in cases}
    found = {key: read(case) for key, case in known.items()}
    return np.stack([found[id(case)] for case in cases])


def _column(table: str, field: str, case: Instance) -> Floats:
    return np.asarray(case[table][field].to_numpy(float))


def _survival(case: Instance) -> Floats:
    """Return the share of every site; nothing of one that is closed."""
    sites = case["sites"]
    share = sites["survival"].to_numpy(float)
    return np.where((sites["status"] == "closed").to_numpy(), 0.0, share)


def _throughput(stage: Stage, case: Instance) -> Floats:
    """Return the m3 that can leave at each size: its own limit, else that of its site."""
    own = np.append(case["sizes"]["throughput_m3"].to_numpy(float), np.nan)[stage.sizes.row]
    of_site = case["sites"]["throughput_m3"].to_numpy(float)
    site = stage.sizes.site - (len(stage.ground.places) - len(of_site))
    limit = np.where(np.isnan(own), of_site[site], own)
    return np.where(np.isnan(limit), np.inf, limit)


def _available(stage: Stage, index: pd.Index, cases: list[Instance]) -> Floats:
    """Return the share of every agreement that can be had; nothing at a site that is closed."""
    share = _stacked(cases, _kept)
    rows = stage.ground.instance["scenario_agreements"]
    which = lookup(index, rows["scenario_id"])
    number = lookup(stage.agreements.index, rows["agreement_id"])
    share[which, number] = rows["available"].to_numpy(float)
    return share


def _kept(case: Instance) -> Floats:
    table, sites = case["agreements"], case["sites"]
    closed = table["site_id"].isin(sites["site_id"][sites["status"] == "closed"])
    return np.where(closed.to_numpy(), 0.0, table["available"].to_numpy(float))


def _needs(stage: Stage, index: pd.Index, cases: list[Instance]) -> tuple[Need, Floats]:
    """Gather the needs of all scenarios and the reference need."""
    ground = stage.ground
    reference = _rows(ground, ground.instance["needs"], None)
    rows, variant = _all_rows(ground, index, cases, reference)
    group = np.unique(np.concatenate([rows["group"], reference["group"]])).astype(np.int64)
    table = Gathered(rows, group, len(index), ground)
    people, quantity = table.largest("people")[variant], table.after(0)[variant]
    need = Need(
        group=group,
        place=group // len(ground.items),
        item=group % len(ground.items),
        quantity=quantity,
        rate=np.divide(people, quantity, out=np.zeros_like(people), where=quantity > 0),
        later=cache(lambda periods: table.after(periods)[variant]),
    )
    if ground.instance["needs"].empty:
        return need, _probability(ground.instance["scenarios"]) @ quantity
    return need, Gathered(reference, group, 1, ground).after(0)[0]


def _all_rows(
    ground: Ground, index: pd.Index, cases: list[Instance], reference: pd.DataFrame
) -> tuple[pd.DataFrame, Ints]:
    """Return the needs in rows, and for each scenario the number its rows go under."""
    bulk = ground.instance["scenario_needs"]
    which = lookup(index, bulk["scenario_id"])
    parts, first = [_rows(ground, bulk, which)], dict[int, int]()
    variant = np.arange(len(index))
    for number in np.setdiff1d(variant, which).tolist():
        case = cases[number]
        variant[number] = kind = first.setdefault(id(case), number)
        if kind == number:
            parts.append(_rows(ground, case["needs"], np.full(len(case["needs"]), number)))
    return _filled(pd.concat(parts, ignore_index=True), reference), variant


def _rows(ground: Ground, table: pd.DataFrame, which: Ints | None) -> pd.DataFrame:
    """Return needs above zero of places that take part: scenario, group, period and figures."""
    place, item = ground.place(table["community_id"]), ground.item(table["item_id"])
    quantity = table["quantity"].to_numpy(float)
    unsaid = np.where(ground.places.is_site[place], quantity, ground.places.people[place])
    people = table["people"].to_numpy(float)
    frame = pd.DataFrame(
        {
            "scenario": np.zeros(len(table), dtype=np.int64) if which is None else which,
            "group": place * len(ground.items) + item,
            "period": table["period"].to_numpy(float),
            "quantity": quantity,
            "people": people,
            "unsaid": unsaid,
        }
    )
    frame = frame[(place >= 0) & (item >= 0) & (quantity > 0)]
    return frame[frame["scenario"] >= 0].reset_index(drop=True)


def _filled(rows: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Fill blank people: those of `needs` (the period with most), else all who live there."""
    known = reference["people"].fillna(reference["unsaid"]).groupby(reference["group"]).max()
    other = rows["group"].map(known).astype(float).fillna(rows["unsaid"])
    return rows.assign(people=rows["people"].fillna(other))


class Gathered:
    """Needs in rows, to be summed over periods; the need of a reusable is its largest period."""

    def __init__(self, rows: pd.DataFrame, group: Ints, scenarios: int, ground: Ground) -> None:
        """Number the cells of the matrix scenarios x groups."""
        self.rows, self.shape = rows, (scenarios, len(group))
        at = np.searchsorted(group, rows["group"].to_numpy(np.int64))
        self.cell = rows["scenario"].to_numpy(np.int64) * len(group) + at
        self.reusable = ground.items.reusable[group % len(ground.items)]

    def after(self, periods: int) -> Floats:
        """Return the need after the first `periods` periods; rows without a period always count."""
        counted = ~(self.rows["period"].to_numpy(float) <= periods)
        cell, amount = self.cell[counted], self.rows["quantity"].to_numpy(float)[counted]
        size = self.shape[0] * self.shape[1]
        total = np.bincount(cell, weights=amount, minlength=size)
        most = np.zeros(size)
        np.maximum.at(most, cell, amount)
        result = np.where(self.reusable, most.reshape(self.shape), total.reshape(self.shape))
        return np.asarray(result, dtype=np.float64)

    def largest(self, column: str) -> Floats:
        """Return the largest entry of a column over the periods."""
        most = np.zeros(self.shape[0] * self.shape[1])
        np.maximum.at(most, self.cell, self.rows[column].to_numpy(float))
        return most.reshape(self.shape)
