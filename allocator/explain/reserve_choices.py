"""Why sites are open or not, and which scenarios drive the reserve: by solving the other choice."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from allocator.doctor.words import number
from allocator.engine.ordered import Budget, StageResult
from allocator.engine.program import Ints
from allocator.explain.reserve_places import Held, held_of, short_of
from allocator.explain.reserve_reason import ReserveReason
from allocator.instance.futures import ReserveCase
from allocator.instance.reserve import ReservePins
from allocator.models.answer import Answer
from allocator.models.preposition import solve
from allocator.plan import Plan

NEAR = 1e-4  # relative difference of goals below which two plans are as good
SCENARIOS = 3


class Choices:
    """Re-solves of one plan's case, until the deadline."""

    def __init__(self, case: ReserveCase, plan: Plan, deadline: float, threads: int = 1) -> None:
        """Take the case and the plan; nothing is solved yet."""
        self.case, self.plan, self.deadline, self.threads = case, plan, deadline, threads
        self.held: Held = held_of(case, plan)
        self.values = {goal.name: goal.value for goal in plan.goals}

    def sites(self, most: int | None, only: str = "") -> Iterator[ReserveReason]:
        """Explain the sites: by a rule where one decides, else by solving the other choice."""
        order = [int(site) for site in self._order() if not only or self._name(site) == only]
        ruled = {site: reason for site in order if (reason := self._ruled(site)) is not None}
        asked = [site for site in order if site not in ruled][: most or None]
        if only:
            yield from ruled.values()
        for place, site in enumerate(asked):
            yield self._other(site, len(asked) - place)

    def scenarios(self) -> Iterator[ReserveReason]:
        """Solve without each of the worst scenarios and say how the reserve would change."""
        worst = self._worst()
        for place, number_ in enumerate(worst):
            rest = np.setdiff1d(np.arange(len(self.case.futures)), [number_])
            if not len(rest) or self._share(len(worst) - place) <= 0:
                return
            answer = self._solve(self.case.with_scenarios(rest), len(worst) - place)
            if "reserves" in answer.tables:
                yield from self._driven(number_, answer)

    # -- sites ---------------------------------------------------------------------------------

    def _name(self, site: int) -> str:
        return str(self.case.reserve.sites.ids[site])

    def _order(self) -> Ints:
        """Order the sites: open ones by what they hold, then closed ones by who is short near."""
        lanes, futures = self.case.reserve.lanes, self.case.futures
        short = short_of(self.case, self.plan) if self.plan.states("recourse") else None
        near = np.zeros(len(self.case.reserve.communities))
        if short is not None:
            rate = futures.rate[short.scenario, short.place, short.item]
            np.add.at(near, short.place, rate * short.units * short.chance)
        reach = np.zeros(len(self.held.size))
        np.add.at(reach, lanes.site, near[lanes.community])
        load = self.held.stock @ np.maximum(self.case.reserve.items.m3, 1e-9)
        opened = self.held.size >= 0
        return np.lexsort((-reach, -load, ~opened))

    def _ruled(self, site: int) -> ReserveReason | None:
        """Return the reason of a site a rule decides about."""
        name, reserve = self._name(site), self.case.reserve
        pins = reserve.pins
        pinned = np.flatnonzero((pins.site == site) & (pins.open != ""))
        if len(pinned):
            word = "open" if pins.open[pinned[0]] == "yes" else "closed"
            return _reason(
                name, "PINNED", f"{name} is {word}: pin {pins.ids[pinned[0]]} asks for it."
            )
        if reserve.sites.kept[site] and not self.case.policy.close_existing:
            return _reason(name, "KEPT", f"{name} exists, and close_existing is not allowed.")
        if not (reserve.sizes.site == site).any():
            return _reason(name, "CANNOT_OPEN", f"{name} has no row in sizes.")
        return None

    def _other(self, site: int, left: int) -> ReserveReason:
        """Solve with the site closed, or open, instead."""
        name, opened = self._name(site), bool(self.held.size[site] >= 0)
        if self._share(left) <= 0:
            return _reason(name, "UNEXPLAINED", f"{name}: not looked at within the time.")
        answer = self._solve(_pinned(self.case, site, "no" if opened else "yes"), left)
        what = f"Without {name}" if opened else f"With {name} open"
        if any(result.termination == "infeasible" for result in answer.results):
            code = "WORTH_OPENING" if opened else "NOT_WORTH_OPENING"
            return _reason(name, code, f"{what} no plan can obey the rules.", "solved")
        return self._compared(name, opened, what, answer)

    def _compared(self, name: str, opened: bool, what: str, answer: Answer) -> ReserveReason:
        """Compare the goals of the other choice with those of the plan, in their order."""
        results = {result.name: result for result in answer.results}
        if not any(one.value is not None for one in results.values()):
            text = f"{what}: no plan was found in the time, so nothing is said of it."
            return _reason(name, "UNEXPLAINED", text, _detail(results))
        differ = first_difference(self.values, results)
        reached = [one.value is not None for one in results.values()]
        if differ is None and not (all(reached) and len(reached) == len(self.values)):
            text = f"{what} the goals reached in the time are as good; later ones were not reached."
            return _reason(name, "NOT_PROVEN", text, _detail(results))
        if differ is None:
            text = f"{what} the best plan found is as good: the choice is a tie."
            return _reason(name, "NO_DIFFERENCE", text, _detail(results))
        more = float(results[differ].value or 0.0) - float(self.values[differ] or 0.0)
        told = _told(self.values, results)
        if more < 0:
            text = f"{what} a better plan is found: {told}."
            return _reason(name, "NOT_PROVEN", text, _detail(results), more)
        bound = results[differ].bound
        proven = bound is not None and bound >= float(self.values[differ] or 0.0)
        code = ("WORTH_OPENING" if opened else "NOT_WORTH_OPENING") if proven else "NOT_PROVEN"
        sure = "" if proven else ", as far as it was searched"
        return _reason(name, code, f"{what} the plan has {told}{sure}.", _detail(results), more)

    # -- scenarios -----------------------------------------------------------------------------

    def _worst(self) -> list[int]:
        """Return the scenarios that weigh most: probability times people short, then cost."""
        if not self.plan.states("outcomes") or len(self.case.futures) < 2:
            return []
        table = self.plan.outcomes.set_index("scenario_id").reindex(self.case.futures.ids)
        weigh = self.case.futures.probability
        order = np.lexsort((-weigh * table["cost"], -weigh * table["critical"]))
        return [int(one) for one in order[:SCENARIOS]]

    def _driven(self, scenario: int, answer: Answer) -> Iterator[ReserveReason]:
        """Say how the reserve found without a scenario differs, if it does."""
        name = str(self.case.futures.ids[scenario])
        other = answer.tables["reserves"].groupby("item_id")["quantity"].sum()
        mine = self.plan.reserves.groupby("item_id")["quantity"].sum()
        change = mine.sub(other, fill_value=0.0)
        change = change[
            change.abs() > 1e-3 * mine.reindex(change.index).fillna(0.0).clip(lower=1.0)
        ]
        change = change.loc[change.abs().sort_values(ascending=False, kind="stable").index]
        parts = [
            f"{number(abs(units))} {item} {'less' if units > 0 else 'more'}"
            for item, units in list(change.items())[:5]
        ]
        here = set(self.plan.sites["site_id"])
        there = set(answer.tables["sites"]["site_id"])
        parts += [f"without {site}" for site in sorted(here - there)[:3]]
        parts += [f"with {site}" for site in sorted(there - here)[:3]]
        if not parts:
            return
        text = f"Without scenario {name} the plan found holds {', '.join(parts)}."
        chance = 100 * float(self.case.futures.probability[scenario])
        results = {result.name: result for result in answer.results}
        detail = f"probability {chance:.3g} %; {_detail(results)}"
        size = float(change.abs().iloc[0]) if len(change) else 0.0
        yield ReserveReason("", "", "DRIVES", name, size, text, detail)

    # -- solves --------------------------------------------------------------------------------

    def _share(self, left: int) -> float:
        return (self.deadline - time.monotonic()) / max(1, left)

    def _solve(self, case: ReserveCase, left: int) -> Answer:
        budget = Budget(time.monotonic() + max(0.0, self._share(left)))
        return solve(case, budget, threads=self.threads)


def _pinned(case: ReserveCase, site: int, wish: str) -> ReserveCase:
    """Return the case with one more pin."""
    pins = case.reserve.pins
    more = ReservePins(
        ids=np.append(pins.ids, "other choice"),
        site=np.append(pins.site, site),
        size=np.append(pins.size, ""),
        item=np.append(pins.item, -1),
        rule=np.append(pins.rule, "exactly"),
        quantity=np.append(pins.quantity, np.nan),
        open=np.append(pins.open, wish),
    )
    return replace(case, reserve=replace(case.reserve, pins=more))


def first_difference(
    values: Mapping[str, float | None], results: Mapping[str, StageResult]
) -> str | None:
    """Return the first goal at which the other plan differs by more than noise."""
    for name, value in values.items():
        other = results.get(name)
        if value is None or other is None or other.value is None:
            continue
        if abs(other.value - value) > NEAR * max(1.0, abs(value)):
            return name
    return None


def _told(values: Mapping[str, float | None], results: Mapping[str, StageResult]) -> str:
    """Say how the other plan differs, goal by goal."""
    parts = []
    for name, value in values.items():
        other = results.get(name)
        if value is None or other is None or other.value is None:
            continue
        more = other.value - value
        if abs(more) > NEAR * max(1.0, abs(value)):
            parts.append(f"{number(abs(more))} {_words(name, more < 0)}")
    return "; ".join(parts)


def _words(goal: str, less: bool) -> str:
    """Return what there is more, or less, of in the other plan."""
    if goal == "cost":
        return "less money spent" if less else "more money spent"
    tier = goal.partition(".")[2]
    goods = f"goods of tier {tier}" if tier else "life-critical goods"
    return f"{'fewer' if less else 'more'} people short of {goods}"


def _detail(results: Mapping[str, StageResult]) -> str:
    parts = [
        f"{name} {number(one.value)}, bound {'-' if one.bound is None else number(one.bound)}"
        for name, one in results.items()
        if one.value is not None
    ]
    return f"solved anew: {'; '.join(parts)}" if parts else "solved anew: no plan in the time"


def _reason(name: str, code: str, text: str, detail: str = "", size: float = 0.0) -> ReserveReason:
    return ReserveReason(name, "", code, "", size, text, detail)
