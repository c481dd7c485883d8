"""What every run that searches in a child process does alike: its clock, and the wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from allocator.engine.child import Child
from allocator.errors import AllocatorError, NoPlanError
from allocator.limits import Limits
from allocator.plan import Plan

Progress = Callable[[Mapping[str, Any]], None]


class Searching:
    """A run with a clock; `began`, `limits` and `progress` are set by who inherits."""

    began: float
    limits: Limits
    progress: Progress
    seconds: dict[str, float]
    complaint: str

    def _mark(self, phase: str) -> None:
        self.seconds[phase] = time.monotonic() - self.began - sum(self.seconds.values())

    def _left(self) -> float | None:
        if self.limits.seconds is None:
            return None
        return max(0.0, self.limits.seconds - (time.monotonic() - self.began))

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
