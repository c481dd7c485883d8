"""Rows of the page, of the fast and of the readable program carry the same names; the example."""

from __future__ import annotations

import json
import re

import pytest

from allocator.engine.ordered import Budget
from allocator.instance import load
from allocator.instance.admit_case import admit_case
from allocator.models.admit.goals import Goals
from allocator.models.admit.program import AdmitProgram
from allocator.models.admit.solving import solve
from tests.admit_cases import FOLDER, PAGE, random_case, reference

ref = reference()
EXPECTED = json.loads((FOLDER / "example" / "expected.json").read_text(encoding="utf-8"))


def section(title: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8").split(f"## {title}")[1].split("\n## ")[0]
    first = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    found = [name.strip() for cell in first for name in cell.split(",")]
    return [name for name in found if name not in ("NAME", "name", "goal") and "---" not in name]


def programs() -> list[AdmitProgram]:
    found = []
    for seed in range(40):
        for risk in ("cvar", "worst"):
            case = admit_case(random_case(seed, risk=risk, surge_budget=5))
            program = AdmitProgram(case)
            Goals(program)
            found.append(program)
    return found


def test_rows_and_columns_of_the_fast_form() -> None:
    rows, columns = set(), set()
    for program in programs():
        for blocks, names in ((program.program.rows, rows), (program.program.columns, columns)):
            names |= {block.name for block in blocks if block.size}
            labels = [name for block in blocks for name in block.names()]
            assert len(labels) == len(set(labels))
    assert rows == set(section("3. Rows"))
    assert columns == set(section("2. Variables"))


def test_rows_of_the_readable_form() -> None:
    found = set()
    for seed in range(8):
        built = ref.build(random_case(seed, risk="cvar", surge_budget=5))
        found |= {re.match(r"\w+", row.name)[0] for row in built.problem.constraints()}
    page = section("3. Rows")
    assert {"queue", "place", "beds"} <= found <= set(page)
    order = [row.__name__ for row in ref.ROWS]
    assert order == sorted(order, key=page.index)


@pytest.mark.parametrize(("words", "days"), list(EXPECTED.items()))
def test_the_example_followed_by_hand(words: str, days: float) -> None:
    regime, delay = words.split(",")
    instance = load(FOLDER / "example")
    policy = instance.policy.replace(admit_regime=regime, information_delay=int(delay))
    answer = solve(instance.replace(policy=policy), Budget(gap=0.0))
    found = {one.name: one.value for one in answer.results}
    assert found["waiting"] == pytest.approx(days, abs=1e-3)
