"""CSV as spreadsheets write it: encodings, delimiters, decimal commas, and odd but right files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from allocator.instance import Instance, instance_hash, load, save, validate
from allocator.instance.read_csv import cell_counts
from tests.instance_cases import good_instance


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return save(good_instance(), tmp_path / "case")


def rewritten(case: Path, table: str, data: bytes) -> Instance:
    (case / f"{table}.csv").write_bytes(data)
    return load(case)


def text_of(case: Path, table: str) -> str:
    return (case / f"{table}.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, newline: str, case: Path) -> None:
    text = text_of(case, "communities").replace("\n", newline)
    instance = rewritten(case, "communities", text.encode(encoding))
    assert instance_hash(instance) == instance_hash(good_instance())
    warned = {fault.code for fault in instance.notes["warnings"]}
    assert warned == ({"W1501"} if encoding == "gb18030" else set())


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("decimal", [",", "."])
def test_delimiter_and_decimal_comma(delimiter: str, decimal: str, case: Path) -> None:
    lines = [line.split(",") for line in text_of(case, "needs").splitlines()]
    text = "\n".join(delimiter.join(cell.replace(".", decimal) for cell in line) for line in lines)
    instance = rewritten(case, "needs", text.encode())
    assert instance["needs"]["quantity"].iloc[2] == 475.25
    assert instance_hash(instance) == instance_hash(good_instance())


def test_mixed_decimals_are_read_and_thousands_refused(case: Path) -> None:
    head = "community_id;item_id;period;quantity;people\n"
    good = head + "C1;rice;1;1,5;10\nC2;rice;1;2.5;10\n"
    assert rewritten(case, "needs", good.encode())["needs"]["quantity"].tolist() == [1.5, 2.5]
    (case / "needs.csv").write_text(head + "C1;rice;1;1.234,5;10\n")
    assert [fault.code for fault in validate(case).faults] == ["E1202"]


def test_gzip_is_read(case: Path) -> None:
    data = (case / "needs.csv").read_bytes()
    (case / "needs.csv.gz").write_bytes(gzip.compress(data))
    assert [fault.code for fault in validate(case).faults] == ["E1512"]
    (case / "needs.csv").unlink()
    assert instance_hash(load(case)) == instance_hash(good_instance())


def test_words_that_look_like_nothing_stay_words(case: Path) -> None:
    odd = ["NA", "nan", "null", "None", "007", "1e5", "TRUE", "-", "=1+1", "#N/A"]
    rows = "".join(f"{name},100\n" for name in odd)
    for table in ("access", "gates", "needs", "stocks", "links", "pins", "overlays"):
        (case / f"{table}.csv").unlink(missing_ok=True)
    (case / "scenarios" / "overlays.csv").unlink()
    (case / "datapackage.json").unlink()
    (case / "needs.csv").write_text("community_id,item_id,period,quantity\nNA,rice,1,5\n")
    instance = rewritten(case, "communities", f"community_id,population\n{rows}".encode())
    assert instance["communities"]["community_id"].tolist() == odd


@pytest.mark.parametrize("only", [["007"], ["1.0", "2"], ["true", "false"]])
def test_ids_that_look_like_numbers_stay_as_written(only: list[str], case: Path) -> None:
    rows = "".join(f"{name},any\n" for name in only)
    instance = rewritten(case, "owners", f"owner_id,terms\nO1,any\nO2,any\n{rows}".encode())
    assert instance["owners"]["owner_id"].tolist()[2:] == only


def test_a_column_of_true_is_no_column_of_ones(case: Path) -> None:
    text = "community_id,item_id,period,quantity\nC1,rice,1,true\nC2,rice,1,true\n"
    (case / "needs.csv").write_text(text)
    assert [fault.code for fault in validate(case).faults] == ["E1202", "E1202"]


def test_quotes_and_line_breaks_in_cells(case: Path) -> None:
    text = 'owner_id,name,remark\nO1,"a ""b"", c","two\nlines"\nO2,plain,\n'
    owners = rewritten(case, "owners", text.encode())["owners"]
    assert owners["name"].tolist() == ['a "b", c', "plain"]
    assert owners["remark"].tolist() == ["two\nlines", ""]
    (case / "owners.csv").write_text(text + "O3,x,,\nO1,,\n")
    found = [(fault.code, fault.where) for fault in validate(case).faults]
    assert found == [("E1106", "owners.csv:5"), ("E1301", "owners.csv:6:owner_id")]


@pytest.mark.parametrize(
    ("data", "code", "where"),
    [
        (b"", "E1107", "owners.csv"),
        (b"\n\n", "E1107", "owners.csv"),
        (b"owner_id,name,name\nO1,a,b\n", "E1104", "owners.csv:1"),
        (b"owner_id,,name\nO1,a,b\n", "E1105", "owners.csv:1"),
        (b"owner_id,name\nO1,a\nO2\n", "E1106", "owners.csv:3"),
        (b"owner_id,name\nO1,a\n\nO2,b\n", "E1106", "owners.csv:3"),
        (b"owner_id,name\nO1,a\nO2,caf\xe9, x\n", "E1502", "owners.csv:3"),
        ("owner_id\nO1\n".encode("utf-16"), "E1502", "owners.csv"),
        (b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00", "E1503", "owners.csv"),
    ],
)
def test_files_that_are_no_tables(data: bytes, code: str, where: str, case: Path) -> None:
    (case / "owners.csv").write_bytes(data)
    faults = validate(case).faults
    assert (code, where) in [(fault.code, fault.where) for fault in faults]


def test_blank_rows_at_the_end_are_no_rows(case: Path) -> None:
    for end in ("\n,,,,,,\n,,,,,,", ",,,,,,\n \n\n"):
        text = text_of(case, "needs") + end.removeprefix("\n")
        assert instance_hash(rewritten(case, "needs", text.encode())) == instance_hash(
            good_instance()
        )


def test_a_package_may_be_named_by_its_descriptor(case: Path) -> None:
    assert instance_hash(load(case / "datapackage.json")) == instance_hash(load(case))


def test_near_misses_of_file_names(case: Path) -> None:
    (case / "needs.csv").rename(case / "need.csv")
    (case / "policy.toml").rename(case / "polcy.toml")
    (case / "datapackage.json").unlink()
    report = validate(case)
    assert {fault.suggestion for fault in report.warnings} == {"needs.csv", "policy.toml"}


def test_paths_of_the_data_package_are_followed(case: Path) -> None:
    (case / "data").mkdir()
    (case / "needs.csv").rename(case / "data" / "needs.csv")
    package = (case / "datapackage.json").read_text(encoding="utf-8")
    (case / "datapackage.json").write_text(
        package.replace('"needs.csv"', '"data/needs.csv"'), encoding="utf-8"
    )
    assert instance_hash(load(case)) == instance_hash(good_instance())
    (case / "data" / "needs.csv").unlink()
    assert {"E1504", "E1101"} <= {fault.code for fault in validate(case).faults}


def test_cells_are_counted_by_line() -> None:
    assert cell_counts(b"a,b\n1,2\n\n1\n1,2,3\n", ",").tolist() == [2, 2, 1, 1, 3]
