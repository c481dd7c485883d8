"""The published ventilator cases as instances of dispatch, and known optima."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.bench import Meter, Settings
from allocator.bench.files import load_suite
from allocator.engine import session
from allocator.models.dispatch.solve import solve_goals
from benchmarks import ventilators

DAYS = ["2020-04-01", "2020-04-02", "2020-04-03", "2020-04-04", "2020-04-05"]


def write_publication(folder: Path, need_of_b: int) -> Path:
    """Two states, A with 10 ventilators and B with none, 2 degrees apart; a third one left out."""
    folder.mkdir(parents=True)

    def write(name: str, **columns: Any) -> None:
        pd.DataFrame(columns).to_csv(folder / name, index=False)

    states = ["A", "B"]
    write("state_list.csv", State=states)
    counted = {"POPESTIMATE2019": [100, 200, 300], "VentCalc_2019": [10, 0, 99]}
    write("ventilator_table_calculated.csv", STNAME=["A", "B", "US"], **counted)
    write("state_distances.csv", **{"": states, "A": [0.0, 2.0], "B": [2.0, 0.0]})
    needs = {"A": [0] * 5, "B": [need_of_b] * 5, "US": [7] * 5}
    rows = [(s, day, v) for s, days in needs.items() for day, v in zip(DAYS, days, strict=True)]
    state, day, quantity = zip(*rows, strict=True)
    write("predicted_ihme_2020_04_01.csv", State=state, Day=day, Ventilators=quantity)
    published = {"utilization": [0.0], "minimum_stock_fraction": [0.5], "shortfall": [12.0]}
    write("published_sensitivity_ihme.csv", only_send_excess=[False], **published)
    return folder


def test_a_tiny_publication_has_the_optimum_worked_by_hand(tmp_path: Path) -> None:
    # B needs 4 on each of 5 days. Half of A's 10 must stay, so A could send 5; what leaves on day 1
    # arrives on day 4 and serves days 4 and 5. Sending 4 saves 8 unit-days and costs
    # 0.1 x 4 x (2 + 10) = 4.8: worth it. Shortfall 3 x 4 = 12, weighted sum 12 + 4.8.
    published = ventilators.read_published(write_publication(tmp_path / "v", need_of_b=4))
    values = solve_goals(ventilators.as_instance(published, 0.0, 0.5))
    assert values == {ventilators.GOAL: pytest.approx(16.8)}


def test_the_stock_that_must_stay_binds(tmp_path: Path) -> None:
    # B needs 9: only 5 may leave A. 5 x 9 - 2 x 5 = 35 short, and 0.1 x 5 x 12 = 6.
    published = ventilators.read_published(write_publication(tmp_path / "v", need_of_b=9))
    values = solve_goals(ventilators.as_instance(published, 0.0, 0.5))
    assert values == {ventilators.GOAL: pytest.approx(41.0)}


def test_the_suite_runs_a_tiny_publication(tmp_path: Path) -> None:
    write_publication(tmp_path / "published" / "ventilators", need_of_b=4)
    settings = Settings(data=str(tmp_path))
    suite = load_suite("ventilators")
    (case,) = suite.cases(settings)
    (row,) = suite.run(case, "dispatch", settings, Meter())
    assert case.name == "u0-s0.5"
    assert (row.value, row.expected, row.within) == (pytest.approx(12.0), 12.0, True)
    assert row.gap == pytest.approx(0.0, abs=1e-9)


def test_all_published_rows_become_cases(shared_data: Path) -> None:
    cases = ventilators.cases(Settings(data=str(shared_data)))
    assert len({case.name for case in cases}) == 50


def test_the_reader_takes_fifty_states_and_126_days(shared_data: Path) -> None:
    published = ventilators.read_published(shared_data / "published" / "ventilators")
    assert published.need.shape == (126, 50)
    assert (published.days[0], published.days[-1]) == ("2020-04-01", "2020-08-04")
    assert "District of Columbia" not in published.states
    assert (published.distance == published.distance.T).all()
    assert published.ventilators[published.states.index("Alabama")] == 944


def test_an_instance_has_the_figures_of_the_publication(shared_data: Path) -> None:
    published = ventilators.read_published(shared_data / "published" / "ventilators")
    instance = ventilators.as_instance(published, 0.4, 0.3)
    assert len(instance["links"]) == 50 * 49
    assert instance["links"]["cost"].min() > 10
    assert instance["stocks"]["quantity"].sum() == pytest.approx(0.6 * published.ventilators.sum())
    assert instance["needs"]["quantity"].sum() == published.need.sum() == 1_062_612
    assert (instance["limits"]["stock_min_share"] == 0.3).all()


def test_without_stock_all_need_is_short(shared_data: Path) -> None:
    published = ventilators.read_published(shared_data / "published" / "ventilators")
    values = solve_goals(ventilators.as_instance(published, 1.0, 0.1))
    assert values == {ventilators.GOAL: pytest.approx(1_062_612, abs=0.05)}


@pytest.mark.slow
def test_a_published_shortfall_is_reached(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "SIMPLEX_COLUMNS", np.inf)  # 2 s here, the interior point 16 s
    settings = Settings(data=str(shared_data))
    suite = load_suite("ventilators")
    case = next(case for case in suite.cases(settings) if case.name == "u0.1-s0.1")
    (row,) = suite.run(case, "dispatch", settings, Meter())
    assert row.expected == pytest.approx(14136.6)
    assert row.value == pytest.approx(14136.6, abs=0.05)
    assert row.within is True
