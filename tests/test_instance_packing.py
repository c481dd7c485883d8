"""Round trips through every packing lose nothing and give the same bytes."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocator.errors import InstanceError
from allocator.instance import Instance, atomic, instance_hash, load, save
from allocator.instance.write_xlsx import MAX_ROWS, MAX_TEXT, check_fits
from tests.instance_cases import frames, good_instance

PACKINGS = ["", ".zip", ".json", ".xlsx"]
ODD = ["007", "NA", "nan", "null", "1e5", "=1+1", "#REF!", "a,b", 'say "hi"', "1.0", "TRUE", "-"]
ODD += ["上海", "é", "🏥", "a;b", "it's", "'x", "@cmd", "+1", "_x0041_", "2022-04-01", "inf", "0x1"]


def assert_same(left: Instance, right: Instance) -> None:
    for table, frame in left.tables.items():
        pd.testing.assert_frame_equal(right[table], frame, check_exact=True)
    assert right.policy == left.policy
    assert right.name == left.name
    assert instance_hash(right) == instance_hash(left)


@pytest.mark.parametrize("ending", PACKINGS)
def test_every_table_comes_back(ending: str, tmp_path: Path) -> None:
    instance = good_instance()
    path = save(instance, tmp_path / f"case{ending}")
    again = load(path)
    assert_same(instance, again)
    copy = save(again, tmp_path / f"copy{ending}")
    assert list(contents(copy).values()) == list(contents(path).values())


def contents(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else sorted(filter(Path.is_file, path.rglob("*")))
    return {
        "" if file == path else str(file.relative_to(path)): file.read_bytes() for file in files
    }


def test_a_chain_of_packings_ends_where_it_began(tmp_path: Path) -> None:
    path = save(good_instance(), tmp_path / "first")
    for number, ending in enumerate([".xlsx", ".json", ".zip", ""]):
        path = save(load(path), tmp_path / f"{number}{ending}")
    assert list(contents(path).values()) == list(contents(tmp_path / "first").values())


def identifiers() -> st.SearchStrategy[str]:
    letters = st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"))
    free = st.text(letters, min_size=1, max_size=12).filter(lambda text: text == text.strip())
    return st.one_of(st.sampled_from(ODD), free)


def texts() -> st.SearchStrategy[str]:
    letters = st.characters(exclude_categories=("Cc", "Cs", "Cn"))
    return st.one_of(st.sampled_from(["", "\n", "a\tb", " x ", *ODD]), st.text(letters, max_size=8))


def quantities() -> st.SearchStrategy[float]:
    return st.floats(0, 1e12, allow_subnormal=True) | st.integers(0, 10**12).map(float)


def people() -> st.SearchStrategy[float]:
    return st.floats(0, 1e9) | st.sampled_from([0.1 + 0.2, 1e9 / 7, 5e-324])


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    places = draw(st.lists(identifiers(), min_size=2, max_size=4, unique=True))
    items = draw(st.lists(identifiers(), min_size=1, max_size=3, unique=True))
    rows = len(places) - 1
    communities = pd.DataFrame(
        {
            "community_id": places[1:],
            "name": draw(st.lists(texts(), min_size=rows, max_size=rows)),
            "population": draw(st.lists(people(), min_size=rows, max_size=rows)),
            "remark": draw(st.lists(texts(), min_size=rows, max_size=rows)),
        }
    )
    needs = pd.DataFrame(
        [(place, item, 1) for place in places for item in items],
        columns=["community_id", "item_id", "period"],
    )
    needs["quantity"] = draw(st.lists(quantities(), min_size=len(needs), max_size=len(needs)))
    return Instance.from_frames(
        policy=None,
        name=draw(identifiers()),
        validate=True,
        periods=pd.DataFrame({"period": [1]}),
        communities=communities,
        sites=pd.DataFrame({"site_id": places[:1]}),
        items=pd.DataFrame({"item_id": items, "kg": 1}),
        needs=needs,
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(instance=instances(), ending=st.sampled_from(PACKINGS))
def test_odd_ids_and_figures_come_back(instance: Instance, ending: str, tmp_path: Path) -> None:
    assert_same(instance, load(save(instance, tmp_path / f"case{ending}")))


def test_only_what_says_something_is_written(tmp_path: Path) -> None:
    plain = {name: frames()[name] for name in ("periods", "communities", "items")}
    needs = pd.DataFrame(
        {"community_id": ["C1"], "item_id": ["rice"], "period": [1], "quantity": 1}
    )
    path = save(Instance.from_frames(**plain, needs=needs), tmp_path / "case")
    written = {file.name for file in path.iterdir()}
    tables = {"periods.csv", "communities.csv", "items.csv", "needs.csv"}
    assert written == tables | {"policy.toml", "datapackage.json"}
    assert (path / "needs.csv").read_text() == (
        "community_id,item_id,period,quantity,people\nC1,rice,1,1,1200\n"
    )
    assert tomllib.loads((path / "policy.toml").read_text()) == {}


def test_bom_only_where_excel_needs_it(tmp_path: Path) -> None:
    path = save(good_instance(), tmp_path / "case")
    assert (path / "communities.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert (path / "needs.csv").read_bytes().startswith(b"community_id")


def test_formulas_are_written_as_text(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    communities = frames()["communities"].assign(name=["=1+1", "#N/A", "+1", "@a"])
    path = save(good_instance().replace(communities=communities), tmp_path / "case.xlsx")
    sheet = load_workbook(path)["communities"]
    assert [sheet[f"B{row}"].data_type for row in range(2, 6)] == ["s"] * 4
    assert sheet["B2"].value == "=1+1"


def test_excel_is_refused_above_its_rows_and_cells(tmp_path: Path) -> None:
    many = pd.DataFrame({"community_id": "C1"}, index=range(MAX_ROWS))
    with pytest.raises(InstanceError, match="1,048,576") as caught:
        check_fits("needs", many)
    assert caught.value.code == "E1513"
    check_fits("needs", many.iloc[1:])
    communities = frames()["communities"].assign(name="x" * (MAX_TEXT + 1))
    with pytest.raises(InstanceError, match="E1513"):
        save(good_instance().replace(communities=communities), tmp_path / "case.xlsx")
    assert not list(tmp_path.iterdir()), "nothing half written stays"


def test_saving_over_an_instance_keeps_other_files(tmp_path: Path) -> None:
    folder = save(good_instance(), tmp_path / "case")
    (folder / "README.md").write_text("mine")
    (folder / "plans").mkdir()
    smaller = good_instance().replace(pins=frames()["pins"].iloc[:0])
    save(smaller, folder)
    assert (folder / "README.md").read_text() == "mine"
    assert (folder / "plans").is_dir()
    assert not (folder / "pins.csv").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case"]


def test_saving_never_takes_the_place_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("notes", "file"):
        with pytest.raises(InstanceError, match="E1514"):
            save(good_instance(), tmp_path / name)
    with pytest.raises(InstanceError, match="E1514"):
        save(good_instance(), tmp_path / "file" / "below")
    assert (tmp_path / "notes" / "diary.txt").read_text() == "mine"


@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_crash_between_two_steps_loses_nothing(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save(good_instance(), tmp_path / "case")
    (folder / "README.md").write_text("mine")
    smaller = good_instance().replace(pins=frames()["pins"].iloc[:0])
    renames = iter([os.rename] * step)

    def rename(source: Path, target: Path) -> None:
        next(renames)(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(atomic.os, "rename", rename)
        with pytest.raises(StopIteration):
            save(smaller, folder)
    assert len(load(folder)["pins"]) == (0 if step == 2 else 1)
    assert load(folder).name == "small town 小镇"
    save(smaller, folder)
    assert (folder / "README.md").read_text() == "mine"
    assert_same(smaller, load(folder))


def test_hash_follows_content_alone(tmp_path: Path) -> None:
    instance = good_instance()
    same = instance.replace(name="other")
    assert instance_hash(same) == instance_hash(instance)
    assert len(instance_hash(instance)) == 64
    policy = instance.replace(policy=instance.policy.replace(lanes_k=4))
    needs = instance["needs"].copy()
    needs.loc[0, "quantity"] += 1e-9
    extra = instance.replace(items=instance["items"].assign(remark="x"))
    others = [policy, instance.replace(needs=needs), extra]
    hashes = {instance_hash(other) for other in [instance, *others]}
    assert len(hashes) == 4


def test_one_file_says_what_a_program_expects(tmp_path: Path) -> None:
    document = json.loads(save(good_instance(), tmp_path / "case.json").read_text("utf-8"))
    assert document["name"] == "small town 小镇"
    assert document["policy"]["budget"] == 10000
    row = document["tables"]["items"][2]
    assert row["reusable"] is True
    assert row["shelf_life_periods"] is None
    assert document["tables"]["needs"][2]["quantity"] == 475.25


def test_an_instance_is_never_written_into_a_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    (tmp_path / "datapackage.json").write_text("{}")
    with pytest.raises(InstanceError, match="E1514"):
        save(good_instance(), tmp_path)
    assert not (tmp_path / "needs.csv").exists()
