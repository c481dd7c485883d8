"""What commands refuse: a code, the exit code of its class, and nothing written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from allocator.cli.main import cli
from allocator.errors import InstanceError, InternalError
from allocator.instance import load, save
from allocator.plan import Plan, Status, plan_table
from allocator.resources import _first_folder

TINY = Path(__file__).parents[1] / "instances" / "tiny"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a fresh folder, whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("ALLOCATOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ALLOCATOR_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    monkeypatch.chdir(tmp_path)


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def refused(code: str, exit_code: int, *words: object) -> None:
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*")}
    result = call(*words)
    assert code in result.output
    assert result.exit_code == exit_code, result.output
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*")} == before


def stored(decision: str, table: str, name: str) -> str:
    """Save a plan of one decision with an empty table; return its folder."""
    tables = {table: plan_table(table)}
    if decision == "route":
        row = {"route": "R1", "trip": 1, "sequence": 1}
        tables[table] = plan_table(table, pd.DataFrame([row]))
    Plan(decision, tables, Status("completed", "valid")).save(name)
    return name


@pytest.mark.parametrize(
    ("code", "exit_code", "words"),
    [
        ("E1501", 3, "validate nowhere"),
        ("E1501", 3, "dispatch nowhere --out p"),
        ("E1511", 3, "validate config.toml"),
        ("E2101", 2, "init"),
        ("E2101", 2, "init a --excel b.xlsx"),
        ("E2102", 2, "init full"),
        ("E2103", 2, "init --excel b.xls"),
        ("E2104", 2, "schema need"),
        ("E2302", 2, "dispatch {tiny} --out p --time-limit 0"),
        ("E2111", 2, "dispatch {tiny} --out full"),
        ("E2141", 2, "export {tiny}"),
        ("'--most'", 2, "check full --most -1"),
        ("'--most'", 2, "explain full --most -1"),
        ("'--most'", 2, "compare full full --most -1"),
        ("E2402", 2, "bench run nothing"),
        ("E2405", 2, "bench run ventilators --only nothing"),
    ],
)
def test_refusals(code: str, exit_code: int, words: str) -> None:
    Path("full").mkdir()
    Path("full/diary.txt").write_text("mine")
    refused(code, exit_code, *words.format(tiny=TINY).split())


@pytest.mark.parametrize("text", ["", "[1, 2]", "{"])
def test_json_that_is_no_instance(text: str) -> None:
    Path("case.json").write_text(text)
    refused("E1508", 3, "validate", "case.json")


def test_tables_in_json_that_are_none() -> None:
    document = json.loads(save(load(TINY), Path("case.json")).read_text())
    document["tables"] |= {"needs": {"quantity": 1}, "need": []}
    Path("case.json").write_text(json.dumps(document))
    refused("E1508", 3, "validate", "case.json")
    assert "W1103" in call("validate", "case.json").output


def test_workbooks_that_cannot_be_used() -> None:
    Path("case.xlsx").write_bytes(b"no workbook")
    refused("E1509", 3, "validate", "case.xlsx")
    Path("case.xlsx").unlink()
    save(load(TINY), Path("case.xlsx"))
    book = openpyxl.load_workbook("case.xlsx")
    for _ in range(2):
        book["policy"].append(["fairness", "none"])
    book.create_sheet("need")
    book.save("case.xlsx")
    refused("E1408", 3, "validate", "case.xlsx")
    assert "W1102" in call("validate", "case.xlsx").output


def test_a_package_file_that_is_none() -> None:
    save(load(TINY), Path("case"))
    Path("case/datapackage.json").write_text("{")
    refused("E1510", 3, "validate", "case")


def test_a_settings_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_CONFIG", "nowhere.toml")
    refused("E2303", 2, "dispatch", TINY, "--out", "p")


def test_plans_of_the_wrong_decision() -> None:
    stored("dispatch", "shipments", "goods")
    stored("route", "routes", "tours")
    refused("E2127", 2, "compare", "goods", "tours")
    refused("E2354", 2, "report", "goods", "--sheets", "--instance", TINY)
    refused("E2355", 2, "report", "tours", "--sheets", "--route", "R9", "--instance", TINY)
    refused("E2356", 2, "plan", TINY, "--out", "goods")


def test_frames_that_are_no_table() -> None:
    with pytest.raises(InstanceError, match="E1109") as caught:
        load(TINY).replace(need=pd.DataFrame())
    assert caught.value.faults[0].suggestion == "needs"


def test_a_document_names_the_whole_command() -> None:
    for words in (["bench", "list"], ["schema"], ["generate", "lockdown", "--out", "town"]):
        document = json.loads(call(*words, "--json").stdout)
        assert document["command"] == " ".join(words[:2] if len(words) > 1 else words)
        assert document["status"] == "ok"


def test_an_instance_that_has_moved() -> None:
    save(load(TINY), Path("case"))
    assert call("dispatch", "case", "--out", "goods", "--quiet").exit_code == 0
    Path("case").rename("moved")
    refused("E2131", 2, "check", "goods")
    assert "is not where it was" in call("check", "goods").output
    assert call("check", "goods", "--instance", "moved").exit_code == 0


def test_many_warnings_are_counted_in_the_summary_and_listed_in_json() -> None:
    save(load(TINY), Path("case"))
    for name in ("pin", "owner", "limit", "purchase", "patient", "worker", "post", "shift"):
        Path(f"case/{name}.csv").write_text("a,b\n1,2\n")
    short = call("dispatch", "case", "--out", "plan").output
    assert "3 more warnings" in short
    assert "W2301" in short
    told = json.loads(call("dispatch", "case", "--out", "again", "--json").stdout)
    assert len(told["warnings"]) == 8


def test_an_installation_without_its_files_says_so() -> None:
    with pytest.raises(InternalError) as caught:
        _first_folder(Path("nowhere"))
    assert caught.value.code == "E9002"
