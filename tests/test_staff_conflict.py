"""The smallest conflict against brute force, and the search around a point."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import sparse

from allocator.engine.conflict import smallest_conflict
from allocator.engine.neighbourhood import Rounds, Whole, improve
from allocator.engine.program import Program
from allocator.engine.session import Session

COLUMNS, GROUPS = 4, 6


def random_program(seed: int) -> tuple[Program, np.ndarray]:
    """A program of few whole columns whose rows contradict each other as a rule."""
    dice, count = np.random.default_rng(seed), 2 + seed % 7
    program = Program()
    columns = program.add_columns("x", COLUMNS, 3.0, integer=True)
    lower = dice.integers(1, 6, count).astype(float)
    upper = np.where(dice.random(count) < 0.5, lower, np.inf)
    lower = np.where(dice.random(count) < 0.4, -np.inf, lower)
    upper = np.where(np.isinf(lower), dice.integers(0, 3, count), upper)
    rows = program.add_rows("row", count, lower, upper)
    program.add_entries(rows[:, None], columns, dice.integers(0, 3, (count, COLUMNS)))
    return program, dice.integers(-1, GROUPS, count)


def points() -> np.ndarray:
    return np.stack(np.meshgrid(*[np.arange(4)] * COLUMNS), axis=-1).reshape(-1, COLUMNS)


def least_groups(program: Program, group: np.ndarray) -> int | None:
    """The size of the smallest conflict, by trying all; None where a point obeys everything."""
    value = points() @ program.matrix().toarray().T
    holds = (value >= program.row_lower - 1e-9) & (value <= program.row_upper + 1e-9)
    for size in range(GROUPS + 1):
        for chosen in combinations(range(GROUPS), size):
            kept = (group < 0) | np.isin(group, chosen)
            if not holds[:, kept].all(axis=1).any():
                return size
    return None


def test_the_smallest_conflict_is_that_of_brute_force() -> None:
    sizes = set()
    for seed in range(60):
        program, group = random_program(seed)
        size = least_groups(program, group)
        found = smallest_conflict(program, group, 60.0)
        sizes.add(size)
        if size is None:
            assert found is None
            continue
        assert found is not None
        assert found.smallest
        assert len(found.groups) == size
    assert {None, 1, 2} <= sizes


def test_the_search_around_a_point_finds_the_optimum() -> None:
    dice = np.random.default_rng(5)
    program = Program()
    columns = program.add_columns("x", 12, 1.0, integer=True)
    program.add_entries(program.add_rows("one", 1, 6.0), columns, 1.0)
    cost = dice.integers(1, 50, 12).astype(float)
    whole = Whole(program, cost, sparse.csr_matrix((0, 12)), np.zeros(0))
    told: list[float] = []
    point = improve(
        whole,
        np.ones(12),
        lambda dice, size: dice.random(12) < 0.5,
        lambda part, seed: Session(part, seed),
        Rounds(20, 10.0),
        seed=1,
        found=lambda better: told.append(float(cost @ better)),
    )
    assert cost @ point == pytest.approx(np.sort(cost)[:6].sum())
    assert told == sorted(told, reverse=True)
    assert told[-1] == pytest.approx(cost @ point)


def test_the_search_stops_where_the_value_is_enough() -> None:
    program = Program()
    program.add_columns("x", 4, 1.0, integer=True)
    whole = Whole(program, np.ones(4), sparse.csr_matrix((0, 4)), np.zeros(0))
    told: list[float] = []
    point = improve(
        whole,
        np.ones(4),
        lambda dice, size: np.arange(4) == len(told),
        Session,
        Rounds(9, np.inf, None, None, enough=2.0),
        0,
        found=lambda better: told.append(float(better.sum())),
    )
    assert told == [3.0, 2.0]
    assert point.tolist() == [0.0, 0.0, 1.0, 1.0]


def test_earlier_goals_are_kept() -> None:
    program = Program()
    program.add_columns("x", 2, 1.0, integer=True)
    held = sparse.csr_matrix(np.array([[-1.0, 0.0]]))
    whole = Whole(program, np.array([1.0, 1.0]), held, np.array([-1.0]))
    point = improve(
        whole,
        np.ones(2),
        lambda dice, size: np.ones(2, bool),
        lambda part, seed: Session(part, seed),
        Rounds(2, 10.0),
        seed=0,
    )
    assert point.tolist() == [1.0, 0.0]
