"""Lanes of reserves: which are open in a scenario, how long they take and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check.ground import Bools, Floats, Ground, Ints, lookup
from allocator.check.lanes import Lanes, lanes_of
from allocator.check.preposition_ground import with_candidates
from allocator.instance import Instance


@dataclass(frozen=True)
class Figures:
    """What moving along pairs of places takes: lane there at all, minutes, money a unit and m3."""

    there: Bools
    minutes: Floats
    cost: Floats
    cost_m3: Floats


@dataclass(frozen=True)
class Ways:
    """The lanes of every scenario: those of its instance, times its factors, less the closed."""

    lanes: tuple[Lanes, ...]
    links: tuple[pd.DataFrame, ...]
    ground: Ground
    variant: Ints  # over scenarios: which lanes
    exceptions: pd.DataFrame  # scenario, origin, target (-1 = any), factor, closed

    def base(self, origin: Ints, target: Ints) -> Figures:
        """Return the figures of pairs before any scenario."""
        return _figures(self.ground, self.lanes[0], self.links[0], origin, target)

    def of(self, scenario: Ints, origin: Ints, target: Ints) -> tuple[Figures, Bools]:
        """Return the figures of pairs in scenarios, and which are open there."""
        there, closed = np.zeros(len(origin), dtype=bool), np.zeros(len(origin), dtype=bool)
        minutes, cost, cost_m3 = np.zeros((3, len(origin)))
        kind = self.variant[scenario]
        for number in np.unique(kind).tolist():
            mine = kind == number
            one = _figures(
                self.ground, self.lanes[number], self.links[number], origin[mine], target[mine]
            )
            there[mine], minutes[mine] = one.there, one.minutes
            cost[mine], cost_m3[mine] = one.cost, one.cost_m3
        there &= self.base(origin, target).there
        factor, closed = self._exceptions(scenario, origin, target)
        within = np.ones(len(origin), dtype=bool)
        standard = self.ground.instance.policy.time_standard
        if standard is not None:
            within = minutes * factor <= standard + 1e-9 * max(1.0, standard)
        figures = Figures(there, minutes * factor, cost * factor, cost_m3 * factor)
        return figures, there & ~closed & within

    def _exceptions(self, scenario: Ints, origin: Ints, target: Ints) -> tuple[Floats, Bools]:
        """Multiply the factors of all rows of scenario_links that match; one closes the lane."""
        factor, closed = np.ones(len(origin)), np.zeros(len(origin), dtype=bool)
        if self.exceptions.empty:
            return factor, closed
        keys = pd.MultiIndex.from_frame(self.exceptions[["scenario", "origin", "target"]])
        any_ = np.full(len(origin), -1)
        for start, end in ((any_, any_), (any_, target), (origin, any_), (origin, target)):
            at = keys.get_indexer(pd.MultiIndex.from_arrays([scenario, start, end]))
            hit = at >= 0
            factor[hit] *= self.exceptions["factor"].to_numpy(float)[at[hit]]
            closed[hit] |= self.exceptions["closed"].to_numpy(bool)[at[hit]]
        itself = origin == target
        return np.where(itself, 1.0, factor), closed & ~itself


def ways_of(ground: Ground, index: pd.Index, cases: list[Instance]) -> Ways:
    """Return the lanes of all scenarios; scenarios without overlays share theirs."""
    first = ground.instance
    known = {id(first): 0}
    different = [first]
    variant = np.zeros(len(index), dtype=np.int64)
    for number, case in enumerate(cases):
        if _same_lanes(case, first):
            continue
        if id(case) not in known:
            known[id(case)] = len(different)
            different.append(case)
        variant[number] = known[id(case)]
    grounds = [ground, *(with_candidates(case) for case in different[1:])]
    return Ways(
        lanes=tuple(lanes_of(one) for one in grounds),
        links=tuple(case["links"] for case in different),
        ground=ground,
        variant=variant,
        exceptions=_exceptions(ground, index),
    )


def _same_lanes(case: Instance, first: Instance) -> bool:
    """Return whether no overlay touched what lanes are made of."""
    made_of = ("links", "sites", "communities")
    return all(case.tables[name] is first.tables[name] for name in made_of)


def _exceptions(ground: Ground, index: pd.Index) -> pd.DataFrame:
    table = ground.instance["scenario_links"]
    places = ground.places.index
    frame = pd.DataFrame(
        {
            "scenario": lookup(index, table["scenario_id"]),
            "origin": lookup(places, table["from_id"]),
            "target": lookup(places, table["to_id"]),
            "factor": table["factor"].to_numpy(float),
            "closed": table["closed"].to_numpy(bool),
        }
    )
    known = (table["from_id"] == "") | (frame["origin"] >= 0)
    known &= (table["to_id"] == "") | (frame["target"] >= 0)
    frame = frame[known & (frame["scenario"] >= 0)]
    return frame.drop_duplicates(["scenario", "origin", "target"])


def _figures(
    ground: Ground, lanes: Lanes, links: pd.DataFrame, origin: Ints, target: Ints
) -> Figures:
    """Look pairs up; a place that is a site and has needs serves itself at no cost."""
    lane = lanes.find(origin, target)
    itself = origin == target
    there = (lane >= 0) & ground.places.is_site[origin]
    if len(lanes.key):
        there &= ~lanes.back[lane] & (lanes.open_to[lane] > 0)
        minutes, cost = lanes.minutes[lane], lanes.cost[lane]
    else:
        minutes, cost = np.zeros((2, len(origin)))
    listed = pd.MultiIndex.from_frame(links[["from_id", "to_id"]])
    names = ground.places.index.to_numpy(object)
    at = listed.get_indexer(pd.MultiIndex.from_arrays([names[origin], names[target]]))
    by_room = np.append(links["cost_m3"].to_numpy(float), 0.0)[at]
    used = there & ~itself
    return Figures(
        there=np.asarray(there | (itself & ground.places.is_site[origin])),
        minutes=np.where(used, minutes, 0.0),
        cost=np.where(used, cost, 0.0),
        cost_m3=np.where(used, by_room, 0.0),
    )
