"""Sites, shortest paths, and what storms do to both, as tables of an instance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from gulf_coast.published import MONEY_A_MILE, Published, name, place, site
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

DESTROYS = 3  # category from which nothing survives at a landfall
HALF = 0.5  # survives a lesser storm at its landfall


def network_tables(published: Published) -> dict[str, Any]:
    """Return sites and sizes, lanes of the shortest paths, and what storms do to both."""
    nodes = [site(node) for node in published.nodes]
    sizes = published.sizes.rename(columns={"name": "size_id", "F": "fixed_cost", "M": "volume_m3"})
    return {
        "sites": pd.DataFrame({"site_id": nodes, "status": "candidate"}),
        "sizes": pd.DataFrame({"site_id": nodes}).merge(sizes, how="cross"),
        "links": _links(published),
        "scenario_sites": _scenario_sites(published),
        "scenario_links": _scenario_links(published),
    }


def distances(published: Published, cut: Sequence[Sequence[int]] = ()) -> np.ndarray:
    """Return miles between all nodes (nodes x nodes) without some of the links."""
    gone = {tuple(sorted(link)) for link in cut}
    kept = np.array([tuple(sorted(link)) not in gone for link in published.links.tolist()])
    start, end = np.searchsorted(published.nodes, published.links[kept]).T
    size = len(published.nodes)
    graph = csr_matrix((published.miles[kept], (start, end)), shape=(size, size))
    return np.asarray(shortest_path(graph, directed=False))


def _pairs(published: Published, chosen: np.ndarray) -> pd.DataFrame:
    """Return from_id and to_id of the chosen pairs of nodes (nodes x nodes)."""
    start, end = np.nonzero(chosen)
    return pd.DataFrame(
        {
            "from_id": [site(node) for node in published.nodes[start]],
            "to_id": [place(node) for node in published.nodes[end]],
        }
    )


def _links(published: Published) -> pd.DataFrame:
    miles = distances(published)
    every = np.isfinite(miles)
    return _pairs(published, every).assign(minutes=0.0, cost=MONEY_A_MILE * miles[every])


def _scenario_sites(published: Published) -> pd.DataFrame:
    rows = []
    for scenario in published.scenarios:
        left: dict[int, float] = {}
        for storm in (published.storms[one] for one in scenario["hurricanes"]):
            share = 0.0 if storm["category"] >= DESTROYS else HALF
            for node in storm["landfall"]:
                left[node] = left.get(node, 1.0) * share
        rows += [(name(scenario), site(node), share) for node, share in left.items()]
    return pd.DataFrame(rows, columns=["scenario_id", "site_id", "survival"])


def _scenario_links(published: Published) -> pd.DataFrame:
    usual, frames = distances(published), []
    for scenario in published.scenarios:
        storms = [published.storms[one] for one in scenario["hurricanes"]]
        miles = distances(published, [link for storm in storms for link in storm["unusable_links"]])
        changed = miles > usual + 1e-9
        closed = ~np.isfinite(miles[changed])
        factor = np.where(closed, 1.0, miles[changed] / usual[changed])
        rows = _pairs(published, changed).assign(factor=factor, closed=closed)
        frames.append(rows.assign(scenario_id=name(scenario)))
    return pd.concat(frames, ignore_index=True)
