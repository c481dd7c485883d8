"""The suites nurse-rostering and staffing-size, on their smallest cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.bench import Case, Meter, Settings
from allocator.bench.files import load_suite
from benchmarks import nurse_rostering, staffing_size


def test_every_published_roster_is_a_case(shared_data: Path) -> None:
    cases = load_suite("nurse-rostering").cases(Settings(data=str(shared_data)))
    best = {case.name: case.parameters["best"] for case in cases}
    assert best["Instance1"] == 607
    assert len(best) == 10
    assert {case.parameters["share"] for case in cases} == {0.0, 0.03}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "best"), [("Instance1", 607), ("Instance3", 1001)])
def test_the_best_known_is_reached(shared_data: Path, name: str, best: float) -> None:
    settings = Settings(data=str(shared_data), time_limit=240.0)
    case = Case(name, ("auto",), {"best": best, "share": 0.0})
    (row,) = nurse_rostering.run(case, "auto", settings, Meter())
    assert (row.value, row.within) == (pytest.approx(best), True)
    assert row.bound == pytest.approx(best)


@pytest.mark.parametrize("rules", ["plain", "full"])
def test_a_small_roster_is_proven(rules: str) -> None:
    case = Case("tiny", ("auto",), {"rules": rules, "seed": 1, "size": "tiny"})
    rows = staffing_size.run(case, "auto", Settings(time_limit=60.0), Meter())
    assert [row.case.split("/")[1] for row in rows] == [
        "critical_uncovered",
        "uncovered",
        "qualified",
        "cost",
    ]
    assert all(row.within for row in rows)


def test_the_size_asked_for() -> None:
    case = staffing_size.drawn("full", 1)
    assert len(case["workers"]) == 500
    assert case["posts"]["post_id"].nunique() == 60
    assert len(case["periods"]) == 14
    assert len(case["successions"]) == 3
