"""init, validate, schema, export and import on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from allocator.cli.import_ import import_
from allocator.cli.main import cli
from allocator.instance import Policy, instance_hash, load, save, validate
from allocator.instance.schema import settings, tables
from tests.instance_cases import good_instance


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def data(result: Result) -> Any:
    return json.loads(result.stdout)["data"]


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return save(good_instance(), tmp_path / "case")


@pytest.mark.parametrize("verb", ["init", "validate", "schema", "export"])
def test_help_begins_with_examples(verb: str) -> None:
    text = call(verb, "--help").stdout
    assert text.index(f"allocator {verb}") < text.index("Options:")


def test_init_gives_an_instance_that_is_valid_and_commented(tmp_path: Path) -> None:
    folder = tmp_path / "my-city"
    assert call("init", folder).exit_code == 0
    report = validate(folder)
    assert (report.valid, report.warnings) == (True, ())
    assert load(folder).policy == Policy()
    assert "# fairness = " in (folder / "policy.toml").read_text()
    assert "my-city" in (folder / "README.md").read_text()
    again = call("init", folder)
    assert again.exit_code == 2
    assert "E2102" in again.stderr


def test_init_gives_an_instance_that_can_be_planned(tmp_path: Path) -> None:
    call("init", tmp_path / "my-city")
    result = call("doctor", tmp_path / "my-city", "--json")
    assert result.exit_code == 0, result.stdout
    codes = {finding["code"] for finding in json.loads(result.stdout)["errors"]}
    assert not codes


def test_init_policy_can_be_uncommented(tmp_path: Path) -> None:
    call("init", tmp_path / "my-city")
    path = tmp_path / "my-city" / "policy.toml"
    lines = path.read_text().splitlines()
    keys = [
        line.removeprefix("# ") if " = " in line and "(" not in line else line for line in lines
    ]
    path.write_text("\n".join(keys))
    policy = load(tmp_path / "my-city").policy
    usual = Policy(give_up={})
    absent = {name: None for name in settings() if getattr(usual, name) is None}
    assert policy.replace(**absent, give_up={}) == usual
    assert policy.max_changes == 1000


def test_init_excel_gives_a_template_to_fill_in(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    path = tmp_path / "t.xlsx"
    assert call("init", "--excel", path).exit_code == 0
    book = load_workbook(path)
    assert book.sheetnames == ["notes", *tables(), "policy"]
    assert {fault.code for fault in validate(path).faults} == {"E1102"}
    rows = {
        "periods": {"period": 1},
        "communities": {"community_id": "007", "population": 10},
        "items": {"item_id": "rice", "kg": 1},
        "needs": {"community_id": "007", "item_id": "rice", "period": 1, "quantity": 5},
    }
    for table, row in rows.items():
        names = [cell.value for cell in book[table][1]]
        book[table].append([row.get(name) for name in names])
    book["policy"]["B3"] = "yes"
    book.save(path)
    instance = load(path)
    assert instance["needs"]["people"].tolist() == [10]
    assert instance.policy.exercise
    assert call("init", "--excel", path).exit_code == 2


def test_init_needs_one_place() -> None:
    assert call("init").exit_code == 2
    assert call("init", "a", "--excel", "b.xlsx").exit_code == 2
    assert call("init", "--excel", "b.csv").exit_code == 2


def test_validate_valid(case: Path) -> None:
    result = call("validate", case)
    assert result.exit_code == 0
    assert "is valid" in result.stdout
    assert data(call("validate", case, "--json"))["rows"]["needs"] == 7


def test_validate_lists_every_fault(case: Path) -> None:
    lines = (case / "needs.csv").read_text().splitlines()
    ids = [f"X{number},rice,1,-1,1,0,lots" for number in range(15)]
    (case / "needs.csv").write_text("\n".join([lines[0], *ids]))
    result = call("validate", case)
    assert result.exit_code == 3
    assert result.stdout.count("E1302") == 15
    assert result.stdout.count("E1204") == 15
    assert "needs.csv:16:community_id" in result.stdout
    envelope = json.loads(call("validate", case, "--json").stdout)
    assert len(envelope["errors"]) == 45
    assert envelope["status"] == "error"


def test_schema_of_all_and_of_one() -> None:
    assert all(table in call("schema").stdout for table in tables())
    text = " ".join(call("schema", "needs").stdout.split())
    assert "Share of the quantity that comes before every other goal" in text
    assert "max-min" in call("schema", "policy").stdout
    assert (
        data(call("schema", "needs", "--json"))["table_schema"]["fields"][0]["name"]
        == "community_id"
    )
    assert "json_schema" in data(call("schema", "--json"))
    assert call("schema", "--markdown").stdout.startswith("# Tables of an instance")
    assert call("schema", "items", "--markdown").stdout.startswith("## items")
    wrong = call("schema", "need")
    assert wrong.exit_code == 2
    assert "needs" in wrong.stderr


@pytest.mark.parametrize("out", ["out.zip", "out.json", "out.xlsx", "out"])
def test_export_and_import(out: str, case: Path, tmp_path: Path) -> None:
    result = call("export", case, tmp_path / out, "--json")
    assert result.exit_code == 0
    assert data(result)["hash"] == instance_hash(good_instance())
    back = CliRunner().invoke(import_, [str(tmp_path / out), str(tmp_path / "back")])
    assert back.exit_code == 0
    assert instance_hash(load(tmp_path / "back")) == instance_hash(good_instance())


def test_export_of_nothing(tmp_path: Path) -> None:
    assert call("export", tmp_path / "none", tmp_path / "out.zip").exit_code == 3


@pytest.mark.parametrize("words", [("validate",), ("dispatch",), ("export", "one.xlsx")])
def test_a_plan_is_no_instance(words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    (tmp_path / "purchases.csv").write_text("site_id\nW1\n")
    result = call(words[0], tmp_path, *(str(tmp_path / word) for word in words[1:]))
    assert result.exit_code == 3
    assert "E1515" in result.stderr + result.stdout
    assert "E1101" not in result.stderr + result.stdout
    assert not (tmp_path / "one.xlsx").exists()
