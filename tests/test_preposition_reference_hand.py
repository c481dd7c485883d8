"""The example whose optimum is followed by hand."""

from __future__ import annotations

import json

import pytest

import allocator.instance
from allocator.engine.ordered import Budget
from allocator.models.preposition import solve
from tests.preposition_cases import FOLDER, reference

EXAMPLE = FOLDER / "example"
EXPECTED = json.loads((EXAMPLE / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_the_readable_form_has_the_values_of_the_page(solver: str) -> None:
    found = reference().solve(allocator.instance.load(EXAMPLE), solver)
    assert found == pytest.approx(EXPECTED, rel=1e-6)


def test_the_fast_form_has_the_plan_of_the_page() -> None:
    answer = solve(allocator.instance.load(EXAMPLE), Budget(gap=0.0))
    assert {one.name: one.value for one in answer.results} == pytest.approx(EXPECTED, rel=1e-6)
    stock = answer.tables["reserves"].set_index(["site_id", "item_id"])["quantity"]
    assert stock.to_dict() == pytest.approx(
        {("north", "water"): 30, ("north", "soap"): 30, ("south", "water"): 40}
    )
    assert answer.tables["agreements"]["quantity"].tolist() == pytest.approx([20])
    outcomes = answer.tables["outcomes"].set_index("scenario_id")
    assert outcomes["cost"].to_dict() == pytest.approx({"outbreak": 83, "bridge": 208})
    assert outcomes["critical"].to_dict() == pytest.approx({"outbreak": 0, "bridge": 40})
