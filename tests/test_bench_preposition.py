"""The published cases of pre-positioning as instances, and known optima."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gulf_coast.instance import as_instance
from gulf_coast.network import distances
from gulf_coast.published import Published, hit, read_published

from allocator.bench import Case, Meter, Row, Settings
from allocator.bench.files import load_suite
from allocator.instance.futures import reserve_case
from allocator.models.preposition import evaluate, solve
from benchmarks import covid19_facility, esups, rawls_turnquist


def cost_of(instance: Any) -> float:
    """Return the optimum, proven by its bound."""
    (result,) = solve(instance).results
    assert result.value is not None
    assert result.bound == pytest.approx(result.value, rel=1e-4)
    return result.value


# -- esups ---------------------------------------------------------------------------------------


def write_buckets(folder: Path) -> Path:
    """Two depots with 10 and 5 buckets, one without; disasters of 25 and of 100 people."""
    folder.mkdir(parents=True)

    def write(name: str, **columns: Any) -> None:
        table = pd.DataFrame(columns)
        table.to_csv(folder / name, index=False, encoding="utf-8-sig")

    write("warehouses.csv", Buckets=[10, 0, 5])
    write("disasters.csv", **{"People Impacted": [25, 100]})
    hours = {"scenario": [0, 0, 1, 1], "warehouse": [0, 1, 0, 1], "drivingTime_hrs": [1, 3, 4, 1]}
    write("distanceMatrix_scenarios.csv", **hours)
    return folder


def test_buckets_move_to_the_optimum_worked_by_hand(tmp_path: Path) -> None:
    # 25 people need 10 buckets, 100 need all 15. A bucket at w0 rather than w1 saves 2 hours in the
    # first disaster and costs 3 in the second: all go to w1. 1/2 x 10 x 3 + 1/2 x 15 x 1 = 22.5.
    published = esups.read_published(write_buckets(tmp_path / "esups"))
    assert published.need.tolist() == [10.0, 15.0]
    assert cost_of(esups.as_instance(published)) == pytest.approx(22.5)


def test_buckets_where_they_are_cost_what_was_worked_by_hand(tmp_path: Path) -> None:
    # 1/2 x 10 x 1 + 1/2 x (10 x 4 + 5 x 1) = 27.5.
    published = esups.read_published(write_buckets(tmp_path / "esups"))
    columns = {"site_id": ["w0", "w1"], "item_id": esups.ITEM, "quantity": [10.0, 5.0]}
    found = evaluate(esups.as_instance(published), {"reserves": pd.DataFrame(columns)})
    assert found.values["cost"] == pytest.approx(27.5)


def bucket_row(value: float, stock: dict[str, float], broken: int = 0) -> Row:
    reserves = pd.DataFrame({"site_id": list(stock), "quantity": list(stock.values())})
    goal = SimpleNamespace(name="cost", bound=value)
    plan = SimpleNamespace(goals=[goal], reserves=reserves)
    verdict = SimpleNamespace(goals={"cost": value}, table=[0] * broken)
    case = Case("optimum", ("extensive",), {"expected": 100.0, "stock": {"w1": 3.0, "w2": 4.0}})
    return esups.row(case, "extensive", plan, verdict, 1.0)


def test_buckets_are_within_by_figure_stock_and_judge() -> None:
    right = {"w1": 3.0, "w2": 4.0}
    assert bucket_row(100.0, right).within is True
    assert bucket_row(100.1, right).within is False
    assert bucket_row(100.0, right | {"w2": 4.5}).within is False
    assert bucket_row(100.0, {"w1": 3.0}).within is False
    assert bucket_row(100.0, right | {"w3": 1.0}).within is False
    assert bucket_row(100.0, right, broken=1).within is False


def test_the_published_buckets_are_read(shared_data: Path) -> None:
    published = esups.read_published(shared_data / "published" / "esups")
    assert published.hours.shape == (22, 21)
    assert published.buckets.sum() == published.need.max() == 40_811
    assert len(esups.as_instance(published)["links"]) == 22 * 21


def test_the_published_optimum_of_buckets_is_reached(shared_data: Path) -> None:
    settings = Settings(data=str(shared_data))
    suite = load_suite("esups")
    case = next(case for case in suite.cases(settings) if case.name == "optimum")
    (row,) = suite.run(case, "extensive", settings, Meter())
    assert row.value == pytest.approx(340_273.015, abs=0.01)
    assert row.within is True


def test_the_published_present_buckets_cost_the_same_here(shared_data: Path) -> None:
    published = esups.read_published(shared_data / "published" / "esups")
    instance = esups.as_instance(published)
    present = instance["stocks"].rename(columns={"place_id": "site_id"})
    found = evaluate(instance, {"reserves": present[["site_id", "item_id", "quantity"]]})
    assert found.values["cost"] == pytest.approx(446_978.213, abs=0.01)


# -- covid19-facility ----------------------------------------------------------------------------

HOSPITALS: dict[str, Any] = {
    "counties": {"1": [[0, 0], 5]},
    "existing": {"1": [[0, 1], 3]},
    "temporary": {"2": [0, 2], "3": [0, 3]},
    "temp_capacity": 2,
    "dcost": 5,
    "tfcost": 100,
    "optimum_base": 135.0,
    "build": [2],
}


@pytest.mark.parametrize("method", ["extensive", "facility"])
def test_the_nearer_hospital_is_built(tmp_path: Path, method: str) -> None:
    # Three patients a mile away, two go two miles to the nearer new one: 15 + 20 + 100.
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "gurobi_covid19_facility.json").write_text(json.dumps(HOSPITALS))
    settings = Settings(data=str(tmp_path))
    suite = load_suite("covid19-facility")
    (case,) = suite.cases(settings)
    (row,) = suite.run(case, method, settings, Meter())
    assert (row.value, row.expected) == (pytest.approx(135.0), 135.0)
    assert row.detail["built"] == "temporary2"
    assert row.within is True


def test_another_hospital_or_figure_is_not_within(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(HOSPITALS))
    published = covid19_facility.read_published(file)
    found = [
        covid19_facility.Found(135.0, 135.0, ["temporary2"]),
        covid19_facility.Found(135.0, 135.0, ["temporary3"]),
        covid19_facility.Found(135.1, 135.0, ["temporary2"]),
        covid19_facility.Found(135.0, 135.0, ["temporary2"], violations=1),
    ]
    case = Case("base", ("extensive",))
    rows = [covid19_facility.row(case, "extensive", published, one) for one in found]
    assert [row.within for row in rows] == [True, False, False, False]


def test_the_published_hospitals_are_built(shared_data: Path) -> None:
    file = shared_data / "published" / "gurobi_covid19_facility.json"
    published = covid19_facility.read_published(file)
    answer = solve(covid19_facility.as_instance(published))
    assert answer.results[0].value == pytest.approx(1_521_653.424311, abs=0.001)
    opened = set(answer.tables["sites"]["site_id"])
    assert opened - set(published.hospital_ids) == {"temporary15", "temporary17", "temporary18"}


# -- rawls-turnquist -----------------------------------------------------------------------------


def storm(
    number: int, category: int, landfall: list[int], cut: list[list[int]], water: float
) -> dict[str, Any]:
    known = {"id": number, "category": category, "landfall": landfall, "unusable_links": cut}
    return {**known, "demand": {"water": water, "food": water / 10}}


def gulf() -> Published:
    """Three nodes in a triangle of 10, 20 and 50 miles; a great storm, a small one, and neither."""
    storms = [storm(1, 4, [3], [[3, 2]], 30.0), storm(2, 1, [3], [], 12.0)]
    items = [
        {"name": "water", "q": 10.0, "b": 2.0, "c": 0.3},
        {"name": "food", "q": 100.0, "b": 5.0, "c": 0.1},
    ]
    return Published(
        items=pd.DataFrame(items),
        sizes=pd.DataFrame([{"name": "small", "F": 7.0, "M": 1000.0}]),
        storms={one["id"]: one for one in storms},
        scenarios=[
            {"id": 1, "hurricanes": [1], "p": 0.2},
            {"id": 2, "hurricanes": [1, 2], "p": 0.1},
            {"id": 3, "hurricanes": [], "p": 0.7},
        ],
        links=np.array([[1, 2], [2, 3], [1, 3]]),
        miles=np.array([10.0, 20.0, 50.0]),
    )


def test_paths_are_shortest_and_avoid_links_that_are_cut() -> None:
    usual = distances(gulf())
    assert usual.tolist() == [[0, 10, 30], [10, 0, 20], [30, 20, 0]]
    cut = distances(gulf(), [[3, 2]])
    assert cut.tolist() == [[0, 10, 50], [10, 0, 60], [50, 60, 0]]


def test_storms_hit_their_landfall_and_what_is_linked_with_it() -> None:
    published = gulf()
    assert hit(published, storm(9, 1, [3], [], 1)) == [1, 2, 3]
    assert hit(published, storm(9, 1, [], [[1, 2]], 1)) == [1, 2]
    assert hit(published, storm(9, 1, [], [], 1)) == [3]


def test_storms_change_needs_sites_and_lanes() -> None:
    case = reserve_case(as_instance(gulf(), network=True))
    futures, lanes = case.futures, case.reserve.lanes
    # All three nodes are hit: 30 of water in the first scenario, 42 in the second, none in the
    # third. Food counts in units of three, so that each costs 0.3 a mile.
    assert futures.need[:, :, 0].sum(axis=1) == pytest.approx([30, 42, 0])
    assert futures.need[:, :, 1].sum(axis=1) == pytest.approx([1, 1.4, 0])
    assert futures.survival[:, 2, 0].tolist() == [0.0, 0.0, 1.0]
    lane = np.flatnonzero((lanes.site == 1) & (lanes.community == 2))
    assert futures.lane_factor[:, lane].ravel() == pytest.approx([3, 3, 1])
    assert case.reserve.items.m3 == pytest.approx([2.0, 15.0])


def test_half_of_a_reserve_survives_a_lesser_storm() -> None:
    published = gulf()
    published.scenarios[0]["hurricanes"] = [2]
    futures = reserve_case(as_instance(published, network=True)).futures
    assert futures.survival[:, 2, 0].tolist() == [0.5, 0.0, 1.0]


def test_the_relaxation_is_a_newsvendor() -> None:
    # Probabilities 0.7, 0.2, 0.1 of water 0, 30, 42 at price 10, short 100, over 2.5: a unit pays
    # while P(need > stock) > (10 + 2.5) / 102.5 = 0.122: up to 30.
    # 300 + 0.7 x 30 x 2.5 + 0.1 x 12 x 100 = 472.5; food is a tenth at ten times the price.
    assert cost_of(as_instance(gulf())) == pytest.approx(2 * 472.5)


def test_risk_is_added_to_the_mean() -> None:
    # Mean + mean of the worst tenth, so 20 a unit bought. With 42 - d of water the worst tenth is
    # the surplus of the calm scenario, 2.5 (42 - d), or the shortage of the second, 100 d: both are
    # 102.44 at d = 42 / 41, the best. 819.51 + 0.8 x 102.44 + 0.2 x 2.5 (12 - d) + 102.44.
    d = 42 / 41
    water = 20 * (42 - d) + 1.8 * 100 * d + 0.5 * (12 - d)
    mean_and_risk = 2 * cost_of(as_instance(gulf(), risk=1.0, level=0.9))
    assert mean_and_risk == pytest.approx(2 * water)


def test_sites_and_miles_cost_more_than_the_relaxation() -> None:
    relaxed = cost_of(as_instance(gulf()))
    assert cost_of(as_instance(gulf(), network=True)) > relaxed + 7.0


def test_a_relaxation_may_not_be_above_the_published_optimum() -> None:
    held, case = np.array([1.0]), Case("noyan", ("extensive",), {"expected": 1e6})
    assert rawls_turnquist.within(case, 9e5, 9e5, held, 0) is True
    assert rawls_turnquist.within(case, 2e6, 2e6, held, 0) is False
    assert rawls_turnquist.within(case, 9e5, 9e5, held, 1) is False
    near = Case("gulf", ("extensive",), {"expected": 1e6})
    assert rawls_turnquist.within(near, 9e5, 9e5, held, 0) is None


def test_the_relaxation_must_equal_figure_and_stock() -> None:
    case, held = Case("relaxed", ("extensive",), {"expected": 1e6, "stock": (3,)}), np.array([3.0])
    assert rawls_turnquist.within(case, 1e6, 1e6, held, 0) is True
    assert rawls_turnquist.within(case, 1.01e6, 1.01e6, held, 0) is False
    assert rawls_turnquist.within(case, 1e6, 1e6, held + 1, 0) is False


def published_gulf(data: Path) -> Published:
    return read_published(rawls_turnquist.file(Settings(data=str(data))))


def test_the_cases_have_the_published_figures(shared_data: Path) -> None:
    cases = rawls_turnquist.cases(Settings(data=str(shared_data)))
    expected = {case.name: case.parameters["expected"] for case in cases}
    assert len(expected) == 12
    assert expected["gulf"] == 89_500_000
    assert expected["noyan-k5-r0-a0"] == 56_510_000
    assert expected["noyan-k10-r0.1-a0.7"] == 111_890_000


def test_the_published_gulf_has_30_nodes_and_51_scenarios(shared_data: Path) -> None:
    case = reserve_case(as_instance(published_gulf(shared_data), network=True))
    assert (len(case.reserve.sites), len(case.reserve.sizes), len(case.futures)) == (30, 90, 51)


def test_the_relaxation_has_the_figures_of_the_reference_data(shared_data: Path) -> None:
    published = published_gulf(shared_data)
    answer = solve(as_instance(published))
    assert answer.results[0].value == pytest.approx(87_897_530.5, abs=0.1)
    held = rawls_turnquist.stocked(published, SimpleNamespace(**answer.tables))
    assert held == pytest.approx([9000, 3609, 19_633])
