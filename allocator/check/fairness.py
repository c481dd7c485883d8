"""The share served in the worst window of the worst place, tier by tier (formulation section 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check.ground import Floats, Ground, Ints, lookup
from allocator.check.needs import Needs
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance


@dataclass(frozen=True)
class Tiers:
    """One row a place and tier with need: people late and people in need, rows x periods."""

    place: Ints
    tier: Ints
    late: Floats
    people: Floats


def tiers_of(ground: Ground, needs: Needs, short: Floats) -> Tiers:
    """Take the largest over the items of a tier, never the sum."""
    tier = ground.items.tier[needs.item]
    keys, at = np.unique(needs.place * 10 + tier, return_inverse=True)
    late, people = np.zeros((2, len(keys), ground.periods))
    np.maximum.at(late, at, needs.rate * short)
    np.maximum.at(people, at, needs.people)
    return Tiers(keys // 10, keys % 10, late, people)


def fairness_of(
    found: Findings, ground: Ground, tiers: Tiers, attainable: pd.DataFrame | None
) -> dict[str, float]:
    """Return 1 - the smallest share for every tier.

    A share is served / min(need, attainable alone). The judge cannot solve, so it takes the
    attainable figures the plan states; without them the need itself, which makes the value an
    upper bound of the true one.
    """
    width = min(ground.instance.policy.fairness_window, ground.periods)
    needed = _windows(tiers.people * ground.days, width)
    served = needed - _windows(tiers.late * ground.days, width)
    alone = needed.copy()
    if attainable is not None:
        _take(found, ground, tiers, attainable, alone, served)
    counted = alone > 1e-9 * np.maximum(1.0, needed)
    share = np.divide(served, alone, out=np.ones_like(served), where=counted)
    return {
        f"fairness.{tier}": 1.0 - min(1.0, float(share[tiers.tier == tier].min(initial=1.0)))
        for tier in np.unique(tiers.tier).tolist()
    }


def _windows(values: Floats, width: int) -> Floats:
    """Sum every rolling window of `width` periods."""
    total = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    return np.asarray(total[:, width:] - total[:, :-width])


def _take(
    found: Findings,
    ground: Ground,
    tiers: Tiers,
    table: pd.DataFrame,
    alone: Floats,
    served: Floats,
) -> None:
    """Put the stated figures into `alone`; one below what the plan itself serves cannot be true."""
    keys = pd.Index(tiers.place * 10 + tiers.tier)
    place = lookup(ground.places.index, table["place_id"])
    row = keys.get_indexer(pd.Index(place * 10 + table["tier"].to_numpy(np.int64)))
    window = table["window_start"].to_numpy(np.int64) - 1
    ok = (place >= 0) & (row >= 0) & (window >= 0) & (window < alone.shape[1])
    line, row, window = np.flatnonzero(ok), row[ok], window[ok]
    stated = table["attainable"].to_numpy(float)[line]
    lack = served[row, window] - stated
    wrong = lack > tolerance(alone[row, window])
    lines = (f"the plan itself serves {size:g} person-days more" for size in lack[wrong])
    found.add("goal_value", "attainable", line[wrong], lack[wrong], lines)
    alone[row, window] = np.minimum(alone[row, window], stated)
