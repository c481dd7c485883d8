"""The suites about beds: the reader of New Jersey's counts, cases, a small run of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allocator.bench import Case, Row, Settings
from allocator.bench.files import load_suite
from allocator.plan import GoalResult, Plan, Status
from allocator.plan.status import PlanState
from benchmarks import new_jersey, wuhan


def test_the_reader_takes_71_hospitals_and_77_days(shared_data: Path) -> None:
    folder = shared_data / "lockdown" / "nj_hospitals_2020"
    hospitals, patients, beds = new_jersey.read_hospitals(folder)
    assert patients.shape == (71, 77)
    assert len(hospitals) == len(beds) == 71
    assert hospitals[["lat", "lon"]].notna().all(axis=None)
    # The file's whole count on the peak of 14 April is 8,065, two hospitals have no point.
    assert 7000 < patients[:, 10].sum() < 8065


def test_arrivals_and_stays_give_the_counts_back() -> None:
    counts = np.array([[10.0, 12.0, 11.0, 30.0]])
    new = new_jersey.new_patients(counts)
    inside = 0.0
    for day in range(4):
        inside = 0.9 * inside + new[0, day]
        assert inside == pytest.approx(counts[0, day])


def test_the_share_removed_stands_beside_the_published_one() -> None:
    rows = [
        Row("new-jersey", "no-transfers", value=100.0, detail={"moved": 0.0}),
        Row("new-jersey", "pooled", value=20.0, detail={"moved": 0.1}),
    ]
    (found,) = new_jersey.compare(rows)
    assert (found.value, found.expected) == (pytest.approx(0.8), 0.886)
    assert found.detail["moved"] == 0.1


@pytest.mark.parametrize("state", ["valid", "invalid"])
def test_a_plan_that_breaks_a_rule_is_a_miss(state: PlanState) -> None:
    goals = (GoalResult("waiting", "patient-days", 5.0, 5.0),)
    plan = Plan("admit", {}, Status("completed", state), goals=goals)
    (row,) = wuhan.goal_rows(Case("pooled", ("admit",)), "admit", plan)
    assert row.value == row.bound == 5.0
    assert (row.within, bool(row.note)) == ((None, False) if state == "valid" else (False, True))


def test_the_cases_of_wuhan_are_the_regimes() -> None:
    suite = load_suite("wuhan")
    names = [case.name for case in suite.cases(Settings())]
    assert names == ["pooled", "district-first", "delay-1", "delay-3", "delay-5"]
    assert (wuhan.period("2020-01-23"), wuhan.period("2020-02-08")) == (1, 17)
