"""Runs whose answers are tables and ordered goals: which plan is kept, and why it falls short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from allocator.engine.ordered import StageResult
from allocator.errors import AllocatorError, UsageError
from allocator.explain import reasons
from allocator.models.answer import Answer
from allocator.models.dispatch.results import proven
from allocator.plan import GoalResult, Plan, Status
from allocator.runs.ending import by_name, ended, kept, values
from allocator.runs.searching import Searching

REASONS, REASON_SECONDS = 8, 20.0  # rows explained with the plan, and what that may take
LEAST_SECONDS = 1.0  # below this nothing is explained


class Deciding(Searching):
    """A search with a plan by rule to fall back on; what a decision does its own way comes last."""

    def _choose(self, first: Plan, answer: Answer | None, termination: str) -> Plan:
        """Return the plan that is best in the order of the goals, judged, with what is proven."""
        results = answer.results if answer else ()
        end = ended(termination, results)
        bounded = self._goals(by_name(first), results[:1], str(first.summary["made"]))
        if answer is None or not answer.tables:
            if any(one.termination == "infeasible" for one in results):
                raise self._impossible()
            plan = first.replace(goals=bounded)
            if plan.status.plan != "valid":
                plan = plan.replace(status=Status(end, "none"))
        else:
            plan = self._judged(answer, end)
            worse = end != "completed" and values(first) < values(plan)
            plan = kept(plan, first, worse, bounded)
        self._mark("judge")
        proof = proven(plan.goals, self.limits.gap)
        return plan.replace(status=Status(end, plan.status.plan, proof))

    def _explained(self, plan: Plan) -> Plan:
        """Say why the plan falls short where it does so most, as far as the time allows."""
        left = self._left()
        seconds = REASON_SECONDS if left is None else min(REASON_SECONDS, 0.5 * left)
        if plan.status.plan != "valid" or seconds < LEAST_SECONDS:
            return plan
        found = self._within(seconds, lambda: reasons(self.instance, plan, seconds, REASONS))
        return plan.replace(tables={**plan.tables, "reasons": found})

    # -- what differs by decision --------------------------------------------------------------

    def _judged(self, answer: Answer, end: str) -> Plan:
        """Return the tables of an answer as a plan, with the values the judge found."""
        raise NotImplementedError

    def _goals(
        self, found: Mapping[str, float], results: Iterable[StageResult], source: str
    ) -> tuple[GoalResult, ...]:
        """Return the goals in order: values found, bounds of results."""
        raise NotImplementedError

    def _impossible(self) -> AllocatorError:
        """Return what to raise when the solver proves that no plan can be."""
        raise NotImplementedError


def refuse_method(method: str, methods: tuple[str, ...]) -> None:
    """Refuse a way to solve that there is not.

    Raises:
        UsageError: E2331.
    """
    if method not in methods:
        raise UsageError.because(
            "there is no such method",
            where="method",
            value=method,
            action=f"choose from {', '.join(methods)}",
            code="E2331",
        )
