"""What limits those in beds: beds for their classes, hours of care, items, own people first."""

from __future__ import annotations

import numpy as np

from allocator.check.admit_flow import Flow
from allocator.check.admit_rows import Decided
from allocator.check.ground import Floats
from allocator.check.verdict import Findings
from allocator.instance.admit_case import AdmitCase
from allocator.plan.precision import tolerance

PERSON = 0.01  # fewer of a patient than this neither wait nor enter before others


def check_limits(found: Findings, case: AdmitCase, decided: Decided, flow: Flow) -> None:
    """Compare what lies in beds with what there is."""
    _beds(found, case, pool_beds(case, decided), flow.occupied)
    _hours(found, case, flow.occupied)
    _items(found, case, flow.occupied)
    if case.policy.admit_regime == "district-first":
        _own_first(found, case, decided, flow)


def pool_beds(case: AdmitCase, decided: Decided) -> Floats:
    """Return the beds of each pool (G, T) with the surge wards the plan opens."""
    surge, beds = case.surge, case.pools.beds.copy()
    for ward, period in zip(decided.ward.tolist(), decided.decided.tolist(), strict=True):
        last = int(surge.closes[ward]) + 1
        beds[surge.pool[ward], period + int(surge.lead[ward]) : last] += surge.beds[ward]
        if surge.taken_from[ward] >= 0:
            beds[surge.taken_from[ward], period:last] -= surge.beds[ward]
    return beds


def _beds(found: Findings, case: AdmitCase, beds: Floats, occupied: Floats) -> None:
    """Every set of classes must find room in the pools it may use (Hall's condition)."""
    classes = len(case.classes)
    told = np.zeros((len(case.sites), case.periods), dtype=bool)
    for members in range(1, 2**classes):
        chosen = np.array([bool(members >> kind & 1) for kind in range(classes)])
        usable = case.pools.uses[:, chosen].any(axis=1)
        room = np.zeros((len(case.sites), case.periods))
        np.add.at(room, case.pools.site[usable], np.maximum(beds[usable], 0.0))
        used = occupied[:, :, chosen].sum(axis=2)
        over = (used - room - tolerance(used, case.periods)).max(axis=0)
        site, period = np.nonzero((over > 0) & ~told)
        told[site, period] = True
        names = ", ".join(case.classes.ids[chosen])
        for place, when in zip(site.tolist(), period.tolist(), strict=True):
            most = float(used[:, place, when].max())
            message = (
                f"{most:g} of {names} lie at {case.sites.ids[place]} in period {when + 1}, there"
                f" are {room[place, when]:g} beds"
            )
            found.add_one("beds", "plan:admissions", most - room[place, when], message)
    given = np.argwhere(beds < -tolerance(0.0))
    for pool, when in given.tolist():
        place = case.sites.ids[case.pools.site[pool]]
        message = f"more beds are converted at {place} in period {when + 1} than there are"
        found.add_one("beds", "plan:openings", float(-beds[pool, when]), message)


def _hours(found: Findings, case: AdmitCase, occupied: Floats) -> None:
    used = np.einsum("zhst,s->zht", occupied, case.classes.hours) * case.days
    most = case.sites.hours
    scale = case.periods * float(case.classes.hours.max(initial=0.0))
    over = np.where(np.isfinite(most), used - most - tolerance(used, scale), -1.0).max(axis=0)
    for site, period in np.argwhere(over > 0).tolist():
        hours = float(used[:, site, period].max())
        message = (
            f"care at {case.sites.ids[site]} takes {hours:g} hours in period {period + 1}, the"
            f" staff has {most[site, period]:g}"
        )
        found.add_one("care_hours", "plan:admissions", hours - most[site, period], message)


def _items(found: Findings, case: AdmitCase, occupied: Floats) -> None:
    items = case.items
    use = np.einsum("zhst,ks->zhkt", occupied, items.use)
    flows = ~items.reusable
    use[:, :, flows] = np.cumsum(use[:, :, flows] * case.days, axis=-1)
    scale = case.periods * float(items.use.max(initial=0.0)) * case.periods
    over = (use - items.level - tolerance(use, scale)).max(axis=0)
    for site, item, period in np.argwhere(over > 0).tolist():
        units, level = float(use[:, site, item, period].max()), items.level[site, item, period]
        message = (
            f"care at {case.sites.ids[site]} needs {units:g} of {items.ids[item]} by period"
            f" {period + 1}, there are {level:g}"
        )
        found.add_one("care_items", "plan:admissions", units - level, message)


def _own_first(found: Findings, case: AdmitCase, decided: Decided, flow: Flow) -> None:
    """Record entries from outside while people of the district wait who might have entered."""
    waits = np.zeros(decided.outside.shape)
    for way in np.flatnonzero(case.ways.own).tolist():
        place, site = int(case.ways.origin[way]), int(case.ways.site[way])
        here = flow.waiting[:, place] * case.ways.allowed[way]
        waits[:, site] = np.maximum(waits[:, site], here)
    both = np.minimum(waits, decided.outside)
    for _, site, kind, period in np.argwhere(both > PERSON).tolist():
        size = float(both[:, site, kind, period].max())
        message = (
            f"{size:g} of {case.classes.ids[kind]} enter {case.sites.ids[site]} from outside in"
            f" period {period + 1} while people of the district wait"
        )
        found.add_one("own_first", "plan:admissions", size, message)
