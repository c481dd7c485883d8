"""`allocator staff` from the shell: a roster, its judge, its reasons, and what cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

import allocator
from allocator.cli.main import cli
from tests.staff_cases import FOLDER

EXAMPLE = FOLDER / "example"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An instance whose ward lacks nurses, and its plan."""
    case = changed(tmp_path_factory.mktemp("short"), "posts", 0, wanted=2)
    out = case.parent / "plan"
    result = call("staff", case, "--out", out, "--quiet")
    assert result.exit_code == 0, result.output
    return case, out


def changed(folder: Path, table: str, row: int, **cells: Any) -> Path:
    case = folder / "case"
    shutil.copytree(EXAMPLE, case)
    frame = pd.read_csv(case / f"{table}.csv")
    for name, value in cells.items():
        frame[name] = frame.get(name)
        frame.loc[row, name] = value
    frame.to_csv(case / f"{table}.csv", index=False)
    return case


def test_a_roster_is_written_and_judged(short: tuple[Path, Path]) -> None:
    _, out = short
    names = {path.name for path in out.glob("*.csv")}
    assert {"roster.csv", "uncovered.csv", "workload.csv", "gates.csv", "reasons.csv"} <= names
    assert call("check", out).exit_code == 0
    plan = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    assert plan["status"]["proof"] == "optimal"


def test_reasons_name_the_rules(short: tuple[Path, Path]) -> None:
    _, out = short
    text = call("explain", out, "ward").output
    assert "ward in period 1, shift night, lacks 1" in text
    assert "IMPOSSIBLE_ALONE" in text
    assert "wang cannot work" in text


def test_the_same_input_gives_the_same_roster(short: tuple[Path, Path], tmp_path: Path) -> None:
    case, out = short
    assert call("staff", case, "--out", tmp_path / "again", "--quiet").exit_code == 0
    for table in ("roster.csv", "uncovered.csv", "workload.csv"):
        assert (out / table).read_bytes() == (tmp_path / "again" / table).read_bytes()


def test_the_last_roster_is_kept_where_nothing_speaks_against_it(
    short: tuple[Path, Path], tmp_path: Path
) -> None:
    case, out = short
    goals = "staff_goals=critical_uncovered|uncovered|change"
    result = call(
        "staff", case, "--out", tmp_path / "n", "--start", out, "--set", goals, "--json", "--quiet"
    )
    values = {goal["name"]: goal["value"] for goal in json.loads(result.output)["data"]["goals"]}
    assert values["change"] == 0


def test_an_impossible_roster_names_the_smallest_conflict(tmp_path: Path) -> None:
    case = changed(tmp_path, "posts", 0, wanted=2, minimum=2)
    result = call("staff", case, "--out", tmp_path / "plan", "--quiet", "--json")
    assert result.exit_code == 4
    errors = json.loads(result.output)["errors"]
    assert [one["code"] for one in errors] == ["E4301", "E4302", "E4302", "E4302"]
    words = " ".join(one["rule"] for one in errors)
    assert "ward in period 1, shift night, needs 2 people" in words
    assert "wang cannot work" in words
    assert not (tmp_path / "plan").exists()


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    assert "E2331" in call("staff", EXAMPLE, "--method", "luck", "--out", tmp_path / "x").output
    bare = allocator.load(EXAMPLE)
    with pytest.raises(allocator.UsageError, match="E2352"):
        allocator.staff(bare.replace(posts=bare["posts"].head(0)))


def test_bad_tables_are_told_all_at_once(tmp_path: Path) -> None:
    case = changed(tmp_path, "posts", 0, minimum=9)
    workers = pd.read_csv(case / "workers.csv")
    workers["minimum_minutes"] = 9999
    workers["shortest_run"] = 2
    workers["number"] = 3
    workers.to_csv(case / "workers.csv", index=False)
    shifts = pd.read_csv(case / "shifts.csv").assign(suit="yes", suit_minutes_max=60)
    shifts.to_csv(case / "shifts.csv", index=False)
    result = call("validate", case)
    assert result.exit_code == 3
    assert all(code in result.output for code in ("E1351", "E1354", "E1357", "E1358"))


def test_reasons_for_another_instance_come_with_a_warning(
    short: tuple[Path, Path], tmp_path: Path
) -> None:
    _, out = short
    assert "W2133" not in call("explain", out, "ward").output
    other = changed(tmp_path, "posts", 0, wanted=3)
    assert "W2133" in call("explain", out, "ward", "--instance", other).output
