"""Reasons of shortages of dispatch: rules, then solves around each shortage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.doctor.words import number, periods
from allocator.explain.binding import Study, study
from allocator.explain.corner import Corner, Everything, Planned
from allocator.explain.point import point_of, short_units
from allocator.explain.proof import Proof, proof_of
from allocator.explain.reason import Reason, as_table
from allocator.explain.rules import blocking_rules, ruled_out
from allocator.explain.shortage import Shortage, shortages_of, stated_shortages
from allocator.explain.wording import Wording
from allocator.instance import Instance
from allocator.instance.gate_staff import joint_instance
from allocator.instance.network import Network, network
from allocator.models.dispatch.model import DispatchModel
from allocator.plan import Plan, plan_table

SMALL = 1e-3  # parts of a shortage below this share of it are not told
AVOIDABLE = 0.01  # below this share, what is left over may be rounding let pass by the judge
LARGE_SECONDS = 4.0  # what reading a case above WHOLE_NEEDS takes before the first solve
WHOLE_NEEDS = 300_000  # above this many needs the program of the whole instance is too large here
_NO_TIME = "not looked at within the budget of seconds"
_TOO_LARGE = "what others have of it is not looked at in a case of this size"


def dispatch_reasons(
    instance: Instance, plan: Plan, budget_seconds: float, most: int | None, community: str = ""
) -> pd.DataFrame:
    """Explain the shortages of a dispatch; see `allocator.explain.reasons`."""
    if len(instance["needs"]) > WHOLE_NEEDS and budget_seconds < LARGE_SECONDS:
        return as_table([])
    explainer = Explainer(instance, plan, time.monotonic() + budget_seconds)
    return as_table(explainer.run(most, community))


class Explainer:
    """One instance and plan, and what is built for them only once."""

    def __init__(self, instance: Instance, plan: Plan, deadline: float) -> None:
        """Take the instance and the plan; nothing is built yet."""
        joint = instance.policy.gate_staff == "joint" and plan.states("roster")
        self.instance = joint_instance(instance, plan["roster"]) if joint else instance
        self.plan, self.deadline = plan, deadline
        self.proof: Proof = proof_of(plan)

    @cached_property
    def net(self) -> Network:
        """The network of the instance."""
        return network(self.instance)

    @cached_property
    def table(self) -> pd.DataFrame:
        """All shortages."""
        return plan_table("shortages", stated_shortages(self.instance, self.plan))

    @cached_property
    def whole(self) -> Everything:
        """The whole program."""
        return Everything(DispatchModel(self.net))

    @cached_property
    def planned(self) -> Planned:
        """The plan as a point of the whole program."""
        model = self.whole.model
        stated = self.plan.states("trips")
        return Planned(point_of(model, self.plan), short_units(model, self.table), stated)

    def run(self, most: int | None, community: str) -> Iterator[Reason]:
        """Explain the largest shortages."""
        table = self.table
        if community:
            table = table[table["community_id"] == community]
        if table.empty:
            return
        for short in shortages_of(self.net, table, blocking_rules(self.net, table), most):
            yield from self._one(short)

    def _one(self, short: Shortage) -> Iterator[Reason]:
        if short.rule:
            yield ruled_out(self.net, short)
        elif time.monotonic() > self.deadline:
            yield self._unexplained(short, short.quantity, _NO_TIME)
        else:
            yield from self._solved(short)

    def _solved(self, short: Shortage) -> Iterator[Reason]:
        """Split it into what nobody could serve, what may be avoidable, and what others have."""
        tolerance = max(1e-3, SMALL * short.quantity)
        large = len(self.net.needs) > WHOLE_NEEDS
        all_of = self._around(short) if large else self.whole
        planned = self._held(all_of, short) if large else self.planned
        alone = study(Corner(all_of, short, planned, alone=True), self.deadline, tolerance)
        impossible = min(alone.least, short.quantity) if alone.solved else 0.0
        if alone.solved and impossible > tolerance:
            yield self._alone(short, all_of, alone, impossible)
        left = short.quantity - impossible
        if left <= tolerance:
            return
        if large or time.monotonic() > self.deadline:
            yield self._unexplained(short, left, _TOO_LARGE if large else _NO_TIME)
            return
        yield from self._against_others(short, impossible, tolerance)

    def _held(self, all_of: Everything, short: Shortage) -> Planned:
        """Return what is held when the need stands alone: how far its other periods are served."""
        nothing = np.zeros(all_of.model.program.column_count)
        mine = self.table[self.table["community_id"] == self.net.places.ids[short.place]]
        return Planned(nothing, short_units(all_of.model, mine), False)

    def _around(self, short: Shortage) -> Everything:
        """Return the program with the needs of this shortage only."""
        needs = self.net.needs
        rows = np.flatnonzero((needs.place == short.place) & (needs.item == short.item))
        kept = {name: getattr(needs, name)[rows] for name in type(needs).__dataclass_fields__}
        return Everything(DispatchModel(replace(self.net, needs=type(needs)(**kept))))

    def _alone(
        self, short: Shortage, all_of: Everything, alone: Study, impossible: float
    ) -> Reason:
        words = Wording(all_of, None)
        place = self.net.places.ids[short.place]
        text = (
            f"Even if nobody else needed anything, {place} would miss "
            f"{words.amount(short, impossible)} in "
            f"{self._when(short)}."
        )
        chosen = alone.bindings[:1] or alone.together
        if chosen:
            text += f" {words.binding(short, *chosen)}."
        if alone.floor > max(1e-3, SMALL * short.quantity):
            text += (
                f" {words.amount(short, alone.floor)} cannot be there in time, whatever is added."
            )
        family = "|".join(one.family for one in chosen) or "lead"
        detail = self._backing(short, all_of, alone, "alone")
        return self._reason(short, "IMPOSSIBLE_ALONE", family, impossible, text, detail)

    def _against_others(
        self, short: Shortage, impossible: float, tolerance: float
    ) -> Iterator[Reason]:
        found = study(Corner(self.whole, short, self.planned), self.deadline, tolerance)
        if not found.solved:
            why = "the rest of the plan leaves no room for a solve (see check), or time ran out"
            yield self._unexplained(short, short.quantity - impossible, why)
            return
        avoidable = max(0.0, short.quantity - max(found.least, impossible))
        if avoidable <= AVOIDABLE * short.quantity + tolerance:
            avoidable = 0.0
        else:
            yield self._avoidable(short, avoidable)
        crowded = max(0.0, short.quantity - impossible - avoidable)
        if crowded > tolerance:
            yield self._crowded(short, found, crowded)

    def _avoidable(self, short: Shortage, units: float) -> Reason:
        words = Wording(self.whole, None)
        text = (
            f"{words.amount(short, units)} more could reach {self.net.places.ids[short.place]} in "
            f"{self._when(short)} with what the plan leaves over. "
            f"{self.proof.said(self._tier(short))}"
        )
        detail = "solved with all other shipments and trips as planned"
        return self._reason(short, "NOT_PROVEN", "", units, text.strip(), detail)

    def _crowded(self, short: Shortage, found: Study, units: float) -> Reason:
        words = Wording(self.whole, self.planned.point)
        chosen = found.bindings[:1] or found.together
        if not chosen:
            return self._unexplained(short, units, "no family of rules lowers it")
        text = f"{words.binding(short, *chosen)}."
        others = words.others(short, chosen[0])
        if others:
            text += f" Used by {others}."
        if chosen[0].gain < units * (1 - SMALL):
            text += f" The other {number(units - chosen[0].gain)} meet further limits."
        code = "CROWDED_OUT"
        doubt = self.proof.doubt(self._tier(short))
        if doubt:
            code, text = "NOT_PROVEN", f"{text} {doubt}"
        given = "all other shipments and trips as planned"
        detail = self._backing(short, self.whole, found, given)
        family = "|".join(one.family for one in chosen)
        return self._reason(short, code, family, units, text, detail)

    def _backing(self, short: Shortage, all_of: Everything, found: Study, given: str) -> str:
        """Say what was solved: gains, repairs and marginal values of the families that bind."""
        words = Wording(all_of, None)
        goal = self.proof.goal(self._tier(short))
        worth = self._worth(short)
        parts = [
            f"{b.family}: {words.more(b)} bring {number(b.gain)}; marginal "
            f"{number(b.marginal)} a unit "
            f"= {number(b.marginal * worth)} of goal {goal}"
            for b in found.bindings[:3] or found.together
        ]
        note = "marginal values are not unique"
        return f"solved with {given}: least {number(found.least)}; " + "; ".join([*parts, note])

    def _worth(self, short: Shortage) -> float:
        """Weighted person-days of one unit, on average over the periods."""
        needs = self.net.needs
        rows = (
            (needs.place == short.place)
            & (needs.item == short.item)
            & np.isin(needs.period, short.periods)
        )
        if not rows.any():
            return 0.0
        days = self.net.days[needs.period[rows]] * needs.rate[rows]
        return float(days.mean() * self.net.places.weight[short.place])

    def _tier(self, short: Shortage) -> int:
        return int(self.net.items.tier[short.item])

    def _when(self, short: Shortage) -> str:
        return periods(short.periods.tolist())

    def _unexplained(self, short: Shortage, units: float, why: str) -> Reason:
        item = self.net.items.ids[short.item]
        text = (
            f"{number(units)} of {item} short at {self.net.places.ids[short.place]} in "
            f"{self._when(short)}: {why}."
        )
        return self._reason(short, "UNEXPLAINED", "", units, text, "")

    def _reason(
        self, short: Shortage, code: str, family: str, units: float, text: str, detail: str
    ) -> Reason:
        return Reason(
            community_id=str(self.net.places.ids[short.place]),
            item_id=str(self.net.items.ids[short.item]),
            period_from=int(short.periods[0]) + 1,
            period_to=int(short.periods[-1]) + 1,
            code=code,
            family=family,
            quantity=round(units, 6),
            text=text,
            detail=detail,
        )
