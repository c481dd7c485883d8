"""Finding, measuring and reporting benchmarks, on a toy suite."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from allocator.bench import Case, Settings, files, runner
from allocator.bench.files import data_folder, load_suite, need_folder, suites
from allocator.bench.meter import Meter, own_peak_mb
from allocator.bench.runner import chosen, measured, run_suite
from allocator.bench.table import section
from allocator.cli.main import cli
from allocator.errors import UsageError

TOY = """
import subprocess, sys, time
from allocator.bench import Case, Row, Suite

def cases(settings):
    return [Case("small", ("plain", "double")), Case("smallest", ("plain",)),
            Case("odd", ("broken", "sleeper", "hoarder", "parent"))]

def run(case, method, settings, meter):
    if method == "broken":
        raise ValueError("no such luck")
    if method == "sleeper":
        time.sleep(60)
    if method == "hoarder":
        hoard = bytearray(b"x") * (150 << 20)
        del hoard
    if method == "parent":
        code = "import time; hoard = b'x' * (150 << 20); time.sleep(1.5)"
        subprocess.run([sys.executable, "-c", code], check=True)
    with meter.phase("solve"):
        time.sleep(0.05)
    value = settings.seed + (2.0 if method == "double" else 1.0)
    return [Row(case.name, method, value=value, expected=1.0, within=value == 1.0)]

def compare(rows):
    values = {row.method: row.value for row in rows}
    if len(values) < 2 or None in values.values():
        return []
    return [Row(rows[0].case + "/ratio", "ratio", value=values["double"] / values["plain"])]

SUITE = Suite("toy", "A toy", cases, run, compare, notes=("it is a toy",))
"""


@pytest.fixture(autouse=True)
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "toy.py").write_text(TOY, encoding="utf-8")
    monkeypatch.setenv("ALLOCATOR_BENCHMARKS", str(tmp_path))
    return tmp_path / "toy.py"


def call(*words: str) -> Result:
    return CliRunner().invoke(cli, ["bench", *words])


def test_every_method_gives_a_row_and_the_suite_compares_them() -> None:
    heard: list[str] = []
    done = run_suite("toy", Settings(), "small", lambda row: heard.append(row.method))
    assert [(row.case, row.method, row.value) for row in done.rows] == [
        ("small", "plain", 1.0),
        ("small", "double", 2.0),
        ("small/ratio", "ratio", 2.0),
    ]
    assert heard == ["plain", "double", "ratio"]
    assert 0.05 <= done.rows[0].seconds["solve"] < 5.0


def test_only_the_methods_asked_for_are_run() -> None:
    done = run_suite("toy", Settings(), "small*", methods=["double"])
    assert [(row.case, row.method) for row in done.rows] == [("small", "double")]
    with pytest.raises(UsageError) as caught:
        run_suite("toy", Settings(), methods=["doubel", "plain"])
    assert caught.value.code == "E2407"
    assert "doubel" in str(caught.value)


def test_settings_reach_the_method() -> None:
    assert run_suite("toy", Settings(seed=4), "smallest").rows[0].value == 5.0


def test_a_case_is_chosen_by_name_pattern_or_part() -> None:
    cases = [Case("small", ()), Case("smallest", ()), Case("big", ())]

    def names(only: str) -> list[str]:
        return [case.name for case in chosen(cases, only)]

    assert names("") == ["small", "smallest", "big"]
    assert names("small") == ["small"]
    assert names("small*") == names("mall") == ["small", "smallest"]
    with pytest.raises(UsageError, match="choose from small, smallest, big"):
        names("huge")


def test_a_method_that_fails_is_a_row_that_says_so(toy: Path) -> None:
    (row,) = measured(toy, Case("odd", ()), "broken", Settings())
    assert (row.case, row.method, row.value, row.within) == ("odd", "broken", None, None)
    assert row.note == "failed with exit code 1: ValueError: no such luck"


def test_a_method_that_hangs_is_stopped(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "GRACE_SECONDS", 0.5)
    (row,) = measured(toy, Case("odd", ()), "sleeper", Settings(time_limit=0.5))
    assert row.note == "failed: stopped at the hard limit"


def test_peak_memory_is_that_of_the_method_alone(toy: Path) -> None:
    ballast = np.ones(25_000_000)  # 190 MiB here must not count there
    (small,) = measured(toy, Case("small", ()), "plain", Settings())
    (large,) = measured(toy, Case("odd", ()), "hoarder", Settings())
    assert own_peak_mb() > 190
    assert ballast[-1] == 1
    assert small.peak_mb is not None
    assert small.peak_mb < 100
    assert large.peak_mb is not None
    assert large.peak_mb - small.peak_mb == pytest.approx(150, abs=15)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_peak_memory_counts_the_processes_of_a_method(toy: Path) -> None:
    (row,) = measured(toy, Case("odd", ()), "parent", Settings())
    assert row.peak_mb is not None
    assert row.peak_mb > 150


def test_a_phase_adds_up_and_counts_when_it_fails() -> None:
    meter = Meter()
    meter.add("load", 1.0)
    with pytest.raises(ZeroDivisionError), meter.phase("load"):
        raise ZeroDivisionError
    assert meter.seconds["load"] > 1.0


def test_json_has_rows_environment_and_notes() -> None:
    result = call("run", "toy", "--only", "smallest", "--seed", "3", "--json")
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)["data"]
    asked = {"case", "method", "seconds", "peak_mb", "value", "bound", "gap", "expected", "within"}
    assert [asked - set(row) for row in data["rows"]] == [set()]
    assert data["rows"][0]["within"] is False
    assert data["environment"]["seed"] == 3
    assert data["environment"]["versions"]["highspy"]
    assert data["notes"] == ["it is a toy"]


def test_a_missed_requirement_is_an_exit_code_only_when_asked() -> None:
    words = ["run", "toy", "--only", "smallest", "--seed", "3"]
    assert call(*words).exit_code == 0
    assert call(*words, "--fail-on", "miss").exit_code == 7
    assert call("run", "toy", "--only", "smallest", "--fail-on", "miss").exit_code == 0


def test_report_turns_results_into_a_table_with_footnotes(tmp_path: Path) -> None:
    file = tmp_path / "toy.json"
    file.write_text(call("run", "toy", "--only", "small", "--json").stdout, encoding="utf-8")
    text = call("report", str(file)).stdout
    assert "## toy" in text
    assert "| small | double |" in text
    assert "| NO |" in text
    assert "1 of 2 requirements hold, 3 rows." in text
    assert "[1] it is a toy" in text
    assert "Measured on" in text
    assert "highspy 1.12" in text


def test_report_confesses_what_failed() -> None:
    row = {"case": "a|b", "method": "m", "seconds": {}, "detail": {"columns": 1000}}
    row |= dict.fromkeys(("peak_mb", "value", "bound", "gap", "expected", "within"))
    facts = {"cores": 2, "memory_mb": None, "system": "X", "python": "3", "versions": {}}
    facts |= {"time_limit": None, "seed": 0, "busy": None}
    rows = [row | {"note": "failed: lost"}, row | {"note": "failed: lost"}, row | {"note": ""}]
    text = section({"suite": "s", "rows": rows, "notes": ["n"], "environment": facts})
    assert text.count("| a\\|b [2] |") == 2
    assert text.count("[2] failed: lost") == 1
    assert "2 failed" in text
    assert "columns 1,000" in text


def test_report_refuses_other_files(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"data": {}}', encoding="utf-8")
    result = call("report", str(file))
    assert result.exit_code == 2
    assert "E2406" in result.stderr


def test_list_names_suites_and_cases() -> None:
    assert "A toy" in call("list").stdout
    lines = call("list", "toy").stdout.splitlines()
    assert [line.split(maxsplit=1) for line in lines[:2]] == [
        ["case", "methods"],
        ["small", "plain, double"],
    ]
    listed = json.loads(call("list", "--json").stdout)["data"]["suites"]
    assert listed == [{"suite": "toy", "purpose": "A toy"}]


def test_an_unknown_suite_gets_a_suggestion() -> None:
    result = call("run", "toi")
    assert result.exit_code == 2
    assert "did you mean 'toy'" in result.stderr


def test_an_installation_without_the_repository_says_where_the_suites_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALLOCATOR_BENCHMARKS")
    monkeypatch.setattr(files, "CHECKOUT", tmp_path / "site-packages")
    result = call("list")
    assert result.exit_code == 2
    assert "E2401" in result.stderr
    assert "clone the repository" in result.stderr


def test_the_suites_of_the_repository_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLOCATOR_BENCHMARKS")
    assert {"dispatch-size", "shanghai", "ventilators"} <= set(suites())
    for name in suites():
        assert load_suite(name).name == name


def test_data_is_found_by_option_then_environment_then_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("given", "environment", "shared/data"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(files, "CHECKOUT", tmp_path / "clone")
    monkeypatch.delenv("ALLOCATOR_DATA", raising=False)
    assert data_folder() == str(tmp_path / "shared" / "data")
    monkeypatch.setenv("ALLOCATOR_DATA", str(tmp_path / "environment"))
    assert data_folder() == str(tmp_path / "environment")
    assert data_folder(str(tmp_path / "given")) == str(tmp_path / "given")
    assert data_folder(str(tmp_path / "absent")) == ""


def test_absent_data_is_a_coded_error(tmp_path: Path) -> None:
    for settings in (Settings(), Settings(data=str(tmp_path))):
        with pytest.raises(UsageError, match="E2404"):
            need_folder(settings, "published/nothing")


def test_a_suite_that_is_no_python_file(tmp_path: Path) -> None:
    (tmp_path / "suite.txt").write_text("SUITE = 1")
    with pytest.raises(UsageError) as caught:
        files.load_file(tmp_path / "suite.txt")
    assert caught.value.code == "E2403"
