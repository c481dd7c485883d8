"""Lanes in drawn scenarios: the worst are closed, those nearly as bad are delayed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr

from allocator.generate.lockdown.draw import Draw
from allocator.generate.marginals import Marginals
from allocator.generate.scenarios.severity import Severity, rare, tied
from allocator.generate.shapes import Floats, Ints
from allocator.instance.reserve import Reserve

DIGITS = 2  # decimals of a factor: a file of many scenarios stays small
_BLOCK = 5_000_000  # figures in memory at once


def scenario_links(
    draw: Draw, ids: np.ndarray, reserve: Reserve, state: Severity, marginals: Marginals
) -> pd.DataFrame:
    """Return one row a lane that is closed or delayed.

    Both hang on one latent figure of the lane, tied to the severity at its end: closed above the
    level that is exceeded with probability `lane_closed`, delayed between that and the level of
    `lane_closed + lane_delayed`. A delay grows with the figure, so that its factor is uniform.
    """
    lanes = reserve.lanes
    own = reserve.sites.ids[lanes.site] == reserve.communities.ids[lanes.community]
    scenario, lane, worse = _worst(draw, lanes.community, state, marginals)
    closed = worse <= marginals.lane_closed
    slow = worse - marginals.lane_closed
    share = 1.0 - slow / marginals.lane_delayed if marginals.lane_delayed > 0 else 0.0 * slow
    factor = np.round(np.where(closed, 1.0, 1.0 + (marginals.lane_longer - 1.0) * share), DIGITS)
    kept = ~own[lane] & (closed | (factor > 1.0))
    scenario, lane = scenario[kept], lane[kept]
    return pd.DataFrame(
        {
            "scenario_id": ids[scenario],
            "from_id": reserve.sites.ids[lanes.site[lane]],
            "to_id": reserve.communities.ids[lanes.community[lane]],
            "factor": factor[kept],
            "closed": closed[kept],
        }
    )


def _worst(
    draw: Draw, community: Ints, state: Severity, marginals: Marginals
) -> tuple[Ints, Ints, Floats]:
    """Return scenario, lane and chance of a worse figure of lanes closed or delayed.

    A few scenarios are in memory at a time.
    """
    level, found = rare(marginals.lane_closed + marginals.lane_delayed), []
    step = max(1, _BLOCK // max(1, len(community)))
    for first in range(0, len(state.at), step):
        there = state.at[first : first + step][:, community]
        figure = tied(draw, "lane", there, marginals.tie)
        scenario, lane = np.nonzero(figure > level)
        found.append((scenario + first, lane, ndtr(-figure[scenario, lane])))
    scenarios, lanes, worse = zip(*found, strict=True)
    return np.concatenate(scenarios), np.concatenate(lanes), np.concatenate(worse)
