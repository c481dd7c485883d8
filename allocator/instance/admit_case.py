"""The case of beds as arrays: patients, classes, stays, wards, ways, hours of care, items.

`admit_case` is the one way in; the model and the judge read nothing else of the instance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.instance.admit_beds import Pools, Surge, beds_of
from allocator.instance.admit_stays import Before, Stays, before_of, stays_of
from allocator.instance.admit_ways import Ways, transfers_of, ways_of
from allocator.instance.futures_tables import Variants, variants_of
from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.policy import Policy
from allocator.instance.reserve import position

KINDS = ("critical", "severe", "other")


@dataclass(frozen=True)
class Origins:
    """Places with patients (C,): communities, then sites; `site` is the site itself, else -1."""

    ids: np.ndarray
    names: np.ndarray
    district: np.ndarray
    site: Ints

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Classes:
    """Classes of severity (S,) in the order of `care`.

    `hours` of care in 24 hours; `waits` (S, S) is the share of those waiting in one class who
    wait in the other in the next period (the rest need no bed any more).
    """

    ids: np.ndarray
    names: np.ndarray
    kind: np.ndarray
    hours: Floats
    waits: Floats

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class BedSites:
    """Open sites with beds (H,); `hours` (H, T) of care in the period, inf = no limit."""

    ids: np.ndarray
    names: np.ndarray
    district: np.ndarray
    hours: Floats

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class CareItems:
    """Items care needs (K,): `use` (K, S) units a patient, or a patient and 24 hours.

    `level` (H, K, T) are the units that have come to a site by the period.
    """

    ids: np.ndarray
    use: Floats
    reusable: Bools
    level: Floats

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class AdmitCase:
    """All arrays of beds; periods count from 0.

    Attributes:
        instance: Where they come from.
        days: (T,) length of the periods in days.
        origins: Places with patients.
        classes: Classes of severity.
        sites: Sites with beds.
        pools: Beds that are there, by site and the classes that may lie in them.
        surge: Wards the plan may open.
        stays: How long, and what comes then.
        before: Patients in beds when period 1 begins.
        ways: From origins to sites.
        transfers: From sites to sites, for those whose class changes.
        items: What care needs of items.
        scenarios: (Z,) ids, one blank id without scenarios.
        probability: (Z,) adds up to 1.
        arrivals: (Z, C, S, T) new patients.
    """

    instance: Instance
    days: Floats
    origins: Origins
    classes: Classes
    sites: BedSites
    pools: Pools
    surge: Surge
    stays: Stays
    before: Before
    ways: Ways
    transfers: Ways
    items: CareItems
    scenarios: np.ndarray
    probability: Floats
    arrivals: Floats

    @property
    def policy(self) -> Policy:
        """The planner's choices."""
        return self.instance.policy

    @property
    def delay(self) -> int:
        """Periods until the desk knows of a patient."""
        return self.policy.information_delay

    @property
    def periods(self) -> int:
        """Number of periods."""
        return len(self.days)


def admit_case(instance: Instance) -> AdmitCase:
    """Turn a valid instance into the arrays of beds."""
    periods = instance["periods"].sort_values("period")
    days = periods["minutes"].to_numpy(float) / 1440.0
    classes, variants = _classes(instance), _variants(instance)
    sites = _sites(instance, len(days))
    origins = _origins(instance, sites)
    pools, surge = beds_of(instance, sites.ids, classes.ids, len(days))
    stays = stays_of(instance, classes.ids)
    return AdmitCase(
        instance=instance,
        days=days,
        origins=origins,
        classes=classes,
        sites=sites,
        pools=pools,
        surge=surge,
        stays=stays,
        before=before_of(instance, sites.ids, classes.ids, stays, len(days)),
        ways=ways_of(instance, origins.ids, origins.district, sites.ids, classes.ids, len(days)),
        transfers=transfers_of(instance, sites.ids, sites.district, classes.ids, len(days)),
        items=_items(instance, sites, classes, len(days)),
        scenarios=variants.ids,
        probability=variants.probability,
        arrivals=_arrivals(variants, origins, classes, len(days)),
    )


def _variants(instance: Instance) -> Variants:
    """Return the scenarios of patients; without any about them there is one, blank."""
    about = (instance["overlays"]["table"] == "patients").any()
    if about or len(instance["scenario_patients"]):
        return variants_of(instance)
    return Variants(instance, np.array([""], dtype=object), np.ones(1), {})


def _classes(instance: Instance) -> Classes:
    table = instance["care"]
    ids = table["severity"].to_numpy(object)
    leaves, worsens = table["leaves"].to_numpy(float), table["worsens"].to_numpy(float)
    worse = position(ids, table["worsens_to"])
    worsens = np.where(worse >= 0, worsens, 0.0)
    waits = np.diag(1.0 - leaves - worsens)
    getting = np.flatnonzero(worse >= 0)
    np.add.at(waits, (getting, worse[getting]), worsens[getting])
    return Classes(
        ids=ids,
        names=table["name"].to_numpy(object),
        kind=table["kind"].to_numpy(object),
        hours=table["hours"].to_numpy(float),
        waits=waits,
    )


def _sites(instance: Instance, periods: int) -> BedSites:
    table = instance["sites"]
    table = table[
        (table["status"] == "open") & table["site_id"].isin(set(instance["beds"]["site_id"]))
    ]
    ids = table["site_id"].to_numpy(object)
    rows = instance["staff_hours"]
    site, period = position(ids, rows["site_id"]), rows["period"].to_numpy(np.int64) - 1
    hours = np.full((len(ids), periods), np.inf)
    there = site >= 0
    hours[site[there]] = 0.0
    hours[site[there], period[there]] = rows["hours"].to_numpy(float)[there]
    return BedSites(ids, table["name"].to_numpy(object), table["district"].to_numpy(object), hours)


def _origins(instance: Instance, sites: BedSites) -> Origins:
    towns, every = instance["communities"], instance["sites"]
    named = set(instance["patients"]["community_id"]) | set(
        instance["scenario_patients"]["community_id"]
    )
    towns = towns[towns["community_id"].isin(named)]
    doors = every[every["site_id"].isin(named)]

    def joined(town: str, door: str) -> np.ndarray:
        return np.concatenate([towns[town].to_numpy(object), doors[door].to_numpy(object)])

    ids = joined("community_id", "site_id")
    return Origins(
        ids=ids,
        names=joined("name", "name"),
        district=joined("district", "district"),
        site=position(sites.ids, pd.Series(ids, dtype=object)),
    )


def _arrivals(variants: Variants, origins: Origins, classes: Classes, periods: int) -> Floats:
    found = np.zeros((len(variants), len(origins), len(classes), periods))
    found[:] = _spread(variants.instance["patients"], variants.instance, origins, classes, periods)
    for scenario, changed in variants.changing("patients"):
        found[scenario] = _spread(changed["patients"], changed, origins, classes, periods)
    rows, at = variants.bulk("scenario_patients")
    for scenario in np.unique(at):
        own = rows[at == scenario]
        found[scenario] = _spread(own, variants.instance, origins, classes, periods)
    return found


def _spread(
    rows: pd.DataFrame, instance: Instance, origins: Origins, classes: Classes, periods: int
) -> Floats:
    """Return patients (C, S, T); those without a class are split by the mix."""
    found = np.zeros((len(origins), len(classes), periods))
    place = position(origins.ids, rows["community_id"])
    kind = position(classes.ids, rows["severity"])
    period, number = rows["period"].to_numpy(np.int64) - 1, rows["number"].to_numpy(float)
    known = kind >= 0
    np.add.at(found, (place[known], kind[known], period[known]), number[known])
    mix = instance["care"]["mix"].fillna(0.0).to_numpy(float)
    blank = np.flatnonzero(~known)
    for one in range(len(classes)):
        np.add.at(found[:, one], (place[blank], period[blank]), mix[one] * number[blank])
    return found


def _items(instance: Instance, sites: BedSites, classes: Classes, periods: int) -> CareItems:
    table, every = instance["care_items"], instance["items"]
    chosen = every[every["item_id"].isin(set(table["item_id"]))]
    ids = chosen["item_id"].to_numpy(object)
    use = np.zeros((len(ids), len(classes)))
    at = position(ids, table["item_id"]), position(classes.ids, table["severity"])
    use[at] = table["quantity"].to_numpy(float)
    level = np.zeros((len(sites), len(ids), periods))
    for name in ("stocks", "arrivals", "in_transit"):
        rows = instance[name]
        site, item = position(sites.ids, rows["place_id"]), position(ids, rows["item_id"])
        first = rows["period"].to_numpy(np.int64) - 1 if "period" in rows else np.zeros(len(rows))
        share = rows["reliability"].to_numpy(float) if "reliability" in rows else np.ones(len(rows))
        if instance.policy.reliability == "ignore":
            share = np.ones(len(rows))
        there = np.flatnonzero((site >= 0) & (item >= 0))
        for row in there.tolist():
            level[site[row], item[row], int(first[row]) :] += (
                rows["quantity"].iloc[row] * share[row]
            )
    return CareItems(ids, use, chosen["reusable"].to_numpy(bool), level)
