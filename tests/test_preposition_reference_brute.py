"""On tiny whole-number cases both forms find what trying everything finds."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from allocator.engine.ordered import Budget
from allocator.instance import Instance
from allocator.models.preposition import solve
from tests.preposition_cases import EXACT, reference
from tests.reference_cases import instance_of

ref = reference()
ROOM = {"small": 2, "large": 4}


class Case(NamedTuple):
    """Two candidate sites of two sizes, two communities, one item, two scenarios."""

    fixed: tuple[tuple[int, int], tuple[int, int]]  # site, size
    price: tuple[int, int]
    move: tuple[tuple[int, int], tuple[int, int]]  # site, community
    need: tuple[tuple[int, int], tuple[int, int]]  # scenario, community
    people: tuple[int, int]
    lost: tuple[bool, bool]  # whether a site is lost in the second scenario
    chance: float
    lack: int
    over: int
    budget: int


def draw(seed: int) -> Case:
    dice = random.Random(seed)

    def pair(low: int, high: int) -> tuple[int, int]:
        return dice.randint(low, high), dice.randint(low, high)

    return Case(
        fixed=(pair(1, 6), pair(1, 6)),
        price=pair(1, 3),
        move=(pair(0, 4), pair(0, 4)),
        need=(pair(0, 3), pair(1, 4)),
        people=pair(1, 9),
        lost=(dice.random() < 0.4, dice.random() < 0.4),
        chance=dice.choice([0.25, 0.5, 0.75]),
        lack=dice.randint(3, 12),
        over=dice.randint(0, 1),
        budget=dice.randint(6, 18),
    )


def as_instance(case: Case, **policy: Any) -> Instance:
    needs = [
        {"scenario_id": f"w{s}", "community_id": f"c{j}", "item_id": "i"}
        | {"quantity": case.need[s][j], "people": case.people[j]}
        for s in range(2)
        for j in range(2)
    ]
    return instance_of(
        {"reserve_budget": case.budget} | EXACT | policy,
        periods=[{"period": 1}],
        communities=[{"community_id": f"c{j}", "population": 9} for j in range(2)],
        sites=[{"site_id": f"s{i}", "status": "candidate"} for i in range(2)],
        sizes=[
            {"site_id": f"s{i}", "size_id": name, "fixed_cost": case.fixed[i][n]}
            | {"volume_m3": ROOM[name]}
            for i in range(2)
            for n, name in enumerate(ROOM)
        ],
        items=[
            {"item_id": "i", "kg": 1, "m3": 1, "tier": 1, "whole_packs": True}
            | {"shortage_cost": case.lack, "surplus_cost": case.over}
        ],
        reserves=[
            {"site_id": f"s{i}", "item_id": "i", "unit_cost": case.price[i]} for i in range(2)
        ],
        needs=[{"community_id": "c0", "item_id": "i", "period": 1, "quantity": 1}],
        links=[
            {"from_id": f"s{i}", "to_id": f"c{j}", "minutes": 9, "cost": case.move[i][j]}
            for i in range(2)
            for j in range(2)
        ],
        scenarios=[
            {"scenario_id": "w0", "probability": 1 - case.chance},
            {"scenario_id": "w1", "probability": case.chance},
        ],
        scenario_needs=needs,
        scenario_sites=[
            {"scenario_id": "w1", "site_id": f"s{i}", "survival": 0}
            for i in range(2)
            if case.lost[i]
        ],
    )


def first_stages(case: Case) -> Iterator[tuple[float, tuple[int, int]]]:
    """Yield the money and the stock of every first stage."""
    sizes = list(ROOM.values())
    for chosen in itertools.product([None, 0, 1], repeat=2):
        rooms = [0 if one is None else sizes[one] for one in chosen]
        fixed = sum(case.fixed[i][one] for i, one in enumerate(chosen) if one is not None)
        for stock in itertools.product(*(range(room + 1) for room in rooms)):
            spent = fixed + sum(case.price[i] * stock[i] for i in range(2))
            if spent <= case.budget:
                yield spent, (stock[0], stock[1])


def answers(case: Case, s: int, stock: tuple[int, int]) -> Iterator[tuple[float, float]]:
    """Yield people short and cost of every recourse in whole units."""
    left = [0 if s == 1 and case.lost[i] else stock[i] for i in range(2)]
    for a, b, c, d in itertools.product(
        range(left[0] + 1), range(left[0] + 1), range(left[1] + 1), range(left[1] + 1)
    ):
        served = (a + c, b + d)
        if a + b > left[0] or c + d > left[1] or any(served[j] > case.need[s][j] for j in range(2)):
            continue
        lack = [case.need[s][j] - served[j] for j in range(2)]
        people = sum(
            case.people[j] * lack[j] / case.need[s][j] for j in range(2) if case.need[s][j]
        )
        moves = a * case.move[0][0] + b * case.move[0][1] + c * case.move[1][0]
        moves += d * case.move[1][1]
        idle = left[0] + left[1] - sum(served)
        yield people, moves + case.lack * sum(lack) + case.over * idle


def best(case: Case, worst: bool) -> tuple[float, float]:
    """The ordered optimum: critical, then the mean (or worst) cost."""
    found = []
    chances = (1 - case.chance, case.chance)
    for spent, stock in first_stages(case):
        # People first: for a fixed stock each scenario is answered alone.
        each = [min((round(p, 9), c) for p, c in answers(case, s, stock)) for s in range(2)]
        people = sum(chances[s] * each[s][0] for s in range(2))
        costs = [each[s][1] for s in range(2)]
        mean = sum(chances[s] * costs[s] for s in range(2))
        found.append((round(people, 9), spent + (max(costs) if worst else mean)))
    return min(found)


@pytest.mark.parametrize("worst", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_trying_everything(seed: int, worst: bool) -> None:
    case = draw(seed)
    instance = as_instance(case, risk="worst" if worst else "expected")
    expected = dict(zip(("critical", "cost"), best(case, worst), strict=True))
    answer = solve(instance, Budget(gap=0.0), method="extensive")
    found = {one.name: one.value for one in answer.results}
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)
    if seed < 4:
        assert ref.solve(instance) == pytest.approx(expected, rel=1e-6, abs=1e-6)
