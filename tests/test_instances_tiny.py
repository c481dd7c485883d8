"""The hand-worked instance: what the README derives is what the program finds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from allocator.instance import load, validate
from allocator.models.dispatch.solve import solve_goals

TINY = Path(__file__).resolve().parents[1] / "instances" / "tiny"
EXPECTED: dict[str, float] = json.loads((TINY / "expected.json").read_text(encoding="utf-8"))


def test_tiny_is_valid() -> None:
    report = validate(TINY)
    assert (report.faults, report.warnings) == ((), ())


def test_the_goals_are_those_derived_by_hand() -> None:
    found = solve_goals(load(TINY))
    assert list(found) == list(EXPECTED)
    # Each goal may give up a millionth of the ones before it.
    assert found == pytest.approx(EXPECTED, rel=1e-4, abs=1e-4)


def test_the_readme_states_the_same_values() -> None:
    text = (TINY / "README.md").read_text(encoding="utf-8")
    stated = dict(re.findall(r"\*\*([\w.]+) = ([\d.]+)\.\*\*", text))
    assert {goal: float(value) for goal, value in stated.items()} == EXPECTED
