"""The chain of plans: what comes before, dispatch, the routes of its periods, and back once.

Steps that come before dispatch and change the instance (a roster that says how many minutes each
gate can give, say) are functions in `BEFORE`: each takes the instance and returns it changed, with
its own plan, or None where it has nothing to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.errors import ImpossibleError, UsageError
from allocator.instance import Instance, load
from allocator.limits import Limits
from allocator.plan import Plan
from allocator.runs.chain_factor import arriving, calibrated, delivered_kg
from allocator.runs.chain_staff import staffed
from allocator.runs.dispatch import Dispatch
from allocator.runs.joint import Joined, Joint, chain_policy, with_roster
from allocator.runs.route import Routing

Progress = Callable[[Mapping[str, Any]], None]
Before = Callable[[Instance, Limits, Progress], tuple[Instance, Plan | None]]
Keep = Callable[[str, Plan, Instance], Plan]
BEFORE: Mapping[str, Before] = {"staff": staffed}
"""Name of a decision before dispatch -> the step that makes it."""

DISPATCH, ROUTES = 0.3, 0.25  # of the time: one dispatch, all routes of it
JOINT = 0.5  # people and dispatch together, beside the same one after the other
CHANGED = 0.01  # share by which the factor must differ for another dispatch
LEFT = 1e-6  # units
FAIR = 0.5  # part of the time of the first round that a second one needs


@dataclass(frozen=True)
class Round:
    """A dispatch with the routes of its periods.

    `factor` is the zone factor it was made with, `arrives` the goals of dispatch when only what
    the routes deliver arrives, `left` the units they leave behind.
    """

    dispatch: Plan
    routes: Mapping[int, Plan]
    factor: float
    arrives: Mapping[str, float] = field(default_factory=dict)

    @property
    def left(self) -> float:
        """Return the units left behind."""
        return float(sum(plan["unserved"]["quantity"].sum() for plan in self.routes.values()))

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Return every plan."""
        return (self.dispatch, *self.routes.values())


@dataclass(frozen=True)
class Chained:
    """What a chain came to.

    Attributes:
        instance: The instance, as the steps before dispatch left it.
        before: Plans of those steps by name.
        best: The round that is kept: that of which most arrives, in the order of the goals.
        rounds: All rounds, one or two.
        factor: The zone factor the routes of the first round teach; None = nothing to learn.
        notes: Why there was, or was no, second dispatch.
        joined: What deciding on gate staff and dispatch together came to, where the policy asks.
    """

    instance: Instance
    before: Mapping[str, Plan]
    best: Round
    rounds: tuple[Round, ...]
    factor: float | None
    notes: tuple[str, ...]
    joined: Joined | None = None

    @property
    def plans(self) -> dict[str, Plan]:
        """Return the plans that are kept, by the name of their folder."""
        routes = {f"routes-{period}": plan for period, plan in self.best.routes.items()}
        return {**self.before, "dispatch": self.best.dispatch, **routes}

    @property
    def table(self) -> pd.DataFrame:
        """Return one row a period: routes, stops, km, hours, delivered (share of kg), left."""
        rows = [
            {
                "period": period,
                "routes": int(plan.summary["use"]["routes"]),
                "visits": int(plan.summary["use"]["visits"]),
                "km": float(plan.summary["use"]["km"]),
                "hours": float(plan.summary["use"]["hours"]),
                "delivered": delivered_kg(self.instance, plan),
                "left": float(plan["unserved"]["quantity"].sum()),
            }
            for period, plan in self.best.routes.items()
        ]
        columns = ["period", "routes", "visits", "km", "hours", "delivered", "left"]
        return pd.DataFrame(rows, columns=columns)


class Chain:
    """One chain; `run` is its table of contents."""

    def __init__(
        self,
        instance: Instance | str | Path,
        periods: tuple[int, ...],
        limits: Limits,
        progress: Progress,
        router: str = "",
        keep: Keep = lambda name, plan, instance: plan,
    ) -> None:
        """Load what is not loaded yet; `keep` gets every plan with its instance, and returns it."""
        self.began = time.monotonic()
        self.limits, self.progress, self.router, self.keep = limits, progress, router, keep
        self.instance = instance if isinstance(instance, Instance) else load(instance)
        self.periods = periods
        self.stopped = False
        self.joined: Joined | None = None
        last = len(self.instance["periods"])
        wrong = [period for period in periods if not 1 <= period <= last]
        if wrong:
            raise UsageError.because(
                "there is no such period",
                where="--period",
                value=", ".join(map(str, wrong)),
                action=f"name periods from 1 to {last}",
                code="E2353",
            )

    def run(self) -> Chained:
        """Prepare, dispatch, route; dispatch and route again where the routes teach something."""
        together = self.instance.policy.gate_staff == "joint"
        before = self._together() if together else self._prepared()
        began = time.monotonic()
        first = self._round(self.instance)
        spent = time.monotonic() - began
        factor = calibrated(self.instance, first.dispatch, first.routes)
        why = self._why_again(first, factor)
        if why.startswith("again") and not self._has_time(spent):
            why = why.replace("again:", "there was no time to dispatch again, though")
        rounds, notes = [first], [why]
        if why.startswith("again") and factor is not None and not self.stopped:
            changed = self.instance.policy.replace(zone_factor=factor)
            second = self._round(self.instance.replace(policy=changed))
            rounds.append(second)
            notes.append(_compared(first, second))
        best = rounds[-1] if len(rounds) > 1 and _better(rounds[1], rounds[0]) else rounds[0]
        best = self._kept(best) if len(rounds) > 1 else best
        return Chained(
            self.instance, before, best, tuple(rounds), factor, tuple(notes), self.joined
        )

    def _has_time(self, spent: float) -> bool:
        """Say whether another round has a fair part of the time the first one took."""
        if self.limits.seconds is None:
            return True
        left = self.limits.seconds - (time.monotonic() - self.began)
        return left >= FAIR * spent

    def _kept(self, best: Round) -> Round:
        """Keep the plans of the better round, the last to be kept."""
        sent = self.keep("dispatch", best.dispatch, self.instance)
        routes = {
            period: self.keep(f"routes-{period}", plan, self.instance)
            for period, plan in best.routes.items()
        }
        return replace(best, dispatch=sent, routes=routes)

    def _prepared(self) -> dict[str, Plan]:
        """Carry out the steps before dispatch; they may change the instance."""
        made = {}
        for name, step in BEFORE.items():
            given = self.instance
            self.instance, plan = step(given, self._limits(DISPATCH), self.progress)
            if plan is not None:
                made[name] = self._note(name, plan, given)
        return made

    def _together(self) -> dict[str, Plan]:
        """Decide on gate staff and dispatch together; the gates are then as staffed."""
        self.joined = Joint(self.instance, self._limits(JOINT), self.progress).run()
        given, self.instance = self.instance, self.joined.instance
        return {"staff": self._note("staff", self.joined.roster, given)}

    def _dispatched(self, instance: Instance) -> Plan:
        """Dispatch; what was decided together with gate staff stands unless the policy changed."""
        joined = self.joined
        if joined is not None and instance is self.instance:
            return with_roster(joined.dispatch, joined.roster, instance)
        limits = replace(self._limits(DISPATCH), work=None)
        if joined is None:
            return Dispatch(instance, limits, self.progress, None, None).run()
        case = instance.replace(policy=chain_policy(instance), validate=False)
        sent = Dispatch(case, limits, self.progress, None, None).run()
        return with_roster(sent, joined.roster, instance)

    def _limits(self, share: float) -> Limits:
        """Return the limits of one run: a share of all the time, and no more than is left."""
        if self.limits.seconds is None:
            return self.limits
        left = self.limits.seconds - (time.monotonic() - self.began)
        return replace(self.limits, seconds=max(0.05, min(share * self.limits.seconds, left)))

    def _round(self, instance: Instance) -> Round:
        """Dispatch, then route every period in which something is sent."""
        self.progress({"stage": "chain", "step": "dispatch"})
        sent = self._note("dispatch", self._dispatched(instance), self.instance)
        routes: dict[int, Plan] = {}
        periods = self._routed(sent)
        for period in periods:
            if self.stopped:
                break
            self.progress({"stage": "chain", "step": f"routes of period {period}"})
            run = Routing(
                self.instance, sent, period, self._limits(ROUTES / len(periods)), self.progress,
                self.router, strict=False,
            )  # fmt: skip
            try:
                routes[period] = self._note(f"routes-{period}", run.run(), self.instance)
            except ImpossibleError as error:
                if error.code != "E4011":  # nothing is ordered
                    raise
        found = Round(sent, routes, instance.policy.zone_factor)
        return replace(found, arrives=arriving(self.instance, sent, routes))

    def _note(self, name: str, plan: Plan, instance: Instance) -> Plan:
        self.stopped |= plan.status.termination == "interrupted"
        return self.keep(name, plan, instance)

    def _routed(self, sent: Plan) -> list[int]:
        """Return the periods to route: those asked for, else all in which something is sent."""
        if self.periods:
            return list(self.periods)
        return sorted(int(period) for period in set(sent.shipments["period"]))

    def _why_again(self, found: Round, factor: float | None) -> str:
        """Say whether another dispatch would help, and why."""
        if found.left <= LEFT:
            return "the routes deliver everything"
        if factor is None:
            return "dispatch counts no trips, so routes teach it nothing about hours"
        if factor <= found.factor * (1 + CHANGED):
            return (
                f"the routes took no more hours than dispatch counted (zone factor {factor:.3g}):"
                " what is left behind has other reasons, which each period tells"
            )
        return (
            f"again: the routes took the hours of zone factor {factor:.3g}, not {found.factor:.3g}"
        )


def _compared(first: Round, second: Round) -> str:
    kept = "it is kept" if _better(second, first) else "the first is kept"
    return (
        f"the second dispatch leaves {second.left:,.0f} units behind, the first {first.left:,.0f};"
        f" of what arrives {kept}"
    )


def _better(one: Round, other: Round) -> bool:
    """Say whether more arrives by one round, in the order of the goals of dispatch."""
    names = [name for name in one.arrives if name in other.arrives]
    mine, theirs = (
        [float(f"{found.arrives[name]:.5g}") for name in names] for found in (one, other)
    )
    return (mine, one.left) < (theirs, other.left)
