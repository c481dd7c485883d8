"""The suite two-stage on a small case of its data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allocator.bench import Case, Meter, Settings
from allocator.bench.files import load_suite
from allocator.engine.two_stage import Step, TwoStageAnswer
from benchmarks import two_stage

SIZE = {"scenarios": 3, "seed": 3, "sites": 4, "communities": 5, "items": 2}
TINY = Case("tiny", ("benders", "extensive"), SIZE)


def test_the_suite_has_every_size_and_three_seeds(shared_data: Path) -> None:
    cases = load_suite("two-stage").cases(Settings(data=str(shared_data)))
    assert len(cases) == 12
    assert {case.parameters["scenarios"] for case in cases} == {10, 50, 200, 1000}
    assert all(case.methods == ("benders", "extensive") for case in cases)


def test_both_methods_meet_on_a_small_case(shared_data: Path) -> None:
    settings = Settings(data=str(shared_data), time_limit=40.0)
    values, bounds = {}, {}
    for method in TINY.methods:
        (row,) = two_stage.run(TINY, method, settings, Meter())
        assert row.value is not None
        assert row.bound is not None
        assert (row.expected, row.within) == (None, None)
        values[method], bounds[method] = row.value, row.bound
    assert max(bounds.values()) <= min(values.values()) * (1 + 1e-6)
    assert values["benders"] == pytest.approx(values["extensive"], rel=3e-3)


def test_ties_are_implied_and_nothing_else_differs(shared_data: Path) -> None:
    given = two_stage.data(TINY, Settings(data=str(shared_data)))
    tied, plain = (two_stage.recourse(given, 1, tied) for tied in (True, False))
    rows = len(plain.row_lower)
    assert len(tied.row_lower) == rows + 4 * np.count_nonzero(given["need"][1])
    assert (tied.matrix[:rows] != plain.matrix).nnz == 0
    assert (tied.link[:rows] != plain.link).nnz == 0
    assert tied.cost == pytest.approx(plain.cost)


def test_the_requirement_is_on_benders_at_200_and_1000() -> None:
    case = Case("x", ("benders",), {"scenarios": 200, "seed": 3})
    steps = (Step(10.0, None, 90.0), Step(20.0, 100.0, 98.0), Step(30.0, 99.5, 98.9))
    answer = TwoStageAnswer(None, None, 99.5, 98.9, "time_limit", "benders", 40.0, 7, steps)
    good = two_stage.row(case, "benders", answer, 99.5)
    assert (good.expected, good.within) == (0.01, True)
    assert good.detail["seconds_to_required"] == 30.0
    assert two_stage.row(case, "benders", answer, 101.0).within is False
    assert two_stage.row(case, "extensive", answer, 101.0).within is None


def test_a_broken_row_is_found() -> None:
    with pytest.raises(ValueError, match=r"broken by 0\.5"):
        two_stage.need_inside(0.0, np.array([1.5]), 1.0)
