"""What a reserve can do without a solver: every scenario served over the cheapest lanes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.futures import REMAINING, ReserveCase
from allocator.instance.lanes import Bools
from allocator.instance.reserve import position
from allocator.models.preposition.read import KINDS, SMALLEST

NEAR = 1e-9


def served_by_rule(case: ReserveCase, stock: Floats, size: Ints) -> pd.DataFrame:
    """Return the recourse of a reserve: urgent items first, cheap lanes before dear ones.

    Args:
        case: The case.
        stock: (I, K) units in reserve.
        size: (I,) size of every site, -1 = not open.

    Returns:
        The plan table recourse. All scenarios are served at once, one lane and item a step.
    """
    lanes = np.arange(len(case.reserve.lanes))
    if case.policy.single_sourcing:
        lanes = nearest_lanes(case, size >= 0)
    return Filling(case, stock, size).fill(lanes).table()


def topped_up(
    case: ReserveCase, stock: Floats, size: Ints, tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return a recourse with what it leaves idle handed out as far as need is left.

    A search cut short between two goals leaves a recourse that serves the first goal only.
    """
    lanes, reserve = np.arange(len(case.reserve.lanes)), case.reserve
    if case.policy.single_sourcing:
        keys = (
            reserve.communities.ids[reserve.lanes.community],
            reserve.sites.ids[reserve.lanes.site],
        )
        assigned = pd.MultiIndex.from_frame(tables["assignments"][["community_id", "site_id"]])
        lanes = np.flatnonzero(pd.MultiIndex.from_arrays(keys).isin(assigned))
    filling = Filling(case, stock, size)
    given = tables["recourse"]
    given = given[given["kind"].isin(["ship", "exercise"])]
    filling.take(given[given["kind"] == "ship"])
    return pd.concat([given, filling.fill(lanes).table()], ignore_index=True)[KINDS]


def nearest_lanes(case: ReserveCase, opened: Bools) -> Ints:
    """Return for each place its lane to the nearest open site, before any scenario."""
    lanes, standard = case.reserve.lanes, case.policy.time_standard
    usable = opened[lanes.site]
    if standard is not None:
        usable = usable & (lanes.minutes <= standard * (1 + NEAR))
    lane = np.flatnonzero(usable)
    order = lane[np.lexsort((lanes.site[lane], lanes.minutes[lane], lanes.community[lane]))]
    return np.asarray(order[np.diff(lanes.community[order], prepend=-1) != 0])


class Filling:
    """What is left of reserves, need and throughput in every scenario, and what was sent."""

    def __init__(self, case: ReserveCase, stock: Floats, size: Ints) -> None:
        """Begin with nothing sent."""
        futures = case.futures
        self.case, self.stock = case, stock
        self.left, self.lack = futures.survival * stock[None], futures.need.copy()
        self.room = np.where(size >= 0, futures.throughput_m3[:, size], 0.0)
        self.steps: list[tuple[int, int, Floats]] = []

    def take(self, ships: pd.DataFrame) -> None:
        """Subtract what is shipped already; goods of agreements are not from the reserve."""
        reserve, futures = self.case.reserve, self.case.futures
        scenario = position(futures.ids, ships["scenario_id"])
        site = position(reserve.sites.ids, ships["from_id"])
        town = position(reserve.communities.ids, ships["to_id"])
        item = position(reserve.items.ids, ships["item_id"])
        units = ships["quantity"].to_numpy(float)
        own = (ships["agreement_id"] == "").to_numpy()
        np.subtract.at(self.left, (scenario[own], site[own], item[own]), units[own])
        np.subtract.at(self.lack, (scenario, town, item), units)
        np.subtract.at(self.room, (scenario, site), units * reserve.items.m3[item])
        for amount in (self.left, self.lack, self.room):
            np.maximum(amount, 0.0, out=amount)

    def fill(self, lanes: Ints) -> Filling:
        """Send what is left along lanes, urgent items first, where it is worth its way."""
        reserve = self.case.reserve
        cost = reserve.lanes.unit_cost(reserve.items.m3)
        for item in np.argsort(reserve.items.tier, kind="stable").tolist():
            used = lanes[self.stock[reserve.lanes.site[lanes], item] > 0]
            for lane in used[np.argsort(cost[used, item], kind="stable")].tolist():
                self._send(lane, item, float(cost[lane, item]))
        return self

    def _send(self, lane: int, item: int, cost: float) -> None:
        reserve, futures = self.case.reserve, self.case.futures
        items, m3 = reserve.items, float(reserve.items.m3[item])
        site, town = int(reserve.lanes.site[lane]), int(reserve.lanes.community[lane])
        sent = np.minimum(self.left[:, site, item], self.lack[:, town, item])
        if m3 > 0:
            sent = np.minimum(sent, self.room[:, site] / m3)
        sent = np.where(futures.lane_closed[:, lane], 0.0, sent)
        asked = f"{REMAINING}.{items.tier[item]}" in self.case.goals and self.case.unpriced[item]
        if items.tier[item] > 1 and not asked:
            worth = futures.shortage_cost[:, item] + futures.surplus_cost[:, item]
            sent = np.where(cost * futures.lane_factor[:, lane] <= worth, sent, 0.0)
        if not sent.any():
            return
        self.left[:, site, item] -= sent
        self.lack[:, town, item] -= sent
        self.room[:, site] -= np.where(sent > 0, sent * m3, 0.0)
        self.steps.append((lane, item, sent))

    def table(self) -> pd.DataFrame:
        """Return what was sent, what is short and what is left over."""
        parts = [
            _sent(self.case, self.steps),
            _short(self.case, self.lack),
            _surplus(self.case, self.left),
        ]
        return pd.concat(parts, ignore_index=True)[KINDS]


def _sent(case: ReserveCase, steps: list[tuple[int, int, Floats]]) -> pd.DataFrame:
    """Return what is shipped; each step has a lane, an item and the units by scenario."""
    reserve = case.reserve
    units = np.array([sent for *_, sent in steps]).reshape(len(steps), len(case.futures))
    step, scenario = np.nonzero(units > SMALLEST)
    lane = np.array([lane for lane, *_ in steps], dtype=np.int64)[step]
    item = np.array([item for _, item, _ in steps], dtype=np.int64)[step]
    return _rows(
        case,
        "ship",
        scenario,
        units[step, scenario],
        from_id=reserve.sites.ids[reserve.lanes.site[lane]],
        to_id=reserve.communities.ids[reserve.lanes.community[lane]],
        item_id=reserve.items.ids[item],
    )


def _short(case: ReserveCase, lack: Floats) -> pd.DataFrame:
    scenario, town, item = np.nonzero(lack > SMALLEST)
    return _rows(
        case,
        "short",
        scenario,
        lack[scenario, town, item],
        to_id=case.reserve.communities.ids[town],
        item_id=case.reserve.items.ids[item],
    )


def _surplus(case: ReserveCase, left: Floats) -> pd.DataFrame:
    scenario, site, item = np.nonzero(left > SMALLEST)
    return _rows(
        case,
        "surplus",
        scenario,
        left[scenario, site, item],
        from_id=case.reserve.sites.ids[site],
        item_id=case.reserve.items.ids[item],
    )


def _rows(
    case: ReserveCase, kind: str, scenario: Ints, quantity: Floats, **ids: Any
) -> pd.DataFrame:
    columns: dict[str, Any] = {"from_id": "", "to_id": "", "agreement_id": "", **ids}
    frame = pd.DataFrame({"scenario_id": case.futures.ids[scenario], "quantity": quantity})
    return frame.assign(kind=kind, **columns)
