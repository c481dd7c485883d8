"""Why one group of patients waits: what keeps them out, alone and beside the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from scipy import sparse

from allocator.doctor.words import number
from allocator.engine.ordered import Budget, Progress
from allocator.engine.program import Floats
from allocator.engine.session import Session
from allocator.explain.admit import AdmitReason
from allocator.explain.admit_groups import Group
from allocator.instance.admit_case import AdmitCase
from allocator.instance.admit_ways import Ways
from allocator.models.admit.goals import Goals
from allocator.models.admit.program import AdmitProgram
from allocator.plan import Plan

SMALL = 1e-3  # patient-days
PART = 0.01  # of the waiting of the group: less is not told apart
NOISE = 1e-5  # of a goal
PLENTY = 1e6  # beds a site, for a trial without that limit


class Study:
    """One case and plan; `reason` tells of one group at a time."""

    def __init__(self, case: AdmitCase, plan: Plan, deadline: float) -> None:
        """Take the case and the plan; nothing is built yet."""
        self.case, self.plan, self.deadline = case, plan, deadline

    def spent(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.deadline

    def not_settled(self, group: Group) -> AdmitReason:
        """Return the reason of a group nobody looked at."""
        return self._told(group, "UNEXPLAINED", "", group.patient_days, "", "no time was left")

    def reason(self, group: Group) -> AdmitReason:
        """Return why a group waits."""
        excluded = self._excluded(group)
        if excluded is not None:
            return excluded
        alone = self._alone_waiting(group, self._alone(group))
        if alone is None:
            return self.not_settled(group)
        if alone >= (1 - PART) * group.patient_days - SMALL:
            return self._impossible(group, alone)
        return self._crowded(group, alone)

    # -- kept out ------------------------------------------------------------------------------

    def _excluded(self, group: Group) -> AdmitReason | None:
        """Return the reason where no site may take them at any time."""
        case, ways = self.case, self.case.transfers if group.held else self.case.ways
        places = case.sites.ids if group.held else case.origins.ids
        place, kind = list(places).index(group.place), list(case.classes.ids).index(group.severity)
        takes = np.zeros(len(case.sites), dtype=bool)
        takes[case.pools.site[case.pools.uses[:, kind]]] = True
        if not takes.any():
            why = f"no site has beds for {group.severity}"
            return self._told(
                group, "EXCLUDED_BY_RULE", "beds", group.patient_days, why, "beds.csv"
            )
        mine = (ways.origin == place) & takes[ways.site]
        if not mine.any():
            why = f"no way leads to a site with beds for {group.severity}"
            where = "links.csv, points, policy admit_minutes and transfers"
            return self._told(group, "EXCLUDED_BY_RULE", "way", group.patient_days, why, where)
        if not ways.allowed[mine, kind].any():
            why = "the entry rules keep them out of every site with beds of their class"
            rows = self._rules(group)
            return self._told(group, "EXCLUDED_BY_RULE", "entry", group.patient_days, why, rows)
        return None

    def _rules(self, group: Group) -> str:
        """Cite the entry rules that forbid something to the class."""
        table = self.case.instance["entry_rules"]
        kinds = table["severity"].isin(["", group.severity]).to_numpy()
        rows = np.flatnonzero(kinds & ~table["allowed"].to_numpy(bool))
        return ", ".join(f"entry_rules.csv:{row + 2}" for row in rows[:5].tolist())

    # -- alone ---------------------------------------------------------------------------------

    def _alone(self, group: Group) -> AdmitCase:
        """Return the case in which nobody else comes; who is held has nobody coming at all."""
        arrivals = np.zeros_like(self.case.arrivals)
        if group.held:
            return self.case
        place = list(self.case.origins.ids).index(group.place)
        arrivals[:, place] = self.case.arrivals[:, place]
        others = self.case.classes.ids != group.severity
        # Those who get worse while they wait belong to the group.
        into = self.case.classes.waits[:, ~others].sum(axis=1) > 0
        arrivals[:, place, others & ~into] = 0.0
        mine = self.case.ways.origin == place
        ways = Ways(*(getattr(self.case.ways, name)[mine] for name in Ways.__dataclass_fields__))
        return replace(self.case, arrivals=arrivals, ways=ways)

    def _alone_waiting(self, group: Group, case: AdmitCase) -> float | None:
        """Return the least patient-days a group waits in a case; None when time ran out."""
        program = AdmitProgram(case)
        cost = _waiting_cost(program, group)
        left = max(0.0, self.deadline - time.monotonic())
        outcome = Session(program.program).minimise(cost, left, crossover=False)
        return outcome.value if outcome.termination == "completed" else None

    def _impossible(self, group: Group, alone: float) -> AdmitReason:
        """Name the limit without which they would wait least, if nobody else came."""
        best, family = alone, ""
        for name, changed in self._loosened(group):
            if self.spent():
                break
            value = self._alone_waiting(group, changed)
            if value is not None and value < best - SMALL:
                best, family = value, name
        why = f"alone they would wait {number(alone)} patient-days"
        less = f"; {_WITHOUT.get(family, '')} they would wait {number(best)}" if family else ""
        return self._told(group, "IMPOSSIBLE_ALONE", family, alone, why + less, "solved alone")

    def _loosened(self, group: Group) -> Iterator[tuple[str, AdmitCase]]:
        """Give the case of the group alone, without one limit at a time."""
        case = self._alone(group)
        pools = replace(case.pools, beds=case.pools.beds + PLENTY)
        yield "beds", replace(case, pools=pools)
        if np.isfinite(case.sites.hours).any():
            free = np.full_like(case.sites.hours, np.inf)
            yield "care_hours", replace(case, sites=replace(case.sites, hours=free))
        if len(case.items):
            none = replace(case.items, use=np.zeros_like(case.items.use))
            yield "care_items", replace(case, items=none)
        if case.delay:
            policy = case.policy.replace(information_delay=0)
            known = case.instance.replace(policy=policy, validate=False)
            yield "known", replace(case, instance=known)
        open_ways = replace(case.ways, allowed=np.ones_like(case.ways.allowed))
        yield "entry", replace(case, ways=open_ways)

    # -- beside the others ---------------------------------------------------------------------

    def _crowded(self, group: Group, alone: float) -> AdmitReason:
        """Solve with the group waiting no longer than alone, and see which goal that costs."""
        rest = group.patient_days - alone
        who = self._who(group)
        head = f"alone they would wait {number(alone)} patient-days"
        if self.case.policy.admit_regime == "district-first":
            why = f"{head}; the beds went to {who}" if who else head
            return self._told(group, "CROWDED_OUT", "", rest, why, "solved alone, own beds first")
        program = AdmitProgram(self.case)
        stages, session = Goals(program).stages(), Session(program.program)
        row = _waiting_cost(program, group)[None, :]
        limit = np.array([alone + max(SMALL, PART * rest)])
        session.add_rows(np.array([-np.inf]), limit, sparse.csr_matrix(row))
        progress, budget = Progress(), Budget(self.deadline)
        for stage in stages:
            stage.run(session, budget, progress)
            result = progress.results[-1]
            value = self.plan.goal(result.name).value
            if result.value is None or result.termination != "completed" or value is None:
                return self.not_settled(group)
            loss = result.value - value
            if loss < -NOISE * max(1.0, abs(value)) - SMALL:
                why = f"{head}, and {result.name} could be {number(-loss)} {result.unit} better"
                return self._told(group, "NOT_PROVEN", result.name, rest, why, "solved again")
            if loss > NOISE * max(1.0, abs(value)) + SMALL:
                why = (
                    f"{head}; so it would cost {number(loss)} {result.unit} of {result.name}"
                    f"{f'; the beds went to {who}' if who else ''}"
                )
                return self._told(group, "CROWDED_OUT", result.name, rest, why, "solved again")
        why = f"{head}, and every goal would be as good; others would wait instead"
        return self._told(group, "TIE", "", rest, why, "solved again")

    def _who(self, group: Group) -> str:
        """Name the places whose patients entered most where the group could have."""
        case, rows = self.case, self.plan["admissions"]
        if group.held:
            return ""
        kind = list(case.classes.ids).index(group.severity)
        mine = case.ways.origin == list(case.origins.ids).index(group.place)
        sites = case.sites.ids[case.ways.site[mine & case.ways.allowed[:, kind].any(axis=1)]]
        meant = rows["site_id"].isin(set(sites)) & (rows["community_id"] != group.place)
        meant &= (rows["severity"] == group.severity) & (rows["period"] <= group.last)
        totals = rows[meant].groupby("community_id")["number"].sum()
        most = totals.sort_values(ascending=False, kind="stable").head(3)
        return ", ".join(f"{name} ({number(round(value))})" for name, value in most.items())

    def _told(
        self, group: Group, code: str, family: str, quantity: float, why: str, detail: str
    ) -> AdmitReason:
        span = (
            f"period {group.first}"
            if group.first == group.last
            else (f"periods {group.first} to {group.last}")
        )
        where = f" in beds of {group.lies_in}" if group.held else ""
        text = (
            f"{group.place}: {group.severity} patients wait{where}, {span},"
            f" {number(round(group.patient_days, 1))} patient-days"
        )
        return AdmitReason(
            group.place,
            group.severity,
            group.first,
            group.last,
            code,
            family,
            quantity,
            f"{text}: {why}." if why else f"{text}.",
            detail,
        )


_WITHOUT = {
    "beds": "with beds enough at every site",
    "care_hours": "with staff enough",
    "care_items": "with items enough",
    "known": "without the delay of information",
    "entry": "without entry rules",
}
Cost = Callable[[AdmitProgram, Group], Floats]


def _waiting_cost(program: AdmitProgram, group: Group) -> Floats:
    """Return the patient-days of a group as costs of columns, by the chance of the scenario."""
    case, keys = program.case, program.keys
    cost = np.zeros(program.program.column_count)
    kind = list(case.classes.ids).index(group.severity)
    heavy = case.probability[:, None] * case.days[None, :]
    if group.held:
        place, source = (
            list(case.sites.ids).index(group.place),
            list(case.classes.ids).index(group.lies_in),
        )
        mine = (keys.change_site == place) & (case.stays.step_to[keys.change] == kind)
        mine &= case.stays.step_from[keys.change] == source
        cost[program.held[:, mine]] = heavy[:, None, :]
        return cost
    place = list(case.origins.ids).index(group.place)
    cell = keys.queue[place, kind]
    if cell >= 0:
        cost[program.wait[:, cell]] = heavy[:, None, :]
    return cost
