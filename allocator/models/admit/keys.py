"""What the columns of beds stand for: arrays of positions, the same in every scenario."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.instance.admit_case import AdmitCase
from allocator.instance.lanes import Bools, Ints


@dataclass(frozen=True)
class Keys:
    """Keys of the blocks; a cell is a pair that occurs.

    Attributes:
        origin: (Q,) place of each waiting cell.
        waits_for: (Q,) class of each waiting cell.
        queue: (C, S) waiting cell, -1 for none.
        site: (E,) site of each bed cell.
        severity: (E,) class of each bed cell.
        cell: (H, S) bed cell, -1 for none.
        admit: (4, N) way, class, period and age of list of each column `admit`.
        change: (D,) change of class of each cell of class changers.
        change_site: (D,) site of each.
        changing: (H, R) that cell, -1 for none.
        move: (3, M) transfer way, change of class, period of each column `move`.
        pool: (L,) pool of each cell of beds and class.
        lies: (L,) class of each.
        opening: (2, O) surge ward and period of each column `open`.
    """

    origin: Ints
    waits_for: Ints
    queue: Ints
    site: Ints
    severity: Ints
    cell: Ints
    admit: Ints
    change: Ints
    change_site: Ints
    changing: Ints
    move: Ints
    pool: Ints
    lies: Ints
    opening: Ints


def keys_of(case: AdmitCase) -> Keys:
    """Return the keys of a case."""
    origin, waits_for = np.nonzero(_waiting(case))
    queue = _numbered(origin, waits_for, (len(case.origins), len(case.classes)))
    takes = np.zeros((len(case.sites), len(case.classes)), dtype=bool)
    np.logical_or.at(takes, case.pools.site, case.pools.uses)
    site, severity = np.nonzero(takes)
    change_site, change = np.nonzero(takes[:, case.stays.step_from])
    pool, lies = np.nonzero(case.pools.uses)
    return Keys(
        origin=origin,
        waits_for=waits_for,
        queue=queue,
        site=site,
        severity=severity,
        cell=_numbered(site, severity, takes.shape),
        admit=_admit(case, takes, queue >= 0),
        change=change,
        change_site=change_site,
        changing=_numbered(change_site, change, (len(case.sites), len(case.stays.step_from))),
        move=_move(case, takes),
        pool=pool,
        lies=lies,
        opening=_opening(case),
    )


def _numbered(rows: Ints, columns: Ints, shape: tuple[int, int]) -> Ints:
    at = np.full(shape, -1, dtype=np.int64)
    at[rows, columns] = np.arange(len(rows))
    return at


def _waiting(case: AdmitCase) -> Bools:
    """Return (C, S): whether somebody may ever wait there, getting worse included."""
    found: Bools = np.asarray((case.arrivals > 0).any(axis=(0, 3)))
    for _ in range(len(case.classes)):
        found = found | (found @ (case.classes.waits > 0))
    return found


def _admit(case: AdmitCase, takes: Bools, waiting: Bools) -> Ints:
    """Return way, class, period, list: the last list only, own beds of the district from all."""
    ways = case.ways
    possible = waiting[ways.origin] & takes[ways.site]
    way, kind, period = np.nonzero(ways.allowed & possible[:, :, None])
    last = np.full(len(way), case.delay)
    parts = [np.stack([way, kind, period, last])]
    if case.policy.admit_regime == "district-first":
        early = np.flatnonzero(ways.own[way])
        for age in range(case.delay):
            parts.append(
                np.stack([way[early], kind[early], period[early], np.full(len(early), age)])
            )
    return np.concatenate(parts, axis=1)


def _move(case: AdmitCase, takes: Bools) -> Ints:
    stays, ways = case.stays, case.transfers
    possible = takes[ways.origin][:, stays.step_from] & takes[ways.site][:, stays.step_to]
    allowed = ways.allowed[:, stays.step_to] & possible[:, :, None]
    return np.stack(np.nonzero(allowed))


def _opening(case: AdmitCase) -> Ints:
    surge, parts = case.surge, [np.zeros((2, 0), dtype=np.int64)]
    for ward in range(len(surge)):
        last = min(int(surge.closes[ward]), case.periods - 1) - int(surge.lead[ward])
        periods = np.arange(int(surge.first[ward]), last + 1)
        parts.append(np.stack([np.full(len(periods), ward), periods]))
    return np.concatenate(parts, axis=1)
