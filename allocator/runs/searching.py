"""What every run that searches in a child process does alike: its clock, and the wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import pandas as pd

from allocator._version import __version__
from allocator.engine.child import Child
from allocator.engine.ordered import StageResult
from allocator.engine.solvers import solvers
from allocator.errors import AllocatorError, NoPlanError
from allocator.instance import Instance, load
from allocator.instance.schema import settings
from allocator.limits import Limits
from allocator.plan import Plan
from allocator.plan.interrupts import held_back

Progress = Callable[[Mapping[str, Any]], None]


class Searching:
    """A run with a clock, an instance and its limits."""

    searched = 0.85  # of the time left, for the search itself
    threads = 1  # of the solver, unless the limits say otherwise

    def __init__(self, instance: Instance | str | Path, limits: Limits, progress: Progress) -> None:
        """Start the clock and load what is not loaded yet."""
        self.began = time.monotonic()
        self.limits, self.progress = limits, progress
        self.seconds: dict[str, float] = {}
        self.complaint, self.cut = "", False
        self.path = "" if isinstance(instance, Instance) else str(Path(instance).absolute())
        self.instance = instance if isinstance(instance, Instance) else load(instance)

    def _mark(self, phase: str) -> None:
        self.seconds[phase] = time.monotonic() - self.began - sum(self.seconds.values())

    def _left(self) -> float | None:
        if self.limits.seconds is None:
            return None
        return max(0.0, self.limits.seconds - (time.monotonic() - self.began))

    def _asked(self, **more: Any) -> dict[str, Any]:
        """Return what the child is asked: the instance, its limits, and what comes beside them."""
        left = self._left()
        return {
            "instance": self.instance,
            "seconds": None if left is None else left * self.searched,
            "work": self.limits.work,
            "gap": self.limits.gap,
            "seed": self.limits.seed,
            "threads": self.limits.workers or self.threads,
            **more,
        }

    def _kept(self, limit: float) -> float:
        """Return the seconds of the limit kept to judge and write."""
        return min(2 * self.seconds["first plan"], 0.2 * limit)

    def _wait(self, child: Child, first: Plan) -> tuple[str, Any]:
        """Wait for the child until just enough time is left; return how it ended and its answer."""
        limit = self.limits.seconds
        deadline = None if limit is None else self.began + limit - self._kept(limit)
        try:
            termination = child.wait(deadline, self.progress)
        except KeyboardInterrupt:
            child.kill()
            termination = "interrupted"
        answer = child.best()
        if termination == "error":
            if child.error() is not None:
                raise cast(AllocatorError, child.error())
            self.complaint = child.complaint()
            if answer is None and first.status.plan != "valid":
                raise NoPlanError.because(
                    "the solver stopped without a plan", value=self.complaint, code="E5002"
                )
        self._mark("solve")
        return termination, answer

    def _safe(self, choose: Callable[[], Plan]) -> Plan:
        """Return the plan chosen: Ctrl-C ends the run after that, so what was found is kept."""
        with held_back() as came:
            plan = choose()
        return interrupted(plan) if came else plan

    def _unless_stopped(self, plan: Plan, more: Callable[[Plan], Plan]) -> Plan:
        """Return a plan with what is said about it, as far as Ctrl-C lets that be found."""
        if plan.status.termination == "interrupted":
            return plan
        try:
            return more(plan)
        except KeyboardInterrupt:
            return interrupted(plan)

    def _within(self, seconds: float, find: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Return what is found in the seconds given; the clock may have cut what it says."""
        began = time.monotonic()
        found = find()
        self.cut |= time.monotonic() - began >= seconds
        self._mark("explain")
        return found

    def _record(
        self, plan: Plan, solves: tuple[StageResult, ...] = (), **more: Any
    ) -> dict[str, Any]:
        """Return run.json: what was asked for, with what, how long it took."""
        uncut = plan.status.termination in ("completed", "work_limit") and not self.cut
        return {
            "tool": __version__,
            "instance_path": self.path,
            "limits": asdict(self.limits),
            "workers": self.limits.workers or self.threads,
            **more,
            "reproducible": uncut,
            "policy": {name: getattr(self.instance.policy, name) for name in settings()},
            "versions": {one.name or one.solver: one.version for one in solvers() if one.available},
            "seconds": {phase: round(value, 3) for phase, value in self.seconds.items()},
            "solves": [asdict(result) for result in solves],
        }


def interrupted(plan: Plan) -> Plan:
    """Return a plan whose run was stopped by Ctrl-C."""
    run = {**plan.run, "reproducible": False} if plan.run else plan.run
    return plan.replace(status=replace(plan.status, termination="interrupted"), run=run)
