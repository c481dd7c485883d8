"""What no admission can do, by sums over beds, hours and ways; nothing is solved."""

from __future__ import annotations

import numpy as np

from allocator.doctor.finding import Finding
from allocator.doctor.words import count, number, some
from allocator.instance.admit_case import AdmitCase, admit_case
from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats

_SURE = 1e-6


def bed_findings(instance: Instance) -> list[Finding]:
    """Return what is found of beds; nothing for an instance without patients."""
    if not len(instance["patients"]) and not len(instance["scenario_patients"]):
        return []
    case = admit_case(instance)
    return [
        *_overfull(case),
        *_overworked(case),
        *_unreachable(case),
        *_too_few_bed_days(case),
        *_worse_in_bed(case),
    ]


def _overfull(case: AdmitCase) -> list[Finding]:
    """Prove that those in beds when period 1 begins do not fit: in all, or their class."""
    most = np.zeros((len(case.sites), case.periods))
    np.add.at(most, case.pools.site, case.pools.beds)
    by_class = np.zeros(case.before.inside.shape)
    for pool, beds in enumerate(case.pools.beds):
        by_class[case.pools.site[pool], case.pools.uses[pool]] += beds
    extra = np.zeros(len(case.sites))
    np.add.at(extra, case.surge.site, case.surge.beds)
    lying = case.before.inside
    over = lying.sum(axis=1) - most - extra[:, None]
    single = (lying - by_class).max(axis=1) - extra[:, None]
    worst = np.maximum(over, single).max(axis=1)
    bad = np.flatnonzero(worst > _SURE)
    if not len(bad):
        return []
    names = tuple(case.sites.ids[bad].astype(str))
    what = (
        f"{count(len(bad), 'site')} {'has' if len(bad) == 1 else 'have'} more patients in beds"
        f" when period 1 begins than beds for their classes: {some(names)}; most at"
        f" {case.sites.ids[int(np.argmax(worst))]}: {number(float(worst.max()))} too many."
    )
    repair = "correct inpatients, or the beds of these sites"
    return [
        Finding("E3921", what, {"patients": float(worst[bad].sum())}, repair, examples=names[:5])
    ]


def _overworked(case: AdmitCase) -> list[Finding]:
    """Prove that the staff cannot give the care that those in beds take."""
    care = np.einsum("hst,s->ht", case.before.inside, case.classes.hours) * case.days
    short = np.where(np.isfinite(case.sites.hours), care - case.sites.hours, 0.0)
    bad = np.flatnonzero((short > _SURE).any(axis=1))
    if not len(bad):
        return []
    names = tuple(case.sites.ids[bad].astype(str))
    what = (
        f"those in beds when period 1 begins need more hours of care than the staff has at"
        f" {some(names)}: {number(float(short.max()))} hours too few in the worst period."
    )
    repair = "more staff_hours there, or fewer inpatients"
    return [Finding("E3922", what, {"hours": float(short.max())}, repair, examples=names[:5])]


def _takes(case: AdmitCase) -> Bools:
    takes = np.zeros((len(case.sites), len(case.classes)), dtype=bool)
    np.logical_or.at(takes, case.pools.site, case.pools.uses)
    return takes


def _unreachable(case: AdmitCase) -> list[Finding]:
    """Tell classes without a bed anywhere, and patients whom no site may or can take."""
    takes, patients = _takes(case), np.tensordot(case.probability, case.arrivals.sum(axis=3), 1)
    found = []
    bare = ~takes.any(axis=0) & (patients.sum(axis=0) > 0)
    if bare.any():
        names = tuple(case.classes.ids[bare].astype(str))
        what = (
            f"no site has beds for {some(names)}: {number(float(patients[:, bare].sum()))} patients"
            " wait to the end."
        )
        numbers = {"patients": float(patients[:, bare].sum())}
        found.append(Finding("W3923", what, numbers, "add rows to beds, or name the class in also"))
    joined = np.zeros(patients.shape, dtype=bool)
    usable = case.ways.allowed.any(axis=2) & takes[case.ways.site]
    np.logical_or.at(joined, case.ways.origin, usable)
    lost = (patients > 0) & ~joined & ~bare
    if lost.any():
        names = tuple(case.origins.ids[lost.any(axis=1)].astype(str))
        what = (
            f"{number(float(patients[lost].sum()))} patients of"
            f" {count(len(names), 'place')} may enter no site with beds of their class, or have no"
            f" way to one: {some(names)}."
        )
        repair = "look at entry_rules, links, points and admit_minutes"
        found.append(Finding("W3924", what, {"patients": float(patients[lost].sum())}, repair))
    return found


def _too_few_bed_days(case: AdmitCase) -> list[Finding]:
    """Tell classes whose patients need more bed-days than all beds have, sharing left out."""
    beds = np.zeros((len(case.classes), case.periods))
    for pool, row in enumerate(case.pools.beds):
        beds[case.pools.uses[pool]] += row
    for ward in range(len(case.surge)):
        kind, first = case.surge.severity[ward], case.surge.first[ward] + case.surge.lead[ward]
        beds[kind, first : case.surge.closes[ward] + 1] += case.surge.beds[ward]
    new: Floats = np.tensordot(case.probability, case.arrivals.sum(axis=1), 1)
    lines = []
    for kind in range(len(case.classes)):
        wanted = _bed_days(case, kind, new[kind])
        have = float(beds[kind].sum())
        if wanted > have + _SURE and have > 0:
            name = str(case.classes.ids[kind])
            lines.append(f"{name}: {number(wanted)} of {number(have)}")
    if not lines:
        return []
    what = f"patients need more bed-periods than there are beds for: {', '.join(lines)}."
    return [Finding("W3925", what, {"classes": len(lines)}, "more beds, or surge wards")]


def _bed_days(case: AdmitCase, kind: int, new: Floats) -> float:
    """Return the bed-periods of those who arrive, if nobody waited, to the end of the horizon."""
    still = case.stays.still[kind]
    ages = np.minimum(np.arange(case.periods), len(still) - 1)
    stay = np.cumsum(still[ages])
    return float(new @ stay[::-1])


def _worse_in_bed(case: AdmitCase) -> list[Finding]:
    """Tell classes that get worse in a bed and never while they wait: it pays to let them wait."""
    rank = {"critical": 0, "severe": 1, "other": 2}
    kind = np.array([rank[str(word)] for word in case.classes.kind])
    worse = kind[case.stays.step_to] < kind[case.stays.step_from]
    still = np.diag(case.classes.waits) >= 1.0
    names = tuple(
        str(case.classes.ids[one])
        for one in dict.fromkeys(case.stays.step_from[worse & still[case.stays.step_from]].tolist())
    )
    if not names:
        return []
    what = (
        f"patients of {some(names)} get worse in a bed by stays, and never while they wait: a plan"
        " may leave them waiting so that nobody gets worse."
    )
    return [
        Finding("W3926", what, {"classes": len(names)}, "fill in worsens and worsens_to of care")
    ]
