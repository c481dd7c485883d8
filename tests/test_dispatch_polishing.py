"""Whole packs improved around a point: never worse, never against a rule."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.engine.around import Around
from allocator.engine.ordered import Budget
from allocator.engine.program import Program
from allocator.instance.network import network
from allocator.models.dispatch import rounding
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.polishing import Polish
from allocator.models.dispatch.rounding import Rounding
from allocator.models.dispatch.solve import solve_model, stages_of
from tests.test_dispatch_integer import rounded, town


def knapsack() -> tuple[Program, np.ndarray]:
    """Six things of which the room takes some; the best choice is 9 + 8 + 5 = 22."""
    program, worth = Program(), np.array([9.0, 8.0, 7.0, 5.0, 4.0, 1.0])
    columns = program.add_columns("take", 6, 1.0, integer=True)
    room = program.add_rows("room", 1, upper=10.0)
    program.add_entries(room, columns, np.array([5.0, 4.0, 4.5, 1.0, 3.0, 1.0]))
    return program, -worth


def test_a_neighbourhood_of_all_columns_is_the_optimum() -> None:
    program, cost = knapsack()
    around = Around(program, cost, np.array([0, 0, 1.0, 0, 1.0, 1.0]))
    assert around.value == pytest.approx(-12)
    assert around.improve(np.arange(6), None)
    assert around.value == pytest.approx(-22)
    assert not around.improve(np.arange(6), None)


def test_a_small_gain_beside_a_large_cost_is_found() -> None:
    """Fewer things leave more room: found only where the gap is small beside the whole cost."""
    rng = np.random.default_rng(3)
    weights = rng.integers(20, 100, 60).astype(float)
    program = Program()
    things = program.add_columns("take", 60, 1.0, integer=True)
    program.add_columns("late", 1, 1e6, 1e6)  # nothing can be done about it
    program.add_entries(program.add_rows("room", 1, upper=weights.sum() // 2), things, weights)
    cost = np.r_[-weights - 10.0, 1.0]
    taken = np.cumsum(weights) <= weights.sum() // 2  # in no good order
    around = Around(program, cost, np.r_[taken.astype(float), 1e6])
    around.improve(np.arange(61), None)
    most = np.zeros(int(weights.sum() // 2) + 1)  # by room, filled thing by thing
    for weight in weights.astype(int):
        most[weight:] = np.maximum(most[weight:], most[:-weight] + weight + 10.0)
    assert around.value == pytest.approx(1e6 - most[-1], abs=1.0)


def test_what_is_not_free_stays() -> None:
    program, cost = knapsack()
    around = Around(program, cost, np.array([0, 0, 1.0, 0, 1.0, 1.0]))
    around.improve(np.array([0, 3]), None)
    assert around.point.tolist() == [0, 0, 1, 1, 1, 1]


def test_what_is_exceeded_at_the_start_is_not_exceeded_more() -> None:
    program, cost = knapsack()
    around = Around(program, cost, np.array([1.0, 0, 1.0, 1.0, 0, 0]))  # 10.5 of 10
    around.improve(np.arange(6), None)
    weights = program.matrix().toarray()[0]
    assert weights @ around.point <= 10.5
    assert around.value <= -22


@pytest.mark.parametrize("seed", [1, 3])
def test_polished_packs_are_never_worse_and_obey_the_rules(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unpolished(polish: Polish, *_: object) -> np.ndarray:
        return polish.point[: polish.model.program.column_count]

    better, violations = rounded(town(seed), monkeypatch)
    assert violations == []
    monkeypatch.setattr(Polish, "run", unpolished)
    plain, _ = rounded(town(seed), monkeypatch)
    pairs = [(one.value, two.value) for one, two in zip(better.results, plain.results, strict=True)]
    for one, two in pairs:
        assert one is not None
        assert two is not None
        if abs(one - two) > 1e-3 * max(1.0, abs(two)):  # the first goal that differs decides
            assert one < two
            break


def test_polishing_lowers_the_weighed_goals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounding, "EXACT_INTEGERS", 0)
    values: list[tuple[float, float]] = []
    run = Polish.run

    def noted(polish: Polish, ideal: np.ndarray, budget: Budget) -> np.ndarray:
        size = polish.model.program.column_count
        cost = polish.cost[:size].copy()
        before = float(cost @ polish.point[:size])
        found = run(polish, ideal, budget)
        program = polish.model.program
        activity = program.matrix() @ found
        assert (activity <= program.row_upper + 1e-5 * np.maximum(1, abs(program.row_upper))).all()
        values.append((before, float(cost @ found)))
        return found

    monkeypatch.setattr(Polish, "run", noted)
    for seed in (1, 3, 5):
        model = DispatchModel(network(town(seed)))
        solve_model(model, Attainable(model), Budget())
    assert any(after < before * (1 - 1e-4) for before, after in values)


def test_runs_without_a_clock_are_the_same() -> None:
    model = DispatchModel(network(town(4)))
    points = []
    for _ in range(2):
        found = Rounding(model, stages_of, Attainable(model), Budget(), lambda _: None, 0, 1).run()
        assert found.solution is not None
        points.append(found.solution)
    assert np.array_equal(*points)
