"""A point that misses rows is looked for again, nearer to them."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.engine import session as sessions
from allocator.engine.program import Program
from allocator.engine.session import Session


def large(size: int) -> tuple[Program, np.ndarray]:
    """Goods of many places beside sides of very different size."""
    rng = np.random.default_rng(5)
    program = Program()
    columns = program.add_columns("ship", size, 1e7)
    rows = program.add_rows("stock", size // 2, upper=10.0 ** rng.uniform(-3, 7, size // 2))
    program.add_entries(np.repeat(rows, 4), rng.integers(0, size, 2 * size), 1.0)
    return program, -rng.uniform(0.1, 1.0, len(columns))


def test_what_misses_rows_is_solved_again_and_the_tolerance_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tolerances: list[float] = []
    monkeypatch.setattr(sessions, "SIMPLEX_COLUMNS", 0)
    monkeypatch.setattr(sessions, "MISSED", -1.0)  # every point misses
    program, cost = large(60)
    session = Session(program)
    option = session._option

    def noted(name: str, value: object) -> None:
        if name == "primal_feasibility_tolerance":
            assert isinstance(value, float)
            tolerances.append(value)
        option(name, value)

    monkeypatch.setattr(session, "_option", noted)
    outcome = session.minimise(cost, crossover=False)
    assert tolerances == [sessions.NEARER, 1e-7]
    assert (outcome.termination, outcome.method) == ("completed", "simplex")
    assert outcome.value == pytest.approx(outcome.bound, rel=1e-5)


def test_what_has_no_point_is_not_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SIMPLEX_COLUMNS", 0)
    program, cost = large(60)
    program.add_rows("too much", 1, lower=1.0)  # an empty row that asks for something
    session = Session(program)
    monkeypatch.setattr(session, "_nearer", lambda exact: pytest.fail("solved again"))
    assert session.minimise(cost, crossover=False).termination == "infeasible"


def test_of_a_large_program_no_corner_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SIMPLEX_COLUMNS", 0)
    monkeypatch.setattr(sessions, "CORNER_COLUMNS", 59)
    monkeypatch.setattr(sessions, "MISSED", -1.0)
    program, cost = large(60)
    assert Session(program).minimise(cost, crossover=False).method == "ipm"


def test_a_quick_look_asks_for_no_corner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SIMPLEX_COLUMNS", 0)
    monkeypatch.setattr(sessions, "MISSED", -1.0)
    program, cost = large(60)
    assert Session(program).minimise(cost, crossover=False, tolerance=1e-4).method == "ipm"
