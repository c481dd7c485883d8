"""Progress on stderr: one line a step, and on a terminal a line that shows the time."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import click

TICK_SECONDS = 0.5
REQUIRED = "required_unserved"
COMPARED = {"plan": "the plan", "present": "present reserves", "in_proportion": "stock by people"}


class ProgressLines:
    """Tells what happens; use it as a context manager and as the `progress` of a run."""

    def __init__(self, quiet: bool = False) -> None:
        """Start the clock."""
        self.began = time.monotonic()
        self.quiet = quiet
        self.live = not quiet and sys.stderr.isatty()
        self.doing = "reading and examining the instance"
        self.goals: list[str] = []
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._shown = 0
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        if self.live:
            self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        if self.live:
            self._ticker.join()
            self._wipe()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Tell one event of a run."""
        text = self._words(event)
        if text:
            self.tell(text)

    def tell(self, text: str) -> None:
        """Write one line with the seconds since the start."""
        if self.quiet:
            return
        with self._lock:
            self._wipe()
            click.echo(f"{self._seconds():>8} {text}", err=True)

    def _words(self, event: Mapping[str, Any]) -> str:
        stage = event.get("stage")
        if "goal" in event:
            return self._goal(event)
        if stage == "first plan":
            self.goals = list(event.get("goals", {}))
            self.doing = "building the model"
            return "a first plan is kept; looking for a better one"
        if stage == "built":
            self.doing = f"goal {self.goals[0]}" if self.goals else "solving"
            return f"model: {event['columns']:,} columns, {event['rows']:,} rows"
        if stage == "step":
            self.doing = f"whole packs and trips ({event['step']})"
            return f"{event['step']}: {_values(event['goals']) or 'no value in time'}"
        if stage == "look":
            return f"a first look is kept: {', '.join(map(_looked, event['goals']))}"
        if stage == "priced":
            self.doing = "judging and explaining"
            return "price of fairness found"
        if stage == "chain":
            self.doing = str(event["step"])
            return f"next: {event['step']}"
        if isinstance(event.get("goals"), Mapping):
            return self._routed(event)
        return self._weighing(stage, event)

    def _routed(self, event: Mapping[str, Any]) -> str:
        """Tell of routes that became the best so far."""
        goals = {name: value for name, value in event["goals"].items() if name != REQUIRED or value}
        told = _values(goals)
        self.doing = f"looking for better routes than {told}"
        return f"{event.get('stage', ''):<10} {told}"

    def _weighing(self, stage: object, event: Mapping[str, Any]) -> str:
        """Tell of plans of reserves that are valued, sampled or compared."""
        if stage == "evaluated":
            self.doing = "valuing what it is compared with"
            return f"valued in every scenario: {COMPARED.get(event['plan'], event['plan'])}"
        if stage == "mean scenario":
            self.doing = "solving every scenario alone"
            return "the plan for the mean scenario is valued"
        if stage == "bound":
            from allocator.report.words import goal_amount

            return f"{event['of']} is at least {goal_amount(event['of'], event['bound'])}"
        if stage == "known":
            return f"{event['number']} of {event['of']} scenarios solved alone"
        if stage == "sampled":
            self.doing = "solving samples"
            return f"{event['number']} of {event['of']} samples solved"
        return ""

    def _goal(self, event: Mapping[str, Any]) -> str:
        from allocator.report.words import goal_amount

        name = str(event["goal"])
        self.doing = self._after(name)
        value, bound = event.get("value"), event.get("bound")
        reached = "no value yet" if value is None else goal_amount(name, value)
        spent = float(event.get("seconds") or 0.0)
        return f"{name:<13} {reached:>14}   bound {goal_amount(name, bound):>14} {spent:8.1f} s"

    def _after(self, name: str) -> str:
        at = self.goals.index(name) + 1 if name in self.goals else len(self.goals)
        return f"goal {self.goals[at]}" if at < len(self.goals) else "finishing"

    def _seconds(self) -> str:
        return f"{time.monotonic() - self.began:.1f} s"

    def _tick(self) -> None:
        while not self._done.wait(TICK_SECONDS):
            with self._lock:
                text = f"{self._seconds():>8} {self.doing} ..."
                click.echo(f"\r{text.ljust(self._shown)}", err=True, nl=False)
                self._shown = len(text)

    def _wipe(self) -> None:
        if self._shown:
            click.echo(f"\r{' ' * self._shown}\r", err=True, nl=False)
            self._shown = 0


@contextmanager
def busy(doing: str) -> Iterator[None]:
    """Show on a terminal what is being done, and for how long, while it is."""
    with ProgressLines() as lines:
        lines.doing = doing
        yield


def _values(goals: Mapping[str, float]) -> str:
    from allocator.report.words import goal_amount

    return ", ".join(f"{name} {goal_amount(name, value)}" for name, value in goals.items())


def _looked(goal: Mapping[str, Any]) -> str:
    from allocator.report.words import goal_amount

    name, bound = str(goal["goal"]), goal["bound"]
    known = "" if bound is None else f" (bound {goal_amount(name, bound)})"
    return f"{name} {goal_amount(name, goal['value'])}{known}"
