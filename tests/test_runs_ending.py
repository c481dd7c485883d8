"""Which of two plans comes first, noise aside."""

from __future__ import annotations

import pytest

from allocator.plan import GoalResult, Plan, Status
from allocator.runs.ending import values


def plan(*goals: float | None) -> Plan:
    results = tuple(
        GoalResult(name=str(number), unit="", value=value) for number, value in enumerate(goals)
    )
    return Plan("admit", {}, Status("completed", "valid"), goals=results)


@pytest.mark.parametrize("noise", [3e-9, -4e-6, 2e-5])
def test_noise_beside_nothing_and_beside_much_does_not_decide(noise: float) -> None:
    assert values(plan(noise, 5.0)) < values(plan(0.0, 6.0))
    assert values(plan(123456.7 + 1e3 * noise, 5.0)) < values(plan(123456.7, 6.0))


def test_the_first_goal_that_differs_decides() -> None:
    assert values(plan(1.0, 9.0)) < values(plan(1.001, 0.0))
    assert values(plan(123456.0)) < values(plan(123466.0))
    assert values(plan(None, 2.0)) == (2.0,)
