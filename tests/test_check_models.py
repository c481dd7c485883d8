"""The judge finds nothing to say about plans of the fast form on random towns."""

from __future__ import annotations

import random

import pytest

from allocator.check import check
from allocator.generate.lockdown import lockdown
from allocator.generate.options import FEATURES
from allocator.instance import Instance, instance_hash
from allocator.models.dispatch.read import plan_tables
from allocator.models.dispatch.solve import solve_dispatch
from allocator.plan import Plan, Status, load_plan, save_plan


def town(seed: int) -> Instance:
    """A small random town with a random choice of features and lanes; continuous."""
    draw = random.Random(seed)
    features = [name for name in sorted(FEATURES) if draw.random() < 0.7]
    features = [name for name in features if name not in ("packs", "whole_trips")]
    sizes = [draw.randint(1, most) for most in (5, 3, 4, 4)]
    case = lockdown(*sizes, seed, features)
    policy = case.policy.replace(
        lanes=draw.choice(["auto", "nearest_k", "within_minutes"]),
        transfers=draw.random() < 0.5,
        returns=draw.random() < 0.7,
        fairness="none",
    )
    return case.replace(policy=policy)


@pytest.mark.parametrize("seed", range(12))
def test_plans_of_the_fast_form_are_valid(tmp_path, seed):
    case = town(seed)
    solved = solve_dispatch(case)
    if solved.progress.solution is None:
        pytest.skip("no plan within the rules")
    plan = Plan(
        "dispatch",
        plan_tables(solved.model, solved.progress.solution),
        Status("completed", "invalid"),
        instance={"name": case.name, "hash": instance_hash(case)},
    )
    verdict = check(case, load_plan(save_plan(plan, tmp_path / "plan")))
    assert verdict.ok, verdict.table.to_string()
    results = {result.name: result.value for result in solved.progress.results}
    assert len(results) > 2
    for name, value in results.items():
        slack = 2e-6 * max(1.0, abs(value or 0.0), verdict.goals["item_days"])
        assert verdict.goals[name] == pytest.approx(value, abs=1e-3 + slack), name


@pytest.mark.parametrize("seed", range(12))
def test_the_same_shipments_as_a_planners_own_plan(seed):
    case = town(seed)
    solved = solve_dispatch(case)
    if solved.progress.solution is None:
        pytest.skip("no plan within the rules")
    tables = plan_tables(solved.model, solved.progress.solution)
    stated = {name: tables[name] for name in ("shipments", "purchases")}
    verdict = check(case, Plan("dispatch", stated, Status("completed", "invalid")))
    assert verdict.ok, verdict.table.to_string()
