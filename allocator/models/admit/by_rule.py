"""What can be done without a solver: day by day, urgent classes first, each to the nearest bed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from allocator.instance.admit_case import KINDS, AdmitCase
from allocator.instance.lanes import Floats

SMALL = 1e-6


def by_rule(case: AdmitCase) -> dict[str, pd.DataFrame]:
    """Return the admissions and transfers of a plan that looks at today's free beds only.

    No surge ward is opened. A bed counts as free when it stays so to the end of the horizon.
    """
    parts = [Day(case, scenario).run() for scenario in range(len(case.scenarios))]
    names = ("admissions", "transfers")
    found = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in names}
    return found | {"openings": pd.DataFrame({"ward_id": [], "period": []})}


def nobody(case: AdmitCase) -> dict[str, pd.DataFrame]:
    """Return the plan that admits nobody."""
    return {name: pd.DataFrame() for name in ("admissions", "transfers", "openings")}


class Day:
    """One scenario, gone through day by day."""

    def __init__(self, case: AdmitCase, scenario: int) -> None:
        """Begin with those who are in beds already."""
        self.case, self.scenario = case, scenario
        shape = (len(case.sites), len(case.classes), case.periods)
        self.inside = case.before.inside.copy()
        self.coming = case.before.step.copy()
        self.held = np.zeros(self.coming.shape[:2])
        self.lists = np.zeros((len(case.origins), len(case.classes), case.delay + 1))
        self.entered = np.zeros(shape)
        self.least = np.minimum.accumulate(case.pools.beds[:, ::-1], axis=1)[:, ::-1]
        self.hours = np.minimum.accumulate(case.sites.hours[:, ::-1], axis=1)[:, ::-1]
        self.order = np.lexsort((case.ways.site, case.ways.minutes))
        self.admitted: list[tuple[int, int, int, int, float]] = []
        self.moved: list[tuple[int, int, int, float]] = []

    def run(self) -> dict[str, pd.DataFrame]:
        """Go through all periods."""
        passes = self.case.classes.waits
        for period in range(self.case.periods):
            aged = np.einsum("csa,sr->cra", self.lists, passes)
            self.lists = np.zeros_like(aged)
            self.lists[..., 1:] = aged[..., :-1]
            self.lists[..., -1] += aged[..., -1]
            self.lists[..., 0] += self.case.arrivals[self.scenario, ..., period]
            self.held += self.coming[..., period]
            self._change_classes(period)
            for kind in self._urgent_first():
                self._admit(kind, period)
        return {"admissions": self._admissions(), "transfers": self._transfers()}

    def _urgent_first(self) -> list[int]:
        kinds = [KINDS.index(str(kind)) for kind in self.case.classes.kind]
        return [int(one) for one in np.argsort(kinds, kind="stable")]

    # -- room ----------------------------------------------------------------------------------

    def _free(self, site: int, kind: int, period: int) -> float:
        """Return how many more of a class the site can take for good."""
        return min(
            self._free_beds(site, kind, period),
            self._free_hours(site, kind, period),
            self._free_items(site, kind, period),
        )

    def _in_beds(self, site: int, period: int) -> Floats:
        lying = self.inside[site, :, period].copy()
        np.add.at(lying, self.case.stays.step_from, self.held[site])
        return lying

    def _free_beds(self, site: int, kind: int, period: int) -> float:
        pools = np.flatnonzero(self.case.pools.site == site)
        lying = self._in_beds(site, period)
        # Hall's condition: the tightest set of classes that this one is in.
        best = np.inf
        for chosen in self._sets(kind):
            usable = pools[self.case.pools.uses[pools][:, chosen].any(axis=1)]
            best = min(best, float(self.least[usable, period].sum() - lying[chosen].sum()))
        return max(0.0, best)

    def _sets(self, kind: int) -> Iterator[np.ndarray]:
        count = len(self.case.classes)
        for members in range(2**count):
            if members >> kind & 1:
                yield np.array([bool(members >> one & 1) for one in range(count)])

    def _free_hours(self, site: int, kind: int, period: int) -> float:
        hours, each = self.case.classes.hours, float(self.case.days.max())
        if not np.isfinite(self.hours[site, period]) or hours[kind] <= 0:
            return np.inf
        used = float(hours @ self._in_beds(site, period)) * each
        return max(0.0, float((self.hours[site, period] - used) / (hours[kind] * each)))

    def _free_items(self, site: int, kind: int, period: int) -> float:
        """Return the most whose use to the end of their stay is at hand."""
        case, best = self.case, np.inf
        for item in np.flatnonzero(case.items.use[:, kind] > 0).tolist():
            use, level = case.items.use[item], case.items.level[site, item]
            if case.items.reusable[item]:
                spare = float(level[period:].min() - use @ self._in_beds(site, period))
                best = min(best, spare / use[kind])
            else:
                taken = np.cumsum(use @ self.inside[site] * case.days)
                spare = float((level - taken)[period:].min())
                days = float(case.stays.still[kind].sum() * case.days.max())
                best = min(best, spare / (use[kind] * days))
        return max(0.0, best)

    # -- decisions -----------------------------------------------------------------------------

    def _enter(self, site: int, kind: int, period: int, number: float) -> None:
        stays, left = self.case.stays, self.case.periods - period
        ages = np.minimum(np.arange(left), stays.still.shape[1] - 1)
        self.inside[site, kind, period:] += number * stays.still[kind, ages]
        for change in np.flatnonzero(stays.step_from == kind).tolist():
            share = stays.step[change, :left]
            self.coming[site, change, period : period + len(share)] += number * share

    def _change_classes(self, period: int) -> None:
        """Let class changers into a free bed of their new class at the same site."""
        stays = self.case.stays
        for site, change in np.argwhere(self.held > SMALL).tolist():
            kind = int(stays.step_to[change])
            number = min(float(self.held[site, change]), self._free(site, kind, period))
            if number > SMALL:
                self.held[site, change] -= number
                self._enter(site, kind, period, number)
                self.moved.append((site, change, period, number))

    def _admit(self, kind: int, period: int) -> None:
        """Admit along the shortest ways first; of a district its own before all others."""
        ways, first = self.case.ways, self.case.policy.admit_regime == "district-first"
        order = self.order[ways.allowed[self.order, kind, period]]
        for own_pass in (True, False) if first else (False,):
            for way in order[ways.own[order] == own_pass] if first else order:
                self._admit_along(int(way), kind, period, own_pass)

    def _admit_along(self, way: int, kind: int, period: int, early: bool) -> None:
        place, site = int(self.case.ways.origin[way]), int(self.case.ways.site[way])
        lists = range(self.case.delay, -1, -1) if early else (self.case.delay,)
        if self.lists[place, kind, list(lists)].sum() <= SMALL:
            return
        if not early and self._own_wait(site, kind, period):
            return
        free = self._free(site, kind, period)
        for age in lists:
            number = min(float(self.lists[place, kind, age]), free)
            if number > SMALL:
                free -= number
                self.lists[place, kind, age] -= number
                self._enter(site, kind, period, number)
                self.admitted.append((way, kind, period, age, number))

    def _own_wait(self, site: int, kind: int, period: int) -> bool:
        """Return whether people of the district still wait who may enter here."""
        ways = self.case.ways
        if self.case.policy.admit_regime != "district-first":
            return False
        own = ways.own & (ways.site == site) & ways.allowed[:, kind, period]
        return bool(self.lists[ways.origin[own], kind].sum() > SMALL)

    # -- tables --------------------------------------------------------------------------------

    def _admissions(self) -> pd.DataFrame:
        case, (way, kind, period, age, number) = self.case, _columns(self.admitted, 5)
        at, one = way.astype(np.int64), kind.astype(np.int64)
        return pd.DataFrame(
            {
                "community_id": case.origins.ids[case.ways.origin[at]],
                "site_id": case.sites.ids[case.ways.site[at]],
                "severity": case.classes.ids[one],
                "period": period.astype(np.int64) + 1,
                "known": age.astype(np.int64),
                "number": number,
                "scenario_id": case.scenarios[self.scenario],
            }
        )

    def _transfers(self) -> pd.DataFrame:
        case, (site, change, period, number) = self.case, _columns(self.moved, 4)
        where, which = site.astype(np.int64), change.astype(np.int64)
        return pd.DataFrame(
            {
                "from_site": case.sites.ids[where],
                "to_site": case.sites.ids[where],
                "from_severity": case.classes.ids[case.stays.step_from[which]],
                "severity": case.classes.ids[case.stays.step_to[which]],
                "period": period.astype(np.int64) + 1,
                "number": number,
                "scenario_id": case.scenarios[self.scenario],
            }
        )


def _columns(rows: Sequence[tuple[float, ...]], width: int) -> Floats:
    """Return the columns of a list of rows, also of one without any."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), width).T
