"""The readable and the fast form of beds have the same values; the judge agrees with both."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from allocator.engine.ordered import Budget
from allocator.models.admit.solving import solve
from allocator.runs.admit import judged
from tests.admit_cases import random_case, reference

ref = reference()
few = settings(
    max_examples=int(os.environ.get("REFERENCE_EXAMPLES", "12")),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)


@few
@given(st.integers(0, 100_000))
def test_same_values(seed: int) -> None:
    instance = random_case(seed)
    expected = ref.solve(instance)
    answer = solve(instance, Budget(gap=0.0))
    found = {one.name: one.value for one in answer.results}
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)
    for one in answer.results:
        assert one.bound is None or one.bound <= one.value + 1e-4 * max(1.0, abs(one.value))
    plan = judged(instance, answer.tables, "solver", answer.results)
    assert plan.status.plan == "valid", plan.summary["violations"]
    values = {goal.name: goal.value for goal in plan.goals}
    assert values == pytest.approx(expected, rel=2e-3, abs=2e-3)


@few
@given(st.integers(0, 100_000))
def test_district_first_is_valid_and_no_better_than_pooled(seed: int) -> None:
    pooled = solve(random_case(seed, information_delay=0), Budget(gap=0.0))
    instance = random_case(seed, information_delay=0, admit_regime="district-first")
    answer = solve(instance, Budget(gap=0.0))
    plan = judged(instance, answer.tables, "solver", answer.results)
    assert plan.status.plan == "valid", plan.summary["violations"]
    first, own = pooled.results[0].value, answer.results[0].value
    assert first is not None
    assert own is not None
    assert first <= own + 1e-4
