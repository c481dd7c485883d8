"""Gate staff and dispatch decided together, beside the same decided one after the other.

A roster comes first, and a dispatch within what it gives the gates: the chain. Then the joint
program says whom dispatch wants at which gate, while every other post keeps the people of that
roster; a roster with these wishes and a last dispatch within it make a plan both of which are
judged. What serves the goals worse than the chain is not kept.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from allocator.check import check as judge
from allocator.engine.child import Child
from allocator.errors import NoPlanError, UsageError
from allocator.explain import reasons
from allocator.instance import Instance, instance_hash
from allocator.instance.gate_staff import joint_instance, staffed_instance
from allocator.instance.network import network
from allocator.instance.policy import Policy
from allocator.instance.staff_case import staff_case
from allocator.limits import Limits
from allocator.models.answer import Answer
from allocator.models.dispatch.grouped import too_large
from allocator.plan import GoalResult, Plan, Status
from allocator.plan.status import Termination
from allocator.plan.tables import PEOPLE
from allocator.runs.dispatch import REASON_SECONDS, REASONS, Dispatch
from allocator.runs.ending import by_name, ended
from allocator.runs.joint_posts import asked_posts, merged_roster
from allocator.runs.searching import Progress, Searching
from allocator.runs.staff import Staff
from allocator.runs.staff_judged import judged

WORK = "allocator.models.dispatch.joint_work:work"
ROSTER, FIRST, TOGETHER, LAST = 0.06, 0.3, 0.3, 1.0
"""Shares of the time: each roster, the dispatch of the chain, the joint program, the last one."""
KEPT = 0.95  # of the time left, for any of them
STEPS = {
    "roster": "a roster",
    "chain": "dispatch within this roster",
    "together": "gate staff and dispatch together",
    "roster again": "a roster with the wishes of dispatch",
    "dispatch": "dispatch within that roster",
}
JOINT_SCOPE = "all plans and rosters that leave the other posts the people of the first roster"
LATER_SCOPE = "plans within the gate hours of this roster that keep the earlier goals"
NOISE = 1e-6  # of a value, or of 1: what solves and slacks between goals differ by
LEAST_SECONDS = 0.5  # below this nothing is explained
WORST: tuple[Termination, ...] = ("interrupted", "time_limit", "work_limit")


@dataclass(frozen=True)
class Joined:
    """What the joint form came to.

    Attributes:
        roster: The roster that is kept, judged for the instance.
        dispatch: The dispatch that is kept, with its roster, judged for the instance.
        instance: The instance with the hours of that roster at its gates.
        chain: Goals of dispatch within the first roster.
        seconds: Seconds of each step.
        note: Which of the two is kept.
    """

    roster: Plan
    dispatch: Plan
    instance: Instance
    chain: Mapping[str, float]
    seconds: Mapping[str, float]
    note: str


class Silent(Dispatch):
    """A dispatch nobody asks for reasons of."""

    def _explained(self, plan: Plan) -> Plan:
        return plan


class Joint(Searching):
    """One run of the joint form; `run` is its table of contents."""

    threads = Dispatch.threads

    def __init__(
        self,
        instance: Instance | str | Path,
        limits: Limits,
        progress: Progress,
        start: Plan | None = None,
    ) -> None:
        """Refuse what is too large to be decided together.

        Raises:
            UsageError: E2113.
        """
        super().__init__(instance, limits, progress)
        self.start = start
        self.ends: list[Termination] = []
        instance = self.instance
        if too_large(network(instance)):
            raise UsageError.because(
                "the instance is too large to staff gates together with dispatch",
                where="policy.toml:gate_staff",
                value=f"{len(instance['communities']):,} communities",
                action="set gate_staff = chain, or plan one part of the city",
                code="E2113",
            )

    def run(self) -> Joined:
        """Make the chain, decide together, make both plans of it, keep what is better."""
        before = self._roster(self.instance, "roster")
        chain = self._dispatch(before, FIRST, "chain")
        answer = None if self._stopped() else self._together(before)
        after = before if self._stopped() else self._after(before, answer)
        again = after is not before and not self._stopped()
        last = self._dispatch(after, LAST, "dispatch") if again else chain
        better = again and _better(last, chain)
        roster, kept = (after, last) if better else (before, chain)
        note = _note(better, answer)
        kept = kept.replace(goals=_bounded(kept.goals, answer))
        plan = self._summed(with_roster(kept, roster, self.instance), chain, answer, note)
        plan = self._unless_stopped(plan, self._explained)
        staffed = staffed_instance(self.instance, roster["gates"])
        return Joined(roster, plan, staffed, by_name(chain), self.seconds, note)

    # -- steps -----------------------------------------------------------------------------------

    def _limits(self, share: float) -> Limits:
        if self.limits.seconds is None:
            return self.limits
        left = KEPT * (self.limits.seconds - (time.monotonic() - self.began))
        return replace(self.limits, seconds=max(0.05, min(share * self.limits.seconds, left)))

    def _stopped(self) -> bool:
        return "interrupted" in self.ends

    def _roster(self, instance: Instance, phase: str) -> Plan:
        self.progress({"stage": "chain", "step": STEPS[phase]})
        found = Staff(instance, self._limits(ROSTER), self.progress).run()
        self.ends.append(found.status.termination)
        self._mark(phase)
        if found.status.plan != "valid":
            raise NoPlanError.because("no roster was found in time", code="E5003")
        return found

    def _dispatch(self, roster: Plan, share: float, phase: str) -> Plan:
        """Dispatch within what a roster gives the gates."""
        self.progress({"stage": "chain", "step": STEPS[phase]})
        case = chain_instance(self.instance, roster)
        found = Silent(case, self._limits(share), self.progress, self.start, None).run()
        self.ends.append(found.status.termination)
        self._mark(phase)
        return found

    def _together(self, before: Plan) -> Answer | None:
        """Return whom dispatch wants at the gates, and what is known of its goals."""
        self.progress({"stage": "chain", "step": STEPS["together"]})
        limits = self._limits(TOGETHER)
        job = {
            "instance": joint_instance(self.instance, before["roster"]),
            "seconds": limits.seconds,
            "work": limits.work,
            "gap": limits.gap,
            "seed": limits.seed,
            "threads": limits.workers or self.threads,
        }
        deadline = None if limits.seconds is None else time.monotonic() + limits.seconds + 2.0
        with Child(WORK, **job) as child:
            try:
                stop = child.wait(deadline, self.progress)
            except KeyboardInterrupt:
                child.kill()
                stop = "interrupted"
            answer, error = child.best(), child.error()
            self.complaint = child.complaint() if stop == "error" else ""
        self._mark("together")
        if error is not None:
            raise error
        found = answer if isinstance(answer, Answer) else None
        self.ends.append(ended(stop, found.results if found else ()))
        return found

    def _after(self, before: Plan, answer: Answer | None) -> Plan:
        """Return the roster with the wishes of dispatch; the first one where there are none."""
        wanted = None if answer is None else answer.tables.get("gate_people")
        if wanted is None:
            return before
        asked = asked_posts(joint_instance(self.instance, before["roster"]), wanted)
        found = self._roster(asked, "roster again")
        tables = {name: merged_roster(found[name]) for name in PEOPLE}
        made = judged(self.instance, staff_case(self.instance), tables, "together with dispatch")
        return made.replace(run=found.run) if made.status.plan == "valid" else before

    # -- what is said about it -------------------------------------------------------------------

    def _summed(self, plan: Plan, chain: Plan, answer: Answer | None, note: str) -> Plan:
        known = answer.results if answer else ()
        told = {
            "chain": by_name(chain),
            "together": {one.name: one.value for one in known if one.value is not None},
            "size": dict(answer.summary.get("size", {})) if answer else {},
            "note": note,
            "complaint": self.complaint,
        }
        end = next((one for one in WORST if one in self.ends), plan.status.termination)
        plan = plan.replace(status=replace(plan.status, termination=end))
        own = {"limits", "seconds", "policy", "reproducible", "instance_path", "workers"}
        record = self._record(plan)
        run = {**plan.run, **{name: record[name] for name in own}}
        return plan.replace(summary={**plan.summary, "joint": told}, run=run)

    def _explained(self, plan: Plan) -> Plan:
        left = self._left()
        budget = REASON_SECONDS if left is None else min(REASON_SECONDS, 0.5 * left)
        if plan.status.plan != "valid" or budget < LEAST_SECONDS:
            return plan
        found = self._within(budget, lambda: reasons(self.instance, plan, budget, REASONS))
        run = {**plan.run, "reproducible": plan.run["reproducible"] and not self.cut}
        return plan.replace(tables={**plan.tables, "reasons": found}, run=run)


def chain_instance(instance: Instance, roster: Plan) -> Instance:
    """Return the instance in which gates have what a roster gives them, and no more is decided."""
    staffed = staffed_instance(instance, roster["gates"])
    return staffed.replace(policy=chain_policy(instance), validate=False)


def chain_policy(instance: Instance) -> Policy:
    """Return the policy in which dispatch goes by the table gates."""
    return instance.policy.replace(gate_staff="chain")


def with_roster(plan: Plan, roster: Plan, instance: Instance) -> Plan:
    """Return a dispatch with the roster its gates have, judged for the instance."""
    tables = {**plan.tables, **{name: roster[name] for name in PEOPLE}}
    there = {"name": instance.name, "hash": instance_hash(instance)}
    found = plan.replace(tables=tables, instance=there)
    verdict = judge(instance, found)
    if verdict.ok or plan.status.plan != "valid":
        return found
    told = [str(one.message) for one in verdict.violations[:5]]
    status = Status(plan.status.termination, "invalid", "none")
    return found.replace(status=status, summary={**plan.summary, "violations": told})


def gains(chain: Mapping[str, float], joint: Mapping[str, float]) -> pd.DataFrame:
    """Return one row a goal: name, chain, joint, gain (chain less joint; goals are minimised)."""
    rows = [(name, chain[name], value) for name, value in joint.items() if name in chain]
    table = pd.DataFrame(rows, columns=["goal", "chain", "joint"])
    return table.assign(gain=table["chain"] - table["joint"])


def _bounded(found: tuple[GoalResult, ...], answer: Answer | None) -> tuple[GoalResult, ...]:
    """Give the first goal the bound of the joint program; later bounds are those of the roster."""
    known = {one.name: one for one in answer.results} if answer else {}
    told = []
    for number, goal in enumerate(found):
        one = known.get(goal.name)
        if number == 0 and one is not None and one.bound is not None:
            told.append(replace(goal, bound=one.bound, scope=JOINT_SCOPE, source=one.source))
        else:
            told.append(replace(goal, scope=LATER_SCOPE))
    return tuple(told)


def _better(plan: Plan, other: Plan) -> bool:
    """Return whether a plan is valid and serves the first goal in which they differ better."""
    if plan.status.plan != "valid" or other.status.plan != "valid":
        return plan.status.plan == "valid"
    mine, theirs = by_name(plan), by_name(other)
    for name in [one for one in mine if one in theirs]:
        near = NOISE * max(1.0, abs(mine[name]), abs(theirs[name]))
        if abs(mine[name] - theirs[name]) > near:
            return mine[name] < theirs[name]
    return False


def _note(better: bool, answer: Answer | None) -> str:
    if better:
        return "people go to the gates where dispatch wants them"
    if answer is None or "gate_people" not in answer.tables:
        return "the joint program was not solved in time: the plan is that of the chain"
    return "moving gate staff serves no goal better: the plan is that of the chain"
