"""On tiny whole-number cases the readable model finds what trying everything finds."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from allocator.instance import Instance
from tests.reference_cases import instance_of, reference

ref = reference()


class Case(NamedTuple):
    """One site, two communities, one item in whole units, two periods, 3 kg a period and lane."""

    stock: int
    needs: tuple[tuple[int, int], tuple[int, int]]
    people: tuple[tuple[int, int], tuple[int, int]]
    weights: tuple[float, float]
    costs: tuple[float, float]
    most: int


def draw(seed: int) -> Case:
    dice = random.Random(seed)
    numbers = [[dice.randint(1, 4) for _ in range(2)] for _ in range(2)]
    people = [[dice.randint(1, 9) for _ in range(2)] for _ in range(2)]
    return Case(
        stock=dice.randint(3, 7),
        needs=(tuple(numbers[0]), tuple(numbers[1])),
        people=(tuple(people[0]), tuple(people[1])),
        weights=(dice.choice([0.5, 1.0]), dice.choice([1.0, 2.0])),
        costs=(dice.choice([1.0, 2.0]), dice.choice([1.0, 3.0])),
        most=dice.randint(2, 4),
    )


def as_instance(case: Case) -> Instance:
    needs = [
        {"community_id": f"c{p}", "item_id": "i", "period": t + 1, "quantity": case.needs[p][t]}
        | {"people": case.people[p][t]}
        for p in range(2)
        for t in range(2)
    ]
    return instance_of(
        {"goals": ("critical", "fairness", "item_days", "transport")},
        periods=[{"period": 1}, {"period": 2}],
        communities=[
            {"community_id": f"c{p}", "population": 9, "vulnerability": case.weights[p]}
            for p in range(2)
        ],
        sites=[{"site_id": "s"}],
        items=[{"item_id": "i", "kg": 1, "tier": 1, "whole_packs": True}],
        needs=needs,
        stocks=[{"place_id": "s", "item_id": "i", "quantity": case.stock}],
        limits=[{"place_id": "s", "item_id": "i", "ship_max": case.most}],
        links=[
            {"from_id": "s", "to_id": f"c{p}", "minutes": 9, "cost": case.costs[p]}
            for p in range(2)
        ],
    )


def plans(case: Case) -> Iterator[tuple[tuple[float, float], float]]:
    """Yield the person-days served at both places and the cost of every plan there is."""
    amounts = range(case.stock + 1)
    for a1, a2, b1, b2 in itertools.product(amounts, repeat=4):
        if a1 + b1 <= case.most and a2 + b2 <= case.most and a1 + a2 + b1 + b2 <= case.stock:
            cost = case.costs[0] * (a1 + a2) + case.costs[1] * (b1 + b2)
            for first, second in itertools.product(uses(case, 0, a1, a2), uses(case, 1, b1, b2)):
                yield (first, second), cost


def uses(case: Case, p: int, came_1: int, came_2: int) -> set[float]:
    """Person-days served by every way to use what came."""
    needs, people = case.needs[p], case.people[p]
    return {
        people[0] / needs[0] * u1 + people[1] / needs[1] * u2
        for u1 in range(min(needs[0], came_1) + 1)
        for u2 in range(min(needs[1], came_1 + came_2 - u1) + 1)
    }


def best(case: Case) -> dict[str, float]:
    """The ordered optimum by trying everything."""
    all_plans = list(plans(case))
    wanted = [sum(people) for people in case.people]
    alone = [max(served[p] for served, _ in all_plans) for p in range(2)]

    def values(plan: tuple[tuple[float, float], float]) -> tuple[float, ...]:
        served, cost = plan
        short = sum(case.weights[p] * (wanted[p] - served[p]) for p in range(2))
        level = min(served[p] / alone[p] for p in range(2))
        return tuple(round(value, 9) for value in (short, 1 - level, short, cost))

    return dict(
        zip(
            ("critical", "fairness.1", "item_days", "transport"),
            min(map(values, all_plans)),
            strict=True,
        )
    )


@pytest.mark.parametrize("seed", range(8))
def test_trying_everything(seed: int) -> None:
    case = draw(seed)
    found: dict[str, Any] = ref.solve(as_instance(case))
    assert found == pytest.approx(best(case), rel=1e-5, abs=1e-5)
