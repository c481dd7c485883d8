"""The schema says the same everywhere: tables, packages, JSON, docs."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from allocator.instance import load, save
from allocator.instance.datapackage import slug, table_schema
from allocator.instance.describe import markdown
from allocator.instance.json_schema import instance_schema
from allocator.instance.schema import settings, tables
from allocator.instance.starter import starter_instance
from tests.instance_cases import good_instance

ROOT = Path(__file__).resolve().parents[1]
TARGETS = {*tables(), "places", "zones", "places_districts_zones", ""}


def test_fields_csv_is_sound() -> None:
    for table, specs in tables().items():
        assert len({spec.name for spec in specs}) == len(specs)
        for spec in specs:
            place = f"{table}.{spec.name}"
            assert spec.type in ("string", "integer", "number", "boolean", "list"), place
            assert spec.meaning, place
            assert spec.refers_to in TARGETS, place
            assert not (spec.required and spec.default), place
            assert not spec.values or not spec.default or spec.default in spec.values, place


def test_policy_csv_is_sound() -> None:
    kinds = ("string", "integer", "number", "boolean", "list", "table")
    assert all(spec.type in kinds and spec.meaning for spec in settings().values())


def test_the_page_of_tables_is_up_to_date() -> None:
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert page == markdown(), "run: allocator schema --markdown > docs/tables.md"


@pytest.mark.parametrize("make", [good_instance, lambda: starter_instance("start")])
def test_frictionless_finds_saved_packages_valid(make: object, tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    path = save(make(), tmp_path / "case")  # type: ignore[operator]
    report = frictionless.validate(str(path / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "type", "note"])
    assert len(report.tasks) >= 10


def test_frictionless_finds_a_broken_package_invalid(tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    path = save(good_instance(), tmp_path / "case")
    text = (path / "needs.csv").read_text().replace("C1,rice,1,600", "C1,soup,1,many")
    (path / "needs.csv").write_text(text)
    report = frictionless.validate(str(path / "datapackage.json"))
    kinds = {kind for (kind,) in report.flatten(["type"])}
    assert {"type-error", "foreign-key"} <= kinds


def test_json_schema_accepts_what_is_saved_and_refuses_what_is_broken(tmp_path: Path) -> None:
    validator = jsonschema.Draft202012Validator(instance_schema())
    validator.check_schema(instance_schema())
    document = json.loads(save(good_instance(), tmp_path / "case.json").read_text("utf-8"))
    assert not list(validator.iter_errors(document))
    document["tables"]["needs"][0]["quantity"] = -1
    document["policy"]["fairnes"] = "none"
    del document["tables"]["items"][0]["kg"]
    assert len(list(validator.iter_errors(document))) == 3


@pytest.mark.parametrize("name", ["tiny"])
def test_shipped_instances_are_valid(name: str, tmp_path: Path) -> None:
    instance = load(ROOT / "instances" / name)
    assert instance.notes["warnings"] == ()
    assert load(save(instance, tmp_path / "copy.zip")).policy == instance.policy


def test_names_of_packages() -> None:
    assert slug("Shanghai 2022, district") == "shanghai-2022-district"
    assert slug("上海") == "instance"


def test_keys_that_may_be_blank_are_no_primary_keys() -> None:
    assert "primaryKey" not in table_schema("vehicles")
    assert table_schema("needs")["primaryKey"] == ["community_id", "item_id", "period"]
