"""What a reserve can do without a solver: every scenario served over the cheapest lanes first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.futures import ReserveCase
from allocator.models.preposition.read import KINDS, SMALLEST


def served_by_rule(case: ReserveCase, stock: Floats, size: Ints) -> pd.DataFrame:
    """Return the recourse of a reserve: urgent items first, cheap lanes before dear ones.

    Args:
        case: The case.
        stock: (I, K) units in reserve.
        size: (I,) size of every site, -1 = not open.

    Returns:
        The plan table recourse. All scenarios are served at once, one lane and item a step.
    """
    reserve, futures = case.reserve, case.futures
    lanes, items = reserve.lanes, reserve.items
    left, lack = futures.survival * stock[None], futures.need.copy()
    room = np.where(size >= 0, futures.throughput_m3[:, size], 0.0)
    cost = lanes.unit_cost(items.m3)
    steps: list[tuple[int, int, Floats]] = []
    for item in np.argsort(items.tier, kind="stable").tolist():
        used = np.flatnonzero(stock[lanes.site, item] > 0)
        for lane in used[np.argsort(cost[used, item], kind="stable")].tolist():
            site, town = int(lanes.site[lane]), int(lanes.community[lane])
            sent = np.minimum(left[:, site, item], lack[:, town, item])
            if items.m3[item] > 0:
                sent = np.minimum(sent, room[:, site] / items.m3[item])
            sent = np.where(futures.lane_closed[:, lane], 0.0, sent)
            left[:, site, item] -= sent
            lack[:, town, item] -= sent
            room[:, site] -= np.where(sent > 0, sent * items.m3[item], 0.0)
            if sent.any():
                steps.append((lane, item, sent))
    parts = [_sent(case, steps), _short(case, lack), _surplus(case, left)]
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
