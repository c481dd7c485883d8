"""Small two-stage programs to test with: sites with sizes and lots, places in need, scenarios."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from allocator.engine.program import Program
from allocator.engine.two_stage import Held, Recourse, Risk, TwoStage


def stocks(
    seed: int,
    scenarios: int = 5,
    sites: int = 3,
    places: int = 4,
    lots: float = 0.0,
    short: bool = True,
    risk: Risk | None = None,
    ties: bool = True,
    probability: Any = None,
    room: float = 40.0,
) -> TwoStage:
    """Open sites at a cost, stock them (in lots), ship to places, pay for shortage.

    Without `short` a shortage is not allowed, so that some first-stage points have no answer.
    """
    rng = np.random.default_rng(seed)
    first = Program()
    opened = first.add_columns("open", sites, upper=1.0, integer=True)
    size = lots or 1.0
    stock = first.add_columns("stock", sites, upper=room / size, integer=lots > 0)
    rows = first.add_rows("room", sites, upper=0.0)
    first.add_entries(rows, stock, size)
    first.add_entries(rows, opened, -room)
    cost = np.r_[rng.uniform(20, 60, sites), size * rng.uniform(1, 2, sites)]
    lanes = rng.uniform(1, 6, (sites, places))
    recourses = []
    for _ in range(scenarios):
        need = np.round(rng.gamma(2.0, 4.0, places) * rng.integers(0, 2, places), 2)
        survival = rng.uniform(0.5, 1.0, sites)
        recourses.append(_recourse(lanes, need, survival * size, short, ties))
    if probability is None:
        probability = rng.dirichlet(np.ones(scenarios))
    return TwoStage(first, cost, recourses, np.asarray(probability), risk or Risk())


def _recourse(
    lanes: np.ndarray, need: np.ndarray, out: np.ndarray, short: bool, ties: bool
) -> Recourse:
    """Columns ship (sites x places), short (places); rows available, need, ties to open sites."""
    sites, places = lanes.shape
    ship = np.arange(sites * places).reshape(sites, places)
    missing = sites * places + np.arange(places)
    site, place = np.indices(lanes.shape)
    tied = sites + places + ship.ravel() if ties else np.zeros(0, int)
    count = sites + places + len(tied)
    entries = [
        (site.ravel(), ship.ravel(), 1.0),
        (sites + place.ravel(), ship.ravel(), 1.0),
        (sites + np.arange(places), missing, 1.0),
    ]
    links = [(np.arange(sites), sites + np.arange(sites), -out)]
    if ties:
        entries.append((tied, ship.ravel(), 1.0))
        links.append((tied, site.ravel(), -need[place.ravel()]))
    low = np.r_[np.full(sites, -np.inf), need, np.full(len(tied), -np.inf)]
    high = np.r_[np.zeros(sites), need, np.zeros(len(tied))]
    columns = sites * places + places
    return Recourse(
        cost=np.r_[lanes.ravel(), np.full(places, 50.0)],
        lower=np.zeros(columns),
        upper=np.r_[np.full(sites * places, np.inf), need if short else np.zeros(places)],
        matrix=_matrix(entries, (count, columns)),
        link=_matrix(links, (count, 2 * sites)),
        row_lower=low,
        row_upper=high,
    )


def _matrix(entries: list[tuple[Any, Any, Any]], shape: tuple[int, int]) -> sparse.csr_matrix:
    parts = [np.broadcast_arrays(*entry) for entry in entries]
    rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return sparse.csr_matrix((values.astype(float), (rows, columns)), shape=shape)


def held_shortage(two_stage: TwoStage, cap: float) -> Held:
    """At most `cap` units short, in expectation; needs the columns of `stocks`."""
    sites = two_stage.first.column_count // 2
    factors = []
    for recourse in two_stage.scenarios:
        counted = np.zeros(len(recourse.cost))
        counted[-((len(recourse.cost)) // (sites + 1)) :] = 1.0
        factors.append(counted)
    return Held(np.zeros(2 * sites), factors, cap)


def expected_shortage(two_stage: TwoStage, recourse: list[np.ndarray]) -> float:
    """What `held_shortage` caps, at an answer."""
    held = held_shortage(two_stage, 0.0)
    parts = [f @ y for f, y in zip(held.scenarios, recourse, strict=True)]
    return float(two_stage.probability @ parts)
