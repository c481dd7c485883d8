"""The program of every goal as MPS files, read back by HiGHS."""

from __future__ import annotations

import json
from pathlib import Path

import highspy
import numpy as np
import pytest
from click.testing import CliRunner, Result

from allocator.cli.main import cli
from allocator.engine.mps import unique_names, write_mps
from allocator.engine.program import Program
from allocator.instance import save
from allocator.models.dispatch.solve import solve_goals
from tests.reference_cases import random_instance

TINY = Path(__file__).resolve().parents[1] / "instances" / "tiny"
EXPECTED: dict[str, float] = json.loads((TINY / "expected.json").read_text(encoding="utf-8"))


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, ["export", *(str(word) for word in words)])


def read(path: Path) -> highspy.Highs:
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    return highs


def optimum(path: Path) -> float:
    highs = read(path)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(highs.getInfo().objective_function_value)


def test_another_solver_finds_the_value_of_every_goal(tmp_path: Path) -> None:
    result = call(TINY, "--mps", tmp_path / "mps", "--solve")
    assert result.exit_code == 0, result.output
    paths = [Path(line) for line in result.stdout.split()]
    assert [path.stem for path in paths] == [
        f"{number:02}-{goal}" for number, goal in enumerate(EXPECTED, start=1)
    ]
    found = dict(zip(EXPECTED, map(optimum, paths), strict=True))
    assert found == pytest.approx(EXPECTED, rel=1e-4, abs=1e-4)
    held = [line.split()[1] for line in paths[-1].read_text().splitlines() if " L goal[" in line]
    assert held == [f"goal[{name}]" for name in list(EXPECTED)[:-1]]


def test_without_solving_only_the_goal_differs(tmp_path: Path) -> None:
    assert call(TINY, "--mps", tmp_path).exit_code == 0
    paths = sorted(tmp_path.iterdir())
    assert len(paths) == len(EXPECTED)
    assert not any("goal[" in path.read_text() for path in paths)
    assert optimum(paths[0]) == pytest.approx(EXPECTED["floors"], rel=1e-6)
    # Alone, the last goal does better than after those before it.
    assert optimum(paths[-1]) < EXPECTED["cost"] - 1


@pytest.mark.parametrize("seed", [0, 4, 7])
def test_whole_packs_stay_whole(seed: int, tmp_path: Path) -> None:
    instance = random_instance(seed, whole=True, goals=("item_days",), fairness="floors")
    assert call(save(instance, tmp_path / "city"), "--mps", tmp_path / "mps").exit_code == 0
    [path] = (tmp_path / "mps").iterdir()
    assert "'INTORG'" in path.read_text()
    assert optimum(path) == pytest.approx(solve_goals(instance)["item_days"], rel=1e-4, abs=1e-4)


def test_every_kind_of_bound_comes_back(tmp_path: Path) -> None:
    inf = np.inf
    program = Program()
    x = program.add_columns("x", 5, [inf, 7.5, inf, 2, 1], [-inf, -3, 0.1, 2, 0], [0, 0, 1, 0, 1])
    rows = program.add_rows("row", 5, [1, -inf, 4, -2, -inf], [inf, 0.1 + 0.2, 4, 5, inf])
    program.add_entries(rows, x, [1, 2, 3, 4, 5.5])
    write_mps(tmp_path / "a.mps", program, np.array([1.0, -2, 0, 0, 1e-9]), constant=12.25)
    lp = read(tmp_path / "a.mps").getLp()
    assert (lp.offset_, list(lp.col_cost_)) == (12.25, [1.0, -2, 0, 0, 1e-9])
    assert np.array_equal(lp.col_lower_, program.lower)
    assert np.array_equal(lp.col_upper_, program.upper)
    assert [int(kind) for kind in map(int, lp.integrality_)] == [0, 0, 1, 0, 1]
    # The last row binds nothing and is left out.
    assert np.array_equal(lp.row_lower_, program.row_lower[:4])
    assert np.array_equal(lp.row_upper_, program.row_upper[:4])
    assert list(lp.row_names_) == ["row[0]", "row[1]", "row[2]", "row[3]"]
    assert list(lp.a_matrix_.value_) == [1, 2, 3, 4]


def test_names_are_fit_for_the_format_and_unique() -> None:
    assert unique_names(["a b", "a_b", "a\tb", "田林,1"]) == ["a_b", "a_b~2", "a_b~3", "田林,1"]


@pytest.mark.parametrize("words", [[], ["out.zip", "--mps", "x"], ["out.zip", "--solve"]])
def test_what_to_write_has_to_be_clear(words: list[str]) -> None:
    result = call(TINY, *words)
    assert (result.exit_code, "E2141" in result.stderr) == (2, True)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = call(TINY, "--mps", tmp_path / "file")
    assert (result.exit_code, "E2142" in result.stderr) == (2, True)
