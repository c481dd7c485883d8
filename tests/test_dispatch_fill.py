"""Plans made without a solver obey every rule but pins, whole packs and trips included."""

from __future__ import annotations

import pytest

from allocator.check import check
from allocator.generate.lockdown import FEATURES, lockdown
from allocator.instance import Instance
from allocator.instance.network import network
from allocator.models.dispatch.fill import fill, in_proportion
from allocator.plan import Plan, Status


def judged(instance: Instance, tables: object) -> tuple[bool, str, float]:
    plan = Plan("dispatch", tables, Status("completed", "invalid", "none"))  # type: ignore[arg-type]
    plan = plan.replace(instance={"name": instance.name, "hash": ""})
    verdict = check(instance, plan)
    return verdict.ok, verdict.table.to_string(), verdict.goals.get("floors", 0.0)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("make", [fill, in_proportion])
def test_plans_without_a_solver_are_valid(seed: int, make: object) -> None:
    left_out = {"pins"} | ({"whole_trips"} if seed % 3 == 0 else set())
    features = FEATURES - left_out
    instance = lockdown(
        communities=6, sites=3, items=4, periods=5, seed=seed, features=frozenset(features)
    )
    ok, violations, _ = judged(instance, make(network(instance)))  # type: ignore[operator]
    assert ok, violations


def test_floors_come_before_the_rest_of_urgent_need() -> None:
    # Filled tier by tier alone, floors of the second tier went without (sum over the seeds).
    total = 0.0
    for seed in range(6):
        instance = lockdown(communities=6, sites=3, items=4, periods=5, seed=seed)
        without = instance["needs"].assign(floor_share=0.0)
        plain = fill(network(instance.replace(needs=without)))
        first = judged(instance, fill(network(instance)))[2]
        total += judged(instance, plain)[2] - first
    assert total > 0.0
