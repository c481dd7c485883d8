"""What the suites dispatch-size and shanghai make of what they measure."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from allocator.bench import Case, Meter, Row, Settings
from allocator.plan import GoalResult, Status
from benchmarks import dispatch_size, shanghai


def clock(*events: dict[str, Any]) -> shanghai.Clock:
    heard = shanghai.Clock()
    heard.events = list(events)
    return heard


def goal_row(case: str, name: str, value: float, bound: float | None, at: float = 1.0) -> Row:
    parameters = shanghai.REQUIRED[case]
    goal = GoalResult(name, "person-days", value, bound)
    event = {"goal": name, "value": value, "bound": bound, "seconds": 0.5, "at": at}
    return shanghai.goal_row(Case(case, ("dispatch",), parameters), goal, clock(event))


def test_both_forms_of_dispatch_are_stated_about_alike() -> None:
    parameters = {"communities": 3, "sites": 2, "items": 3, "periods": 4}
    case, rows = Case("tiny", ("fast", "reference"), parameters), []
    for method in case.methods:
        meter = Meter()
        (row,) = dispatch_size.run(case, method, Settings(), meter)
        assert set(meter.seconds) == {"load", "build", "pass"}
        assert row.value == pytest.approx(meter.seconds["build"] + meter.seconds["pass"])
        rows.append(row)
    ours, theirs = (row.detail for row in rows)
    assert ours["columns"] == pytest.approx(theirs["columns"], rel=0.1)


@pytest.mark.parametrize(("size", "held"), [("1e4", (None, None)), ("1e6", (True, False))])
def test_ratios_are_required_at_the_largest_size(size: str, held: tuple[bool | None, ...]) -> None:
    detail = {"columns": 10, "rows": 10}
    ours = Row(size, "fast", value=2.0, peak_mb=600.0, detail=detail)
    theirs = Row(size, "reference", value=31.0, peak_mb=1000.0, detail=detail)
    faster, smaller = dispatch_size.compare([ours, theirs])
    assert (faster.value, smaller.value) == (15.5, 0.6)
    assert (faster.within, smaller.within) == held


def test_no_ratio_without_both_methods() -> None:
    failed = Row("1e6", "reference", note="failed with exit code 1: killed")
    assert not dispatch_size.compare([Row("1e6", "fast", value=1.0), failed])


@pytest.mark.parametrize(
    ("name", "bound", "at", "within"),
    [
        ("critical", 999.5, 59.0, True),
        ("critical", 995.0, 59.0, False),  # 0.5 % is too much for this goal
        ("critical", 999.5, 61.0, False),  # too late
        ("cost", 995.0, 800.0, True),
        ("cost", 980.0, 800.0, False),
        ("cost", None, 800.0, False),
    ],
)
def test_a_goal_is_held_to_its_gap_and_time(
    name: str, bound: float | None, at: float, within: bool
) -> None:
    assert goal_row("jiedao", name, 1000.0, bound, at).within is within


def test_a_quick_look_counts_when_its_gap_is_small_enough() -> None:
    heard = shanghai.Clock()
    heard({"stage": "look", "goals": [{"goal": "critical", "value": 1000.0, "bound": 999.8}]})
    heard({"goal": "critical", "value": 999.9, "bound": 999.9, "seconds": 9.0})
    first = heard.proven("critical", 0.001)
    assert first == heard.events[0]["at"]
    assert heard.proven("critical", 0.0001) == heard.events[-1]["at"] != first
    assert heard.proven("floors", 0.001) is None


def test_a_goal_without_requirement_is_neither_in_nor_out() -> None:
    assert goal_row("committee", "cost", 1000.0, 10.0).within is None
    assert goal_row("committee", "critical", 1000.0, 994.0).within is False


@pytest.mark.parametrize(
    ("wall", "plan", "violations", "within"),
    [
        (6.9, "valid", 0, True),
        (7.1, "valid", 0, False),
        (6.9, "invalid", 0, False),
        (6.9, "valid", 1, False),
    ],
)
def test_a_plan_must_be_valid_and_in_time(
    wall: float, plan: Any, violations: int, within: bool
) -> None:
    case = Case("jiedao-5s", ("dispatch",))
    made = SimpleNamespace(status=Status("time_limit", plan, "none"))
    row = shanghai.plan_row(case, made, wall, 5.0, {"violations": violations})
    assert row.within is within


def test_memory_is_held_to_its_allowance() -> None:
    (row,) = shanghai.compare([Row("committee/plan", "dispatch", peak_mb=13_000.0)])
    assert (row.case, row.expected, row.within) == ("committee/peak", 12_288, False)
    assert not shanghai.compare([Row("jiedao/plan", "dispatch", peak_mb=13_000.0)])
