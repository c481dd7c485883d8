"""Plans on disk: round trips, same bytes, and what people do to them in spreadsheets."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.errors import NoPlanError, UsageError
from allocator.plan import GoalResult, Plan, Status, held, load_plan, save_plan


def small_plan(**extra: object) -> Plan:
    shipments = pd.DataFrame(
        {
            "from_id": ["S1", "S1"],
            "to_id": ["C1", "C,2"],
            "item_id": ["NA", "rice"],
            "period": [1, 2],
            "arrives": [1, 3],
            "quantity": [1 / 3, 20.0],
            "expiry": [np.nan, 4.0],
            "earmark": ["", "north"],
        }
    )
    shortages = pd.DataFrame(
        {
            "community_id": ["C1"],
            "item_id": ["rice"],
            "period": [1],
            "need": [10.0],
            "short": [4.0],
            "people": [40.0],
            "person_days": [40.0],
        }
    )
    return Plan(
        "dispatch",
        {"shortages": shortages, "shipments": shipments},
        Status("completed", "valid", "gap"),
        (GoalResult("critical", "person-days", np.float64(40.0), 39.0, "all", "HiGHS"),),
        {"columns": np.int64(7), "nothing": float("nan")},
        {"seconds": 1.5, "path": Path("x")},
        instance={"name": "tiny", "hash": "abc"},
    ).replace(**extra)


def test_a_plan_comes_back_as_it_was(tmp_path):
    plan = small_plan()
    read = load_plan(save_plan(plan, tmp_path / "plan"))
    expected = plan.shipments.assign(quantity=[0.333333, 20.0], arrives=[1.0, 3.0])
    pd.testing.assert_frame_equal(read.shipments, expected, check_dtype=False)
    pd.testing.assert_frame_equal(read.shortages, plan.shortages, check_dtype=False)
    assert (read.status, read.goals, read.instance) == (plan.status, plan.goals, plan.instance)
    assert read.summary == {"columns": 7, "nothing": None}
    assert read.run == {"seconds": 1.5, "path": "x"}


def test_same_plan_same_bytes_but_for_the_run(tmp_path):
    first = save_plan(small_plan(), tmp_path / "a")
    second = save_plan(small_plan(run={"seconds": 9.0}), tmp_path / "b")
    names = {file.name for file in first.iterdir()}
    assert names == {file.name for file in second.iterdir()}
    different = {n for n in names if (first / n).read_bytes() != (second / n).read_bytes()}
    assert different == {"run.json"}


def test_only_the_plan_and_its_lock_stay(tmp_path):
    for _ in range(2):
        save_plan(small_plan(), tmp_path / "plan")
    assert {entry.name for entry in tmp_path.iterdir()} <= {"plan", ".plan.lock"}


def test_the_folder_is_a_data_package(tmp_path):
    frictionless = pytest.importorskip("frictionless")
    folder = save_plan(small_plan(), tmp_path / "plan")
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.to_summary()


def test_names_that_are_not_ascii_get_a_byte_order_mark(tmp_path):
    plan = small_plan()
    named = plan.shipments.assign(to_id=["静安", "徐汇"])
    folder = save_plan(plan.replace(tables={"shipments": named}), tmp_path / "plan")
    assert (folder / "shipments.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert list(load_plan(folder).shipments["to_id"]) == ["静安", "徐汇"]
    frictionless = pytest.importorskip("frictionless")
    assert frictionless.validate(str(folder / "datapackage.json")).valid


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=5),
            st.floats(0, 1e6),
        ),
        max_size=6,
    )
)
def test_any_ids_and_quantities_come_back(tmp_path_factory, rows):
    plan = small_plan()
    frame = pd.DataFrame(
        {
            "from_id": [identity for identity, _ in rows],
            "to_id": "C1",
            "item_id": "i",
            "period": 1,
            "quantity": [quantity for _, quantity in rows],
        }
    ).astype({"from_id": "str", "quantity": "float64"})
    folder = save_plan(
        plan.replace(tables={"shipments": frame}), tmp_path_factory.mktemp("plans") / "plan"
    )
    read = load_plan(folder).shipments
    assert list(read["from_id"]) == list(frame["from_id"])
    np.testing.assert_allclose(read["quantity"], frame["quantity"], atol=5.1e-7, rtol=0)


EDITED = "From_ID;To_ID;item_id;period;quantity;remark\nS1;静安;rice;1;2,5;urgent\n;;;;;\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_planners_own_table_is_enough(tmp_path, encoding):
    (tmp_path / "shipments.csv").write_bytes(EDITED.encode(encoding))
    for place in (tmp_path, tmp_path / "shipments.csv"):
        plan = load_plan(place)
        assert plan.shipments["to_id"].tolist() == ["静安"]
        assert plan.shipments["quantity"].tolist() == [2.5]
        assert plan.shipments["remark"].tolist() == ["urgent"]
        assert plan.shipments["arrives"].isna().all()
        assert not plan.states("shortages")
        assert plan.status == Status("completed", "invalid", "none")


def test_spare_delimiters_at_the_end_of_rows_are_left_out(tmp_path):
    folder = save_plan(small_plan(), tmp_path / "plan")
    lines = (folder / "shipments.csv").read_text().splitlines()
    text = "\n".join([lines[0], *(line + ",," for line in lines[1:])])
    (folder / "shipments.csv").write_text(text)
    expected = small_plan().shipments["to_id"].tolist()
    assert load_plan(folder).shipments["to_id"].tolist() == expected


def test_a_workbook_is_a_plan(tmp_path):
    plan = small_plan()
    numbered = plan.shipments.assign(to_id=[101, 102])
    with pd.ExcelWriter(tmp_path / "plan.xlsx") as book:
        numbered.to_excel(book, sheet_name="Shipments", index=False)
        plan.shortages.to_excel(book, sheet_name="shortages", index=False)
    read = load_plan(tmp_path / "plan.xlsx")
    assert read.shipments["to_id"].tolist() == ["101", "102"]
    assert read.shipments["item_id"].tolist() == ["NA", "rice"]
    assert read.shortages["short"].tolist() == [4.0]


@pytest.mark.parametrize(
    ("content", "code", "where"),
    [
        (b"from_id,to_id,item_id,period\nS,C,i,1\n", "E2124", "shipments.csv:1:quantity"),
        (
            b"from_id,to_id,item_id,period,quantity\nS,C,i,1,9\nS,C,i,1,lots\n",
            "E2125",
            "shipments.csv:3:quantity",
        ),
        (b"", "E2123", "shipments.csv"),
        (b"\x89PNG\x00\xff\xfe\x00\xff\xff", "E2123", "shipments.csv"),
        (b"period,period\n1,2\n", "E2123", "shipments.csv"),
    ],
)
def test_broken_tables_give_codes(tmp_path, content, code, where):
    (tmp_path / "shipments.csv").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load_plan(tmp_path)
    assert caught.value.code == code
    assert caught.value.faults[0].where == where


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"decision": 1, "status": {"termination": "odd"}}']
)
def test_a_broken_record_gives_a_code(tmp_path, text):
    folder = save_plan(small_plan(), tmp_path / "plan")
    (folder / "plan.json").write_text(text)
    with pytest.raises(UsageError) as caught:
        load_plan(folder)
    assert caught.value.code == "E2122"


def test_what_is_no_plan_is_said_and_kept(tmp_path):
    with pytest.raises(UsageError) as caught:
        load_plan(tmp_path / "nowhere")
    assert caught.value.code == "E2121"
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.png").write_bytes(b"cat")
    with pytest.raises(UsageError) as caught:
        save_plan(small_plan(), folder)
    assert caught.value.code == "E2111"
    assert (folder / "cat.png").read_bytes() == b"cat"


def test_the_record_says_everything(tmp_path):
    folder = save_plan(small_plan(), tmp_path / "plan")
    record = json.loads((folder / "plan.json").read_text())
    assert record["goals"][0]["gap"] == pytest.approx(1 / 40)
    assert record["instance"] == {"name": "tiny", "hash": "abc"}
    assert record["status"] == {"termination": "completed", "plan": "valid", "proof": "gap"}


def test_holding_twice_in_one_thread_is_fine(tmp_path):
    with held(tmp_path / "plan"):
        save_plan(small_plan(), tmp_path / "plan")
    assert load_plan(tmp_path / "plan").status.plan == "valid"


def test_a_place_that_cannot_be_written_gives_a_code(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NoPlanError) as caught:
        save_plan(small_plan(), tmp_path / "file" / "plan")
    assert caught.value.code == "E5012"
