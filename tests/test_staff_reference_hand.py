"""The example whose optimum is followed by hand, by both forms and both methods."""

from __future__ import annotations

import json

import pytest

import allocator.instance
from allocator.engine.ordered import Budget
from allocator.models.staff import solve
from tests.staff_cases import FOLDER, reference

EXAMPLE = FOLDER / "example"
EXPECTED = json.loads((EXAMPLE / "expected.json").read_text(encoding="utf-8"))


def test_the_readable_form_has_the_values_of_the_page() -> None:
    assert reference().solve(allocator.instance.load(EXAMPLE)) == pytest.approx(EXPECTED)


@pytest.mark.parametrize("method", ["mip", "cpsat", "lines"])
def test_the_fast_form_has_the_plan_of_the_page(method: str) -> None:
    answer = solve(allocator.instance.load(EXAMPLE), Budget(gap=0.0), method)
    assert {one.name: one.value for one in answer.results} == pytest.approx(EXPECTED)
    assert all(one.bound == pytest.approx(one.value) for one in answer.results)
    who = answer.tables["roster"].set_index(["post_id", "period"])["worker_id"].to_dict()
    assert who == {
        ("ward", 1): "li",
        ("ward", 2): "li",
        ("gate", 1): "zhao",
        ("gate", 2): "wang",
    }
