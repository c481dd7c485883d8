"""Tables of pre-positioning: what is wrong has a code, and all of it is told at once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocator.errors import InstanceError
from allocator.instance import Instance, instance_hash, load, save, validate
from allocator.instance.bundle import BULK_TABLES
from allocator.instance.futures import reserve_case
from tests.scenario_cases import POLICY, TABLES, reserve_instance, reserve_tables

BULK = set(BULK_TABLES) - {"scenario_patients"}
ROOT = Path(__file__).resolve().parents[1]
HASHES = {
    "tiny": "d5814266f193fbd5fa4fdb2e14109bbcf25f9fba009eba3d0ef178bcca533e6b",
    "shanghai-2022/district": "af6d66f586ffd9d1af4bdb3f72b03f7b5d449f256d2c21acc5e3cd2ffaa8d095",
}


def faults(policy: dict[str, Any] | None = None, **tables: pd.DataFrame) -> list[tuple[str, str]]:
    try:
        Instance.from_frames(policy=POLICY | (policy or {}), **reserve_tables(**tables))
    except InstanceError as error:
        return [(fault.code, fault.where) for fault in error.faults if fault.severity == "error"]
    return []


def changed(table: str, row: int, **cells: object) -> dict[str, pd.DataFrame]:
    """A table of the case with some cells of a row changed."""
    frame = pd.DataFrame(TABLES[table]).astype(object)
    for name, value in cells.items():
        if name not in frame:
            frame[name] = None
        frame.loc[row, name] = value
    return {table: frame}


def test_the_case_is_valid_and_complete() -> None:
    instance = reserve_instance()
    assert not instance.notes["warnings"]
    new = {"sizes", "reserves", "agreements", "reserve_pins", *BULK}
    assert all(len(instance[table]) for table in new)


def test_needs_may_be_told_by_the_scenarios_alone() -> None:
    tables = reserve_tables()
    del tables["needs"]
    instance = Instance.from_frames(policy=POLICY, **tables)
    assert len(instance["scenario_needs"])
    assert reserve_case(instance).futures.need.sum() > 0
    del tables["scenario_needs"]
    with pytest.raises(InstanceError, match="E1101"):
        Instance.from_frames(policy=POLICY, **tables)


@pytest.mark.parametrize("ending", ["", ".zip", ".json", ".xlsx"])
def test_every_packing_is_lossless(ending: str, tmp_path: Path) -> None:
    instance = reserve_instance()
    path = save(instance, tmp_path / f"case{ending}")
    assert instance_hash(load(path)) == instance_hash(instance)
    if not ending:
        assert {name.stem for name in (path / "scenarios").iterdir()} >= BULK


def test_the_package_is_valid_for_others(tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    path = save(reserve_instance(), tmp_path / "case")
    report = frictionless.validate(str(path / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "type", "note"])


@pytest.mark.parametrize("name", sorted(HASHES))
def test_older_instances_keep_their_hash(name: str) -> None:
    instance = load(ROOT / "instances" / name)
    people = {table: instance[table].iloc[:0] for table in ("workers", "shifts", "posts")}
    assert instance_hash(instance.replace(**people)) == HASHES[name]


def test_what_is_new_counts_once_it_says_something() -> None:
    instance = reserve_instance()
    items = instance["items"].assign(shortage_cost=99.0)
    other = instance.replace(policy=instance.policy.replace(risk="cvar"))
    hashes = {instance_hash(case) for case in (instance, instance.replace(items=items), other)}
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("tables", "code", "where"),
    [
        (changed("scenarios", 0, probability=0.5), "E1312", "scenarios"),
        (changed("scenarios", 0, probability=-0.1), "E1204", "scenarios[0].probability"),
        (changed("sites", 1, survival=1.2), "E1204", "sites[1].survival"),
        (changed("scenario_sites", 0, survival=-0.1), "E1204", "scenario_sites[0].survival"),
        (changed("scenario_sites", 0, site_id="W9"), "E1302", "scenario_sites[0].site_id"),
        (changed("scenario_sites", 0, scenario_id="S9"), "E1302", "scenario_sites[0].scenario_id"),
        (changed("scenario_sites", 1, site_id="W2", item_id=""), "E1301", "scenario_sites[2].*"),
        (changed("scenario_needs", 0, community_id="C9"), "E1302", "scenario_needs[0].*"),
        (changed("scenario_needs", 0, quantity=-1), "E1204", "scenario_needs[0].quantity"),
        (changed("scenario_needs", 0, quantity=None), "E1201", "scenario_needs[0].quantity"),
        (changed("scenario_needs", 0, period=9), "E1302", "scenario_needs[0].period"),
        (changed("scenario_needs", 1, period=1), "E1301", "scenario_needs[1].*"),
        (changed("scenario_links", 0, factor=-2), "E1204", "scenario_links[0].factor"),
        (changed("scenario_links", 0, from_id="W9"), "E1302", "scenario_links[0].from_id"),
        (changed("scenario_agreements", 0, agreement_id="A9"), "E1302", "scenario_agreements[0].*"),
        (changed("scenario_agreements", 0, available=2), "E1204", "scenario_agreements[0].*"),
        (changed("sizes", 0, fixed_cost=-5), "E1204", "sizes[0].fixed_cost"),
        (changed("sizes", 1, size_id="small"), "E1301", "sizes[1].site_id"),
        (changed("sizes", 0, site_id="W9"), "E1302", "sizes[0].site_id"),
        (changed("reserves", 1, maximum=1), "E1320", "reserves[1].maximum"),
        (changed("reserves", 1, site_id="", item_id="rice"), "E1301", "reserves[1].site_id"),
        (changed("agreements", 0, available=1.5), "E1204", "agreements[0].available"),
        (changed("agreements", 0, item_id="gold"), "E1302", "agreements[0].item_id"),
        (changed("agreements", 0, delay_periods=0.5), "E1205", "agreements[0].delay_periods"),
        (changed("reserve_pins", 0, quantity=None), "E1321", "reserve_pins[0].quantity"),
        (changed("reserve_pins", 1, site_id=""), "E1322", "reserve_pins[1].site_id"),
        (changed("reserve_pins", 1, open=""), "E1322", "reserve_pins[1].open"),
        (changed("reserve_pins", 1, size_id="huge"), "E1323", "reserve_pins[1].size_id"),
        (changed("reserve_pins", 1, open="maybe"), "E1206", "reserve_pins[1].open"),
    ],
)
def test_fault_of_a_table(tables: dict[str, pd.DataFrame], code: str, where: str) -> None:
    found = faults(**tables)
    start = where.removesuffix("*")
    assert [entry for entry in found if entry[0] == code and entry[1].startswith(start)], found


@pytest.mark.parametrize(
    ("policy", "code", "key"),
    [
        ({"reserve_budget": 999.0}, "E1412", "reserve_budget"),
        ({"reserve_budget": -1.0}, "E1404", "reserve_budget"),
        ({"open_sites": 0}, "E1413", "open_sites"),
        ({"open_sites": 9, "open_rule": "exactly"}, "E1413", "open_sites"),
        ({"coverage_item": "gold", "coverage_minutes": 30}, "E1410", "coverage_item"),
        ({"coverage_share": 0.5}, "E1411", "coverage_share"),
        ({"coverage_each": True}, "E1411", "coverage_each"),
        ({"risk": "cvr"}, "E1405", "risk"),
        ({"risk_level": 1.0}, "E1404", "risk_level"),
        ({"risk_weight": 1.5}, "E1404", "risk_weight"),
        ({"reserve_goals": ["costs"]}, "E1405", "reserve_goals"),
        ({"reserve_goals": []}, "E1406", "reserve_goals"),
        ({"reserve_goals": ["cost", "cost"]}, "E1406", "reserve_goals"),
        ({"reserve_floor": 1.2}, "E1404", "reserve_floor"),
        ({"total_stock": "fix"}, "E1405", "total_stock"),
    ],
)
def test_fault_of_the_policy(policy: dict[str, Any], code: str, key: str) -> None:
    assert (code, f"policy:{key}") in faults(policy)


def test_budget_and_count_bind_only_what_is_kept() -> None:
    # W1 is kept at 500 (its cheapest size), with 100 rice at 4 and 60 masks at 2 (its own row).
    assert faults({"reserve_budget": 1020.0}) == []
    assert faults({"reserve_budget": 1019.0}) == [("E1412", "policy:reserve_budget")]
    assert faults({"reserve_budget": 0.0, "open_sites": 0, "close_existing": True}) == []
    assert faults({"open_sites": 3, "open_rule": "exactly"}) == []


def test_everything_is_told_at_once() -> None:
    wrong = changed("scenarios", 0, probability=0.5) | changed("sites", 0, survival=2)
    wrong |= changed("scenario_needs", 2, item_id="gold")
    codes = {code for code, _ in faults({"reserve_budget": 1.0, "risk": "none"}, **wrong)}
    assert codes >= {"E1312", "E1204", "E1302", "E1412", "E1405"}


def test_warnings() -> None:
    tables = changed("sites", 3, status="candidate")
    instance = Instance.from_frames(policy=POLICY, **reserve_tables(**tables))
    assert [fault.code for fault in instance.notes["warnings"]] == ["W1305"]
    tables = changed("agreements", 0, site_id="W4")
    instance = Instance.from_frames(policy=POLICY, **reserve_tables(**tables))
    assert [fault.code for fault in instance.notes["warnings"]] == ["W1306"]


def test_an_item_that_may_be_lacking_for_nothing() -> None:
    items = reserve_tables()["items"].assign(shortage_cost=[0.0, 0.0, 5.0])
    usual = Instance.from_frames(policy=POLICY, **reserve_tables(items=items))
    assert not usual.notes["warnings"], "what has no price is the goal remaining"
    policy = POLICY | {"reserve_goals": ["critical", "cost"]}
    instance = Instance.from_frames(policy=policy, **reserve_tables(items=items))
    found = [(fault.code, fault.where, fault.value) for fault in instance.notes["warnings"]]
    assert found == [("W1307", "policy:reserve_goals", "mask")], "rice is life-critical"


def test_a_changed_policy_is_held_against_the_sites_too() -> None:
    instance = reserve_instance()
    with pytest.raises(InstanceError, match="E1412"):
        instance.replace(policy=instance.policy.replace(reserve_budget=10.0))
    sizes = instance["sizes"].assign(fixed_cost=1e9)
    with pytest.raises(InstanceError, match="E1412"):
        instance.replace(policy=instance.policy.replace(reserve_budget=1e6), sizes=sizes)


def test_broken_files_have_addresses(tmp_path: Path) -> None:
    path = save(reserve_instance(), tmp_path / "case")
    name = path / "scenarios" / "scenario_sites.csv"
    name.write_text(name.read_text().replace("0.5", "1.5"))
    report = validate(path)
    assert [(fault.code, fault.where) for fault in report.faults] == [
        ("E1204", "scenarios/scenario_sites.csv:2:survival")
    ]


def destroyed(name: Path, how: str) -> None:
    if how == "gone":
        name.unlink()
    elif how == "binary":
        name.write_bytes(b"PK\x00\x01")
    else:
        name.write_text(name.read_text().splitlines()[0].replace(",", ",_", 1) + "\n")


@pytest.mark.parametrize("how", ["gone", "binary", "header"])
def test_any_file_may_be_broken(how: str, tmp_path: Path) -> None:
    good = save(reserve_instance(), tmp_path / "good")
    for name in sorted(path.relative_to(good) for path in good.rglob("*.csv")):
        case = shutil.copytree(good, tmp_path / name.stem)
        destroyed(case / name, how)
        report = validate(case)
        assert all(fault.code[:2] in ("E1", "W1") for fault in (*report.faults, *report.warnings))
