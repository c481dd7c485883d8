"""The suites orlib-cap, pmed and sscflp: readers of the files, and small known optima."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allocator.bench import Case, Meter, Row, Settings
from allocator.bench.files import load_suite
from benchmarks import orlib_cap, pmed, sscflp


def run(name: str, case: str, method: str, settings: Settings) -> Row:
    suite = load_suite(name)
    chosen = next(one for one in suite.cases(settings) if one.name == case)
    assert method in chosen.methods
    (row,) = suite.run(chosen, method, settings, Meter())
    return row


# --- readers ------------------------------------------------------------------


def test_cap_has_a_capacity_and_a_cost_a_site_then_needs_with_costs(tmp_path: Path) -> None:
    path = tmp_path / "cap1.txt"
    path.write_text(" 2 3 \n 10 7.5 \n capacity 0. \n 4 \n 1 2 \n 5\n 3 4 \n 6 \n 5\n 6 \n")
    location = orlib_cap.read_cap(path)
    assert location.cost.tolist() == [[1, 3, 5], [2, 4, 6]]
    assert location.need.tolist() == [4, 5, 6]
    assert location.capacity.tolist() == [10, np.inf]
    assert location.fixed_cost.tolist() == [7.5, 0]


def test_optima_are_read_below_a_line_of_other_letters(tmp_path: Path) -> None:
    text = b"\xd5\xe2 15 Beasley's \xbd\xe2\ncap71     932615.750\n\ncap72     977799.400\n"
    (tmp_path / "optimal-solutions.txt").write_bytes(text)
    assert orlib_cap.optima(tmp_path) == {"cap71": 932615.75, "cap72": 977799.4}


def test_pmed_has_edges_the_later_of_a_pair_counts(tmp_path: Path) -> None:
    path = tmp_path / "pmed1.txt"
    path.write_text(" 3 3 1 \n 1 2 9 \n 2 3 4 \n 2 1 5 \n")
    location = pmed.read_pmed(path)
    assert location.cost.tolist() == [[0, 5, 9], [5, 0, 4], [9, 4, 0]]
    assert location.p == 1


def test_sscflp_has_a_row_of_costs_a_customer(tmp_path: Path) -> None:
    path = tmp_path / "p1"
    path.write_text("2 3\n10 20 \n7.000 8.000 \n4 5 6 \n1.0 2.0 \n3.0 4.0 \n5.0 6.0 \n")
    location = sscflp.read_sscflp(path)
    assert location.cost.tolist() == [[1, 3, 5], [2, 4, 6]]
    assert (location.capacity.tolist(), location.need.tolist()) == ([10, 20], [4, 5, 6])


# --- what a suite makes of what it finds ---------------------------------------


def write_sscflp(folder: Path, optimum: int) -> Settings:
    """A problem of each family; a site holds one customer, not both: 1 + 4 + 3 + 3 = 11."""
    for family, required in sscflp.REQUIRED.items():
        place = folder / "location" / "sscflp" / family
        place.mkdir(parents=True)
        (place / "os").write_text(f"{optimum}\n" * required["files"])
        (place / "p1").write_text("2 2\n5 5\n3 3\n3 4\n1 9\n9 4\n")
    return Settings(data=str(folder))


@pytest.mark.parametrize(("optimum", "within"), [(11, True), (12, False)])
def test_single_source_is_held_to_the_published_optimum(
    tmp_path: Path, optimum: int, within: bool
) -> None:
    settings = write_sscflp(tmp_path, optimum)
    for family in ("holmberg", "yang"):
        row = run("sscflp", f"{family}-p1", "single-source", settings)
        assert (row.value, row.bound, row.expected) == (11.0, 11.0, optimum)
        assert row.within is within


def test_p_median_and_p_center_of_a_path_by_hand(tmp_path: Path) -> None:
    # 1 -5- 2 -4- 3 with one site: at 2 the sum is 9 and the farthest is 5 away.
    folder = tmp_path / "location" / "orlib_pmed"
    folder.mkdir(parents=True)
    (folder / "pmed1.txt").write_text(" 3 2 1 \n 1 2 5 \n 2 3 4 \n")
    optima = {"p-median": 9.0, "p-center": 6.0}
    case = Case("pmed1", ("p-median", "p-center"), optima)
    settings = Settings(data=str(tmp_path))
    rows = [pmed.run(case, method, settings, Meter())[0] for method in case.methods]
    assert [row.value for row in rows] == [9.0, 5.0]
    assert [row.within for row in rows] == [True, False]


# --- known optima --------------------------------------------------------------


def test_every_file_is_a_case(shared_data: Path) -> None:
    settings = Settings(data=str(shared_data))
    cases = {name: load_suite(name).cases(settings) for name in ("orlib-cap", "pmed", "sscflp")}
    assert {name: len(found) for name, found in cases.items()} == {
        "orlib-cap": 8,
        "pmed": 20,
        "sscflp": 48,
    }
    expected = {case.name: case.parameters for found in cases.values() for case in found}
    assert expected["cap73"]["optimum"] == 1_010_641.450
    assert expected["pmed16"] == {"p-median": 8162.0, "p-center": 47.0}
    assert expected["holmberg-p25"]["optimum"] == 11_630
    assert expected["yang-p8"]["optimum"] == 27_993


@pytest.mark.parametrize(
    ("suite", "case", "method", "optimum"),
    [
        ("orlib-cap", "cap71", "facility", 932_615.750),
        ("orlib-cap", "cap134", "facility", 928_941.750),
        ("pmed", "pmed1", "p-median", 5819),
        ("pmed", "pmed2", "p-median", 4093),
        ("pmed", "pmed3", "p-center", 93),
        ("pmed", "pmed9", "p-center", 37),
        ("sscflp", "holmberg-p1", "single-source", 8848),
        ("sscflp", "holmberg-p8", "single-source", 11088),
    ],
)
def test_a_published_optimum_is_proven(
    shared_data: Path, suite: str, case: str, method: str, optimum: float
) -> None:
    row = run(suite, case, method, Settings(data=str(shared_data)))
    assert row.within is True
    assert row.value == pytest.approx(optimum, rel=1e-9)
    assert row.bound == pytest.approx(optimum, rel=1e-6)
