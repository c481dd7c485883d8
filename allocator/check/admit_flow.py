"""Who waits and who lies where, followed period by period from what a plan decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.check.admit_rows import Decided
from allocator.check.ground import Floats, Ints
from allocator.check.verdict import Findings
from allocator.instance.admit_case import AdmitCase
from allocator.plan.precision import tolerance


@dataclass(frozen=True)
class Flow:
    """What follows: waiting (Z, C, S, T), held (Z, H, R, T), beds in use (Z, H, S, T)."""

    waiting: Floats
    held: Floats
    occupied: Floats


def flow_of(found: Findings, case: AdmitCase, decided: Decided) -> Flow:
    """Follow the lists of those waiting and the stays of those in beds."""
    inside = case.before.inside + _aged(decided.enters, case.stays.still)
    coming = np.broadcast_to(case.before.step, decided.moved_out.shape).copy()
    if len(case.stays.step_from):
        coming += _aged(decided.enters[:, :, case.stays.step_from], case.stays.step, keep=False)
    held = _held(found, case, coming, decided.moved_out)
    occupied = inside.copy()
    for change, source in enumerate(case.stays.step_from.tolist()):
        occupied[:, :, source] += held[:, :, change]
    return Flow(_waiting(found, case, decided), held, occupied)


def _aged(enters: Floats, share: Floats, keep: bool = True) -> Floats:
    """Return (Z, H, S, T): who entered so many periods ago, times the share of that age.

    With `keep` the last share holds for every later age.
    """
    found, periods = np.zeros_like(enters), enters.shape[-1]
    for age in range(periods):
        if age < share.shape[1] or keep:
            part = share[:, min(age, share.shape[1] - 1)]
            found[..., age:] += part[:, None] * enters[..., : periods - age]
    return found


def _held(found: Findings, case: AdmitCase, coming: Floats, gone: Floats) -> Floats:
    held = np.cumsum(coming - gone, axis=-1)
    slack = tolerance(np.cumsum(coming, axis=-1), np.cumsum(gone > 0, axis=-1))
    for _, site, change, period in _firsts(held < -slack):
        where = case.sites.ids[site]
        new = case.classes.ids[case.stays.step_to[change]]
        most = float(-held[:, site, change, period].min())
        message = f"{most:g} more go on to {new} at {where} by period {period + 1} than can"
        found.add_one("step", "plan:transfers", most, message)
    return np.maximum(held, 0.0)


def _waiting(found: Findings, case: AdmitCase, decided: Decided) -> Floats:
    """Return (Z, C, S, T): the lists by the periods known, added up."""
    lists: Floats = np.zeros_like(decided.leaves[..., 0])
    waiting = np.zeros(case.arrivals.shape)
    short = np.zeros(case.arrivals.shape)
    passes, last = case.classes.waits, lists.shape[3] - 1
    for period in range(case.periods):
        aged = np.einsum("zcsa,sr->zcra", lists, passes)
        later = np.zeros_like(lists)
        later[..., 1:] = aged[..., :-1]
        later[..., last] += aged[..., last]
        later[..., 0] += case.arrivals[..., period]
        lists = later - decided.leaves[..., period]
        short[..., period] = np.maximum(-lists, 0.0).sum(axis=-1)
        lists = np.maximum(lists, 0.0)
        waiting[..., period] = lists.sum(axis=-1)
    _too_many(found, case, decided, short)
    return waiting


def _too_many(found: Findings, case: AdmitCase, decided: Decided, short: Floats) -> None:
    """Record where more are admitted than wait (and are known for so long)."""
    total = np.cumsum(case.arrivals, axis=-1)
    worst = (short - tolerance(total, case.periods)).max(axis=0)
    place, kind, period = np.nonzero(worst > 0)
    rows = decided.first_row[place, kind, period]
    sizes = short.max(axis=0)[place, kind, period]
    said = (
        f"{size:g} more of {case.classes.ids[s]} from {case.origins.ids[c]} are admitted in period"
        f" {t + 1} than wait"
        for size, c, s, t in zip(sizes, place, kind, period, strict=True)
    )
    found.add("queue", "admissions", rows, sizes, said)


def _firsts(wrong: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Return the first wrong period of each place and change, in any scenario."""
    seen: dict[tuple[int, int], tuple[int, int, int, int]] = {}
    at: Ints = np.argwhere(wrong)
    for scenario, site, change, period in at.tolist():
        seen.setdefault((site, change), (scenario, site, change, period))
    return list(seen.values())
