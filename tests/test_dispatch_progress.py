"""Long work tells every step: nobody waits for minutes without a line."""

from __future__ import annotations

import io
import sys
import time
from dataclasses import replace
from typing import Any

import pytest

from allocator.check import check
from allocator.cli import progress
from allocator.cli.progress import ProgressLines, busy
from allocator.engine.ordered import Budget, Progress, StageResult
from allocator.instance.network import network
from allocator.models.answer import Answer
from allocator.models.dispatch import rounding
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.rounding import Rounding
from allocator.models.dispatch.solve import goal_names
from allocator.models.dispatch.work import WholeWork
from allocator.plan import Plan, Status
from tests.test_dispatch_integer import town

LOOSE = "without whole packs and trips"
WHOLE = ["trips are whole", "packs are whole", "packs are moved about"]


def test_rounding_tells_every_goal_and_every_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rounding, "EXACT_INTEGERS", 0)
    events: list[dict[str, Any]] = []
    instance = town(1)
    floors = instance.policy.replace(fairness="floors")
    model = DispatchModel(network(instance.replace(policy=floors)))

    plans: dict[str, Answer] = {}

    def emit(answer: Answer | None = None, **event: Any) -> None:
        events.append(event)
        if answer is not None and event.get("stage") == "step":
            plans[event["step"]] = answer

    WholeWork(emit, model, Budget(), seed=0, threads=1).run()
    steps = [event for event in events if event.get("stage") == "step"]
    names = goal_names(model)
    loose = [list(event["goals"]) for event in steps if event["step"] == LOOSE]
    assert loose == [[name] for name in names]
    whole = [event for event in steps if event["step"] != LOOSE]
    assert [event["step"] for event in whole] == WHOLE
    assert all(list(event["goals"]) == names for event in whole)
    settled = {event["goal"]: event["value"] for event in events if "goal" in event}
    first = names[0]
    assert whole[-1]["goals"][first] == pytest.approx(settled[first], rel=1e-6, abs=1e-6)

    assert list(plans) == WHOLE[1:]  # with packs as fractions it is no plan yet
    for step, answer in plans.items():
        plan = Plan("dispatch", answer.tables, Status("completed", "valid", "none"))
        verdict = check(instance, plan)
        assert verdict.ok, verdict.violations
        assert verdict.goals[first] == pytest.approx(
            next(event["goals"][first] for event in whole if event["step"] == step), rel=1e-6
        )
        assert answer.results[0].bound is not None

    lines = ProgressLines()
    for event in events:
        lines(event)
    told = capsys.readouterr().err
    assert all(f" {step}: {first} " in told for step in (LOOSE, *WHOLE))
    assert "packs are moved about" in lines_after(events)


def lines_after(events: list[dict[str, Any]]) -> str:
    """What the line that shows the time says after the last step."""
    lines = ProgressLines(quiet=True)
    for event in events:
        lines(event)
        if event.get("step") == WHOLE[-1]:
            break
    return lines.doing


def test_goals_reached_without_whole_numbers_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[Progress] = []
    loose = object.__new__(Rounding)
    loose.report = told.append
    reached = StageResult("critical", "person-days", 5.0, 5.0, "completed", "", 0.0)
    loose._loosely(Progress(results=[reached]))
    loose._loosely(Progress(results=[replace(reached, value=None)]))
    found = [dict(one.step.values) for one in told if one.step is not None]
    assert found == [{"critical": 5.0}, {}]
    lines = ProgressLines()
    for values in found:
        lines({"stage": "step", "step": LOOSE, "goals": values})
    shown = capsys.readouterr().err
    assert f"{LOOSE}: critical 5" in shown
    assert f"{LOOSE}: no value in time" in shown


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_what_is_being_done_and_is_clean_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with busy("looking for reasons"):
        time.sleep(0.2)
    shown = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert " s looking for reasons ..." in shown
    assert shown.endswith("\r")
    assert not shown.rsplit("\r", 2)[1].strip()


def test_no_terminal_is_shown_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with busy("looking for reasons"):
        pass
    assert capsys.readouterr().err == ""
