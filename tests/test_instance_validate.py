"""Every rule finds what breaks it, at its place, and only that."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.errors import Fault, InstanceError
from allocator.instance import Instance, instance_hash, load, save, validate
from allocator.instance.faultlog import SHOWN_PER_RULE
from tests.instance_cases import POLICY, frames, good_instance


def faults_of(
    changed: dict[str, pd.DataFrame], policy: dict[str, Any] | None = None
) -> tuple[Fault, ...]:
    try:
        instance = Instance.from_frames(policy=policy or POLICY, validate=True, **frames(**changed))
    except InstanceError as error:
        return error.faults
    warnings: tuple[Fault, ...] = instance.notes["warnings"]
    return warnings


def edited(table: str, row: int, field: str, value: object) -> dict[str, pd.DataFrame]:
    frame = frames()[table].astype(object)
    frame[field] = frame.get(field)
    frame.loc[row, field] = value
    return {table: frame}


def test_the_good_instance_has_no_fault() -> None:
    assert good_instance().notes["warnings"] == ()


@pytest.mark.parametrize(
    ("table", "row", "field", "value", "code", "suggestion"),
    [
        ("needs", 2, "quantity", None, "E1201", ""),
        ("needs", 2, "community_id", "", "E1201", ""),
        ("needs", 2, "quantity", "12 kg", "E1202", "12"),
        ("needs", 2, "quantity", "1,200", "E1202", "1200"),
        ("needs", 2, "quantity", "1,5", "E1202", "1.5"),
        ("needs", 2, "quantity", "１２", "E1202", "12"),
        ("needs", 2, "quantity", True, "E1202", ""),
        ("needs", 2, "quantity", "NaN", "E1203", ""),
        ("needs", 2, "quantity", "inf", "E1203", ""),
        ("needs", 2, "quantity", float("inf"), "E1203", ""),
        ("needs", 2, "quantity", -0.5, "E1204", ""),
        ("needs", 2, "quantity", 2e12, "E1204", ""),
        ("needs", 2, "floor_share", 1.5, "E1204", ""),
        ("needs", 2, "period", 1.5, "E1205", ""),
        ("needs", 2, "period", 0, "E1204", ""),
        ("needs", 2, "backlog", "wait", "E1206", "waits"),
        ("sites", 1, "status", "Open", "E1206", "open"),
        ("vehicles", 1, "access", "open|shut", "E1206", ""),
        ("items", 0, "reusable", "perhaps", "E1207", ""),
        ("gates", 0, "opens", "8 am", "E1208", ""),
        ("gates", 0, "closes", "25:00", "E1208", ""),
        ("periods", 1, "start", "02/04/2022", "E1209", ""),
        ("needs", 2, "item_id", " rice", "E1210", "rice"),
        ("communities", 0, "name", "a\x07b", "E1212", ""),
        ("needs", 2, "item_id", "ri\nce", "E1212", ""),
        ("needs", 2, "community_id", "C9", "E1302", ""),
        ("needs", 2, "item_id", "insuline", "E1302", "insulin"),
        ("needs", 2, "period", 4, "E1302", ""),
        ("vehicles", 0, "zones", "Z1|Z9", "E1302", ""),
        ("stocks", 1, "earmark", "Xuhuy", "E1302", "Xuhui"),
        ("stocks", 1, "owner_id", "O3", "E1302", ""),
        ("pins", 0, "to_id", "C7", "E1302", ""),
        ("sites", 1, "site_id", "C1", "E1303", ""),
        ("periods", 2, "period", 5, "E1304", ""),
        ("links", 0, "to_id", "W1", "E1305", ""),
        ("gates", 0, "closes", "08:00", "E1306", ""),
        ("links", 2, "open_to", 1, "E1307", ""),
        ("needs", 5, "backlog", "waits", "E1309", ""),
        ("stocks", 2, "earmark", "Minhang", "E1310", ""),
        ("stocks", 2, "earmark", "C3", "E1310", ""),
        ("stocks", 2, "earmark", "Z2", "E1310", ""),
        ("owners", 1, "district", "", "E1311", ""),
        ("scenarios", 0, "probability", 0.5, "E1312", ""),
        ("overlays", 0, "table", "need", "E1313", "needs"),
        ("overlays", 0, "table", "overlays", "E1313", ""),
        ("overlays", 0, "field", "quantities", "E1314", "quantity"),
        ("overlays", 0, "field", "period", "E1314", ""),
        ("overlays", 0, "op", "add", "E1206", ""),
        ("overlays", 0, "selector", "Xuhui", "E1315", ""),
        ("overlays", 0, "selector", "colour=red", "E1315", ""),
        ("overlays", 0, "value", "much", "E1316", ""),
        ("overlays", 0, "value", "-1", "E1316", ""),
        ("access", 1, "share", 1.01, "E1204", ""),
        ("stocks", 1, "expiry", 0, "W1301", ""),
        ("scenarios", 0, "probability", None, "W1302", ""),
        ("overlays", 0, "selector", "district=Jingan", "W1303", ""),
        ("needs", 0, "people", 0, "W1304", ""),
    ],
)
def test_cell(table: str, row: int, field: str, value: object, code: str, suggestion: str) -> None:
    found = [fault for fault in faults_of(edited(table, row, field, value)) if fault.code == code]
    assert found, faults_of(edited(table, row, field, value))
    if code not in ("E1304", "E1312", "W1302"):
        assert found[0].where == f"{table}[{row}].{field}"
    if suggestion:
        assert found[0].suggestion == suggestion
    assert found[0].action


def test_need_waits_in_every_period_or_in_none() -> None:
    needs = frames()["needs"]
    later = needs.iloc[[2]].assign(period=3, backlog="lost")
    found = faults_of({"needs": pd.concat([needs, later], ignore_index=True)})
    assert [(fault.code, fault.where) for fault in found] == [("E1319", "needs[2].backlog")]


@pytest.mark.parametrize("table", ["periods", "communities", "items", "needs"])
def test_required_table(table: str, tmp_path: Path) -> None:
    path = save(good_instance(), tmp_path / "case")
    (path / f"{table}.csv").unlink()
    (path / "datapackage.json").unlink()
    codes = {fault.code for fault in validate(path).faults}
    assert codes == {"E1101"}, "what refers to a missing table is not called wrong"
    header_only = {table: frames()[table].iloc[:0]}
    assert "E1102" in {fault.code for fault in faults_of(header_only)}


def test_required_column_and_near_miss() -> None:
    renamed = {"needs": frames()["needs"].rename(columns={"quantity": "quantitty"})}
    found = {fault.code: fault for fault in faults_of(renamed)}
    assert set(found) == {"E1103", "W1101"}
    assert found["W1101"].suggestion == "quantity"
    assert found["W1101"].severity == "warning"


def test_other_columns_are_kept_in_silence() -> None:
    needs = frames()["needs"].assign(remark=["", "x", None, 3, 2.5, True, "1e5"], source="survey")
    instance = Instance.from_frames(validate=True, **frames(needs=needs))
    assert instance.notes["warnings"] == ()
    assert instance["needs"]["remark"].tolist() == ["", "x", "", "3", "2.5", "true", "1e5"]
    assert set(instance["needs"]["source"]) == {"survey"}


def test_long_ids_are_refused() -> None:
    sites = edited("sites", 0, "site_id", "W" * 201)
    assert "E1211" in {fault.code for fault in faults_of(sites)}


def test_duplicate_keys_name_the_later_row() -> None:
    needs = frames()["needs"]
    doubled = pd.concat([needs, needs.iloc[[3, 3]]])
    found = [fault for fault in faults_of({"needs": doubled}) if fault.code == "E1301"]
    assert [fault.where for fault in found] == ["needs[7].community_id", "needs[8].community_id"]


def test_a_pool_may_have_the_type_of_a_home_but_not_twice() -> None:
    vehicles = frames()["vehicles"]
    pool = vehicles.assign(type="van", site_id=["", "W1"])
    assert not faults_of({"vehicles": pool})
    twice = vehicles.assign(type="van", site_id="")
    assert {fault.code for fault in faults_of({"vehicles": twice})} == {"E1301"}


def test_links_need_a_length() -> None:
    communities = frames()["communities"].assign(lat=None, lon=None)
    found = [fault for fault in faults_of({"communities": communities}) if fault.code == "E1308"]
    assert [fault.where for fault in found] == ["links[3].minutes"]


def test_access_shares_add_up_over_the_classes() -> None:
    access = frames()["access"]
    more = pd.concat([access, access.iloc[[0]].assign(access="open", share=0.3)])
    assert {fault.code for fault in faults_of({"access": more})} == {"E1317"}
    fewer = pd.concat([access, access.iloc[[0]].assign(access="open", share=0.2)])
    assert not faults_of({"access": fewer})


def test_one_rule_lists_its_first_rows_and_the_total() -> None:
    needs = pd.DataFrame({"community_id": "C1", "item_id": "rice", "period": 1}, index=range(500))
    needs["quantity"] = -1
    found = [fault for fault in faults_of({"needs": needs}) if fault.code == "E1204"]
    assert len(found) == SHOWN_PER_RULE + 1
    assert found[-1].value == "500 rows in all"


def test_all_faults_come_at_once_with_their_lines(tmp_path: Path) -> None:
    path = save(good_instance(), tmp_path / "case")
    text = (path / "needs.csv").read_text()
    text = text.replace("C1,rice,1,600", "C1,rice,1,many").replace("C3,rice,2", "C8,rice,9")
    (path / "needs.csv").write_text(text)
    (path / "gates.csv").write_text("community_id,period\nC1,1\nC1\n")
    found = {(fault.code, fault.where) for fault in validate(path).faults}
    assert found == {
        ("E1202", "needs.csv:2:quantity"),
        ("E1302", "needs.csv:4:community_id"),
        ("E1302", "needs.csv:4:period"),
        ("E1103", "gates.csv:1"),
        ("E1106", "gates.csv:3"),
        ("E1201", "gates.csv:3:period"),
    }


def test_addresses_of_sheets_and_records(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    path = save(good_instance(), tmp_path / "case.xlsx")
    book = load_workbook(path)
    book["needs"]["D3"] = "many"
    book.save(path)
    assert [fault.where for fault in validate(path).faults] == ["case.xlsx:needs!D3"]
    text = save(good_instance(), tmp_path / "case.json").read_text(encoding="utf-8")
    (tmp_path / "case.json").write_text(text.replace('"quantity": 400', '"quantity": -400'))
    found = validate(tmp_path / "case.json").faults
    assert [fault.where for fault in found] == ["case.json:needs[1].quantity"]


def test_blanks_are_filled_in_and_stamped() -> None:
    needs = frames()["needs"].astype(object)
    needs.loc[[0, 6], "people"] = None
    needs.loc[0, "backlog"] = ""
    instance = Instance.from_frames(validate=True, **frames(needs=needs))
    table = instance["needs"]
    assert table["people"].iloc[[0, 6]].tolist() == [1200, 30], "population; at a site the quantity"
    assert table["backlog"].iloc[0] == "lost"
    assert table["imputed"].tolist() == ["backlog|people", "", "", "", "", "", "people"]
    assert instance.notes["imputed"] == {"needs.people": 2, "needs.backlog": 1}


def test_an_absent_column_is_filled_in_without_a_stamp() -> None:
    needs = frames()["needs"].drop(columns=["people", "backlog"])
    instance = Instance.from_frames(validate=True, **frames(needs=needs))
    assert "imputed" not in instance["needs"]
    assert instance["needs"]["people"].iloc[0] == 1200
    assert instance.notes["imputed"] == {"needs.people": 7}


def test_types_are_those_promised() -> None:
    instance = good_instance()
    assert instance["needs"]["community_id"].dtype == "str"
    assert instance["needs"]["quantity"].dtype == np.float64
    assert instance["needs"]["period"].dtype == np.int64
    assert instance["items"]["reusable"].dtype == np.bool_
    assert instance["items"]["shelf_life_periods"].dtype == np.float64
    assert instance["links"]["open_to"].isna().tolist() == [True, False, False, True]


def test_unchecked_frames_give_the_same_tables() -> None:
    unchecked = Instance.from_frames(policy=POLICY, validate=False, **frames())
    for table, frame in good_instance().tables.items():
        pd.testing.assert_frame_equal(unchecked[table], frame)


def test_replace_checks_the_changed_table_and_what_refers_to_it() -> None:
    instance = good_instance()
    with pytest.raises(InstanceError) as caught:
        instance.replace(items=frames()["items"].iloc[:2])
    places = {fault.where for fault in caught.value.faults}
    assert places == {"needs[5].item_id", "needs[6].item_id", "stocks[2].item_id"}
    with pytest.raises(InstanceError) as caught:
        instance.replace(**edited("needs", 0, "quantity", -3))
    assert [fault.where for fault in caught.value.faults] == ["needs[0].quantity"]
    assert instance.replace(**edited("needs", 0, "quantity", 3))["needs"]["quantity"].iloc[0] == 3
    with pytest.raises(InstanceError, match="E1405"):
        instance.replace(policy=instance.policy.replace(fairness="most"))


@pytest.mark.parametrize("validate", [True, False])
def test_replace_takes_the_keys_of_the_policy_to_change(validate: bool) -> None:
    instance = good_instance()
    changed = instance.replace(policy={"fairness": "none", "lanes_k": 2}, validate=validate)
    assert changed.policy == instance.policy.replace(fairness="none", lanes_k=2)
    assert changed.policy != instance.policy
    with pytest.raises(InstanceError) as caught:
        instance.replace(policy={"fairnes": "none", "lanes_k": "two"}, validate=validate)
    told = {(fault.code, fault.where) for fault in caught.value.faults}
    assert told == {("E1402", "policy:fairnes"), ("E1403", "policy:lanes_k")}
    with pytest.raises(InstanceError, match="E1403"):
        instance.replace(policy="none", validate=validate)  # type: ignore[arg-type]
    with pytest.raises(InstanceError, match="E1409"):
        instance.replace(policy={"crs": "GCJ-02"}, validate=validate)


def test_replace_leaves_the_original_alone() -> None:
    instance = good_instance()
    other = instance.replace(name="other", owners=frames()["owners"].iloc[:2])
    assert other.name == "other"
    assert other.policy == instance.policy
    assert instance.name == "small town 小镇"


@pytest.mark.parametrize("name", ["\ud800", "a\nb", " a", "a\0"])
def test_names_that_no_file_can_carry(name: str) -> None:
    with pytest.raises(InstanceError, match="E1212"):
        Instance.from_frames(policy=None, name=name, validate=True, **frames())
    with pytest.raises(InstanceError, match="E1212"):
        good_instance().replace(name=name)


def test_an_instance_cannot_be_changed_by_its_tables() -> None:
    instance = good_instance()
    table = instance["needs"]
    table.loc[0, "quantity"] = 7
    table["more"] = 1
    assert instance["needs"]["quantity"].iloc[0] == 600
    assert "more" not in instance["needs"]
    with pytest.raises(TypeError):
        instance.tables["needs"] = table  # type: ignore[index]


def test_an_instance_can_be_sent_to_another_process() -> None:
    instance = good_instance()
    again = pickle.loads(pickle.dumps(instance))
    assert again.policy == instance.policy
    assert instance_hash(again) == instance_hash(instance)
    assert copy.deepcopy(instance).name == instance.name


def test_unknown_tables_and_things_that_are_no_tables() -> None:
    with pytest.raises(InstanceError) as caught:
        Instance.from_frames(need=pd.DataFrame())
    assert caught.value.faults[0].suggestion == "needs"
    with pytest.raises(InstanceError, match="E1110"):
        Instance.from_frames(needs=[1])  # type: ignore[arg-type]


def test_load_raises_what_validate_reports(tmp_path: Path) -> None:
    path = save(good_instance(), tmp_path / "case")
    (path / "items.csv").write_text("item_id\nrice\n")
    with pytest.raises(InstanceError) as caught:
        load(path)
    report = validate(path)
    assert caught.value.faults == report.faults + report.warnings
    assert not report.valid
